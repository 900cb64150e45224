{%- set whole = ['relation', 'measure_code', 'region_key', 'actor_type_code', 'month'] -%}
{%- set base_of = [
    'relation', 'denominator_code', 'region_key', 'part_level', 'actor_type_code', 'month'
] -%}
{%- set type_of = ['relation', 'denominator_code', 'region_key', 'actor_type_code', 'month'] -%}
{%- set part_is_valid = is_valid_in('part.valid_from', 'part.valid_to', 'calendar.month') -%}
with summable as (
    select
        measure.measure_code,
        measure.denominator_code,
        denominator.adds_over_actor_types as has_base_by_actor_type,
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

-- regions and actor types as numbers: sums of their cubes differ where the sets do
numbered_region as (
    select
        region_key,
        row_number() over (order by region_key) as region_number
    from {{ ref('dim_region') }}
),

numbered_actor_type as (
    select
        actor_type_code,
        actor_type_kind,
        row_number() over (order by actor_type_code) as actor_type_number
    from {{ ref('dim_actor_type') }}
),

-- published counts that can be added: with their denominator, where the measure has one
countable as (
    select
        adoption.*,
        summable.adds_over_actor_types,
        {{ length_of_grain('adoption.period_grain') }} as grain_length,
        case when adoption.is_period_inferred then 1 else 0 end as is_inferred
    from {{ ref('fct_adoption') }} as adoption
    inner join summable on adoption.measure_code = summable.measure_code
    where
        adoption.count_status <> 'missing'
        and not adoption.is_contradictory
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
        countable.grain_length,
        countable.eligible_as_of,
        numbered.region_number * numbered.region_number * numbered.region_number as part_number,
        countable.is_inferred as is_period_inferred,
        countable.source_name,
        countable.snapshot_at
    from countable
    inner join {{ ref('dim_region_part') }} as part
        on
            countable.region_key = part.part_key
            and part.relation in ('level', 'reform')
            and {{ is_valid_in('part.valid_from', 'part.valid_to', 'countable.month') }}
    inner join numbered_region as numbered on countable.region_key = numbered.region_key
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
        cast(count(*) as integer) as part_count
    from {{ ref('dim_region_part') }} as part
    inner join {{ ref('dim_month') }} as calendar on {{ part_is_valid }}
    group by part.relation, part.whole_key, part.part_level, calendar.month
),

-- per whole, the level of parts that covers the largest denominator comes first; on a tie the
-- larger kind of region. Without a denominator, only a level with all its parts counts.
ranked as (
    select
        added.*,
        expected.part_count as expected_part_count,
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
        summable.denominator_code,
        summable.has_base_by_actor_type,
        summable.adds_over_actor_types
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
            and not chosen.has_base_by_actor_type
            and chosen.denominator_code = of_all.measure_code
            and chosen.region_key = of_all.region_key
            and of_all.actor_type_code = 'alle'
            and chosen.month = of_all.month
),

-- denominators of parts, of actor types that wholes are added up over; those of a whole's actor
-- types are looked for among its parts too, as one of them may have no count
type_of_part as (
    select distinct
        reporting.relation,
        reporting.denominator_code,
        reporting.region_key,
        reporting.part_level,
        eligible.actor_type_code,
        reporting.month
    from (
        select distinct
            relation,
            denominator_code,
            region_key,
            part_level,
            month
        from chosen
        where adds_over_actor_types
    ) as reporting
    inner join {{ ref('dim_region_part') }} as part
        on
            reporting.relation = part.relation
            and reporting.region_key = part.whole_key
            and reporting.part_level = part.part_level
            and {{ is_valid_in('part.valid_from', 'part.valid_to', 'reporting.month') }}
    inner join {{ ref('fct_eligible') }} as eligible
        on
            reporting.denominator_code = eligible.measure_code
            and part.part_key = eligible.region_key
            and reporting.month = eligible.month
),

without_base as (
    select
        {{ columns_of('published_base', base_of) }},
        max(
            case when published_base.has_base_by_actor_type then 1 else 0 end
        ) as has_base_by_actor_type
    from published_base
    where
        published_base.denominator_code is not null
        and (published_base.base is null or published_base.base <= 0)
    group by {{ columns_of('published_base', base_of) }}
    union
    select
        {{ columns_of('type_of_part', base_of) }},
        1 as has_base_by_actor_type
    from type_of_part
),

-- ... else that of all its parts, where each of them has published one
base_of_parts as (
    select
        {{ columns_of('without_base', base_of) }},
        case
            when count(coalesce(own.value, of_all.value)) = count(*)
                then {{ exact_sum('part.part_share * coalesce(own.value, of_all.value)') }}
        end as base
    from without_base
    inner join {{ ref('dim_region_part') }} as part
        on
            without_base.relation = part.relation
            and without_base.region_key = part.whole_key
            and without_base.part_level = part.part_level
            and {{ is_valid_in('part.valid_from', 'part.valid_to', 'without_base.month') }}
    left join {{ ref('fct_eligible') }} as own
        on
            without_base.denominator_code = own.measure_code
            and part.part_key = own.region_key
            and without_base.actor_type_code = own.actor_type_code
            and without_base.month = own.month
    left join {{ ref('fct_eligible') }} as of_all
        on
            without_base.has_base_by_actor_type = 0
            and without_base.denominator_code = of_all.measure_code
            and part.part_key = of_all.region_key
            and of_all.actor_type_code = 'alle'
            and without_base.month = of_all.month
    group by {{ columns_of('without_base', base_of) }}
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
        grain_length,
        eligible_as_of,
        0 as parts_checksum,
        is_inferred as is_period_inferred,
        source_name,
        snapshot_at
    from countable
    where adds_over_actor_types and denominator_code is not null
    union all
    select
        relation,
        measure_code,
        region_key,
        actor_type_code,
        month,
        count_value as value,
        count_lower as lower,
        count_upper as upper,
        eligible_value as eligible,
        eligible_lower,
        eligible_upper,
        case when qualifier = 'estimate' then 1 else 0 end as has_estimate,
        case when qualifier = 'approx' and status <> 'suppressed' then 1 else 0 end as has_approx,
        case when qualifier = 'at_least' and status <> 'suppressed' then 1 else 0 end
            as has_at_least,
        case when qualifier = 'at_most' and status <> 'suppressed' then 1 else 0 end
            as has_at_most,
        case when status = 'suppressed' then 1 else 0 end as is_suppressed,
        case when status = 'provisional' then 1 else 0 end as is_provisional,
        grain_length,
        eligible_as_of,
        part_checksum as parts_checksum,
        case when is_period_inferred then 1 else 0 end as is_period_inferred,
        source_name,
        snapshot_at
    from region_sum
    where adds_over_actor_types
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

outermost as (
    select
        by_type.*,
        summable.denominator_code,
        actor_type.actor_type_number * actor_type.actor_type_number
        * actor_type.actor_type_number + by_type.parts_checksum as part_number
    from by_type
    inner join summable on by_type.measure_code = summable.measure_code
    inner join numbered_actor_type as actor_type
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
),

type_sum as (
    select
        outermost.relation,
        outermost.measure_code,
        outermost.denominator_code,
        outermost.region_key,
        'alle' as actor_type_code,
        outermost.month,
        {{ sums_of_addends('outermost') }},
        {{ origin_of_addends('outermost') }}
    from outermost
    group by
        outermost.relation,
        outermost.measure_code,
        outermost.denominator_code,
        outermost.region_key,
        outermost.month
    having count(*) >= 2
),

-- the base of each actor type of a region: published, that of its sum, or that of its parts
stated_type_base as (
    select
        'level' as relation,
        eligible.measure_code as denominator_code,
        eligible.region_key,
        eligible.actor_type_code,
        eligible.month,
        eligible.value as base,
        1 as preference
    from {{ ref('fct_eligible') }} as eligible
    where
        eligible.measure_code in (
            select denominator_code from summable
            where adds_over_actor_types
        )
    union all
    select
        {{ columns_of('region_sum', type_of) }},
        region_sum.whole_base as base,
        2 as preference
    from region_sum
    where region_sum.adds_over_actor_types
    union all
    select
        {{ columns_of('base_of_parts', type_of) }},
        base_of_parts.base,
        3 as preference
    from base_of_parts
),

type_base as (
    select
        {{ columns_of('stated', type_of) }},
        coalesce(
            max(case when stated.preference = 1 then stated.base end),
            max(case when stated.preference = 2 then stated.base end),
            max(case when stated.preference = 3 then stated.base end)
        ) as base
    from stated_type_base as stated
    inner join numbered_actor_type as actor_type
        on
            stated.actor_type_code = actor_type.actor_type_code
            and actor_type.actor_type_kind = 'actor'
    group by {{ columns_of('stated', type_of) }}
),

contained_base as (
    select distinct {{ columns_of('inner_type', type_of) }}
    from type_base as inner_type
    inner join ancestor on inner_type.actor_type_code = ancestor.actor_type_code
    inner join type_base as outer_type
        on
            inner_type.relation = outer_type.relation
            and inner_type.denominator_code = outer_type.denominator_code
            and inner_type.region_key = outer_type.region_key
            and ancestor.parent_code = outer_type.actor_type_code
            and inner_type.month = outer_type.month
),

base_of_types as (
    select
        type_base.relation,
        type_base.denominator_code,
        type_base.region_key,
        type_base.month,
        cast(count(*) as integer) as expected_part_count,
        {{ whole_sum('type_base', 'base') }} as base
    from type_base
    left join contained_base
        on
            type_base.relation = contained_base.relation
            and type_base.denominator_code = contained_base.denominator_code
            and type_base.region_key = contained_base.region_key
            and type_base.actor_type_code = contained_base.actor_type_code
            and type_base.month = contained_base.month
    where contained_base.region_key is null
    group by
        type_base.relation, type_base.denominator_code, type_base.region_key, type_base.month
),

based_type_sum as (
    select
        type_sum.*,
        'actor_type' as part_level,
        types.expected_part_count,
        case
            when own.value > 0 then own.value
            when types.base > 0 then types.base
        end as whole_base
    from type_sum
    left join base_of_types as types
        on
            type_sum.relation = types.relation
            and type_sum.denominator_code = types.denominator_code
            and type_sum.region_key = types.region_key
            and type_sum.month = types.month
    left join {{ ref('fct_eligible') }} as own
        on
            type_sum.relation = 'level'
            and type_sum.denominator_code = own.measure_code
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
        expected_part_count,
        part_checksum,
        count_value,
        count_lower,
        count_upper,
        denominator_code,
        eligible_value,
        eligible_lower,
        eligible_upper,
        eligible_as_of,
        {{ rounded_share('case when whole_base < eligible_value then ' ~ double_of(1)
            ~ ' else eligible_value / whole_base end') }} as reported_share,
        qualifier,
        status,
        {{ grain_of_length('grain_length') }} as period_grain,
        is_period_inferred,
        source_name,
        snapshot_at
    from {{ sums }}
{%- endfor %}
