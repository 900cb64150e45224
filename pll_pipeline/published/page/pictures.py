"""Figures as pictures: SVG and PNG files beside the page, each with headline and sources.

They are files, so that they can be had without a script. Not here: how a chart or a map is drawn
(`charts.py`, `templates/`).
"""

from __future__ import annotations

import html
import re
from collections.abc import Sequence
from pathlib import Path
from textwrap import wrap

import vl_convert

from pll_pipeline.published.page.colours import LIGHT
from pll_pipeline.published.page.parts import Figure

FOLDER = "figures"
_WIDTH, _MARGIN, _GAP = 1000, 24, 20
_WIDE = 700  # a drawing that has a row of its own
_LETTERS = 88  # of a headline in one line
_SCALE = 1.5  # of a PNG
_FONT = "Arial, Helvetica, 'Liberation Sans', sans-serif"
_VIEW_BOX = re.compile(r'viewBox="(\S+) (\S+) (\S+) (\S+)"')
_ROLE = re.compile(r"var\(--([a-z0-9-]+)\)")


def file_name(figure: str, language: str, ending: str) -> str:
    """The path of a figure's picture from the page: figures/curves.nb.svg."""
    return f"{FOLDER}/{figure}.{language}.{ending}"


def write(
    folder: Path,
    figure: Figure,
    drawings: Sequence[tuple[str, str]],
    notes: Sequence[str],
    language: str,
) -> None:
    """Write the picture of a figure as SVG and as PNG, from its drawings with their titles."""
    svg = picture(figure, drawings, notes)
    (folder / FOLDER).mkdir(exist_ok=True)
    (folder / file_name(figure.name, language, "svg")).write_text(svg, encoding="utf-8")
    png = vl_convert.svg_to_png(svg, scale=_SCALE)
    (folder / file_name(figure.name, language, "png")).write_bytes(png)


def picture(figure: Figure, drawings: Sequence[tuple[str, str]], notes: Sequence[str] = ()) -> str:
    """One SVG in light colours: the headline, the drawings in rows, the notes and the sources."""
    parts: list[str] = []
    y = float(_MARGIN)
    for line in wrap(figure.headline, _LETTERS):
        y += 22
        parts.append(_text(line, _MARGIN, y, size=20, weight="bold"))
    for line in wrap(figure.subtitle, _LETTERS + 44):
        y += 17
        parts.append(_text(line, _MARGIN, y, size=13, role="muted"))
    y += _GAP
    columns = _column_count(drawings)
    width = (_WIDTH - 2 * _MARGIN - _GAP * (columns - 1)) / columns
    for row in (drawings[start : start + columns] for start in range(0, len(drawings), columns)):
        height = max(_scaled_height(svg, width) for _, svg in row)
        for number, (title, svg) in enumerate(row):
            x = _MARGIN + number * (width + _GAP)
            parts.append(_text(title, x, y + 12, size=13, weight="bold"))
            parts.append(_placed(svg, x, y + 18, width))
        y += height + 18 + _GAP
    for line in (line for text in (*notes, figure.sources) for line in wrap(text, _LETTERS * 2)):
        y += 14
        parts.append(_text(line, _MARGIN, y, size=11, role="muted"))
    return _document(parts, y + _MARGIN)


def _document(parts: Sequence[str], height: float) -> str:
    paper = f'<rect width="{_WIDTH}" height="{height:.0f}" fill="var(--paper)"/>'
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height:.0f}"'
        f' width="{_WIDTH}" height="{height:.0f}" font-family="{_FONT}">'
        f"{paper}{''.join(parts)}</svg>\n"
    )
    return _ROLE.sub(lambda role: LIGHT[role[1]], svg)


def _column_count(drawings: Sequence[tuple[str, str]]) -> int:
    """How many drawings are beside each other: at most three, and one where they are wide."""
    return 1 if any(_box(svg)[2] > _WIDE for _, svg in drawings) else min(3, len(drawings))


def _box(svg: str) -> tuple[float, ...]:
    """Left, top, width and height of a drawing. Raises `ValueError` where it states none."""
    box = _VIEW_BOX.search(svg)
    if box is None:
        raise ValueError(f"the drawing has no viewBox: {svg[:80]}")
    return tuple(float(number) for number in box.groups())


def _scaled_height(svg: str, width: float) -> float:
    _, _, box_width, box_height = _box(svg)
    return box_height * width / box_width


def _placed(svg: str, x: float, y: float, width: float) -> str:
    """A drawing at a place of the picture, as wide as stated."""
    size = f'x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{_scaled_height(svg, width):.1f}"'
    return svg.replace("<svg ", f"<svg {size} ", 1)


def _text(
    text: str, x: float, y: float, *, size: int, weight: str = "normal", role: str = "ink"
) -> str:
    look = f'font-size="{size}" font-weight="{weight}" fill="var(--{role})"'
    return f'<text x="{x:.1f}" y="{y:.1f}" {look}>{html.escape(text, quote=False)}</text>'
