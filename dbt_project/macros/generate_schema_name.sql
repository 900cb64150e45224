{#- A schema is named as its layer, without the target's name before it. On an engine that others
    use too, a prefix sets the names apart. -#}
{% macro generate_schema_name(custom_schema_name, node) -%}
    {%- set name = custom_schema_name if custom_schema_name else target.schema -%}
    {{ env_var('PLL_SCHEMA_PREFIX', '') ~ name | trim }}
{%- endmacro %}
