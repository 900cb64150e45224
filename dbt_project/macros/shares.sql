{#- A share is cut at 0 and 1. An unknown share stays unknown; greatest() and least() would turn it
    into a figure. -#}
{% macro within_0_and_1(share) -%}
    case
        when {{ share }} < 0 then {{ double_of(0) }}
        when {{ share }} > 1 then {{ double_of(1) }}
        else {{ share }}
    end
{%- endmacro %}
