-- what is stated of the roll-out in an area, in the regions it is in below the country, in groups
-- of regions with a part in it, and in former regions that became a part of it
with reached as (
    {{ regions_reached(ref('dim_region')) }}
),

around as (
    select
        region_key,
        wider_key,
        region_distance
    from reached
    where wider_key <> 'land:NO'
    union all
    select
        part_key as region_key,
        region_key as wider_key,
        1 as region_distance
    from {{ ref('bridge_region_group') }}
    union all
    select
        whole_key as region_key,
        part_key as wider_key,
        1 as region_distance
    from {{ ref('dim_region_part') }}
    where relation in ('recode', 'reform') and part_level = whole_level
),

nearest as (
    select
        region_key,
        wider_key,
        min(region_distance) as region_distance
    from around
    group by region_key, wider_key
)

select
    area.region_key,
    region.region_key as stated_region_key,
    region.region_label as stated_region_label,
    nearest.region_distance,
    milestone.service_code,
    milestone.actor_type_code,
    milestone.phase,
    milestone.statement,
    milestone.starts_on,
    milestone.starts_on_precision,
    milestone.ends_on,
    milestone.ends_on_precision,
    milestone.is_date_inferred,
    milestone.statement_address,
    milestone.source_name,
    milestone.row_reference,
    {{ page_order([
        'area.page_order',
        'coalesce(milestone.starts_on, milestone.ends_on) desc nulls last',
        'nearest.region_distance',
        'milestone.source_name',
        'milestone.row_reference',
        'region.region_key',
    ]) }}
from nearest
inner join {{ ref('page_area') }} as area on nearest.region_key = area.region_key
inner join {{ ref('fct_milestone') }} as milestone on nearest.wider_key = milestone.region_key
inner join {{ ref('dim_region') }} as region on nearest.wider_key = region.region_key
where milestone.statement <> 'superseded'
