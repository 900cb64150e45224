{%- set whole = ['relation', 'measure_code', 'region_key', 'actor_type_code', 'month'] -%}
{%- set part_is_valid = is_valid_in('part.valid_from', 'part.valid_to', 'calendar.month') -%}
with summable as (
    select
        measure.measure_code,
        measure.denominator_code,
        measure.unit = 'share'
        and numerator.adds_over_actor_types
        and denominator.adds_over_actor_types as adds_over_actor_types
    from {{ ref('dim_measure') }} as measure
    left join {{ ref('dim_measure') }} as numerator
        on measure.numerator_code = numerator.measure_code
    left join {{ ref('dim_measure') }} as denominator
        on measure.denominator_code = denominator.measure_code
    where
        measure.is_adoption
        and case
            when measure.unit = 'share'
                then numerator.adds_over_regions and denominator.adds_over_regions
            else measure.adds_over_regions
        end
),

-- published counts that can be added: with their denominator, where the measure has one
countable as (
    select
        adoption.*,
        summable.adds_over_actor_types,
        case when adoption.is_period_inferred then 1 else 0 end as is_inferred
    from {{ ref('fct_adoption') }} as adoption
    inner join summable on adoption.measure_code = summable.measure_code
    where
        adoption.count_status <> 'missing'
        and (adoption.denominator_code is null or adoption.eligible_value is not null)
),

published_whole as (
    select
        measure_code,
        region_key,
        actor_type_code,
        month
    from {{ ref('fct_adoption') }}
    where region_key in (
        select whole_key from {{ ref('dim_region_part') }}
        where relation = 'level'
    )
),

-- parts of wholes that are not published
addend as (
    select
        part.relation,
        countable.measure_code,
        part.whole_key as region_key,
        part.part_level,
        countable.actor_type_code,
        countable.month,
        {{ addend('countable', 'part.part_share', 'part.part_quality') }},
        countable.is_inferred as is_period_inferred,
        countable.source_name,
        countable.snapshot_at
    from countable
    inner join {{ ref('dim_region_part') }} as part
        on
            countable.region_key = part.part_key
            and part.relation in ('level', 'reform')
            and {{ is_valid_in('part.valid_from', 'part.valid_to', 'countable.month') }}
    left join published_whole
        on
            part.relation = 'level'
            and countable.measure_code = published_whole.measure_code
            and part.whole_key = published_whole.region_key
            and countable.actor_type_code = published_whole.actor_type_code
            and countable.month = published_whole.month
    where published_whole.measure_code is null
),

added as (
    select
        {{ columns_of('addend', whole + ['part_level']) }},
        {{ sums_of_addends('addend') }},
        {{ origin_of_addends('addend') }}
    from addend
    group by {{ columns_of('addend', whole + ['part_level']) }}
),

-- how many parts of each level a whole has
expected as (
    select
        part.relation,
        part.whole_key,
        part.part_level,
        calendar.month,
        count(*) as part_count
    from {{ ref('dim_region_part') }} as part
    inner join {{ ref('dim_month') }} as calendar on {{ part_is_valid }}
    group by part.relation, part.whole_key, part.part_level, calendar.month
),

-- per whole, the level of parts that covers the largest denominator comes first; on a tie the
-- larger kind of region. Without a denominator, only a level with all its parts counts.
ranked as (
    select
        added.*,
        row_number() over (
            partition by {{ columns_of('added', whole) }}
            order by
                coalesce(added.eligible_value, 0) desc,
                case added.part_level
                    when 'rhf' then 1
                    when 'fylke' then 2
                    when 'hf' then 3
                    when 'helsefellesskap' then 4
                    when 'kommune' then 5
                    else 6
                end
        ) as rank_of_level
    from added
    inner join expected
        on
            added.relation = expected.relation
            and added.region_key = expected.whole_key
            and added.part_level = expected.part_level
            and added.month = expected.month
    where added.eligible_value is not null or added.part_count = expected.part_count
),

chosen as (
    select
        ranked.*,
        summable.denominator_code
    from ranked
    inner join summable on ranked.measure_code = summable.measure_code
    where ranked.rank_of_level = 1
),

-- the base of a whole, which its reported share is of: its published denominator ...
published_base as (
    select
        chosen.*,
        case when own.measure_code is not null then own.value else of_all.value end as base
    from chosen
    left join {{ ref('fct_eligible') }} as own
        on
            chosen.relation = 'level'
            and chosen.denominator_code = own.measure_code
            and chosen.region_key = own.region_key
            and chosen.actor_type_code = own.actor_type_code
            and chosen.month = own.month
    left join {{ ref('fct_eligible') }} as of_all
        on
            chosen.relation = 'level'
            and chosen.denominator_code = of_all.measure_code
            and chosen.region_key = of_all.region_key
            and of_all.actor_type_code = 'alle'
            and chosen.month = of_all.month
),

without_base as (
    select distinct
        relation,
        denominator_code,
        region_key,
        part_level,
        actor_type_code,
        month
    from published_base
    where denominator_code is not null and (base is null or base <= 0)
),

-- ... else that of all its parts, reporting or not: of the actor type before those of all
base_of_parts as (
    select
        without_base.relation,
        without_base.denominator_code,
        without_base.region_key,
        without_base.part_level,
        without_base.actor_type_code,
        without_base.month,
        coalesce(
            {{ exact_sum(
                'case when eligible.actor_type_code = without_base.actor_type_code'
                ~ ' then part.part_share * eligible.value end'
            ) }},
            {{ exact_sum('part.part_share * eligible.value') }}
        ) as base
    from {{ ref('fct_eligible') }} as eligible
    inner join {{ ref('dim_region_part') }} as part
        on
            eligible.region_key = part.part_key
            and {{ is_valid_in('part.valid_from', 'part.valid_to', 'eligible.month') }}
    inner join without_base
        on
            part.relation = without_base.relation
            and eligible.measure_code = without_base.denominator_code
            and part.whole_key = without_base.region_key
            and part.part_level = without_base.part_level
            and eligible.month = without_base.month
            and (
                eligible.actor_type_code = without_base.actor_type_code
                or eligible.actor_type_code = 'alle'
            )
    group by
        without_base.relation,
        without_base.denominator_code,
        without_base.region_key,
        without_base.part_level,
        without_base.actor_type_code,
        without_base.month
),

region_sum as (
    select
        chosen.*,
        case
            when chosen.base > 0 then chosen.base
            when parts.base > 0 then parts.base
        end as whole_base
    from published_base as chosen
    left join base_of_parts as parts
        on
            chosen.relation = parts.relation
            and chosen.denominator_code = parts.denominator_code
            and chosen.region_key = parts.region_key
            and chosen.part_level = parts.part_level
            and chosen.actor_type_code = parts.actor_type_code
            and chosen.month = parts.month
),

-- figures by actor type, published or added up over regions
by_type as (
    select
        'level' as relation,
        measure_code,
        region_key,
        actor_type_code,
        month,
        {{ addend('countable') }},
        eligible_value as base,
        is_inferred as is_period_inferred,
        source_name,
        snapshot_at
    from countable
    where adds_over_actor_types and denominator_code is not null
    union all
    select
        sums.relation,
        sums.measure_code,
        sums.region_key,
        sums.actor_type_code,
        sums.month,
        sums.count_value as value,
        sums.count_lower as lower,
        sums.count_upper as upper,
        sums.eligible_value as eligible,
        case when sums.qualifier = 'estimate' then 1 else 0 end as has_estimate,
        case when sums.qualifier = 'approx' then 1 else 0 end as has_approx,
        case when sums.qualifier = 'at_least' then 1 else 0 end as has_at_least,
        case when sums.qualifier = 'at_most' then 1 else 0 end as has_at_most,
        case when sums.status = 'suppressed' then 1 else 0 end as is_suppressed,
        case when sums.status = 'provisional' then 1 else 0 end as is_provisional,
        case
            when sums.whole_base > sums.eligible_value then sums.whole_base
            else sums.eligible_value
        end as base,
        case when sums.is_period_inferred then 1 else 0 end as is_period_inferred,
        sums.source_name,
        sums.snapshot_at
    from region_sum as sums
    inner join summable
        on sums.measure_code = summable.measure_code and summable.adds_over_actor_types
),

ancestor_0 as (
    select
        actor_type_code,
        parent_code
    from {{ ref('dim_actor_type') }}
    where parent_code is not null
),

{%- for step in range(1, var('deepest_actor_type') | int) %}
    ancestor_{{ step }} as (
        select
            nearer.actor_type_code,
            parent.parent_code
        from ancestor_{{ step - 1 }} as nearer
        inner join {{ ref('dim_actor_type') }} as parent
            on nearer.parent_code = parent.actor_type_code
        where parent.parent_code is not null
    ),
{%- endfor %}

ancestor as (
    {%- for step in range((var('deepest_actor_type') | int, 1) | max) %}
        {{ 'union all' if not loop.first }}
        select * from ancestor_{{ step }}
    {%- endfor %}
),

-- actor types whose parent type has a figure too: left out, else they would count twice
contained as (
    select distinct
        inner_type.relation,
        inner_type.measure_code,
        inner_type.region_key,
        inner_type.actor_type_code,
        inner_type.month
    from by_type as inner_type
    inner join ancestor on inner_type.actor_type_code = ancestor.actor_type_code
    inner join by_type as outer_type
        on
            inner_type.relation = outer_type.relation
            and inner_type.measure_code = outer_type.measure_code
            and inner_type.region_key = outer_type.region_key
            and ancestor.parent_code = outer_type.actor_type_code
            and inner_type.month = outer_type.month
),

has_all_types as (
    select
        'level' as relation,
        measure_code,
        region_key,
        month
    from {{ ref('fct_adoption') }}
    where actor_type_code = 'alle'
    union all
    select
        relation,
        measure_code,
        region_key,
        month
    from region_sum
    where actor_type_code = 'alle'
),

type_sum as (
    select
        by_type.relation,
        by_type.measure_code,
        by_type.region_key,
        'alle' as actor_type_code,
        by_type.month,
        {{ exact_sum('by_type.base') }} as type_base,
        {{ sums_of_addends('by_type') }},
        {{ origin_of_addends('by_type') }}
    from by_type
    inner join {{ ref('dim_actor_type') }} as actor_type
        on
            by_type.actor_type_code = actor_type.actor_type_code
            and actor_type.actor_type_kind = 'actor'
    left join contained
        on
            by_type.relation = contained.relation
            and by_type.measure_code = contained.measure_code
            and by_type.region_key = contained.region_key
            and by_type.actor_type_code = contained.actor_type_code
            and by_type.month = contained.month
    left join has_all_types
        on
            by_type.relation = has_all_types.relation
            and by_type.measure_code = has_all_types.measure_code
            and by_type.region_key = has_all_types.region_key
            and by_type.month = has_all_types.month
    where contained.measure_code is null and has_all_types.measure_code is null
    group by by_type.relation, by_type.measure_code, by_type.region_key, by_type.month
    having count(*) >= 2
),

based_type_sum as (
    select
        type_sum.*,
        summable.denominator_code,
        'actor_type' as part_level,
        case
            when own.value > 0 then own.value
            when type_sum.type_base > 0 then type_sum.type_base
        end as whole_base
    from type_sum
    inner join summable on type_sum.measure_code = summable.measure_code
    left join {{ ref('fct_eligible') }} as own
        on
            type_sum.relation = 'level'
            and summable.denominator_code = own.measure_code
            and type_sum.region_key = own.region_key
            and own.actor_type_code = 'alle'
            and type_sum.month = own.month
)

{%- for sums in ['region_sum', 'based_type_sum'] %}
    {{ 'union all' if not loop.first }}
    select
        relation,
        measure_code,
        region_key,
        actor_type_code,
        month,
        part_level,
        part_count,
        count_value,
        count_lower,
        count_upper,
        denominator_code,
        eligible_value,
        round(
            case when whole_base < eligible_value then 1 else eligible_value / whole_base end, 6
        ) as reported_share,
        qualifier,
        status,
        is_period_inferred,
        source_name,
        snapshot_at
    from {{ sums }}
{%- endfor %}
