{%- set area = ['service_code', 'region_key', 'actor_type_code'] -%}
{%- set phase = ['forberedelse', 'utproving', 'innforing', 'i_drift'] -%}
{%- set threshold = var('phase_thresholds') -%}
{%- set is_surely_not_reached -%}
    (
        this.is_observed_to_the_month
        and coalesce(this.observed_number, 0) < plan.phase_number
        and coalesce(this.current_possible_number, 0) < plan.phase_number
    )
{%- endset -%}
{%- set below_month -%}
    case plan.phase_number
        when 2 then this.below_2_month
        when 3 then this.below_3_month
        when 4 then this.below_4_month
    end
{%- endset -%}
{%- set month_and_phase -%}
    (
        {{ part_of_date('year', 'figure.month') }} * 12
        + {{ part_of_date('month', 'figure.month') }}
    ) * 10 + figure.possible_number
{%- endset -%}
-- plans and reports are compared; targets and superseded plans are in fct_milestone only
with stated as (
    select
        {{ columns_of('milestone', area) }}, milestone.phase,
        -- a state at a date is a report whose date is not the start of the phase
        case milestone.statement when 'state' then 'reported' else milestone.statement end
            as statement,
        coalesce(milestone.starts_on, milestone.ends_on) as since,
        -- an end without a start is when the phase was reached, not when it was over
        case when milestone.starts_on is not null then milestone.ends_on end as until,
        coalesce(milestone.starts_on_precision, milestone.ends_on_precision) in ('day', 'month')
        and milestone.statement <> 'state' as is_month_known,
        -- the last day on which the phase begins as stated: of the whole period where it has an end
        coalesce(
            milestone.ends_on,
            case milestone.starts_on_precision
                when 'year'
                    then {{ end_of_month(add_months(month_of('milestone.starts_on'), 11)) }}
                else {{ end_of_month(month_of('milestone.starts_on')) }}
            end
        ) as begins_until,
        case milestone.phase
            {%- for name in phase %}
                when '{{ name }}' then {{ loop.index }}
            {%- endfor %}
        end as phase_number
    from {{ ref('fct_milestone') }} as milestone
    where
        milestone.statement in ('planned', 'reported', 'state')
        and (milestone.starts_on is not null or milestone.ends_on is not null)
),

-- the phase a month's share shows:
-- so large a share of those who can have begun, and enough of the area has reported
figure as (
    select
        {{ columns_of('observed', area) }}, observed.month, max(observed.shown) as observed_share,
        max({{ phase_number_of_share('observed.shown', threshold) }}) as phase_number,
        -- the furthest phase that a withheld share may be in
        max({{ phase_number_of_share('observed.greatest_share', threshold) }}) as possible_number
    from (
        select
            measure.service_code,
            adoption.region_key,
            adoption.actor_type_code,
            adoption.month,
            case
                when adoption.adoption_share is null or adoption.qualifier = 'at_least'
                    then coalesce(adoption.share_upper, 1)
                else adoption.adoption_share
            end as greatest_share,
            case
                when adoption.adoption_share is null then adoption.share_lower
                -- what is at most so much may be less
                when adoption.qualifier = 'at_most' then coalesce(adoption.share_lower, 0)
                else adoption.adoption_share
            end as shown
        from {{ ref('fct_adoption_month') }} as adoption
        inner join {{ ref('dim_region') }} as region on adoption.region_key = region.region_key
        inner join {{ ref('dim_measure') }} as measure
            on
                adoption.measure_code = measure.measure_code
                and measure.unit = 'share'
                and measure.time_kind = 'stock'
                and measure.numerator_code is not null and measure.denominator_code is not null
        where
            region.region_level in ('land', 'rhf', 'hf', 'sykehus', 'helsefellesskap', 'fylke')
            and adoption.is_representative
    ) as observed
    where observed.shown is not null
    group by {{ columns_of('observed', area) }}, observed.month
),

first_figure as (
    select {{ columns_of('figure', area) }}, min(figure.month) as month
    from figure
    group by {{ columns_of('figure', area) }}
),

begun as (
    select {{ columns_of('first_month_of', area) }}, min(first_month_of.month) as first_month
    from (
        select {{ columns_of('stated', area) }}, {{ month_of('stated.since') }} as month from stated
        union all
        select {{ columns_of('first_figure', area) }}, first_figure.month from first_figure
    ) as first_month_of
    group by {{ columns_of('first_month_of', area) }}
),

-- nothing is stated about a region after its code ended
area_month as (
    select {{ columns_of('begun', area) }}, calendar.month
    from begun
    inner join {{ ref('dim_region') }} as region on begun.region_key = region.region_key
    inner join
        {{ ref('dim_month') }} as calendar
        on
            begun.first_month <= calendar.month
            and (region.valid_to is null or calendar.month < region.valid_to)
),

within as (
    {{ regions_reached(ref('dim_region')) }}
),

reach as (
    select
        region_key,
        wider_key,
        region_distance,
        false as is_inferred
    from within
    union all
    -- a group of regions named together; who they are may be our inference
    select
        within.region_key,
        part.region_key as wider_key,
        within.region_distance + 1 as region_distance,
        part.is_inferred
    from within
    inner join
        {{ ref('bridge_region_group') }} as part
        on within.wider_key = part.part_key and part.is_whole
),

actor_reach as (
    select
        actor_type_code,
        actor_type_code as wider_code,
        0 as actor_distance
    from {{ ref('dim_actor_type') }}
    union all
    select
        part_code as actor_type_code,
        actor_type_code as wider_code,
        1 as actor_distance
    from {{ ref('bridge_actor_type_combination') }}
    union all
    select
        actor_type_code,
        parent_code as wider_code,
        2 as actor_distance
    from {{ ref('dim_actor_type') }}
    where parent_code is not null
    union all
    select
        actor_type_code,
        'alle' as wider_code,
        3 as actor_distance
    from {{ ref('dim_actor_type') }}
    where actor_type_code <> 'alle'
),

plan_within_reach as (
    select
        {{ columns_of('begun', area) }},
        stated.phase,
        stated.phase_number,
        stated.since,
        stated.until,
        stated.begins_until,
        stated.is_month_known,
        reach.region_distance,
        actor_reach.actor_distance,
        10 * reach.region_distance + actor_reach.actor_distance as distance,
        case
            when reach.is_inferred then 'inferred' when
                reach.region_distance + actor_reach.actor_distance = 0
                then 'stated'
            else 'inherited'
        end as planned_basis
    from begun
    inner join reach on begun.region_key = reach.region_key
    inner join actor_reach on begun.actor_type_code = actor_reach.actor_type_code
    inner join stated
        on
            stated.statement = 'planned'
            and begun.service_code = stated.service_code
            and reach.wider_key = stated.region_key
            and actor_reach.wider_code = stated.actor_type_code
),

-- a plan for a wider area, or for more actor types, does not bind an area whose nearer plan begins
-- at the same time or later
plan_for_area as (
    select plan.*
    from plan_within_reach as plan
    where
        not exists (
            select 1
            from plan_within_reach as nearer
            where
                nearer.service_code = plan.service_code
                and nearer.region_key = plan.region_key
                and nearer.actor_type_code = plan.actor_type_code
                and nearer.distance < plan.distance
                and nearer.since >= plan.since
        )
),

-- per area, the newest phase that has begun; when it ends, the area does not fall back to the phase
-- before
plan_in_month as (
    select
        {{ columns_of('area_month', area) }},
        area_month.month,
        plan.phase,
        plan.phase_number,
        plan.since,
        plan.begins_until,
        plan.is_month_known,
        plan.planned_basis,
        plan.distance,
        plan.until is null or plan.until >= area_month.month as is_going_on,
        row_number() over (
            partition by
                {{ columns_of('area_month', area) }},
                area_month.month,
                plan.distance
            order by
                plan.since desc,
                plan.phase_number desc,
                coalesce(plan.until, cast('9999-12-31' as date)) desc
        ) as plan_rank
    from area_month
    inner join plan_for_area as plan
        on
            area_month.service_code = plan.service_code and area_month.region_key = plan.region_key
            and area_month.actor_type_code = plan.actor_type_code
            and plan.since <= {{ end_of_month('area_month.month') }}
),

nearest_plan as (
    select *
    from (
        select
            plan_in_month.*,
            row_number() over (
                partition by {{ columns_of('plan_in_month', area) }}, plan_in_month.month
                order by plan_in_month.distance
            ) as nearness
        from plan_in_month
        where plan_in_month.plan_rank = 1 and plan_in_month.is_going_on
    ) as plan
    where plan.nearness = 1
),

report_in_month as (
    select
        {{ columns_of('area_month', area) }},
        area_month.month,
        stated.phase,
        stated.phase_number,
        stated.is_month_known,
        stated.until is null or stated.until >= area_month.month as is_going_on,
        {{ months_between('coalesce(stated.until, stated.since)', 'area_month.month') }}
            as age_in_months,
        row_number() over (
            partition by {{ columns_of('area_month', area) }}, area_month.month
            order by
                stated.since desc,
                stated.phase_number desc,
                coalesce(stated.until, cast('9999-12-31' as date)) desc
        ) as plan_rank
    from area_month
    inner join stated
        on
            stated.statement = 'reported'
            and area_month.service_code = stated.service_code
            and area_month.region_key = stated.region_key
            and area_month.actor_type_code = stated.actor_type_code
            and stated.since <= {{ end_of_month('area_month.month') }}
),

-- A phase once reached stays reached, but a report or a figure older than twelve months does not
-- show the phase of today.
seen as (
    select
        {{ columns_of('area_month', area) }},
        area_month.month,
        report.phase as reported_phase,
        report.phase_number as reported_number,
        coalesce(report.is_month_known, false) as is_report_month_known, figure.observed_share,
        max(figure.phase_number) over (
            partition by {{ columns_of('area_month', area) }}
            order by area_month.month rows between unbounded preceding and current row
        ) as figure_number,
        max(figure.month) over (
            partition by {{ columns_of('area_month', area) }}
            order by area_month.month rows between unbounded preceding and current row
        ) as figure_month,
        -- what the newest figure allows, and the one before this month: a month and a phase as one
        -- number, so that the greatest is the newest
        max({{ month_and_phase }}) over (
            partition by {{ columns_of('area_month', area) }}
            order by area_month.month rows between unbounded preceding and current row
        ) % 10 as possible_number,
        max({{ month_and_phase }}) over (
            partition by {{ columns_of('area_month', area) }}
            order by area_month.month rows between unbounded preceding and 1 preceding
        ) % 10 as possible_number_before,
        max(case when figure.possible_number < 2 then area_month.month end) over (
            partition by {{ columns_of('area_month', area) }}
            order by area_month.month rows between unbounded preceding and current row
        ) as below_2_month,
        max(case when figure.possible_number < 3 then area_month.month end) over (
            partition by {{ columns_of('area_month', area) }}
            order by area_month.month rows between unbounded preceding and current row
        ) as below_3_month,
        max(case when figure.possible_number < 4 then area_month.month end) over (
            partition by {{ columns_of('area_month', area) }}
            order by area_month.month rows between unbounded preceding and current row
        ) as below_4_month
    from area_month
    left join report_in_month as report
        on
            area_month.service_code = report.service_code
            and area_month.region_key = report.region_key
            and area_month.actor_type_code = report.actor_type_code
            and area_month.month = report.month
            and report.plan_rank = 1
            and report.is_going_on
            and report.age_in_months <= {{ var('phase_age_months') }}
    left join figure
        on
            area_month.service_code = figure.service_code
            and area_month.region_key = figure.region_key
            and area_month.actor_type_code = figure.actor_type_code
            and area_month.month = figure.month
),

current_figure as (
    select
        seen.*,
        case
            when
                {{ months_between('seen.figure_month', 'seen.month') }}
                <= {{ var('phase_age_months') }}
                then seen.figure_number
        end as current_number,
        case
            when
                {{ months_between('seen.figure_month', 'seen.month') }}
                <= {{ var('phase_age_months') }}
                then seen.possible_number
        end as current_possible_number
    from seen
),

observed as (
    select
        current_figure.*,
        case
            when current_figure.current_number > 0 then current_figure.current_number
            else current_figure.reported_number
        end as observed_number,
        case
            when current_figure.current_number > 0 then 'figure'
            when current_figure.reported_number is not null then 'report'
        end as observed_basis,
        -- what is observed in the month itself is known to the month: a figure, or a dated report
        current_figure.current_number is not null or current_figure.is_report_month_known
            as is_observed_to_the_month
    from current_figure
),

-- the month a phase was first observed; unknown where the first figure shows it already
reached as (
    select
        {{ columns_of('observed', area) }}, phase.phase_number, min(observed.month) as first_month
    from observed
    inner join (
        {%- for name in phase %}
            select {{ loop.index }} as phase_number{{ ' union all' if not loop.last }}
        {%- endfor %}
    ) as phase on phase.phase_number <= observed.observed_number
    group by {{ columns_of('observed', area) }}, phase.phase_number
),

-- whether that month is known, and the last month before in which a figure excludes the phase
reached_since as (
    select
        {{ columns_of('reached', area) }},
        reached.phase_number,
        reached.first_month,
        case observed.observed_basis
            when 'figure'
                then
                    first_figure.month < reached.first_month
                    and observed.possible_number_before < reached.phase_number
            else observed.is_report_month_known
        end as is_exact,
        observed.observed_basis = 'figure' as is_figure,
        case reached.phase_number
            {%- for number in [2, 3, 4] %}
                when {{ number }} then observed.below_{{ number }}_month
            {%- endfor %}
        end as below_month
    from reached
    inner join observed
        on
            reached.service_code = observed.service_code
            and reached.region_key = observed.region_key
            and reached.actor_type_code = observed.actor_type_code
            and reached.first_month = observed.month
    left join first_figure
        on
            reached.service_code = first_figure.service_code
            and reached.region_key = first_figure.region_key
            and reached.actor_type_code = first_figure.actor_type_code
)

select
    this.service_code,
    service.service_name,
    this.region_key,
    region.region_level,
    region.region_name,
    this.actor_type_code,
    actor_type.actor_type_name, this.month, plan.phase as planned_phase, plan.planned_basis,
    case this.observed_number
        {%- for name in phase %}
            when {{ loop.index }} then '{{ name }}'
        {%- endfor %}
    end as observed_phase,
    this.observed_basis, this.observed_share, this.reported_phase,
    -- known to the month on both sides, or there is no lag
    case
        when not plan.is_month_known or plan.planned_basis = 'inferred' then null
        when since.first_month <= this.month and since.is_exact
            then {{ months_between('plan.since', 'since.first_month') }}
        when since.first_month <= this.month then null
        when {{ is_surely_not_reached }}
            then {{ months_between('plan.since', 'this.month') }}
    end as lag_months,
    -- a withheld share may have reached the phase since the last month that excludes it
    case
        when not plan.is_month_known or plan.planned_basis = 'inferred' then null
        when since.first_month <= this.month and since.is_exact
            then {{ months_between('plan.since', 'since.first_month') }}
        when since.first_month <= this.month
            then
                case
                    when since.is_figure
                        then {{ months_between('plan.since', 'since.below_month') }} + 1
                end
        when {{ is_surely_not_reached }}
            then {{ months_between('plan.since', 'this.month') }}
        when this.is_observed_to_the_month
            then {{ months_between('plan.since', below_month) }} + 1
    end as lag_months_lower,
    case
        when not plan.is_month_known or plan.planned_basis = 'inferred' then null
        when since.first_month <= this.month and (since.is_exact or since.is_figure)
            then {{ months_between('plan.since', 'since.first_month') }}
        when since.first_month <= this.month then null
        when
            this.is_observed_to_the_month
            and coalesce(this.observed_number, 0) < plan.phase_number
            then {{ months_between('plan.since', 'this.month') }}
    end as lag_months_upper,
    -- behind only after the planned period, by a plan the area has, not by one that is inferred,
    -- and only where no withheld share may have reached the phase
    case
        when not this.is_observed_to_the_month or plan.planned_basis = 'inferred' then null
        when plan.phase_number is null then null
        when
            coalesce(this.observed_number, 0) < plan.phase_number
            and not {{ is_surely_not_reached }}
            then null
        else
            coalesce(this.observed_number, 0) < plan.phase_number
            and plan.begins_until < this.month
    end as is_behind_plan
from observed as this
inner join {{ ref('dim_service') }} as service on this.service_code = service.service_code
inner join {{ ref('dim_region') }} as region on this.region_key = region.region_key
inner join
    {{ ref('dim_actor_type') }} as actor_type
    on this.actor_type_code = actor_type.actor_type_code
left join nearest_plan as plan
    on
        this.service_code = plan.service_code
        and this.region_key = plan.region_key
        and this.actor_type_code = plan.actor_type_code
        and this.month = plan.month
left join reached_since as since
    on
        this.service_code = since.service_code
        and this.region_key = since.region_key
        and this.actor_type_code = since.actor_type_code
        and plan.phase_number = since.phase_number
where plan.phase is not null or this.observed_number is not null
