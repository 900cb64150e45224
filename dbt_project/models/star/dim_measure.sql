select
    measure.measure_code,
    measure.service_code,
    measure.measure_name,
    measure.measure_name_en,
    measure.unit,
    measure.time_kind,
    additivity.adds_over_regions,
    additivity.adds_over_actor_types,
    additivity.adds_over_time,
    additivity.adds_over_reason,
    additivity.adds_over_reason_en,
    measure.numerator_code,
    measure.denominator_code,
    measure.is_adoption,
    measure.definition,
    measure.definition_en,
    measure.definition_url,
    measure.owner,
    measure.reviewed_on
from {{ ref('measure') }} as measure
inner join {{ ref('additivity') }} as additivity
    on measure.additivity_code = additivity.additivity_code
