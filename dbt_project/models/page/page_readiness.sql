-- what there is to introduce the list for, by helsefellesskap, and the country after them
{%- set is_country = "case region_level when 'land' then 1 else 0 end" %}
select
    region_key,
    region_level,
    region_name,
    resident_count,
    resident_as_of,
    gp_agreement_count,
    gp_agreement_as_of,
    gp_agreement_part_count,
    gp_agreement_expected_part_count,
    gp_list_without_doctor_count,
    gp_list_free_capacity_count,
    rollout_month,
    pll_planned_phase,
    pll_observed_phase,
    {{ page_order([is_country, collation_key('region_name'), 'region_key']) }}
from {{ ref('mart_readiness_by_area') }}
where region_level in ('helsefellesskap', 'land')
