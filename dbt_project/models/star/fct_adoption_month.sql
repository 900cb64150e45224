-- a published share is the publisher's; a derived one is the numerator divided by the denominator
with observed as (
    select
        *,
        case
            when basis = 'derived' then {{ quotient('count_value', 'eligible_value') }}
            else stated_share
        end as share,
        case
            when basis = 'derived' then {{ quotient('count_lower', 'eligible_upper') }}
            else stated_share_lower
        end as least_share,
        case
            when basis = 'derived' then {{ quotient('count_upper', 'eligible_lower') }}
            else stated_share_upper
        end as greatest_share
    from {{ ref('fct_adoption') }}
),

adoption as (
    select
        observed.measure_code,
        observed.region_key,
        observed.actor_type_code,
        observed.month,
        {{ rounded_adoption(
            'observed', 'observed.share', 'observed.least_share', 'observed.greatest_share'
        ) }},
        observed.qualifier,
        observed.status,
        observed.basis,
        observed.denominator_code,
        cast(null as {{ type_double() }}) as reported_share,
        observed.is_period_inferred,
        observed.source_name,
        observed.snapshot_at
    from observed
    union all
    select
        sums.measure_code,
        sums.region_key,
        sums.actor_type_code,
        sums.month,
        {{ sum_as_adoption('sums') }}
    from {{ ref('fct_adoption_sum') }} as sums
    where sums.relation = 'level'
)

{{ with_changes_and_ranks('adoption') }}
