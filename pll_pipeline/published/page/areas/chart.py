"""The course of an area beside that of the region it is in, as a small SVG.

Written here and not by Vega: there are two thousand of them in each language. A month that is
known only between bounds is drawn as those bounds. Colours are roles of the style sheet.
Not here: charts of the country (`page/charts.py`), what is drawn (`sections.py`).
"""

from __future__ import annotations

import html
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from itertools import groupby
from typing import NamedTuple

from pll_pipeline.published.page.formats import Formatter

WIDTH, HEIGHT = 600, 280
_LEFT, _RIGHT, _TOP, _BOTTOM = 74, 588, 16, 236
_TICKS = (0.0, 0.5, 1.0)
_MOST_YEARS = 5
_HIGH = 0.85  # from here on the label of the newest share is below it
_DOT = 5
_MONTHS = 12
_GRID = "grid"


class Point(NamedTuple):
    """A month with a share, or with the bounds between which it lies."""

    month: date
    share: float | None
    lower: float | None = None
    upper: float | None = None


class Axis(NamedTuple):
    """Months from the first to the last, counted from year 0."""

    first: int
    last: int

    def x(self, month: date) -> int:
        """Where a month is drawn."""
        length = max(self.last - self.first, 1)
        return _LEFT + round((_RIGHT - _LEFT) * (number_of(month) - self.first) / length)


def number_of(month: date) -> int:
    """Months since year 0."""
    return month.year * _MONTHS + month.month - 1


def axis_of(months: Iterable[date]) -> Axis:
    """The axis on which all of these months lie."""
    numbers = [number_of(month) for month in months]
    return Axis(min(numbers), max(numbers))


def grid(axis: Axis, form: Formatter) -> str:
    """The lines and labels of both axes, as a drawing that charts of the same axis refer to."""
    body = "".join(_grid(axis, form))
    opening = '<svg class="grid" width="0" height="0" aria-hidden="true">'
    return f'{opening}<g id="{_GRID}">{body}</g></svg>'


def course(
    area: Sequence[Point], whole: Sequence[Point], axis: Axis, form: Formatter, text: str
) -> str:
    """The area as a bold line with its newest share, the region it is in as a dashed one.

    `text` is what the drawing shows, in words. The page must have the grid of the axis.
    """
    body = "".join(
        [
            f'<use href="#{_GRID}"/>',
            *_bands(area, axis),
            *_lines(whole, axis, "whole"),
            *_lines(area, axis, "area"),
            *_newest(area, axis, form),
        ]
    )
    opening = f'<svg class="course" viewBox="0 0 {WIDTH} {HEIGHT}" role="img"'
    return f'{opening} aria-label="{html.escape(text)}">{body}</svg>'


def _y(share: float) -> int:
    return _BOTTOM - round((_BOTTOM - _TOP) * share)


def _grid(axis: Axis, form: Formatter) -> Iterator[str]:
    for tick in _TICKS:
        y = _y(tick)
        yield f'<path class="rule" d="M{_LEFT} {y}H{_RIGHT}"/>'
        yield f'<text x="{_LEFT - 8}" y="{y + 7}" text-anchor="end">{form.share(tick)}</text>'
    first, last = -(-axis.first // _MONTHS), axis.last // _MONTHS
    years = range(first, last + 1)
    step = -(-len(years) // _MOST_YEARS) or 1
    for year in years[::-1][::step]:
        x = axis.x(date(year, 1, 1))
        yield f'<path class="rule" d="M{x} {_BOTTOM}v8"/>'
        yield f'<text x="{x}" y="{_BOTTOM + 32}" text-anchor="middle">{year}</text>'


def _runs(points: Sequence[Point], *, is_known: bool) -> Iterator[list[Point]]:
    """Months in a row that have a share, or that have none and have bounds."""

    def belongs(point: Point) -> bool:
        has_bounds = point.lower is not None and point.upper is not None
        return point.share is not None if is_known else point.share is None and has_bounds

    numbered = enumerate(point for point in points if belongs(point))
    for _, run in groupby(numbered, key=lambda pair: number_of(pair[1].month) - pair[0]):
        yield [point for _, point in run]


def _lines(points: Sequence[Point], axis: Axis, look: str) -> Iterator[str]:
    for run in _runs(points, is_known=True):
        places = [(axis.x(point.month), _y(point.share or 0)) for point in run]
        if len(places) == 1:
            x, y = places[0]
            yield f'<circle class="{look}" cx="{x}" cy="{y}" r="{_DOT}"/>'
        else:
            yield f'<path class="{look}" d="{path(places)}"/>'


def _bands(points: Sequence[Point], axis: Axis) -> Iterator[str]:
    """The bounds of months without a share; of a single month as wide as a dot."""
    for run in _runs(points, is_known=False):
        upper = [(axis.x(point.month), _y(point.upper or 0)) for point in run]
        lower = [(axis.x(point.month), _y(point.lower or 0)) for point in run]
        if len(run) == 1:
            (x, top), (_, bottom) = upper[0], lower[0]
            upper = [(x - _DOT, top), (x + _DOT, top)]
            lower = [(x - _DOT, bottom), (x + _DOT, bottom)]
        yield f'<path class="band" d="{path([*upper, *reversed(lower)])}z"/>'


def path(places: Sequence[tuple[int, int]]) -> str:
    """A line through places as an SVG path of steps, without those that lie on a level line."""
    corners = [
        place
        for number, place in enumerate(places)
        if number in (0, len(places) - 1)
        or not places[number - 1][1] == place[1] == places[number + 1][1]
    ]
    (x, y), *rest = corners
    steps = []
    for to_x, to_y in rest:
        steps.append(f"{to_x - x} {to_y - y}".replace(" -", "-"))
        x, y = to_x, to_y
    return f"M{corners[0][0]} {corners[0][1]}l{' '.join(steps)}"


def _newest(points: Sequence[Point], axis: Axis, form: Formatter) -> Iterator[str]:
    """The newest share beside its end of the line; none where the newest month has no share."""
    share = points[-1].share
    if share is None:
        return
    x, y = axis.x(points[-1].month), _y(share)
    below = 32 if share >= _HIGH else -14
    text = form.share(share, decimals=0)
    yield f'<circle class="end" cx="{x}" cy="{y}" r="{_DOT + 1}"/>'
    yield f'<text class="newest" x="{x - 4}" y="{y + below}" text-anchor="end">{text}</text>'
