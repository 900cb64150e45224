-- regions with a place on a tile map, also those without a figure
with adoption as (
    select
        adoption.*,
        max(adoption.month) over (partition by adoption.region_level) as newest_month
    from {{ ref('mart_adoption_by_region_actor_month') }} as adoption
    inner join {{ ref('page_series') }} as series
        on
            adoption.measure_code = series.measure_code
            and adoption.actor_type_code = series.actor_type_code
    inner join {{ ref('page_area_level') }} as area_level
        on adoption.service_code = area_level.service_code and area_level.page_order = 1
    where
        adoption.region_level in {{ listed(var('page_map_levels')) }}
        and adoption.is_representative
),

newest as (
    select distinct
        region_level,
        month
    from adoption
    where month = newest_month
)

select
    region.region_level,
    region.region_key,
    region.region_code,
    region.region_name,
    region.tile_column,
    region.tile_row,
    region.is_tile_row_offset,
    region.is_tile_inset,
    newest.month,
    adoption.adoption_share,
    adoption.share_lower,
    adoption.share_upper,
    adoption.source_name,
    {{ cell_state('adoption') }},
    {{ page_order([
        position_in('region.region_level', var('page_map_levels')),
        'region.region_code',
        'region.region_key',
    ]) }}
from {{ ref('dim_region') }} as region
inner join newest on region.region_level = newest.region_level
left join adoption
    on region.region_key = adoption.region_key and newest.month = adoption.month
where region.is_current and region.tile_column is not null
