select
    measure.service_code,
    service.service_name,
    said.measure_code,
    measure.measure_name,
    measure.measure_name_en,
    measure.unit,
    said.region_key,
    region.region_level,
    region.region_name,
    said.region_as_published,
    said.actor_type_code,
    actor_type.actor_type_name,
    said.period_start,
    said.period_end,
    said.period_grain,
    {{ period_label_nb('said.period_grain', 'said.period_start', 'said.period_end') }} as period_label,
    said.is_period_inferred,
    said.value,
    said.lower_bound,
    said.upper_bound,
    said.qualifier,
    {{ qualifier_label_nb('said.qualifier') }} as qualifier_label,
    said.status,
    said.published_text,
    said.context,
    measure.definition,
    measure.definition_url,
    measure.owner,
    said.statement_address,
    said.also_stated_at,
    said.source_name,
    source.title as source_title,
    source.publisher,
    source.licence,
    said.snapshot_at,
    said.revision_number,
    said.row_reference
from {{ ref('fct_observation') }} as said
inner join {{ ref('dim_measure') }} as measure on said.measure_code = measure.measure_code
inner join {{ ref('dim_region') }} as region on said.region_key = region.region_key
inner join
    {{ ref('dim_actor_type') }} as actor_type
    on said.actor_type_code = actor_type.actor_type_code
inner join {{ ref('dim_source') }} as source on said.source_name = source.source_name
left join {{ ref('dim_service') }} as service on measure.service_code = service.service_code
