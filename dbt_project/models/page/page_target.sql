select
    targets.service_code,
    targets.measure_code,
    targets.region_name,
    targets.region_key,
    targets.actor_type_code,
    targets.unit,
    targets.direction,
    targets.due_start,
    targets.due_end,
    targets.due_grain,
    targets.target_value,
    targets.newest_value,
    targets.newest_period_end,
    targets.newest_qualifier,
    targets.distance,
    targets.months_left,
    targets.pace_needed_per_month,
    targets.pace_per_month,
    targets.target_status,
    targets.statement_address,
    targets.source_name,
    {{ page_order([
        position_in('targets.service_code', var('page_services')),
        'targets.measure_code',
        position_in('targets.actor_type_code', var('page_actor_types')),
        'targets.actor_type_code',
        'targets.due_end nulls last',
        'targets.target_value',
        'targets.source_name',
    ]) }}
from {{ ref('mart_target_status') }} as targets
inner join {{ ref('dim_region') }} as region on targets.region_key = region.region_key
where targets.target_kind = 'target' and region.region_level = 'land'
