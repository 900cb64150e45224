select
    adoption.region_key,
    adoption.service_code,
    adoption.month,
    adoption.adoption_share,
    adoption.share_lower,
    adoption.share_upper,
    adoption.qualifier,
    adoption.status,
    adoption.source_name,
    {{ page_order([
        'adoption.region_key',
        position_in('adoption.service_code', var('page_services')),
        'adoption.service_code',
        'adoption.month',
    ]) }}
from {{ ref('mart_adoption_by_region_actor_month') }} as adoption
inner join {{ ref('page_series') }} as series
    on
        adoption.measure_code = series.measure_code
        and adoption.actor_type_code = series.actor_type_code
inner join {{ ref('dim_region') }} as region
    on adoption.region_key = region.region_key and region.is_current
where
    adoption.is_representative
    and (
        region.region_level = 'land' or region.region_level in {{ listed(var('page_own_levels')) }}
    )
