{%- set whole = 'relation, measure_code, region_key, actor_type_code, month' -%}
with recursive summable as (
    select
        measure.measure_code, measure.denominator_code,
        measure.unit = 'share' and numerator.adds_over_actor_types and denominator.adds_over_actor_types as adds_over_actor_types
    from {{ ref('dim_measure') }} as measure
    left join {{ ref('dim_measure') }} as numerator on measure.numerator_code = numerator.measure_code
    left join {{ ref('dim_measure') }} as denominator on measure.denominator_code = denominator.measure_code
    where
        measure.is_adoption
        and case when measure.unit = 'share' then numerator.adds_over_regions and denominator.adds_over_regions else measure.adds_over_regions end
),

-- what can be added: counts somebody told, beside what they are counted among where the measure has that
counted as (
    select said.*, case when said.is_period_inferred then 1 else 0 end as is_inferred, summable.adds_over_actor_types
    from {{ ref('fct_adoption') }} as said
    inner join summable on said.measure_code = summable.measure_code
    where said.count_status <> 'missing' and (said.denominator_code is null or said.eligible_value is not null)
),

stated as (
    select measure_code, region_key, actor_type_code, month
    from {{ ref('fct_adoption') }}
    where region_key in (select whole_key from {{ ref('dim_region_part') }} where relation = 'level')
),

-- a whole somebody published is not added up
addend as (
    select
        place.relation, said.measure_code, place.whole_key as region_key, place.part_level, said.actor_type_code, said.month,
        {{ addend('said', 'place.part_share', 'place.part_quality') }},
        said.is_inferred as is_period_inferred, said.source_name, said.snapshot_at
    from counted as said
    inner join {{ ref('dim_region_part') }} as place
        on said.region_key = place.part_key and place.relation in ('level', 'reform') and {{ is_valid_in('place.valid_from', 'place.valid_to', 'said.month') }}
    left join stated
        on place.relation = 'level' and said.measure_code = stated.measure_code and place.whole_key = stated.region_key
        and said.actor_type_code = stated.actor_type_code and said.month = stated.month
    where stated.measure_code is null
),

added as (
    select {{ whole }}, part_level, {{ sums_of_addends('addend') }}, {{ origin_of_addends('addend') }}
    from addend
    group by {{ whole }}, part_level
),

-- how many parts a whole has
expected as (
    select place.relation, place.whole_key, place.part_level, calendar.month, count(*) as part_count
    from {{ ref('dim_region_part') }} as place
    inner join {{ ref('dim_month') }} as calendar on {{ is_valid_in('place.valid_from', 'place.valid_to', 'calendar.month') }}
    group by place.relation, place.whole_key, place.part_level, calendar.month
),

-- the parts that tell of most; of parts that tell of as much the largest. Without a denominator nobody knows how much is told, unless all is
ranked as (
    select
        added.*,
        row_number() over (
            partition by added.relation, added.measure_code, added.region_key, added.actor_type_code, added.month
            order by
                coalesce(added.eligible_value, 0) desc,
                case added.part_level
                    when 'rhf' then 1 when 'fylke' then 2 when 'hf' then 3 when 'helsefellesskap' then 4 when 'kommune' then 5 else 6
                end
        ) as place
    from added
    inner join expected
        on added.relation = expected.relation and added.region_key = expected.whole_key and added.part_level = expected.part_level
        and added.month = expected.month
    where added.eligible_value is not null or added.part_count = expected.part_count
),

chosen as (
    select ranked.*, summable.denominator_code
    from ranked
    inner join summable on ranked.measure_code = summable.measure_code
    where ranked.place = 1
),

-- among how many the whole is: as published, else as its parts are, those that tell nothing included
published_base as (
    select chosen.*, case when own.measure_code is not null then own.value else everyone.value end as base
    from chosen
    left join {{ ref('fct_eligible') }} as own
        on chosen.relation = 'level' and chosen.denominator_code = own.measure_code and chosen.region_key = own.region_key
        and chosen.actor_type_code = own.actor_type_code and chosen.month = own.month
    left join {{ ref('fct_eligible') }} as everyone
        on chosen.relation = 'level' and chosen.denominator_code = everyone.measure_code and chosen.region_key = everyone.region_key
        and everyone.actor_type_code = 'alle' and chosen.month = everyone.month
),

unbased as (
    select distinct relation, denominator_code, region_key, part_level, actor_type_code, month
    from published_base
    where denominator_code is not null and (base is null or base <= 0)
),

-- of the parts' denominators those of the actor type go before those of all
base_of_parts as (
    select unbased.relation, unbased.denominator_code, unbased.region_key, unbased.part_level, unbased.actor_type_code, unbased.month,
        coalesce(
            sum(case when eligible.actor_type_code = unbased.actor_type_code then place.part_share * eligible.value end),
            sum(place.part_share * eligible.value)
        ) as base
    from {{ ref('fct_eligible') }} as eligible
    inner join {{ ref('dim_region_part') }} as place
        on eligible.region_key = place.part_key and {{ is_valid_in('place.valid_from', 'place.valid_to', 'eligible.month') }}
    inner join unbased
        on place.relation = unbased.relation and eligible.measure_code = unbased.denominator_code and place.whole_key = unbased.region_key
        and place.part_level = unbased.part_level and eligible.month = unbased.month
        and (eligible.actor_type_code = unbased.actor_type_code or eligible.actor_type_code = 'alle')
    group by unbased.relation, unbased.denominator_code, unbased.region_key, unbased.part_level, unbased.actor_type_code, unbased.month
),

region_sum as (
    select chosen.*, case when chosen.base > 0 then chosen.base when parts.base > 0 then parts.base end as whole_base
    from published_base as chosen
    left join base_of_parts as parts
        on chosen.relation = parts.relation and chosen.denominator_code = parts.denominator_code and chosen.region_key = parts.region_key
        and chosen.part_level = parts.part_level and chosen.actor_type_code = parts.actor_type_code and chosen.month = parts.month
),

-- by actor type, stated or added up
typed as (
    select
        'level' as relation, measure_code, region_key, actor_type_code, month, {{ addend('counted') }}, eligible_value as base,
        is_inferred as is_period_inferred, source_name, snapshot_at
    from counted
    where adds_over_actor_types and denominator_code is not null
    union all
    select
        said.relation, said.measure_code, said.region_key, said.actor_type_code, said.month, said.count_value as value, said.count_lower as lower,
        said.count_upper as upper, said.eligible_value as eligible,
        case when said.qualifier = 'estimate' then 1 else 0 end as has_estimate,
        case when said.qualifier = 'approx' then 1 else 0 end as has_approx,
        case when said.qualifier = 'at_least' then 1 else 0 end as has_at_least,
        case when said.qualifier = 'at_most' then 1 else 0 end as has_at_most,
        case when said.status = 'suppressed' then 1 else 0 end as is_suppressed,
        case when said.status = 'provisional' then 1 else 0 end as is_provisional,
        case when said.whole_base > said.eligible_value then said.whole_base else said.eligible_value end as base,
        case when said.is_period_inferred then 1 else 0 end as is_period_inferred, said.source_name, said.snapshot_at
    from region_sum as said
    inner join summable on said.measure_code = summable.measure_code and summable.adds_over_actor_types
),

ancestor as (
    select actor_type_code, parent_code from {{ ref('dim_actor_type') }} where parent_code is not null
    union all
    select ancestor.actor_type_code, next.parent_code
    from ancestor
    inner join {{ ref('dim_actor_type') }} as next on ancestor.parent_code = next.actor_type_code
    where next.parent_code is not null
),

-- told of as a part of another actor type that is told of too
contained as (
    select distinct inner_type.relation, inner_type.measure_code, inner_type.region_key, inner_type.actor_type_code, inner_type.month
    from typed as inner_type
    inner join ancestor on inner_type.actor_type_code = ancestor.actor_type_code
    inner join typed as outer_type
        on inner_type.relation = outer_type.relation and inner_type.measure_code = outer_type.measure_code
        and inner_type.region_key = outer_type.region_key and ancestor.parent_code = outer_type.actor_type_code
        and inner_type.month = outer_type.month
),

told_of_all as (
    select 'level' as relation, measure_code, region_key, month from {{ ref('fct_adoption') }} where actor_type_code = 'alle'
    union all
    select relation, measure_code, region_key, month from region_sum where actor_type_code = 'alle'
),

type_sum as (
    select
        this.relation, this.measure_code, this.region_key, 'alle' as actor_type_code, this.month, sum(this.base) as type_base, {{ sums_of_addends('this') }},
        {{ origin_of_addends('this') }}
    from typed as this
    inner join {{ ref('dim_actor_type') }} as actor_type
        on this.actor_type_code = actor_type.actor_type_code and actor_type.actor_type_kind = 'actor'
    left join contained
        on this.relation = contained.relation and this.measure_code = contained.measure_code and this.region_key = contained.region_key
        and this.actor_type_code = contained.actor_type_code and this.month = contained.month
    left join told_of_all as stated
        on this.relation = stated.relation and this.measure_code = stated.measure_code and this.region_key = stated.region_key
        and this.month = stated.month
    where contained.measure_code is null and stated.measure_code is null
    group by this.relation, this.measure_code, this.region_key, this.month
    having count(*) >= 2
),

based_type_sum as (
    select
        this.*, summable.denominator_code, 'actor_type' as part_level,
        case when own.value > 0 then own.value when this.type_base > 0 then this.type_base end as whole_base
    from type_sum as this
    inner join summable on this.measure_code = summable.measure_code
    left join {{ ref('fct_eligible') }} as own
        on this.relation = 'level' and summable.denominator_code = own.measure_code and this.region_key = own.region_key
        and own.actor_type_code = 'alle' and this.month = own.month
)

{%- for made in ['region_sum', 'based_type_sum'] %}
{{ 'union all' if not loop.first }}
select
    relation, measure_code, region_key, actor_type_code, month, part_level, part_count, count_value, count_lower, count_upper, denominator_code,
    eligible_value,
    round(case when whole_base < eligible_value then 1 else eligible_value / whole_base end, 6) as reported_share,
    qualifier, status, is_period_inferred, source_name, snapshot_at
from {{ made }}
{%- endfor %}
