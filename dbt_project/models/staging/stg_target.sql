select
    said.measure_code, said.region_key, said.actor_type_code, said.source_name, said.target_kind, said.direction, said.due_start, said.due_end,
    said.due_grain, said.value, said.published_text, said.region_as_published, said.statement_address, said.context, said.snapshot_at,
    said.row_reference, snapshot.is_current, source.restates_history
from {{ source('validated', 'target') }} as said
inner join {{ source('validated', 'snapshot') }} as snapshot on said.source_name = snapshot.source_name and said.snapshot_at = snapshot.snapshot_at
inner join {{ source('validated', 'source') }} as source on said.source_name = source.source_name
