select
    measure_code, service_code, measure_name, measure_name_en, unit, time_kind, adds_over_regions, adds_over_actor_types, adds_over_time,
    numerator_code, denominator_code, is_adoption, definition, definition_en, definition_url, owner, reviewed_on
from {{ ref('measure') }}
