-- sources of the quantities of mart_readiness_by_area
with source as (
    select distinct source_name
    from {{ ref('fct_observation') }}
    where
        measure_code in (
            'population',
            'fastlege_agreement_count',
            'fastlege_list_without_doctor_count',
            'fastlege_open_list_count',
            'fastlege_list_patient_count',
            'fastlege_capacity_count'
        )
)

select
    source_name,
    {{ page_order(['source_name']) }}
from source
