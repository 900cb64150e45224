"""Places in a sheet: letters of columns, and areas such as B3:C5.

Not here: what is at a place (`sheet.py`, `grid.py`).
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable
from itertools import pairwise
from typing import NamedTuple

MOST_ROWS = 1_048_576
MOST_COLUMNS = 16_384
_REFERENCE = re.compile(r"\$?([A-Za-z]{1,3})?\$?([0-9]{1,7})?")


class Area(NamedTuple):
    """A rectangle of cells, its edges included."""

    top: int
    left: int
    bottom: int
    right: int

    @property
    def cells(self) -> int:
        """How many cells it covers."""
        return (self.bottom - self.top + 1) * (self.right - self.left + 1)


class Areas:
    """Areas that do not overlap, found by a place in them."""

    def __init__(self, areas: Iterable[Area], last_column: int) -> None:
        self._of_column: dict[int, list[Area]] = {}
        for area in sorted(areas):
            for column in range(area.left, min(area.right, last_column) + 1):
                self._of_column.setdefault(column, []).append(area)

    @property
    def has_any(self) -> bool:
        """Whether there is any area."""
        return bool(self._of_column)

    def overlap(self) -> tuple[Area, Area] | None:
        """Two areas that share a cell, where there are any."""
        for areas in self._of_column.values():
            for upper, lower in pairwise(areas):
                if lower.top <= upper.bottom:
                    return upper, lower
        return None

    def in_column(self, column: int) -> list[Area]:
        """The areas that cover cells of the column, from the top."""
        return self._of_column.get(column, [])

    def at(self, row: int, column: int) -> Area | None:
        """The area that covers the cell."""
        areas = self._of_column.get(column)
        if not areas:
            return None
        position = bisect_right(areas, row, key=lambda area: area.top) - 1
        return areas[position] if position >= 0 and row <= areas[position].bottom else None


def column_number(name: str) -> int:
    """1 for A, 27 for AA. Raises `ValueError` for anything but letters."""
    number = 0
    for letter in name.upper():
        if not "A" <= letter <= "Z":
            raise ValueError(f"{name!r} is no column")
        number = number * 26 + ord(letter) - ord("A") + 1
    if not number:
        raise ValueError("a cell has no column")
    return number


def letters(column: int) -> str:
    """A for 1, AA for 27."""
    name = ""
    while column:
        column, rest = divmod(column - 1, 26)
        name = chr(ord("A") + rest) + name
    return name


def areas_of(text: str) -> list[Area]:
    """The areas a reference names: `B3:C5`, `B3`, whole rows or columns, several between spaces."""
    return [_area(part) for part in text.split()]


def _area(text: str) -> Area:
    first, _, last = text.partition(":")
    ends = [_REFERENCE.fullmatch(end) for end in (first, last or first)]
    if not first or not all(ends):
        raise ValueError(f"{text!r} is no area of a sheet")
    (left, top), (right, bottom) = (match.groups() for match in ends if match)
    rows = sorted((int(top or 1), int(bottom or MOST_ROWS)))
    columns = sorted(
        (column_number(left) if left else 1, column_number(right) if right else MOST_COLUMNS)
    )
    return Area(rows[0], columns[0], rows[1], columns[1])
