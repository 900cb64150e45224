"""Rows as lines of plain text: a table, or records where the table would be too wide.

Columns are as wide as their content, nothing is cut, and numbers are on the right. Widths are those
of a terminal: a letter and the mark above it are one character wide. Not here: printing
(`console.py`), what is shown.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from rich.cells import cell_len

from pll_pipeline.errors import plain_line

_GAP = "  "


@dataclass(frozen=True)
class TextTable:
    """Cells as text, with the columns that are numbers and so are on the right."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    numbers: frozenset[int]

    @classmethod
    def of(cls, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> TextTable:
        """Values of any type as text; a column with numbers alone is a column of numbers."""
        texts = tuple(tuple(cell_text(value) for value in row) for row in rows)
        numbers = frozenset(
            number for number in range(len(columns)) if _are_numbers([row[number] for row in rows])
        )
        return cls(tuple(map(plain_line, columns)), texts, numbers)

    @property
    def width(self) -> int:
        """How wide a terminal must be for the table."""
        return sum(self._widths) + len(_GAP) * (len(self.columns) - 1)

    def as_table(self) -> list[str]:
        """The heading, a line below it, and a line per row."""
        widths = self._widths
        rule = ["-" * width for width in widths]
        return [self._line(cells, widths) for cells in (self.columns, rule, *self.rows)]

    def as_records(self) -> list[str]:
        """Each row as a line per column, `name = text`, with an empty line between rows."""
        widest = max(map(cell_len, self.columns), default=0)
        lines: list[str] = []
        for row in self.rows:
            lines += [""] if lines else []
            lines += [
                f"{' ' * (widest - cell_len(name))}{name} = {text}".rstrip()
                for name, text in zip(self.columns, row, strict=True)
            ]
        return lines

    def is_table_in(self, width: int) -> bool:
        """Whether a table is what to show there: it is no wider, or has one column."""
        return self.width <= width or len(self.columns) == 1

    def fitting(self, width: int) -> list[str]:
        """The table where it fits, records otherwise."""
        return self.as_table() if self.is_table_in(width) else self.as_records()

    @property
    def _widths(self) -> list[int]:
        cells = zip(self.columns, *self.rows, strict=True)
        return [max(map(cell_len, column)) for column in cells]

    def _line(self, cells: Sequence[str], widths: Sequence[int]) -> str:
        padded = []
        for number, (text, width) in enumerate(zip(cells, widths, strict=True)):
            space = " " * (width - cell_len(text))
            padded.append(space + text if number in self.numbers else text + space)
        return _GAP.join(padded).rstrip()


def cell_text(value: Any) -> str:
    """A value on one line: nothing for a missing one, ISO dates, true and false as in SQL."""
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case datetime():
            return value.isoformat().replace("+00:00", "Z")
        case Mapping() | list():
            return plain_line(json.dumps(value, ensure_ascii=False, default=str))
        case _:
            return plain_line(str(value))


def _are_numbers(values: Sequence[Any]) -> bool:
    numbers = [value for value in values if value is not None]
    return bool(numbers) and all(
        isinstance(value, int | float | Decimal) and not isinstance(value, bool)
        for value in numbers
    )
