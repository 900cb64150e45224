with region_count as (
    select
        region_level,
        count(*) as region_count
    from {{ ref('page_area') }}
    group by region_level
)

select
    latest.region_key,
    latest.service_code,
    latest.measure_code,
    latest.actor_type_code,
    latest.month,
    latest.adoption_count,
    latest.adoption_count_lower,
    latest.adoption_count_upper,
    latest.eligible_count,
    latest.adoption_share,
    latest.share_lower,
    latest.share_upper,
    latest.qualifier,
    latest.status,
    latest.basis,
    latest.part_count,
    latest.expected_part_count,
    latest.change_12m,
    latest.rank_best,
    latest.rank_worst,
    latest.months_since,
    latest.source_name,
    region_count.region_count,
    {{ page_order([
        'area.page_order',
        position_in('latest.service_code', var('page_services')),
        'latest.service_code',
        'latest.measure_code',
        position_in('latest.actor_type_code', var('page_actor_types')),
        'latest.actor_type_code',
    ]) }}
from {{ ref('mart_adoption_latest') }} as latest
inner join {{ ref('page_area') }} as area on latest.region_key = area.region_key
inner join region_count on area.region_level = region_count.region_level
where latest.service_code is not null
