-- Hvilke områder er etter planen, og hvor mange måneder? Bare der den planlagte perioden er over og
-- det observerte er kjent på måneden, er svaret ja eller nei. Ikke kjent betyr ikke i rute.
-- Which areas are behind the plan, and by how many months? "Not known" does not mean on time.
select
    case
        when is_behind_plan then 'etter planen'
        when not is_behind_plan then 'ikke etter planen'
        else 'ikke kjent'
    end as against_plan,
    service_name,
    region_name,
    actor_type_name,
    planned_phase,
    planned_basis,
    observed_phase,
    observed_basis,
    lag_months
from marts.mart_rollout_by_area_month
where
    planned_phase is not null
    and month = (select max(month) from marts.mart_rollout_by_area_month)
order by is_behind_plan desc nulls last, lag_months desc nulls last, service_name, region_name;
