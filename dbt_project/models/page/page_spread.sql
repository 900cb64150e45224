-- percentiles of all regions of the level on the page, as far as the published figures bound them
select
    spread.service_code,
    spread.month,
    spread.known_count,
    spread.region_count,
    spread.percentile_10_lower,
    spread.percentile_10_upper,
    spread.percentile_50_lower,
    spread.percentile_50_upper,
    spread.percentile_90_lower,
    spread.percentile_90_upper,
    {{ page_order(['spread.service_code', 'spread.month']) }}
from {{ ref('mart_spread_by_measure_month') }} as spread
inner join {{ ref('page_series') }} as series
    on
        spread.measure_code = series.measure_code
        and spread.actor_type_code = series.actor_type_code
inner join {{ ref('page_area_level') }} as area_level
    on
        spread.service_code = area_level.service_code
        and spread.region_level = area_level.region_level
where
    spread.known_count >= {{ var('page_fewest_regions') }}
    and spread.percentile_50_lower is not null
