-- Hva sa tallene en dag i fortiden? Sett dagen; her er det i dag.
-- What did the figures say on a day in the past? Set the day; here it is today.
select
    measure_code,
    region_key,
    actor_type_code,
    period_end,
    value,
    status,
    published_text,
    source_name,
    known_from,
    known_to
from star.fct_observation_revision
where
    known_from <= current_timestamp
    and (known_to is null or current_timestamp < known_to)
    and region_key = 'land:NO'
order by measure_code, actor_type_code, period_end desc;
