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
    measure_code,
    region_key,
    actor_type_code,
    source_name,
    period_start,
    period_end,
    period_grain,
    case when period_grain in ('day', 'month') then {{ month_of('period_end') }} end as month,
    case when not is_masked then value end as value,
    case when not is_masked then lower_bound end as lower_bound,
    case when not is_masked then upper_bound end as upper_bound,
    qualifier,
    case when is_masked then 'suppressed' else status end as status,
    is_period_inferred,
    -- the words around a figure say it too
    case when is_masked then '(skjermet)' else published_text end as published_text,
    region_as_published,
    statement_address,
    also_stated_at,
    case when not is_masked then context end as context,
    is_masked as is_withheld,
    snapshot_at,
    cast(revision_number as integer) as revision_number,
    row_reference,
    known_from,
    known_to,
    case
        when known_to is null then null
        when next_stated_at = known_to then 'revised'
        else 'withdrawn'
    end as ended_by
from shown
where coalesce(is_followed_by_new, 1) = 1
