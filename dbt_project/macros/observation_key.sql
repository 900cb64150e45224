{#- The columns by which two statements are about the same figure. -#}
{% macro observation_key(table) -%}
    {%- for column in [
        'source_name', 'measure_code', 'region_key', 'actor_type_code',
        'period_start', 'period_end', 'period_grain'
    ] -%}
        {{ table }}.{{ column }}{{ ', ' if not loop.last }}
    {%- endfor -%}
{%- endmacro %}
