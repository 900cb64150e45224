with adoption as (
    select adoption.*
    from {{ ref('page_regional_adoption') }} as adoption
    inner join {{ ref('page_area_level') }} as area_level
        on
            adoption.service_code = area_level.service_code
            and adoption.region_level = area_level.region_level
            and area_level.page_order = 1
),

span as (
    select
        min(month) as first_month,
        max(month) as last_month
    from adoption
),

region as (
    select distinct
        region_key,
        region_name
    from adoption
)

select
    region.region_key,
    region.region_name,
    calendar.month,
    adoption.adoption_share,
    adoption.share_lower,
    adoption.share_upper,
    adoption.source_name,
    {{ cell_state('adoption') }},
    {{ page_order([collation_key('region.region_name'), 'region.region_key', 'calendar.month']) }}
from region
cross join span
inner join {{ ref('dim_month') }} as calendar
    on calendar.month between span.first_month and span.last_month
left join adoption
    on region.region_key = adoption.region_key and calendar.month = adoption.month
