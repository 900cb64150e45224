select
    rollout.region_key,
    rollout.service_code,
    rollout.actor_type_code,
    rollout.month,
    rollout.planned_phase,
    rollout.planned_basis,
    rollout.reported_phase,
    rollout.observed_phase,
    rollout.observed_basis,
    rollout.lag_months,
    rollout.is_behind_plan,
    {{ page_order([
        'area.page_order',
        position_in('rollout.service_code', var('page_services')),
        'rollout.service_code',
        position_in('rollout.actor_type_code', var('page_actor_types')),
        'rollout.actor_type_code',
    ]) }}
from {{ ref('mart_rollout_by_area_month') }} as rollout
inner join {{ ref('page_area') }} as area on rollout.region_key = area.region_key
inner join {{ ref('dim_month') }} as calendar
    on rollout.month = calendar.month and calendar.is_latest
