with ranked as (
    select
        *,
        row_number() over (
            partition by measure_code, region_key, actor_type_code
            order by month desc
        ) as rank_from_newest
    from {{ ref('fct_adoption_month') }}
    where is_representative
),

latest as (
    select
        ranked.*,
        {{ months_between('ranked.month', 'newest.month') }} as months_since
    from ranked
    cross join {{ ref('dim_month') }} as newest
    where ranked.rank_from_newest = 1 and newest.is_latest
)

{{ with_labels('latest', ['region.current_region_key', 'adoption.months_since']) }}
