select
    forecast.service_code,
    forecast.month,
    forecast.expected_share,
    forecast.share_low,
    forecast.share_high,
    forecast.interval_level,
    forecast.source_name,
    {{ page_order([
        position_in('forecast.service_code', var('page_services')),
        'forecast.service_code',
        'forecast.month',
    ]) }}
from {{ ref('mart_adoption_forecast') }} as forecast
inner join {{ ref('page_series') }} as series
    on
        forecast.measure_code = series.measure_code
        and forecast.actor_type_code = series.actor_type_code
where
    forecast.region_level = 'land'
    and forecast.month is not null
    and forecast.expected_share is not null
