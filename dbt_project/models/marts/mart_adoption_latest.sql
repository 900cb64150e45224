with newest as (
    select
        *,
        row_number() over (partition by measure_code, region_key, actor_type_code order by month desc) as place
    from {{ ref('mart_adoption_by_region_actor_month') }}
)

select
    newest.service_code, newest.service_name, newest.measure_code, newest.measure_name, newest.region_key, newest.region_level, newest.region_code,
    newest.region_name, newest.current_region_key, newest.actor_type_code, newest.actor_type_name, newest.month, newest.adoption_count,
    newest.adoption_count_lower, newest.adoption_count_upper, newest.eligible_count, newest.adoption_share, newest.share_lower, newest.share_upper, newest.qualifier, newest.status, newest.basis,
    newest.denominator_code, newest.reported_share, newest.change_1m, newest.change_12m, newest.rank_in_level, newest.is_period_inferred,
    newest.source_name, newest.snapshot_at,
    {{ months_between('newest.month', 'latest.month') }} as months_since
from newest
cross join {{ ref('dim_month') }} as latest
where newest.place = 1 and latest.is_latest
