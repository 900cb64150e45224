select
    source_name,
    snapshot_at,
    row_reference,
    rule,
    column_name,
    value as refused_text,
    reason,
    service_code,
    month
from {{ ref('stg_quarantine') }}
where is_current
