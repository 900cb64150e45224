"""The data and the sources of a figure."""

from __future__ import annotations

from datetime import date

import pytest

from pll_pipeline.published.page.figure import csv_address, with_data
from pll_pipeline.published.page.parts import Figure
from tests.unit.published.page import world

FIGURE = Figure(name="spread", headline="", subtitle="", release_table="")


def test_the_data_of_a_figure_is_in_the_page_itself() -> None:
    row = {"region": "Møre, og Romsdal", "share": 1 / 3, "month": date(2026, 1, 1), "count": None}
    address = csv_address([row])
    assert address.startswith("data:text/csv;charset=utf-8,region,share,month,count%0A")
    assert "0.3333" in address
    assert "2026-01-01" in address
    assert '"' not in address


def test_a_figure_names_the_sources_of_its_rows() -> None:
    data = world.data(
        figure_source=[
            world.row("figure_source", figure_name="spread", source_name="population"),
            world.row("figure_source", figure_name="spread", source_name="figures"),
            world.row("figure_source", figure_name="maps", source_name="other"),
        ]
    )
    figure = with_data(FIGURE, [{"share": 0.5}], data, world.english(data))
    assert figure.sources == "Source: Population; Published figures."


def test_a_figure_without_a_source_is_refused() -> None:
    data = world.data(figure_source=[])
    with pytest.raises(LookupError, match="no source of the figure spread"):
        with_data(FIGURE, [{"share": 0.5}], data, world.english(data))


def test_columns_that_only_the_drawing_needs_are_not_in_the_csv() -> None:
    data = world.data()
    rows = [{"share": 0.5, "source_name": "figures", "tile_row": 3}]
    figure = with_data(FIGURE, rows, data, world.english(data), left_out=["tile_row"])
    assert figure.csv == "data:text/csv;charset=utf-8,share%0A0.5%0A"
