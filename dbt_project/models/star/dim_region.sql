-- a region of today, and for one that ended the region that took over, step by step; where it was split there is no step
with recursive place as (
    select region_key, region_key as place_key, successor_key, region_level, valid_to
    from {{ ref('region') }}
    union all
    select place.region_key, region.region_key as place_key, region.successor_key, region.region_level, region.valid_to
    from place
    inner join {{ ref('region') }} as region on place.successor_key = region.region_key
    where place.valid_to is not null
),

today as (
    select region_key, place_key as current_region_key
    from place
    where valid_to is null and region_level <> 'gruppe'
)

select
    region.region_key, region.region_level, region.region_code, region.region_name, region.region_name_parallel, region.valid_from, region.valid_to,
    region.valid_to is null as is_current,
    region.fylke_key, region.helsefellesskap_key, region.hf_key, region.rhf_key, region.successor_key, today.current_region_key,
    region.tile_column, region.tile_row, region.is_tile_row_offset, region.is_tile_inset
from {{ ref('region') }} as region
left join today on region.region_key = today.region_key
