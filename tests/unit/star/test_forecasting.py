"""What the forecast promises: curves that go on as they were, intervals that hold, and a reason where there is none."""

from __future__ import annotations

from datetime import date

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import expit

from pll_pipeline.star.forecasting import FORECAST, HORIZON, forecast, misses
from tests.bench.backtest import HORIZONS, real, scores, simulated


def _series(
    shares: list[float | None],
    region: str = "land:NO",
    level: str = "land",
    eligible: int = 1000,
    until: date = date(2025, 12, 1),
    qualifier: str = "exact",
    measure: str = "m",
) -> pl.DataFrame:
    last = until.year * 12 + until.month - 1
    months = [
        date(place // 12, place % 12 + 1, 1) for place in range(last - len(shares) + 1, last + 1)
    ]
    return pl.DataFrame(
        {"month": months, "adoption_share": shares},
        schema={"month": pl.Date, "adoption_share": pl.Float64},
    ).with_columns(
        measure_code=pl.lit(measure),
        region_key=pl.lit(region),
        region_level=pl.lit(level),
        actor_type_code=pl.lit("alle"),
        eligible_count=pl.lit(eligible),
        qualifier=pl.lit(qualifier),
    )


def _curve(months: int, pace: float = 0.08, start: float = -3.0) -> list[float]:
    return [float(expit(start + pace * month)) for month in range(months)]


def test_a_curve_without_noise_goes_on_as_it_was() -> None:
    truth = _curve(60 + 12)
    told = forecast(_series([*truth[:60]])).filter(pl.col("months_ahead") <= 12)
    assert told["expected_share"].to_list() == pytest.approx(truth[60:], abs=0.03)
    assert (told["share_low"] <= told["expected_share"]).all() and (
        told["expected_share"] <= told["share_high"]
    ).all()


def test_a_forecast_says_when_thresholds_are_passed_known_or_expected() -> None:
    told = forecast(_series(_curve(48))).row(0, named=True)
    known = _curve(200)
    reached = {
        level: next(i for i, share in enumerate(known) if share >= level) for level in (0.25, 0.5)
    }
    assert told["passes_25_month"] == date(2022 + reached[0.25] // 12, reached[0.25] % 12 + 1, 1)
    assert told["passes_50_month"] == date(2022 + reached[0.5] // 12, reached[0.5] % 12 + 1, 1)
    assert told["passes_50_month"] < told["passes_80_month"] < told["passes_95_month"]


@pytest.mark.parametrize(
    ("rows", "reason"),
    [
        (_series([0.3] * 6), "too_few_months"),
        (_series(_curve(40), eligible=19), "too_small"),
        (_series(_curve(40), qualifier="at_least"), "only_bounds"),
        (_series([None] * 40), "only_bounds"),
        (_series([*_curve(40), *[None] * 7]), "too_old"),
        (_series([*_curve(40), 0.995]), "reached"),
        (_series([0.0] * 40), "not_begun"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_series_that_tells_too_little_is_refused_with_the_reason(
    rows: pl.DataFrame, reason: str
) -> None:
    told = forecast(rows)
    assert told["refusal_code"].to_list() == [reason]
    assert told["month"].to_list() == [None]
    assert told["expected_share"].to_list() == [None]


def test_a_month_that_was_suppressed_is_a_hole_and_no_zero() -> None:
    whole = _curve(60)
    holed = [None if month in (20, 33, 47, 58) else share for month, share in enumerate(whole)]
    assert forecast(_series(holed))["expected_share"].to_list() == pytest.approx(
        forecast(_series([*whole]))["expected_share"].to_list(), abs=0.02
    )


def test_a_region_with_few_organisations_leans_on_the_country() -> None:
    country, flat = (
        _series(_curve(60, pace=0.1), eligible=2000),
        [0.3 + 0.001 * (month % 2) for month in range(60)],
    )
    small = forecast(
        pl.concat([country, _series([*flat], region="hf:1", level="hf", eligible=25)])
    ).filter(pl.col("region_key") == "hf:1")
    large = forecast(
        pl.concat([country, _series([*flat], region="hf:1", level="hf", eligible=20_000)])
    ).filter(pl.col("region_key") == "hf:1")
    assert small["expected_share"][11] > large["expected_share"][11]


def test_rows_in_another_order_give_the_same_forecast() -> None:
    rows = pl.concat(
        [_series(_curve(50)), _series(_curve(50, 0.05), region="hf:1", level="hf", eligible=90)]
    )
    assert forecast(rows).equals(forecast(rows.sample(fraction=1, shuffle=True, seed=4)))


def test_nothing_gives_nothing_of_the_same_columns() -> None:
    assert forecast(_series([]).clear()).schema == pl.Schema(FORECAST)


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.one_of(st.none(), st.floats(0, 1)), min_size=1, max_size=60),
    st.integers(1, 5000),
    st.integers(0, 3),
)
def test_whatever_was_known_a_forecast_lies_in_its_interval_and_between_0_and_1(
    shares: list[float | None], eligible: int, regions: int
) -> None:
    rows = pl.concat(
        [
            _series(shares, eligible=eligible),
            *(
                _series([*reversed(shares)], region=f"hf:{n}", level="hf", eligible=eligible + n)
                for n in range(regions)
            ),
        ]
    )
    told = forecast(rows)
    assert set(told.group_by("region_key").len()["len"]) <= {1, HORIZON}
    curves = told.filter(pl.col("refusal_code").is_null())
    for low, expected, high in curves.select(
        "share_low", "expected_share", "share_high"
    ).iter_rows():
        assert 0 <= low <= expected + 1e-6 <= high + 2e-6 <= 1 + 3e-6
    width = curves.with_columns(width=pl.col("share_high") - pl.col("share_low"))
    assert width.filter(pl.col("width").is_nan()).is_empty()


def test_nothing_after_its_day_is_used_in_a_forecast_of_the_past() -> None:
    truth = _curve(70)
    later = [*truth[:60], *np.linspace(0.1, 0.9, 10).tolist()]
    origin = date(2025, 2, 1)
    asked = [
        misses(
            pl.concat([_series(list(rows)), _series(list(rows), region="hf:1", level="hf")]),
            [origin],
            [6],
        )
        for rows in (truth, later)
    ]
    assert asked[0].drop("actual").equals(asked[1].drop("actual"))
    assert not asked[0]["actual"].equals(asked[1]["actual"])


def test_the_back_test_still_stands() -> None:
    """The small world of the back test: fewer residents, so coarser shares; the README holds the whole one."""
    told = {
        row["months_ahead"]: row
        for row in scores(
            misses(simulated(scale=0.3), [date(2023, 6, 1), date(2024, 12, 1)], HORIZONS)
        ).iter_rows(named=True)
    }
    assert {ahead: row["forecasts"] for ahead, row in told.items()} == GOLDEN_FORECASTS
    for ahead, (curve, drift, naive) in GOLDEN_ERRORS.items():
        assert (told[ahead]["curve"], told[ahead]["drift"], told[ahead]["naive"]) == pytest.approx(
            (curve, drift, naive), abs=0.02
        )
        assert curve < drift < naive


def test_the_stated_shares_of_eresept_are_foretold_as_the_readme_says() -> None:
    assert real().select("year", pl.col("curve", "drift", "naive").round(1)).rows() == [
        (2020, 91.2, 91.6, 89.0),
        (2021, 92.3, 92.4, 91.3),
        (2023, 94.2, 94.9, 92.5),
    ]


GOLDEN_FORECASTS = {6: 248, 12: 247}
GOLDEN_ERRORS = {6: (1.47, 2.00, 4.68), 12: (2.31, 3.30, 8.86)}
