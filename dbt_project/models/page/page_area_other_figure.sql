-- published figures about the services that no adoption of the area is made of: the newest of each
with adoption_measure as (
    select
        adoption.region_key,
        adoption.actor_type_code,
        adoption.measure_code,
        measure.numerator_code
    from {{ ref('page_area_figure') }} as adoption
    inner join {{ ref('dim_measure') }} as measure on adoption.measure_code = measure.measure_code
),

figure as (
    select
        published.*,
        area.page_order as area_order,
        row_number() over (
            partition by
                published.region_key, published.measure_code, published.actor_type_code
            order by
                published.period_end desc nulls last,
                published.period_start desc,
                published.snapshot_at desc,
                published.source_name asc,
                published.row_reference asc
        ) as newness
    from {{ ref('mart_key_figures') }} as published
    inner join {{ ref('page_area') }} as area on published.region_key = area.region_key
    where
        published.service_code is not null
        and published.measure_role <> 'denominator'
        and published.status <> 'missing'
        and not exists (
            select 1
            from adoption_measure as adoption
            where
                published.region_key = adoption.region_key
                and published.actor_type_code = adoption.actor_type_code
                and (
                    published.measure_code = adoption.measure_code
                    or published.measure_code = adoption.numerator_code
                )
        )
)

select
    region_key,
    service_code,
    measure_code,
    actor_type_code,
    period_start,
    period_end,
    period_grain,
    value,
    lower_bound,
    upper_bound,
    qualifier,
    status,
    unit,
    owner,
    statement_address,
    source_name,
    {{ page_order([
        'area_order',
        position_in('service_code', var('page_services')),
        'service_code',
        'measure_code',
        'actor_type_code',
    ]) }}
from figure
where newness = 1
