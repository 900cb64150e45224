{#- Nothing was lost or doubled on the way from the other relation. -#}
{% test same_row_count(model, as) %}
select here.row_count as row_count_here, there.row_count as row_count_there
from (select count(*) as row_count from {{ model }}) as here
cross join (select count(*) as row_count from {{ as }}) as there
where here.row_count <> there.row_count
{% endtest %}
