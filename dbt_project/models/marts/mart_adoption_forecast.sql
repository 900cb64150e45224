select
    measure.service_code,
    service.service_name,
    forecast.measure_code,
    measure.measure_name,
    forecast.region_key,
    region.region_level,
    region.region_code,
    region.region_name,
    forecast.actor_type_code,
    actor_type.actor_type_name,
    forecast.month,
    forecast.months_ahead,
    forecast.expected_share,
    forecast.share_low,
    forecast.share_high,
    forecast.interval_level,
    forecast.passes_25_month,
    forecast.passes_50_month,
    forecast.passes_80_month,
    forecast.passes_95_month,
    forecast.above_25_until_month,
    forecast.above_50_until_month,
    forecast.above_80_until_month,
    forecast.above_95_until_month,
    forecast.last_observed_month,
    forecast.last_observed_share,
    forecast.months_observed,
    forecast.refusal_code,
    refusal.refusal,
    refusal.refusal_en,
    forecast.qualifier,
    forecast.source_name,
    forecast.snapshot_at
from {{ ref('fct_adoption_forecast') }} as forecast
inner join {{ ref('dim_region') }} as region on forecast.region_key = region.region_key
inner join {{ ref('dim_measure') }} as measure on forecast.measure_code = measure.measure_code
inner join {{ ref('dim_actor_type') }} as actor_type
    on forecast.actor_type_code = actor_type.actor_type_code
left join {{ ref('dim_service') }} as service on measure.service_code = service.service_code
left join {{ ref('dim_forecast_refusal') }} as refusal
    on forecast.refusal_code = refusal.refusal_code
