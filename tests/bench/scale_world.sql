-- A world of simulated figures for bench_scale.py: every measure in every region, actor type and
-- month. Regions are taken in an order without meaning, so that each size is the same mix. One
-- cell in twelve is suppressed, and the country, its regions and hospitals publish some figures,
-- not all. {seeds} and {folder} are folders, {regions} the number of regions.
create macro chance(a, b, c, d) as (hash(a, b, c, d) % 1000003) / 1000003.0;

create table ranked_measure as
select
    measure_code,
    row_number() over (
        order by measure_code like '%organisation%' desc, measure_code
    ) as measure_rank
from read_csv('{seeds}/measure.csv')
where unit = 'count';

create table world_region as
select region_key
from read_csv('{seeds}/region.csv', all_varchar = true)
where region_level in ('kommune', 'helsefellesskap', 'hf', 'rhf', 'land') and valid_to is null
order by hash(region_key)
limit {regions};

create table world_actor_type as
select actor_type_code
from read_csv('{seeds}/actor_type.csv')
where actor_type_kind = 'actor'
order by actor_type_code
limit {actor_types};

create view cell as
select
    measure_code,
    region_key,
    actor_type_code,
    cast(date '2017-01-01' + to_months(cast(m as integer)) as date) as month,
    chance(measure_code, region_key, actor_type_code, m) < 0.083
    and measure_code not like '%eligible%' as is_suppressed,
    case
        when measure_code like '%eligible%'
            then floor(200 + 800 * chance(region_key, actor_type_code, 0, 0))
        else floor((5 + m) * (1 + chance(measure_code, region_key, actor_type_code, 1)))
    end as size
from ranked_measure
cross join world_region
cross join world_actor_type
cross join range({months}) as months(m)
where measure_rank <= {measures};

copy (
    select
        'world' as source_name,
        timestamptz '2026-11-01 03:00:00+00' as snapshot_at,
        'world.csv:' || row_number() over () as row_reference,
        measure_code,
        region_key,
        region_key as region_as_published,
        actor_type_code,
        month as period_start,
        last_day(month) as period_end,
        'month' as period_grain,
        false as is_period_inferred,
        case when is_suppressed then null else size end as value,
        case when is_suppressed then 1.0 else size end as lower_bound,
        case when is_suppressed then 4.0 else size end as upper_bound,
        'exact' as qualifier,
        case when is_suppressed then 'suppressed' else 'observed' end as status,
        case when is_suppressed then '<5' else cast(cast(size as bigint) as varchar) end
            as published_text,
        cast(null as varchar) as also_stated_at,
        'https://www.example.no' as statement_address,
        cast(null as varchar) as context,
        timestamptz '2026-11-01 03:00:00+00' as known_from,
        1 as revision_number,
        cast(null as timestamptz) as known_to,
        cast(null as varchar) as ended_by,
        false as is_withheld
    from cell
) to '{folder}/observation.parquet' (format parquet, compression snappy);

copy (
    select
        'world' as source_name,
        'World' as title,
        'World' as title_en,
        'Example' as publisher,
        'https://www.example.no' as landing_page,
        'none' as licence,
        'none' as attribution,
        'monthly' as cadence,
        true as restates_history,
        true as is_simulated
) to '{folder}/source.parquet' (format parquet);

copy (
    select
        'world' as source_name,
        timestamptz '2026-11-01 03:00:00+00' as snapshot_at,
        '0' as sha256,
        true as is_accepted,
        true as is_current,
        1::bigint as row_count,
        1::bigint as observation_count,
        0::bigint as target_count,
        0::bigint as milestone_count,
        0::bigint as quarantine_count,
        cast(null as varchar) as reason
) to '{folder}/snapshot.parquet' (format parquet);
