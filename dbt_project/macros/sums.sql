{#- Sums of parts and what is known of them. The columns a part carries: value, lower, upper, eligible, hedges as 0/1, is_suppressed,
    is_provisional. A sum has a value where every part has one, or where its bounds meet. -#}

{#- What one part says, ready to be added; `share` of it lies in the whole, which may hold none or all of what was counted there. -#}
{% macro addend(said, share='1', quality='null') -%}
    {{ share }} * {{ said }}.count_value as value,
    case when {{ share }} < 1 then 0 when {{ said }}.count_lower is not null then {{ said }}.count_lower when {{ said }}.count_status = 'suppressed' then 0 end as lower,
    case when {{ said }}.count_upper is not null then {{ said }}.count_upper when {{ said }}.count_status = 'suppressed' then {{ said }}.eligible_value end as upper,
    {{ share }} * {{ said }}.eligible_value as eligible,
    case when 'estimate' in ({{ said }}.count_qualifier, {{ said }}.eligible_qualifier, {{ quality }}) then 1 else 0 end as has_estimate,
    case when 'approx' in ({{ said }}.count_qualifier, {{ said }}.eligible_qualifier, {{ quality }}) then 1 else 0 end as has_approx,
    case when {{ said }}.count_qualifier = 'at_least' or {{ said }}.eligible_qualifier = 'at_most' then 1 else 0 end as has_at_least,
    case when {{ said }}.count_qualifier = 'at_most' or {{ said }}.eligible_qualifier = 'at_least' then 1 else 0 end as has_at_most,
    case when {{ said }}.count_status = 'suppressed' then 1 else 0 end as is_suppressed,
    case when 'provisional' in ({{ said }}.count_status, {{ said }}.eligible_status) then 1 else 0 end as is_provisional
{%- endmacro %}

{#- Those added up. -#}
{% macro sums_of_addends(table) -%}
    {%- set all_valued = 'count(' ~ table ~ '.value) = count(*)' -%}
    {%- set bounds_meet = 'count(' ~ table ~ '.lower) = count(*) and count(' ~ table ~ '.upper) = count(*) and sum(' ~ table ~ '.lower) = sum(' ~ table ~ '.upper)' -%}
    cast(count(*) as integer) as part_count,
    case when {{ all_valued }} then sum({{ table }}.value) when {{ bounds_meet }} then sum({{ table }}.lower) end as count_value,
    case when count({{ table }}.lower) = count(*) then sum({{ table }}.lower) end as count_lower,
    case when count({{ table }}.upper) = count(*) then sum({{ table }}.upper) end as count_upper,
    sum({{ table }}.eligible) as eligible_value,
    case
        when max({{ table }}.has_estimate) = 1 then 'estimate'
        when max({{ table }}.has_approx) = 1 or max({{ table }}.has_at_least) + max({{ table }}.has_at_most) = 2 then 'approx'
        when max({{ table }}.has_at_least) = 1 then 'at_least'
        when max({{ table }}.has_at_most) = 1 then 'at_most'
        else 'exact'
    end as qualifier,
    case
        when max({{ table }}.is_suppressed) = 1 and not ({{ all_valued }} or {{ bounds_meet }}) then 'suppressed'
        when max({{ table }}.is_provisional) = 1 then 'provisional'
        else 'observed'
    end as status
{%- endmacro %}

{#- And whose they are. -#}
{% macro origin_of_addends(table) -%}
    case when max({{ table }}.is_period_inferred) = 1 then true else false end as is_period_inferred,
    min({{ table }}.source_name) as source_name,
    max({{ table }}.snapshot_at) as snapshot_at
{%- endmacro %}
