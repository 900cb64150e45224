"""Forecasts, and why there is none."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from pll_pipeline.published.page.formats import NBSP
from pll_pipeline.published.page.parts import Figure, Section
from pll_pipeline.published.page.sections import forecast
from tests.unit.published.page import world

JANUARY, FEBRUARY, MARCH = (date(2026, month, 1) for month in (1, 2, 3))


def _section(**tables: Any) -> Section:
    data = world.data(**tables)
    return forecast.section(data, world.english(data))


def _forecast(**passing: Any) -> Figure:
    """A forecast for March after a share in January."""
    series = {"measure_code": "share", "actor_type_code": "fastlege"}
    section = _section(
        series=[world.row("series", service_code="pll", **series)],
        curve=[
            world.row(
                "curve",
                service_code="pll",
                region_level="land",
                month=JANUARY,
                adoption_share=0.5,
            )
        ],
        forecast=[
            world.row(
                "forecast",
                service_code="pll",
                month=MARCH,
                expected_share=0.6,
                share_low=0.55,
                share_high=0.65,
                interval_level=0.8,
            )
        ],
        passing=[
            world.row(
                "passing",
                service_code="pll",
                last_observed_month=JANUARY,
                last_observed_share=0.5,
                **series,
                **passing,
            )
        ],
    )
    (figure,) = section.parts
    assert isinstance(figure, Figure)
    return figure


def test_the_headline_names_the_next_threshold() -> None:
    figure = _forecast(passes_25_month=JANUARY, passes_50_month=MARCH, passes_80_month=None)
    assert figure.headline.endswith(
        f"passes 50% in March{NBSP}2026 if the development follows the curve"
    )


def test_without_a_threshold_ahead_the_headline_has_the_interval() -> None:
    figure = _forecast(passes_25_month=JANUARY)
    assert figure.headline.endswith("is expected between 55% and 65%")


@pytest.mark.parametrize(
    ("passing", "shown"),
    [
        ({"passes_25_month": JANUARY}, "passed"),
        ({"passes_25_month": FEBRUARY}, f"Feb{NBSP}2026"),
        ({"passes_25_month": None}, "not within the forecast"),
        ({"passes_25_month": FEBRUARY, "refusal_code": "too_old"}, "–"),
    ],
)
def test_a_threshold_is_passed_ahead_or_not_in_sight(passing: dict[str, Any], shown: str) -> None:
    assert _forecast(**passing).tables[0].rows[0][2].text == shown


def test_a_refused_series_says_why() -> None:
    name = _forecast(refusal_code="too_old").tables[0].rows[0][0].text
    assert name.endswith(". No forecast: refusal_short_en")


def test_without_a_forecast_there_is_no_section() -> None:
    data = world.data()
    assert forecast.section(data, world.english(data)) is None
