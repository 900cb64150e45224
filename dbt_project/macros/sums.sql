{#- Sums of parts and their bounds. A sum has a value where every part has one, or where its bounds
    meet. A part has these columns: value, lower, upper, eligible and its bounds, qualifiers as 0 or
    1, is_suppressed, is_provisional. -#}

{#- The columns of one part. `share` of it lies in the whole: a part that was split may have none or
    all of its count there, so it has no lower bound. -#}
{% macro addend(adoption, share='1', quality='null') -%}
    {%- set count_status = adoption ~ '.count_status' -%}
    {%- set eligible_qualifier = adoption ~ '.eligible_qualifier' -%}
    {%- set is_near = adoption ~ '.eligible_months_away <= ' ~ var('denominator_months_exact') -%}
    {%- set eligible_upper = share ~ ' * ' ~ adoption ~ '.eligible_upper' -%}
    {%- set counted_as = counted_qualifier(adoption) -%}
    {{ share }} * {{ adoption }}.count_value as value,
    case
        when {{ share }} < 1 then {{ double_of(0) }}
        when {{ adoption }}.count_lower is not null then {{ adoption }}.count_lower
        when {{ count_status }} = 'suppressed' then {{ double_of(0) }}
    end as lower,
    case
        when {{ adoption }}.count_upper > {{ eligible_upper }} then {{ eligible_upper }}
        else {{ adoption }}.count_upper
    end as upper,
    {{ share }} * {{ adoption }}.eligible_value as eligible,
    case when {{ is_near }} then {{ share }} * {{ adoption }}.eligible_lower end as eligible_lower,
    case when {{ is_near }} then {{ eligible_upper }} end as eligible_upper,
    case
        when 'estimate' in ({{ counted_as }}, {{ eligible_qualifier }}, {{ quality }}) then 1
        else 0
    end as has_estimate,
    case
        when 'approx' in ({{ counted_as }}, {{ eligible_qualifier }}, {{ quality }}) then 1
        else 0
    end as has_approx,
    case
        when {{ counted_as }} = 'at_least' or {{ eligible_qualifier }} = 'at_most' then 1
        else 0
    end as has_at_least,
    case
        when {{ counted_as }} = 'at_most' or {{ eligible_qualifier }} = 'at_least' then 1
        else 0
    end as has_at_most,
    case when {{ count_status }} = 'suppressed' then 1 else 0 end as is_suppressed,
    case
        when 'provisional' in ({{ count_status }}, {{ adoption }}.eligible_status) then 1
        else 0
    end as is_provisional
{%- endmacro %}

{#- What the qualifier of a part says about the sum: a withheld value says it by its bounds. -#}
{% macro counted_qualifier(adoption) -%}
    case
        when {{ adoption }}.count_status = 'suppressed' then 'exact'
        else {{ adoption }}.count_qualifier
    end
{%- endmacro %}

{#- A sum of doubles, the same in whatever order they are added: to nine decimals, exactly. -#}
{% macro exact_sum(column) -%}
    cast(sum(cast({{ column }} as decimal(28, 9))) as {{ type_double() }})
{%- endmacro %}

{#- The sum of a column that every part has; empty where one part lacks it. -#}
{% macro whole_sum(table, column) -%}
    case
        when count({{ table }}.{{ column }}) = count(*) then {{ exact_sum(table ~ '.' ~ column) }}
    end
{%- endmacro %}

{#- Aggregates of the columns made by `addend`. -#}
{% macro sums_of_addends(table) -%}
    {%- set lower = whole_sum(table, 'lower') -%}
    {%- set upper = whole_sum(table, 'upper') -%}
    {%- set value = whole_sum(table, 'value') -%}
    {%- set is_withheld = value ~ ' is null and coalesce(' ~ lower ~ ' <> ' ~ upper ~ ', true)' -%}
    cast(count(*) as integer) as part_count,
    case
        when {{ value }} is not null then {{ value }}
        when {{ lower }} = {{ upper }} then {{ lower }}
    end as count_value,
    {{ lower }} as count_lower,
    {{ upper }} as count_upper,
    {{ exact_sum(table ~ '.eligible') }} as eligible_value,
    {{ whole_sum(table, 'eligible_lower') }} as eligible_lower,
    {{ whole_sum(table, 'eligible_upper') }} as eligible_upper,
    case
        when max({{ table }}.has_estimate) = 1 then 'estimate'
        when
            max({{ table }}.has_approx) = 1
            or max({{ table }}.has_at_least) + max({{ table }}.has_at_most) = 2
            then 'approx'
        when max({{ table }}.has_at_least) = 1 then 'at_least'
        when max({{ table }}.has_at_most) = 1 then 'at_most'
        when {{ is_withheld }} then {{ qualifier_of_bounds(lower, upper) }}
        else 'exact'
    end as qualifier,
    case
        when max({{ table }}.is_suppressed) = 1 and {{ is_withheld }} then 'suppressed'
        when max({{ table }}.is_provisional) = 1 then 'provisional'
        else 'observed'
    end as status
{%- endmacro %}

{#- Source, newest snapshot, longest period and period flag of the aggregate, the oldest denominator
    and a number that is the same for the same set of parts. -#}
{% macro origin_of_addends(table) -%}
    max({{ table }}.grain_length) as grain_length,
    min({{ table }}.eligible_as_of) as eligible_as_of,
    cast(sum({{ table }}.part_number) as bigint) as part_checksum,
    case when max({{ table }}.is_period_inferred) = 1 then true else false end
        as is_period_inferred,
    min({{ table }}.source_name) as source_name,
    max({{ table }}.snapshot_at) as snapshot_at
{%- endmacro %}
