-- Når ventes landet å passere 80 %, og hvilke serier har ingen prognose?
-- When is the country expected to pass 80 per cent, and which series have no forecast?
select distinct
    service_name,
    actor_type_name,
    last_observed_month,
    last_observed_share,
    passes_80_month,
    refusal
from marts.mart_adoption_forecast
where region_key = 'land:NO'
order by passes_80_month nulls last, service_name, actor_type_name;
