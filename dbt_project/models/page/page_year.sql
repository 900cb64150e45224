-- figures of any region and period, by the year in which the period ends
with figure as (
    select
        service_code,
        {{ part_of_date('year', 'period_end') }} as ending_year,
        count(*) as figure_count
    from {{ ref('mart_key_figures') }}
    where service_code is not null and period_end is not null and status <> 'missing'
    group by service_code, {{ part_of_date('year', 'period_end') }}
),

span as (
    select
        min(ending_year) as first_year,
        max(ending_year) as last_year
    from figure
),

years as (
    select distinct calendar.year
    from {{ ref('dim_month') }} as calendar
    inner join span on calendar.year between span.first_year and span.last_year
)

select
    service.service_code,
    years.year,
    coalesce(figure.figure_count, 0) as figure_count,
    {{ page_order([
        position_in('service.service_code', var('page_services')), 'service.service_code', 'years.year'
    ]) }}
from {{ ref('dim_service') }} as service
cross join years
left join figure
    on service.service_code = figure.service_code and years.year = figure.ending_year
