"""Names and shares as the page writes them."""

from __future__ import annotations

import pytest

from pll_pipeline.published.page.page_texts import PageTexts, short
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


@pytest.mark.parametrize(
    ("name", "shortened"),
    [
        ("Helsefellesskapet i Nordland", "Nordland"),
        ("Helse Bergen HF", "Bergen HF"),
        ("Sykehuset i Vestfold", "I Vestfold"),
        ("Finnmarkssykehuset HF", "Finnmarkssykehuset"),
        ("Oslo", "Oslo"),
    ],
)
def test_a_short_name_leaves_out_what_names_of_a_level_share(name: str, shortened: str) -> None:
    assert short(name) == shortened
