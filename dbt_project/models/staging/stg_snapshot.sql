select source_name, snapshot_at, sha256, is_accepted, is_current
from {{ source('validated', 'snapshot') }}
