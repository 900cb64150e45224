-- Hvor er vi? Nyeste andel i landet for hver tjeneste og aktørtype.
-- Where are we? The newest share of the country for each service and actor type.
select
    service_name,
    actor_type_name,
    measure_name,
    month,
    adoption_share,
    qualifier,
    basis,
    source_name
from marts.mart_adoption_latest
where region_key = 'land:NO' and adoption_share is not null
order by service_name, adoption_share desc;
