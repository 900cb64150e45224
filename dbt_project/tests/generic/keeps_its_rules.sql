{#- The rules of a table: one row per rule that is broken, with the number of rows and one of
    them. -#}
{% test keeps_its_rules(
    model, grain=[], required=[], accepted_values={}, ranges={}, relationships={}, conditions=[],
    as_many_rows_as=none
) %}
    {{ config(fail_calc='coalesce(sum(row_count), 0)') }}
{{ broken_rules(
    model, grain, required, accepted_values, ranges, relationships, conditions, as_many_rows_as
) }}
{% endtest %}
