{#- How far a phase is, from 1; empty without a phase. -#}
{% macro phase_number(phase) -%}
    case {{ phase }}
        when 'forberedelse' then 1
        when 'utproving' then 2
        when 'innforing' then 3
        when 'i_drift' then 4
    end
{%- endmacro %}

{#- The phase of a number. -#}
{% macro phase_of_number(number) -%}
    case {{ number }}
        when 1 then 'forberedelse'
        when 2 then 'utproving'
        when 3 then 'innforing'
        when 4 then 'i_drift'
    end
{%- endmacro %}
