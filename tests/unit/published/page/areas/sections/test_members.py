"""The areas within an area, and those beside it."""

from __future__ import annotations

from pll_pipeline.published.page.areas.sections import members
from tests.unit.published.page import world as page_world
from tests.unit.published.page.areas import world


def test_the_areas_within_are_counted_by_what_is_known_of_them() -> None:
    series = page_world.row(
        "series", service_code="pll", measure_code="share", actor_type_code="fastlege"
    )
    own = [world.figure(world.KOMMUNE, adoption_share=0.5)]
    data = world.data(series=[series], area_figure=own)
    section = members.section(world.COUNTY, data, world.english(data))
    assert section
    note, table = section.parts
    assert getattr(note, "text", "").startswith("1 of 2 municipalities have a published share")
    rows = [[cell.text for cell in row] for row in table.rows]
    assert rows[0][0] == "Bodø"
    assert rows[1][2] == "not published"


def test_without_any_series_there_is_no_column_of_shares() -> None:
    data = world.data()
    section = members.section(world.COUNTY, data, world.english(data))
    assert section
    assert len(section.parts[0].heads) == 2


def test_a_kommune_links_to_the_others_of_its_helsefellesskap() -> None:
    data = world.data()
    section = members.section(world.KOMMUNE, data, world.english(data))
    assert section
    assert section.parts[0].entries == (("Herøy (Nordland)", "kommune-1818.html", ""),)


def test_a_kommune_that_is_a_whole_helsefellesskap_has_no_others_beside_it() -> None:
    keys = (world.RHF, world.COMMUNITY, world.COUNTY, world.KOMMUNE)
    data = world.data(area=[world.area(key) for key in keys])
    assert members.section(world.KOMMUNE, data, world.english(data)) is None
