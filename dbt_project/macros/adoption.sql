{#- Counts are rounded to whole numbers, and shares rounded and cut at 0 and 1, here and nowhere
    before. -#}
{% macro rounded_adoption(rows, share, share_lower, share_upper) -%}
    cast(round({{ rows }}.count_value) as bigint) as adoption_count,
    cast(round({{ rows }}.count_lower) as bigint) as adoption_count_lower,
    cast(round({{ rows }}.count_upper) as bigint) as adoption_count_upper,
    cast(round({{ rows }}.eligible_value) as bigint) as eligible_count,
    {{ rounded_share(within_0_and_1(share)) }} as adoption_share,
    {{ rounded_share(within_0_and_1(share_lower)) }} as share_lower,
    {{ rounded_share(within_0_and_1(share_upper)) }} as share_upper
{%- endmacro %}

{% macro quotient(numerator, denominator) -%}
    case when {{ denominator }} > 0 then {{ numerator }} / {{ denominator }} end
{%- endmacro %}

{#- The figures of a sum of parts as those of a row of adoption. A sum has a share only where the
    base of the whole is known. -#}
{% macro sum_as_adoption(sums) -%}
    {%- set is_known = sums ~ '.reported_share is not null' -%}
    {{ rounded_adoption(
        sums,
        'case when ' ~ is_known ~ ' then '
        ~ quotient(sums ~ '.count_value', sums ~ '.eligible_value') ~ ' end',
        'case when ' ~ is_known ~ ' then '
        ~ quotient(sums ~ '.count_lower', sums ~ '.eligible_upper') ~ ' end',
        'case when ' ~ is_known ~ ' then '
        ~ quotient(sums ~ '.count_upper', sums ~ '.eligible_lower') ~ ' end'
    ) }},
    {{ sums }}.qualifier,
    {{ sums }}.status,
    'aggregated' as basis,
    {{ columns_of(sums, [
        'denominator_code', 'eligible_as_of', 'reported_share', 'part_level', 'part_count',
        'expected_part_count', 'part_checksum', 'period_grain', 'is_period_inferred',
        'source_name', 'snapshot_at',
    ]) }},
    {{ sums }}.denominator_code is null
    or coalesce({{ sums }}.reported_share >= {{ var('least_reported_share') }}, false)
        as is_representative,
    {{ is_value_implied(sums) }} as is_value_implied
{%- endmacro %}

{#- Whether the value is withheld, and yet follows from bounds that are equal. -#}
{% macro is_value_implied(rows) -%}
    {{ rows }}.status = 'suppressed'
    and coalesce({{ rows }}.count_lower = {{ rows }}.count_upper, false)
{%- endmacro %}

{#- Whether two rows are about the same parts: the same ones, or in both months all the regions
    that the whole had. -#}
{% macro have_same_parts(this, that) -%}
    coalesce(
        {{ this }}.part_checksum = {{ that }}.part_checksum
        or (
            {{ this }}.part_level <> 'actor_type'
            and {{ that }}.part_level <> 'actor_type'
            and {{ this }}.part_count = {{ this }}.expected_part_count
            and {{ that }}.part_count = {{ that }}.expected_part_count
        ),
        {{ this }}.part_checksum is null and {{ that }}.part_checksum is null
    )
{%- endmacro %}

{#- Whether two shares of a series can be compared: both have a value that is not merely a bound,
    the same denominator, both are sums or neither is, of the same parts, and as much of the region
    reported for both. -#}
{% macro are_comparable(this, that) -%}
    {{ this }}.qualifier in ('exact', 'approx', 'estimate')
    and {{ that }}.qualifier in ('exact', 'approx', 'estimate')
    and coalesce({{ this }}.denominator_code, '') = coalesce({{ that }}.denominator_code, '')
    and ({{ this }}.basis = 'aggregated') = ({{ that }}.basis = 'aggregated')
    and {{ have_same_parts(this, that) }}
    and coalesce(
        abs({{ this }}.reported_share - {{ that }}.reported_share) <= 0.02,
        {{ this }}.reported_share is null and {{ that }}.reported_share is null
    )
{%- endmacro %}

{#- The figures of a row of adoption, as every table that has them names them. -#}
{% macro adoption_figures() -%}
    {{ return([
        'adoption_count', 'adoption_count_lower', 'adoption_count_upper', 'eligible_count',
        'eligible_as_of', 'adoption_share', 'share_lower', 'share_upper', 'is_value_implied',
        'qualifier', 'status', 'basis', 'denominator_code', 'reported_share', 'part_count',
        'expected_part_count', 'is_representative', 'period_grain', 'is_period_inferred',
        'source_name', 'snapshot_at',
    ]) }}
{%- endmacro %}

{#- Those, and what a change needs to know of the parts. -#}
{% macro adoption_facts() -%}
    {{ return(adoption_figures() + ['part_level', 'part_checksum']) }}
{%- endmacro %}

{#- Whether two rows belong to one series: all of the key of adoption but the month. -#}
{% macro is_same_series(this, that) -%}
    {{ this }}.measure_code = {{ that }}.measure_code
    and {{ this }}.region_key = {{ that }}.region_key
    and {{ this }}.actor_type_code = {{ that }}.actor_type_code
{%- endmacro %}

{% macro change_since(this, that) -%}
    case
        when {{ are_comparable(this, that) }}
            then {{ rounded_share(this ~ '.adoption_share - ' ~ that ~ '.adoption_share') }}
    end
{%- endmacro %}

{#- The least and the greatest share a region can have as a whole: the part of it that has not
    reported may have any. Empty where nothing bounds the share. -#}
{% macro least_share_of_region(row) -%}
    case
        when {{ row }}.share_lower is not null or {{ row }}.share_upper is not null
            then {{ rounded_share(
                'coalesce(' ~ row ~ '.share_lower, ' ~ double_of(0) ~ ')'
                ~ ' * coalesce(' ~ row ~ '.reported_share, ' ~ double_of(1) ~ ')'
            ) }}
    end
{%- endmacro %}

{% macro greatest_share_of_region(row) -%}
    case
        when {{ row }}.share_lower is not null or {{ row }}.share_upper is not null
            then {{ rounded_share(
                '1 - (1 - coalesce(' ~ row ~ '.share_upper, ' ~ double_of(1) ~ '))'
                ~ ' * coalesce(' ~ row ~ '.reported_share, ' ~ double_of(1) ~ ')'
            ) }}
    end
{%- endmacro %}

{#- How many regions each level has in each month: those whose code is valid then, or those of
    today. -#}
{% macro regions_of_levels(is_of_today=false) -%}
    select
        region.region_level,
        calendar.month,
        cast(count(*) as integer) as region_count
    from {{ ref('dim_region') }} as region
    inner join {{ ref('dim_month') }} as calendar
        on {{ is_region_expected('region', 'calendar.month', is_of_today) }}
    where region.region_level <> 'gruppe'
    group by region.region_level, calendar.month
{%- endmacro %}

{% macro is_region_expected(region, month, is_of_today=false) -%}
    {%- if is_of_today -%}
        {{ region }}.is_current
    {%- else -%}
        {{ is_valid_in(region ~ '.valid_from', region ~ '.valid_to', month) }}
    {%- endif -%}
{%- endmacro %}

{#- The tables of a statement that `with_changes_and_ranks` needs before it, from rows of adoption:
    the best and the worst rank that the bounds of all regions of a level allow each. A region
    without a figure may have any share. Where fewer than half of them have a figure there is no
    rank. -#}
{% macro tables_of_ranks(
    rows,
    is_of_today=false,
    group=['measure_code', 'actor_type_code', 'month', 'region_level']
) -%}
level_size as (
    {{ regions_of_levels(is_of_today) }}
),

with_figure as (
    select
        this.measure_code,
        this.actor_type_code,
        this.month,
        region.region_level,
        this.region_key,
        {{ least_share_of_region('this') }} as share_low,
        {{ greatest_share_of_region('this') }} as share_high
    from {{ rows }} as this
    inner join {{ ref('dim_region') }} as region
        on
            this.region_key = region.region_key
            and {{ is_region_expected('region', 'this.month', is_of_today) }}
    where
        this.is_representative
        and (
            this.adoption_share is not null
            or this.share_lower is not null
            or this.share_upper is not null
        )
),

rankable as (
    select
        {{ columns_of('with_figure', group) }},
        cast(level_size.region_count - count(with_figure.share_low) as integer) as unknown_count
    from with_figure
    inner join level_size
        on
            with_figure.region_level = level_size.region_level
            and with_figure.month = level_size.month
    group by {{ columns_of('with_figure', group) }}, level_size.region_count
    having 2 * count(*) >= level_size.region_count
),

-- each region by its least and by its greatest share
bound as (
    {%- for side in ['low', 'high'] %}
        {{ 'union all' if not loop.first }}
        select
            {{ columns_of('with_figure', group) }},
            with_figure.region_key,
            with_figure.share_low,
            with_figure.share_high,
            rankable.unknown_count,
            with_figure.share_{{ side }} as share,
            {{ 1 if side == 'low' else 0 }} as is_low
        from with_figure
        inner join rankable
            on
                with_figure.measure_code = rankable.measure_code
                and with_figure.actor_type_code = rankable.actor_type_code
                and with_figure.month = rankable.month
                and with_figure.region_level = rankable.region_level
        where with_figure.share_low is not null
    {%- endfor %}
),

counted as (
    select
        *,
        -- at a greatest share: regions that surely have more
        sum(is_low) over (
            partition by {{ group | join(', ') }}
            order by share desc, is_low asc
            rows between unbounded preceding and current row
        ) as surely_above,
        -- at a least share: regions that may have more
        sum(1 - is_low) over (
            partition by {{ group | join(', ') }}
            order by share desc, is_low desc
            rows between unbounded preceding and current row
        ) as possibly_above
    from bound
),

ranks as (
    select
        measure_code,
        actor_type_code,
        month,
        region_key,
        cast(1 + max(case when is_low = 0 then surely_above end) as integer) as rank_best,
        cast(
            1 + max(case when is_low = 1 then possibly_above end)
            - max(case when share_high > share_low then 1 else 0 end)
            + max(case when share_low < 1 then unknown_count else 0 end) as integer
        ) as rank_worst
    from counted
    group by measure_code, actor_type_code, month, region_key
)
{%- endmacro %}

{#- Rows of adoption, one per measure, region, actor type and month, with their changes and ranks.
    `more` names further columns of the rows. -#}
{% macro with_changes_and_ranks(rows, more=[]) -%}
select
    {{ columns_of('this', ['measure_code', 'region_key', 'actor_type_code', 'month'] + more) }},
    {{ columns_of('this', adoption_facts()) }},
    {{ change_since('this', 'month_before') }} as change_1m,
    {{ change_since('this', 'year_before') }} as change_12m,
    ranks.rank_best,
    ranks.rank_worst,
    case when ranks.rank_best = ranks.rank_worst then ranks.rank_best end as rank_in_level
from {{ rows }} as this
left join ranks on {{ is_same_series('this', 'ranks') }} and this.month = ranks.month
left join {{ rows }} as month_before
    on
        {{ is_same_series('this', 'month_before') }}
        and month_before.month = {{ add_months('this.month', -1) }}
left join {{ rows }} as year_before
    on
        {{ is_same_series('this', 'year_before') }}
        and year_before.month = {{ add_months('this.month', -12) }}
{%- endmacro %}

{#- Rows of adoption with the labels of their dimensions. `more` names further columns: of the rows,
    as `adoption.x`, or of their region, as `region.x`. -#}
{% macro with_labels(rows, more) -%}
select
    measure.service_code,
    service.service_name,
    adoption.measure_code,
    measure.measure_name,
    adoption.region_key,
    region.region_level,
    region.region_code,
    region.region_name,
    region.region_label,
    region.fylke_name,
    region.helsefellesskap_name,
    region.hf_name,
    region.rhf_name,
    adoption.actor_type_code,
    actor_type.actor_type_name,
    adoption.month,
    {{ columns_of('adoption', adoption_figures()) }},
    adoption.change_1m,
    adoption.change_12m,
    adoption.rank_best,
    adoption.rank_worst,
    adoption.rank_in_level,
    {{ more | join(', ') }}
from {{ rows }} as adoption
inner join {{ ref('dim_region') }} as region on adoption.region_key = region.region_key
inner join {{ ref('dim_measure') }} as measure on adoption.measure_code = measure.measure_code
inner join {{ ref('dim_actor_type') }} as actor_type
    on adoption.actor_type_code = actor_type.actor_type_code
left join {{ ref('dim_service') }} as service on measure.service_code = service.service_code
{%- endmacro %}
