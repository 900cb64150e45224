with country as (
    select
        adoption.*,
        max(adoption.month) over (
            partition by adoption.measure_code, adoption.actor_type_code
        ) as newest_month
    from {{ ref('mart_adoption_by_region_actor_month') }} as adoption
    inner join {{ ref('page_series') }} as series
        on adoption.measure_code = series.measure_code
    where adoption.region_level = 'land' and adoption.is_representative
)

select
    service_code,
    actor_type_code,
    month,
    adoption_share,
    share_lower,
    share_upper,
    adoption_count,
    eligible_count,
    status,
    source_name,
    {{ page_order([
        position_in('actor_type_code', var('page_actor_types')),
        'actor_type_code',
        position_in('service_code', var('page_services')),
        'service_code',
    ]) }}
from country
where month = newest_month
