{%- set is_country = "case region_level when 'land' then 1 else 0 end" -%}
-- regions of the first service that has a level of areas, and the country after them
with newest as (
    select adoption.*
    from {{ ref('page_regional_adoption') }} as adoption
    inner join {{ ref('page_area_level') }} as area_level
        on adoption.service_code = area_level.service_code and area_level.page_order = 1
    where adoption.is_newest
)

select
    region_key,
    region_level,
    region_name,
    adoption_share,
    change_12m,
    adoption_count,
    eligible_count,
    share_lower,
    share_upper,
    qualifier,
    status,
    source_name,
    case when region_level <> 'land' then rank_best end as rank_best,
    case when region_level <> 'land' then rank_worst end as rank_worst,
    {{ page_order([
        is_country,
        'adoption_share desc nulls last',
        collation_key('region_name'),
        'region_key',
    ]) }}
from newest
