-- each region and its successors, one step after the other; a region that was split has none
with succession_0 as (
    select
        region_key,
        region_key as successor_key_in_turn,
        successor_key as next_key,
        region_level,
        valid_to
    from {{ ref('region') }}
),

{%- for step in range(1, var('longest_succession') | int + 1) %}
    succession_{{ step }} as (
        select
            earlier.region_key,
            region.region_key as successor_key_in_turn,
            region.successor_key as next_key,
            region.region_level,
            region.valid_to
        from succession_{{ step - 1 }} as earlier
        inner join {{ ref('region') }} as region on earlier.next_key = region.region_key
        where earlier.valid_to is not null
    ),
{%- endfor %}

succession as (
    {%- for step in range(var('longest_succession') | int + 1) %}
        {{ 'union all' if not loop.first }}
        select * from succession_{{ step }}
    {%- endfor %}
),

current_region as (
    select
        region_key,
        successor_key_in_turn as current_region_key
    from succession
    where valid_to is null and region_level <> 'gruppe'
)

select
    region.region_key,
    region.region_level,
    region.region_code,
    region.region_name,
    region.region_name_parallel,
    region.valid_from,
    region.valid_to,
    region.valid_to is null as is_current,
    region.fylke_key,
    region.helsefellesskap_key,
    region.hf_key,
    region.rhf_key,
    region.successor_key,
    current_region.current_region_key,
    region.tile_column,
    region.tile_row,
    region.is_tile_row_offset,
    region.is_tile_inset
from {{ ref('region') }} as region
left join current_region on region.region_key = current_region.region_key
