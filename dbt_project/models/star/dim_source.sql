select
    source_name,
    title,
    title_en,
    publisher,
    landing_page,
    licence,
    attribution,
    cadence,
    is_simulated
from {{ ref('stg_source') }}
