with ranked as (
    select
        revision.service_code,
        revision.measure_code,
        revision.region_name,
        revision.actor_type_code,
        revision.period_start,
        revision.period_end,
        revision.period_grain,
        revision.change_kind,
        revision.changed_at,
        revision.value_before,
        revision.value_after,
        measure.unit,
        {{ page_order([
            'revision.changed_at desc',
            "case region.region_level when 'land' then 0 else 1 end",
            'abs(revision.value_after - revision.value_before) desc nulls last',
            'revision.measure_code',
            'revision.region_name',
            'revision.actor_type_code',
            'revision.period_end desc nulls last',
            'revision.region_key',
            'revision.source_name',
        ]) }}
    from {{ ref('mart_revisions') }} as revision
    inner join {{ ref('dim_measure') }} as measure
        on revision.measure_code = measure.measure_code
    inner join {{ ref('dim_region') }} as region on revision.region_key = region.region_key
)

select *
from ranked
where page_order <= {{ var('page_most_revisions') }}
