select
    readiness.region_key,
    readiness.resident_count,
    readiness.resident_as_of,
    readiness.resident_part_count,
    readiness.resident_expected_part_count,
    readiness.gp_agreement_count,
    readiness.gp_agreement_as_of,
    readiness.gp_agreement_part_count,
    readiness.gp_agreement_expected_part_count,
    readiness.gp_list_without_doctor_count,
    readiness.gp_list_without_doctor_as_of,
    readiness.gp_list_without_doctor_part_count,
    readiness.gp_list_without_doctor_expected_part_count,
    readiness.gp_open_list_count,
    readiness.gp_open_list_as_of,
    readiness.gp_open_list_part_count,
    readiness.gp_open_list_expected_part_count,
    readiness.gp_list_patient_count,
    readiness.gp_list_patient_as_of,
    readiness.gp_list_patient_part_count,
    readiness.gp_list_patient_expected_part_count,
    readiness.gp_list_free_capacity_count,
    readiness.rollout_month,
    {%- for name in ['eresept', 'kjernejournal', 'sfm', 'pll', 'multidose'] %}
        readiness.{{ name }}_planned_phase,
        readiness.{{ name }}_observed_phase,
    {%- endfor %}
    area.page_order
from {{ ref('mart_readiness_by_area') }} as readiness
inner join {{ ref('page_area') }} as area on readiness.region_key = area.region_key
