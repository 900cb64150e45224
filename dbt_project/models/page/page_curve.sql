select
    service_code,
    region_key,
    region_level,
    region_name,
    month,
    adoption_share,
    share_lower,
    share_upper,
    qualifier,
    {{ page_order([
        'service_code', "case region_level when 'land' then 0 else 1 end", 'region_key', 'month'
    ]) }}
from {{ ref('page_regional_adoption') }}
