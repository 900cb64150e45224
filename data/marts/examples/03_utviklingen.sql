-- Hvordan har det gått i hver region? Én serie per region; måneder som mangler, er ikke publisert.
-- Publisert er antall pasienter per kommune; andelen per helsefellesskap finnes bare i demoen.
-- How has it gone in each region? A missing month was not published; the share is in the demo only.
select
    region_name,
    measure_name,
    month,
    adoption_count,
    adoption_share,
    share_lower,
    share_upper,
    status
from marts.mart_adoption_by_region_actor_month
where
    (measure_code = 'pll_created_patient_count' and region_level = 'kommune')
    or (
        measure_code = 'pll_organisation_in_use_share'
        and actor_type_code = 'legekontor'
        and region_level = 'helsefellesskap'
    )
order by measure_name, region_name, month;
