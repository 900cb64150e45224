-- too few months make no curve of the country, unless its regions are drawn beside it
select
    adoption.service_code,
    adoption.region_key,
    adoption.region_level,
    adoption.region_name,
    adoption.month,
    adoption.adoption_count,
    adoption.eligible_count,
    adoption.adoption_share,
    adoption.share_lower,
    adoption.share_upper,
    adoption.change_12m,
    adoption.qualifier,
    adoption.status,
    adoption.source_name,
    adoption.rank_best,
    adoption.rank_worst,
    coalesce(adoption.month = area_level.month, false) as is_newest
from {{ ref('mart_adoption_by_region_actor_month') }} as adoption
inner join {{ ref('page_series') }} as series
    on
        adoption.measure_code = series.measure_code
        and adoption.actor_type_code = series.actor_type_code
inner join {{ ref('dim_region') }} as region
    on adoption.region_key = region.region_key and region.is_current
left join {{ ref('page_area_level') }} as area_level
    on adoption.service_code = area_level.service_code
where
    adoption.is_representative
    and (
        adoption.region_level = area_level.region_level
        or (
            adoption.region_level = 'land'
            and (
                area_level.service_code is not null
                or series.month_count >= {{ var('page_fewest_months') }}
            )
        )
    )
