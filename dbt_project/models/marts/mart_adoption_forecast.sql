select
    newest.service_code, newest.service_name, newest.measure_code, newest.measure_name, newest.region_key, newest.region_level, newest.region_code,
    newest.region_name, newest.actor_type_code, newest.actor_type_name, curve.month, curve.months_ahead, curve.expected_share,
    -- the curve lies in its interval, also where both are rounded
    case when curve.share_low > curve.expected_share then curve.expected_share else curve.share_low end as share_low,
    case when curve.share_high < curve.expected_share then curve.expected_share else curve.share_high end as share_high,
    case when curve.month is not null then cast(0.8 as {{ type_double() }}) end as interval_level,
    curve.passes_25_month, curve.passes_50_month, curve.passes_80_month, curve.passes_95_month, curve.last_observed_month, curve.last_observed_share,
    curve.months_observed, curve.refusal_code,
    case curve.refusal_code
        when 'only_bounds' then 'Bare grenser er kjent, ingen andel'
        when 'too_small' then 'Færre enn 20 som kan ta tjenesten i bruk: enkeltvirksomheter avgjør'
        when 'too_old' then 'Den nyeste andelen er mer enn seks måneder eldre enn de nyeste tallene'
        when 'too_few_months' then 'Færre enn tolv måneder med kjent andel de siste to årene'
        when 'reached' then 'Minst 99 % er nådd'
        when 'not_begun' then 'Ingen har tatt tjenesten i bruk ennå'
    end as refusal,
    'estimate' as qualifier, newest.source_name, newest.snapshot_at
from {{ ref('stg_adoption_forecast') }} as curve
inner join {{ ref('mart_adoption_latest') }} as newest
    on curve.measure_code = newest.measure_code and curve.region_key = newest.region_key and curve.actor_type_code = newest.actor_type_code
