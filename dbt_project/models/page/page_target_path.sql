with target as (
    select distinct
        measure_code,
        actor_type_code
    from {{ ref('page_target') }}
)

select
    adoption.measure_code,
    adoption.actor_type_code,
    adoption.month,
    adoption.adoption_share,
    adoption.share_lower,
    adoption.share_upper,
    adoption.source_name,
    {{ page_order(['adoption.measure_code', 'adoption.actor_type_code', 'adoption.month']) }}
from {{ ref('mart_adoption_by_region_actor_month') }} as adoption
inner join target
    on
        adoption.measure_code = target.measure_code
        and adoption.actor_type_code = target.actor_type_code
where adoption.region_level = 'land' and adoption.is_representative
