"""How star and marts grow: simulated worlds of 1, 5, 25 and 50 million figures, built by dbt.

Bounds: at the largest size, star and marts in at most 3 times the CPU time of one hand-written
DuckDB script that computes the adoption mart alone from the same Parquet (`scale_by_hand.sql`);
peak memory under 8 GB; time grows no faster than the rows to the power of 1.05.
`python -m tests.bench.bench_scale [MILLIONS …]`. Exits 1 when a bound is exceeded.
Not here: publishing and the night (`bench_night.py`, `bench_demo.py`), readers
(`bench_readers.py`).
"""

from __future__ import annotations

import math
import os
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import duckdb
import polars as pl

from pll_pipeline.assets.marts import DBT, dbt_environment
from pll_pipeline.config import Config
from pll_pipeline.validated.verdicts import FRAMES
from tests.bench.measure import ROOT, Bound, Run, check, measure, print_machine

SEEDS = ROOT / "dbt_project" / "seeds"
SQL = Path(__file__).resolve().parent
MILLIONS = (1, 5, 25, 50)
MONTHS, MEASURES, ACTOR_TYPES = 120, 60, 16


@dataclass(frozen=True)
class World:
    """One size: the number of figures, and the two ways of building it."""

    figures: int
    by_dbt: Run
    by_hand: Run

    @property
    def ratio(self) -> float:
        return self.by_dbt.cpu_seconds / self.by_hand.cpu_seconds


def main(sizes: tuple[int, ...]) -> int:
    """Build each world both ways, print the table, and return 1 when a bound is exceeded."""
    print_machine()
    print(f"{'million figures':>16}{'dbt CPU s':>11}{'MiB':>7}{'by hand':>9}{'MiB':>7}{'ratio':>7}")
    worlds = []
    for millions in sizes:
        with tempfile.TemporaryDirectory(dir=os.environ.get("PLL_BENCH_FOLDER")) as name:
            worlds.append(_build_both(Path(name), millions))
        _print(worlds[-1])
    return check(_bounds(worlds))


def _build_both(folder: Path, millions: int) -> World:
    figures = _write_world(folder, millions)
    script = (SQL / "scale_by_hand.sql").read_text(encoding="utf-8")
    statements = script.format(seeds=SEEDS, folder=folder)
    by_hand = measure([sys.executable, "-c", _RUN_SCRIPT, str(folder), statements])
    return World(figures, _build(folder), by_hand)


def _print(world: World) -> None:
    print(
        f"{world.figures / 1e6:16.2f}{world.by_dbt.cpu_seconds:11.1f}{world.by_dbt.peak_mib:7.0f}"
        f"{world.by_hand.cpu_seconds:9.1f}{world.by_hand.peak_mib:7.0f}{world.ratio:7.2f}",
        flush=True,
    )


def _bounds(worlds: list[World]) -> list[Bound]:
    smallest, largest = worlds[0], worlds[-1]
    bounds = [
        Bound("star and marts / adoption by hand", largest.ratio, 3.0),
        Bound("peak GB", largest.by_dbt.peak_mib / 1000, 8.0),
    ]
    if len(worlds) > 1:
        growth = math.log(largest.by_dbt.cpu_seconds / smallest.by_dbt.cpu_seconds)
        rows = math.log(largest.figures / smallest.figures)
        bounds.append(Bound("exponent of time over rows", growth / rows, 1.05))
    return bounds


_RUN_SCRIPT = """
import duckdb, sys
connection = duckdb.connect(sys.argv[1] + '/by_hand.duckdb')
connection.execute(sys.argv[2])
"""


def _write_world(folder: Path, millions: int) -> int:
    """Write the validated tables of a world and return the number of its figures."""
    regions = max(2, round(millions * 1e6 / (MONTHS * MEASURES * ACTOR_TYPES)))
    script = (SQL / "scale_world.sql").read_text(encoding="utf-8")
    statements = script.format(
        seeds=SEEDS,
        folder=folder,
        regions=regions,
        months=MONTHS,
        measures=MEASURES,
        actor_types=ACTOR_TYPES,
    )
    with duckdb.connect() as connection:
        # memory that this process used counts as used by the processes it starts
        connection.execute("set memory_limit = '1GB'; set preserve_insertion_order = false")
        connection.execute(statements)
    for table in ("target", "milestone", "quarantine"):
        pl.DataFrame(schema=FRAMES[table]).write_parquet(folder / f"{table}.parquet")
    rows = pl.scan_parquet(folder / "observation.parquet").select(pl.len()).collect()
    return int(rows.item())


def _build(folder: Path) -> Run:
    """Build seeds, star and marts with dbt, without tests."""
    config = Config(data=folder, dbt_project=ROOT / "dbt_project")
    environment = dbt_environment(config) | {
        "PLL_BUILD_FILE": str(folder / "build.duckdb"),
        "PLL_VALIDATED_DIR": str(folder),
    }
    project = str(config.dbt_project)
    command = [
        *(str(DBT), "--quiet", "build", "--exclude", "resource_type:test"),
        *("resource_type:unit_test", "--project-dir", project, "--profiles-dir", project),
        *("--target-path", str(folder / "dbt")),
    ]
    return measure(command, environment)


if __name__ == "__main__":
    raise SystemExit(main(tuple(int(word) for word in sys.argv[1:]) or MILLIONS))
