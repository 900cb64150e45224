"""A night when one of six simulated publications has changed, against one when all have.

Bound: at most 0.35 in CPU time. Exits 1 when it is exceeded. Not here: seconds as a promise; they
make the ratio readable.
"""

from __future__ import annotations

import sys
import tempfile
from dataclasses import replace
from pathlib import Path

import polars as pl

from pll_pipeline.config import Config
from pll_pipeline.simulation.demo import publish, world, write_sources
from pll_pipeline.simulation.publications import delimited
from pll_pipeline.simulation.publisher import Publisher
from tests.bench.measure import Bound, Run, check, make_writable, measure, print_machine, print_runs

MONTHS = 94


def main() -> int:
    """Run both nights on a whole world, print them, and return 1 when the bound is exceeded."""
    print_machine()
    with tempfile.TemporaryDirectory() as folder, Publisher() as publisher:
        config = replace(Config.from_environment(), data=Path(folder))
        cells = world(config, scale=1, months=MONTHS)
        write_sources(config.own_sources, publisher.address, publish(publisher, cells))
        every = _night(config.data)
        publisher.publish("/eresept.csv", delimited(_with_newest_month_suppressed(cells)))
        single = _night(config.data)
        make_writable(config.data)
    print(f"{2 * cells.height} figures")
    print_runs({"all six changed": every, "one of six changed": single})
    return check([Bound("one changed / all changed", single.cpu_seconds / every.cpu_seconds, 0.35)])


def _with_newest_month_suppressed(cells: pl.DataFrame) -> pl.DataFrame:
    """The cells of e-resept, those of the newest month suppressed."""
    newest = pl.col("month") == pl.col("month").max()
    text = pl.when(newest).then(pl.lit("<5")).otherwise("in_use_text")
    return cells.filter(pl.col("service_code") == "e-resept").with_columns(in_use_text=text)


def _night(data: Path) -> Run:
    return measure([sys.executable, "-m", "pll_pipeline.cli", "run"], {"PLL_DATA": str(data)})


if __name__ == "__main__":
    raise SystemExit(main())
