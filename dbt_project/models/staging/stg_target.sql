select
    target.measure_code,
    target.region_key,
    target.actor_type_code,
    target.source_name,
    target.target_kind,
    target.direction,
    target.due_start,
    target.due_end,
    target.due_grain,
    target.value,
    target.published_text,
    target.region_as_published,
    target.statement_address,
    target.context,
    target.snapshot_at,
    target.row_reference,
    snapshot.is_current,
    source.restates_history
from {{ source('validated', 'target') }} as target
inner join {{ source('validated', 'snapshot') }} as snapshot
    on target.source_name = snapshot.source_name and target.snapshot_at = snapshot.snapshot_at
inner join {{ source('validated', 'source') }} as source
    on target.source_name = source.source_name
