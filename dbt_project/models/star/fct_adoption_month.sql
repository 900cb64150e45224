-- a numerator above its denominator has no share, a denominator of another time gives no bounds
with checked as (
    select
        *,
        not is_contradictory
        and coalesce(eligible_months_away <= {{ var('denominator_months_exact') }}, false)
            as has_bounds
    from {{ ref('fct_adoption') }}
),

-- a published share is the publisher's; a derived one is the numerator divided by the denominator
observed as (
    select
        *,
        case
            when basis = 'derived' and is_contradictory then null
            when basis = 'derived' then {{ quotient('count_value', 'eligible_value') }}
            else stated_share
        end as share,
        case
            when basis = 'derived' and not has_bounds then null
            when basis = 'derived' then {{ quotient('count_lower', 'eligible_upper') }}
            else stated_share_lower
        end as least_share,
        case
            when basis = 'derived' and not has_bounds then null
            when basis = 'derived' then {{ quotient('count_upper', 'eligible_lower') }}
            else stated_share_upper
        end as greatest_share
    from checked
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
        observed.eligible_as_of,
        cast(null as {{ type_double() }}) as reported_share,
        cast(null as {{ dbt.type_string() }}) as part_level,
        cast(null as integer) as part_count,
        cast(null as integer) as expected_part_count,
        cast(null as bigint) as part_checksum,
        observed.period_grain,
        observed.is_period_inferred,
        observed.source_name,
        observed.snapshot_at,
        observed.status <> 'missing' as is_representative,
        {{ is_value_implied('observed') }} as is_value_implied
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
),

{{ tables_of_ranks('adoption') }}

{{ with_changes_and_ranks('adoption') }}
