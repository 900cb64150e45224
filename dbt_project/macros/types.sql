{#- dbt's own float type is 32 bits on DuckDB. -#}
{% macro type_double() -%}
    {{ return(adapter.dispatch('type_double', 'pll')()) }}
{%- endmacro %}

{% macro default__type_double() -%} double precision {%- endmacro %}
{% macro duckdb__type_double() -%} double {%- endmacro %}
{% macro spark__type_double() -%} double {%- endmacro %}

{#- A whole number as a double. Engines differ in the type of a `case` whose branches differ. -#}
{% macro double_of(number) -%}
    cast({{ number }} as {{ type_double() }})
{%- endmacro %}
