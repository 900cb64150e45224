with recursive observed as (
    select
        {{ month_of('min(period_start)') }} as first_month,
        {{ month_of('max(period_end)') }} as last_month
    from {{ ref('stg_observation') }}
    where period_start is not null
),

calendar as (
    select
        first_month as month,
        last_month
    from observed
    where first_month is not null
    union all
    select
        {{ add_months('month', 1) }} as month,
        last_month
    from calendar
    where month < last_month
)

select
    month,
    {{ part_of_date('year', 'month') }} as year,
    case
        when {{ part_of_date('month', 'month') }} <= 4 then 1
        when {{ part_of_date('month', 'month') }} <= 8 then 2
        else 3
    end as tertial,
    {{ part_of_date('quarter', 'month') }} as quarter,
    {{ part_of_date('month', 'month') }} as month_number,
    {{ month_name_nb('month') }} as month_name,
    {{ period_label_nb("'month'", 'month', 'month') }} as month_label,
    month = last_month as is_latest
from calendar
