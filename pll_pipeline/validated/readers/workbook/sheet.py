"""A sheet as it is stored: raw cells by column, and what the sheet says of rows, columns and areas.

Read as a stream, so that a large sheet is never in memory as elements. Cells keep their stored
text, their style and what they are; nothing is formatted, hidden or spread yet.
Not here: what a reader sees of it (`grid.py`), which cells are a table (`table.py`).
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import chain
from typing import NamedTuple

from pll_pipeline.errors import PllError
from pll_pipeline.validated.readers.workbook.conditions import Condition, ConditionReader
from pll_pipeline.validated.readers.workbook.package import (
    AGAIN,
    REFUSED,
    Attributes,
    is_true,
)
from pll_pipeline.validated.readers.workbook.places import (
    MOST_COLUMNS,
    MOST_ROWS,
    Area,
    areas_of,
    column_number,
    letters,
)
from pll_pipeline.validated.readers.workbook.texts import (
    CellText,
    RunReader,
    SharedTexts,
    decoded,
)

MOST_CELLS = 25_000_000
TEXT, NUMBER, TRUTH, ERROR, DATE, NO_RESULT, STAND_IN, RICH = range(8)
# Below these a row (in points) and a column (in digits) show nothing that can be read
_LOW, _THIN = 2.0, 0.3
# What a cell is. STAND_IN: a formula with the result 0 in a file that asks to be calculated.
KINDS = 8
_TYPES = {"b": TRUTH, "e": ERROR, "d": DATE}


class Cell(NamedTuple):
    """A stored cell: its stored text, and style and kind in one number (`style * KINDS + kind`)."""

    raw: str
    mark: int


NO_CELL = Cell("", TEXT)


@dataclass
class Column:
    """The cells of a column, from the first stored row of the sheet to its own last cell."""

    raws: list[str] = field(default_factory=list)
    marks: array[int] = field(default_factory=lambda: array("I"))

    def extend_to(self, length: int) -> None:
        """Add empty cells up to this length."""
        lacking = length - len(self.raws)
        if lacking > 0:
            self.raws += [""] * lacking
            self.marks.extend([TEXT] * lacking)

    def cell(self, index: int) -> Cell:
        """The cell at the index of a row."""
        return Cell(self.raws[index], self.marks[index]) if index < len(self.raws) else NO_CELL


@dataclass
class Sheet:
    """One sheet of a workbook: `rows` are the numbers of the stored rows, which columns index."""

    name: str
    rows: list[int] = field(default_factory=list)
    columns: dict[int, Column] = field(default_factory=dict)
    hidden_rows: set[int] = field(default_factory=set)
    hidden_columns: list[tuple[int, int]] = field(default_factory=list)
    joined: list[Area] = field(default_factory=list)
    conditions: list[Condition] = field(default_factory=list)
    rich: list[CellText] = field(default_factory=list)
    shows_zeros: bool = True
    has_table_styles: bool = False

    @property
    def last_column(self) -> int:
        """The number of the rightmost column with a cell."""
        return max(self.columns, default=0)

    def is_hidden_column(self, column: int) -> bool:
        """Whether the sheet hides the column."""
        return any(first <= column <= last for first, last in self.hidden_columns)

    def index_of(self, row: int) -> int | None:
        """The index of the row of this number; None where it is not stored."""
        index = bisect_left(self.rows, row)
        return index if index < len(self.rows) and self.rows[index] == row else None

    def cell(self, row: int, column: int) -> Cell:
        """The stored cell at a place."""
        index = self.index_of(row)
        stored = self.columns.get(column)
        return NO_CELL if index is None or stored is None else stored.cell(index)

    def insert_rows(self, numbers: Iterable[int]) -> None:
        """Add rows without cells."""
        added = set(numbers).difference(self.rows)
        if not added:
            return
        before, self.rows = self.rows, sorted(chain(self.rows, added))
        new_index = {row: index for index, row in enumerate(self.rows)}
        for number, column in self.columns.items():
            moved = Column()
            moved.extend_to(len(self.rows))
            for index, (raw, mark) in enumerate(zip(column.raws, column.marks, strict=True)):
                at = new_index[before[index]]
                moved.raws[at], moved.marks[at] = raw, mark
            self.columns[number] = moved


class SheetReader:
    """Takes the elements of a sheet's part, as `Package.parse` gives them.

    `calculates_on_opening`: the workbook asks to be calculated when it is opened, so that a stored
    0 of a formula may be no result.
    """

    def __init__(
        self, name: str, where: str, shared: SharedTexts, *, calculates_on_opening: bool
    ) -> None:
        self.sheet = Sheet(name)
        self.where = where
        self._shared = shared
        self._stand_in = STAND_IN if calculates_on_opening else NUMBER
        self._shared_cells: dict[str, tuple[int, str]] = {}
        self._columns: dict[str, int] = {}
        self._row = self._column = 0
        self._index = -1
        self._row_has_number = True
        self._attributes: Attributes = {}
        self._value: str | None = None
        self._inline: CellText | None = None
        self._has_formula = self._collects = False
        self._texts: list[str] = []
        self._runs: RunReader | None = None
        self._conditions = ConditionReader()

    # --- elements: the first branches are those of cells, of which there are many

    def start(self, name: str, attributes: Attributes) -> None:
        """An element begins."""
        if name == "c":
            self._attributes = attributes
            self._value = self._inline = None
            self._has_formula = False
        elif name == "v":
            self._collects = True
        elif self._runs is not None:
            self._runs.start(name, attributes)
        elif name == "row":
            self._begin_row(attributes)
        elif name == "f":
            self._has_formula = True
        elif name == "is":
            self._runs = RunReader()
        else:
            self._begin_other(name, attributes)

    def end(self, name: str) -> None:
        """An element ends."""
        if name == "c":
            self._end_cell()
        elif name == "v":
            texts = self._texts
            self._value = texts[0] if len(texts) == 1 else "".join(texts)
            texts.clear()
            self._collects = False
        elif name == "is" and self._runs is not None:
            self._inline, self._runs = self._runs.result(), None
        elif self._runs is not None:
            self._runs.end(name)
        elif name == "row":
            self._refuse_large_range()
        else:
            self._conditions.end(name)

    def text(self, text: str) -> None:
        """Text within an element."""
        if self._collects:
            self._texts.append(text)
        elif self._runs is not None:
            self._runs.text(text)
        else:
            self._conditions.text(text)

    def _begin_other(self, name: str, attributes: Attributes) -> None:
        if name == "col":
            if is_true(attributes.get("hidden")) or _is_next_to_nothing(
                attributes.get("width"), _THIN
            ):
                first, last = int(attributes["min"]), int(attributes["max"])
                self.sheet.hidden_columns.append((first, last))
                if len(self.sheet.hidden_columns) > MOST_COLUMNS:
                    raise self._damaged("it hides more columns than a sheet has")
        elif name == "mergeCell":
            self.sheet.joined += areas_of(attributes.get("ref", ""))
        elif name == "tablePart":
            self.sheet.has_table_styles = True
        elif name == "sheetView":
            self.sheet.shows_zeros = is_true(attributes.get("showZeros", "1"))
        else:
            self._conditions.start(name, attributes)

    # --- rows and cells

    def _begin_row(self, attributes: Attributes) -> None:
        number = attributes.get("r")
        self._row_has_number = number is not None
        self._begin_row_of(int(number) if number is not None else self._row + 1)
        if is_true(attributes.get("hidden")) or _is_next_to_nothing(attributes.get("ht"), _LOW):
            self.sheet.hidden_rows.add(self._row)

    def _begin_row_of(self, number: int) -> None:
        if number <= self._row:
            raise self._damaged(f"row {number} comes after row {self._row}")
        self._row, self._column = number, 0
        if number > MOST_ROWS:
            raise self._outside()
        self.sheet.rows.append(number)
        self._index = len(self.sheet.rows) - 1

    def _end_cell(self) -> None:
        attributes = self._attributes
        reference = attributes.get("r")
        if reference is None:
            self._column += 1
        else:
            self._go_to(reference)
        stored = self._stored(attributes.get("t", "n"), self._value)
        if stored is None:
            return
        column = self.sheet.columns.get(self._column) or self._new_column()
        if len(column.raws) < self._index:
            column.extend_to(self._index)
        column.raws.append(stored[1])
        column.marks.append(int(attributes.get("s") or 0) * KINDS + stored[0])

    def _go_to(self, reference: str) -> None:
        """Go on to the cell of that name, which is to the right of the one before."""
        name = reference.rstrip("0123456789")
        column = self._columns.get(name)
        if column is None:
            column = self._columns[name] = column_number(name)
        if column <= self._column:
            raise self._damaged(f"the cell {reference} comes after {letters(self._column)}")
        self._column = column
        if not self._row_has_number:
            self._row_has_number = True
            if (number := int(reference[len(name) :])) != self._row:
                self.sheet.rows.pop()
                self._row = self.sheet.rows[-1] if self.sheet.rows else 0
                self._begin_row_of(number)
                self._column = column

    def _new_column(self) -> Column:
        if self._column > MOST_COLUMNS:
            raise self._outside()
        return self.sheet.columns.setdefault(self._column, Column())

    def _stored(self, kind: str, value: str | None) -> tuple[int, str] | None:
        """Kind and text of the cell; None for one that has nothing but a style."""
        if kind == "s" and value:
            return self._shared_cells.get(value) or self._shared_text(value)
        if kind == "inlineStr":
            return self._rich(self._inline) if self._inline is not None else None
        if value is None or (not value and kind != "str"):
            return (NO_RESULT, "?") if self._has_formula else None
        if kind == "n":
            value = value.strip()
            if self._has_formula and value.strip("0.-+") == "":
                return self._stand_in, value
            return NUMBER, value
        if kind == "str":
            return TEXT, decoded(value)
        if kind in _TYPES:
            return _TYPES[kind], value.strip()
        raise self._damaged(f"a cell of row {self._row} is of the unknown type {kind!r}")

    def _shared_text(self, value: str) -> tuple[int, str]:
        number = int(value)
        if not 0 <= number < len(self._shared.texts):
            raise self._damaged(f"a cell of row {self._row} has the shared text {number}")
        special = self._shared.special.get(number)
        cell = (TEXT, self._shared.texts[number]) if special is None else self._rich(special)
        self._shared_cells[value] = cell
        return cell

    def _rich(self, text: CellText) -> tuple[int, str]:
        """A text with more to know than its letters is kept by its number in the list of them."""
        if text.is_plain:
            return TEXT, text.text
        self.sheet.rich.append(text)
        return RICH, str(len(self.sheet.rich) - 1)

    # --- the whole

    def result(self) -> Sheet:
        """The sheet, when its part has been parsed."""
        self.sheet.conditions = self._conditions.conditions
        return self.sheet

    def _refuse_large_range(self) -> None:
        refuse_large_range(self._row, self.sheet.last_column, self.where)

    def _outside(self) -> PllError:
        return PllError(
            f"Row {self._row} or column {self._column} is outside any sheet",
            where=self.where,
            do=REFUSED,
        )

    def _damaged(self, why: str) -> PllError:
        return PllError(f"The sheet cannot be read: {why}", where=self.where, do=AGAIN)


def refuse_large_range(last_row: int, last_column: int, where: str) -> None:
    """Raise `PllError` for a used range with more cells than any publication has."""
    if last_row * last_column > MOST_CELLS:
        raise PllError(
            f"The used range reaches to {letters(last_column)}{last_row}, more than"
            f" {MOST_CELLS} cells",
            where=where,
            do="see whether a stray cell is far from the table, and ask the publisher to remove it",
        )


def _is_next_to_nothing(size: str | None, least: float) -> bool:
    """Whether a row or column is too small to show anything. Raises `ValueError` for no number."""
    return size is not None and size != "" and float(size) < least
