select
    said.measure_code, said.region_key, region.current_region_key, said.actor_type_code, said.source_name, said.period_start, said.period_end,
    said.period_grain, said.month, said.value, said.lower_bound, said.upper_bound, said.qualifier, said.status, said.is_period_inferred,
    said.published_text, said.region_as_published, said.statement_address, said.also_stated_at, said.context, said.snapshot_at, said.revision_number,
    said.row_reference
from {{ ref('fct_observation_revision') }} as said
left join {{ ref('dim_region') }} as region on said.region_key = region.region_key
where said.known_to is null
