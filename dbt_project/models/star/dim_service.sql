select
    service_code,
    service_name,
    service_name_en,
    service_description,
    service_description_en,
    since_date
from {{ ref('service') }}
