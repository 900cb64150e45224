-- what no source has published of each service, and whose figures would show it
with owner as (
    select distinct
        service_code,
        owner
    from {{ ref('dim_measure') }}
    where
        is_adoption
        and unit = 'share'
        and numerator_code is not null
        and service_code is not null
),

owners as (
    select
        service_code,
        {{ joined_text('owner') }} as owners
    from owner
    group by service_code
),

-- a share of the country that its publisher withholds
withheld as (
    select distinct service_code
    from {{ ref('mart_adoption_by_region_actor_month') }}
    where region_level = 'land' and status = 'suppressed'
    union
    select distinct figure.service_code
    from {{ ref('mart_key_figures') }} as figure
    inner join {{ ref('dim_measure') }} as measure on figure.measure_code = measure.measure_code
    where
        figure.region_level = 'land'
        and figure.status = 'suppressed'
        and figure.unit = 'share'
        and measure.is_adoption
),

share as (
    select service_code
    from {{ ref('page_newest_figure') }}
    where figure_role = 'share'
)

select
    service.service_code,
    owners.owners,
    share.service_code is not null as has_country_share,
    withheld.service_code is not null as is_country_withheld,
    coalesce(series.month_count, 0) as month_count,
    area_level.service_code is not null as has_regions,
    forecast.service_code is not null as has_forecast,
    {{ page_order([
        position_in('service.service_code', var('page_services')), 'service.service_code'
    ]) }}
from {{ ref('page_service') }} as service
left join owners on service.service_code = owners.service_code
left join share on service.service_code = share.service_code
left join withheld on service.service_code = withheld.service_code
left join {{ ref('page_series') }} as series on service.service_code = series.service_code
left join {{ ref('page_area_level') }} as area_level
    on service.service_code = area_level.service_code
left join (
    select distinct service_code
    from {{ ref('page_forecast') }}
) as forecast on service.service_code = forecast.service_code
