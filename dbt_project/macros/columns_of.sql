{#- Columns of a table, each named with a prefix. -#}
{% macro columns_of(table, columns, prefix='') -%}
    {%- for column in columns -%}
        {{ table }}.{{ column }}{{ ' as ' ~ prefix ~ column if prefix }}{{ ', ' if not loop.last }}
    {%- endfor -%}
{%- endmacro %}
