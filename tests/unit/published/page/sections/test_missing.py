"""What the page says is not published: each statement where it is true, and where it is not."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from pll_pipeline.published.page.parts import Note, Section, Table
from pll_pipeline.published.page.rows import Row
from pll_pipeline.published.page.sections import current_shares, missing
from tests.unit.published.page import world

_NOTHING = {
    "owners": "The directorate",
    "has_country_share": False,
    "is_country_withheld": False,
    "has_regions": False,
    "has_forecast": False,
}
_EVERYTHING = _NOTHING | {"has_country_share": True, "has_regions": True, "has_forecast": True}


def _gap(**values: Any) -> Row:
    return world.row("gap", **({"service_code": "pll"} | _NOTHING | values))


def _section(*gaps: Row, has_curve: bool = False) -> Section | None:
    curve = [world.row("curve", service_code="pll", month=date(2026, 1, 1))] if has_curve else []
    data = world.data(gap=list(gaps), curve=curve)
    return missing.section(data, world.english(data))


def _cells(section: Section | None) -> list[list[str]]:
    assert section
    (table,) = (part for part in section.parts if isinstance(part, Table))
    return [[cell.text for cell in row] for row in table.rows]


def test_a_service_of_which_nothing_is_published_lacks_all_that_it_would_show() -> None:
    assert _cells(_section(_gap())) == [
        [
            "service_name_en",
            "a share of the country, shares for enough regions and shares for enough months",
            "The directorate",
            "how far the country has come, spread, ranking and maps, a curve and a forecast",
        ]
    ]


@pytest.mark.parametrize(
    ("values", "lacking"),
    [
        ({"has_country_share": True}, "shares for enough regions and shares for enough months"),
        ({"has_regions": True}, "a share of the country and shares for enough months"),
    ],
)
def test_what_is_published_is_not_missing(values: dict[str, Any], lacking: str) -> None:
    ((_, what, *_),) = _cells(_section(_gap(**values)))
    assert what == lacking


def test_a_withheld_share_is_not_called_unpublished_without_saying_so() -> None:
    ((_, what, *_),) = _cells(_section(_gap(is_country_withheld=True)))
    assert what.startswith("a share of the country (its publisher withholds it)")


def test_where_everything_is_published_there_is_no_section() -> None:
    assert _section(_gap(**_EVERYTHING), has_curve=True) is None


def test_a_service_whose_forecast_alone_is_refused_lacks_nothing() -> None:
    other = _gap(**_EVERYTHING) | {"service_code": "sfm"}
    row = _gap(**_EVERYTHING | {"has_forecast": False})
    curve = [
        world.row("curve", service_code=code, month=date(2026, 1, 1)) for code in ("pll", "sfm")
    ]
    data = world.data(gap=[row, other], curve=curve)
    assert missing.section(data, world.english(data)) is None


def test_refusals_are_counted_where_there_is_no_forecast() -> None:
    refusal = [world.row("refusal", refusal_code="too_old", series_count=4)]
    data = world.data(gap=[_gap()], refusal=refusal)
    section = missing.section(data, world.english(data))
    assert section
    notes = [part.text for part in section.parts if isinstance(part, Note)]
    assert notes[0].startswith("This release has no forecast.")
    assert notes[1] == "4 series have no forecast: 4 because refusal_short_en."


@pytest.mark.parametrize(
    ("is_withheld", "sentence"),
    [
        (False, "None of the sources has published what share of the country uses"),
        (True, "The publisher withholds what share of the country uses"),
    ],
)
def test_the_headline_separates_what_is_withheld_from_what_is_not_published(
    is_withheld: bool, sentence: str
) -> None:
    figure = world.row(
        "newest_figure", service_code="pll", figure_role="shown", measure_code="share"
    )
    data = world.data(newest_figure=[figure], gap=[_gap(is_country_withheld=is_withheld)])
    assert current_shares.headline(data, world.english(data)).startswith(sentence)
