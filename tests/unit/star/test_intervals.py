"""Prediction intervals: as wide as past errors, and never narrower further ahead."""

from __future__ import annotations

import numpy as np
import pytest

from pll_pipeline.star.intervals import half_widths
from pll_pipeline.star.panel import Panel, panel_of, refusals
from pll_pipeline.star.steady import Steady
from pll_pipeline.star.trends import TrendModel, fit_trends, pooled_slope
from tests.bench.backtest import LIMITS, simulated


@pytest.fixture(scope="module")
def model() -> TrendModel:
    _, _, panel = panel_of(simulated(scale=0.05, months=60))
    able = np.array([reason is None for reason in refusals(panel, LIMITS)])
    return TrendModel.fit(panel.subset(able), LIMITS)


def test_an_interval_becomes_no_narrower_with_the_horizon(model: TrendModel) -> None:
    for side in half_widths(model, 36):
        assert side.shape == (model.panel.share.shape[0], 36)
        assert (side >= 0).all()
        assert (np.diff(side, axis=1) >= 0).all()


def test_beyond_the_longest_measured_horizon_widths_grow_as_a_random_walk(
    model: TrendModel,
) -> None:
    below, _ = half_widths(model, 96)
    assert below[:, 95] == pytest.approx(below[:, 23] * 2)


def test_a_slope_is_pooled_more_where_there_is_more_shrinkage(model: TrendModel) -> None:
    newest = fit_trends(model.panel, model.steady).at(slice(-1, None))
    weak, strong = (pooled_slope(model.panel, newest, amount) for amount in (1e-6, 1e6))
    assert np.ptp(strong) < np.ptp(weak)
    assert np.median(np.abs(weak - newest.slope)) < 1e-6


def test_a_straight_line_on_the_logit_scale_is_fitted_exactly() -> None:
    months = np.arange(24)
    share = 1 / (1 + np.exp(2.0 - 0.1 * months))[None, :]
    doubt = np.full(share.shape, "")
    panel = Panel(share, np.full_like(share, 1e6), np.array([-1]), np.array([0]), doubt)
    trends = fit_trends(panel, Steady.of(panel))
    assert trends.slope[0, -1] == pytest.approx(0.1)
    assert trends.level[0, -1] == pytest.approx(-2.0 + 0.1 * 23)
