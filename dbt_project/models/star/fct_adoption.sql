{%- set part = ['value', 'lower_bound', 'upper_bound', 'qualifier', 'status', 'is_period_inferred', 'source_name', 'snapshot_at'] -%}
{%- set cell = ['region_key', 'actor_type_code', 'month'] -%}
-- what was stated about each month: of several the newest within the month, and of those the one about the whole month
with stated as (
    select
        said.*,
        row_number() over (
            partition by said.measure_code, said.region_key, said.actor_type_code, said.month
            order by said.period_end desc, said.period_start, said.snapshot_at desc, said.source_name
        ) as place
    from {{ ref('fct_observation') }} as said
    inner join {{ ref('dim_measure') }} as measure on said.measure_code = measure.measure_code
    -- a day's flow says nothing of its month
    where
        said.month is not null and (measure.time_kind <> 'flow' or said.period_grain = 'month')
        and (
            measure.is_adoption
            or measure.measure_code in (select numerator_code from {{ ref('dim_measure') }} where is_adoption and numerator_code is not null)
        )
),

monthly as (
    select * from stated where place = 1
),

share_measure as (
    select measure_code, numerator_code from {{ ref('dim_measure') }} where is_adoption and unit = 'share' and numerator_code is not null
),

-- shares as stated, the counts of those and of shares nobody stated, and counts that are measures of adoption themselves
told as (
    select
        said.measure_code, {{ columns_of('said', cell) }}, 'share' as stated_as,
        {{ columns_of('said', part, 'stated_') }}, {{ columns_of('counted', part, 'count_') }}
    from monthly as said
    inner join {{ ref('dim_measure') }} as measure on said.measure_code = measure.measure_code and measure.is_adoption and measure.unit = 'share'
    left join share_measure as measured on said.measure_code = measured.measure_code
    left join monthly as counted
        on measured.numerator_code = counted.measure_code and said.region_key = counted.region_key
        and said.actor_type_code = counted.actor_type_code and said.month = counted.month
    union all
    select
        measured.measure_code, {{ columns_of('counted', cell) }}, 'nothing' as stated_as,
        {{ columns_of('counted', part, 'stated_') }}, {{ columns_of('counted', part, 'count_') }}
    from monthly as counted
    inner join share_measure as measured on counted.measure_code = measured.numerator_code
    left join monthly as said
        on measured.measure_code = said.measure_code and counted.region_key = said.region_key
        and counted.actor_type_code = said.actor_type_code and counted.month = said.month
    where said.measure_code is null
    union all
    select
        counted.measure_code, {{ columns_of('counted', cell) }}, 'count' as stated_as,
        {{ columns_of('counted', part, 'stated_') }}, {{ columns_of('counted', part, 'count_') }}
    from monthly as counted
    inner join {{ ref('dim_measure') }} as measure on counted.measure_code = measure.measure_code and measure.is_adoption and measure.unit <> 'share'
),

-- among how many: of the same actor type, else of all
among as (
    select
        told.*, measure.denominator_code,
        {%- for column in ['value', 'lower_bound', 'upper_bound', 'qualifier', 'status'] %}
        case when own.measure_code is not null then own.{{ column }} else everyone.{{ column }} end as eligible_{{ column }},
        {%- endfor %}
        own.measure_code is not null or everyone.measure_code is not null as is_eligible_known
    from told
    inner join {{ ref('dim_measure') }} as measure on told.measure_code = measure.measure_code
    left join {{ ref('fct_eligible') }} as own
        on measure.denominator_code = own.measure_code and told.region_key = own.region_key
        and told.actor_type_code = own.actor_type_code and told.month = own.month
    left join {{ ref('fct_eligible') }} as everyone
        on measure.denominator_code = everyone.measure_code and told.region_key = everyone.region_key
        and everyone.actor_type_code = 'alle' and told.month = everyone.month
)

select
    measure_code, region_key, actor_type_code, month,
    case when stated_as <> 'share' and is_eligible_known then 'derived' else 'published' end as basis,
    case when stated_as = 'share' then stated_value end as stated_share,
    case when stated_as = 'share' then stated_lower_bound end as stated_share_lower,
    case when stated_as = 'share' then stated_upper_bound end as stated_share_upper,
    count_value, count_lower_bound as count_lower, count_upper_bound as count_upper, count_qualifier, count_status,
    denominator_code, eligible_value, eligible_lower_bound as eligible_lower, eligible_upper_bound as eligible_upper, eligible_qualifier, eligible_status,
    case
        when stated_as <> 'share' and is_eligible_known then {{ qualifier_of_quotient('count_qualifier', 'eligible_qualifier') }} else stated_qualifier
    end as qualifier,
    case when stated_as <> 'share' and is_eligible_known then {{ status_of_quotient('count_status', 'eligible_status') }} else stated_status end as status,
    stated_is_period_inferred as is_period_inferred, stated_source_name as source_name, stated_snapshot_at as snapshot_at
from among
where stated_as <> 'nothing' or is_eligible_known
