"""Names and shares as the page writes them."""

from __future__ import annotations

import pytest

from pll_pipeline.published.page.page_texts import PageTexts, drawn_bounds
from tests.unit.published.page import world


@pytest.fixture(scope="module")
def texts() -> PageTexts:
    return world.english(
        world.data(
            actor_type=[
                world.row("actor_type", actor_type_code="sykehus", actor_type_name_en="Hospitals"),
                world.row("actor_type", actor_type_code="fastlege", actor_type_name_en="GPs"),
            ]
        )
    )


def test_an_actor_type_has_a_small_letter_within_a_sentence_unless_it_is_an_abbreviation(
    texts: PageTexts,
) -> None:
    assert texts.actor_type("sykehus") == "hospitals"
    assert texts.actor_type("fastlege") == "GPs"


def test_all_actor_types_need_no_brackets(texts: PageTexts) -> None:
    assert texts.in_brackets("sykehus") == " (hospitals)"
    assert texts.in_brackets("alle") == ""
    assert texts.in_brackets(None) == ""


def test_a_share_that_is_not_there_says_why(texts: PageTexts) -> None:
    assert texts.share(0.5) == "50%"
    assert texts.share(None) == "not published"
    assert texts.share(None, "suppressed") == "suppressed"
    assert texts.share(None, "suppressed", 0.1, 0.2) == "suppressed, 10%–20%"


def test_a_text_without_its_value_is_an_error(texts: PageTexts) -> None:
    with pytest.raises(KeyError, match="share"):
        texts.get("plan_head_reached")


def test_bounds_that_say_nothing_are_not_written(texts: PageTexts) -> None:
    assert texts.share(None, "suppressed", 0, 1) == "suppressed"
    assert texts.share(None, "suppressed", 0, 0.9) == "suppressed, 0%–90%"


@pytest.mark.parametrize(
    ("share", "lower", "upper", "drawn"),
    [
        (None, 0.1, 0.2, (0.1, 0.2)),
        (None, 0.1, None, (0.1, 1.0)),
        (None, None, 0.2, (0.0, 0.2)),
        (None, 0.0, 1.0, None),
        (None, None, None, None),
        (0.3, 0.3, 0.3, None),
    ],
)
def test_bounds_are_drawn_where_they_say_something(
    share: float | None,
    lower: float | None,
    upper: float | None,
    drawn: tuple[float, float] | None,
) -> None:
    row = {"adoption_share": share, "share_lower": lower, "share_upper": upper}
    assert drawn_bounds(row) == drawn


def test_a_region_has_an_address_where_it_has_a_page() -> None:
    texts = world.english(world.data(area=[world.row("area", region_key="kommune:0301")]))
    assert texts.area_address("kommune:0301") == "en/kommune-0301.html"
    assert texts.area_address("kommune:1201") == ""
