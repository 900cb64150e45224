"""How well the forecast would have done: `python -m tests.bench.backtest` prints its tables.

Worlds: series that are not made by the curve of the forecast, 6, 12 and 24 months ahead.
Simulated: every half year a forecast is made of what was published then, and compared with what
came. Beside them are the newest share unchanged (naive) and changing on as in the last year
(drift). Real: the shares of e-resept that were ever published. They have several definitions and
are years apart, too few for the warehouse to forecast; the same kind of curve is fitted through
them here.
Not here: the method (`pll_pipeline/star/`), methods of a library (`libraries.py`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from pathlib import Path

import numpy as np
import polars as pl
from scipy.special import expit, logit

from pll_pipeline.simulation.adoption import simulate
from pll_pipeline.simulation.disclosure import suppress
from pll_pipeline.star.forecasting import rolling_origin_forecasts
from pll_pipeline.star.panel import Limits, months_later
from tests.bench.worlds import FIRST, WORLDS, world

ROOT = Path(__file__).resolve().parents[2]
ORIGINS = tuple(date(year, month, 1) for year in range(2022, 2026) for month in (6, 12))[:-1]
HORIZONS = (6, 12)
HORIZONS_IN_WORLDS = (6, 12, 24)
ORIGINS_IN_WORLDS = tuple(
    months_later(FIRST, number) for number in (47, 51, 54, 57, 60, 63, 66, 71)
)
SEEDS = ROOT / "dbt_project" / "seeds"
LIMITS = Limits.from_refusals(pl.read_csv(SEEDS / "forecast_refusal.csv"))
# Published shares of e-resept among what was sold, dispensed or issued: year, per cent, of what.
REAL = (
    (2017, 87.7, "pakninger på resept"),
    (2018, 89.0, "pakninger på resept"),
    (2020, 91.3, "resepter på apotek"),
    (2021, 92.5, "resepter på apotek"),
    (2023, 94.8, "solgte pakninger"),
)


def simulated(scale: float = 1.0, months: int = 94) -> pl.DataFrame:
    """A simulated world as rows of adoption: all that its publisher shows above the kommuner."""
    world = simulate(SEEDS, ROOT / "data" / "raw", scale=scale, months=months)
    cells = suppress(world, SEEDS)
    shown = cells.filter((pl.col("region_level") != "kommune") & (pl.col("eligible_count") > 0))
    share = (pl.col("in_use_count") / pl.col("eligible_count")).round(6)
    return shown.select(
        pl.col("service_code").alias("measure_code"),
        "region_key",
        "region_level",
        "actor_type_code",
        "month",
        "eligible_count",
        adoption_share=pl.when(~pl.col("is_suppressed")).then(share),
        share_upper=pl.lit(None, dtype=pl.Float64),
        is_representative=pl.lit(True),
        qualifier=pl.lit("exact"),
    )


def of_worlds(
    seeds: int, origins: Sequence[date] = ORIGINS_IN_WORLDS, worlds: Iterable[str] = WORLDS
) -> pl.DataFrame:
    """The forecasts of several draws of each world, as `rolling_origin_forecasts` has them.

    `measure_code` is the name of the world.
    """
    return pl.concat(
        rolling_origin_forecasts(world(name, seed), origins, HORIZONS_IN_WORLDS, LIMITS)
        for name in worlds
        for seed in range(seeds)
    )


def scores(forecasts: pl.DataFrame, *by: str) -> pl.DataFrame:
    """Mean absolute errors in percentage points and coverage of the interval, by horizon.

    `forecasts` are rows of `rolling_origin_forecasts`; coverage is the share of actual values that
    lie in the interval.
    """
    columns = {"curve": "expected", "drift": "drift", "naive": "naive"}
    error = {
        name: (pl.col(column) - pl.col("actual")).abs().mean() * 100
        for name, column in columns.items()
    }
    covered = pl.col("actual").is_between(pl.col("low"), pl.col("high")).mean()
    return (
        forecasts.group_by("months_ahead", *by)
        .agg(pl.len().alias("forecasts"), covered=covered, **error)
        .sort("months_ahead", *by)
    )


def real() -> pl.DataFrame:
    """Each published share from the third on, as forecast from those before it, in per cent.

    `curve` is the line through all of them on the logit scale, `drift` the change between the last
    two going on, `naive` the last.
    """
    rows = []
    for count in range(2, len(REAL)):
        years = np.array([year for year, *_ in REAL[:count]], dtype=float)
        shares = np.array([share for _, share, _ in REAL[:count]]) / 100
        year, actual, _ = REAL[count]
        slope = np.polyfit(years, logit(shares), 1)[0]
        curve = expit(logit(shares[-1]) + slope * (year - years[-1]))
        yearly_change = (shares[-1] - shares[-2]) / (years[-1] - years[-2])
        drift = shares[-1] + yearly_change * (year - years[-1])
        rows.append(
            {
                "year": year,
                "actual": actual,
                "curve": curve * 100,
                "drift": drift * 100,
                "naive": shares[-1] * 100,
            }
        )
    return pl.DataFrame(rows)


def main() -> None:
    """Print the tables in Markdown."""
    print("| world | months ahead | curve | drift | naive | in the 80 % interval |")
    print("|---|---|---|---|---|---|")
    for row in scores(of_worlds(seeds=4), "measure_code").iter_rows(named=True):
        print(
            f"| {row['measure_code']} | {row['months_ahead']} | **{row['curve']:.2f}** "
            f"| {row['drift']:.2f} | {row['naive']:.2f} | {row['covered']:.0%} |"
        )
    print()
    forecasts = rolling_origin_forecasts(simulated(), ORIGINS, HORIZONS, LIMITS)
    print("| months ahead | forecasts | curve | drift | naive | in the 80 % interval |")
    print("|---|---|---|---|---|---|")
    for row in scores(forecasts).iter_rows(named=True):
        print(
            f"| {row['months_ahead']} | {row['forecasts']} | **{row['curve']:.2f}** "
            f"| {row['drift']:.2f} | {row['naive']:.2f} | {row['covered']:.0%} |"
        )
    print("\n| year | actual | curve | drift | naive |\n|---|---|---|---|---|")
    for row in real().iter_rows(named=True):
        print(
            f"| {row['year']} | {row['actual']:.1f} | {row['curve']:.1f} "
            f"| {row['drift']:.1f} | {row['naive']:.1f} |"
        )


if __name__ == "__main__":
    main()
