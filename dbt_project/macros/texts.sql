{#- A number as the text of its whole part; empty for none. -#}
{% macro whole_number_text(number) -%}
    coalesce(cast(cast(round({{ number }}) as integer) as {{ dbt.type_string() }}), '')
{%- endmacro %}

{#- A text with the numbers of its row in place of their names in braces. -#}
{% macro with_numbers(text) -%}
    replace(
        replace(
            replace({{ text }}, '{threshold}', threshold_text),
            '{percent}', percent_text
        ),
        '{within_months}', within_months_text
    )
{%- endmacro %}

{#- The level of a region as a word of a label. -#}
{% macro region_level_nb(level) -%}
    case {{ level }}
        when 'hf' then 'helseforetak'
        when 'rhf' then 'regionalt helseforetak'
        else {{ level }}
    end
{%- endmacro %}

{#- The texts of a group in their order, with a semicolon between them. -#}
{% macro joined_text(column) -%}
    {{ return(adapter.dispatch('joined_text', 'pll')(column)) }}
{%- endmacro %}

{% macro default__joined_text(column) -%}
    string_agg({{ column }}, '; ' order by {{ column }})
{%- endmacro %}
