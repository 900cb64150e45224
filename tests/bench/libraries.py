"""Forecasts of a well-kept library on the same series: `python -m tests.bench.libraries`.

AutoETS and AutoTheta of statsforecast on the logit scale, each series by itself, in one draw of
each world. `make bench` runs it in an environment of its own (the group `bench`).
Not here: the forecast of the warehouse in the same worlds (`backtest.py`).
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from datetime import date

import numpy as np
import polars as pl
from scipy.special import expit
from statsforecast.models import AutoETS, AutoTheta

from pll_pipeline.star.panel import panel_of
from tests.bench.backtest import HORIZONS_IN_WORLDS, LIMITS, ORIGINS_IN_WORLDS, of_worlds, scores
from tests.bench.worlds import WORLDS, world

MODELS = {"AutoETS": AutoETS, "AutoTheta": AutoTheta}
ORIGINS = ORIGINS_IN_WORLDS[::3]
_LEVEL = 80


def _of_series(name: str, model: str, origin: date) -> Iterator[dict[str, object]]:
    """Forecast and actual share of each series and horizon, made at one origin."""
    months, _, panel = panel_of(world(name, 0))
    count = months.index(origin) + 1
    for share, logits in zip(panel.share, panel.logit_share, strict=True):
        if not 0 < share[count - 1] < LIMITS.saturation:
            continue
        made = MODELS[model](season_length=12).forecast(
            y=logits[:count], h=max(HORIZONS_IN_WORLDS), level=[_LEVEL]
        )
        middle, low, high = (expit(made[key]) for key in ("mean", f"lo-{_LEVEL}", f"hi-{_LEVEL}"))
        for ahead in HORIZONS_IN_WORLDS:
            actual = share[count - 1 + ahead]
            yield {
                "world": name,
                "model": model,
                "months_ahead": ahead,
                "error": abs(middle[ahead - 1] - actual) * 100,
                "covered": low[ahead - 1] <= actual <= high[ahead - 1],
            }


def main() -> None:
    """Print mean absolute errors in points, and how often the 80 % interval had what came."""
    warnings.simplefilter("ignore")
    rows = [
        row
        for name in WORLDS
        for model in MODELS
        for origin in ORIGINS
        for row in _of_series(name, model, origin)
    ]
    library = pl.DataFrame(rows).group_by("world", "model", "months_ahead").mean()
    ours = scores(of_worlds(1, ORIGINS), "measure_code").select(
        pl.col("measure_code").alias("world"),
        pl.lit("curve").alias("model"),
        pl.col("months_ahead").cast(pl.Int64),
        pl.col("curve").alias("error"),
        "covered",
    )
    print("| world | months ahead | model | error | in the 80 % interval |\n|---|---|---|---|---|")
    for row in pl.concat([ours, library.select(ours.columns)]).sort(ours.columns).iter_rows():
        print(f"| {row[0]} | {row[2]} | {row[1]} | {row[3]:.2f} | {row[4]:.0%} |")
    print(f"\nmean of all: {np.nanmean(library['error']):.2f}")


if __name__ == "__main__":
    main()
