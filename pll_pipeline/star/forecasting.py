"""Forecasts of adoption: a curve per series for six months with an interval, or the reason.

Not here: the panel and its limits (`panel.py`), the model (`trends.py`), the intervals
(`intervals.py`), how well it works (`tests/bench/backtest.py`), texts for readers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import polars as pl
from scipy.special import expit

from pll_pipeline.star.intervals import INTERVAL_LEVEL, half_widths
from pll_pipeline.star.panel import (
    SERIES,
    Booleans,
    Floats,
    Limits,
    Panel,
    logit_inside,
    months_later,
    panel_of,
    refusals,
)
from pll_pipeline.star.trends import TrendModel

HORIZON = 6  # months that are published: see docs/decisions/0110-forecast-of-six-months.md
THRESHOLDS = (0.25, 0.50, 0.80, 0.95)

FORECAST = {
    "measure_code": pl.String,
    "region_key": pl.String,
    "actor_type_code": pl.String,
    "month": pl.Date,
    "months_ahead": pl.Int32,
    "expected_share": pl.Float64,
    "share_low": pl.Float64,
    "share_high": pl.Float64,
    "interval_level": pl.Float64,
    **{f"passes_{round(threshold * 100)}_month": pl.Date for threshold in THRESHOLDS},
    **{f"above_{round(threshold * 100)}_until_month": pl.Date for threshold in THRESHOLDS},
    "last_observed_month": pl.Date,
    "last_observed_share": pl.Float64,
    "months_observed": pl.Int32,
    "refusal_code": pl.String,
}

# Refusals of series that still show how growth goes: what is over, or whose newest share is old.
_INFORMATIVE = (None, "reached", "too_old")


@dataclass(frozen=True)
class _Curves:
    """Expected share and interval. Each has shape (n_series, horizon), NaN where not forecast."""

    expected: Floats
    low: Floats
    high: Floats


def forecast(adoption: pl.DataFrame, limits: Limits) -> pl.DataFrame:
    """The forecast of every series of shares, with the columns of `FORECAST`.

    `adoption` has one row per series and month, as `panel_of` takes it; the same rows in another
    order give the same forecast. A series that is forecast has one row for each of `HORIZON`
    months after the newest month of any series; one that is not has one row without a month, with
    the code of the refusal. Shares are between 0 and 1.
    """
    if adoption.is_empty():
        return pl.DataFrame(schema=FORECAST)
    months, series, panel = panel_of(adoption)
    reasons = refusals(panel, limits)
    is_informative = np.array([reason in _INFORMATIVE for reason in reasons])
    curves = _curves(panel, limits, is_informative, HORIZON)
    facts = _facts_of_series(months, series, panel, reasons, curves.expected)
    is_forecast = np.array([reason is None for reason in reasons])
    rows = _rows(facts.filter(pl.Series(is_forecast)), curves, is_forecast, months[-1])
    together = pl.concat([rows, facts.filter(pl.Series(~is_forecast))], how="diagonal_relaxed")
    columns = [pl.col(name).cast(dtype) for name, dtype in FORECAST.items()]
    return together.select(columns).sort(*SERIES, "month", nulls_last=True)


def rolling_origin_forecasts(
    adoption: pl.DataFrame, origins: Sequence[date], horizons: Sequence[int], limits: Limits
) -> pl.DataFrame:
    """Forecasts as they would have been made in earlier months, beside what came.

    One row per series, origin and horizon. Columns: the series, `region_level`, `origin`,
    `months_ahead`, `actual`, `expected`, `low`, `high`, and two simple forecasts: `naive` (the
    newest share) and `drift` (that, and its mean change over twelve months). Nothing after an
    origin is used in its forecasts.
    """
    months, series, panel = panel_of(adoption)
    parts = []
    for origin in origins:
        n_known = months.index(origin) + 1
        known = panel.up_to(n_known)
        reasons = refusals(known, limits)
        is_informative = np.array([reason in _INFORMATIVE for reason in reasons])
        is_forecast = np.array([reason is None for reason in reasons])
        curves = _curves(known, limits, is_informative, max(horizons))
        for horizon in horizons:
            if n_known - 1 + horizon < len(months):
                actual = panel.share[:, n_known - 1 + horizon]
                compared = _compared(series, known, curves, is_forecast, actual, horizon)
                parts.append(compared.with_columns(pl.lit(origin).alias("origin")))
    return pl.concat(parts)


def _curves(panel: Panel, limits: Limits, is_informative: Booleans, horizon: int) -> _Curves:
    """The curves of the informative series; NaN for the others."""
    shape = (len(is_informative), horizon)
    expected, low, high = (np.full(shape, np.nan) for _ in range(3))
    if is_informative.any():
        model = TrendModel.fit(panel.subset(is_informative), limits)
        newest = slice(-1, None)
        shares = [model.expected(newest, step) for step in range(1, horizon + 1)]
        expected[is_informative] = np.concatenate(shares, axis=1)
        below, above = half_widths(model, horizon)
        middle = logit_inside(expected[is_informative])
        low[is_informative], high[is_informative] = expit(middle - below), expit(middle + above)
    return _Curves(expected, low, high)


def _facts_of_series(
    months: list[date],
    series: pl.DataFrame,
    panel: Panel,
    reasons: list[str | None],
    expected: Floats,
) -> pl.DataFrame:
    """One row per series: what is the same in all its months."""
    newest = panel.newest
    newest_month = [months[column] if column >= 0 else None for column in newest]
    return series.select(SERIES).with_columns(
        pl.Series("last_observed_month", newest_month, dtype=pl.Date),
        pl.Series("last_observed_share", panel.share[np.arange(len(newest)), newest]).fill_nan(
            None
        ),
        pl.Series("months_observed", panel.is_known.sum(axis=1)),
        pl.Series("refusal_code", reasons, dtype=pl.String),
        *_threshold_months(months, panel, reasons, expected),
    )


def _threshold_months(
    months: list[date], panel: Panel, reasons: list[str | None], expected: Floats
) -> list[pl.Series]:
    """When each threshold is passed from the newest share on, and until when it was passed before.

    Null where a threshold is not passed within the forecast, and where no share before the newest
    was above one that the newest is below.
    """
    ahead = [months_later(months[-1], step) for step in range(1, expected.shape[1] + 1)]
    calendar = pl.Series([*months, *ahead, None], dtype=pl.Date)
    never = len(calendar) - 1
    course = np.nan_to_num(np.concatenate([panel.share, expected], axis=1), nan=-1.0)
    column = np.arange(course.shape[1])
    newest = panel.newest[:, None]
    is_forecast = np.array([reason is None for reason in reasons])
    passed, left = [], []
    for threshold in THRESHOLDS:
        name = round(threshold * 100)
        is_above = course >= threshold
        from_newest = is_above & (column >= newest)
        passes = is_forecast & from_newest.any(axis=1)
        first = np.where(passes, from_newest.argmax(axis=1), never)
        passed.append(calendar.gather(first).alias(f"passes_{name}_month"))
        before = is_above & (column < newest)
        was_above = before.any(axis=1) & ~is_above[np.arange(len(newest)), panel.newest]
        last = np.where(was_above, before.shape[1] - 1 - before[:, ::-1].argmax(axis=1), never)
        left.append(calendar.gather(last).alias(f"above_{name}_until_month"))
    return [*passed, *left]


def _rows(
    facts: pl.DataFrame, curves: _Curves, is_forecast: Booleans, newest: date
) -> pl.DataFrame:
    """The rows of the series that are forecast: one per month ahead."""
    ahead = [months_later(newest, step) for step in range(1, HORIZON + 1)]
    shares = {
        "expected_share": curves.expected,
        "share_low": curves.low,
        "share_high": curves.high,
    }
    return facts.select(pl.all().repeat_by(HORIZON).explode()).with_columns(
        pl.Series("month", ahead * facts.height, dtype=pl.Date),
        pl.Series("months_ahead", list(range(1, HORIZON + 1)) * facts.height),
        pl.lit(INTERVAL_LEVEL).alias("interval_level"),
        *(
            pl.Series(name, values[is_forecast, :HORIZON].ravel()).round(6)
            for name, values in shares.items()
        ),
    )


def _compared(
    series: pl.DataFrame,
    known: Panel,
    curves: _Curves,
    is_forecast: Booleans,
    actual: Floats,
    horizon: int,
) -> pl.DataFrame:
    """The forecasts of one origin and horizon beside what came, where all can be compared."""
    newest = known.share[:, -1]
    has_year = known.share.shape[1] > 12
    year_before = known.share[:, -13] if has_year else np.full(len(newest), np.nan)
    drift = np.clip(newest + (newest - year_before) / 12 * horizon, 0, 1)
    use = is_forecast & np.isfinite(actual) & np.isfinite(newest) & np.isfinite(year_before)
    return series.filter(pl.Series(use)).with_columns(
        pl.lit(horizon, dtype=pl.Int32).alias("months_ahead"),
        actual=actual[use],
        expected=curves.expected[use, horizon - 1],
        low=curves.low[use, horizon - 1],
        high=curves.high[use, horizon - 1],
        naive=newest[use],
        drift=drift[use],
    )
