"""What the forecast promises: smooth growth goes on, intervals cover, refusals have a reason."""

from __future__ import annotations

from datetime import date

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import expit

from pll_pipeline.star.forecasting import FORECAST, HORIZON, forecast, rolling_origin_forecasts
from pll_pipeline.star.intervals import INTERVAL_LEVEL
from tests.bench.backtest import HORIZONS, LIMITS, real, scores, simulated


def _forecast(adoption: pl.DataFrame) -> pl.DataFrame:
    return forecast(adoption, LIMITS)


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
        date(number // 12, number % 12 + 1, 1) for number in range(last - len(shares) + 1, last + 1)
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


def _curve(months: int, slope: float = 0.08, start: float = -3.0) -> list[float]:
    """A logistic curve: `start` and `slope` per month on the logit scale."""
    return [float(expit(start + slope * month)) for month in range(months)]


def test_a_curve_without_noise_goes_on_as_it_was() -> None:
    truth = _curve(60 + 12)
    rows = _forecast(_series([*truth[:60]])).filter(pl.col("months_ahead") <= 12)
    assert rows["expected_share"].to_list() == pytest.approx(truth[60:], abs=0.03)
    assert (rows["share_low"] <= rows["expected_share"]).all()
    assert (rows["expected_share"] <= rows["share_high"]).all()


def test_a_forecast_says_when_thresholds_are_passed_known_or_expected() -> None:
    row = _forecast(_series(_curve(48))).row(0, named=True)
    known = _curve(200)
    reached = {
        level: next(i for i, share in enumerate(known) if share >= level) for level in (0.25, 0.5)
    }
    assert row["passes_25_month"] == date(2022 + reached[0.25] // 12, reached[0.25] % 12 + 1, 1)
    assert row["passes_50_month"] == date(2022 + reached[0.5] // 12, reached[0.5] % 12 + 1, 1)
    assert row["passes_50_month"] < row["passes_80_month"] < row["passes_95_month"]


def test_a_forecast_month_has_the_level_of_its_interval_and_a_refusal_none() -> None:
    rows = _forecast(
        pl.concat([_series(_curve(48)), _series([0.3] * 6, region="hf:1", level="hf")])
    )
    levels = rows.group_by(pl.col("month").is_null()).agg(pl.col("interval_level").unique())
    assert dict(levels.iter_rows()) == {False: [INTERVAL_LEVEL], True: [None]}


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
def test_a_series_with_too_little_in_it_is_refused_with_the_reason(
    rows: pl.DataFrame, reason: str
) -> None:
    refused = _forecast(rows)
    assert refused["refusal_code"].to_list() == [reason]
    assert refused["month"].to_list() == [None]
    assert refused["expected_share"].to_list() == [None]


@pytest.mark.parametrize(
    ("rows", "reason"),
    [
        (_series([0.3] * 12), "too_few_months"),
        (_series(_curve(40), eligible=20), "too_small"),
        (_series([*_curve(40), *[None] * 6]), "too_old"),
        (_series([*_curve(40), 0.9899]), "reached"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_series_at_the_threshold_is_not_refused(rows: pl.DataFrame, reason: str) -> None:
    assert reason not in _forecast(rows)["refusal_code"].to_list()


def test_a_month_that_was_suppressed_is_a_gap_and_no_zero() -> None:
    whole = _curve(60)
    gaps = [None if month in (20, 33, 47, 58) else share for month, share in enumerate(whole)]
    assert _forecast(_series(gaps))["expected_share"].to_list() == pytest.approx(
        _forecast(_series([*whole]))["expected_share"].to_list(), abs=0.02
    )


def test_a_region_with_few_organisations_is_pooled_more_with_the_country() -> None:
    country = _series(_curve(60, slope=0.1), eligible=2000)
    flat = [0.3 + 0.001 * (month % 2) for month in range(60)]

    def expected_in_a_year(eligible: int) -> float:
        region = _series([*flat], region="hf:1", level="hf", eligible=eligible)
        rows = _forecast(pl.concat([country, region])).filter(pl.col("region_key") == "hf:1")
        return float(rows["expected_share"][11])

    assert expected_in_a_year(25) > expected_in_a_year(20_000)


def test_rows_in_another_order_give_the_same_forecast() -> None:
    rows = pl.concat(
        [_series(_curve(50)), _series(_curve(50, 0.05), region="hf:1", level="hf", eligible=90)]
    )
    shuffled = rows.sample(fraction=1, shuffle=True, seed=4)
    assert _forecast(rows).equals(_forecast(shuffled))


def test_no_rows_give_no_rows_of_the_same_columns() -> None:
    assert _forecast(_series([]).clear()).schema == pl.Schema(FORECAST)


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.one_of(st.none(), st.floats(0, 1)), min_size=1, max_size=60),
    st.integers(1, 5000),
    st.integers(0, 3),
)
def test_any_forecast_lies_in_its_interval_and_between_0_and_1(
    shares: list[float | None], eligible: int, regions: int
) -> None:
    country = _series(shares, eligible=eligible)
    others = [
        _series([*reversed(shares)], region=f"hf:{n}", level="hf", eligible=eligible + n)
        for n in range(regions)
    ]
    rows = _forecast(pl.concat([country, *others]))
    assert set(rows.group_by("region_key").len()["len"]) <= {1, HORIZON}
    curves = rows.filter(pl.col("refusal_code").is_null())
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
    made = [
        rolling_origin_forecasts(
            pl.concat([_series(list(rows)), _series(list(rows), region="hf:1", level="hf")]),
            [origin],
            [6],
            LIMITS,
        )
        for rows in (truth, later)
    ]
    assert made[0].drop("actual").equals(made[1].drop("actual"))
    assert not made[0]["actual"].equals(made[1]["actual"])


def test_the_errors_of_the_back_test_are_as_known() -> None:
    """A small world of the back test: fewer residents, so coarser shares."""
    origins = [date(2023, 6, 1), date(2024, 12, 1)]
    forecasts = rolling_origin_forecasts(simulated(scale=0.3), origins, HORIZONS, LIMITS)
    rows = {row["months_ahead"]: row for row in scores(forecasts).iter_rows(named=True)}
    assert {ahead: row["forecasts"] for ahead, row in rows.items()} == GOLDEN_FORECASTS
    for ahead, (curve, drift, naive) in GOLDEN_ERRORS.items():
        errors = rows[ahead]["curve"], rows[ahead]["drift"], rows[ahead]["naive"]
        assert errors == pytest.approx((curve, drift, naive), abs=0.02)
        assert curve < drift < naive


def test_the_published_shares_of_eresept_are_forecast_as_documented() -> None:
    assert real().select("year", pl.col("curve", "drift", "naive").round(1)).rows() == [
        (2020, 91.2, 91.6, 89.0),
        (2021, 92.3, 92.4, 91.3),
        (2023, 94.2, 94.9, 92.5),
    ]


GOLDEN_FORECASTS = {6: 248, 12: 247}
GOLDEN_ERRORS = {6: (1.47, 2.00, 4.68), 12: (2.31, 3.30, 8.86)}
