"""Areas, those they are in, and those in them."""

from __future__ import annotations

import pytest

from tests.unit.published.page.areas import world


def _keys(rows: list[dict[str, object]]) -> list[object]:
    return [row["region_key"] for row in rows]


@pytest.mark.parametrize(
    ("key", "wholes", "parts"),
    [
        (world.KOMMUNE, [world.COMMUNITY, world.COUNTY, world.RHF], []),
        (world.COUNTY, [], [world.KOMMUNE, world.OTHER]),
        (world.COMMUNITY, [world.RHF], [world.KOMMUNE, world.OTHER]),
        (world.RHF, [], [world.COMMUNITY]),
    ],
)
def test_an_area_knows_those_around_and_within_it(
    key: str, wholes: list[str], parts: list[str]
) -> None:
    data = world.data()
    assert _keys(data.wholes(key)) == wholes
    assert _keys(data.parts(key)) == parts


def test_areas_come_level_by_level_in_norwegian_order() -> None:
    areas = [
        world.area(world.KOMMUNE, region_label="Ål"),
        world.area(world.OTHER, region_label="Zeta"),
        world.area(world.RHF),
    ]
    assert list(world.data(area=areas).areas) == [world.RHF, world.OTHER, world.KOMMUNE]
