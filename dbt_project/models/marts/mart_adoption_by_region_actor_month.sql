-- what was stated about each month: of several the newest within the month, and of those the one about the whole month
with stated as (
    select
        said.*,
        measure.is_adoption, measure.unit, measure.numerator_code, measure.denominator_code,
        row_number() over (
            partition by said.measure_code, said.region_key, said.actor_type_code, said.month
            order by said.period_end desc, said.period_start, said.snapshot_at desc, said.source_name
        ) as place
    from {{ ref('fct_observation') }} as said
    inner join {{ ref('dim_measure') }} as measure on said.measure_code = measure.measure_code
    -- a day's flow says nothing of its month
    where said.month is not null and (measure.time_kind <> 'flow' or said.period_grain = 'month')
),

monthly as (
    select * from stated where place = 1
),

-- a figure about adoption itself, and a share nobody stated of a count somebody did
told as (
    select
        said.measure_code, said.denominator_code, said.numerator_code, case when said.unit = 'share' then 'stated_share' else 'count' end as kind,
        said.region_key, said.current_region_key, said.actor_type_code, said.month, said.value, said.lower_bound, said.upper_bound, said.qualifier,
        said.status, said.is_period_inferred, said.source_name, said.snapshot_at
    from monthly as said
    where said.is_adoption
    union all
    select
        measure.measure_code, measure.denominator_code, measure.numerator_code, 'unstated_share' as kind,
        part.region_key, part.current_region_key, part.actor_type_code, part.month, part.value, part.lower_bound, part.upper_bound, part.qualifier,
        part.status, part.is_period_inferred, part.source_name, part.snapshot_at
    from monthly as part
    inner join {{ ref('dim_measure') }} as measure
        on part.measure_code = measure.numerator_code and measure.is_adoption and measure.unit = 'share' and measure.denominator_code is not null
    left join monthly as stated
        on measure.measure_code = stated.measure_code and part.region_key = stated.region_key
        and part.actor_type_code = stated.actor_type_code and part.month = stated.month
    where stated.measure_code is null
),

-- the denominator of the same region and year, begun by the end of the month; the same actor type before all, the newest before older ones
of_whom as (
    select
        told.measure_code, told.region_key, told.actor_type_code, told.month,
        whole.value, whole.lower_bound, whole.upper_bound, whole.qualifier, whole.status,
        row_number() over (
            partition by told.measure_code, told.region_key, told.actor_type_code, told.month
            order by
                case when whole.actor_type_code = told.actor_type_code then 0 else 1 end,
                whole.period_start desc, whole.period_end, whole.snapshot_at desc, whole.source_name
        ) as place
    from told
    inner join {{ ref('fct_observation') }} as whole
        on told.denominator_code = whole.measure_code
        and told.region_key = whole.region_key
        and (whole.actor_type_code = told.actor_type_code or whole.actor_type_code = 'alle')
        and extract(year from whole.period_end) = extract(year from told.month)
        and whole.period_start <= {{ end_of_month('told.month') }}
),

-- a stated share is the publisher's; its count, where that is stated too, stands beside it
held_together as (
    select
        told.*,
        case when told.kind = 'stated_share' then part.value else told.value end as part_value,
        whole.value as whole_value, whole.qualifier as whole_qualifier, whole.status as whole_status,
        case when told.kind = 'stated_share' then told.value when whole.value > 0 then told.value / whole.value end as share,
        case when told.kind = 'stated_share' then told.lower_bound when whole.upper_bound > 0 then told.lower_bound / whole.upper_bound end as lower_share,
        case when told.kind = 'stated_share' then told.upper_bound when whole.lower_bound > 0 then told.upper_bound / whole.lower_bound end as upper_share,
        told.kind <> 'stated_share' and whole.measure_code is not null as is_quotient
    from told
    left join monthly as part
        on told.numerator_code = part.measure_code and told.region_key = part.region_key
        and told.actor_type_code = part.actor_type_code and told.month = part.month
    left join of_whom as whole
        on told.measure_code = whole.measure_code and told.region_key = whole.region_key
        and told.actor_type_code = whole.actor_type_code and told.month = whole.month and whole.place = 1
    where told.kind <> 'unstated_share' or whole.measure_code is not null
),

adoption as (
    select
        measure_code, region_key, current_region_key, actor_type_code, month, denominator_code, is_period_inferred, source_name, snapshot_at,
        cast(round(part_value) as bigint) as adoption_count,
        cast(round(whole_value) as bigint) as eligible_count,
        round({{ within_0_and_1('share') }}, 6) as adoption_share,
        round({{ within_0_and_1('lower_share') }}, 6) as share_lower,
        round({{ within_0_and_1('upper_share') }}, 6) as share_upper,
        case when is_quotient then {{ qualifier_of_quotient('qualifier', 'whole_qualifier') }} else qualifier end as qualifier,
        case when is_quotient then {{ status_of_quotient('status', 'whole_status') }} else status end as status,
        case when is_quotient then 'derived' else 'published' end as basis
    from held_together
),

located as (
    select adoption.*, region.region_level, region.region_code, region.region_name
    from adoption
    inner join {{ ref('dim_region') }} as region on adoption.region_key = region.region_key
)

select
    measure.service_code, service.service_name, this.measure_code, measure.measure_name, this.region_key, this.region_level, this.region_code,
    this.region_name, this.current_region_key, this.actor_type_code, actor_type.actor_type_name, this.month, this.adoption_count,
    this.eligible_count, this.adoption_share, this.share_lower, this.share_upper, this.qualifier, this.status, this.basis, this.denominator_code,
    -- a level the publisher stated itself reports nothing of its parts
    cast(null as {{ type_double() }}) as reported_share,
    round(this.adoption_share - month_before.adoption_share, 6) as change_1m,
    round(this.adoption_share - year_before.adoption_share, 6) as change_12m,
    case
        when this.adoption_share is not null and this.region_level <> 'gruppe' then cast(
            rank() over (
                partition by this.measure_code, this.actor_type_code, this.month, this.region_level
                order by case when this.adoption_share is null then 1 else 0 end, this.adoption_share desc
            ) as integer
        )
    end as rank_in_level,
    this.is_period_inferred, this.source_name, this.snapshot_at
from located as this
inner join {{ ref('dim_measure') }} as measure on this.measure_code = measure.measure_code
inner join {{ ref('dim_actor_type') }} as actor_type on this.actor_type_code = actor_type.actor_type_code
left join {{ ref('dim_service') }} as service on measure.service_code = service.service_code
left join adoption as month_before
    on this.measure_code = month_before.measure_code and this.region_key = month_before.region_key
    and this.actor_type_code = month_before.actor_type_code and month_before.month = {{ add_months('this.month', -1) }}
left join adoption as year_before
    on this.measure_code = year_before.measure_code and this.region_key = year_before.region_key
    and this.actor_type_code = year_before.actor_type_code and year_before.month = {{ add_months('this.month', -12) }}
