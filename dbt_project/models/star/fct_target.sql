-- a source that adds to its history keeps the newest version of each target
with ranked as (
    select
        *,
        row_number() over (
            partition by
                source_name, measure_code, region_key, actor_type_code, target_kind, due_start,
                due_end, due_grain
            order by snapshot_at desc
        ) as rank_from_newest
    from {{ ref('stg_target') }}
)

select
    measure_code,
    region_key,
    actor_type_code,
    source_name,
    target_kind,
    direction,
    due_start,
    due_end,
    due_grain,
    value,
    published_text,
    region_as_published,
    statement_address,
    context,
    snapshot_at,
    row_reference
from ranked
where is_current or (not restates_history and rank_from_newest = 1)
