select
    aside.source_name, aside.snapshot_at, aside.row_reference, aside.rule, aside.column_name, aside.value, aside.reason, aside.service_code, aside.month,
    snapshot.is_current
from {{ source('validated', 'quarantine') }} as aside
inner join {{ source('validated', 'snapshot') }} as snapshot on aside.source_name = snapshot.source_name and aside.snapshot_at = snapshot.snapshot_at
