{%- set series = 'measure_code, region_key, actor_type_code' -%}
{%- set year_of_end = part_of_date('year', 'period_end') -%}
-- of several figures that begin on the same day, the one with the shortest period, then the newest
with ranked as (
    select
        *,
        {{ year_of_end }} as year,
        {{ month_of('period_start') }} as first_month,
        row_number() over (
            partition by {{ series }}, {{ year_of_end }}, period_start
            order by period_end asc, snapshot_at desc, source_name asc
        ) as rank_of_start
    from {{ ref('fct_observation') }}
    where
        period_end is not null and period_grain is distinct from 'span'
        and measure_code in (
            select denominator_code from {{ ref('dim_measure') }}
            where denominator_code is not null
        )
),

-- each applies from the month it begins in until another begins or its year is over
valid as (
    select
        *,
        lead(first_month) over (
            partition by {{ series }}, year
            order by period_start
        ) as next_month
    from ranked
    where rank_of_start = 1
),

valid_for_months as (
    select *
    from valid
    where
        next_month is null
        or next_month > {{ add_months('first_month', 1) }}
        or {{ part_of_date('year', 'first_month') }} < year
)

select
    measure_code,
    region_key,
    actor_type_code,
    first_month as month,
    value,
    lower_bound,
    upper_bound,
    qualifier,
    status,
    period_start,
    period_end,
    is_period_inferred,
    source_name,
    snapshot_at
from valid
where
    next_month = {{ add_months('first_month', 1) }}
    and {{ part_of_date('year', 'first_month') }} = year
union all
select
    denominator.measure_code,
    denominator.region_key,
    denominator.actor_type_code,
    calendar.month,
    denominator.value,
    denominator.lower_bound,
    denominator.upper_bound,
    denominator.qualifier,
    denominator.status,
    denominator.period_start,
    denominator.period_end,
    denominator.is_period_inferred,
    denominator.source_name,
    denominator.snapshot_at
from valid_for_months as denominator
inner join {{ ref('dim_month') }} as calendar
    on
        denominator.year = calendar.year
        and denominator.first_month <= calendar.month
        and (denominator.next_month is null or calendar.month < denominator.next_month)
