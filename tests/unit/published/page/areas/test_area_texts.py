"""Shares as bounds, ranks as ranges, dates as exactly as they are stated."""

from __future__ import annotations

from datetime import date

import pytest

from tests.unit.published.page.areas import world


@pytest.mark.parametrize(
    ("values", "text"),
    [
        ({"adoption_share": 0.4}, "40%"),
        ({"adoption_share": 0.4, "qualifier": "at_least"}, "at least 40%"),
        ({"share_lower": 0.2, "share_upper": 0.6, "status": "suppressed"}, "suppressed, 20%–60%"),
        ({"share_lower": 1.0, "share_upper": 1.0, "status": "suppressed"}, "suppressed, 100%"),
        ({"share_lower": 0.2, "share_upper": 0.6}, "between 20% and 60%"),
        ({"share_lower": 0.0, "share_upper": 1.0, "status": "suppressed"}, "suppressed"),
        ({"share_lower": 0.0, "share_upper": 1.0}, "not published"),
        ({"status": "suppressed"}, "suppressed"),
        ({}, "not published"),
    ],
)
def test_a_share_that_is_not_known_is_what_its_bounds_say(
    values: dict[str, object], text: str
) -> None:
    texts = world.english(world.data())
    assert world.plain(texts.interval(world.figure(**values))) == text


def test_ranks_are_one_rank_a_range_or_none() -> None:
    texts = world.english(world.data())
    assert [texts.ranks(3, 3), texts.ranks(3, 7), texts.ranks(None, None)] == ["3", "3–7", ""]


@pytest.mark.parametrize(
    ("precision", "text"),
    [("year", "2024"), ("month", "March 2024"), ("day", "1 March 2024"), ("quarter", "Q1 2024")],
)
def test_a_date_is_as_exact_as_it_is_stated(precision: str, text: str) -> None:
    texts = world.english(world.data())
    assert world.plain(texts.dated(date(2024, 3, 1), precision)) == text
    assert texts.dated(None, precision) == ""
