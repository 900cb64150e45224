select
    region_key,
    region_level,
    region_code,
    region_name,
    region_label,
    region_name_parallel,
    fylke_key,
    helsefellesskap_key,
    rhf_key,
    {{ page_order([
        position_in('region_level', var('page_own_levels')), 'region_label', 'region_key'
    ]) }}
from {{ ref('dim_region') }}
where is_current and region_level in {{ listed(var('page_own_levels')) }}
