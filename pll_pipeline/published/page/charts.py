"""Charts with axes, as SVG: Altair's grammar drawn by vl-convert, without a browser.

Colours are roles of the style sheet, so that one drawing serves light and dark. Each chart is a
panel so narrow that a telephone need not shrink it; the page arranges panels in a grid. All panels
have the same axis from 0 to 100 %, and panels of one figure the same months.
Not here: which figures there are (`sections/`), texts, tables and tiles (templates).
"""

from __future__ import annotations

import html
import re
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any, Literal, NamedTuple

import altair as alt
import vl_convert

from pll_pipeline.published.page.colours import LIGHT
from pll_pipeline.published.page.formats import Formatter

WIDTH, HEIGHT = 240, 150  # of the plot, without its labels
WIDE, TALL = 400, 240
LONG, _ROW, _LABEL_WIDTH = 560, 17, 260  # of a timeline, in one row per area
_FONT = "Arial, Helvetica, 'Liberation Sans', sans-serif"
# Vega takes colours of its own alphabet only. A role is drawn in its light colour, and the colour
# replaced by the name of the role in the drawing.
_ROLES = ("ink", "muted", "line", "rule", "accent", "band", "paper")
_INK, _MUTED, _LINE, _RULE, _ACCENT, _BAND, _PAPER = (LIGHT[role] for role in _ROLES)
_NAMES = {LIGHT[role]: f"var(--{role})" for role in _ROLES}
_TICKS = (0, 0.25, 0.5, 0.75, 1)
_MOST_YEARS = 5
# Marks of a timeline: phase → shape of Vega, statement → looks.
_PHASES = {
    "forberedelse": "cross",
    "utproving": "triangle-up",
    "innforing": "square",
    "i_drift": "circle",
}
_STATEMENTS = {
    "reported": {"filled": True, "fill": _ACCENT, "stroke": _ACCENT, "strokeWidth": 1.4},
    "planned": {"filled": True, "fill": _PAPER, "stroke": _ACCENT, "strokeWidth": 1.4},
    "target": {"filled": True, "fill": _PAPER, "stroke": _INK, "strokeWidth": 1.8},
}
_HIGH = 0.85  # from here on the label of a point is below it
_CONFIG = {
    "background": None,
    "font": _FONT,
    "view": {"stroke": None},
    "padding": 2,
    "axis": {
        "labelColor": _MUTED,
        "labelFontSize": 11,
        "titleColor": _MUTED,
        "titleFontSize": 11,
        "titleFontWeight": "normal",
        "domainColor": _LINE,
        "tickColor": _LINE,
        "gridColor": _RULE,
        "labelPadding": 4,
    },
}
# What only Vega's own runtime needs, and outlines of the plot itself.
_ATTRIBUTES = re.compile(
    r' (?:aria-[a-z]+|role|class|pointer-events|font-family|stroke-miterlimit)="[^"]*"'
)
_OUTLINE = re.compile(
    r'<path d="M0,0h[\d.]+v[\d.]+h-[\d.]+Z"(?: fill="none")?(?: stroke="none")?/>'
)

_MarkType = Literal["line", "area", "circle", "point", "rule", "text"]


class Bounds(NamedTuple):
    """A month and the bounds between which something lies in it."""

    month: date
    low: float
    high: float


@dataclass(frozen=True)
class Line:
    """A course over months. The line is broken where the share is None.

    `withheld` are the months whose share is withheld, with its bounds.
    """

    name: str
    points: Sequence[tuple[date, float | None]]
    withheld: Sequence[Bounds] = ()


class Band(NamedTuple):
    """A month with a share and the bounds around it."""

    month: date
    low: float
    middle: float
    high: float


class Due(NamedTuple):
    """A target: the last day, the share, and the lines of its label."""

    day: date
    share: float
    label: Sequence[str]


class Event(NamedTuple):
    """A phase of an introduction: its row, the first and the last day of what is stated, the phase,
    and whether it is reported, planned or a target.
    """

    row: str
    first: date
    last: date
    phase: str
    statement: str


@dataclass(frozen=True)
class Axes:
    """Years from `first` to `last` across, 0 to 100 % up, written by `format`."""

    first: float
    last: float
    format: Formatter

    def widened(self, part: float) -> Axes:
        """The same axes with room for labels on the right: a part of their length."""
        return replace(self, last=self.last + part * (self.last - self.first))

    def x(self) -> alt.X:
        """The axis of years."""
        every = range(int(self.first), int(self.last) + 2)
        years = [year for year in every if self.first <= year <= self.last]
        step = -(-len(years) // _MOST_YEARS) or 1
        end = max(self.last, self.first + 1 / 12)
        return alt.X(
            "x:Q",
            title=None,
            scale=alt.Scale(domain=[self.first, end], nice=False, zero=False),
            axis=alt.Axis(values=years[::-1][::step][::-1], format="d", grid=False, tickSize=4),
        )

    def y(self, field: str = "y") -> alt.Y:
        """The axis of shares."""
        label = "''"
        for tick in reversed(_TICKS):
            label = f"datum.value == {tick} ? '{self.format.share(tick)}' : {label}"
        return alt.Y(
            f"{field}:Q",
            title=None,
            scale=alt.Scale(domain=[0, 1]),
            axis=alt.Axis(values=list(_TICKS), labelExpr=label, domain=False, ticks=False),
        )


@dataclass(frozen=True)
class Description:
    """What a chart shows, in words: for those who cannot see it."""

    title: str
    text: str


def year_of(day: date) -> float:
    """A day as a point on an axis of years."""
    return round(day.year + (day.month - 1) / 12 + (day.day - 1) / 372, 4)


def axes_of(days: Iterable[date], number_format: Formatter) -> Axes:
    """The axes on which all of these days lie."""
    years = [year_of(day) for day in days]
    return Axes(min(years), max(years), number_format)


def curves(country: Line, regions: Sequence[Line], axes: Axes, description: Description) -> str:
    """The country as a bold line with its newest share, every region as a thin one.

    A withheld share is an upright line between its bounds.
    """
    rows = _named_rows(regions)
    thin = _mark(rows, "line", stroke=_LINE, strokeWidth=0.7, strokeOpacity=0.9)
    layers = [thin.on(axes.x(), axes.y(), detail="r:N")] if rows else []
    between = [row for region in regions for row in _rows_of(region.withheld)]
    return _svg(
        [
            *_upright(between, axes, _LINE, 0.8),
            *layers,
            *_upright(_rows_of(country.withheld), axes, _ACCENT, 2),
            *_bold(country, axes),
            *_newest_label(country, axes),
        ],
        description,
    )


def points(lines: Sequence[Line], axes: Axes, description: Description) -> str:
    """Single figures as dots; those of the same measure are joined, as they can be compared.

    A figure that is only bounded is an upright line between its bounds.
    """
    rows = [row for row in _named_rows(lines) if row["y"] is not None]
    between = [row for line in lines for row in _rows_of(line.withheld)]
    joined = _mark(rows, "line", stroke=_LINE, strokeWidth=1)
    dots = _mark(rows, "circle", size=46, color=_ACCENT, opacity=1, stroke=_PAPER, strokeWidth=1)
    return _svg(
        [
            *_upright(between, axes, _ACCENT, 2),
            joined.on(axes.x(), axes.y(), detail="r:N"),
            dots.on(axes.x(), axes.y()),
        ],
        description,
    )


def spread(
    percentiles: Sequence[Bounds],
    medians: Sequence[Bounds],
    country: Line,
    axes: Axes,
    description: Description,
) -> str:
    """The bounds of the middle regions as a band, those of the median in it, the country dashed.

    The bounds of a median that is known meet, so that it is a line.
    """
    whole = [{"x": year_of(month), "y": share} for month, share in country.points]
    dashed = _mark(whole, "line", stroke=_INK, strokeWidth=1.2, strokeDash=[4, 3])
    newest = medians[-1]
    is_known = newest.low == newest.high
    return _svg(
        [
            *_between(_rows_of(percentiles), axes, _Look(_BAND, 1, _LINE, 0.8)),
            *_between(_rows_of(medians), axes, _Look(_ACCENT, 0.25, _ACCENT, 1.8)),
            dashed.on(axes.x(), axes.y()),
            *(_label(year_of(newest.month), newest.low, axes) if is_known else []),
        ],
        description,
    )


def timeline(events: Sequence[Event], axes: Axes, description: Description) -> str:
    """A row per area: marks by phase where one begins, filled where it is reported, hollow where it
    is planned, and lines over the days that are stated.
    """
    rows = [
        {
            "x": year_of(event.first),
            "end": year_of(event.last + timedelta(days=1)),
            "row": event.row,
            "p": event.phase,
        }
        for event in events
    ]
    areas = list(dict.fromkeys(event.row for event in events))
    axis = alt.Axis(
        title=None,
        minExtent=_LABEL_WIDTH,
        maxExtent=_LABEL_WIDTH,
        labelLimit=_LABEL_WIDTH,
        grid=True,
        domain=False,
        ticks=False,
    )
    y = alt.Y("row:N", sort=areas, axis=axis)
    lines = _mark(rows, "rule", stroke=_LINE, strokeWidth=2.5)
    layers = [lines.on(axes.x(), y, x2="end:Q")]
    for statement, looks in _STATEMENTS.items():
        for phase, shape in _PHASES.items():
            some = [
                row
                for row, event in zip(rows, events, strict=True)
                if (event.statement, event.phase) == (statement, phase)
            ]
            marks = _mark(some, "point", shape=shape, size=70, opacity=1, **looks)
            layers += [marks.on(axes.x(), y)] if some else []
    return _svg(layers, description, LONG, _ROW * len(areas))


def targets(path: Line, due: Sequence[Due], axes: Axes, description: Description) -> str:
    """What has been reached as a bold line, what is planned as diamonds with their labels."""
    rows = [
        {"x": year_of(target.day), "y": target.share, "t": list(target.label)} for target in due
    ]
    steps = _mark(rows, "line", stroke=_MUTED, strokeWidth=1, strokeDash=[2, 3])
    diamonds = _mark(rows, "point", shape="diamond", size=110, filled=True, color=_INK, opacity=1)
    looks = {"align": "left", "dx": 9, "dy": -2, "fontSize": 12, "lineHeight": 14, "font": _FONT}
    reached = [
        *_upright(_rows_of(path.withheld), axes, _ACCENT, 2),
        *(_bold(path, axes) if path.points else []),
        *_newest_label(path, axes),
    ]
    layers = [
        steps.on(axes.x(), axes.y()),
        *reached,
        diamonds.on(axes.x(), axes.y()),
        *_words(rows, axes, _INK, looks),
    ]
    return _svg(layers, description, WIDE, TALL)


def forecast(observed: Line, ahead: Sequence[Band], axes: Axes, description: Description) -> str:
    """What is observed as a bold line, what is expected as a dashed one in its interval."""
    bands = list(ahead)
    if observed.points:  # the interval begins at the newest share
        month, share = observed.points[-1]
        if share is not None:
            bands.insert(0, Band(month, share, share, share))
    expected = _mark(_band_rows(bands), "line", stroke=_ACCENT, strokeWidth=1.8, strokeDash=[5, 3])
    return _svg(
        [
            *_band(bands, axes),
            expected.on(axes.x(), axes.y("middle")),
            *_bold(observed, axes),
            *_label(year_of(bands[-1].month), bands[-1].middle, axes),
        ],
        description,
    )


@dataclass(frozen=True)
class _Layer:
    """A mark of a chart and its rows.

    The rows are handed over beside the grammar, which checks what it is given: numbers need none.
    """

    rows: list[dict[str, Any]]
    mark: alt.MarkDef
    channels: tuple[Any, ...] = ()
    details: dict[str, str] | None = None

    def on(self, *channels: Any, **details: str) -> _Layer:
        """The mark with what decides its position, its text and its grouping."""
        return replace(self, channels=channels, details=details)

    def drawn_from(self, name: str) -> alt.Chart:
        """The layer as a chart of a named data set."""
        chart = alt.Chart(alt.NamedData(name=name), mark=self.mark)
        return chart.encode(*self.channels, **(self.details or {}))


def _mark(rows: list[dict[str, Any]], mark_type: _MarkType, **looks: Any) -> _Layer:
    return _Layer(rows, alt.MarkDef(type=mark_type, **looks))


def _named_rows(lines: Iterable[Line]) -> list[dict[str, Any]]:
    return [
        {"x": year_of(day), "y": share, "r": line.name}
        for line in lines
        for day, share in line.points
    ]


def _rows_of(bounds: Iterable[Bounds]) -> list[dict[str, Any]]:
    return [{"x": year_of(of.month), "low": of.low, "high": of.high} for of in bounds]


def _band_rows(bands: Iterable[Band]) -> list[dict[str, Any]]:
    return [
        {"x": year_of(band.month), "low": band.low, "middle": band.middle, "high": band.high}
        for band in bands
    ]


class _Look(NamedTuple):
    """Colour and opacity of an area, colour and width of its edges."""

    colour: str
    opacity: float
    edge: str
    width: float


def _band(bands: Sequence[Band], axes: Axes) -> list[_Layer]:
    return _between(_band_rows(bands), axes, _Look(_BAND, 1, _LINE, 0.8))


def _between(rows: list[dict[str, Any]], axes: Axes, look: _Look) -> list[_Layer]:
    """An area between `low` and `high`, and its two edges."""
    area = _mark(rows, "area", color=look.colour, opacity=look.opacity)
    edge = _mark(rows, "line", stroke=look.edge, strokeWidth=look.width)
    return [
        area.on(axes.x(), axes.y("low"), y2="high:Q"),
        edge.on(axes.x(), axes.y("low")),
        edge.on(axes.x(), axes.y("high")),
    ]


def _upright(rows: list[dict[str, Any]], axes: Axes, colour: str, width: float) -> list[_Layer]:
    """A line from `low` to `high` in each month; nothing where there is none."""
    if not rows:
        return []
    rule = _mark(rows, "rule", stroke=colour, strokeWidth=width, strokeOpacity=0.45)
    return [rule.on(axes.x(), axes.y("low"), y2="high:Q")]


def _bold(line: Line, axes: Axes) -> list[_Layer]:
    rows = [{"x": year_of(month), "y": share} for month, share in line.points]
    bold = _mark(rows, "line", stroke=_ACCENT, strokeWidth=2.6, strokeJoin="round")
    return [bold.on(axes.x(), axes.y())]


def _newest_label(line: Line, axes: Axes) -> list[_Layer]:
    """The newest share of a line; nothing where it has none."""
    for month, share in reversed(line.points):
        if share is not None:
            return _label(year_of(month), share, axes)
    return []


def _label(x: float, y: float, axes: Axes) -> list[_Layer]:
    """A dot at the end of a line, with its share beside it."""
    rows = [{"x": x, "y": y, "t": axes.format.share(y, decimals=0)}]
    dot = _mark(rows, "circle", size=34, color=_ACCENT, opacity=1)
    looks: dict[str, Any] = {
        "align": "right",
        "dx": -5,
        "dy": -11 if y < _HIGH else 13,
        "fontSize": 13,
        "fontWeight": "bold",
        "font": _FONT,
    }
    return [dot.on(axes.x(), axes.y()), *_words(rows, axes, _ACCENT, looks)]


def _words(
    rows: list[dict[str, Any]], axes: Axes, colour: str, looks: dict[str, Any]
) -> list[_Layer]:
    """The text `t` of each row, apart from the lines behind it by the paper's colour."""
    behind = _mark(
        rows, "text", color=_PAPER, stroke=_PAPER, strokeWidth=4, strokeJoin="round", **looks
    )
    words = _mark(rows, "text", color=colour, **looks)
    return [layer.on(axes.x(), axes.y(), text="t:N") for layer in (behind, words)]


def _svg(
    layers: Sequence[_Layer], description: Description, width: int = WIDTH, height: int = HEIGHT
) -> str:
    names = [f"layer_{number}" for number in range(len(layers))]
    charts = [layer.drawn_from(name) for layer, name in zip(layers, names, strict=True)]
    grammar = alt.layer(*charts).properties(width=width, height=height).to_dict()
    rows = {name: layer.rows for layer, name in zip(layers, names, strict=True)}
    svg = vl_convert.vegalite_to_svg({**grammar, "config": _CONFIG, "datasets": rows})
    return _dressed(svg, description)


def _dressed(svg: str, description: Description) -> str:
    """The drawing as one image with a title and a description, and colours by their roles.

    Without what only Vega's own runtime needs.
    """
    opening, _, rest = svg.partition(">")
    rest = _OUTLINE.sub("", _ATTRIBUTES.sub("", rest))
    rest = re.sub(r"\d+\.\d{2,}", lambda number: f"{float(number[0]):.1f}".removesuffix(".0"), rest)
    rest = re.sub(r"#[0-9a-f]{6}", lambda colour: _NAMES[colour[0]], rest)
    title = html.escape(description.title, quote=False)
    text = html.escape(description.text, quote=False)
    name = f"c{zlib.crc32((title + text + rest).encode()):x}"
    size = f"{_attribute(opening, 'width')} {_attribute(opening, 'height')}"
    return (
        f'<svg class="chart" xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {size}" role="img"'
        f' aria-labelledby="{name}t {name}d">'
        f'<title id="{name}t">{title}</title><desc id="{name}d">{text}</desc>{rest}'
    )


def _attribute(element: str, name: str) -> str:
    """A number of an opening tag. Raises `ValueError` where it is not there."""
    found = re.search(rf'\b{name}="([\d.]+)"', element)
    if found is None:
        raise ValueError(f"the drawing has no {name}: {element}")
    return found[1]
