{#- Counts are rounded to whole numbers, and shares rounded and cut at 0 and 1, here and nowhere
    before. -#}
{% macro rounded_adoption(rows, share, share_lower, share_upper) -%}
    cast(round({{ rows }}.count_value) as bigint) as adoption_count,
    cast(round({{ rows }}.count_lower) as bigint) as adoption_count_lower,
    cast(round({{ rows }}.count_upper) as bigint) as adoption_count_upper,
    cast(round({{ rows }}.eligible_value) as bigint) as eligible_count,
    round({{ within_0_and_1(share) }}, 6) as adoption_share,
    round({{ within_0_and_1(share_lower) }}, 6) as share_lower,
    round({{ within_0_and_1(share_upper) }}, 6) as share_upper
{%- endmacro %}

{% macro quotient(numerator, denominator) -%}
    case when {{ denominator }} > 0 then {{ numerator }} / {{ denominator }} end
{%- endmacro %}

{#- The figures of a sum of parts as those of a row of adoption. -#}
{% macro sum_as_adoption(sums) -%}
    {%- set eligible = sums ~ '.eligible_value' -%}
    {{ rounded_adoption(
        sums,
        quotient(sums ~ '.count_value', eligible),
        quotient(sums ~ '.count_lower', eligible),
        quotient(sums ~ '.count_upper', eligible)
    ) }},
    {{ sums }}.qualifier,
    {{ sums }}.status,
    'aggregated' as basis,
    {{ columns_of(
        sums,
        ['denominator_code', 'reported_share', 'is_period_inferred', 'source_name', 'snapshot_at']
    ) }}
{%- endmacro %}

{#- Whether two shares of a series can be compared: both have a value that is not merely a bound,
    the same denominator, both are sums or neither is, and as much of the region reported for
    both. -#}
{% macro are_comparable(this, that) -%}
    {{ this }}.qualifier in ('exact', 'approx', 'estimate')
    and {{ that }}.qualifier in ('exact', 'approx', 'estimate')
    and coalesce({{ this }}.denominator_code, '') = coalesce({{ that }}.denominator_code, '')
    and ({{ this }}.basis = 'aggregated') = ({{ that }}.basis = 'aggregated')
    and coalesce(
        abs({{ this }}.reported_share - {{ that }}.reported_share) <= 0.02,
        {{ this }}.reported_share is null and {{ that }}.reported_share is null
    )
{%- endmacro %}

{#- The figures of a row of adoption, as every table that has them names them. -#}
{% macro adoption_figures() -%}
    {{ return([
        'adoption_count', 'adoption_count_lower', 'adoption_count_upper', 'eligible_count',
        'adoption_share', 'share_lower', 'share_upper', 'qualifier', 'status', 'basis',
        'denominator_code', 'reported_share', 'is_period_inferred', 'source_name', 'snapshot_at',
    ]) }}
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
            then round({{ this }}.adoption_share - {{ that }}.adoption_share, 6)
    end
{%- endmacro %}

{#- Rows of adoption, one per measure, region, actor type and month, with their changes and ranks.
    `more` names further columns of the rows. -#}
{% macro with_changes_and_ranks(rows, more=[]) -%}
select
    {{ columns_of('this', ['measure_code', 'region_key', 'actor_type_code', 'month'] + more) }},
    {{ columns_of('this', adoption_figures()) }},
    {{ change_since('this', 'month_before') }} as change_1m,
    {{ change_since('this', 'year_before') }} as change_12m,
    case
        when this.adoption_share is not null and region.region_level <> 'gruppe' then cast(
            rank() over (
                partition by
                    this.measure_code, this.actor_type_code, this.month, region.region_level
                order by
                    case when this.adoption_share is null then 1 else 0 end,
                    this.adoption_share desc
            ) as integer
        )
    end as rank_in_level
from {{ rows }} as this
inner join {{ ref('dim_region') }} as region on this.region_key = region.region_key
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
    adoption.actor_type_code,
    actor_type.actor_type_name,
    adoption.month,
    {{ columns_of('adoption', adoption_figures()) }},
    adoption.change_1m,
    adoption.change_12m,
    adoption.rank_in_level,
    {{ more | join(', ') }}
from {{ rows }} as adoption
inner join {{ ref('dim_region') }} as region on adoption.region_key = region.region_key
inner join {{ ref('dim_measure') }} as measure on adoption.measure_code = measure.measure_code
inner join {{ ref('dim_actor_type') }} as actor_type
    on adoption.actor_type_code = actor_type.actor_type_code
left join {{ ref('dim_service') }} as service on measure.service_code = service.service_code
{%- endmacro %}
