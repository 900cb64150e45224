-- of several series the one with the newest share; then the first actor type in the page's order,
-- then the longest
with country as (
    select
        *,
        count(*) over (partition by service_code, measure_code, actor_type_code) as month_count
    from {{ ref('mart_adoption_by_region_actor_month') }}
    where
        region_level = 'land'
        and adoption_share is not null
        and service_code is not null
        and is_representative
),

ranked as (
    select
        *,
        row_number() over (
            partition by service_code
            order by
                month desc,
                {{ position_in('actor_type_code', var('page_actor_types')) }},
                month_count desc,
                measure_code,
                actor_type_code
        ) as preference
    from country
)

select
    service_code,
    measure_code,
    actor_type_code,
    month,
    month_count,
    adoption_share,
    adoption_count,
    eligible_count,
    change_12m,
    qualifier,
    basis,
    source_name,
    {{ page_order([position_in('service_code', var('page_services')), 'service_code']) }}
from ranked
where preference = 1
