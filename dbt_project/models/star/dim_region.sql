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
),

named as (
    select
        region.*,
        fylke.region_name as fylke_name,
        helsefellesskap.region_name as helsefellesskap_name,
        hf.region_name as hf_name,
        rhf.region_name as rhf_name,
        region.valid_to is null as is_current,
        count(*) over (partition by region.region_name) as same_name,
        count(*) over (partition by region.region_name, region.valid_to is null)
            as same_name_now,
        count(*) over (
            partition by region.region_name, region.valid_to is null, region.region_level
        ) as same_name_in_level,
        count(*) over (
            partition by
                region.region_name, region.valid_to is null, region.region_level, region.fylke_key
        ) as same_name_in_fylke
    from {{ ref('region') }} as region
    left join {{ ref('region') }} as fylke on region.fylke_key = fylke.region_key
    left join {{ ref('region') }} as hf on region.hf_key = hf.region_key
    left join {{ ref('region') }} as rhf on region.rhf_key = rhf.region_key
    left join {{ ref('region') }} as helsefellesskap
        on region.helsefellesskap_key = helsefellesskap.region_key
),

-- regions of one name: those of today differ by level or fylke, those of the past by code and year
labelled as (
    select
        *,
        case
            when same_name = 1 or (is_current and same_name_now = 1) then region_name
            when not is_current
                then
                    region_name || ' (' || coalesce(region_code, region_key) || ', til '
                    || cast(
                        {{ part_of_date('year', '(valid_to - interval \'1\' day)') }}
                        as {{ dbt.type_string() }}
                    ) || ')'
            when same_name_in_level = 1
                then region_name || ' (' || {{ region_level_nb('region_level') }} || ')'
            when same_name_in_fylke = 1 and fylke_name is not null
                then region_name || ' (' || fylke_name || ')'
            else region_name || ' (' || coalesce(region_code, region_key) || ')'
        end as region_label
    from named
)

select
    region.region_key,
    region.region_level,
    region.region_code,
    region.region_name,
    region.region_label,
    region.region_name_parallel,
    region.valid_from,
    region.valid_to,
    region.is_current,
    region.fylke_key,
    region.fylke_name,
    region.helsefellesskap_key,
    region.helsefellesskap_name,
    region.hf_key,
    region.hf_name,
    region.rhf_key,
    region.rhf_name,
    region.successor_key,
    current_region.current_region_key,
    region.tile_column,
    region.tile_row,
    region.is_tile_row_offset,
    region.is_tile_inset
from labelled as region
left join current_region on region.region_key = current_region.region_key
