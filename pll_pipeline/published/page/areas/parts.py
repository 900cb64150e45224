"""What only the pages of areas draw, beside the parts of the page of the country.

Not here: tables, notes and sections (`page/parts.py`), how it looks (`templates/area.html.j2`).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

from pll_pipeline.published.page.parts import Cell, Note, Panel, Table


@dataclass(frozen=True)
class Span(Cell):
    """A cell that is drawn as a share, or as the bounds between which it lies, from 0 to 100 %."""

    low: float = 0
    high: float = 1


@dataclass(frozen=True)
class Heading(Cell):
    """The only cell of a row: what the rows below it are about."""


@dataclass(frozen=True)
class Panels:
    """Charts on the same axes, under one caption. `grid` is the drawing of the axes."""

    kind: ClassVar[str] = "panels"
    caption: str
    grid: str
    panels: tuple[Panel, ...]


@dataclass(frozen=True)
class Links:
    """Areas to go to: (name, address, what it is) under a title."""

    kind: ClassVar[str] = "links"
    title: str
    entries: tuple[tuple[str, str, str], ...]


Part = Table | Note | Panels | Links


@dataclass(frozen=True)
class Section:
    """A question of the page of an area and the parts that answer it, in order."""

    name: str
    title: str
    intro: tuple[str, ...]
    parts: tuple[Part, ...]


def without_empty(table: Table) -> Table:
    """A table without the columns in which no row has anything; headings of rows stay."""
    full = [row for row in table.rows if not isinstance(row[0], Heading)]
    columns = [
        number
        for number in range(len(table.heads))
        if any(isinstance(row[number], Span) or row[number].text not in ("", "–") for row in full)
    ]
    rows = (
        row if isinstance(row[0], Heading) else tuple(row[number] for number in columns)
        for row in table.rows
    )
    return replace(
        table,
        heads=tuple(table.heads[number] for number in columns),
        column_types=tuple(table.column_types[number] for number in columns),
        rows=tuple(rows),
    )
