"""The drawing of a course: lines that break, bounds, one axis."""

from __future__ import annotations

import re
from datetime import date

from pll_pipeline.published.page.areas.chart import Point, axis_of, course, grid, path
from pll_pipeline.published.page.formats import Formatter

FORM = Formatter("en")


def _months(*shares: float | None) -> list[Point]:
    return [Point(date(2026, number, 1), share) for number, share in enumerate(shares, start=1)]


def _drawn(area: list[Point], whole: list[Point] | None = None, text: str = "text") -> str:
    axis = axis_of(point.month for point in (*area, *(whole or ())))
    return course(area, whole or [], axis, FORM, text)


def test_a_line_breaks_where_a_month_has_no_share_or_is_absent() -> None:
    gap = _drawn(_months(0.1, 0.2, None, 0.4, 0.5))
    assert gap.count('class="area" d="M') == 2
    absent = [point for point in _months(0.1, 0.2, 0.3, 0.4, 0.5) if point.month.month != 3]
    assert _drawn(absent).count('class="area" d="M') == 2
    assert _drawn(_months(0.1, 0.2, 0.3)).count('class="area" d="M') == 1


def test_bounds_are_drawn_only_where_there_is_no_share() -> None:
    hidden = [Point(date(2026, 1, 1), None, 0.2, 0.4), Point(date(2026, 2, 1), None, 0.2, 0.6)]
    assert 'class="band"' in _drawn([*hidden, Point(date(2026, 3, 1), 0.5, 0.4, 0.6)])
    assert 'class="band"' not in _drawn([Point(date(2026, 3, 1), 0.5, 0.4, 0.6)])
    assert 'class="band"' not in _drawn([Point(date(2026, 1, 1), None, 0.2, None)])


def test_the_newest_share_is_written_only_where_the_newest_month_has_one() -> None:
    assert ">40%</text>" in _drawn(_months(0.2, 0.4))
    assert "newest" not in _drawn(_months(0.2, None))


def test_a_single_month_is_a_dot() -> None:
    assert '<circle class="area"' in _drawn(_months(0.5))


def test_the_words_of_a_drawing_are_text() -> None:
    assert 'aria-label="&lt;b&gt; &quot;"' in _drawn(_months(0.5), text='<b> "')


def test_a_level_line_keeps_its_ends_and_corners() -> None:
    assert path([(0, 5), (1, 5), (2, 5), (3, 4), (4, 4)]) == "M0 5l2 0 1-1 1 0"


def test_the_grid_has_the_newest_year_and_at_most_five() -> None:
    axis = axis_of([date(2010, 1, 1), date(2026, 1, 1)])
    years = re.findall(r">(\d{4})</text>", grid(axis, FORM))
    assert years[0] == "2026"
    assert 2 <= len(years) <= 5
