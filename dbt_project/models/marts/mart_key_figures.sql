select
    measure.service_code,
    service.service_name,
    observation.measure_code,
    measure.measure_name,
    measure.measure_name_en,
    measure.unit,
    case
        when
            measure.is_adoption
            or measure.measure_code in (
                select numerator_code from {{ ref('dim_measure') }}
                where is_adoption and numerator_code is not null
            )
            then 'adoption'
        when
            measure.measure_code in (
                select denominator_code from {{ ref('dim_measure') }}
                where denominator_code is not null
            )
            then 'denominator'
        else 'background'
    end as measure_role,
    observation.region_key,
    region.region_level,
    region.region_name,
    region.region_label,
    observation.region_as_published,
    observation.actor_type_code,
    actor_type.actor_type_name,
    observation.period_start,
    observation.period_end,
    observation.period_grain,
    observation.month,
    {{ period_label_nb(
        'observation.period_grain', 'observation.period_start', 'observation.period_end'
    ) }} as period_label,
    observation.is_period_inferred,
    observation.value,
    observation.lower_bound,
    observation.upper_bound,
    observation.qualifier,
    {{ qualifier_label_nb('observation.qualifier') }} as qualifier_label,
    observation.status,
    observation.published_text,
    observation.context,
    measure.definition,
    measure.definition_url,
    measure.owner,
    observation.statement_address,
    observation.also_stated_at,
    observation.source_name,
    source.title as source_title,
    source.publisher,
    source.licence,
    observation.snapshot_at,
    observation.revision_number,
    observation.row_reference
from {{ ref('fct_observation') }} as observation
inner join {{ ref('dim_measure') }} as measure on observation.measure_code = measure.measure_code
inner join {{ ref('dim_region') }} as region on observation.region_key = region.region_key
inner join
    {{ ref('dim_actor_type') }} as actor_type
    on observation.actor_type_code = actor_type.actor_type_code
inner join {{ ref('dim_source') }} as source on observation.source_name = source.source_name
left join {{ ref('dim_service') }} as service on measure.service_code = service.service_code
