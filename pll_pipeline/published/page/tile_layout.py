"""Where each tile of a map is drawn: from columns and rows of `dim_region` to units of the map.

Not here: the layout itself (dbt's code list `region`), how a tile looks (`templates/`).
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from math import sqrt

from pll_pipeline.published.page.region_names import BREAK
from pll_pipeline.published.page.rows import Row

SQUARE, GAP = 60, 4
HEXAGON = 20  # from side to side
ROW_HEIGHT = HEXAGON * sqrt(3) / 2
_RADIUS = HEXAGON / sqrt(3)  # from the middle of a hexagon to a corner
_LONGEST_LINE = 11


def top_of(rows: Sequence[Row]) -> int:
    """The first row of the layout that has a tile."""
    return min(int(row["tile_row"]) for row in rows)


def square_at(row: Row) -> tuple[float, float]:
    """The upper left corner of a region's square."""
    side = SQUARE + GAP
    return int(row["tile_column"]) * side, int(row["tile_row"]) * side


def hexagon_at(row: Row, top: int) -> tuple[float, float]:
    """The middle of a region's hexagon, where `top` is the first row that is drawn."""
    x = (row["tile_column"] + 0.5 * row["is_tile_row_offset"] + 0.5) * HEXAGON
    y = (row["tile_row"] - top) * ROW_HEIGHT + _RADIUS
    return round(float(x), 1), round(float(y), 1)


def size_of(places: Sequence[tuple[float, float]], *, is_hexagons: bool) -> tuple[float, float]:
    """The width and height that the tiles at these places take."""
    right, bottom = max(x for x, _ in places), max(y for _, y in places)
    if is_hexagons:
        return round(right + HEXAGON / 2 + 1, 1), round(bottom + _RADIUS + 1, 1)
    return right + SQUARE, bottom + SQUARE


def inset_of(rows: Sequence[Row]) -> tuple[float, float, float, float] | None:
    """The box around the hexagons of the inset: x, y, width, height; None without an inset."""
    inset = [row for row in rows if row["is_tile_inset"]]
    if not inset:
        return None
    top = top_of(rows)
    columns = [int(row["tile_column"]) for row in inset]
    lines = [int(row["tile_row"]) - top for row in inset]
    left, right = min(columns) * HEXAGON - 3, (max(columns) + 1.5) * HEXAGON + 1
    upper = min(lines) * ROW_HEIGHT - 1
    lower = max(lines) * ROW_HEIGHT + 2 * _RADIUS + 2
    return round(left, 1), round(upper, 1), round(right - left, 1), round(lower - upper, 1)


def corners(x: float, y: float, filled: float = 1) -> str:
    """The corners of a hexagon around a point, as SVG; a smaller one has that part of the area."""
    side = _RADIUS * sqrt(filled) * 0.95
    half = side * sqrt(3) / 2
    offsets = (
        (0, -side),
        (half, -side / 2),
        (half, side / 2),
        (0, side),
        (-half, side / 2),
        (-half, -side / 2),
    )
    return " ".join(f"{x + right:.1f},{y + down:.1f}" for right, down in offsets)


def lines_of(name: str) -> tuple[str, ...]:
    """A short name in at most two lines that a tile has room for, broken at a space or at `BREAK`.

    A name without a short one that is too long is cut, and ends in a dot.
    """
    plain = name.replace(BREAK, "")
    if len(plain) <= _LONGEST_LINE:
        return (plain,)
    words = name.split(" ")
    halves = [(" ".join(words[:cut]), " ".join(words[cut:])) for cut in range(1, len(words))]
    if BREAK in name:
        start, _, end = name.partition(BREAK)
        halves.append((f"{start.removesuffix('-')}-", end))
    first, second = min(halves, key=lambda pair: max(map(len, pair)), default=(name, ""))
    return tuple(
        part if len(part) <= _LONGEST_LINE else f"{part[: _LONGEST_LINE - 1]}."
        for part in (first, second)
        if part
    )


def runs_of(looks: Sequence[str]) -> tuple[tuple[int, int, str], ...]:
    """Equal neighbours of a strip as one run: where it begins, its length, its look."""
    starts = [month for month, look in enumerate(looks) if month == 0 or looks[month - 1] != look]
    ends = [*starts, len(looks)]
    return tuple((start, end - start, looks[start]) for start, end in pairwise(ends))
