"""How well the forecast would have done: `python -m tests.bench.backtest` prints the tables of the README.

Simulated: every half year a forecast is made of what was published then, and held against what came, beside the last share
going on unchanged (naive) and going on as in the last year (drift). Real: the shares of e-resept that were ever stated,
of several definitions and years apart, too few for the warehouse to forecast; the same curve is laid through them all the
same. Not here: fitting (`pll_pipeline/forecasting.py`).
"""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import polars as pl
from scipy.special import expit, logit

from pll_pipeline.simulation.adoption import simulate
from pll_pipeline.simulation.disclosure import suppress
from pll_pipeline.star.forecasting import misses

ROOT = Path(__file__).resolve().parents[2]
ORIGINS = tuple(date(year, month, 1) for year in range(2022, 2026) for month in (6, 12))[:-1]
HORIZONS = (6, 12)
# share of e-resept among what was sold, dispensed or issued, as stated: year, per cent, of what
REAL = (
    (2017, 87.7, "pakninger på resept"),
    (2018, 89.0, "pakninger på resept"),
    (2020, 91.3, "resepter på apotek"),
    (2021, 92.5, "resepter på apotek"),
    (2023, 94.8, "solgte pakninger"),
)


def simulated(scale: float = 1.0, months: int = 94) -> pl.DataFrame:
    """A simulated world as rows of adoption: what its publisher shows of the country, its regions, hospitals and helsefellesskap."""
    cells = suppress(
        simulate(ROOT / "dbt_project" / "seeds", ROOT / "data" / "raw", scale=scale, months=months),
        ROOT / "dbt_project" / "seeds",
    )
    shown = cells.filter((pl.col("region_level") != "kommune") & (pl.col("eligible_count") > 0))
    return shown.select(
        pl.col("service_code").alias("measure_code"),
        "region_key",
        "region_level",
        "actor_type_code",
        "month",
        "eligible_count",
        adoption_share=pl.when(~pl.col("is_suppressed")).then(
            (pl.col("in_use_count") / pl.col("eligible_count")).round(6)
        ),
        qualifier=pl.lit("exact"),
    )


def scores(missed: pl.DataFrame, *by: str) -> pl.DataFrame:
    """Mean absolute errors in percentage points, and the share of what came that lay in the interval, by horizon."""
    error = {
        name: (pl.col(of) - pl.col("actual")).abs().mean() * 100
        for name, of in (("curve", "expected"), ("drift", "drift"), ("naive", "naive"))
    }
    covered = pl.col("actual").is_between(pl.col("low"), pl.col("high")).mean()
    return (
        missed.group_by("months_ahead", *by)
        .agg(pl.len().alias("forecasts"), covered=covered, **error)
        .sort("months_ahead", *by)
    )


def real() -> pl.DataFrame:
    """Each stated share from the third on, as foretold from those before it: the line through all on the logit scale, the last two going on, the last."""
    told = []
    for place in range(2, len(REAL)):
        years = np.array([year for year, *_ in REAL[:place]], dtype=float)
        shares = np.array([share for _, share, _ in REAL[:place]]) / 100
        year, actual, _ = REAL[place]
        pace = np.polyfit(years, logit(shares), 1)[0]
        curve = expit(logit(shares[-1]) + pace * (year - years[-1]))
        drift = shares[-1] + (shares[-1] - shares[-2]) / (years[-1] - years[-2]) * (
            year - years[-1]
        )
        told.append(
            {
                "year": year,
                "stated": actual,
                "curve": curve * 100,
                "drift": drift * 100,
                "naive": shares[-1] * 100,
            }
        )
    return pl.DataFrame(told)


def main() -> None:
    """Print both tables in Markdown."""
    missed = misses(simulated(), ORIGINS, HORIZONS)
    print(
        "| months ahead | forecasts | curve | drift | naive | 80 % interval held |\n|---|---|---|---|---|---|"
    )
    for row in scores(missed).iter_rows(named=True):
        print(
            f"| {row['months_ahead']} | {row['forecasts']} | **{row['curve']:.2f}** | {row['drift']:.2f} | {row['naive']:.2f} | {row['covered']:.0%} |"
        )
    print("\n| year | stated | curve | drift | naive |\n|---|---|---|---|---|")
    for row in real().iter_rows(named=True):
        print(
            f"| {row['year']} | {row['stated']:.1f} | {row['curve']:.1f} | {row['drift']:.1f} | {row['naive']:.1f} |"
        )


if __name__ == "__main__":
    main()
