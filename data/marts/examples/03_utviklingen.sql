-- Hvordan har det gått i hvert helsefellesskap? Én serie per region; tomme måneder er ikke
-- publisert eller skjermet.
-- How has it gone in each helsefellesskap?
select region_name, month, adoption_share, share_lower, share_upper, status
from marts.mart_adoption_by_region_actor_month
where
    measure_code = 'pll_organisation_in_use_share'
    and actor_type_code = 'legekontor'
    and region_level = 'helsefellesskap'
order by region_name, month;
