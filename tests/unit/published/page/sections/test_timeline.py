"""The timeline of the introduction, and how a dated statement is written."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from pll_pipeline.published.page.parts import Figure
from pll_pipeline.published.page.rows import Row
from pll_pipeline.published.page.sections import timeline
from tests.unit.published.page import world


def _milestone(**values: Any) -> Row:
    usual = {
        "service_code": "pll",
        "region_key": "kommune:4601",
        "area_name": "Bergen",
        "actor_type_code": "fastlege",
        "phase": "innforing",
        "statement": "reported",
        "starts_on": date(2021, 1, 1),
        "starts_on_precision": "year",
        "milestone_count": 1,
    }
    return world.row("milestone", **usual | values)


def _figure(*rows: Row) -> Figure:
    data = world.data(milestone=list(rows))
    section = timeline.section(data, world.english(data))
    assert section
    (figure,) = section.parts
    assert isinstance(figure, Figure)
    return figure


def test_without_statements_there_is_no_section() -> None:
    data = world.data()
    assert timeline.section(data, world.english(data)) is None


def test_the_headline_counts_every_statement_and_names_the_years_of_what_is_drawn() -> None:
    figure = _figure(
        _milestone(milestone_count=3),
        _milestone(ends_on=date(2029, 12, 31), ends_on_precision="year", milestone_count=3),
        _milestone(starts_on=date(2005, 1, 1), statement="superseded", milestone_count=3),
    )
    assert figure.headline == "3 statements about the introduction: service_name_en 2021–2029"


def test_what_is_replaced_or_undated_is_in_the_table_only() -> None:
    figure = _figure(
        _milestone(),
        _milestone(statement="superseded"),
        _milestone(starts_on=None, starts_on_precision=None),
    )
    (panel,) = figure.panels
    assert "1 areas with 1 reported phases, 0 planned ones and 0 targets" in panel.svg
    assert [len(table.rows) for table in figure.tables] == [3]
    assert figure.notes[-1].startswith("2 statements are only in the table")


def test_statements_that_the_page_has_no_place_for_are_counted() -> None:
    figure = _figure(_milestone(milestone_count=240))
    assert figure.notes[0].startswith("1 of 240 statements are shown.")


@pytest.mark.parametrize(
    ("values", "written"),
    [
        ({}, "from 2021"),
        ({"starts_on_precision": "month"}, "from Jan\xa02021"),
        ({"starts_on_precision": "day"}, "from 1\xa0January\xa02021"),
        (
            {"ends_on": date(2023, 11, 30), "ends_on_precision": "month"},
            "from 2021 to Nov\xa02023",
        ),
        (
            {"starts_on": None, "ends_on": date(2023, 12, 31), "ends_on_precision": "year"},
            "by the end of 2023",
        ),
        ({"starts_on": None}, "undated"),
        ({"is_date_inferred": True}, "from 2021 (the date is inferred)"),
    ],
)
def test_a_statement_is_dated_as_precisely_as_it_is_made(
    values: dict[str, Any], written: str
) -> None:
    assert timeline.when(_milestone(**values), world.english(world.data())) == written
