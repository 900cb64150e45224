select
    said.service_code, said.region_key, said.area_name, said.actor_type_code, said.phase, said.starts_on, said.starts_on_precision, said.ends_on,
    said.ends_on_precision, said.is_date_inferred, said.statement, said.source_name, said.statement_address, said.context, said.snapshot_at,
    said.row_reference, snapshot.is_current, source.restates_history
from {{ source('validated', 'milestone') }} as said
inner join {{ source('validated', 'snapshot') }} as snapshot on said.source_name = snapshot.source_name and said.snapshot_at = snapshot.snapshot_at
inner join {{ source('validated', 'source') }} as source on said.source_name = source.source_name
