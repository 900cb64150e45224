select
    revision.measure_code,
    revision.region_key,
    region.current_region_key,
    revision.actor_type_code,
    revision.source_name,
    revision.period_start,
    revision.period_end,
    revision.period_grain,
    revision.month,
    revision.value,
    revision.lower_bound,
    revision.upper_bound,
    revision.qualifier,
    revision.status,
    revision.is_period_inferred,
    revision.published_text,
    revision.region_as_published,
    revision.statement_address,
    revision.also_stated_at,
    revision.context,
    revision.snapshot_at,
    revision.revision_number,
    revision.row_reference
from {{ ref('fct_observation_revision') }} as revision
left join {{ ref('dim_region') }} as region on revision.region_key = region.region_key
where revision.known_to is null
