{%- set facts = [
    'value', 'lower_bound', 'upper_bound', 'qualifier', 'status', 'period_grain',
    'is_period_inferred', 'source_name', 'snapshot_at',
] -%}
{%- set cell = ['region_key', 'actor_type_code', 'month'] -%}
-- of several figures of a month the one that comes first
with ranked as (
    select
        observation.*,
        row_number() over (
            partition by
                observation.measure_code, observation.region_key, observation.actor_type_code,
                observation.month
            order by {{ order_in_month('observation') }}
        ) as rank_in_month
    from {{ ref('fct_observation') }} as observation
    inner join {{ ref('dim_measure') }} as measure
        on observation.measure_code = measure.measure_code
    -- the flow of a day is not that of its month
    where
        observation.month is not null
        and (measure.time_kind <> 'flow' or observation.period_grain = 'month')
        and (
            measure.is_adoption
            or measure.measure_code in (
                select numerator_code from {{ ref('dim_measure') }}
                where is_adoption and numerator_code is not null
            )
        )
),

monthly as (
    select * from ranked
    where rank_in_month = 1
),

share_measure as (
    select
        measure_code,
        numerator_code
    from {{ ref('dim_measure') }}
    where is_adoption and unit = 'share' and numerator_code is not null
),

-- (a) published shares, each with its numerator, (b) numerators of shares that are not published,
-- (c) counts that are adoption measures themselves
figure as (
    select
        share.measure_code,
        {{ columns_of('share', cell) }},
        'share' as stated_as,
        {{ columns_of('share', facts, 'stated_') }},
        {{ columns_of('numerator', facts, 'count_') }}
    from monthly as share
    inner join {{ ref('dim_measure') }} as measure
        on
            share.measure_code = measure.measure_code
            and measure.is_adoption
            and measure.unit = 'share'
    left join share_measure on share.measure_code = share_measure.measure_code
    left join monthly as numerator
        on
            share_measure.numerator_code = numerator.measure_code
            and share.region_key = numerator.region_key
            and share.actor_type_code = numerator.actor_type_code
            and share.month = numerator.month
    union all
    select
        share_measure.measure_code,
        {{ columns_of('numerator', cell) }},
        'nothing' as stated_as,
        {{ columns_of('numerator', facts, 'stated_') }},
        {{ columns_of('numerator', facts, 'count_') }}
    from monthly as numerator
    inner join share_measure on numerator.measure_code = share_measure.numerator_code
    left join monthly as share
        on
            share_measure.measure_code = share.measure_code
            and numerator.region_key = share.region_key
            and numerator.actor_type_code = share.actor_type_code
            and numerator.month = share.month
    where share.measure_code is null
    union all
    select
        counted.measure_code,
        {{ columns_of('counted', cell) }},
        'count' as stated_as,
        {{ columns_of('counted', facts, 'stated_') }},
        {{ columns_of('counted', facts, 'count_') }}
    from monthly as counted
    inner join {{ ref('dim_measure') }} as measure
        on
            counted.measure_code = measure.measure_code
            and measure.is_adoption
            and measure.unit <> 'share'
),

-- the denominator: that of the same actor type; else that of all, unless it is counted by actor
-- type
with_denominator as (
    select
        figure.*,
        measure.denominator_code,
        {%- for column in [
            'value', 'lower_bound', 'upper_bound', 'status', 'period_end', 'months_away'
        ] %}
            case
                when own.measure_code is not null then own.{{ column }}
                else of_all.{{ column }}
            end as eligible_{{ column }},
        {%- endfor %}
        case
            when own.measure_code is not null then own.qualifier
            else of_all.qualifier
        end as stated_eligible_qualifier,
        own.measure_code is not null or of_all.measure_code is not null as is_eligible_known
    from figure
    inner join {{ ref('dim_measure') }} as measure on figure.measure_code = measure.measure_code
    left join {{ ref('dim_measure') }} as denominator
        on measure.denominator_code = denominator.measure_code
    left join {{ ref('fct_eligible') }} as own
        on
            measure.denominator_code = own.measure_code
            and figure.region_key = own.region_key
            and figure.actor_type_code = own.actor_type_code
            and figure.month = own.month
    left join {{ ref('fct_eligible') }} as of_all
        on
            measure.denominator_code = of_all.measure_code
            and not denominator.adds_over_actor_types
            and figure.region_key = of_all.region_key
            and of_all.actor_type_code = 'alle'
            and figure.month = of_all.month
),

-- a denominator of another time is approximate
classified as (
    select
        *,
        stated_as <> 'share' and is_eligible_known as is_derived,
        coalesce(count_lower_bound > eligible_upper_bound, false) as is_contradictory,
        case
            when
                eligible_months_away > {{ var('denominator_months_exact') }}
                and stated_eligible_qualifier <> 'estimate'
                then 'approx'
            else stated_eligible_qualifier
        end as eligible_qualifier
    from with_denominator
    where stated_as <> 'nothing' or is_eligible_known
)

select
    measure_code,
    region_key,
    actor_type_code,
    month,
    case when is_derived then 'derived' else 'published' end as basis,
    case when stated_as = 'share' then stated_value end as stated_share,
    case when stated_as = 'share' then stated_lower_bound end as stated_share_lower,
    case when stated_as = 'share' then stated_upper_bound end as stated_share_upper,
    -- a part is never larger than its whole
    case
        when count_qualifier = 'at_most' and count_value > eligible_upper_bound
            then eligible_upper_bound
        else count_value
    end as count_value,
    count_lower_bound as count_lower,
    case
        when is_contradictory then count_upper_bound
        when count_upper_bound > eligible_upper_bound then eligible_upper_bound
        when
            count_upper_bound is null
            and (count_status = 'suppressed' or count_qualifier = 'at_least')
            then eligible_upper_bound
        else count_upper_bound
    end as count_upper,
    count_qualifier,
    count_status,
    denominator_code,
    eligible_value,
    eligible_lower_bound as eligible_lower,
    eligible_upper_bound as eligible_upper,
    eligible_qualifier,
    eligible_status,
    eligible_period_end as eligible_as_of,
    eligible_months_away,
    is_contradictory,
    case
        when is_derived then {{ qualifier_of_quotient('count_qualifier', 'eligible_qualifier') }}
        else stated_qualifier
    end as qualifier,
    case
        when is_derived then {{ status_of_quotient('count_status', 'eligible_status') }}
        else stated_status
    end as status,
    stated_period_grain as period_grain,
    stated_is_period_inferred as is_period_inferred,
    stated_source_name as source_name,
    stated_snapshot_at as snapshot_at
from classified
