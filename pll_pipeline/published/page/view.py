"""What the templates draw: sections of figures and tables, ready in one language. Not here: where any of it comes from."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

import polars as pl


@dataclass(frozen=True)
class Cell:
    """One cell of a table: its text, and what is drawn beside or instead of it."""

    text: str
    bar: float | None = None  # a share as a bar
    then: float | None = None  # with `now`: two shares on one line, before and now
    now: float | None = None
    runs: tuple[
        tuple[int, int, str], ...
    ] = ()  # months as a strip: first, how many, and how each looks
    of: int = 0  # months in the strip
    address: str = ""
    is_quiet: bool = False


@dataclass(frozen=True)
class Table:
    """A data table. `kinds` says of each column: text, number (to the right) or drawing; the first column heads its row."""

    caption: str
    heads: tuple[str, ...]
    kinds: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    foot: int = 0  # rows at the end set apart, as the country below its regions


@dataclass(frozen=True)
class Panel:
    """One chart of several on the same axes, as SVG."""

    title: str
    note: str
    svg: str


@dataclass(frozen=True)
class Tile:
    """A region on a tile map, in the map's own units."""

    x: float
    y: float
    step: int  # 0 where there is no share
    state: str
    value: str
    name: str
    lines: tuple[str, ...]


@dataclass(frozen=True)
class TileMap:
    """A level of regions as tiles of one shape."""

    name: str
    title: str
    note: str
    alt: str
    width: float
    height: float
    is_hexagons: bool
    tiles: tuple[Tile, ...]
    inset: tuple[float, float, float, float] | None = None
    inset_label: str = ""


@dataclass(frozen=True)
class Figure:
    """A figure with its headline, what exactly it shows, its data as tables and as CSV, and where they are from."""

    name: str
    number: int
    headline: str
    subtitle: str
    sources: str
    csv: str
    table: str
    panels: tuple[Panel, ...] = ()
    maps: tuple[TileMap, ...] = ()
    shown: Table | None = None  # a table that is the figure itself
    alt: str = ""
    tables: tuple[Table, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Section:
    """A question of the page and what answers it, in order: texts, figures, tables, cards."""

    name: str
    title: str
    intro: tuple[str, ...] = ()
    parts: tuple[Any, ...] = field(default=())


@dataclass(frozen=True)
class Card:
    """A service at a glance."""

    service: str
    value: str
    what: str
    when: str
    by: str
    address: str
    notes: tuple[str, ...]
    spark: str = ""  # the course of the nation as the points of a line in a box of 100 × 30


@dataclass(frozen=True)
class Note:
    """A sentence where there is nothing to draw."""

    text: str


@dataclass(frozen=True)
class Definitions:
    """Terms and what they mean; each may have an address."""

    title: str
    entries: tuple[
        tuple[str, tuple[str, ...], str, str], ...
    ]  # term, sentences, words before the address, address


def csv_of(frame: pl.DataFrame) -> str:
    """A frame as the address of a CSV that needs no file beside the page: comma, ISO dates, point decimals, shares of four decimals."""
    rounded = frame.with_columns(pl.col(pl.Float64).round(4))
    return "data:text/csv;charset=utf-8," + quote(rounded.write_csv(), safe=",:;.+/=_()-")
