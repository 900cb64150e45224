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
    said.measure_code, said.region_key, today.current_region_key, said.actor_type_code, said.source_name, said.period_start, said.period_end,
    said.period_grain, said.month, said.value, said.lower_bound, said.upper_bound, said.qualifier, said.status, said.is_period_inferred,
    said.published_text, said.region_as_published, said.statement_address, said.also_stated_at, said.context, said.snapshot_at, said.revision_number,
    said.row_reference
from {{ ref('fct_observation_revision') }} as said
left join today on said.region_key = today.region_key
where said.known_to is null
