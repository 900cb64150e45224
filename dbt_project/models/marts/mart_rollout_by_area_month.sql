{%- set area = 'service_code, region_key, actor_type_code' %}
-- "planned" and "reported" are compared; targets and superseded plans stand in fct_milestone alone
with stated as (
    select
        service_code, region_key, actor_type_code, phase, statement,
        coalesce(starts_on, ends_on) as since,
        -- an end without a start tells when the phase was reached, not when it was over
        case when starts_on is not null then ends_on end as until,
        coalesce(starts_on_precision, ends_on_precision) as since_precision,
        case phase when 'forberedelse' then 1 when 'utproving' then 2 when 'innforing' then 3 when 'i_drift' then 4 end as phase_number
    from {{ ref('fct_milestone') }}
    where statement in ('planned', 'reported') and (starts_on is not null or ends_on is not null)
),

begun as (
    select {{ area }}, min({{ month_of('since') }}) as first_month
    from stated
    group by {{ area }}
),

area_month as (
    select begun.service_code, begun.region_key, begun.actor_type_code, calendar.month
    from begun
    inner join {{ ref('dim_month') }} as calendar on begun.first_month <= calendar.month
),

in_month as (
    select
        area_month.*, stated.statement, stated.phase,
        case when stated.until is null or stated.until >= area_month.month then 1 else 0 end as is_going_on,
        row_number() over (
            partition by area_month.service_code, area_month.region_key, area_month.actor_type_code, area_month.month, stated.statement
            order by stated.since desc, stated.phase_number desc, coalesce(stated.until, cast('9999-12-31' as date)) desc
        ) as place
    from area_month
    inner join stated
        on area_month.service_code = stated.service_code and area_month.region_key = stated.region_key
        and area_month.actor_type_code = stated.actor_type_code and stated.since <= {{ end_of_month('area_month.month') }}
),

side_by_side as (
    select
        {{ area }}, month,
        max(case when statement = 'planned' then phase end) as planned_phase,
        max(case when statement = 'reported' then phase end) as observed_phase
    from in_month
    where place = 1 and is_going_on = 1
    group by {{ area }}, month
),

-- known to the month on both sides, or no lag is told
first_start as (
    select
        {{ area }}, phase,
        min(case when statement = 'planned' then since end) as planned_since,
        min(case when statement = 'reported' then since end) as reported_since
    from stated
    where since_precision in ('day', 'month')
    group by {{ area }}, phase
)

select
    this.service_code, service.service_name, this.region_key, region.region_level, region.region_name, this.actor_type_code,
    actor_type.actor_type_name, this.month, this.planned_phase, this.observed_phase,
    {{ months_between('start.planned_since', 'start.reported_since') }} as lag_months
from side_by_side as this
inner join {{ ref('dim_service') }} as service on this.service_code = service.service_code
inner join {{ ref('dim_region') }} as region on this.region_key = region.region_key
inner join {{ ref('dim_actor_type') }} as actor_type on this.actor_type_code = actor_type.actor_type_code
left join first_start as start
    on this.service_code = start.service_code and this.region_key = start.region_key
    and this.actor_type_code = start.actor_type_code and this.observed_phase = start.phase
