"""What the templates draw: sections of figures, tables, cards and notes, in one language.

Each part has a `kind`, by which the template chooses how to draw it.
Not here: where the content comes from (`sections/`), how it looks (`templates/`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True)
class Cell:
    """A cell of a table: its text, and what is drawn beside or instead of it.

    - `bar`: a share that is drawn as a bar
    - `now`, `before`: two shares that are drawn as dots on one line
    - `bounds`: two shares between which one lies, drawn as a bar or a line between them
    - `is_scale`: whether `bounds` are drawn on the line of `now` and `before`
    - `runs`, `months`: a strip of so many months, as runs of (first month, length, look)
    - `address`: where the text links to
    - `sort`: what the column is sorted by, where that is not the text
    """

    text: str
    bar: float | None = None
    now: float | None = None
    before: float | None = None
    bounds: tuple[float, float] | None = None
    is_scale: bool = False
    runs: tuple[tuple[int, int, str], ...] = ()
    months: int = 0
    address: str = ""
    is_quiet: bool = False
    sort: str = ""


@dataclass(frozen=True)
class Table:
    """A table of data. The first column heads its row.

    `column_types` is text, number (aligned to the right) or drawing for each column; the last
    `foot` rows are set apart, as the country below its regions.
    """

    kind: ClassVar[str] = "table"
    caption: str
    heads: tuple[str, ...]
    column_types: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    foot: int = 0


@dataclass(frozen=True)
class Panel:
    """One chart of several on the same axes, as SVG."""

    title: str
    note: str
    svg: str


@dataclass(frozen=True)
class Tile:
    """A region on a tile map. `x` and `y` are in the units of the map.

    `step` is the step of its share, 0 where there is none; `lines` is its short name. `low` and
    `high` bound its share: they are equal where it is known, and both None where nothing is.
    `address` is the page of the region.
    """

    x: float
    y: float
    step: int
    state: str
    value: str
    description: str
    lines: tuple[str, ...]
    low: float | None = None
    high: float | None = None
    address: str = ""


@dataclass(frozen=True)
class TileMap:
    """The regions of one level as tiles of one shape. `inset` is x, y, width and height."""

    name: str
    title: str
    note: str
    alt: str
    width: float
    height: float
    is_hexagons: bool
    tiles: tuple[Tile, ...]
    inset: tuple[float, float, float, float] | None
    inset_label: str


@dataclass(frozen=True)
class Figure:
    """A figure: its headline, its drawing, its data, and the sources of that.

    - `release_table`: the public table that has all of its data
    - `panels`, `maps`, `main_table`: the drawing
    - `has_long_rows`: whether the panels have the page's whole width, each below the other
    - `alt`: the drawing in words, where no panel or map has its own
    - `tables`: the data as tables
    - `sources`, `csv`: the line of sources and the address of the data, filled by `with_data`
    - `number`: counted from 1 over the whole page, filled when the page is put together, as is
      `release_file`, the CSV file of the table
    """

    kind: ClassVar[str] = "figure"
    name: str
    headline: str
    subtitle: str
    release_table: str
    panels: tuple[Panel, ...] = ()
    maps: tuple[TileMap, ...] = ()
    main_table: Table | None = None
    has_long_rows: bool = False
    alt: str = ""
    tables: tuple[Table, ...] = ()
    notes: tuple[str, ...] = ()
    sources: str = ""
    csv: str = ""
    number: int = 0
    release_file: str = ""


@dataclass(frozen=True)
class Card:
    """A service at a glance. `spark` is its course: points of a line in a box of 100 × 30."""

    service: str
    value: str
    description: str
    period: str
    publisher: str
    address: str
    notes: tuple[str, ...]
    spark: str = ""


@dataclass(frozen=True)
class Cards:
    """Cards beside each other."""

    kind: ClassVar[str] = "cards"
    cards: tuple[Card, ...]


@dataclass(frozen=True)
class Note:
    """A paragraph."""

    kind: ClassVar[str] = "note"
    text: str


@dataclass(frozen=True)
class Definition:
    """A term and what it means, with words and an address of where more is written."""

    term: str
    sentences: tuple[str, ...]
    link_text: str = ""
    address: str = ""


@dataclass(frozen=True)
class Definitions:
    """Terms under one title."""

    kind: ClassVar[str] = "definitions"
    title: str
    entries: tuple[Definition, ...]


Part = Cards | Figure | Table | Note | Definitions


@dataclass(frozen=True)
class Section:
    """A question of the page and the parts that answer it, in order."""

    name: str
    title: str
    intro: tuple[str, ...]
    parts: tuple[Part, ...]


def table_of(
    caption: str,
    heads: Sequence[tuple[str, str]],
    rows: Iterable[Iterable[str | Cell]],
    foot: int = 0,
) -> Table:
    """A table from its heads, each with the type of its column, and rows of texts or cells."""
    body = tuple(
        tuple(cell if isinstance(cell, Cell) else Cell(cell) for cell in row) for row in rows
    )
    names, column_types = zip(*heads, strict=True)
    return Table(caption, names, column_types, body, foot)
