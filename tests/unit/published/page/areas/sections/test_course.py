"""The course of an area beside the region it is in: above or below only where bounds prove it."""

from __future__ import annotations

from datetime import date

import pytest

from pll_pipeline.published.page.areas.sections import course
from tests.unit.published.page import world as page_world
from tests.unit.published.page.areas import world

LAST, BEFORE = date(2026, 10, 1), date(2026, 9, 1)


def _compared(own: dict[str, object], whole: dict[str, object]) -> str:
    area = world.month(world.KOMMUNE, LAST, **own)
    other = world.month(world.COMMUNITY, LAST, **whole)
    compared = course.Course("pll", [area], "A", [other])
    return world.plain(course.compared(compared, world.english(world.data())))


@pytest.mark.parametrize(
    ("own", "whole", "start"),
    [
        ({"share": 0.5}, {"share": 0.4}, "Larger than A"),
        ({"share": 0.3}, {"share": 0.4}, "Smaller than A"),
        ({"share": 0.4}, {"share": 0.4}, "A has 40%"),
        ({"share_lower": 0.5, "share_upper": 0.8}, {"share": 0.4}, "Larger than A"),
        ({"share_lower": 0.3, "share_upper": 0.8}, {"share": 0.4}, "A has 40%"),
        ({"share": 0.5, "qualifier": "approx"}, {"share": 0.4}, "A has 40%"),
        ({"share": 0.5}, {"share": 0.4, "share_lower": 0.35, "share_upper": 0.55}, "A has 40%"),
        ({}, {"share": 0.4}, "A has 40%"),
    ],
)
def test_an_area_is_above_or_below_only_where_bounds_prove_it(
    own: dict[str, object], whole: dict[str, object], start: str
) -> None:
    assert _compared(own, whole).startswith(start)


def test_nothing_is_compared_with_a_month_that_the_whole_does_not_have() -> None:
    area = world.month(world.KOMMUNE, LAST, 0.5)
    other = world.month(world.COMMUNITY, BEFORE, 0.1)
    compared = course.Course("pll", [area], "A", [other])
    assert course.compared(compared, world.english(world.data())) == ""


def test_the_course_is_beside_the_nearest_region_that_has_one() -> None:
    own = [world.month(world.KOMMUNE, BEFORE, 0.1), world.month(world.KOMMUNE, LAST, 0.2)]
    land = [world.month("land:NO", BEFORE, 0.3), world.month("land:NO", LAST, 0.4)]
    series = page_world.row("series", service_code="pll", actor_type_code="alle")
    for beside, name in (([], "Dashed: Norway"), ([world.COUNTY], "Dashed: Nordland")):
        wider = [world.month(key, day, 0.3) for key in beside for day in (BEFORE, LAST)]
        data = world.data(area_curve=[*own, *wider, *land], series=[series])
        section = course.section(world.KOMMUNE, data, world.english(data))
        assert section
        assert section.parts[0].panels[0].note == name


def test_one_month_is_no_course() -> None:
    data = world.data(area_curve=[world.month(world.KOMMUNE, LAST, 0.2)])
    assert course.section(world.KOMMUNE, data, world.english(data)) is None
