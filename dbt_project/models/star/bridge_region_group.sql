select
    region_key,
    part_key,
    is_whole,
    is_inferred
from {{ ref('region_part') }}
