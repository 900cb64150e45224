select
    quarantine.source_name,
    quarantine.snapshot_at,
    quarantine.row_reference,
    quarantine.rule,
    quarantine.column_name,
    quarantine.value,
    quarantine.reason,
    quarantine.service_code,
    quarantine.month,
    snapshot.is_current
from {{ source('validated', 'quarantine') }} as quarantine
inner join {{ source('validated', 'snapshot') }} as snapshot
    on
        quarantine.source_name = snapshot.source_name
        and quarantine.snapshot_at = snapshot.snapshot_at
