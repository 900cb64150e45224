-- each dated or undated figure in the month it ends in
with cell as (
    select
        observation.source_name,
        measure.service_code,
        observation.measure_code,
        observation.region_key,
        observation.actor_type_code,
        {{ month_of('observation.period_end') }} as month,
        case
            when
                observation.status <> 'suppressed'
                and (
                    observation.value is not null
                    or observation.lower_bound is not null
                    or observation.upper_bound is not null
                )
                then 1
            else 0
        end
            as is_published,
        case when observation.status = 'suppressed' then 1 else 0 end as is_suppressed
    from {{ ref('fct_observation') }} as observation
    inner join {{ ref('dim_measure') }} as measure
        on observation.measure_code = measure.measure_code
),

-- months from one publication to the next; an irregular source promises nothing
promised as (
    select
        source_name,
        case cadence
            when 'daily' then 1 when 'monthly' then 1 when 'quarterly' then 3 when 'yearly' then 12
        end as step
    from {{ ref('dim_source') }}
    where cadence <> 'irregular'
),

series as (
    select
        source_name,
        service_code,
        measure_code,
        region_key,
        actor_type_code,
        min(month) as first_month
    from cell
    where month is not null
    group by source_name, service_code, measure_code, region_key, actor_type_code
),

published_until as (
    select
        source_name,
        measure_code,
        max(month) as last_month
    from cell
    group by source_name, measure_code
),

-- a series goes on for as long as its measure does and its region is valid
expected as (
    select
        series.source_name,
        series.service_code,
        series.measure_code,
        series.region_key,
        series.actor_type_code,
        calendar.month,
        promised.step,
        {{ number_of_span('calendar.month', 'promised.step') }} as span
    from series
    inner join promised on series.source_name = promised.source_name
    inner join
        published_until as until
        on series.source_name = until.source_name and series.measure_code = until.measure_code
    inner join {{ ref('dim_region') }} as region on series.region_key = region.region_key
    inner join {{ ref('dim_month') }} as calendar
        on
            series.first_month <= calendar.month and calendar.month <= until.last_month
            and (region.valid_to is null or calendar.month < region.valid_to)
            and mod({{ months_between('series.first_month', 'calendar.month') }}, promised.step) = 0
),

filled as (
    select distinct
        cell.source_name,
        cell.measure_code,
        cell.region_key,
        cell.actor_type_code,
        {{ number_of_span('cell.month', 'promised.step') }} as span
    from cell
    inner join promised on cell.source_name = promised.source_name
    where cell.month is not null
),

-- expected once in each month, quarter or year, and nowhere in it
missing as (
    select
        expected.source_name,
        expected.service_code,
        expected.month
    from expected
    left join filled
        on
            expected.source_name = filled.source_name
            and expected.measure_code = filled.measure_code
            and expected.region_key = filled.region_key
            and expected.actor_type_code = filled.actor_type_code and expected.span = filled.span
    where filled.span is null
),

counted_cell as (
    select
        source_name,
        service_code,
        month,
        is_published,
        is_suppressed,
        1 - is_published - is_suppressed as is_missing,
        0 as is_quarantined
    from cell
    union all
    select
        source_name,
        service_code,
        month,
        0 as is_published,
        0 as is_suppressed,
        1 as is_missing,
        0 as is_quarantined
    from missing
    union all
    select
        source_name,
        service_code,
        month,
        0 as is_published,
        0 as is_suppressed,
        0 as is_missing,
        1 as is_quarantined
    from {{ ref('fct_quarantine') }}
),

counted as (
    select
        source_name,
        service_code,
        month,
        cast(sum(is_published) as bigint) as published_count,
        cast(sum(is_suppressed) as bigint) as suppressed_count,
        cast(sum(is_missing) as bigint) as missing_count,
        cast(sum(is_quarantined) as bigint) as quarantined_count
    from counted_cell
    group by source_name, service_code, month
)

select
    counted.source_name,
    source.title as source_title,
    counted.service_code,
    service.service_name,
    counted.month,
    counted.published_count + counted.suppressed_count + counted.missing_count as expected_count,
    counted.published_count,
    counted.suppressed_count,
    counted.missing_count,
    counted.quarantined_count
from counted
inner join {{ ref('dim_source') }} as source on counted.source_name = source.source_name
left join {{ ref('dim_service') }} as service on counted.service_code = service.service_code
