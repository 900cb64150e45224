"""How star and marts grow: a simulated world of 1, 5, 25 and 50 million figures, laid down as landed tables and built by dbt.

Bounds: at 50 million, seeds, star and marts in at most 1.5 times one hand-written DuckDB script that computes the adoption
mart alone from the same Parquet; peak memory under 8 GB; time grows no faster than the rows to the power of 1.1.
`python -m tests.bench.bench_scale [MILLIONS …]`. Exits 1 when a bound is passed. Not here: publishing and the night (`bench.py`,
`bench_demo.py`), readers (`bench_readers.py`).
"""

from __future__ import annotations

import math
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import duckdb

from pll_pipeline.assets.marts import DBT, dbt_environment
from pll_pipeline.config import Config

ROOT = Path(__file__).resolve().parents[2]
SEEDS = ROOT / "dbt_project" / "seeds"
MILLIONS = (1, 5, 25, 50)
MONTHS, MEASURES, ACTOR_TYPES = 120, 60, 16

# Every measure in every region, actor type and month; regions are taken in an order without meaning, so that each size is the same mix.
# One cell in twelve is suppressed, and the country, its regions and hospitals publish what a publisher would: not everything.
_WORLD = f"""
    create macro chance(a, b, c, d) as (hash(a, b, c, d) % 1000003) / 1000003.0;
    copy (
        with measure as (
            select measure_code, row_number() over (order by measure_code like '%organisation%' desc, measure_code) as place
            from read_csv('{SEEDS}/measure.csv') where unit = 'count'
        ),
        kept_measure as (
            select measure_code from measure where place <= {MEASURES}
        ),
        actor_type as (
            select actor_type_code from read_csv('{SEEDS}/actor_type.csv') where actor_type_kind = 'actor' order by actor_type_code limit {ACTOR_TYPES}
        ),
        region as (
            select region_key from read_csv('{SEEDS}/region.csv', all_varchar = true)
            where region_level in ('kommune', 'helsefellesskap', 'hf', 'rhf', 'land') and valid_to is null
            order by hash(region_key) limit ?
        )
        select
            'world' as source_name, timestamptz '2026-11-01 03:00:00+00' as snapshot_at, 'world.csv:' || row_number() over () as row_reference,
            measure_code, region_key, region_key as region_as_published, actor_type_code,
            month as period_start, last_day(month) as period_end, 'month' as period_grain, false as is_period_inferred,
            case when hidden then null else size end as value,
            case when hidden then 1.0 else size end as lower_bound,
            case when hidden then 4.0 else size end as upper_bound,
            'exact' as qualifier, case when hidden then 'suppressed' else 'observed' end as status,
            case when hidden then '<5' else cast(cast(size as bigint) as varchar) end as published_text,
            cast(null as varchar) as also_stated_at, 'https://www.example.no' as statement_address, cast(null as varchar) as context
        from (
            select
                measure_code, region_key, actor_type_code, cast(date '2017-01-01' + to_months(cast(m as integer)) as date) as month,
                chance(measure_code, region_key, actor_type_code, m) < 0.083 and measure_code not like '%eligible%' as hidden,
                case
                    when measure_code like '%eligible%' then floor(200 + 800 * chance(region_key, actor_type_code, 0, 0))
                    else floor((5 + m) * (1 + chance(measure_code, region_key, actor_type_code, 1)))
                end as size
            from kept_measure cross join region cross join actor_type cross join range({MONTHS}) as months(m)
        )
    ) to '{{folder}}/observation.parquet' (format parquet, compression snappy);
"""

_BY_HAND = f"""
    create table part as
        with k as (select * from read_csv('{SEEDS}/region.csv', all_varchar = true) where region_level = 'kommune' and valid_to is null)
        select fylke_key as whole_key, region_key as part_key from k
        union all select helsefellesskap_key, region_key from k union all select rhf_key, region_key from k
        union all select hf_key, region_key from k where region_code not in ('0301', '3903') union all select 'land:NO', region_key from k;
    create table measure as select * from read_csv('{SEEDS}/measure.csv');
    create table region as select * from read_csv('{SEEDS}/region.csv', all_varchar = true);
    create table said as
        select measure_code, region_key, actor_type_code, date_trunc('month', period_end) as month, value, lower_bound, upper_bound, status, source_name, snapshot_at
        from '{{folder}}/observation.parquet'
        where measure_code in (select numerator_code from measure where is_adoption union select denominator_code from measure where is_adoption union select measure_code from measure where is_adoption)
        qualify row_number() over (partition by measure_code, region_key, actor_type_code, month order by period_end desc, snapshot_at desc) = 1;
    create table counted as
        select m.measure_code, n.region_key, n.actor_type_code, n.month, n.value, n.lower_bound, n.upper_bound, n.status, d.value as eligible, n.source_name, n.snapshot_at
        from measure m
        join said n on n.measure_code = m.numerator_code
        join said d on d.measure_code = m.denominator_code and d.region_key = n.region_key and d.actor_type_code = n.actor_type_code and d.month = n.month
        where m.is_adoption and m.unit = 'share'
        union all
        select m.measure_code, n.region_key, n.actor_type_code, n.month, n.value, n.lower_bound, n.upper_bound, n.status, null, n.source_name, n.snapshot_at
        from measure m join said n on n.measure_code = m.measure_code where m.is_adoption and m.unit <> 'share';
    create table regional as
        select *, 'derived' as basis from counted
        union all
        select c.measure_code, p.whole_key, c.actor_type_code, c.month, case when count(value) = count(*) then sum(value) end, sum(lower_bound), sum(upper_bound),
            case when count(value) = count(*) then 'observed' else 'suppressed' end, sum(eligible), min(source_name), max(snapshot_at), 'aggregated'
        from counted c join part p on p.part_key = c.region_key
        where not exists (select 1 from counted s where s.measure_code = c.measure_code and s.region_key = p.whole_key and s.actor_type_code = c.actor_type_code and s.month = c.month)
        group by all;
    create table everyone as
        select * from regional
        union all
        select measure_code, region_key, 'alle', month, case when count(value) = count(*) then sum(value) end, sum(lower_bound), sum(upper_bound),
            case when count(value) = count(*) then 'observed' else 'suppressed' end, sum(eligible), min(source_name), max(snapshot_at), 'aggregated'
        from regional where eligible is not null group by measure_code, region_key, month;
    create table adoption as
        select m.service_code, m.measure_code, m.measure_name, r.region_key, r.region_level, r.region_code, r.region_name, t.actor_type_code, t.month,
            cast(t.value as bigint) as adoption_count, cast(t.eligible as bigint) as eligible_count, round(t.value / t.eligible, 6) as share,
            round(t.lower_bound / t.eligible, 6) as share_lower, round(t.upper_bound / t.eligible, 6) as share_upper, t.status, t.basis,
            round((t.value / t.eligible) - (b.value / b.eligible), 6) as change_1m, round((t.value / t.eligible) - (y.value / y.eligible), 6) as change_12m,
            rank() over (partition by t.measure_code, t.actor_type_code, t.month, r.region_level order by t.value / t.eligible desc) as rank_in_level,
            t.source_name, t.snapshot_at
        from everyone t
        join measure m on m.measure_code = t.measure_code join region r on r.region_key = t.region_key
        left join everyone b on b.measure_code = t.measure_code and b.region_key = t.region_key and b.actor_type_code = t.actor_type_code and b.month = t.month - interval 1 month
        left join everyone y on y.measure_code = t.measure_code and y.region_key = t.region_key and y.actor_type_code = t.actor_type_code and y.month = t.month - interval 12 month;
"""


def main(sizes: tuple[int, ...]) -> int:
    """Build each world both ways, print seconds, memory and the exponent, and say whether every bound held."""
    print(
        f"{'million figures':>16}{'dbt s':>9}{'peak MiB':>10}{'by hand s':>11}{'peak MiB':>10}{'ratio':>7}"
    )
    built: list[tuple[int, float]] = []
    ratio = peak = 0.0
    for millions in sizes:
        with tempfile.TemporaryDirectory(dir=os.environ.get("PLL_BENCH_FOLDER")) as name:
            folder = Path(name)
            figures = _lay_down(folder, millions)
            by_hand = _timed(
                [sys.executable, "-c", _SCRIPT, str(folder), _BY_HAND.format(folder=folder)], {}
            )
            star_and_marts = _build(folder)
        ratio, peak = star_and_marts[0] / by_hand[0], star_and_marts[1]
        built.append((figures, star_and_marts[0]))
        print(
            f"{figures / 1e6:16.2f}{star_and_marts[0]:9.1f}{peak:10.0f}{by_hand[0]:11.1f}{by_hand[1]:10.0f}{ratio:7.2f}",
            flush=True,
        )
    bounds = [("star and marts / adoption by hand", ratio, 1.5), ("peak GB", peak / 1000, 8.0)]
    if len(built) > 1:
        (small, first), (large, last) = built[0], built[-1]
        bounds.append(
            ("exponent of time over rows", math.log(last / first) / math.log(large / small), 1.1)
        )
    print(f"{'':38}{'':>7}{'bound':>7}")
    for what, found, bound in bounds:
        print(f"{what:38}{found:7.2f}{bound:7.2f}  {'holds' if found <= bound else 'TOO MUCH'}")
    return int(any(found > bound for _, found, bound in bounds))


_SCRIPT = """
import duckdb, sys
connection = duckdb.connect(sys.argv[1] + '/by_hand.duckdb')
for statement in filter(str.strip, sys.argv[2].split(';')):
    connection.execute(statement)
"""


def _lay_down(folder: Path, millions: int) -> int:
    """The six landed tables of a world of so many figures; those beside the figures are empty or hold one row."""
    regions = max(2, round(millions * 1e6 / (MONTHS * MEASURES * ACTOR_TYPES)))
    with duckdb.connect() as connection:
        # what this process has used at most is counted as used by those it starts
        connection.execute("set memory_limit = '1GB'; set preserve_insertion_order = false")
        macro, copy = _WORLD.split(";", 1)
        connection.execute(macro)
        connection.execute(copy.format(folder=folder).replace("?", str(regions)))
        found = connection.execute(
            f"select count(*) from '{folder}/observation.parquet'"
        ).fetchone()
        assert found
        for name, columns in _BESIDE.items():
            connection.execute(
                f"copy (select {columns}) to '{folder}/{name}.parquet' (format parquet)"
            )
    return int(found[0])


_BESIDE = {
    "source": "'world' as source_name, 'World' as title, 'World' as title_en, 'Nobody' as publisher, 'https://www.example.no' as landing_page, 'none' as licence, "
    "'none' as attribution, 'monthly' as cadence, true as restates_history, true as is_simulated",
    "snapshot": "'world' as source_name, timestamptz '2026-11-01 03:00:00+00' as snapshot_at, '0' as sha256, true as is_accepted, true as is_current, 1::bigint as row_count, "
    "1::bigint as observation_count, 0::bigint as target_count, 0::bigint as milestone_count, 0::bigint as quarantine_count, cast(null as varchar) as reason",
}


def _build(folder: Path) -> tuple[float, float]:
    for table in ("target", "milestone", "quarantine"):
        with duckdb.connect() as connection:
            connection.execute(
                f"copy (select * from '{ROOT}/data/validated/{table}.parquet' where false) to '{folder}/{table}.parquet' (format parquet)"
            )
    config = Config(data=folder, dbt_project=ROOT / "dbt_project")
    environment = dbt_environment(config) | {
        "PLL_BUILD_FILE": str(folder / "build.duckdb"),
        "PLL_VALIDATED_DIR": str(folder),
    }
    command = [
        str(DBT),
        "--quiet",
        "build",
        "--exclude",
        "resource_type:test",
        "resource_type:unit_test",
        "--project-dir",
        str(config.dbt_project),
    ]
    return _timed(
        [*command, "--profiles-dir", str(config.dbt_project), "--target-path", str(folder / "dbt")],
        environment,
    )


def _timed(command: list[str], environment: dict[str, str]) -> tuple[float, float]:
    """Wall seconds, and the peak memory of the process in MiB."""
    started = time.perf_counter()
    process = subprocess.Popen(
        command,
        env=os.environ | environment,
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    said = process.stdout.read() if process.stdout else ""
    _, status, usage = os.wait4(process.pid, 0)
    if os.waitstatus_to_exitcode(status):
        raise SystemExit(f"{command[0]} failed:\n{said[-3000:]}")
    return time.perf_counter() - started, usage.ru_maxrss / 1024


if __name__ == "__main__":
    raise SystemExit(main(tuple(int(word) for word in sys.argv[1:]) or MILLIONS))
