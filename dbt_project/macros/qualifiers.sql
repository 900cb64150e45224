{#- The qualifier of a quotient: the weakest of its parts. A qualified denominator turns round:
    "of at least 100" is "at most". -#}
{% macro qualifier_of_quotient(numerator, denominator) -%}
    case
        when {{ numerator }} = 'estimate' or {{ denominator }} = 'estimate' then 'estimate'
        when {{ numerator }} = 'approx' or {{ denominator }} = 'approx' then 'approx'
        when {{ denominator }} = 'exact' then {{ numerator }}
        when {{ numerator }} in ('exact', 'at_most') and {{ denominator }} = 'at_least'
            then 'at_most'
        when {{ numerator }} in ('exact', 'at_least') and {{ denominator }} = 'at_most'
            then 'at_least'
        else 'approx'
    end
{%- endmacro %}

{% macro qualifier_label_nb(qualifier) -%}
    case {{ qualifier }}
        when 'exact' then 'nøyaktig'
        when 'approx' then 'omtrent'
        when 'at_least' then 'minst'
        when 'at_most' then 'høyst'
        when 'estimate' then 'anslag'
    end
{%- endmacro %}

{#- The status of a quotient of two figures: suppressed or missing where a part is, provisional
    where a part is. -#}
{% macro status_of_quotient(numerator, denominator) -%}
    case
        when 'suppressed' in ({{ numerator }}, {{ denominator }}) then 'suppressed'
        when 'missing' in ({{ numerator }}, {{ denominator }}) then 'missing'
        when 'provisional' in ({{ numerator }}, {{ denominator }}) then 'provisional'
        else 'observed'
    end
{%- endmacro %}

{#- The qualifier of a figure whose value is withheld: what its bounds leave open. -#}
{% macro qualifier_of_bounds(lower, upper) -%}
    case
        when {{ lower }} is not null and {{ upper }} is null then 'at_least'
        when {{ lower }} is null and {{ upper }} is not null then 'at_most'
        else 'approx'
    end
{%- endmacro %}

{#- The qualifier of a published figure; a withheld value is never exact. -#}
{% macro qualifier_of_figure(figure) -%}
    case
        when {{ figure }}.status = 'suppressed' and {{ figure }}.qualifier = 'exact'
            then {{ qualifier_of_bounds(figure ~ '.lower_bound', figure ~ '.upper_bound') }}
        else {{ figure }}.qualifier
    end
{%- endmacro %}
