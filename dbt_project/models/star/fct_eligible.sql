{%- set series = 'measure_code, region_key, actor_type_code' -%}
-- of several figures that begin on a day the shortest, then the newest said
with said as (
    select
        *, {{ part_of_date('year', 'period_end') }} as year, {{ month_of('period_start') }} as first_month,
        row_number() over (
            partition by {{ series }}, {{ part_of_date('year', 'period_end') }}, period_start
            order by period_end, snapshot_at desc, source_name
        ) as place
    from {{ ref('fct_observation') }}
    where
        period_end is not null
        and measure_code in (select denominator_code from {{ ref('dim_measure') }} where denominator_code is not null)
),

-- each holds from the month it begins in, within its year, until another begins or the year is over
held as (
    select
        *, lead(first_month) over (partition by {{ series }}, year order by period_start) as next_month
    from said
    where place = 1
),

held_long as (
    select *
    from held
    where next_month is null or next_month > {{ add_months('first_month', 1) }} or {{ part_of_date('year', 'first_month') }} < year
)

select
    measure_code, region_key, actor_type_code, first_month as month, value, lower_bound, upper_bound, qualifier, status, period_start, period_end,
    is_period_inferred, source_name, snapshot_at
from held
where next_month = {{ add_months('first_month', 1) }} and {{ part_of_date('year', 'first_month') }} = year
union all
select
    held.measure_code, held.region_key, held.actor_type_code, calendar.month, held.value, held.lower_bound, held.upper_bound, held.qualifier,
    held.status, held.period_start, held.period_end, held.is_period_inferred, held.source_name, held.snapshot_at
from held_long as held
inner join {{ ref('dim_month') }} as calendar
    on held.year = calendar.year and held.first_month <= calendar.month and (held.next_month is null or calendar.month < held.next_month)
