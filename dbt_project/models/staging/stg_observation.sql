with accepted as (
    select
        source_name,
        snapshot_at,
        is_current,
        row_number() over (partition by source_name order by snapshot_at) as snapshot_number,
        lead(snapshot_at) over (partition by source_name order by snapshot_at) as next_snapshot_at
    from {{ source('validated', 'snapshot') }}
    where is_accepted
)

select
    observation.measure_code,
    observation.region_key,
    observation.actor_type_code,
    observation.source_name,
    observation.period_start,
    observation.period_end,
    observation.period_grain,
    observation.value,
    observation.lower_bound,
    observation.upper_bound,
    observation.qualifier,
    observation.status,
    observation.is_period_inferred,
    observation.published_text,
    observation.region_as_published,
    observation.statement_address,
    observation.also_stated_at,
    observation.context,
    observation.snapshot_at,
    observation.row_reference,
    observation.is_withheld,
    accepted.snapshot_number,
    accepted.next_snapshot_at,
    source.restates_history
from {{ source('validated', 'observation') }} as observation
inner join accepted
    on
        observation.source_name = accepted.source_name
        and observation.snapshot_at = accepted.snapshot_at
inner join {{ source('validated', 'source') }} as source
    on observation.source_name = source.source_name
