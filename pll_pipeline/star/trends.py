"""Growth of shares: local weighted regression on the logit scale, damped and partially pooled.

Adoption that spreads by contact follows a logistic curve (Rogers, Diffusion of Innovations), which
is a straight line on the logit scale. So each series is fitted, at each month, by a weighted least
squares line through its last months (local regression: Cleveland, JASA 74, 1979). The slope is
damped over the horizon (Gardner and McKenzie, Management Science 31, 1985) and shrunk towards that
of the country and of the measure (partial pooling: Gelman and Hill, Data Analysis Using Regression
and Multilevel/Hierarchical Models, 2007, ch. 12), because few months or few organisations leave a
slope uncertain. The three parameters that all series share are those with the least error in a
rolling-origin evaluation (Tashman, International Journal of Forecasting 16, 2000).
Not here: prediction intervals (`intervals.py`), rows of a forecast (`forecasting.py`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize
from scipy.special import expit

from pll_pipeline.star.panel import Booleans, Floats, Limits, Panel
from pll_pipeline.star.steady import Steady

# Months in the regression: one and a half years keeps a season out and a change of pace in.
_WINDOW = 18
# Weight of a month relative to the one after it (discounted least squares).
_DISCOUNT = 0.9
# Weight of the fitted level, against the newest share, in the point a curve starts from.
_LEVEL_WEIGHT = 0.25
# Largest precision of one logit share: beyond fifty organisations, sampling is not the main error.
_MAX_PRECISION = 50.0
# Shares closer to 0 and 1 than this have no smaller sampling variance.
_EXTREME_SHARE = 0.01
# Denominators below this are taken as zero information.
_TINY = 1e-9
# Years of past forecasts that still describe the method's error.
_EVALUATED_YEARS = 2
# Horizons, in months, whose errors choose the parameters: half a year and a year.
_TUNED_HORIZONS = (6, 12)
# Months the tuning needs beyond those that a forecast needs twice.
_TUNING_MARGIN = 6
# Series in the tuning. Three parameters need no more, and time grows with them.
_MAX_TUNED_SERIES = 4000


@dataclass(frozen=True)
class Parameters:
    """What all series share. The defaults apply where there is too little past to tune them.

    `damping`: the factor of a slope from one month to the next, 0 to 1.
    `shrinkage`: how strongly a slope is pooled, in the unit of `Trends.information`.
    `linear_weight`: the weight of growth that is linear in the share until it nears its end, 0 to
    1; the rest is logistic.
    """

    damping: float = 0.97
    shrinkage: float = 20.0
    linear_weight: float = 0.3

    @classmethod
    def from_free(cls, free: Floats) -> Parameters:
        """Parameters from three unbounded numbers, as an optimiser varies them."""
        return cls(
            round(float(0.85 + 0.15 * expit(free[0])), 4),
            round(float(np.exp(np.clip(free[1], -2, 8))), 3),
            round(float(expit(free[2])), 4),
        )


@dataclass(frozen=True)
class Trends:
    """The local regression at each month. Each array has shape (n_series, n_months).

    `level`: where a curve starts, logit. `slope`: logit per month. `information`: the weighted sum
    of squared months around their mean, so the precision of the slope. `share_slope`: the slope of
    the same regression of the share itself, share per month.
    """

    level: Floats
    slope: Floats
    information: Floats
    share_slope: Floats

    def at(self, months: slice) -> Trends:
        """The trends at some of the months."""
        return Trends(
            self.level[:, months],
            self.slope[:, months],
            self.information[:, months],
            self.share_slope[:, months],
        )

    def subset(self, rows: Booleans) -> Trends:
        """The trends of some of the series. `rows` has shape (n_series,)."""
        return Trends(
            self.level[rows], self.slope[rows], self.information[rows], self.share_slope[rows]
        )


@dataclass(frozen=True)
class TrendModel:
    """A panel with its trends and parameters: what is expected, and what would have been."""

    panel: Panel
    steady: Steady
    trends: Trends
    limits: Limits
    parameters: Parameters

    @classmethod
    def fit(cls, panel: Panel, limits: Limits) -> TrendModel:
        """Fit the trends of all series, and the parameters they share."""
        steady = Steady.of(panel)
        trends = fit_trends(panel, steady)
        return cls(panel, steady, trends, limits, _tuned(panel, steady, trends, limits))

    def expected(self, origins: slice, horizon: int) -> Floats:
        """The share expected `horizon` months after each origin. Shape (n_series, n_origins)."""
        parameters = self.parameters
        trends = self.trends.at(origins)
        # the number of undamped months that the damped slope covers
        months = float(np.sum(parameters.damping ** np.arange(1, horizon + 1)))
        slope = self.slope(origins)
        logistic = expit(trends.level + slope * months)
        linear = _bounded(expit(trends.level), trends.share_slope * months)
        weight = parameters.linear_weight
        mixed: Floats = (1 - weight) * logistic + weight * linear
        return np.minimum(mixed * self.steady.season_after(origins, horizon), 1.0)

    def slope(self, origins: slice) -> Floats:
        """The pooled slope at each origin, logit per month. Shape (n_series, n_origins)."""
        return pooled_slope(self.panel, self.trends.at(origins), self.parameters.shrinkage)

    def past_origins(self, horizon: int) -> tuple[slice, slice]:
        """The months a forecast could have been made in, and those it would have been for."""
        n_months = self.panel.share.shape[1]
        first = max(self.limits.min_months, n_months - _EVALUATED_YEARS * 12 - horizon)
        return slice(first, n_months - horizon), slice(first + horizon, n_months)

    def is_evaluated(self, origins: slice, horizon: int) -> Booleans:
        """Where a past forecast counts as an example. Shape (n_series, n_origins).

        Left out: what had not begun or was over, a slope without information, few organisations,
        and months between which the measure was defined anew.
        """
        share = self.panel.share[:, origins]
        return (
            (share > 0)
            & (share < self.limits.saturation)
            & (self.trends.information[:, origins] > _TINY)
            & (self.panel.size[:, origins] >= self.limits.min_eligible)
            & ~self.steady.is_redefined_after(origins, horizon)
        )

    def share_errors(self, horizon: int) -> Floats:
        """Actual less expected share of past forecasts, NaN where not evaluated.

        Shape (n_series, n_origins); one column of NaN where no forecast could have been made.
        """
        origins, targets = self.past_origins(horizon)
        if origins.start >= origins.stop:
            return np.full((self.panel.share.shape[0], 1), np.nan)
        error = self.panel.share[:, targets] - self.expected(origins, horizon)
        return np.where(self.is_evaluated(origins, horizon), error, np.nan)


def _bounded(share: Floats, growth: Floats) -> Floats:
    """A share after a growth that slows down as what is left of it to grow into is used up."""
    room = np.where(growth > 0, 1 - share, share)
    grown: Floats = share + np.sign(growth) * room * (
        1 - np.exp(-np.abs(growth) / np.maximum(room, _TINY))
    )
    return grown


def fit_trends(panel: Panel, steady: Steady) -> Trends:
    """The weighted least squares line through the last months, of each series at each month."""
    known = panel.is_known
    weight = _windows(_precision(panel)) * _DISCOUNT ** -_age()
    level, slope, information = _regression(weight, np.nan_to_num(steady.logit))
    _, share_slope, _ = _regression(weight, np.nan_to_num(steady.share))
    newest = np.nan_to_num(steady.logit)
    smoothed = (1 - _LEVEL_WEIGHT) * newest + _LEVEL_WEIGHT * level
    level = np.where(known, smoothed, level) + steady.leaps
    return Trends(level, slope, information, share_slope)


def pooled_slope(panel: Panel, trends: Trends, shrinkage: float) -> Floats:
    """Each slope, shrunk to that of its parent, and the parent's to the mean of the measure.

    The less information a slope has relative to `shrinkage`, the closer it comes to the one above.
    Shape (n_series, n_months).
    """
    has_parent = panel.parent[:, None] >= 0
    parent_information = np.where(has_parent, trends.information[panel.parent], 0.0)
    parent_slope = np.where(has_parent, trends.slope[panel.parent], 0.0)
    prior = shrinkage + _TINY
    above = (parent_information * parent_slope + prior * _measure_slope(panel, trends)) / (
        parent_information + shrinkage + _TINY
    )
    return (trends.information * trends.slope + prior * above) / (
        trends.information + shrinkage + _TINY
    )


def _measure_slope(panel: Panel, trends: Trends) -> Floats:
    """The mean slope of each series' measure, by information. Shape (n_series, n_months)."""
    weight = trends.information + _TINY
    shape = (panel.measure.max() + 1, trends.slope.shape[1])
    weighted, total = np.zeros(shape), np.zeros(shape)
    np.add.at(weighted, panel.measure, trends.slope * weight)
    np.add.at(total, panel.measure, weight)
    mean: Floats = (weighted / np.maximum(total, _TINY))[panel.measure]
    return mean


def _precision(panel: Panel) -> Floats:
    """The precision of each logit share: n p (1 - p), the inverse of its binomial variance.

    Zero where no share is known. Shape (n_series, n_months).
    """
    share = np.clip(np.nan_to_num(panel.share), _EXTREME_SHARE, 1 - _EXTREME_SHARE)
    precision = np.minimum(panel.size * share * (1 - share), _MAX_PRECISION)
    return np.where(panel.is_known, precision, 0.0)


def _regression(weight: Floats, values: Floats) -> tuple[Floats, Floats, Floats]:
    """Level at the newest month, slope per month and information of a weighted regression on time.

    `weight` has shape (n_series, n_months, window), `values` (n_series, n_months); so have the
    results.
    """
    age = _age()
    total = np.maximum(weight.sum(axis=2), _TINY)
    centre = (weight * age).sum(axis=2) / total
    information = (weight * (age - centre[..., None]) ** 2).sum(axis=2)
    window = _windows(values)
    mean = (weight * window).sum(axis=2) / total
    covariance = (weight * (age - centre[..., None]) * (window - mean[..., None])).sum(axis=2)
    slope = covariance / np.maximum(information, _TINY)
    slope = np.where(information > _TINY, slope, 0.0)
    return mean - slope * centre, slope, information


def _age() -> Floats:
    """The months of a window relative to its newest: -17 to 0. Shape (window,)."""
    return np.arange(1 - _WINDOW, 1, dtype=np.float64)


def _windows(values: Floats) -> Floats:
    """The last months before each month, zero before the first. (n_series, n_months, window)."""
    padded = np.pad(values, ((0, 0), (_WINDOW - 1, 0)))
    return np.lib.stride_tricks.sliding_window_view(padded, _WINDOW, axis=1)


def _tuned(panel: Panel, steady: Steady, trends: Trends, limits: Limits) -> Parameters:
    """The parameters with the least mean absolute error of past forecasts (Nelder-Mead)."""
    if panel.share.shape[1] < 2 * limits.min_months + _TUNING_MARGIN:
        return Parameters()
    rows = _tuning_sample(panel)
    panel, steady, trends = panel.subset(rows), steady.subset(rows), trends.subset(rows)

    def mean_absolute_error(free: Floats) -> float:
        model = TrendModel(panel, steady, trends, limits, Parameters.from_free(free))
        errors = [np.abs(model.share_errors(horizon)) for horizon in _TUNED_HORIZONS]
        return float(sum(np.nanmean(error) for error in errors if np.isfinite(error).any()))

    # from a damping near 0.97, a shrinkage near 20 and a linear weight near 0.3
    best = minimize(
        mean_absolute_error,
        x0=np.array([1.4, 3.0, -0.85]),
        method="Nelder-Mead",
        options={"xatol": 0.05, "fatol": 1e-6, "maxiter": 60},
    )
    return Parameters.from_free(best.x)


def _tuning_sample(panel: Panel) -> Booleans:
    """Every n-th series where there are many, with the parents that others are pooled to."""
    number = np.arange(panel.share.shape[0])
    step = -(-len(number) // _MAX_TUNED_SERIES)
    is_sampled: Booleans = (number % step == 0) | np.isin(number, panel.parent)
    return is_sampled
