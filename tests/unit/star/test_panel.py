"""Series as arrays: where each figure is put, and what the limits are read from."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import polars as pl
import pytest

from pll_pipeline.star.panel import Limits, months_later, panel_of, refusals
from tests.bench.backtest import LIMITS

ROWS = pl.DataFrame(
    {
        "measure_code": ["m", "m", "m", "n"],
        "region_key": ["land:NO", "hf:1", "land:NO", "hf:1"],
        "region_level": ["land", "hf", "land", "hf"],
        "actor_type_code": ["alle"] * 4,
        "month": [date(2025, 3, 1), date(2025, 1, 1), date(2025, 1, 1), date(2025, 2, 1)],
        "adoption_share": [0.5, 0.2, 0.4, 0.9],
        "eligible_count": [100, 10, None, 5],
        "share_upper": [0.5, 0.2, 0.4, None],
        "is_representative": [True] * 4,
        "qualifier": ["exact", "approx", "exact", "at_least"],
    }
)


def test_a_panel_has_every_month_and_a_gap_is_unknown() -> None:
    months, series, panel = panel_of(ROWS)
    assert months == [date(2025, 1, 1), date(2025, 2, 1), date(2025, 3, 1)]
    assert series.rows() == [
        ("m", "hf:1", "alle", "hf"),
        ("m", "land:NO", "alle", "land"),
        ("n", "hf:1", "alle", "hf"),
    ]
    np.testing.assert_equal(panel.share, [[0.2, np.nan, np.nan], [0.4, np.nan, 0.5], [np.nan] * 3])
    np.testing.assert_equal(panel.eligible[1], [np.nan, np.nan, 100])


def test_a_share_that_is_only_bounded_is_no_point_of_a_curve() -> None:
    _, _, panel = panel_of(ROWS)
    assert not panel.is_known[2].any()
    assert panel.newest.tolist() == [0, 2, -1]


def test_a_series_has_the_country_of_its_measure_as_parent_and_a_subset_keeps_it() -> None:
    _, _, panel = panel_of(ROWS)
    assert (panel.parent.tolist(), panel.measure.tolist()) == ([1, 1, -1], [0, 0, 1])
    assert panel.subset(np.array([False, True, True])).parent.tolist() == [0, -1]
    assert panel.subset(np.array([True, False, False])).parent.tolist() == [-1]


def test_none_and_all_are_half_an_organisation_away_from_0_and_1() -> None:
    _, _, panel = panel_of(ROWS.with_columns(adoption_share=pl.lit(1.0)))
    assert panel.logit_share[1, 2] == pytest.approx(np.log(99.5 / 0.5))


def test_the_limits_are_those_of_the_code_list() -> None:
    rows = [
        ("too_small", 5.0, None),
        ("too_old", 3.0, None),
        ("too_few_months", 10.0, 20),
    ]
    code_list = pl.DataFrame(
        [*rows, ("reached", 0.9, None), ("not_begun", None, None)],
        schema=["refusal_code", "threshold", "within_months"],
        orient="row",
    )
    assert Limits.from_refusals(code_list) == Limits(
        min_eligible=5.0,
        max_age=3,
        min_months=10,
        within_months=20,
        saturation=0.9,
    )


def test_a_series_is_refused_by_the_limits_it_is_given() -> None:
    _, _, panel = panel_of(ROWS)
    lax = replace(LIMITS, min_eligible=1, min_months=1)
    assert refusals(panel, LIMITS) == ["too_small", "too_few_months", "only_bounds"]
    assert refusals(panel, lax) == [None, None, "only_bounds"]


def test_a_code_of_a_refusal_fits_into_the_panel() -> None:
    _, _, panel = panel_of(ROWS)
    assert panel.doubt.tolist() == [
        ["", "-", "-"],
        ["", "-", ""],
        ["-", "newest_suppressed", "-"],
    ]


def test_months_are_counted_over_the_turn_of_the_year() -> None:
    assert months_later(date(2025, 11, 1), 3) == date(2026, 2, 1)
