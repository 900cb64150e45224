"""Phases and what is stated: behind only where the mart says so, dates as stated."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from pll_pipeline.published.page.areas.sections import rollout
from tests.unit.published.page import world as page_world
from tests.unit.published.page.areas import world


def _phase(**values: Any) -> dict[str, Any]:
    filled = {"region_key": world.KOMMUNE, "service_code": "pll", "month": world.MONTH}
    return page_world.row("area_phase", **(filled | {"actor_type_code": "fastlege"} | values))


def _texts_of(**rows: list[dict[str, Any]]) -> list[str]:
    data = world.data(**rows)
    section = rollout.section(world.KOMMUNE, data, world.english(data))
    texts = [getattr(part, "text", "") for part in section.parts]
    return [world.plain(text) for text in texts if text]


@pytest.mark.parametrize(
    ("behind", "start"),
    [
        ([True, False, None], "1 of 2 phases"),
        ([False, False], "None of 2 phases"),
        ([None, None], "No phase can be compared"),
    ],
)
def test_phases_are_behind_only_where_they_can_be_compared(
    behind: list[bool | None], start: str
) -> None:
    phases = [
        _phase(is_behind_plan=is_behind, planned_phase="utproving", planned_basis="inherited")
        for is_behind in behind
    ]
    assert _texts_of(area_phase=phases)[0].startswith(start)


def test_an_area_without_phases_has_those_of_the_plan_that_reaches_it() -> None:
    readiness = page_world.row(
        "area_readiness", region_key=world.KOMMUNE, pll_planned_phase="utproving"
    )
    assert "it may be for a wider area" in _texts_of(area_readiness=[readiness])[0]
    none = page_world.row("area_readiness", region_key=world.KOMMUNE)
    assert _texts_of(area_readiness=[none]) == ["No plan and no phase is published for Bodø."]


def _milestone(number: int = 0, **values: Any) -> dict[str, Any]:
    filled = {
        "region_key": world.KOMMUNE,
        "stated_region_key": world.COUNTY,
        "stated_region_label": "Nordland",
        "service_code": "pll",
        "actor_type_code": "fastlege",
        "phase": "utproving",
        "statement": "planned",
        "starts_on": date(2026, 1, 1 + number),
        "starts_on_precision": "day",
        "statement_address": "https://www.example.no",
    }
    return page_world.row("area_milestone", **(filled | values))


@pytest.mark.parametrize(
    ("values", "text"),
    [
        ({}, "1 January 2026"),
        ({"starts_on_precision": "year"}, "2026"),
        ({"is_date_inferred": True}, "1 January 2026 (inferred)"),
        (
            {"ends_on": date(2026, 6, 1), "ends_on_precision": "month"},
            "1 January 2026 to June 2026",
        ),
        (
            {"starts_on": None, "ends_on": date(2026, 6, 1), "ends_on_precision": "month"},
            "until June 2026",
        ),
        ({"starts_on": None}, "undated"),
    ],
)
def test_a_statement_has_its_date_as_stated(values: dict[str, Any], text: str) -> None:
    data = world.data(area_milestone=[_milestone(**values)])
    section = rollout.section(world.KOMMUNE, data, world.english(data))
    row = section.parts[0].rows[0]
    assert world.plain(row[0].text) == text
    assert row[3].text == "Nordland"


def test_statements_for_several_actor_types_are_one_row_and_many_are_counted() -> None:
    same = [_milestone(), _milestone(actor_type_code="fastlege")]
    data = world.data(area_milestone=same)
    section = rollout.section(world.KOMMUNE, data, world.english(data))
    assert len(section.parts[0].rows) == 1
    many = [_milestone(number) for number in range(12)]
    assert _texts_of(area_milestone=many)[-1].startswith("10 of 12 are shown")
