-- The adoption mart alone, by one hand-written DuckDB script: what bench_scale.py compares with.
create table part as
with kommune as (
    select *
    from read_csv('{seeds}/region.csv', all_varchar = true)
    where region_level = 'kommune' and valid_to is null
)

select fylke_key as whole_key, region_key as part_key from kommune
union all
select helsefellesskap_key, region_key from kommune
union all
select rhf_key, region_key from kommune
union all
select hf_key, region_key from kommune where region_code not in ('0301', '3903')
union all
select 'land:NO', region_key from kommune;

create table measure as select * from read_csv('{seeds}/measure.csv');

create table region as select * from read_csv('{seeds}/region.csv', all_varchar = true);

create table published as
select
    measure_code, region_key, actor_type_code, date_trunc('month', period_end) as month,
    value, lower_bound, upper_bound, status, source_name, snapshot_at
from '{folder}/observation.parquet'
where measure_code in (
    select numerator_code from measure where is_adoption
    union
    select denominator_code from measure where is_adoption
    union
    select measure_code from measure where is_adoption
)
qualify row_number() over (
    partition by measure_code, region_key, actor_type_code, month
    order by period_end desc, snapshot_at desc
) = 1;

create table counted as
select
    m.measure_code, n.region_key, n.actor_type_code, n.month, n.value, n.lower_bound,
    n.upper_bound, n.status, d.value as eligible, n.source_name, n.snapshot_at
from measure m
join published n on n.measure_code = m.numerator_code
join published d
    on d.measure_code = m.denominator_code
    and d.region_key = n.region_key
    and d.actor_type_code = n.actor_type_code
    and d.month = n.month
where m.is_adoption and m.unit = 'share'
union all
select
    m.measure_code, n.region_key, n.actor_type_code, n.month, n.value, n.lower_bound,
    n.upper_bound, n.status, null, n.source_name, n.snapshot_at
from measure m
join published n on n.measure_code = m.measure_code
where m.is_adoption and m.unit <> 'share';

create table regional as
select *, 'derived' as basis from counted
union all
select
    c.measure_code, p.whole_key, c.actor_type_code, c.month,
    case when count(value) = count(*) then sum(value) end, sum(lower_bound), sum(upper_bound),
    case when count(value) = count(*) then 'observed' else 'suppressed' end,
    sum(eligible), min(source_name), max(snapshot_at), 'aggregated'
from counted c
join part p on p.part_key = c.region_key
where not exists (
    select 1
    from counted whole
    where
        whole.measure_code = c.measure_code
        and whole.region_key = p.whole_key
        and whole.actor_type_code = c.actor_type_code
        and whole.month = c.month
)
group by all;

create table everyone as
select * from regional
union all
select
    measure_code, region_key, 'alle', month,
    case when count(value) = count(*) then sum(value) end, sum(lower_bound), sum(upper_bound),
    case when count(value) = count(*) then 'observed' else 'suppressed' end,
    sum(eligible), min(source_name), max(snapshot_at), 'aggregated'
from regional
where eligible is not null
group by measure_code, region_key, month;

create table adoption as
select
    m.service_code, m.measure_code, m.measure_name, r.region_key, r.region_level, r.region_code,
    r.region_name, t.actor_type_code, t.month, cast(t.value as bigint) as adoption_count,
    cast(t.eligible as bigint) as eligible_count, round(t.value / t.eligible, 6) as share,
    round(t.lower_bound / t.eligible, 6) as share_lower,
    round(t.upper_bound / t.eligible, 6) as share_upper, t.status, t.basis,
    round((t.value / t.eligible) - (b.value / b.eligible), 6) as change_1m,
    round((t.value / t.eligible) - (y.value / y.eligible), 6) as change_12m,
    rank() over (
        partition by t.measure_code, t.actor_type_code, t.month, r.region_level
        order by t.value / t.eligible desc
    ) as rank_in_level,
    t.source_name, t.snapshot_at
from everyone t
join measure m on m.measure_code = t.measure_code
join region r on r.region_key = t.region_key
left join everyone b
    on b.measure_code = t.measure_code
    and b.region_key = t.region_key
    and b.actor_type_code = t.actor_type_code
    and b.month = t.month - interval 1 month
left join everyone y
    on y.measure_code = t.measure_code
    and y.region_key = t.region_key
    and y.actor_type_code = t.actor_type_code
    and y.month = t.month - interval 12 month;
