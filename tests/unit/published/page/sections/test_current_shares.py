"""The headline and the cards of services."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from pll_pipeline.published.page.formats import NBSP
from pll_pipeline.published.page.parts import Card, Cards
from pll_pipeline.published.page.rows import Row
from pll_pipeline.published.page.sections.current_shares import headline, section
from tests.unit.published.page import world


def _series(**values: Any) -> Row:
    usual = {
        "service_code": "pll",
        "measure_code": "share",
        "actor_type_code": "fastlege",
        "qualifier": "exact",
        "basis": "published",
    }
    return world.row("series", **(usual | values))


def _card(**tables: Any) -> Card:
    data = world.data(**tables)
    cards = section(data, world.english(data)).parts[0]
    assert isinstance(cards, Cards)
    (card,) = cards.cards
    return card


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (None, f"50% (actor_type_name_en) in January{NBSP}2026."),
        (0.1, f"January{NBSP}2026, 10.0{NBSP}percentage points higher than a year before."),
        (-0.1, f"January{NBSP}2026, 10.0{NBSP}percentage points lower than a year before."),
        (0.0001, f"January{NBSP}2026, the same as a year before."),
    ],
)
def test_the_headline_has_the_newest_share_and_its_change(change: float | None, words: str) -> None:
    data = world.data(series=[_series(change_12m=change)])
    assert words in headline(data, world.english(data))


def test_without_a_series_there_is_no_headline() -> None:
    data = world.data()
    assert headline(data, world.english(data)) == ""


def test_a_card_of_a_sum_says_that_it_is_a_sum() -> None:
    card = _card(series=[_series(basis="aggregated", qualifier="at_least")])
    assert card.value == f"at least{NBSP}50%"
    assert card.notes == ("Summed from published parts.",)
    assert card.spark == ""


def test_a_card_draws_the_course_of_the_country() -> None:
    months = [(date(2025, 1, 1), 0.0), (date(2026, 1, 1), 1.0)]
    curve = [
        world.row(
            "curve", service_code="pll", region_level="land", month=month, adoption_share=share
        )
        for month, share in months
    ]
    assert _card(series=[_series()], curve=curve).spark == "0.0,30.0 100.0,0.0"


def test_a_simulated_figure_is_published_by_the_simulated_publisher_and_has_no_address() -> None:
    published = _card(series=[_series()])
    simulated = _card(series=[_series()], release_inputs={"is_simulated": True})
    assert (published.publisher, published.address) == ("Published by owner", "definition_url")
    assert (simulated.publisher, simulated.address) == ("Published by Flere utgivere", "")


def test_a_figure_of_a_region_that_is_no_adoption_says_both() -> None:
    figure = world.row(
        "newest_figure",
        service_code="pll",
        measure_code="share",
        actor_type_code="fastlege",
        region_level="kommune",
        region_name="Bodø",
        value=200.0,
        unit="count",
        qualifier="exact",
    )
    card = _card(newest_figure=[figure])
    assert card.value == "200"
    assert any("Bodø" in note for note in card.notes)
    assert len(card.notes) == 3


def test_a_service_without_any_figure_has_a_card_that_says_so() -> None:
    assert _card().description == "No figures on service_name_en are published."
