-- a figure that its publisher withholds now: that it was another is kept, not what it was
with shown as (
    select
        *,
        coalesce(is_withheld, false) as is_masked
    from {{ ref('stg_observation') }}
)

select
    shown.measure_code,
    shown.region_key,
    shown.actor_type_code,
    shown.source_name,
    shown.period_start,
    shown.period_end,
    shown.period_grain,
    {{ month_of_figure('shown.period_grain', 'shown.period_end', 'measure.time_kind') }} as month,
    case when not shown.is_masked then shown.value end as value,
    case when not shown.is_masked then shown.lower_bound end as lower_bound,
    case when not shown.is_masked then shown.upper_bound end as upper_bound,
    case
        when shown.is_masked then 'approx'
        else {{ qualifier_of_figure('shown') }}
    end as qualifier,
    case when shown.is_masked then 'suppressed' else shown.status end as status,
    shown.is_period_inferred,
    -- the words around a figure say it too
    case when shown.is_masked then '(skjermet)' else shown.published_text end as published_text,
    shown.region_as_published,
    shown.statement_address,
    shown.also_stated_at,
    case when not shown.is_masked then shown.context end as context,
    shown.is_masked as is_withheld,
    shown.snapshot_at,
    shown.revision_number,
    shown.row_reference,
    shown.known_from,
    shown.known_to,
    shown.ended_by
from shown
left join {{ ref('dim_measure') }} as measure on shown.measure_code = measure.measure_code
