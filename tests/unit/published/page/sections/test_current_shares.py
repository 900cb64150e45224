"""The headline, the cards of services, and the table of actor types."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from pll_pipeline.published.page.data import PageData
from pll_pipeline.published.page.formats import NBSP
from pll_pipeline.published.page.parts import Card, Cards, Figure
from pll_pipeline.published.page.rows import Row
from pll_pipeline.published.page.sections.current_shares import headline, newest_period, section
from tests.unit.published.page import world

OCTOBER = {"period_start": date(2026, 10, 1), "period_end": date(2026, 10, 31)}
LONG_AGO = {"period_start": date(2023, 12, 1), "period_end": date(2023, 12, 31)}
SERVICES = [
    world.row("service", service_code="pll", service_name_en="Medicine list (PLL)"),
    world.row("service", service_code="e-resept", service_name_en="E-prescription"),
]
MEASURES = [
    world.row("measure", measure_code="share", unit="share", measure_name_en="Share using it"),
    world.row(
        "measure",
        measure_code="count",
        unit="count",
        measure_name_en="Residents",
        denominator_code="population",
    ),
    world.row("measure", measure_code="population", unit="count", measure_name_en="Population"),
]


def _figure(*roles: str, **values: Any) -> list[Row]:
    """A share of the country in October 2026, once in each role."""
    usual: Row = {
        "service_code": "pll",
        "measure_code": "share",
        "actor_type_code": "fastlege",
        "region_level": "land",
        "period_grain": "month",
        "qualifier": "exact",
        "unit": "share",
        "basis": "published",
        "is_share": True,
        "is_adoption": True,
        "value": 0.5,
        **OCTOBER,
    }
    return [world.row("newest_figure", figure_role=role, **(usual | values)) for role in roles]


def _data(*figures: Row, **tables: Any) -> PageData:
    return world.data(
        newest_figure=list(figures), **({"service": SERVICES, "measure": MEASURES} | tables)
    )


def _headline(*figures: Row) -> str:
    data = _data(*figures)
    return headline(data, world.english(data))


def _card(*figures: Row, **tables: Any) -> Card:
    data = _data(*figures, **tables)
    cards = section(data, world.english(data)).parts[0]
    assert isinstance(cards, Cards)
    return cards.cards[0]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (None, f"50% in October{NBSP}2026."),
        (0.1, f"October{NBSP}2026, 10.0{NBSP}percentage points higher than a year before."),
        (-0.1, f"October{NBSP}2026, 10.0{NBSP}percentage points lower than a year before."),
        (0.0001, f"October{NBSP}2026, the same as a year before."),
    ],
)
def test_the_headline_has_the_newest_share_and_its_change(change: float | None, words: str) -> None:
    assert _headline(*_figure("shown", "share", change_12m=change)).endswith(words)


def test_an_old_share_in_the_headline_says_how_old_it_is() -> None:
    assert "old" not in _headline(*_figure("shown", "share"))
    old = _headline(*_figure("shown", "share", **LONG_AGO))
    assert old.endswith(f"The figure is 2{NBSP}years and 10{NBSP}months old.")


def test_where_no_share_of_the_list_is_published_that_is_the_headline() -> None:
    count = _figure("shown", unit="count", is_share=False, measure_code="count")
    nothing = (
        "None of the sources has published what share of the country uses medicine list (PLL)."
    )
    assert _headline(*count) == nothing
    other = _figure("shown", "share", service_code="e-resept", **LONG_AGO)
    words = _headline(*count, *other)
    assert words.startswith(f"{nothing} The newest share for the country is for e-prescription.")
    assert words.endswith("old.")


def test_without_any_figure_there_is_no_headline() -> None:
    assert _headline() == ""


def test_the_newest_period_is_of_any_service_and_grain() -> None:
    year = {"period_start": date(2025, 1, 1), "period_end": date(2025, 12, 31)}
    figures = [
        *_figure("newest", **LONG_AGO),
        *_figure("newest", service_code="e-resept", period_grain="year", **year),
    ]
    data = _data(*figures)
    assert newest_period(data, world.english(data)) == "2025"
    undated = _data(*_figure("newest", period_start=None, period_end=None))
    assert newest_period(undated, world.english(undated)) == "no dated period"


def test_a_card_of_a_sum_says_that_it_is_a_sum_and_not_that_it_is_published() -> None:
    card = _card(*_figure("shown", "share", basis="aggregated", qualifier="at_least"))
    assert card.value == f"at least{NBSP}50%"
    assert card.publisher == "Summed here from parts published by owner"
    derived = _card(*_figure("shown", "share", basis="derived"))
    assert derived.publisher.startswith("Computed here from two figures")


def test_a_share_of_a_count_has_no_name_of_a_count() -> None:
    card = _card(*_figure("shown", "share", measure_code="count", actor_type_code="alle"))
    assert (card.description, card.value) == ("Share: residents, of population", "50%")
    share = _card(*_figure("shown", "share"))
    assert share.description == "Share using it (actor_type_name_en)"


def test_a_figure_between_bounds_is_written_as_both() -> None:
    card = _card(*_figure("shown", "share", value=None, lower_bound=0.2, upper_bound=0.4))
    assert card.value == f"20%{NBSP}–{NBSP}40%"


def test_a_card_has_the_age_of_its_figure_and_an_old_one_is_called_old() -> None:
    new, old = _card(*_figure("shown")), _card(*_figure("shown", **LONG_AGO))
    assert new.period == f"October{NBSP}2026, less than a month old"
    assert old.period.endswith(f"Old figure: 2{NBSP}years and 10{NBSP}months")


def test_a_card_draws_the_course_of_the_country() -> None:
    months = [(date(2025, 1, 1), 0.0), (date(2026, 1, 1), 1.0)]
    curve = [
        world.row(
            "curve", service_code="pll", region_level="land", month=month, adoption_share=share
        )
        for month, share in months
    ]
    assert _card(*_figure("shown", "share"), curve=curve).spark == "0.0,30.0 100.0,0.0"
    assert _card(*_figure("shown", "share")).spark == ""


def test_a_simulated_figure_is_published_by_the_simulated_publisher_and_has_no_address() -> None:
    published = _card(*_figure("shown", "share"))
    simulated = _card(*_figure("shown", "share"), release_inputs={"is_simulated": True})
    assert (published.publisher, published.address) == ("Published by owner", "definition_url")
    assert (simulated.publisher, simulated.address) == ("Published by Flere utgivere", "")


def test_a_figure_of_a_region_that_is_no_adoption_says_both() -> None:
    region = {"region_level": "kommune", "region_name": "Bodø"}
    count = {"value": 200.0, "unit": "count", "is_share": False, "measure_code": "count"}
    card = _card(*_figure("shown", is_adoption=False, **region, **count))
    assert card.value == "200"
    assert card.notes == (
        "None of the sources has published what share of the country uses medicine list (PLL).",
        "The figure is for Bodø, not for the country.",
        "The figure does not show how far the introduction has come.",
    )


def test_an_older_share_and_a_newer_figure_are_on_the_card_of_a_count() -> None:
    count = {"value": 200.0, "unit": "count", "is_share": False, "measure_code": "count"}
    old, newer = _figure("share", **LONG_AGO), _figure("newest", region_name="Norge")
    september = {"period_start": date(2026, 9, 1), "period_end": date(2026, 9, 30)}
    card = _card(*_figure("shown", **count, **september), *old, *newer)
    assert card.notes[0].startswith("The newest share for the country: share using it")
    assert card.notes[1].startswith("A newer figure on the service")
    same = _card(*_figure("shown", "newest", **count), *old)
    assert len(same.notes) == 1


def test_a_service_without_any_figure_has_a_card_that_says_so() -> None:
    assert _card().description == "The sources have no known figures on medicine list (PLL)."


def test_actor_types_are_compared_within_one_service_only() -> None:
    actors = [
        world.row("actor_type", actor_type_code=code, actor_type_name_en=code, page_rank=1)
        for code in ("fastlege", "apotek")
    ]

    def parts(*rows: tuple[str, str, float]) -> list[Any]:
        table = [
            world.row(
                "adoption_by_actor_type",
                service_code=service,
                actor_type_code=actor,
                adoption_share=share,
            )
            for service, actor, share in rows
        ]
        data = _data(adoption_by_actor_type=table, actor_type=actors)
        return [p for p in section(data, world.english(data)).parts if isinstance(p, Figure)]

    assert parts(("pll", "fastlege", 0.1), ("e-resept", "apotek", 1.0)) == []
    (figure,) = parts(("pll", "fastlege", 0.1), ("pll", "apotek", 0.2))
    assert figure.headline == "Medicine list (PLL): 10% of fastlege and 20% of apotek"
