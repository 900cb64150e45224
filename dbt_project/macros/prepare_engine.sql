{#- Before anything is built: what an engine needs that is not DuckDB. DuckDB reads the landed files
    where they are, and its settings are in the profile. -#}
{% macro prepare_engine() -%}
    {{ return(adapter.dispatch('prepare_engine', 'pll')() if execute else '') }}
{%- endmacro %}

{% macro default__prepare_engine() -%}
{%- endmacro %}
