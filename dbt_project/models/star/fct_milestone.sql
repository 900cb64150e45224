-- a source that adds to its history keeps the newest version of each milestone
with ranked as (
    select
        *,
        row_number() over (
            partition by
                source_name, service_code, region_key, area_name, actor_type_code, phase, statement,
                starts_on, ends_on, statement_address
            order by snapshot_at desc, row_reference asc nulls last
        ) as rank_from_newest
    from {{ ref('stg_milestone') }}
)

select
    service_code,
    region_key,
    area_name,
    actor_type_code,
    phase,
    starts_on,
    starts_on_precision,
    ends_on,
    ends_on_precision,
    is_date_inferred,
    statement,
    source_name,
    statement_address,
    context,
    snapshot_at,
    row_reference
from ranked
where is_current or (not restates_history and rank_from_newest = 1)
