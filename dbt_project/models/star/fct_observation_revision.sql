{%- set key = observation_key('observation') %}
{%- set figure = ['value', 'lower_bound', 'upper_bound', 'qualifier', 'status'] %}
with stated as (
    select
        *,
        lag(snapshot_number) over (
            partition by {{ key }}
            order by snapshot_at
        ) as snapshot_number_before,
        {% for column in figure -%}
            lag({{ column }}) over (
                partition by {{ key }}
                order by snapshot_at
            ) as {{ column }}_before,
        {% endfor -%}
        lead(snapshot_at) over (
            partition by {{ key }}
            order by snapshot_at
        ) as next_stated_at
    from {{ ref('stg_observation') }} as observation
),

-- the same figure again is no revision; the same figure after a snapshot without it is one
marked as (
    select
        *,
        case
            when
                snapshot_number_before is null
                or (restates_history and snapshot_number > snapshot_number_before + 1)
                {%- for column in figure %}
                    or ({{ column }} is distinct from {{ column }}_before)
                {%- endfor %}
                then 1
            else 0
        end as is_new
    from stated
),

-- a source that restates its history withdraws what its next snapshot leaves out; any other source
-- only replaces the figures it states again
spanned as (
    select
        *,
        sum(is_new) over (
            partition by {{ key }}
            order by snapshot_at
            rows between unbounded preceding and current row
        ) as revision_number,
        max(case when is_new = 1 then snapshot_at end) over (
            partition by {{ key }}
            order by snapshot_at
            rows between unbounded preceding and current row
        ) as known_from,
        lead(is_new) over (partition by {{ key }} order by snapshot_at) as is_followed_by_new,
        case when restates_history then next_snapshot_at else next_stated_at end as known_to
    from marked as observation
),

-- a figure that its publisher withholds now: that it was another is kept, not what it was
shown as (
    select
        *,
        coalesce(is_withheld, false) as is_masked
    from spanned
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
    cast(shown.revision_number as integer) as revision_number,
    shown.row_reference,
    shown.known_from,
    shown.known_to,
    case
        when shown.known_to is null then null
        when shown.next_stated_at = shown.known_to then 'revised'
        else 'withdrawn'
    end as ended_by
from shown
left join {{ ref('dim_measure') }} as measure on shown.measure_code = measure.measure_code
where coalesce(shown.is_followed_by_new, 1) = 1
