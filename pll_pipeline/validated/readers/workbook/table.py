"""The table of a sheet: its header, its rows and columns, and what is around it.

Not here: what cells show (`grid.py`), what columns mean (`validated/mapping.py`).
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import islice, pairwise
from typing import TYPE_CHECKING

from pll_pipeline.errors import PllError
from pll_pipeline.validated.readers.table import (
    ROW_REFERENCE,
    NotRead,
    PublishedTable,
    refuse_long_texts,
)
from pll_pipeline.validated.readers.workbook.grid import Grid
from pll_pipeline.validated.readers.workbook.places import letters
from pll_pipeline.vocabulary import patterns
from pll_pipeline.vocabulary.norwegian.text import comparable, plain_letters

if TYPE_CHECKING:
    from pll_pipeline.sources.model import Workbook

# title lines and notes that are compared with the unit of the source file
_MOST_TEXTS = 50


@dataclass(frozen=True)
class _Header:
    """The rows of the header, as indexes, and the last column with a heading of its own."""

    rows: range
    last_column: int


def table_of(grid: Grid, how: Workbook, file: str) -> PublishedTable:
    """The table that `how` describes. Raises `PllError` where the sheet has no such table."""
    header = _header(grid, how)
    columns = _reach(grid, header)
    rows = _Rows(grid, how, header, columns).of_table()
    if grid.joined.has_any:
        rows = [row for row in rows if not _continues_row_above(grid, row, columns)]
    if not rows:
        raise PllError(
            "The table has no rows",
            where=f"{grid.where}, row {grid.rows[header.rows.stop - 1]}",
            do="look at the publication and archive it again",
        )
    names = _names(grid, how, header, rows, columns)
    outside = (*range(header.rows.start), *range(rows[-1] + 1, len(grid.rows)))
    around = tuple(islice(filter(None, (grid.row_text(index) for index in outside)), _MOST_TEXTS))
    return replace(_published(grid, rows, names, file), texts_around=around)


# --- header


def _header(grid: Grid, how: Workbook) -> _Header:
    """The first row with all texts of `how.header`, with the rows its headings reach down to."""
    wanted = {comparable(text) for text in how.header}
    for index in range(len(grid.rows)):
        texts = {column: comparable(grid.text(index, column)) for column in grid.columns}
        if not wanted <= set(texts.values()):
            continue
        rows = [
            _last_row_of_area(grid, index, column)
            for column, text in texts.items()
            if text in wanted
        ]
        last = max(rows)
        if last + 1 < how.header_rows:
            raise PllError(
                f"The header ends in row {grid.rows[last]}, so it cannot span"
                f" {how.header_rows} rows",
                where=grid.where,
                do="correct read.header_rows in the source file, or see what the publisher changed",
            )
        span = range(last + 1 - how.header_rows, last + 1)
        _note_title(grid, span.start)
        headed = [column for column in grid.columns if _has_heading(grid, span, column)]
        return _Header(span, max(headed))
    raise PllError(
        f"No row of the sheet has all of {', '.join(repr(text) for text in how.header)}",
        where=grid.where,
        do="see whether the publisher renamed a column, then correct read.header",
    )


def _last_row_of_area(grid: Grid, index: int, column: int) -> int:
    area = grid.joined.at(grid.rows[index], column)
    while area and index + 1 < len(grid.rows) and grid.rows[index + 1] <= area.bottom:
        index += 1
    return index


def _has_heading(grid: Grid, header: Iterable[int], column: int) -> bool:
    """Whether a heading begins in this column, not in one to the left of it."""
    return any(_has_own_text(grid, index, column) for index in header)


def _has_own_text(grid: Grid, index: int, column: int) -> bool:
    """Whether a cell shows something that does not come from a cell to the left of it."""
    if not grid.text(index, column).strip():
        return False
    area = grid.joined.at(grid.rows[index], column)
    return area is None or area.left == column


def _note_title(grid: Grid, stop: int) -> None:
    """Count the lines above the header, which say what the table is about."""
    filled = [index for index in range(stop) if grid.is_filled(index, grid.columns)]
    if filled:
        example = grid.example(filled[0], grid.columns)
        _note(grid, filled, "title lines above the header", example)


def _note(
    grid: Grid, rows: list[int], what: str, example: str, *, may_belong: bool = False
) -> None:
    where = f"sheet {grid.name!r}, {grid.named_rows(rows)}"
    note = NotRead(where, what, len(rows), example, may_belong=may_belong)
    grid.not_read.append(note)


# --- columns


def _reach(grid: Grid, header: _Header) -> list[int]:
    """The columns up to the last heading, and those without one that follow it without a gap.

    What is further to the right is beside the table, and is counted.
    """
    columns = [column for column in grid.columns if column <= header.last_column]
    first_rows = _first_run(grid, _filled_rows(grid, header, columns))
    further = [column for column in grid.columns if column > header.last_column]
    for column in list(further):
        is_next = column == columns[-1] + 1
        if not is_next or not any(_has_own_text(grid, index, column) for index in first_rows):
            break
        columns.append(further.pop(0))
    beside = [
        (column, index)
        for column in further
        for index in range(header.rows.start, len(grid.rows))
        if _has_own_text(grid, index, column)
    ]
    if beside:
        (first, row), last = beside[0], beside[-1][0]
        where = f"sheet {grid.name!r}, columns {letters(first)}–{letters(last)}"
        count = len({column for column, _ in beside})
        note = NotRead(where, "columns beside the table", count, grid.text(row, first).strip())
        grid.not_read.append(note)
    return columns


def _names(
    grid: Grid, how: Workbook, header: _Header, rows: list[int], columns: list[int]
) -> dict[int, str]:
    """Every column of the table → its name. A column with neither heading nor value is none."""
    kept = [
        column
        for column in columns
        if _has_heading(grid, header.rows, column)
        or any(_has_own_text(grid, row, column) for row in rows)
    ]
    kept = [
        column
        for column in kept
        if not _continues_column_to_the_left(grid, [*header.rows, *rows], column)
    ]
    if how.columns:
        return _given_names(grid, how, kept)
    names = {column: _heading(grid, header.rows, column) for column in kept}
    counts = Counter([*names.values(), ROW_REFERENCE])
    repeated = {column: name for column, name in names.items() if counts[name] > 1}
    if repeated:
        name = next(iter(repeated.values()))
        of_name = ", ".join(letters(column) for column, text in repeated.items() if text == name)
        raise (
            _unnamed(grid, of_name)
            if not name
            else PllError(
                f"The column {name!r} is there twice",
                where=f"{grid.where}, columns {of_name}",
                do="see whether read.header_rows in the source file is right, or name the columns"
                " yourself under read.columns",
            )
        )
    return names


def _unnamed(grid: Grid, columns: str) -> PllError:
    return PllError(
        "Two columns have values but no heading",
        where=f"{grid.where}, columns {columns}",
        do="name the columns, all of them from left to right, under read.columns in the source"
        " file; or, where a statistics bank made the workbook, ask the bank itself (fetch.kind"
        " pxweb)",
    )


def _given_names(grid: Grid, how: Workbook, columns: list[int]) -> dict[int, str]:
    """The names of the source file, from left to right."""
    if len(how.columns) != len(columns):
        raise PllError(
            f"The table has {len(columns)} columns ({', '.join(map(letters, columns))}), but"
            f" read.columns names {len(how.columns)}",
            where=grid.where,
            do="name every column from left to right under read.columns in the source file",
        )
    return dict(zip(columns, how.columns, strict=True))


def _heading(grid: Grid, header: range, column: int) -> str:
    """The texts above a column from top to bottom; a cell joined over several rows counts once."""
    cells = {grid.joined.at(grid.rows[index], column) or index: index for index in reversed(header)}
    texts = (comparable(grid.sound_text(index, column)) for index in sorted(cells.values()))
    return " / ".join(text for text in texts if text)


def _continues_row_above(grid: Grid, index: int, columns: list[int]) -> bool:
    """Whether every cell of the row is joined with the one above, so that a reader sees one row."""
    areas = (grid.joined.at(grid.rows[index], column) for column in columns)
    return all(area is not None and area.top < grid.rows[index] for area in areas)


def _continues_column_to_the_left(grid: Grid, rows: list[int], column: int) -> bool:
    """Whether every cell of the column is joined with the one to its left: one column to see."""
    areas = (grid.joined.at(grid.rows[row], column) for row in rows)
    return all(area is not None and area.left < column for area in areas)


# --- rows


class _Rows:
    """Which rows below the header belong to the table.

    An empty row ends it, unless rows of the same kind follow: with a value in every column that
    the rows above all fill, and a number in a column where they have numbers. Others are counted.
    """

    def __init__(self, grid: Grid, how: Workbook, header: _Header, columns: list[int]) -> None:
        self._grid, self._columns = grid, columns
        self._header = self._texts(header.rows[-1])
        self._filled = _filled_rows(grid, header, columns)
        self._end = self._end_of_table(how, header)
        self._always: list[int] = []
        self._numbers: list[int] = []

    def of_table(self) -> list[int]:
        """The rows of the table; what is below them is noted as not read."""
        candidates = [index for index in self._filled if index < self._end]
        rows = _first_run(self._grid, candidates)
        self._learn(rows)
        further = candidates[len(rows) :]
        while further and self._is_alike(further[0]):
            if self._texts(further[0]) != self._header:
                rows.append(further[0])
            further.pop(0)
        below = [*further, *(index for index in self._filled if index >= self._end)]
        if below:
            may_belong = any(self._is_alike(index) for index in further)
            example = self._grid.example(below[0], self._columns)
            what = "rows below the table"
            _note(self._grid, below, what, example, may_belong=may_belong)
        return rows

    def _end_of_table(self, how: Workbook, header: _Header) -> int:
        """The index of the row whose first cell says, by `how.ends_at`, that the table is over."""
        grid = self._grid
        if how.ends_at is None or not self._filled:
            return len(grid.rows)
        looked_at = [*header.rows, *self._filled]
        first = next(
            column
            for column in self._columns
            if any(grid.is_filled(index, [column]) for index in looked_at)
        )
        texts = [plain_letters(grid.text(index, first)) for index in self._filled]
        end = patterns.first_found(how.ends_at, texts)
        return len(grid.rows) if end is None else self._filled[end]

    def _learn(self, rows: list[int]) -> None:
        """Which columns all of these rows fill, and which have numbers."""
        columns = self._grid.columns
        self._always = [
            column
            for column in self._columns
            if rows and all(columns[column].texts[row].strip() for row in rows)
        ]
        self._numbers = [
            column
            for column in self._columns
            if any(columns[column].is_number[row] for row in rows)
        ]

    def _is_alike(self, index: int) -> bool:
        """Whether the row looks like those above an empty one."""
        columns = self._grid.columns
        if not all(columns[column].texts[index].strip() for column in self._always):
            return False
        if self._numbers:
            return any(columns[column].is_number[index] for column in self._numbers)
        return len(self._always) > 1

    def _texts(self, index: int) -> list[str]:
        return [comparable(self._grid.text(index, column)) for column in self._columns]


def _filled_rows(grid: Grid, header: _Header, columns: list[int]) -> list[int]:
    """The rows below the header that show something in these columns."""
    below = range(header.rows.stop, len(grid.rows))
    empty = list(below)
    for column in columns:
        texts = grid.columns[column].texts
        empty = [index for index in empty if not texts[index].strip()]
    left_out = set(empty)
    return [index for index in below if index not in left_out]


def _first_run(grid: Grid, rows: list[int]) -> list[int]:
    """The rows down to the first one that an empty row parts from those above it."""
    for length, (previous, index) in enumerate(pairwise(rows), 1):
        if not grid.follows(index, previous):
            return rows[:length]
    return list(rows)


# --- the published table


def _published(grid: Grid, rows: list[int], names: dict[int, str], file: str) -> PublishedTable:
    """The frame, and what its cells say of themselves."""
    import polars as pl

    numbers = pl.Series([grid.rows[row] for row in rows]).cast(pl.String)
    cells = {}
    faults: dict[tuple[int, str], str] = {}
    number_cells, joined_cells = {}, {}
    of_table = (grid.columns[column].texts for column in names)
    refuse_long_texts(sum(len(texts[row]) for texts in of_table for row in rows), grid.where)
    for column, name in names.items():
        shown = grid.columns[column]
        cells[name] = pl.Series([shown.texts[row] for row in rows], dtype=pl.String)
        if any(is_number := [shown.is_number[row] for row in rows]):
            number_cells[name] = pl.Series(is_number, dtype=pl.UInt8).cast(pl.Boolean)
        if joined := _joined_rows(grid, rows, column, list(names)):
            mask = [index in joined for index in range(len(rows))]
            joined_cells[name] = pl.Series(mask, dtype=pl.Boolean)
        if shown.faults:
            for index, row in enumerate(rows):
                if row in shown.faults:
                    faults[index, name] = shown.faults[row]
    frame = pl.DataFrame(cells | {ROW_REFERENCE: f"{file}:{grid.name}!" + numbers})
    return PublishedTable(frame, number_cells, joined_cells, faults, not_read=tuple(grid.not_read))


def _joined_rows(grid: Grid, rows: list[int], column: int, columns: list[int]) -> set[int]:
    """The rows of the table whose cell in this column is joined with others, hidden ones too."""
    joined: set[int] = set()
    areas = grid.joined.in_column(column)
    if not areas:
        return joined
    numbers = [grid.rows[row] for row in rows]
    for area in areas:
        first, last = bisect_left(numbers, area.top), bisect_right(numbers, area.bottom)
        shown = bisect_right(grid.rows, area.bottom) - bisect_left(grid.rows, area.top)
        has_hidden = shown < area.bottom - area.top + 1
        width = sum(area.left <= other <= area.right for other in columns)
        if last - first > 1 or has_hidden or width > 1:
            joined.update(range(first, last))
    return joined
