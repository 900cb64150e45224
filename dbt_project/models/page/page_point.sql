-- shares of services whose series is too short for a curve
select
    figure.service_code,
    figure.measure_code,
    figure.actor_type_code,
    figure.period_start,
    figure.period_end,
    figure.period_grain,
    figure.value,
    figure.lower_bound,
    figure.upper_bound,
    figure.qualifier,
    figure.owner,
    figure.source_name,
    {{ page_order([
        'figure.service_code',
        'figure.measure_code',
        'figure.actor_type_code',
        'figure.period_end',
        'figure.period_start',
        'figure.value nulls last',
        'figure.source_name',
    ]) }}
from {{ ref('mart_key_figures') }} as figure
inner join {{ ref('dim_measure') }} as measure on figure.measure_code = measure.measure_code
left join {{ ref('page_series') }} as series
    on
        figure.service_code = series.service_code
        and series.month_count >= {{ var('page_fewest_months') }}
where
    measure.is_adoption
    and figure.unit = 'share'
    and figure.region_level = 'land'
    and figure.period_end is not null
    and figure.period_grain is distinct from 'span'
    and figure.service_code is not null
    and coalesce(figure.value, figure.lower_bound, figure.upper_bound) is not null
    and series.service_code is null
