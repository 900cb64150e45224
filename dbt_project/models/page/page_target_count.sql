select
    targets.target_status,
    count(*) as target_count,
    {{ page_order(['targets.target_status']) }}
from {{ ref('mart_target_status') }} as targets
inner join {{ ref('dim_region') }} as region on targets.region_key = region.region_key
where targets.target_kind = 'target' and region.region_level <> 'land'
group by targets.target_status
