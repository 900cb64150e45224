{%- set value_columns = ['value', 'status', 'published_text', 'ended_by'] %}
-- since when a source publishes a measure for a period or a later one: a figure that is added to it
-- afterwards comes late
with first_published as (
    select
        source_name,
        measure_code,
        period_end,
        min(known_from) as known_from
    from {{ ref('fct_observation_revision') }}
    where period_end is not null
    group by source_name, measure_code, period_end
),

due as (
    select
        source_name,
        measure_code,
        period_end,
        min(known_from) over (
            partition by source_name, measure_code
            order by period_end desc rows between unbounded preceding and current row
        ) as due_from
    from first_published
),

history as (
    select
        revision.*,
        {%- for column in value_columns %}
            lag(revision.{{ column }}) over (
                partition by {{ observation_key('revision') }}
                order by revision.revision_number
            ) as {{ column }}_before,
        {%- endfor %}
        due.due_from
    from {{ ref('fct_observation_revision') }} as revision
    left join
        due
        on
            revision.source_name = due.source_name
            and revision.measure_code = due.measure_code
            and revision.period_end = due.period_end
),

changed as (
    select
        source_name,
        measure_code,
        region_key,
        actor_type_code,
        period_start,
        period_end,
        period_grain,
        revision_number,
        known_from as changed_at,
        case
            when ended_by_before = 'revised' then 'correction'
            when ended_by_before = 'withdrawn' then 'reinstatement'
            else 'late_arrival'
        end as change_kind,
        case when ended_by_before = 'revised' then value_before end as value_before,
        value as value_after,
        case when ended_by_before = 'revised' then status_before end as status_before,
        status as status_after,
        case when ended_by_before = 'revised' then published_text_before end
            as published_text_before,
        published_text as published_text_after
    from history
    where revision_number > 1 or known_from > due_from
    union all
    select
        source_name,
        measure_code,
        region_key,
        actor_type_code,
        period_start,
        period_end,
        period_grain,
        revision_number,
        known_to as changed_at,
        'withdrawal' as change_kind,
        value as value_before,
        cast(null as {{ type_double() }}) as value_after,
        status as status_before,
        cast(null as {{ dbt.type_string() }}) as status_after,
        published_text as published_text_before,
        cast(null as {{ dbt.type_string() }}) as published_text_after
    from history
    where ended_by = 'withdrawn'
)

select
    measure.service_code,
    changed.measure_code,
    measure.measure_name,
    changed.region_key,
    region.region_name,
    changed.actor_type_code,
    actor_type.actor_type_name,
    changed.period_start,
    changed.period_end,
    changed.period_grain,
    {{ period_label_nb(
        'changed.period_grain', 'changed.period_start', 'changed.period_end'
    ) }} as period_label,
    changed.change_kind,
    changed.changed_at,
    changed.revision_number,
    changed.value_before,
    changed.value_after,
    {{ rounded_amount('changed.value_after - changed.value_before') }} as value_change,
    changed.status_before,
    changed.status_after,
    changed.published_text_before,
    changed.published_text_after,
    changed.source_name
from changed
inner join {{ ref('dim_measure') }} as measure on changed.measure_code = measure.measure_code
inner join {{ ref('dim_region') }} as region on changed.region_key = region.region_key
inner join
    {{ ref('dim_actor_type') }} as actor_type
    on changed.actor_type_code = actor_type.actor_type_code
