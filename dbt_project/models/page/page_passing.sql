select
    service_code,
    measure_code,
    actor_type_code,
    max(last_observed_month) as last_observed_month,
    max(last_observed_share) as last_observed_share,
    max(passes_25_month) as passes_25_month,
    max(passes_50_month) as passes_50_month,
    max(passes_80_month) as passes_80_month,
    max(passes_95_month) as passes_95_month,
    max(refusal_code) as refusal_code,
    {{ page_order([
        position_in('service_code', var('page_services')),
        'measure_code',
        position_in('actor_type_code', var('page_actor_types')),
        'actor_type_code',
    ]) }}
from {{ ref('mart_adoption_forecast') }}
where region_level = 'land'
group by service_code, measure_code, actor_type_code
