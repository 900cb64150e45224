{#- Months as dates of their first day. Written once here, so that star and marts run on other
    engines too. -#}

{% macro month_of(day) -%}
    cast({{ dbt.date_trunc('month', day) }} as date)
{%- endmacro %}

{% macro add_months(month, number) -%}
    cast({{ month }} + interval '{{ number }}' month as date)
{%- endmacro %}

{% macro add_years(day, number) -%}
    cast({{ day }} + interval '{{ number }}' year as date)
{%- endmacro %}

{% macro end_of_month(month) -%}
    cast({{ month }} + interval '1' month - interval '1' day as date)
{%- endmacro %}

{#- Calendar months from one to the other, as an integer; below zero when `until` is earlier. The
    day within the month counts for nothing. -#}
{% macro months_between(since, until) -%}
    (
        ({{ part_of_date('year', until) }} * 12 + {{ part_of_date('month', until) }})
        - ({{ part_of_date('year', since) }} * 12 + {{ part_of_date('month', since) }})
    )
{%- endmacro %}

{% macro part_of_date(part, day) -%}
    cast(extract({{ part }} from {{ day }}) as integer)
{%- endmacro %}

{#- Number of the calendar month, quarter or year (1, 3 or 12 months) that contains the day, counted
    from year 0. -#}
{% macro number_of_span(day, months) -%}
    cast(floor(
        ({{ part_of_date('year', day) }} * 12 + {{ part_of_date('month', day) }} - 1) / {{ months }}
    ) as integer)
{%- endmacro %}

{#- The first day of a calendar month given by its number, as number_of_span(day, 1) counts. -#}
{% macro first_of_month(number) -%}
    cast(
        cast(cast(floor(({{ number }}) / 12) as integer) as {{ dbt.type_string() }})
        || '-' || right('0' || cast(mod({{ number }}, 12) + 1 as {{ dbt.type_string() }}), 2)
        || '-01' as date
    )
{%- endmacro %}

{% macro month_name_nb(day) -%}
    case {{ part_of_date('month', day) }}
    {%- for name in [
        'januar', 'februar', 'mars', 'april', 'mai', 'juni',
        'juli', 'august', 'september', 'oktober', 'november', 'desember'
    ] %}
        
        when {{ loop.index }} then '{{ name }}'
    {%- endfor %}
    end
{%- endmacro %}

{#- The abbreviations of Språkrådet: mars, mai, juni and juli are never shortened. -#}
{% macro month_abbreviation_nb(day) -%}
    case {{ part_of_date('month', day) }}
    {%- for name in [
        'jan.', 'feb.', 'mars', 'apr.', 'mai', 'juni',
        'juli', 'aug.', 'sep.', 'okt.', 'nov.', 'des.'
    ] %}
        
        when {{ loop.index }} then '{{ name }}'
    {%- endfor %}
    end
{%- endmacro %}

{% macro day_and_month_nb(day) -%}
    cast({{ part_of_date('day', day) }} as {{ dbt.type_string() }})
        || '. ' || {{ month_abbreviation_nb(day) }} || ' '
{%- endmacro %}

{#- The period as a Norwegian reader writes it: "11. des. 2012", "jan. 2026", "2. kvartal 2025",
    "2. tertial 2025", "1. halvår 2026", "vinteren 2024/2025", "2025",
    "1. mars 2016 – 1. mars 2018". -#}
{% macro period_label_nb(grain, start, until) -%}
    case
        when {{ start }} is null then 'udatert'
        when {{ grain }} = 'day'
            then {{ day_and_month_nb(start) }}
        when {{ grain }} = 'month' then {{ month_abbreviation_nb(start) }} || ' '
        when {{ grain }} = 'quarter'
            then cast({{ part_of_date('quarter', until) }} as {{ dbt.type_string() }})
                || '. kvartal '
        when {{ grain }} = 'tertial'
            then cast(
                cast(floor(({{ part_of_date('month', until) }} - 1) / 4) as integer) + 1
                as {{ dbt.type_string() }}
            ) || '. tertial '
        when {{ grain }} = 'half_year'
            then cast(
                cast({{ part_of_date('month', until) }} / 6 as integer) as {{ dbt.type_string() }}
            ) || '. halvår '
        when {{ grain }} = 'season' and {{ part_of_date('month', start) }} = 12
            then 'vinteren '
                || cast({{ part_of_date('year', start) }} as {{ dbt.type_string() }}) || '/'
        when {{ grain }} = 'season'
            then case {{ part_of_date('month', start) }}
                when 3 then 'våren '
                when 6 then 'sommeren '
                when 9 then 'høsten '
            end
        when {{ grain }} = 'span'
            then {{ day_and_month_nb(start) }}
                || cast({{ part_of_date('year', start) }} as {{ dbt.type_string() }}) || ' – '
                || {{ day_and_month_nb(until) }}
        else ''
    end || coalesce(cast({{ part_of_date('year', until) }} as {{ dbt.type_string() }}), '')
{%- endmacro %}

{% macro first_of_year(year) -%}
    cast(cast({{ year }} as {{ dbt.type_string() }}) || '-01-01' as date)
{%- endmacro %}

{#- Whether a half-open interval contains the month; an empty end is open. -#}
{% macro is_valid_in(since, until, month) -%}
    ({{ since }} is null or {{ since }} <= {{ month }})
    and ({{ until }} is null or {{ month }} < {{ until }})
{%- endmacro %}

{#- The month a figure is about. That of a day or a month is its own. A state published for a
    quarter, a tertial, a half-year or a year is the state at its end; a flow of such a period
    belongs to no month, and neither does a season or a span. -#}
{% macro month_of_figure(grain, period_end, time_kind) -%}
    case
        when {{ grain }} in ('day', 'month') then {{ month_of(period_end) }}
        when
            {{ grain }} in ('quarter', 'tertial', 'half_year', 'year')
            and {{ time_kind }} <> 'flow'
            then {{ month_of(period_end) }}
    end
{%- endmacro %}

{#- Which of several figures of a month comes first: one with a value or bounds, the newest state
    within the month, the month itself before its last day, the shortest period, the newest
    snapshot. -#}
{% macro order_in_month(figure) -%}
    case when {{ figure }}.status = 'missing' then 1 else 0 end,
    {{ figure }}.period_end desc,
    case when {{ figure }}.period_grain = 'day' then 1 else 0 end,
    {{ figure }}.period_start desc,
    {{ figure }}.snapshot_at desc,
    {{ figure }}.source_name
{%- endmacro %}

{#- The place of a grain among the kinds of period, from the shortest. -#}
{% macro length_of_grain(grain) -%}
    case {{ grain }}
    {%- for name in ['day', 'month', 'quarter', 'tertial', 'half_year', 'year'] %}
        when '{{ name }}' then {{ loop.index }}
    {%- endfor %}
    end
{%- endmacro %}

{% macro grain_of_length(length) -%}
    case {{ length }}
    {%- for name in ['day', 'month', 'quarter', 'tertial', 'half_year', 'year'] %}
        when {{ loop.index }} then '{{ name }}'
    {%- endfor %}
    end
{%- endmacro %}
