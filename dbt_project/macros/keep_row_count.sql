{#- After a table is built: its number of rows as a small file, for a process that watches the build
    and cannot open the file dbt writes to. Does nothing where `PLL_ROW_COUNTS` names no folder. -#}
{% macro keep_row_count() -%}
    {{ return(adapter.dispatch('keep_row_count', 'pll')()) }}
{%- endmacro %}

{% macro default__keep_row_count() -%}
    {%- set folder = env_var('PLL_ROW_COUNTS', '') -%}
    {%- if folder -%}
        copy (select count(*) from {{ this }})
        to '{{ folder | replace("'", "''") }}/{{ this.identifier }}' (format csv, header false)
    {%- endif -%}
{%- endmacro %}
