select
    actor_type_code,
    part_code
from {{ ref('actor_type_part') }}
