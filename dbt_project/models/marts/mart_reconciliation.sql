{%- set period = [
    'measure_code', 'actor_type_code', 'period_start', 'period_end', 'period_grain'
] -%}
-- counts that add over regions: per region and period, the newest figure comes first
with ranked as (
    select
        figure.*,
        row_number() over (
            partition by
                figure.measure_code,
                figure.region_key,
                figure.actor_type_code,
                figure.period_start,
                figure.period_end,
                figure.period_grain
            order by figure.snapshot_at desc, figure.source_name asc
        ) as figure_rank
    from {{ ref('fct_observation') }} as figure
    inner join
        {{ ref('dim_measure') }} as measure
        on figure.measure_code = measure.measure_code and measure.adds_over_regions
    where
        figure.period_end is not null
        and figure.period_grain is distinct from 'span'
        and figure.status <> 'missing'
),

figure as (
    select
        {{ columns_of('ranked', period) }},
        ranked.region_key,
        {{ month_of('ranked.period_end') }} as month,
        ranked.value as count_value,
        ranked.lower_bound as count_lower,
        ranked.upper_bound as count_upper,
        ranked.qualifier as count_qualifier,
        ranked.status as count_status,
        cast(null as {{ type_double() }}) as eligible_value,
        cast(null as {{ type_double() }}) as eligible_lower,
        cast(null as {{ type_double() }}) as eligible_upper,
        cast(null as integer) as eligible_months_away,
        'exact' as eligible_qualifier,
        'observed' as eligible_status,
        ranked.source_name,
        ranked.snapshot_at
    from ranked
    where ranked.figure_rank = 1
),

-- only where the whole is published too
addend as (
    select
        {{ columns_of('figure', period) }},
        figure.month,
        region_part.whole_key,
        region_part.part_level,
        figure.source_name as part_source,
        {{ addend('figure', 'region_part.part_share', 'region_part.part_quality') }}
    from figure
    inner join {{ ref('dim_region_part') }} as region_part
        on
            region_part.relation = 'level'
            and figure.region_key = region_part.part_key
            and {{ is_valid_in('region_part.valid_from', 'region_part.valid_to', 'figure.month') }}
    inner join
        (select distinct
            published.measure_code,
            published.region_key
        from figure as published
        where published.count_value is not null) as whole
        on figure.measure_code = whole.measure_code and region_part.whole_key = whole.region_key
),

added as (
    select
        {{ columns_of('addend', period) }},
        addend.month,
        addend.whole_key,
        addend.part_level,
        min(addend.part_source) as first_source,
        max(addend.part_source) as last_source,
        {{ sums_of_addends('addend') }}
    from addend
    group by {{ columns_of('addend', period) }}, addend.month, addend.whole_key, addend.part_level
),

expected as (
    select
        region_part.whole_key,
        region_part.part_level,
        calendar.month,
        cast(count(*) as integer) as part_count
    from {{ ref('dim_region_part') }} as region_part
    inner join
        {{ ref('dim_month') }} as calendar
        on {{ is_valid_in('region_part.valid_from', 'region_part.valid_to', 'calendar.month') }}
    where region_part.relation = 'level'
    group by region_part.whole_key, region_part.part_level, calendar.month
),

compared as (
    select
        added.*,
        expected.part_count as expected_part_count,
        whole.count_value as published_value,
        whole.count_qualifier as published_qualifier,
        whole.source_name,
        whole.snapshot_at,
        -- a whole of another publisher beside the sum would say what is left for a suppressed part
        added.status = 'suppressed'
        and (added.first_source <> whole.source_name or added.last_source <> whole.source_name)
            as is_withheld_together,
        -- how far the published whole lies outside what the parts allow
        case
            when added.count_lower is null or added.count_upper is null then null
            when whole.count_value > added.count_upper then whole.count_value - added.count_upper
            when whole.count_value < added.count_lower then whole.count_value - added.count_lower
            else {{ double_of(0) }}
        end as difference
    from added
    inner join figure as whole
        on
            added.whole_key = whole.region_key
            {%- for column in period %}
                and added.{{ column }} = whole.{{ column }}
            {%- endfor %}
    inner join expected
        on
            added.whole_key = expected.whole_key
            and added.part_level = expected.part_level
            and added.month = expected.month
    where whole.count_value is not null
)

select
    measure.service_code,
    compared.measure_code,
    measure.measure_name,
    compared.whole_key as region_key,
    region.region_level,
    region.region_name,
    compared.actor_type_code,
    compared.period_start,
    compared.period_end,
    compared.period_grain,
    compared.part_level,
    compared.part_count,
    compared.expected_part_count,
    compared.published_value,
    case when not compared.is_withheld_together then compared.count_value end as sum_value,
    case when not compared.is_withheld_together then compared.count_lower end as sum_lower,
    case when not compared.is_withheld_together then compared.count_upper end as sum_upper,
    case when not compared.is_withheld_together then compared.difference end as difference,
    case
        when not compared.is_withheld_together
            then compared.difference / nullif(abs(compared.published_value), 0)
    end as difference_share,
    case
        when compared.is_withheld_together then 'not_comparable'
        when compared.part_count < compared.expected_part_count then 'incomplete'
        when compared.difference is null then 'not_comparable'
        when compared.difference = 0 then 'agrees'
        when
            abs(compared.difference)
            <= {{ var('reconciliation_tolerance') }} * abs(compared.published_value)
            then 'within_tolerance'
        when
            compared.qualifier = 'estimate' or compared.published_qualifier <> 'exact'
            then 'not_comparable'
        else 'differs'
    end as reconciliation_status,
    compared.qualifier,
    compared.source_name,
    compared.snapshot_at
from compared
inner join {{ ref('dim_measure') }} as measure on compared.measure_code = measure.measure_code
inner join {{ ref('dim_region') }} as region on compared.whole_key = region.region_key
