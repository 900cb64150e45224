"""Figures as pictures: whole, with their sources, in colours that need no style sheet."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import pytest

from pll_pipeline.published.page.colours import LIGHT
from pll_pipeline.published.page.parts import Figure
from pll_pipeline.published.page.pictures import file_name, picture, write

_CHART = (
    '<svg class="chart" viewBox="0 0 {width} 100"><path stroke="var(--accent)" d="M0,0"/></svg>'
)
_FIGURE = Figure("curves", "A < B", "by month", "mart", sources="Source: someone & others.")


def _drawings(count: int, width: int = 200) -> list[tuple[str, str]]:
    return [(f"Panel {number}", _CHART.format(width=width)) for number in range(count)]


def _parsed(svg: str) -> ElementTree.Element:
    return ElementTree.fromstring(svg)  # noqa: S314 - our own drawing


def test_a_picture_has_the_headline_the_drawings_the_notes_and_the_sources() -> None:
    root = _parsed(picture(_FIGURE, _drawings(2), ["Simulated"]))
    texts = [element.text for element in root.iter() if element.tag.endswith("text")]
    assert texts == [
        "A < B",
        "by month",
        "Panel 0",
        "Panel 1",
        "Simulated",
        "Source: someone & others.",
    ]


def test_a_picture_has_colours_and_no_roles() -> None:
    svg = picture(_FIGURE, _drawings(1))
    assert "var(" not in svg
    assert f'stroke="{LIGHT["accent"]}"' in svg


@pytest.mark.parametrize(("count", "width", "columns"), [(5, 200, 3), (2, 200, 2), (3, 800, 1)])
def test_drawings_are_in_columns_of_one_width(count: int, width: int, columns: int) -> None:
    root = _parsed(picture(_FIGURE, _drawings(count, width)))
    charts = [element for element in root if element.get("class") == "chart"]
    assert len(charts) == count
    assert len({chart.get("x") for chart in charts}) == columns
    assert len({chart.get("width") for chart in charts}) == 1
    height = float(root.get("height") or 0)
    assert all(float(c.get("y") or 0) + float(c.get("height") or 0) < height for c in charts)


def test_a_drawing_without_a_size_is_refused() -> None:
    with pytest.raises(ValueError, match="no viewBox"):
        picture(_FIGURE, [("Panel", "<svg/>")])


def test_a_picture_is_written_as_svg_and_png(tmp_path: Path) -> None:
    write(tmp_path, _FIGURE, _drawings(1), (), "nb")
    svg, png = (tmp_path / file_name("curves", "nb", ending) for ending in ("svg", "png"))
    assert svg.read_text(encoding="utf-8").startswith("<svg ")
    assert png.read_bytes().startswith(b"\x89PNG")
