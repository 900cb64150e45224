-- a stated share is the publisher's; its count, where that is stated too, stands beside it
with told as (
    select
        *,
        case when basis = 'derived' then {{ quotient('count_value', 'eligible_value') }} else stated_share end as share,
        case when basis = 'derived' then {{ quotient('count_lower', 'eligible_upper') }} else stated_share_lower end as share_from,
        case when basis = 'derived' then {{ quotient('count_upper', 'eligible_lower') }} else stated_share_upper end as share_to
    from {{ ref('fct_adoption') }}
),

adoption as (
    select
        told.measure_code, told.region_key, told.actor_type_code, told.month,
        {{ rounded_adoption('told', 'told.share', 'told.share_from', 'told.share_to') }},
        told.qualifier, told.status, told.basis, told.denominator_code, cast(null as {{ type_double() }}) as reported_share, told.is_period_inferred,
        told.source_name, told.snapshot_at
    from told
    union all
    select made.measure_code, made.region_key, made.actor_type_code, made.month, {{ sum_as_adoption('made') }}
    from {{ ref('fct_adoption_sum') }} as made
    where made.relation = 'level'
)

{{ adoption_told('adoption', 'region.current_region_key') }}
