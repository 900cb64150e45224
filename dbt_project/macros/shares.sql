{#- A share is cut at 0 and 1. An unknown share stays unknown; greatest() and least() would turn it
    into a figure. -#}
{% macro within_0_and_1(share) -%}
    case
        when {{ share }} < 0 then {{ double_of(0) }}
        when {{ share }} > 1 then {{ double_of(1) }}
        else {{ share }}
    end
{%- endmacro %}

{#- A share to six decimals, and any amount to nine, halves away from zero. Few halves are
    doubles, and engines differ in what they take for one: so as decimals, which are exact. -#}
{% macro rounded_share(share) -%}
    cast(round(cast({{ share }} as decimal(18, 12)), 6) as {{ type_double() }})
{%- endmacro %}

{% macro rounded_amount(amount) -%}
    cast(round(cast({{ amount }} as decimal(28, 11)), 9) as {{ type_double() }})
{%- endmacro %}

{#- A percentile of shares, between the two nearest where it falls between them. -#}
{% macro percentile(fraction, share) -%}
    {{ rounded_share('percentile_cont(' ~ fraction ~ ') within group (order by ' ~ share ~ ')') }}
{%- endmacro %}

{#- A value where its bounds are equal. -#}
{% macro where_they_meet(lower, upper) -%}
    case when {{ lower }} = {{ upper }} then {{ lower }} end
{%- endmacro %}
