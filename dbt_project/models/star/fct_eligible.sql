{%- set series = 'measure_code, region_key, actor_type_code' -%}
{%- set figure = [
    'measure_code', 'region_key', 'actor_type_code', 'value', 'lower_bound', 'upper_bound',
    'qualifier', 'status', 'period_start', 'period_end', 'is_period_inferred', 'source_name',
    'snapshot_at',
] -%}
-- of several figures of a month, the same as for adoption
with ranked as (
    select
        observation.*,
        row_number() over (
            partition by {{ series }}, month
            order by {{ order_in_month('observation') }}
        ) as rank_in_month
    from {{ ref('fct_observation') }} as observation
    where
        month is not null
        and status <> 'missing'
        and measure_code in (
            select denominator_code from {{ ref('dim_measure') }}
            where denominator_code is not null
        )
),

numbered as (
    select
        *,
        {{ number_of_span('month', 1) }} as month_number,
        case
            when period_end = {{ end_of_month('month') }} then 31
            else {{ part_of_date('day', 'period_end') }}
        end as day_of_month
    from ranked
    where rank_in_month = 1
),

-- days are counted as if every month had 31, so that the end of a month has one number
dated as (
    select
        *,
        31 * month_number + day_of_month as day_number
    from numbered
),

-- the last month whose end is nearer to this figure than to the next one; halfway, the earlier
-- figure counts
midway as (
    select
        *,
        lead(month_number) over (partition by {{ series }} order by month) as next_month_number,
        cast(floor(
            (day_number - 62 + lead(day_number) over (partition by {{ series }} order by month))
            / 62.0
        ) as integer) as last_nearest
    from dated
),

-- a month's own figure always counts for it
until as (
    select
        *,
        case
            when last_nearest < month_number then month_number
            when last_nearest >= next_month_number then next_month_number - 1
            else last_nearest
        end as last_month_number
    from midway
),

since as (
    select
        *,
        lag(last_month_number) over (partition by {{ series }} order by month) + 1
            as first_month_number
    from until
),

valid as (
    select
        *,
        case
            when month_number - first_month_number <= {{ var('denominator_months') }}
                then first_month_number
            else month_number - {{ var('denominator_months') }}
        end as first_number,
        case
            when last_month_number - month_number <= {{ var('denominator_months') }}
                then last_month_number
            else month_number + {{ var('denominator_months') }}
        end as last_number
    from since
),

calendar as (
    select
        month,
        {{ number_of_span('month', 1) }} as month_number
    from {{ ref('dim_month') }}
)

select
    {{ columns_of('valid', figure) }},
    valid.month,
    0 as months_away
from valid
where valid.first_number = valid.month_number and valid.last_number = valid.month_number
union all
select
    {{ columns_of('valid', figure) }},
    calendar.month,
    abs(calendar.month_number - valid.month_number) as months_away
from valid
inner join calendar
    on calendar.month_number between valid.first_number and valid.last_number
where valid.first_number < valid.month_number or valid.month_number < valid.last_number
