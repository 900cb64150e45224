{#- Sums of parts and their bounds. A sum has a value where every part has one, or where its bounds
    meet. A part has these columns: value, lower, upper, eligible, qualifiers as 0 or 1,
    is_suppressed, is_provisional. -#}

{#- The columns of one part. `share` of it lies in the whole: a part that was split may have none or
    all of its count there, so it has no lower bound. -#}
{% macro addend(adoption, share='1', quality='null') -%}
    {%- set count_status = adoption ~ '.count_status' -%}
    {%- set qualifiers = adoption ~ '.count_qualifier, ' ~ adoption ~ '.eligible_qualifier' -%}
    {{ share }} * {{ adoption }}.count_value as value,
    case
        when {{ share }} < 1 then {{ double_of(0) }}
        when {{ adoption }}.count_lower is not null then {{ adoption }}.count_lower
        when {{ count_status }} = 'suppressed' then {{ double_of(0) }}
    end as lower,
    case
        when {{ adoption }}.count_upper is not null then {{ adoption }}.count_upper
        when {{ count_status }} = 'suppressed' then {{ adoption }}.eligible_value
    end as upper,
    {{ share }} * {{ adoption }}.eligible_value as eligible,
    case when 'estimate' in ({{ qualifiers }}, {{ quality }}) then 1 else 0 end as has_estimate,
    case when 'approx' in ({{ qualifiers }}, {{ quality }}) then 1 else 0 end as has_approx,
    case
        when
            {{ adoption }}.count_qualifier = 'at_least'
            or {{ adoption }}.eligible_qualifier = 'at_most'
            then 1
        else 0
    end as has_at_least,
    case
        when
            {{ adoption }}.count_qualifier = 'at_most'
            or {{ adoption }}.eligible_qualifier = 'at_least'
            then 1
        else 0
    end as has_at_most,
    case when {{ count_status }} = 'suppressed' then 1 else 0 end as is_suppressed,
    case
        when 'provisional' in ({{ count_status }}, {{ adoption }}.eligible_status) then 1
        else 0
    end as is_provisional
{%- endmacro %}

{#- A sum of doubles, the same in whatever order they are added: to nine decimals, exactly. -#}
{% macro exact_sum(column) -%}
    cast(sum(cast({{ column }} as decimal(28, 9))) as {{ type_double() }})
{%- endmacro %}

{#- Aggregates of the columns made by `addend`. -#}
{% macro sums_of_addends(table) -%}
    {%- set has_all_values = 'count(' ~ table ~ '.value) = count(*)' -%}
    {%- set has_all_lower = 'count(' ~ table ~ '.lower) = count(*)' -%}
    {%- set has_all_upper = 'count(' ~ table ~ '.upper) = count(*)' -%}
    {%- set lower = exact_sum(table ~ '.lower') -%}
    {%- set upper = exact_sum(table ~ '.upper') -%}
    {%- set bounds_meet = has_all_lower ~ ' and ' ~ has_all_upper
        ~ ' and ' ~ lower ~ ' = ' ~ upper -%}
    cast(count(*) as integer) as part_count,
    case
        when {{ has_all_values }} then {{ exact_sum(table ~ '.value') }}
        when {{ bounds_meet }} then {{ lower }}
    end as count_value,
    case when {{ has_all_lower }} then {{ lower }} end as count_lower,
    case when {{ has_all_upper }} then {{ upper }} end as count_upper,
    {{ exact_sum(table ~ '.eligible') }} as eligible_value,
    case
        when max({{ table }}.has_estimate) = 1 then 'estimate'
        when
            max({{ table }}.has_approx) = 1
            or max({{ table }}.has_at_least) + max({{ table }}.has_at_most) = 2
            then 'approx'
        when max({{ table }}.has_at_least) = 1 then 'at_least'
        when max({{ table }}.has_at_most) = 1 then 'at_most'
        else 'exact'
    end as qualifier,
    case
        when
            max({{ table }}.is_suppressed) = 1
            and not ({{ has_all_values }} or {{ bounds_meet }})
            then 'suppressed'
        when max({{ table }}.is_provisional) = 1 then 'provisional'
        else 'observed'
    end as status
{%- endmacro %}

{#- Source, newest snapshot and period flag of the aggregate. -#}
{% macro origin_of_addends(table) -%}
    case when max({{ table }}.is_period_inferred) = 1 then true else false end
        as is_period_inferred,
    min({{ table }}.source_name) as source_name,
    max({{ table }}.snapshot_at) as snapshot_at
{%- endmacro %}
