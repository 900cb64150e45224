{#- The position of a code in a list, from 0; codes that are not in the list come after it. -#}
{% macro position_in(column, codes) -%}
    case {{ column }}
    {%- for code in codes %} when '{{ code }}' then {{ loop.index0 }}{% endfor %}
    else {{ codes | length }} end
{%- endmacro %}

{#- A list of codes, to be tested with `in`. -#}
{% macro listed(codes) -%}
    ('{{ codes | join("', '") }}')
{%- endmacro %}

{#- The order of a table's rows on the page, from 1; rows without a key come last. -#}
{% macro page_order(keys) -%}
    {%- set ordered = [] -%}
    {%- for key in keys -%}
        {%- do ordered.append(key if 'nulls last' in key else key ~ ' nulls last') -%}
    {%- endfor -%}
    cast(row_number() over (order by {{ ordered | join(', ') }}) as integer) as page_order
{%- endmacro %}

{#- Whether a cell of a map or of a table of months has a share. `rows` is joined from the left. -#}
{% macro cell_state(rows) -%}
    case
        when {{ rows }}.adoption_share is not null then 'published'
        when {{ rows }}.status = 'suppressed' then 'suppressed'
        else 'not_published'
    end as cell_state
{%- endmacro %}

{#- A name as Norwegian sorts it: æ, ø, å after z, aa as å, small letters as capitals. -#}
{% macro collation_key(name) -%}
    translate(replace(lower({{ name }}), 'aa', 'å'), 'æäøöåáàèéêüčđŋšŧž', '{{ '{{||}' }}aaeeeycdnstz')
{%- endmacro %}

{#- A figure of the page and the sources of some rows. -#}
{% macro sources_of_figure(figure, rows) -%}
    select distinct '{{ figure }}' as figure_name, source_name
    from {{ rows }}
    where source_name is not null
{%- endmacro %}
