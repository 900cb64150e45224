select
    source_name,
    title,
    title_en,
    publisher,
    landing_page,
    licence,
    attribution,
    cadence,
    restates_history,
    is_simulated
from {{ source('validated', 'source') }}
