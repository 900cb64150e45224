-- Fylkene slik de er i dag, også for årene før 2024: anslag er merket.
-- Today's counties, through the reforms: estimates are marked.
select
    region_name,
    month,
    region_of_month_key,
    adoption_count,
    eligible_count,
    adoption_share,
    qualifier,
    basis
from marts.mart_adoption_by_current_region_actor_month
where
    region_level = 'fylke'
    and measure_code = 'sfm_organisation_in_use_share'
    and actor_type_code = 'legekontor'
order by region_name, month;
