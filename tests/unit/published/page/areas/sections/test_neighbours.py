"""Areas next to an area by rank."""

from __future__ import annotations

import pytest

from pll_pipeline.published.page.areas.sections import neighbours
from tests.unit.published.page import world as page_world
from tests.unit.published.page.areas import world


@pytest.mark.parametrize(
    ("position", "shown"),
    [(0, range(7)), (1, range(7)), (5, range(2, 9)), (19, range(13, 20))],
)
def test_there_are_as_many_neighbours_at_the_ends_as_in_the_middle(
    position: int, shown: range
) -> None:
    ranked = [{"region_key": number} for number in range(20)]
    rows = neighbours.beside(ranked, position)
    assert [row["region_key"] for row in rows] == list(shown)


def test_all_are_shown_where_there_are_few() -> None:
    ranked = [{"region_key": number} for number in range(3)]
    assert neighbours.beside(ranked, 1) == ranked


def test_only_areas_of_the_same_level_are_neighbours_and_the_others_are_links() -> None:
    keys = [world.COUNTY, world.KOMMUNE, world.OTHER]
    rows = [
        page_world.row(
            "area_rank",
            region_key=key,
            region_level=key.partition(":")[0],
            service_code="pll",
            rank_best=1,
            rank_worst=2,
            adoption_share=0.5,
            status="observed",
            qualifier="exact",
        )
        for key in keys
    ]
    data = world.data(area_rank=rows)
    section = neighbours.section(world.KOMMUNE, data, world.english(data))
    assert section
    names = [(row[0].text, row[0].address) for row in section.parts[0].rows]
    assert names == [("Bodø", ""), ("Herøy (Nordland)", "kommune-1818.html")]
    assert section.intro[0].startswith("2 of 2 ranked municipalities")


def test_an_area_without_ranks_has_no_such_section() -> None:
    data = world.data()
    assert neighbours.section(world.KOMMUNE, data, world.english(data)) is None
