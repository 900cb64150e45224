with measured as (
    select
        target.source_name, target.snapshot_at, target.row_reference,
        said.value, said.period_end, said.qualifier,
        row_number() over (
            partition by target.source_name, target.snapshot_at, target.row_reference
            order by said.period_end desc, said.period_start desc, said.snapshot_at desc, said.source_name
        ) as place
    from {{ ref('fct_target') }} as target
    inner join {{ ref('fct_observation') }} as said
        on target.measure_code = said.measure_code and target.region_key = said.region_key and target.actor_type_code = said.actor_type_code
    where said.value is not null and said.period_end is not null
),

compared as (
    select
        target.*,
        newest.value as newest_value,
        newest.period_end as newest_period_end,
        newest.qualifier as newest_qualifier,
        round(target.value - newest.value, 9) as distance,
        {{ months_between('newest.period_end', 'target.due_end') }} as months_left,
        case
            when target.target_kind = 'rule' then 'rule'
            when newest.value is null then 'not_measured'
            -- "at most 180" does not show that 150 is reached, nor "at least 5" that 10 is not passed
            when target.direction = 'at_least' and newest.value >= target.value and newest.qualifier <> 'at_most' then 'reached'
            when target.direction = 'at_most' and newest.value <= target.value and newest.qualifier <> 'at_least' then 'reached'
            when newest.period_end >= target.due_end then 'missed'
            -- due before the plan was last read, and no figure since
            when target.due_end < cast(target.snapshot_at as date) then 'unknown'
            else 'open'
        end as target_status
    from {{ ref('fct_target') }} as target
    left join measured as newest
        on target.source_name = newest.source_name and target.snapshot_at = newest.snapshot_at
        and target.row_reference = newest.row_reference and newest.place = 1
)

select
    measure.service_code, service.service_name, compared.measure_code, measure.measure_name, measure.unit, compared.region_key, region.region_name,
    compared.actor_type_code, actor_type.actor_type_name, compared.target_kind, compared.direction, compared.due_start, compared.due_end,
    compared.due_grain, compared.value as target_value, compared.newest_value, compared.newest_period_end, compared.newest_qualifier,
    compared.distance, compared.months_left,
    case when compared.target_status = 'open' and compared.months_left > 0 then round(compared.distance / compared.months_left, 9) end
        as pace_needed_per_month,
    compared.target_status, compared.source_name, compared.statement_address, compared.context, compared.snapshot_at, compared.row_reference
from compared
inner join {{ ref('dim_measure') }} as measure on compared.measure_code = measure.measure_code
inner join {{ ref('dim_region') }} as region on compared.region_key = region.region_key
inner join {{ ref('dim_actor_type') }} as actor_type on compared.actor_type_code = actor_type.actor_type_code
left join {{ ref('dim_service') }} as service on measure.service_code = service.service_code
