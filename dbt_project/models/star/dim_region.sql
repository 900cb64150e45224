select
    region_key, region_level, region_code, region_name, region_name_parallel, valid_from, valid_to,
    valid_to is null as is_current,
    fylke_key, helsefellesskap_key, hf_key, rhf_key, successor_key
from {{ ref('region') }}
