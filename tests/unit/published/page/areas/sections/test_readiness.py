"""What there is to introduce: stated where it is known, never as zero where it is not."""

from __future__ import annotations

from datetime import date

import pytest

from pll_pipeline.published.page.areas.sections import readiness
from tests.unit.published.page import world as page_world
from tests.unit.published.page.areas import world


@pytest.mark.parametrize(
    ("vacant", "sentence"),
    [
        (3, " 3 GP lists have no doctor."),
        (1, " One GP list has no doctor."),
        (0, " No GP list is without a doctor."),
        (None, ""),
    ],
)
def test_lists_without_a_doctor_are_counted_where_they_are_published(
    vacant: int | None, sentence: str
) -> None:
    row = page_world.row(
        "area_readiness",
        resident_count=53000,
        gp_agreement_count=60,
        gp_list_without_doctor_count=vacant,
    )
    text = world.plain(readiness.summary(row, "Bodø", world.english(world.data())))
    assert text == f"Bodø has 53,000 residents and 60 GP agreements.{sentence}"


def test_nothing_is_summed_up_where_a_part_of_it_is_unknown() -> None:
    row = page_world.row("area_readiness", resident_count=53000)
    assert readiness.summary(row, "Bodø", world.english(world.data())) == ""


def test_a_sum_without_all_of_its_parts_is_not_published() -> None:
    row = page_world.row(
        "area_readiness",
        region_key=world.COUNTY,
        gp_agreement_as_of=date(2026, 1, 1),
        gp_agreement_part_count=2,
        gp_agreement_expected_part_count=3,
    )
    data = world.data(area_readiness=[row])
    section = readiness.section(world.COUNTY, data, world.english(data))
    agreements = [cell.text for cell in section.parts[0].rows[1]]
    assert agreements[1] == "not published"
    assert agreements[-1] == "added up from 2 of 3 municipalities"


def test_an_area_without_any_quantity_says_so() -> None:
    row = page_world.row("area_readiness", region_key=world.KOMMUNE)
    data = world.data(area_readiness=[row])
    section = readiness.section(world.KOMMUNE, data, world.english(data))
    assert getattr(section.parts[0], "text", "") == (
        "Neither residents nor GPs are published for Bodø."
    )
