-- Hvor langt er det til målene, og holder takten?
-- How far is it to the targets, and does the pace suffice?
select
    measure_name,
    actor_type_name,
    due_end,
    target_value,
    newest_value,
    newest_period_end,
    distance,
    months_left,
    pace_needed_per_month,
    pace_per_month,
    is_pace_sufficient,
    target_status
from marts.mart_target_status
where target_kind = 'target'
order by due_end, measure_name, actor_type_name;
