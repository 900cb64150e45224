select
    adoption.region_key,
    adoption.region_name,
    adoption.service_code,
    adoption.adoption_share,
    adoption.share_lower,
    adoption.share_upper,
    adoption.month,
    adoption.status,
    adoption.source_name,
    {{ page_order([
        collation_key('adoption.region_name'), 'adoption.region_key', 'adoption.service_code'
    ]) }}
from {{ ref('page_regional_adoption') }} as adoption
inner join {{ ref('page_area_level') }} as area_level
    on adoption.region_level = area_level.region_level and area_level.page_order = 1
where adoption.is_newest
