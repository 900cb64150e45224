"""Series without what a curve cannot explain: single leaps, and months that dip every year.

A change of definition or a chain that begins on one day is a leap: one change, many times as large
as the usual one of its series. It moves the level and says nothing of the pace, so it is taken out
of the regression (an intervention in the sense of Box and Tiao, JASA 70, 1975). A month that lies
apart from its neighbours in the same direction every year is seasonal: it is taken out before the
regression and put back where a forecast is for that month.
Not here: the regression (`trends.py`).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from pll_pipeline.star.panel import Booleans, Floats, Panel

# A leap is so many times as large as the usual change of its series ...
_TIMES_USUAL = 10.0
# ... and moves at least so many organisations.
_FEWEST_ORGANISATIONS = 3.0
# A seasonal month is so many times as far from its neighbours as other months ...
_TIMES_APART = 3.0
# ... in each of at least so many years.
_FEWEST_YEARS = 2
# A leap that most of at least so many series of a measure share is a change of definition.
_FEWEST_SERIES = 5
_YEAR = 12


@dataclass(frozen=True)
class Steady:
    """A panel on the logit scale without leaps and seasons.

    `logit` and `share`: the values to fit, shape (n_series, n_months), NaN where not known.
    `leaps`: what the leaps up to each month add, logit, in the same shape.
    `season`: the factor of the share in each month of the year, as known in each month:
    (n_series, n_months, 12), by the number of a column modulo 12. `redefined`: the months in which
    most series of a measure leap, in the shape of `logit`.
    """

    logit: Floats
    share: Floats
    leaps: Floats
    season: Floats
    redefined: Booleans

    @classmethod
    def of(cls, panel: Panel) -> Steady:
        """The panel without leaps and seasons; nothing later than a month is used in it."""
        season = _seasons(panel)
        own = np.arange(panel.share.shape[1])
        share = np.minimum(panel.share / season[:, own, own % _YEAR], 1.0)
        level = replace(panel, share=share).logit_share
        is_leap = _is_leap(panel, share, level)
        leaps = np.cumsum(np.where(is_leap, _changes(level), 0.0), axis=1)
        in_share = np.cumsum(np.where(is_leap, _changes(share), 0.0), axis=1)
        redefined = _is_common(panel, is_leap)
        return cls(level - leaps, share - in_share, leaps, season, redefined)

    def subset(self, rows: Booleans) -> Steady:
        """Some of the series. `rows` has shape (n_series,)."""
        return Steady(
            self.logit[rows],
            self.share[rows],
            self.leaps[rows],
            self.season[rows],
            self.redefined[rows],
        )

    def is_redefined_after(self, origins: slice, horizon: int) -> Booleans:
        """Whether a measure changes within so many months after each origin, by columns."""
        changes = np.cumsum(self.redefined, axis=1)
        later = slice(origins.start + horizon, origins.stop + horizon)
        is_redefined: Booleans = changes[:, later] > changes[:, origins]
        return is_redefined

    def season_after(self, origins: slice, horizon: int) -> Floats:
        """The factor of the month so long after each origin. (n_series, n_origins)."""
        months = np.arange(self.logit.shape[1])[origins]
        seasons: Floats = self.season[:, months, (months + horizon) % _YEAR]
        return seasons


def _changes(values: Floats) -> Floats:
    """The change from the last known value before each month; 0 where there is none."""
    known = np.isfinite(values)
    column = np.where(known, np.arange(values.shape[1]), 0)
    newest = np.maximum.accumulate(column, axis=1)
    filled = np.take_along_axis(values, newest, axis=1)
    change = np.diff(filled, axis=1, prepend=np.nan)
    return np.nan_to_num(change)


def _is_leap(panel: Panel, share: Floats, level: Floats) -> Booleans:
    """Where a change is a leap. Shape (n_series, n_months)."""
    has_begun = np.roll(np.maximum.accumulate(np.nan_to_num(panel.share) > 0, axis=1), 1, axis=1)
    has_begun[:, 0] = False
    change = np.abs(_changes(level))
    moved = np.abs(_changes(share)) * panel.size
    usual = _usual(np.where(panel.is_known & has_begun, change, np.nan))
    # a pace that lasts is no leap, however new it is
    before = np.pad(change, ((0, 0), (3, 0)))[:, :-1]
    lately = np.median(np.lib.stride_tricks.sliding_window_view(before, 3, axis=1), axis=2)
    is_large = (change > _TIMES_USUAL * np.maximum(usual, lately)) & (
        moved >= _FEWEST_ORGANISATIONS
    )
    is_leap: Booleans = is_large & has_begun
    return is_leap


def _is_common(panel: Panel, is_leap: Booleans) -> Booleans:
    """Where most series of a measure leap in one month: its definition changed, not its use."""
    number = panel.measure.max() + 1
    leaps, known = np.zeros((2, number, is_leap.shape[1]))
    np.add.at(leaps, panel.measure, is_leap)
    np.add.at(known, panel.measure, panel.is_known)
    is_common: Booleans = ((leaps > known / 2) & (known >= _FEWEST_SERIES))[panel.measure]
    return is_common


def _usual(values: Floats) -> Floats:
    """The mean of the lower four fifths of what is known of each series. Shape (n_series, 1).

    Fewer than a fifth are leaps or seasons, and most may be 0 in a small region; 0 where nothing is
    known.
    """
    in_order = np.sort(values, axis=1)  # what is not known comes last
    fewest = np.ceil(0.8 * np.isfinite(values).sum(axis=1, keepdims=True))
    counted = np.arange(values.shape[1]) < fewest
    total = np.where(counted, in_order, 0.0).sum(axis=1, keepdims=True)
    mean: Floats = total / np.maximum(fewest, 1)
    return mean


def _seasons(panel: Panel) -> Floats:
    """The factor of each month of the year, as known in each month. (n_series, n_months, 12)."""
    begun = np.where(np.nan_to_num(panel.share) > 0, panel.share, np.nan)
    apart = _apart(np.log(begun))
    usual = _usual(np.abs(apart))
    n_series, n_months = apart.shape
    seasons = np.ones((n_series, n_months, _YEAR))
    for month in range(_YEAR):
        years = apart[:, month::_YEAR]
        for count in range(_FEWEST_YEARS, years.shape[1] + 1):
            seen = years[:, :count]
            is_apart = (np.abs(seen) > _TIMES_APART * usual) & np.isfinite(seen)
            is_season = is_apart.all(axis=1) & (np.abs(np.sign(seen).sum(axis=1)) == count)
            # how far a month is apart is known when the two after it are
            known_from = month + (count - 1) * _YEAR + 2
            factor = np.exp(np.where(is_season, np.nan_to_num(seen[:, -1]), 0.0))
            seasons[:, known_from:, month] = factor[:, None]
    return seasons


def _apart(values: Floats) -> Floats:
    """How far each month lies from the median of the two before and the two after it.

    NaN where one of them is not known. A month beside one that dips is not apart by that.
    """
    apart = np.full_like(values, np.nan)
    last = values.shape[1] - 2
    if last > 2:
        around = [values[:, 2 + step : last + step] for step in (-2, -1, 1, 2)]
        apart[:, 2:last] = values[:, 2:last] - np.median(around, axis=0)
    return apart
