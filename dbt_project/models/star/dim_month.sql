with observed as (
    select
        {{ month_of('min(period_start)') }} as first_month,
        {{ month_of('max(period_end)') }} as last_month
    from {{ ref('stg_observation') }}
    where period_start is not null
),

digit as (
    {%- for number in range(10) %}
        {{ 'union all' if not loop.first }}
        select {{ number }} as digit
    {%- endfor %}
),

-- months from the first one on, as many as four digits can number
counted as (
    select
        {{ number_of_span('observed.first_month', 1) }}
        + ones.digit + 10 * tens.digit + 100 * hundreds.digit + 1000 * thousands.digit
            as month_number,
        observed.last_month
    from observed
    cross join digit as ones
    cross join digit as tens
    cross join digit as hundreds
    cross join digit as thousands
    where observed.first_month is not null
),

calendar as (
    select
        {{ first_of_month('month_number') }} as month,
        last_month
    from counted
    where month_number <= {{ number_of_span('last_month', 1) }}
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
