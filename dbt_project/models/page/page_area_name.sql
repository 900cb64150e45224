-- names of regions that are no longer, each with the regions of today that it is a part of
with named as (
    select
        area.region_key,
        former.region_name as former_name,
        max(former.valid_to) as former_until
    from {{ ref('page_area') }} as area
    inner join {{ ref('dim_region_part') }} as part
        on
            area.region_key = part.whole_key
            and part.relation in ('recode', 'reform')
            and part.part_level = part.whole_level
    inner join {{ ref('dim_region') }} as former
        on part.part_key = former.region_key and not former.is_current
    where former.region_name <> area.region_name
    group by area.region_key, former.region_name
)

select
    region_key,
    former_name,
    former_until,
    {{ page_order(['region_key', 'former_until desc', 'former_name']) }}
from named
