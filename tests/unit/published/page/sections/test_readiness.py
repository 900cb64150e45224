"""What there is to introduce, by helsefellesskap."""

from __future__ import annotations

from typing import Any

import pytest

from pll_pipeline.published.page.parts import Figure
from pll_pipeline.published.page.rows import Row
from pll_pipeline.published.page.sections import readiness
from tests.unit.published.page import world


def _area(**values: Any) -> Row:
    usual = {
        "region_level": "helsefellesskap",
        "region_name": "Oslo",
        "resident_count": 700,
        "gp_agreement_count": 6,
        "gp_list_without_doctor_count": 1,
    }
    return world.row("readiness", **usual | values)


def _figure(*rows: Row) -> Figure:
    data = world.data(readiness=list(rows))
    section = readiness.section(data, world.english(data))
    assert section
    (figure,) = section.parts
    assert isinstance(figure, Figure)
    return figure


def test_without_residents_and_lists_there_is_no_section() -> None:
    data = world.data(readiness=[_area(resident_count=None, gp_agreement_count=None)])
    assert readiness.section(data, world.english(data)) is None


@pytest.mark.parametrize(
    ("without_doctor", "headline"),
    [
        (197, "The country has 5,747 GP agreements, and 197 GP lists have no doctor"),
        (None, "The task in 1 helsefellesskap"),
    ],
)
def test_the_headline_is_of_the_country_where_it_is_published(
    without_doctor: int | None, headline: str
) -> None:
    country = _area(
        region_level="land",
        gp_agreement_count=5747,
        gp_list_without_doctor_count=without_doctor,
    )
    assert _figure(_area(), country).headline == headline


def test_an_area_with_some_of_its_kommuner_has_no_sum_and_says_so() -> None:
    part = {"gp_agreement_part_count": 20, "gp_agreement_expected_part_count": 24}
    figure = _figure(_area(), _area(gp_agreement_count=None, **part))
    assert figure.main_table
    whole, partly = (row[2] for row in figure.main_table.rows)
    assert (whole.text, whole.bar) == ("6", 1.0)
    assert (partly.text, partly.bar) == ("20 of 24 municipalities", None)
    assert figure.notes


def test_areas_that_are_whole_need_no_note() -> None:
    assert _figure(_area()).notes == ()
