-- Hvilke områder er etter planen, og hvor mange måneder?
-- Which areas are behind the plan, and by how many months?
select
    service_name,
    region_name,
    actor_type_name,
    planned_phase,
    planned_basis,
    observed_phase,
    observed_basis,
    lag_months
from marts.mart_rollout_by_area_month
where is_behind_plan and month = (select max(month) from marts.mart_rollout_by_area_month)
order by lag_months desc nulls last, service_name, region_name;
