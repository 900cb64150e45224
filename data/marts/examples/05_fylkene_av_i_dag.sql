-- Fylkene slik de er i dag, også for årene før 2024: anslag er merket.
-- Publisert er e-resept i 2012; SFM finnes bare i demoen.
-- Today's counties, through the reforms: estimates are marked. SFM is in the demo only.
select
    measure_name,
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
    and actor_type_code = 'legekontor'
    and measure_code in ('eresept_gp_office_share', 'sfm_organisation_in_use_share')
order by measure_name, region_name, month;
