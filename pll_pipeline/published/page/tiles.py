"""Where each tile of a map stands: columns and rows of `dim_region` to the drawing's own units. Not here: the layout itself (dbt's seed `region`)."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from math import sqrt

import polars as pl

from pll_pipeline.published.page.colours import step_of
from pll_pipeline.published.page.view import Tile

SQUARE, GAP = 60, 4
HEXAGON = 20  # from side to side
ROW = HEXAGON * sqrt(3) / 2
_LONGEST_LINE = 11


def placed(
    rows: pl.DataFrame,
    *,
    is_hexagons: bool,
    value: Callable[[float], str],
    told: Callable[[dict[str, object]], str],
) -> tuple[tuple[Tile, ...], float, float]:
    """The tiles of one level, and the width and height they take. `value` writes a share in a tile, `told` a region in words."""
    tiles = []
    for row in rows.iter_rows(named=True):
        if is_hexagons:
            x = (row["tile_column"] + 0.5 * row["is_offset"] + 0.5) * HEXAGON
            y = (row["tile_row"] - rows["tile_row"].min()) * ROW + HEXAGON / sqrt(3)
        else:
            x, y = ((row[side]) * (SQUARE + GAP) for side in ("tile_column", "tile_row"))
        share = row["share"]
        tiles.append(
            Tile(
                round(x, 1),
                round(y, 1),
                0 if share is None else step_of(share),
                row["status"],
                "" if share is None else value(share),
                told(row),
                () if is_hexagons else in_lines(row["short_name"]),
            )
        )
    if is_hexagons:
        return (
            tuple(tiles),
            round(max(t.x for t in tiles) + HEXAGON / 2 + 1, 1),
            round(max(t.y for t in tiles) + HEXAGON / sqrt(3) + 1, 1),
        )
    return tuple(tiles), max(t.x for t in tiles) + SQUARE, max(t.y for t in tiles) + SQUARE


def frame_of(rows: pl.DataFrame) -> tuple[float, float, float, float] | None:
    """The box around the hexagons of the inset: x, y, width, height; None without an inset."""
    inset = rows.filter("is_inset")
    if inset.is_empty():
        return None
    top = rows["tile_row"].min()
    x0, x1 = (
        inset["tile_column"].min() * HEXAGON - 3,
        (inset["tile_column"].max() + 1.5) * HEXAGON + 1,
    )
    y0, y1 = (
        (inset["tile_row"].min() - top) * ROW - 1,
        (inset["tile_row"].max() - top) * ROW + 2 * HEXAGON / sqrt(3) + 2,
    )
    return round(x0, 1), round(y0, 1), round(x1 - x0, 1), round(y1 - y0, 1)


def in_lines(name: str) -> tuple[str, ...]:
    """A name in at most two lines that a tile has room for, cut where it must be."""
    if len(name) <= _LONGEST_LINE:
        return (name,)
    words = name.split(" ")
    halves = [(" ".join(words[:place]), " ".join(words[place:])) for place in range(1, len(words))]
    first, second = min(halves, key=lambda pair: max(map(len, pair)), default=(name, ""))
    return tuple(
        part if len(part) <= _LONGEST_LINE else f"{part[: _LONGEST_LINE - 1]}."
        for part in (first, second)
        if part
    )


def runs_of(states: list[str]) -> tuple[tuple[int, int, str], ...]:
    """Equal neighbours of a strip as one: where each run begins, how long it is, how it looks."""
    starts = [
        place for place, state in enumerate(states) if place == 0 or states[place - 1] != state
    ]
    return tuple(
        (start, end - start, states[start]) for start, end in pairwise([*starts, len(states)])
    )
