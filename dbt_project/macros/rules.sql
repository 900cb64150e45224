{#- What a row says of itself: its key, then the columns a rule is about. -#}
{% macro row_text(columns) -%}
    concat(
    {%- for column in columns | unique %}
        '{{ ', ' if not loop.first }}{{ column }}=',
        coalesce(cast({{ column }} as {{ dbt.type_string() }}), 'null'){{ ',' if not loop.last }}
    {%- endfor %}
    )
{%- endmacro %}

{#- A rule's row where some rows of the table break it: the condition is neither true nor
    unknown. -#}
{% macro broken_rule(model, rule, condition, columns) -%}
    select
        '{{ rule | replace("'", "''") }}' as rule,
        count(*) as row_count,
        min({{ row_text(columns) }}) as example
    from {{ model }}
    where not ({{ condition }})
    having count(*) > 0
{%- endmacro %}

{% macro broken_grain(model, grain) -%}
    select
        'one row per {{ grain | join(', ') }}' as rule,
        cast(sum(copies.row_count) as bigint) as row_count,
        min({{ row_text(grain) }}) as example
    from (
        select {{ grain | join(', ') }}, count(*) as row_count
        from {{ model }}
        group by {{ grain | join(', ') }}
        having count(*) > 1
    ) as copies
    having count(*) > 0
{%- endmacro %}

{% macro broken_row_count(model, other) -%}
    select
        'as many rows as {{ other.identifier }}' as rule,
        abs(here.row_count - there.row_count) as row_count,
        concat(
            cast(here.row_count as {{ dbt.type_string() }}), ' and ',
            cast(there.row_count as {{ dbt.type_string() }})
        ) as example
    from (select count(*) as row_count from {{ model }}) as here
    cross join (select count(*) as row_count from {{ other }}) as there
    where here.row_count <> there.row_count
{%- endmacro %}

{#- All rules of a table as one statement. Unknown is no violation: an empty cell breaks only
    `required`. -#}
{% macro broken_rules(
    model, grain, required, accepted_values, ranges, relationships, conditions, as_many_rows_as
) -%}
    {%- set statements = [] -%}
    {%- if grain -%}
        {%- do statements.append(broken_grain(model, grain)) -%}
    {%- endif -%}
    {%- for column in required -%}
        {%- set condition = column ~ ' is not null' -%}
        {%- set rule = column ~ ' is not empty' -%}
        {%- do statements.append(broken_rule(model, rule, condition, grain + [column])) -%}
    {%- endfor -%}
    {%- for column, values in accepted_values.items() -%}
        {%- set condition = column ~ " in ('" ~ values | join("', '") ~ "')" -%}
        {%- set rule = column ~ ' is one of ' ~ values | join(', ') -%}
        {%- do statements.append(broken_rule(model, rule, condition, grain + [column])) -%}
    {%- endfor -%}
    {%- for column, (least, most) in ranges.items() -%}
        {%- set bounds = [] -%}
        {%- if least is not none -%}{%- do bounds.append(column ~ ' >= ' ~ least) -%}{%- endif -%}
        {%- if most is not none -%}{%- do bounds.append(column ~ ' <= ' ~ most) -%}{%- endif -%}
        {%- set condition = bounds | join(' and ') -%}
        {%- do statements.append(broken_rule(model, condition, condition, grain + [column])) -%}
    {%- endfor -%}
    {%- for column, to in relationships.items() -%}
        {%- set keys = 'select ' ~ to.field ~ ' from ' ~ to.to
            ~ ' where ' ~ to.field ~ ' is not null' -%}
        {%- set rule = column ~ ' is in ' ~ to.to.identifier ~ '.' ~ to.field -%}
        {%- set condition = column ~ ' is null or ' ~ column ~ ' in (' ~ keys ~ ')' -%}
        {%- do statements.append(broken_rule(model, rule, condition, grain + [column])) -%}
    {%- endfor -%}
    {%- for check in conditions -%}
        {%- set columns = grain + check.columns -%}
        {%- do statements.append(broken_rule(model, check.rule, check.condition, columns)) -%}
    {%- endfor -%}
    {%- if as_many_rows_as -%}
        {%- do statements.append(broken_row_count(model, as_many_rows_as)) -%}
    {%- endif -%}
    {{ statements | join('\nunion all\n') }}
{%- endmacro %}
