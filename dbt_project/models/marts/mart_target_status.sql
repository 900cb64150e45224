{%- set target = ['source_name', 'snapshot_at', 'row_reference'] -%}
-- published figures, and shares computed from two published figures
with figure as (
    select
        measure_code,
        region_key,
        actor_type_code,
        period_start,
        period_end,
        month,
        value,
        qualifier,
        cast(null as {{ type_double() }}) as change_12m,
        'published' as basis,
        snapshot_at,
        source_name
    from {{ ref('fct_observation') }}
    where value is not null and period_end is not null and period_grain is distinct from 'span'
    union all
    select
        measure_code,
        region_key,
        actor_type_code,
        month as period_start,
        {{ end_of_month('month') }} as period_end,
        month,
        adoption_share as value,
        qualifier,
        change_12m,
        basis,
        snapshot_at,
        source_name
    from {{ ref('fct_adoption_month') }}
    where adoption_share is not null and basis <> 'published' and is_representative
),

measured as (
    select
        {{ columns_of('target', target) }},
        -- "at most 180" does not show that 150 is reached, nor "at least 5" that 10 is not
        case target.direction
            when 'at_least'
                then figure.value >= target.value and figure.qualifier <> 'at_most'
            else figure.value <= target.value and figure.qualifier <> 'at_least'
        end as is_reached,
        case target.direction
            when 'at_least'
                then figure.value < target.value and figure.qualifier <> 'at_least'
            else figure.value > target.value and figure.qualifier <> 'at_most'
        end as is_not_reached,
        figure.period_end >= target.due_end as is_due,
        figure.measure_code,
        figure.region_key,
        figure.actor_type_code,
        figure.value,
        figure.period_end,
        figure.period_start,
        figure.month,
        figure.qualifier,
        figure.change_12m,
        figure.basis,
        figure.source_name as publisher_source,
        row_number() over (
            partition by {{ columns_of('target', target) }}
            order by
                figure.period_end desc,
                case figure.basis when 'published' then 1 when 'derived' then 2 else 3 end,
                figure.period_start desc,
                figure.snapshot_at desc, figure.source_name asc
        ) as figure_rank
    from {{ ref('fct_target') }} as target
    inner join figure
        on
            target.measure_code = figure.measure_code
            and target.region_key = figure.region_key
            and target.actor_type_code = figure.actor_type_code
),

-- the same publisher's figure of the same length a year before
year_before as (
    select
        {{ columns_of('newest', target) }},
        coalesce(newest.change_12m, max(newest.value - earlier.value)) as change_12m
    from measured as newest
    left join figure as earlier
        on
            newest.basis = 'published' and earlier.basis = 'published'
            and newest.measure_code = earlier.measure_code
            and newest.region_key = earlier.region_key
            and newest.actor_type_code = earlier.actor_type_code
            and newest.publisher_source = earlier.source_name
            and newest.qualifier in ('exact', 'approx', 'estimate')
            and earlier.qualifier in ('exact', 'approx', 'estimate')
            and earlier.period_end = {{ add_years('newest.period_end', -1) }}
            and earlier.period_start = {{ add_years('newest.period_start', -1) }}
    where newest.figure_rank = 1
    group by {{ columns_of('newest', target) }}, newest.change_12m
),

-- a figure of the due date or later that had not reached the target
late as (
    select
        {{ columns_of('measured', target) }}
    from measured
    where measured.is_due and measured.is_not_reached
    group by {{ columns_of('measured', target) }}
),

compared as (
    select
        target.*,
        newest.value as newest_value,
        newest.period_end as newest_period_end,
        newest.qualifier as newest_qualifier,
        newest.basis as newest_basis,
        {{ rounded_amount('target.value - newest.value') }} as distance,
        -- from the newest figure; nothing is left of a target that was due when it was last read
        case
            when target.due_end >= cast(target.snapshot_at as date)
                then {{ months_between('newest.period_end', 'target.due_end') }}
        end as months_left,
        {{ rounded_amount('year_before.change_12m / 12') }} as pace_per_month,
        case
            when target.target_kind = 'rule' then 'rule'
            when newest.value is null then 'not_measured'
            when newest.is_reached and late.row_reference is not null then 'reached_late'
            when newest.is_reached then 'reached'
            when newest.period_end >= target.due_end and newest.is_not_reached then 'missed'
            when newest.period_end >= target.due_end then 'unknown'
            -- due before the plan was last read, and no figure since
            when target.due_end < cast(target.snapshot_at as date) then 'unknown'
            else 'open'
        end as target_status
    from {{ ref('fct_target') }} as target
    left join measured as newest
        on
            target.source_name = newest.source_name and target.snapshot_at = newest.snapshot_at
            and target.row_reference = newest.row_reference and newest.figure_rank = 1
    left join year_before
        on
            target.source_name = year_before.source_name
            and target.snapshot_at = year_before.snapshot_at
            and target.row_reference = year_before.row_reference
    left join late
        on
            target.source_name = late.source_name and target.snapshot_at = late.snapshot_at
            and target.row_reference = late.row_reference
),

paced as (
    select
        *,
        case
            when target_status = 'open' and months_left > 0
                then {{ rounded_amount('distance / months_left') }}
        end as pace_needed_per_month
    from compared
)

select
    measure.service_code,
    service.service_name,
    paced.measure_code,
    measure.measure_name,
    measure.unit,
    paced.region_key,
    region.region_name,
    paced.actor_type_code,
    actor_type.actor_type_name,
    paced.target_kind,
    paced.direction,
    paced.due_start,
    paced.due_end,
    paced.due_grain,
    paced.value as target_value,
    paced.newest_value,
    paced.newest_period_end,
    paced.newest_qualifier,
    paced.newest_basis,
    paced.distance,
    paced.months_left,
    paced.pace_needed_per_month,
    paced.pace_per_month,
    case paced.direction
        when 'at_least' then paced.pace_per_month >= paced.pace_needed_per_month
        else paced.pace_per_month <= paced.pace_needed_per_month
    end as is_pace_sufficient,
    paced.target_status,
    paced.source_name,
    paced.statement_address,
    paced.context,
    paced.snapshot_at,
    paced.row_reference
from paced
inner join {{ ref('dim_measure') }} as measure on paced.measure_code = measure.measure_code
inner join {{ ref('dim_region') }} as region on paced.region_key = region.region_key
inner join
    {{ ref('dim_actor_type') }} as actor_type
    on paced.actor_type_code = actor_type.actor_type_code
left join {{ ref('dim_service') }} as service on measure.service_code = service.service_code
