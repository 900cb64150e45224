"""What has changed since the release before."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from pll_pipeline.published.page.parts import Note, Section, Table
from pll_pipeline.published.page.previous_release import PreviousRelease
from pll_pipeline.published.page.sections import changes
from tests.unit.published.page import world

DECEMBER, JANUARY = date(2025, 12, 1), date(2026, 1, 1)


def _section(**parts: Any) -> Section:
    data = world.data(**parts)
    return changes.section(data, world.english(data))


def _notes(section: Section) -> list[str]:
    return [part.text for part in section.parts if isinstance(part, Note)]


def _tables(section: Section) -> dict[str, list[list[str]]]:
    return {
        part.caption: [[cell.text for cell in row] for row in part.rows]
        for part in section.parts
        if isinstance(part, Table)
    }


def test_the_first_release_has_nothing_to_compare_with() -> None:
    assert _notes(_section())[0].startswith("This is the first release.")


def test_a_previous_release_that_cannot_be_read_is_named_as_such() -> None:
    notes = _notes(_section(is_first_release=False))
    assert notes[0].startswith("The previous release cannot be read")


@pytest.mark.parametrize(
    ("before", "change"),
    [
        (None, "new"),
        ((DECEMBER, 0.4), "a new month"),
        ((JANUARY, 0.5), "unchanged"),
        ((JANUARY, 0.4), "same month, corrected"),
    ],
)
def test_the_newest_share_is_compared_with_that_of_the_previous_release(
    before: tuple[date, float] | None, change: str
) -> None:
    series = world.row(
        "series",
        service_code="pll",
        measure_code="share",
        actor_type_code="fastlege",
        month=JANUARY,
        adoption_share=0.5,
    )
    shares = {("share", "fastlege"): before} if before else {}
    section = _section(
        series=[series],
        previous=PreviousRelease("2026-11-22T030004Z", world.BUILT_AT, shares),
        is_first_release=False,
    )
    ((*_, shown),) = _tables(section)["The figures for the country, before and now"]
    assert shown == change


def test_what_sources_changed_is_listed_by_source() -> None:
    drift = [{"source_name": "figures", "snapshot_at": None, "changes": ["a column", "a row"]}]
    section = _section(release_inputs={"drift": drift})
    assert _tables(section)["What the sources changed in this release"] == [
        ["Published figures", "a column"],
        ["Published figures", "a row"],
    ]


def test_a_page_says_when_it_was_last_changed_and_which_sentences_are_new_or_gone() -> None:
    change = {
        **{"source_name": "figures", "snapshot_at": "2026-01-03T03:00:00Z"},
        **{"changed_at": "2026-01-02T03:00:00Z", "before_at": "2026-01-01T03:00:00Z"},
        **{"stated_on": "2025-12-30", "stated_before": None},
        **{"new": ["<b>Ny.</b>"], "new_count": 3, "gone": ["Borte."], "gone_count": 1},
    }
    section = _section(release_inputs={"page_texts": [change]})
    assert "was last changed on 30\u00a0December\u00a02025" in _notes(section)[1]
    assert "new sentences 3, gone 1" in _notes(section)[1]
    assert _tables(section)["What changed in the text of the pages"] == [
        ["Published figures", "new", "<b>Ny.</b>"],
        ["Published figures", "new", "and 2 more, not shown"],
        ["Published figures", "gone", "Borte."],
    ]
    unchanged = change | {"changed_at": None, "stated_on": None}
    unchanged |= {"new": [], "new_count": 0, "gone": [], "gone_count": 0}
    still = _section(release_inputs={"page_texts": [unchanged]})
    assert "does not state when" in _notes(still)[1]
    assert "What changed in the text of the pages" not in _tables(still)


def test_revisions_are_counted_and_the_newest_are_shown() -> None:
    section = _section(
        revision_count=[
            {"change_kind": "correction", "change_count": 3, "since_previous_count": 1}
        ],
        revision=[
            world.row(
                "revision",
                measure_code="share",
                actor_type_code="fastlege",
                change_kind="correction",
                value_before=0.1,
                unit="share",
            )
        ],
    )
    counts, newest = _tables(section).values()
    assert counts == [["correction", "3", "1"]]
    assert newest[0][4:6] == ["10%", "–"]
