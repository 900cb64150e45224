{%- set key = 'source_name, measure_code, region_key, actor_type_code, period_start, period_end, period_grain' %}
{%- set said = ['value', 'lower_bound', 'upper_bound', 'qualifier', 'status'] %}
-- a region of today, and for one that ended the region that took over, step by step; where it was split there is no step
with recursive place as (
    select region_key, region_key as place_key, successor_key, region_level, valid_to
    from {{ ref('region') }}
    union all
    select place.region_key, region.region_key as place_key, region.successor_key, region.region_level, region.valid_to
    from place
    inner join {{ ref('region') }} as region on place.successor_key = region.region_key
    where place.valid_to is not null
),

today as (
    select region_key, place_key as current_region_key
    from place
    where valid_to is null and region_level <> 'gruppe'
),

known as (
    select
        *,
        row_number() over (partition by {{ key }} order by snapshot_at) as place_in_history,
        row_number() over (partition by {{ key }} order by snapshot_at desc) as place_from_newest
        {%- for column in said %},
        lag({{ column }}) over (partition by {{ key }} order by snapshot_at) as {{ column }}_before
        {%- endfor %}
    from {{ ref('stg_observation') }}
),

numbered as (
    select
        *,
        sum(
            case
                when place_in_history = 1
                {%- for column in said %} or {{ column }} is distinct from {{ column }}_before{% endfor %} then 1
                else 0
            end
        ) over (partition by {{ key }} order by snapshot_at rows between unbounded preceding and current row) as revision_number
    from known
)

select
    numbered.measure_code, numbered.region_key, today.current_region_key, numbered.actor_type_code, numbered.source_name,
    numbered.period_start, numbered.period_end, numbered.period_grain,
    case when numbered.period_grain in ('day', 'month') then {{ month_of('numbered.period_end') }} end as month,
    numbered.value, numbered.lower_bound, numbered.upper_bound, numbered.qualifier, numbered.status, numbered.is_period_inferred,
    numbered.published_text, numbered.region_as_published, numbered.statement_address, numbered.also_stated_at, numbered.context, numbered.snapshot_at,
    cast(numbered.revision_number as integer) as revision_number,
    numbered.row_reference
from numbered
left join today on numbered.region_key = today.region_key
-- a source that restates its history withdraws what it no longer says; any other adds to what it said before
where numbered.is_current or (not numbered.restates_history and numbered.place_from_newest = 1)
