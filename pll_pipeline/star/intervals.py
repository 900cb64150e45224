"""Empirical prediction intervals: as wide as the errors of the same method in the past.

For each horizon the interval reaches from one quantile of the past errors to another, on the logit
scale (Williams and Goodman, JASA 66, 1971; Hyndman and Athanasopoulos, Forecasting: Principles and
Practice, 3rd ed. 2021, sec. 5.5). Errors are pooled over measures within groups of like share and
size, because a new service has no errors of its own, each in units of how fast its series moved:
what has come to rest errs less than what grows. How wide the intervals of the past would have had
to be is tried in order of time, and those of young series are wider.
Not here: the forecast the interval is around (`trends.py`).
"""

from __future__ import annotations

import numpy as np

from pll_pipeline.star.panel import Floats, Integers, logit_inside
from pll_pipeline.star.trends import TrendModel

# How often the share is expected to lie in the interval. Four in five: wider ones say too little.
INTERVAL_LEVEL = 0.8

# Horizons, in months, whose errors are measured; between them the widths are interpolated.
_HORIZONS = (1, 2, 3, 4, 6, 9, 12, 18, 24)
# Groups of series with like errors: by share, and by number of organisations.
_SHARE_BANDS = (0.1, 0.3, 0.7, 0.9)
_SIZE_BANDS = (60, 250)
_GROUPS = (len(_SHARE_BANDS) + 1) * (len(_SIZE_BANDS) + 1)
# Errors a quantile needs: the 10 % quantile of thirty is between the third and the fourth.
_MIN_ERRORS = 30
# Each so many months of the last year a past interval is tried against what came.
_TRIED_EVERY = 3
_TRIED_MONTHS = 12
# The least and the most that trials may widen an interval by, and by what where there were none.
_WIDENING = (0.8, 3.0)
_UNTRIED = 1.5
# What each month ahead adds to a width, over the root of the number of series: the errors of few
# series in months that overlap are few that are independent.
_CAUTION = 0.13
# Months from the first use of a service in a region until its interval is no wider than others.
_GROWN = 14
# No interval is narrower, logit: a series that never moved may still move.
_LEAST_WIDTH = 0.02
# What a series that does not move counts as moving, logit per month.
_STILL = 0.005
# Half width, in paces, where no forecast of that horizon was ever tried.
_DEFAULT_WIDTH = 5.0
# No group of errors is taken for narrower, in paces.
_LEAST_REACH = 1e-3


def half_widths(model: TrendModel, horizon: int) -> tuple[Floats, Floats]:
    """How far the intervals reach below and above what is expected, logit.

    Both have shape (n_series, horizon) and never become narrower with the horizon.
    """
    horizons = [step for step in _HORIZONS if step <= horizon]
    widths = np.full((_GROUPS, 2, len(horizons)), _DEFAULT_WIDTH)
    widening = _UNTRIED  # that of the horizon before, where one cannot be tried itself
    for column, step in enumerate(horizons):
        errors, groups = _past_errors(model, step)
        measured = _widths(errors, groups)
        widening = _widening(errors, groups, step) or widening
        if measured is not None:
            widths[:, :, column] = measured * widening
        elif column:
            # no errors so far ahead: as far as a random walk goes on from the horizon before
            widths[:, :, column] = widths[:, :, column - 1] * np.sqrt(step / horizons[column - 1])
    groups = _group(_newest_share(model), model.panel.size[:, -1])
    scale = _youth(model) * _pace(model, slice(-1, None))[:, 0]
    of_series = np.maximum(widths[groups] * scale[:, None, None], _LEAST_WIDTH)
    below, above = of_series[:, 0], of_series[:, 1]
    return _interpolated(below, horizons, horizon), _interpolated(above, horizons, horizon)


def _past_errors(model: TrendModel, horizon: int) -> tuple[Floats, Integers]:
    """Actual less expected of past forecasts, in paces, and the group of each; both of one shape.

    NaN where not evaluated; empty where no forecast could have been made.
    """
    origins, targets = model.past_origins(horizon)
    if origins.start >= origins.stop:
        return np.empty(0), np.empty(0, dtype=np.int64)
    expected = logit_inside(model.expected(origins, horizon))
    error = model.panel.logit_share[:, targets] - expected
    error = np.where(model.is_evaluated(origins, horizon), error, np.nan) / _pace(model, origins)
    return error, _group(model.panel.share[:, origins], model.panel.size[:, origins])


def _pace(model: TrendModel, origins: slice) -> Floats:
    """How fast each series moved, logit per month. Shape (n_series, n_origins)."""
    pace: Floats = _STILL + np.abs(model.slope(origins))
    return pace


def _youth(model: TrendModel) -> Floats:
    """How much wider the interval of a young series is. Shape (n_series,)."""
    begun = np.nan_to_num(model.panel.share) > 0
    age = begun.shape[1] - begun.argmax(axis=1)
    widening: Floats = np.maximum(_GROWN / np.maximum(age, 1), 1.0)
    return widening


def _widths(errors: Floats, groups: Integers) -> Floats | None:
    """How far the errors of each group reach below and above; of all where a group has few.

    Shape (groups, 2); None where all of them are too few.
    """
    is_known = np.isfinite(errors)
    known, group_of_known = errors[is_known], groups[is_known]
    if len(known) < _MIN_ERRORS:
        return None
    widths = np.tile(_reach(known), (_GROUPS, 1))
    for group in range(_GROUPS):
        sample = known[group_of_known == group]
        if len(sample) >= _MIN_ERRORS:
            widths[group] = _reach(sample)
    return widths


def _reach(sample: Floats) -> Floats:
    """The quantiles that an error stays within, as distances below and above. Shape (2,)."""
    tail = (1 - INTERVAL_LEVEL) / 2
    # a finite sample shows less than there is: the quantile that a further error stays within
    rank = tail * (1 - 1 / len(sample))
    low, high = np.quantile(sample, [rank, 1 - rank])
    return np.maximum([-low, high], _LEAST_REACH)


def _widening(errors: Floats, groups: Integers, step: int) -> float | None:
    """How much wider intervals of errors known then would have had to be, to cover what came.

    The errors of one time are not those of the next: growth begins, or nears its end. So each past
    forecast is set against the interval that could have been made on its day (split conformal
    prediction in order of time: Vovk, Gammerman and Shafer, Algorithmic Learning in a Random World,
    2005). None where too few could be tried.
    """
    if errors.ndim < 2:
        return None
    scores = []
    newest = errors.shape[1] - 1
    for origin in range(newest, max(step, newest - _TRIED_MONTHS), -_TRIED_EVERY):
        known = slice(0, origin - step + 1)  # errors of forecasts for months before the origin
        widths = _widths(errors[:, known], groups[:, known])
        if widths is None:
            break
        of_error = widths[groups[:, origin]]
        error = errors[:, origin]
        scores.append(np.maximum(error / of_error[:, 1], -error / of_error[:, 0]))
    tried = np.concatenate(scores) if scores else np.empty(0)
    tried = tried[np.isfinite(tried)]
    if len(tried) < _MIN_ERRORS:
        return None
    needed = np.sqrt(np.clip(np.quantile(tried, INTERVAL_LEVEL), *_WIDENING))
    series = np.isfinite(errors).any(axis=1).sum()
    return float(needed * (1 + _CAUTION * step / np.sqrt(series)))


def _interpolated(widths: Floats, horizons: list[int], horizon: int) -> Floats:
    """Widths for each month up to the horizon; beyond the last measured as a random walk grows.

    `widths` has shape (groups, len(horizons)), the result (groups, horizon).
    """
    months = np.arange(1, horizon + 1)
    beyond = np.sqrt(np.maximum(months / horizons[-1], 1.0))
    rows = [np.interp(months, horizons, np.maximum.accumulate(width)) * beyond for width in widths]
    return np.array(rows)


def _newest_share(model: TrendModel) -> Floats:
    """Each series' newest known share, NaN where none is. Shape (n_series,)."""
    share = model.panel.share
    newest = model.panel.newest
    return np.where(newest >= 0, share[np.arange(len(newest)), newest], np.nan)


def _group(share: Floats, size: Floats) -> Integers:
    """The group of a share and a number of organisations, 0 to `_GROUPS` - 1, in their shape."""
    return np.digitize(share, _SHARE_BANDS) * (len(_SIZE_BANDS) + 1) + np.digitize(
        size, _SIZE_BANDS
    )
