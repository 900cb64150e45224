"""What a drawing consists of."""

from __future__ import annotations

import re
from datetime import date

import pytest

from pll_pipeline.published.page import charts
from pll_pipeline.published.page.charts import Band, Bounds, Description, Due, Line
from pll_pipeline.published.page.colours import THEMES
from pll_pipeline.published.page.formats import Formatter

FIRST, LAST = date(2025, 1, 1), date(2025, 4, 1)
AXES = charts.axes_of([FIRST, LAST], Formatter("nb"))
DESCRIPTION = Description("<b>Tittel</b> & mer", "Fra 10 til 90 %.")
LINE = Line(
    "a",
    [(FIRST, 0.1), (date(2025, 2, 1), None), (date(2025, 3, 1), 0.3), (LAST, 0.9)],
)
BANDS = [Band(FIRST, 0.1, 0.2, 0.3), Band(LAST, 0.2, 0.5, 0.7)]
RANGES = [Bounds(FIRST, 0.1, 0.3), Bounds(LAST, 0.5, 0.5)]


@pytest.fixture(scope="module", params=["curves", "spread", "targets", "forecast", "points"])
def svg(request: pytest.FixtureRequest) -> str:
    drawings = {
        "curves": lambda: charts.curves(LINE, [Line("b", LINE.points)], AXES, DESCRIPTION),
        "spread": lambda: charts.spread(RANGES, RANGES, LINE, AXES, DESCRIPTION),
        "targets": lambda: charts.targets(LINE, [Due(LAST, 0.5, "50 %")], AXES, DESCRIPTION),
        "forecast": lambda: charts.forecast(LINE, BANDS, AXES, DESCRIPTION),
        "points": lambda: charts.points([LINE], AXES, DESCRIPTION),
    }
    return drawings[request.param]()


def test_a_drawing_has_only_colours_of_the_style_sheet(svg: str) -> None:
    colours = set(re.findall(r'(?:fill|stroke)="([^"]+)"', svg))
    roles = {name for colour in colours for name in re.findall(r"^var\(--([a-z-]+)\)$", colour)}
    assert roles
    assert roles <= THEMES["light"].keys()
    assert {colour for colour in colours if not colour.startswith("var(")} <= {
        "none",
        "transparent",
        "currentColor",
    }


def test_a_drawing_runs_no_script_and_fetches_nothing(svg: str) -> None:
    assert not re.search(r"<script|javascript:|\bon\w+=|href=", svg)


def test_a_drawing_has_its_title_and_description_as_text(svg: str) -> None:
    assert "&lt;b&gt;Tittel&lt;/b&gt; &amp; mer" in svg
    assert "Fra 10 til 90 %." in svg
    assert 'role="img"' in svg
    assert "<desc" in svg


def test_a_line_of_one_month_is_drawn() -> None:
    axes = charts.axes_of([FIRST], Formatter("nb"))
    assert charts.curves(Line("a", [(FIRST, 0.5)]), [], axes, DESCRIPTION).count("<svg") == 1


def test_a_line_without_any_share_has_no_label() -> None:
    drawn = charts.curves(Line("a", [(FIRST, None)]), [], AXES, DESCRIPTION)
    labelled = charts.curves(Line("a", [(FIRST, 0.5)]), [], AXES, DESCRIPTION)
    assert drawn.count("<text") < labelled.count("<text")
