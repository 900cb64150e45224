select
    actor_type_code,
    actor_type_name,
    actor_type_name_en,
    actor_type_kind,
    parent_code,
    care_level,
    official_code,
    official_code_system,
    mapping_status
from {{ ref('actor_type') }}
