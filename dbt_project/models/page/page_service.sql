select
    service_code,
    service_name,
    service_name_en,
    service_description,
    service_description_en,
    {{ page_order([position_in('service_code', var('page_services')), 'service_code']) }}
from {{ ref('dim_service') }}
