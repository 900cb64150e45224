-- of adoption before anything else, of the country before a region, a share before a count
with ranked as (
    select
        figure.service_code,
        figure.measure_code,
        figure.region_level,
        figure.region_name,
        figure.actor_type_code,
        figure.period_start,
        figure.period_end,
        figure.period_grain,
        figure.value,
        figure.lower_bound,
        figure.upper_bound,
        figure.qualifier,
        figure.unit,
        figure.owner,
        figure.statement_address,
        figure.source_name,
        measure.is_adoption,
        row_number() over (
            partition by figure.service_code
            order by
                case when measure.is_adoption then 0 else 1 end,
                case figure.region_level when 'land' then 0 else 1 end,
                figure.period_end desc nulls last,
                case figure.unit when 'share' then 0 else 1 end,
                {{ position_in('figure.actor_type_code', var('page_actor_types')) }},
                figure.value desc nulls last,
                figure.measure_code,
                figure.actor_type_code,
                figure.region_key
        ) as preference
    from {{ ref('mart_key_figures') }} as figure
    inner join {{ ref('dim_measure') }} as measure on figure.measure_code = measure.measure_code
    where
        figure.service_code is not null
        and figure.period_grain is distinct from 'span'
        and figure.status <> 'suppressed'
        and coalesce(figure.value, figure.lower_bound, figure.upper_bound) is not null
)

select
    service_code,
    measure_code,
    is_adoption,
    region_level,
    region_name,
    actor_type_code,
    period_start,
    period_end,
    period_grain,
    value,
    lower_bound,
    upper_bound,
    qualifier,
    unit,
    owner,
    statement_address,
    source_name,
    {{ page_order([position_in('service_code', var('page_services')), 'service_code']) }}
from ranked
where preference = 1
