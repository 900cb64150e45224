{{ config(group='forecast', post_hook="drop table {{ ref('fit_adoption_forecast') }}") }}
with ranked as (
    select
        measure_code,
        region_key,
        actor_type_code,
        source_name,
        snapshot_at,
        row_number() over (
            partition by measure_code, region_key, actor_type_code
            order by month desc
        ) as rank_from_newest
    from {{ ref('fct_adoption_month') }}
)

select
    curve.measure_code,
    curve.region_key,
    curve.actor_type_code,
    curve.month,
    curve.months_ahead,
    curve.expected_share,
    -- rounding does not move the curve out of its interval
    case
        when curve.share_low > curve.expected_share then curve.expected_share
        else curve.share_low
    end as share_low,
    case
        when curve.share_high < curve.expected_share then curve.expected_share
        else curve.share_high
    end as share_high,
    curve.interval_level,
    curve.passes_25_month,
    curve.passes_50_month,
    curve.passes_80_month,
    curve.passes_95_month,
    curve.above_25_until_month,
    curve.above_50_until_month,
    curve.above_80_until_month,
    curve.above_95_until_month,
    curve.last_observed_month,
    curve.last_observed_share,
    curve.months_observed,
    curve.refusal_code,
    'estimate' as qualifier,
    newest.source_name,
    newest.snapshot_at
from {{ ref('fit_adoption_forecast') }} as curve
inner join ranked as newest
    on {{ is_same_series('curve', 'newest') }} and newest.rank_from_newest = 1
