"""The headline of an area: stated only as far as the row proves it."""

from __future__ import annotations

from datetime import date

import pytest

from pll_pipeline.published.page.areas.sections import figures
from tests.unit.published.page import world as page_world
from tests.unit.published.page.areas import world


def _headline(*rows: dict[str, object], **more: list[dict[str, object]]) -> str:
    data = world.data(area_figure=list(rows), **more)
    return world.plain(figures.headline(world.KOMMUNE, data, world.english(data)))


def _measure(unit: str) -> list[dict[str, object]]:
    return [page_world.row("measure", measure_code="share", unit=unit, measure_name_en="Share")]


def test_a_known_share_and_a_proved_rank_are_shown() -> None:
    row = world.figure(adoption_share=0.4, rank_best=3, rank_worst=3, region_count=9)
    text = _headline(row, measure=_measure("share"))
    assert text.endswith(": 40% in October 2026. That is rank 3 of 9 municipalities.")


@pytest.mark.parametrize(
    ("best", "worst", "sentence"),
    [
        (1, 1, "None of the 9 municipalities can have a larger share."),
        (9, 9, "All others of the 9 municipalities have a larger share."),
        (2, 9, "That is rank 2 to 9 of 9 municipalities, as far as the bounds show."),
        (1, 9, ""),
        (None, None, ""),
    ],
)
def test_a_first_or_last_place_is_stated_only_where_bounds_prove_it(
    best: int | None, worst: int | None, sentence: str
) -> None:
    row = world.figure(adoption_share=0.4, rank_best=best, rank_worst=worst, region_count=9)
    text = _headline(row, measure=_measure("share"))
    assert text.partition("2026.")[2].strip() == sentence


def test_a_suppressed_share_is_its_bounds() -> None:
    row = world.figure(share_lower=0.2, share_upper=0.6, status="suppressed")
    assert ": suppressed, 20%–60% in October 2026." in _headline(row, measure=_measure("share"))


def test_a_count_is_no_share_and_keeps_its_qualifier() -> None:
    row = world.figure(adoption_count=200, qualifier="at_most")
    assert ": at most 200 in October 2026." in _headline(row, measure=_measure("count"))


def test_an_old_figure_says_how_old_it_is_and_a_new_one_does_not() -> None:
    old = world.figure(adoption_share=0.4, month=date(2023, 12, 1))
    assert "2 years and 10 months" in _headline(old, measure=_measure("share"))
    new = world.figure(adoption_share=0.4)
    assert "months" not in _headline(new, measure=_measure("share"))


def test_without_figures_it_is_stated_of_what_there_is_none() -> None:
    assert _headline() == ("None of the sources has published figures about the services in Bodø.")
    other = page_world.row("area_other_figure", region_key=world.KOMMUNE, service_code="pll")
    text = _headline(area_other_figure=[other])
    assert text == ("None of the sources has published how far the services are in use in Bodø.")


def test_services_without_a_figure_are_named_and_others_are_not() -> None:
    services = [
        page_world.row("service", service_code=code, service_name_en=code)
        for code in ("pll", "sfm")
    ]
    data = world.data(service=services, area_figure=[world.figure(adoption_share=0.4)])
    section = figures.section(world.KOMMUNE, data, world.english(data))
    assert getattr(section.parts[-1], "text", "") == "Not published for Bodø: sfm."
    both = [world.figure(adoption_share=0.4), world.figure(service_code="sfm")]
    data = world.data(service=services, area_figure=both)
    section = figures.section(world.KOMMUNE, data, world.english(data))
    assert [part.kind for part in section.parts] == ["table"]


def test_counts_and_parts_of_a_sum_are_shown() -> None:
    row = world.figure(
        adoption_count_lower=17,
        adoption_count_upper=21,
        eligible_count=30,
        share_lower=17 / 30,
        share_upper=0.7,
        status="suppressed",
        basis="aggregated",
        part_count=4,
        expected_part_count=5,
    )
    data = world.data(area_figure=[row])
    section = figures.section(world.KOMMUNE, data, world.english(data))
    texts = [world.plain(cell.text) for cell in section.parts[0].rows[1]]
    assert "17 – 21 of 30" in texts
    assert "added up, 4 of 5 parts" in texts
