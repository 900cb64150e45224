"""A night with 120 monthly snapshots of one source, against the same night with 2.

The source restates its history: each snapshot has every figure again, one in a thousand revised.
In the measured night the newest of the snapshots is new. Bounds: CPU time at most 1.2 times, peak
memory at most 1.15 times. `python -m tests.bench.bench_history [FIGURES]`; 100,000 by default.
Exits 1 when a bound is exceeded. Not here: other nights (`bench_night.py`, `bench_demo.py`).
"""

from __future__ import annotations

import sys
import tempfile
from datetime import UTC, date, datetime
from pathlib import Path

import polars as pl
import yaml

from pll_pipeline.raw.archive import keep
from tests.bench.measure import (
    ROOT,
    Bound,
    Run,
    check,
    make_writable,
    measure,
    print_machine,
    print_runs,
)
from tests.simulated_source import source_description

FIGURES = 100_000
MANY, FEW = 120, 2
NAME = "maanedlig"
MEASURES = ("sfm_organisation_in_use_count", "sfm_organisation_eligible_count")
ACTOR_TYPES = ("fastlege", "legevakt", "sykehjem", "hjemmetjeneste")
COLUMNS = ("measure", "code", "actor", "period", "value")


def main(figures: int) -> int:
    """Run both nights, print them, and return 1 when a bound is exceeded."""
    print_machine()
    runs = {f"night with {count} snapshots": _night(count, figures) for count in (FEW, MANY)}
    print_runs(runs)
    few, many = runs.values()
    return check(
        [
            Bound("CPU with 120 snapshots / with 2", many.cpu_seconds / few.cpu_seconds, 1.2),
            Bound("memory with 120 snapshots / with 2", many.peak_mib / few.peak_mib, 1.15),
        ]
    )


def _night(count: int, figures: int) -> Run:
    """The night in which the last of the snapshots is read, in a data folder of its own."""
    with tempfile.TemporaryDirectory() as name:
        data = Path(name)
        (data / "sources").mkdir()
        text = yaml.safe_dump(_source(), allow_unicode=True)
        (data / "sources" / f"{NAME}.yaml").write_text(text, encoding="utf-8")
        rows = _rows(figures)
        for number in range(count - 1):
            _archive(data, rows, number)
        command = [sys.executable, "-m", "pll_pipeline.cli", "run", "--offline"]
        measure(command, {"PLL_DATA": name})
        _archive(data, rows, count - 1)
        night = measure(command, {"PLL_DATA": name})
        make_writable(data)
    return night


def _archive(data: Path, rows: pl.DataFrame, number: int) -> None:
    """The snapshot of that month: another one in a thousand figures differs from the first."""
    is_revised = pl.int_range(pl.len()) % 1000 == number
    text = rows.with_columns(pl.col("value") + is_revised.cast(pl.Int64)).write_csv()
    taken_at = datetime(2016 + number // 12, 1 + number % 12, 3, tzinfo=UTC)
    keep(data / "raw", NAME, {"figures.csv": text.encode()}, {}, taken_at)


def _rows(figures: int) -> pl.DataFrame:
    """As many figures as are asked for, of the twelve months of 2015 and some before."""
    regions = pl.read_csv(ROOT / "dbt_project" / "seeds" / "region.csv", infer_schema=False)
    is_kommune = (pl.col("region_level") == "kommune") & pl.col("valid_to").is_null()
    codes = regions.filter(is_kommune).select(code="region_code")
    per_month = codes.height * len(MEASURES) * len(ACTOR_TYPES)
    months = [
        f"{2015 - back // 12}-{12 - back % 12:02}" for back in range(-(-figures // per_month))
    ]
    return (
        pl.DataFrame({"measure": MEASURES})
        .join(codes, how="cross")
        .join(pl.DataFrame({"actor": ACTOR_TYPES}), how="cross")
        .join(pl.DataFrame({"period": months}), how="cross")
        .with_columns(value=pl.when(measure=MEASURES[1]).then(5000).otherwise(1000))
        .select(COLUMNS)
        .head(figures)
    )


def _source() -> dict[str, object]:
    table = {
        "holds": "observations",
        "file": "figures.csv",
        "expected_columns": list(COLUMNS),
        "rows": [1, 1_000_000],
        "values": [{"column": "value", "measure": {"column": "measure"}}],
        "region": {
            "name": {"column": "code"},
            "level": "kommune",
            "levels": {"kommune": ["kommune"]},
            "valid_on": date(2026, 1, 1),
        },
        "actor_type": {"column": "actor"},
        "period": {"text": {"column": "period"}},
    }
    return source_description(NAME, table, cadence="monthly", restates_history=True)


if __name__ == "__main__":
    raise SystemExit(main(int(sys.argv[1]) if len(sys.argv) > 1 else FIGURES))
