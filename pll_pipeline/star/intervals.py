"""Empirical prediction intervals: as wide as the errors of the same method in the past.

For each horizon the interval reaches from one quantile of the past errors to another, on the logit
scale (Williams and Goodman, JASA 66, 1971; Hyndman and Athanasopoulos, Forecasting: Principles and
Practice, 3rd ed. 2021, sec. 5.5). Errors are pooled over measures within groups of like share and
size, because a new service has no errors of its own.
Not here: the forecast the interval is around (`trends.py`).
"""

from __future__ import annotations

import numpy as np
from scipy.special import logit

from pll_pipeline.star.panel import Floats, Integers
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
# Half width, logit, where no forecast of that horizon was ever tried.
_DEFAULT_WIDTH = 0.15
# Shares are kept this far from 0 and 1 on the logit scale.
_EDGE = 1e-6


def half_widths(model: TrendModel, horizon: int) -> tuple[Floats, Floats]:
    """How far the intervals reach below and above what is expected, logit.

    Both have shape (n_series, horizon) and never become narrower with the horizon.
    """
    horizons = [step for step in _HORIZONS if step <= horizon]
    below, above = np.zeros((_GROUPS, len(horizons))), np.zeros((_GROUPS, len(horizons)))
    for column, step in enumerate(horizons):
        errors, groups = _past_errors(model, step)
        for group in range(_GROUPS):
            quantiles = _quantiles(errors, groups, group)
            if quantiles is not None:
                below[group, column], above[group, column] = quantiles
            elif column:
                # no errors so far ahead: as far as a random walk goes on from the horizon before
                factor = np.sqrt(step / horizons[column - 1])
                below[group, column] = below[group, column - 1] * factor
                above[group, column] = above[group, column - 1] * factor
            else:
                below[group, column] = above[group, column] = _DEFAULT_WIDTH
    group_of_series = _group(_newest_share(model), model.panel.size[:, -1])
    return (
        _interpolated(below, horizons, horizon)[group_of_series],
        _interpolated(above, horizons, horizon)[group_of_series],
    )


def logit_inside(share: Floats) -> Floats:
    """Shares on the logit scale, 0 and 1 made finite."""
    transformed: Floats = logit(np.clip(share, _EDGE, 1 - _EDGE))
    return transformed


def _past_errors(model: TrendModel, horizon: int) -> tuple[Floats, Integers]:
    """Actual less expected of past forecasts, logit, and the group of each; both of one shape.

    NaN where not evaluated; empty where no forecast could have been made.
    """
    origins, targets = model.past_origins(horizon)
    if origins.start >= origins.stop:
        return np.empty(0), np.empty(0, dtype=np.int64)
    expected = logit_inside(model.expected(origins, horizon))
    error = model.panel.logit_share[:, targets] - expected
    error = np.where(model.is_evaluated(origins), error, np.nan)
    return error, _group(model.panel.share[:, origins], model.panel.size[:, origins])


def _quantiles(errors: Floats, groups: Integers, group: int) -> tuple[float, float] | None:
    """How far below and above the errors of a group reach; of all groups where it has few errors.

    None where all of them are too few.
    """
    is_known = np.isfinite(errors)
    sample = errors[is_known & (groups == group)]
    if len(sample) < _MIN_ERRORS:
        sample = errors[is_known]
    if len(sample) < _MIN_ERRORS:
        return None
    tail = (1 - INTERVAL_LEVEL) / 2
    # a finite sample shows less than there is: the quantile that a further error stays within
    rank = min(tail * (1 - 1 / len(sample)), tail)
    return max(-np.quantile(sample, rank), 0.0), max(np.quantile(sample, 1 - rank), 0.0)


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
