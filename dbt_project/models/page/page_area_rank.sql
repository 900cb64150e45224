-- per service and level, the newest month with ranks; regions by the ranks that bounds allow
with ranked as (
    select
        adoption.*,
        max(adoption.month) over (
            partition by adoption.service_code, area.region_level
        ) as newest_month,
        area.page_order as area_order
    from {{ ref('mart_adoption_by_region_actor_month') }} as adoption
    inner join {{ ref('page_series') }} as series
        on
            adoption.measure_code = series.measure_code
            and adoption.actor_type_code = series.actor_type_code
    inner join {{ ref('page_area') }} as area on adoption.region_key = area.region_key
    where adoption.is_representative and adoption.rank_best is not null
)

select
    region_key,
    region_level,
    service_code,
    month,
    adoption_share,
    share_lower,
    share_upper,
    qualifier,
    status,
    rank_best,
    rank_worst,
    source_name,
    {{ page_order([
        position_in('service_code', var('page_services')),
        'service_code',
        position_in('region_level', var('page_own_levels')),
        'rank_best',
        'rank_worst',
        'area_order',
    ]) }}
from ranked
where month = newest_month
