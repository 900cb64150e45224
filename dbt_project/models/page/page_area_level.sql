-- regions with a share of the service's series, by level and month
with by_month as (
    select
        adoption.service_code,
        adoption.region_level,
        adoption.month,
        count(adoption.adoption_share) as known_count
    from {{ ref('mart_adoption_by_region_actor_month') }} as adoption
    inner join {{ ref('page_series') }} as series
        on
            adoption.measure_code = series.measure_code
            and adoption.actor_type_code = series.actor_type_code
    inner join {{ ref('dim_region') }} as region
        on adoption.region_key = region.region_key and region.is_current
    where
        adoption.region_level in {{ listed(var('page_area_levels')) }}
        and adoption.is_representative
    group by adoption.service_code, adoption.region_level, adoption.month
),

newest as (
    select
        *,
        row_number() over (
            partition by service_code, region_level order by month desc
        ) as months_back
    from by_month
),

region_count as (
    select
        region_level,
        count(*) as region_count
    from {{ ref('dim_region') }}
    where is_current
    group by region_level
),

ranked as (
    select
        newest.service_code,
        newest.region_level,
        newest.month,
        newest.known_count,
        region_count.region_count,
        row_number() over (
            partition by newest.service_code
            order by {{ position_in('newest.region_level', var('page_area_levels')) }}
        ) as preference
    from newest
    inner join region_count on newest.region_level = region_count.region_level
    where newest.months_back = 1 and newest.known_count >= {{ var('page_fewest_regions') }}
)

select
    service_code,
    region_level,
    month,
    known_count,
    region_count,
    {{ page_order([position_in('service_code', var('page_services')), 'service_code']) }}
from ranked
where preference = 1
