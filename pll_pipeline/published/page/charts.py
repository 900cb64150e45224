"""Charts with axes: Altair's grammar to SVG by vl-convert, without a browser. Colours are roles of the style sheet, so one drawing serves light and dark.

Each chart is a panel so narrow that it is read on a telephone without being shrunk; the page lays panels out in a grid. All
panels have the same axis from 0 to 100 %, and panels of one figure the same months. Not here: which figures (`figures.py`),
words (`texts.py`), tables and tiles (templates).
"""

from __future__ import annotations

import html
import re
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import altair as alt
import vl_convert

from pll_pipeline.published.page.colours import LIGHT
from pll_pipeline.published.page.formats import Formatter

WIDTH, HEIGHT = 240, 150  # of the plot, without its labels
WIDE, TALL = 400, 240
_FONT = "Arial, Helvetica, 'Liberation Sans', sans-serif"
# Vega takes colours of its own alphabet only: a role is drawn in its light colour, and called by its name in what was drawn.
_ROLES = ("ink", "muted", "line", "rule", "accent", "band", "paper")
_INK, _MUTED, _LINE, _RULE, _ACCENT, _BAND, _PAPER = (LIGHT[role] for role in _ROLES)
_NAMES = {LIGHT[role]: f"var(--{role})" for role in _ROLES}
_TICKS = (0, 0.25, 0.5, 0.75, 1)
_MOST_YEARS = 5
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


@dataclass(frozen=True)
class Line:
    """A course over months; None where nothing is known, and then the line is broken."""

    name: str
    points: Sequence[tuple[date, float | None]]


def year_of(day: date) -> float:
    """A day as a point on an axis of years."""
    return round(day.year + (day.month - 1) / 12 + (day.day - 1) / 372, 4)


def span(days: Iterable[date]) -> tuple[float, float]:
    """The axis on which all of these lie."""
    years = [year_of(day) for day in days]
    return min(years), max(years)


def curves(
    nation: Line,
    regions: Sequence[Line],
    months: tuple[float, float],
    write: Formatter,
    about: tuple[str, str],
) -> str:
    """The nation as a bold line with its newest share, every region as a thin one."""
    thin = [
        {"x": year_of(month), "y": share, "r": line.name}
        for line in regions
        for month, share in line.points
    ]
    layers = (
        [
            _mark(thin, "line", stroke=_LINE, strokeWidth=0.7, strokeOpacity=0.9).on(
                _x(months), _y(write), detail="r:N"
            )
        ]
        if thin
        else []
    )
    return _svg([*layers, *_bold(nation, months, write)], about)


def points(
    lines: Sequence[Line], months: tuple[float, float], write: Formatter, about: tuple[str, str]
) -> str:
    """Single figures as dots; those of the same measure joined, as they may be compared."""
    rows = [
        {"x": year_of(day), "y": share, "r": line.name}
        for line in lines
        for day, share in line.points
    ]
    joined = _mark(rows, "line", stroke=_LINE, strokeWidth=1).on(
        _x(months), _y(write), detail="r:N"
    )
    dots = _mark(
        rows, "circle", size=46, color=_ACCENT, opacity=1, stroke=_PAPER, strokeWidth=1
    ).on(_x(months), _y(write))
    return _svg([joined, dots], about)


def band(
    spread: Sequence[tuple[date, float, float, float]],
    nation: Line,
    months: tuple[float, float],
    write: Formatter,
    about: tuple[str, str],
) -> str:
    """Where the middle 80 % of the regions lie: p10 to p90 as a band between two lines, the median, and the nation dashed."""
    rows = [
        {"x": year_of(month), "low": low, "mid": mid, "high": high}
        for month, low, mid, high in spread
    ]
    area = _mark(rows, "area", color=_BAND, opacity=1).on(_x(months), _y(write, "low"), y2="high:Q")
    edges = [
        _mark(rows, "line", stroke=_LINE, strokeWidth=0.8).on(_x(months), _y(write, edge))
        for edge in ("low", "high")
    ]
    median = _mark(rows, "line", stroke=_ACCENT, strokeWidth=2.2).on(_x(months), _y(write, "mid"))
    whole = [{"x": year_of(month), "y": share} for month, share in nation.points]
    dashed = _mark(whole, "line", stroke=_INK, strokeWidth=1.2, strokeDash=[4, 3]).on(
        _x(months), _y(write)
    )
    return _svg(
        [area, *edges, dashed, median, *_end(rows[-1]["x"], rows[-1]["mid"], months, write)], about
    )


def targets(
    path: Line,
    due: Sequence[tuple[date, float, str]],
    months: tuple[float, float],
    write: Formatter,
    about: tuple[str, str],
) -> str:
    """What has been reached as a bold line, what is planned as diamonds with their own words."""
    rows = [{"x": year_of(day), "y": target, "t": text} for day, target, text in due]
    steps = _mark(rows, "line", stroke=_MUTED, strokeWidth=1, strokeDash=[2, 3]).on(
        _x(months), _y(write)
    )
    diamonds = _mark(
        rows, "point", shape="diamond", size=110, filled=True, color=_INK, opacity=1
    ).on(_x(months), _y(write))
    words = _mark(rows, "text", align="left", dx=9, dy=0, fontSize=12, color=_INK, font=_FONT).on(
        _x(months), _y(write), text="t:N"
    )
    return _svg(
        [steps, *(_bold(path, months, write) if path.points else []), diamonds, words],
        about,
        WIDE,
        TALL,
    )


def forecast(
    known: Line,
    ahead: Sequence[tuple[date, float, float, float]],
    months: tuple[float, float],
    write: Formatter,
    about: tuple[str, str],
) -> str:
    """What is known as a bold line, what is expected as a dashed one in its interval."""
    rows = [
        {"x": year_of(month), "low": low, "mid": mid, "high": high}
        for month, low, mid, high in ahead
    ]
    if known.points and known.points[-1][1] is not None:  # the interval opens where knowledge ends
        month, share = known.points[-1]
        rows.insert(0, {"x": year_of(month), "low": share, "mid": share, "high": share})
    area = _mark(rows, "area", color=_BAND, opacity=1).on(_x(months), _y(write, "low"), y2="high:Q")
    edges = [
        _mark(rows, "line", stroke=_LINE, strokeWidth=0.8).on(_x(months), _y(write, edge))
        for edge in ("low", "high")
    ]
    expected = _mark(rows, "line", stroke=_ACCENT, strokeWidth=1.8, strokeDash=[5, 3]).on(
        _x(months), _y(write, "mid")
    )
    return _svg(
        [
            area,
            *edges,
            expected,
            *_bold(known, months, write, label=False),
            *_end(rows[-1]["x"], rows[-1]["mid"], months, write),
        ],
        about,
    )


def _bold(
    line: Line, months: tuple[float, float], write: Formatter, *, label: bool = True
) -> list[_Layer]:
    rows = [{"x": year_of(month), "y": share} for month, share in line.points]
    layers = [
        _mark(rows, "line", stroke=_ACCENT, strokeWidth=2.6, strokeJoin="round").on(
            _x(months), _y(write)
        )
    ]
    last = next((row for row in reversed(rows) if row["y"] is not None), None)
    return [*layers, *_end(last["x"], last["y"], months, write)] if last and label else layers


def _end(x: float, y: float, months: tuple[float, float], write: Formatter) -> list[_Layer]:
    """A dot at the end of a line and what it says, beside it."""
    rows = [{"x": x, "y": y, "t": write.share(y, decimals=0)}]
    dot = _mark(rows, "circle", size=34, color=_ACCENT, opacity=1).on(_x(months), _y(write))
    halo = {
        "align": "right",
        "dx": -5,
        "dy": -11 if y < 0.85 else 13,
        "fontSize": 13,
        "fontWeight": "bold",
        "font": _FONT,
    }
    # the paper's colour around the letters keeps them apart from the lines behind
    behind = _mark(
        rows, "text", color=_PAPER, stroke=_PAPER, strokeWidth=3, strokeJoin="round", **halo
    ).on(_x(months), _y(write), text="t:N")
    words = _mark(rows, "text", color=_ACCENT, **halo).on(_x(months), _y(write), text="t:N")
    return [dot, behind, words]


@dataclass(frozen=True)
class _Layer:
    """One mark of a chart and its own rows, which are handed over beside the grammar: there is nothing to be checked in a number."""

    rows: list[dict[str, Any]]
    mark: alt.MarkDef
    channels: tuple[Any, ...] = ()
    details: dict[str, str] | None = None

    def on(self, *channels: Any, **details: str) -> _Layer:
        return replace(self, channels=channels, details=details)

    def drawn_from(self, name: str) -> alt.Chart:
        return alt.Chart(alt.NamedData(name=name), mark=self.mark).encode(
            *self.channels, **(self.details or {})
        )


def _mark(rows: list[dict[str, Any]], kind: str, **looks: Any) -> _Layer:
    return _Layer(rows, alt.MarkDef(type=kind, **looks))


def _x(months: tuple[float, float]) -> alt.X:
    first, last = months
    years = [year for year in range(int(first), int(last) + 2) if first <= year <= last]
    step = -(-len(years) // _MOST_YEARS) or 1
    return alt.X(
        "x:Q",
        title=None,
        scale=alt.Scale(domain=[first, max(last, first + 1 / 12)], nice=False, zero=False),
        axis=alt.Axis(values=years[::-1][::step][::-1], format="d", grid=False, tickSize=4),
    )


def _y(write: Formatter, field: str = "y") -> alt.Y:
    said = "''"
    for tick in reversed(_TICKS):
        said = f"datum.value == {tick} ? '{write.share(tick)}' : {said}"
    return alt.Y(
        f"{field}:Q",
        title=None,
        scale=alt.Scale(domain=[0, 1]),
        axis=alt.Axis(values=list(_TICKS), labelExpr=said, domain=False, ticks=False),
    )


def _svg(
    layers: list[_Layer], about: tuple[str, str], width: int = WIDTH, height: int = HEIGHT
) -> str:
    names = [f"layer_{place}" for place in range(len(layers))]
    chart = alt.layer(
        *(layer.drawn_from(name) for layer, name in zip(layers, names, strict=True))
    ).properties(width=width, height=height)
    drawn = chart.to_dict()
    rows = {name: layer.rows for layer, name in zip(layers, names, strict=True)}
    return _dressed(
        vl_convert.vegalite_to_svg({**drawn, "config": _CONFIG, "datasets": rows}), about
    )


def _dressed(svg: str, about: tuple[str, str]) -> str:
    """The drawing as one image with a title and a description, without what only Vega's own runtime needs."""
    opening, _, rest = svg.partition(">")
    width, height = (re.search(rf'\b{side}="([\d.]+)"', opening)[1] for side in ("width", "height"))
    rest = re.sub(
        r' (?:aria-[a-z]+|role|class|pointer-events|font-family|stroke-miterlimit)="[^"]*"',
        "",
        rest,
    )
    rest = re.sub(
        r'<path d="M0,0h[\d.]+v[\d.]+h-[\d.]+Z"(?: fill="none")?(?: stroke="none")?/>', "", rest
    )
    rest = re.sub(r"\d+\.\d{2,}", lambda number: f"{float(number[0]):.1f}".removesuffix(".0"), rest)
    rest = re.sub(r"#[0-9a-f]{6}", lambda colour: _NAMES[colour[0]], rest)
    title, description = (html.escape(text, quote=False) for text in about)
    name = f"c{zlib.crc32((title + description + rest).encode()):x}"
    return (
        f'<svg class="chart" xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img" aria-labelledby="{name}t {name}d">'
        f'<title id="{name}t">{title}</title><desc id="{name}d">{description}</desc>{rest}'
    )
