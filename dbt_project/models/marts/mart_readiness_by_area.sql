{%- set quantities = [
    ('resident', 'population', 'alle'),
    ('gp_agreement', 'fastlege_agreement_count', 'fastlege'),
    ('gp_list_without_doctor', 'fastlege_list_without_doctor_count', 'fastlege'),
    ('gp_open_list', 'fastlege_open_list_count', 'fastlege'),
    ('gp_list_patient', 'fastlege_list_patient_count', 'fastlege'),
    ('gp_list_capacity', 'fastlege_capacity_count', 'fastlege'),
] -%}
{%- set services = [
    ('eresept', 'e-resept'),
    ('kjernejournal', 'kjernejournal'),
    ('sfm', 'sfm'),
    ('pll', 'pll'),
    ('multidose', 'e-multidose'),
] -%}
with area as (
    select *
    from {{ ref('dim_region') }}
    where is_current and region_level in ('land', 'rhf', 'fylke', 'helsefellesskap', 'kommune')
),

-- of several statements about the same day, the newest
figure as (
    select *
    from (
        select
            observation.measure_code,
            observation.region_key,
            observation.period_end as as_of,
            observation.value,
            observation.snapshot_at,
            row_number() over (
                partition by
                    observation.measure_code, observation.region_key, observation.period_end
                order by observation.snapshot_at desc, observation.source_name asc
            ) as rank_of_day
        from {{ ref('fct_observation') }} as observation
        where
            observation.period_end is not null
            and observation.status <> 'missing'
            and (
                {%- for _, measure, actor_type in quantities %}
                    {{ 'or ' if not loop.first }}(
                        observation.measure_code = '{{ measure }}'
                        and observation.actor_type_code = '{{ actor_type }}'
                    )
                {%- endfor %}
            )
    ) as ranked
    where rank_of_day = 1
),

day as (
    select distinct
        measure_code,
        as_of
    from figure
),

-- the kommuner of a whole on each day that any figure is about
expected as (
    select
        day.measure_code,
        day.as_of,
        part.whole_key,
        part.part_key
    from day
    inner join {{ ref('dim_region_part') }} as part
        on
            part.relation = 'level'
            and part.part_level = 'kommune'
            and {{ is_valid_in('part.valid_from', 'part.valid_to', 'day.as_of') }}
),

added as (
    select
        expected.measure_code,
        expected.whole_key as region_key,
        expected.as_of,
        {{ exact_sum('figure.value') }} as value,
        cast(count(figure.value) as integer) as part_count,
        cast(count(*) as integer) as expected_part_count,
        max(figure.snapshot_at) as snapshot_at
    from expected
    left join figure
        on
            expected.measure_code = figure.measure_code
            and expected.part_key = figure.region_key
            and expected.as_of = figure.as_of
    group by expected.measure_code, expected.whole_key, expected.as_of
    having count(figure.value) > 0
),

candidate as (
    select
        measure_code,
        region_key,
        as_of,
        value,
        cast(null as integer) as part_count,
        cast(null as integer) as expected_part_count,
        snapshot_at
    from figure
    union all
    select
        measure_code,
        region_key,
        as_of,
        case when part_count = expected_part_count then value end as value,
        part_count,
        expected_part_count,
        snapshot_at
    from added
),

-- the newest that has a value; of the same day the published one; else the newest without a value
ranked_quantity as (
    select
        *,
        row_number() over (
            partition by measure_code, region_key
            order by
                case when value is null then 1 else 0 end,
                as_of desc,
                case when part_count is null then 0 else 1 end
        ) as rank_of_quantity
    from candidate
),

quantity as (
    select *
    from ranked_quantity
    where rank_of_quantity = 1
),

area_quantity as (
    select
        region_key,
        {%- for name, measure, _ in quantities %}
            {%- for column in ['value', 'as_of', 'part_count', 'expected_part_count'] %}
                max(case when measure_code = '{{ measure }}' then {{ column }} end)
                    as {{ name }}_{{ column }},
            {%- endfor %}
        {%- endfor %}
        max(snapshot_at) as snapshot_at
    from quantity
    group by region_key
),

newest_rollout as (
    select
        rollout.service_code,
        rollout.region_key,
        max({{ phase_number('rollout.planned_phase') }}) as planned_number,
        max({{ phase_number('rollout.observed_phase') }}) as observed_number
    from {{ ref('mart_rollout_by_area_month') }} as rollout
    where rollout.month = (select max(newest.month) from {{ ref('dim_month') }} as newest)
    group by rollout.service_code, rollout.region_key
),

-- an area and those around it, the nearest first: a plan reaches down, what is observed does not
around as (
    {{ regions_reached('area') }}
),

planned as (
    select *
    from (
        select
            around.region_key,
            rollout.service_code,
            rollout.planned_number,
            row_number() over (
                partition by around.region_key, rollout.service_code
                order by around.region_distance
            ) as nearness
        from around
        inner join newest_rollout as rollout on around.wider_key = rollout.region_key
        where rollout.planned_number is not null
    ) as plan
    where nearness = 1
),

area_plan as (
    select
        {%- for name, service in services %}
            max(case when service_code = '{{ service }}' then planned_number end)
                as {{ name }}_planned_number,
        {%- endfor %}
        region_key
    from planned
    group by region_key
),

area_observed as (
    select
        {%- for name, service in services %}
            max(case when service_code = '{{ service }}' then observed_number end)
                as {{ name }}_observed_number,
        {%- endfor %}
        region_key
    from newest_rollout
    group by region_key
)

select
    area.region_key,
    area.region_level,
    area.region_code,
    area.region_name,
    area.fylke_key,
    area.helsefellesskap_key,
    area.rhf_key,
    {%- for name, _, _ in quantities %}
        cast(round(amount.{{ name }}_value) as bigint) as {{ name }}_count,
        amount.{{ name }}_as_of,
        amount.{{ name }}_part_count,
        amount.{{ name }}_expected_part_count,
    {%- endfor %}
    case
        when amount.gp_list_capacity_as_of = amount.gp_list_patient_as_of
            then cast(
                round(amount.gp_list_capacity_value - amount.gp_list_patient_value) as bigint
            )
    end as gp_list_free_capacity_count,
    calendar.month as rollout_month,
    {%- for name, _ in services %}
        {{ phase_of_number('plan.' ~ name ~ '_planned_number') }} as {{ name }}_planned_phase,
        {{ phase_of_number('observed.' ~ name ~ '_observed_number') }} as {{ name }}_observed_phase,
    {%- endfor %}
    amount.snapshot_at
from area
cross join (select max(month) as month from {{ ref('dim_month') }}) as calendar
left join area_quantity as amount on area.region_key = amount.region_key
left join area_plan as plan on area.region_key = plan.region_key
left join area_observed as observed on area.region_key = observed.region_key
