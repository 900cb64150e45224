{#- Counts are whole and shares cut at 0 and 1 here, and rounded nowhere before. -#}
{% macro rounded_adoption(table, share, share_lower, share_upper) -%}
    cast(round({{ table }}.count_value) as bigint) as adoption_count,
    cast(round({{ table }}.count_lower) as bigint) as adoption_count_lower,
    cast(round({{ table }}.count_upper) as bigint) as adoption_count_upper,
    cast(round({{ table }}.eligible_value) as bigint) as eligible_count,
    round({{ within_0_and_1(share) }}, 6) as adoption_share,
    round({{ within_0_and_1(share_lower) }}, 6) as share_lower,
    round({{ within_0_and_1(share_upper) }}, 6) as share_upper
{%- endmacro %}

{% macro quotient(numerator, denominator) -%}
    case when {{ denominator }} > 0 then {{ numerator }} / {{ denominator }} end
{%- endmacro %}

{#- The figures of a sum of parts as those of a row of adoption. -#}
{% macro sum_as_adoption(made) -%}
    {{ rounded_adoption(
        made, quotient(made ~ '.count_value', made ~ '.eligible_value'), quotient(made ~ '.count_lower', made ~ '.eligible_value'),
        quotient(made ~ '.count_upper', made ~ '.eligible_value')
    ) }},
    {{ made }}.qualifier, {{ made }}.status, 'aggregated' as basis,
    {{ columns_of(made, ['denominator_code', 'reported_share', 'is_period_inferred', 'source_name', 'snapshot_at']) }}
{%- endmacro %}

{#- Two shares of a series that may be compared: both known and not only bounded, of the same kind and the same whole, and told by as many. -#}
{% macro are_comparable(this, that) -%}
    {{ this }}.qualifier in ('exact', 'approx', 'estimate') and {{ that }}.qualifier in ('exact', 'approx', 'estimate')
    and coalesce({{ this }}.denominator_code, '') = coalesce({{ that }}.denominator_code, '')
    and ({{ this }}.basis = 'aggregated') = ({{ that }}.basis = 'aggregated')
    and coalesce(abs({{ this }}.reported_share - {{ that }}.reported_share) <= 0.02, {{ this }}.reported_share is null and {{ that }}.reported_share is null)
{%- endmacro %}

{#- Rows of adoption with their labels, changes and ranks; `more` is a column of the row or of its region. -#}
{% macro adoption_told(rows, more) -%}
select
    measure.service_code, service.service_name, this.measure_code, measure.measure_name, this.region_key, region.region_level, region.region_code,
    region.region_name, {{ more }}, this.actor_type_code, actor_type.actor_type_name, this.month,
    this.adoption_count, this.adoption_count_lower, this.adoption_count_upper, this.eligible_count, this.adoption_share, this.share_lower,
    this.share_upper, this.qualifier, this.status, this.basis, this.denominator_code, this.reported_share,
    case when {{ are_comparable('this', 'month_before') }} then round(this.adoption_share - month_before.adoption_share, 6) end as change_1m,
    case when {{ are_comparable('this', 'year_before') }} then round(this.adoption_share - year_before.adoption_share, 6) end as change_12m,
    case
        when this.adoption_share is not null and region.region_level <> 'gruppe' then cast(
            rank() over (
                partition by this.measure_code, this.actor_type_code, this.month, region.region_level
                order by case when this.adoption_share is null then 1 else 0 end, this.adoption_share desc
            ) as integer
        )
    end as rank_in_level,
    this.is_period_inferred, this.source_name, this.snapshot_at
from {{ rows }} as this
inner join {{ ref('dim_region') }} as region on this.region_key = region.region_key
inner join {{ ref('dim_measure') }} as measure on this.measure_code = measure.measure_code
inner join {{ ref('dim_actor_type') }} as actor_type on this.actor_type_code = actor_type.actor_type_code
left join {{ ref('dim_service') }} as service on measure.service_code = service.service_code
left join {{ rows }} as month_before
    on this.measure_code = month_before.measure_code and this.region_key = month_before.region_key
    and this.actor_type_code = month_before.actor_type_code and month_before.month = {{ add_months('this.month', -1) }}
left join {{ rows }} as year_before
    on this.measure_code = year_before.measure_code and this.region_key = year_before.region_key
    and this.actor_type_code = year_before.actor_type_code and year_before.month = {{ add_months('this.month', -12) }}
{%- endmacro %}
