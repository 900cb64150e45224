{%- set levels = [
    'land', 'rhf', 'helsefellesskap', 'hf', 'sykehus', 'gruppe', 'fylke', 'kommune'
] -%}
with newest as (
    select max(month) as newest_month
    from {{ ref('mart_rollout_by_area_month') }}
    where service_code = '{{ var("page_services")[0] }}'
)

select
    area.region_level,
    area.region_key,
    area.region_name,
    area.actor_type_code,
    area.month,
    area.planned_phase,
    area.planned_basis,
    area.reported_phase,
    area.observed_phase,
    area.observed_basis,
    area.lag_months,
    area.lag_months_lower,
    area.lag_months_upper,
    area.is_behind_plan,
    {{ page_order([
        position_in('area.region_level', levels),
        collation_key('area.region_name'),
        position_in('area.actor_type_code', var('page_actor_types')),
        'area.actor_type_code',
        'area.region_key',
    ]) }}
from {{ ref('mart_rollout_by_area_month') }} as area
inner join newest on area.month = newest.newest_month
where area.service_code = '{{ var("page_services")[0] }}'
