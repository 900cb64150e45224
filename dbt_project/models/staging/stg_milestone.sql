select
    milestone.service_code,
    milestone.region_key,
    milestone.area_name,
    milestone.actor_type_code,
    milestone.phase,
    milestone.starts_on,
    milestone.starts_on_precision,
    milestone.ends_on,
    milestone.ends_on_precision,
    milestone.is_date_inferred,
    milestone.statement,
    milestone.source_name,
    milestone.statement_address,
    milestone.context,
    milestone.snapshot_at,
    milestone.row_reference,
    snapshot.is_current,
    source.restates_history
from {{ source('validated', 'milestone') }} as milestone
inner join {{ source('validated', 'snapshot') }} as snapshot
    on
        milestone.source_name = snapshot.source_name
        and milestone.snapshot_at = snapshot.snapshot_at
inner join {{ source('validated', 'source') }} as source
    on milestone.source_name = source.source_name
