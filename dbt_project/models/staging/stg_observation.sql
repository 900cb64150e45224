with accepted as (
    select
        source_name, snapshot_at, is_current,
        row_number() over (partition by source_name order by snapshot_at) as snapshot_number,
        lead(snapshot_at) over (partition by source_name order by snapshot_at) as next_snapshot_at
    from {{ source('validated', 'snapshot') }}
    where is_accepted
)

select
    said.measure_code, said.region_key, said.actor_type_code, said.source_name, said.period_start, said.period_end, said.period_grain,
    said.value, said.lower_bound, said.upper_bound, said.qualifier, said.status, said.is_period_inferred, said.published_text,
    said.region_as_published, said.statement_address, said.also_stated_at, said.context, said.snapshot_at, said.row_reference,
    accepted.snapshot_number, accepted.next_snapshot_at, source.restates_history
from {{ source('validated', 'observation') }} as said
inner join accepted on said.source_name = accepted.source_name and said.snapshot_at = accepted.snapshot_at
inner join {{ source('validated', 'source') }} as source on said.source_name = source.source_name
