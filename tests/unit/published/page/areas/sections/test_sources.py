"""The sources of a page: those of its rows, with when each was read."""

from __future__ import annotations

from pll_pipeline.published.page.areas.sections import sources
from tests.unit.published.page import world as page_world
from tests.unit.published.page.areas import world


def test_a_page_names_the_sources_of_its_rows_and_of_readiness_only() -> None:
    data = world.data(
        area_figure=[
            world.figure(source_name="figures"),
            world.figure(world.OTHER, source_name="x"),
        ],
        area_readiness_source=[page_world.row("area_readiness_source", source_name="people")],
    )
    section = sources.section(world.KOMMUNE, data, world.english(data))
    rows = section.parts[0].rows
    assert len(rows) == 2
    assert rows[1][0].text == "people"
    assert rows[1][3].text == "never"
