{#- A share is cut at 0 and 1. An unknown share stays unknown; greatest() and least() would turn it
    into a figure. -#}
{% macro within_0_and_1(share) -%}
    case
        when {{ share }} < 0 then {{ double_of(0) }}
        when {{ share }} > 1 then {{ double_of(1) }}
        else {{ share }}
    end
{%- endmacro %}

{#- A percentile of shares, between the two nearest where it falls between them. -#}
{% macro percentile(fraction, share) -%}
    round(percentile_cont({{ fraction }}) within group (order by {{ share }}), 6)
{%- endmacro %}

{#- A value where its bounds are equal. -#}
{% macro where_they_meet(lower, upper) -%}
    case when {{ lower }} = {{ upper }} then {{ lower }} end
{%- endmacro %}
