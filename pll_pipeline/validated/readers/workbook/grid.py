"""A sheet as a reader sees it: the text of every cell that is shown, and which cannot be known.

Number formats and conditional formats are applied, joined cells spread over what they cover, struck
text, hidden rows and hidden columns left out and counted.
Not here: how a sheet is stored (`sheet.py`), which cells are a table (`table.py`).
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import chain, compress

from pll_pipeline.errors import PllError
from pll_pipeline.validated.readers.table import NotRead
from pll_pipeline.validated.readers.workbook.conditions import Condition
from pll_pipeline.validated.readers.workbook.package import AGAIN, REFUSED
from pll_pipeline.validated.readers.workbook.places import MOST_ROWS, Area, Areas, letters
from pll_pipeline.validated.readers.workbook.sheet import (
    DATE,
    ERROR,
    KINDS,
    MOST_CELLS,
    NO_RESULT,
    NUMBER,
    RICH,
    STAND_IN,
    TEXT,
    TRUTH,
    Column,
    Sheet,
    refuse_large_range,
)
from pll_pipeline.validated.readers.workbook.shown_dates import serial_of
from pll_pipeline.validated.readers.workbook.shown_numbers import NumberFormat, Shown
from pll_pipeline.validated.readers.workbook.styles import CellStyle, Difference, Styles

MOST_JOINED = 200_000
MOST_CONDITIONAL = 10_000_000  # areas and cells of all conditional formats
_MOST_REMEMBERED = 2000
_LONGEST_NUMBER = 400  # characters; a double written out has up to 330
_STRUCK = "texts struck out"
_MARKS = "raised footnote marks"
_UNSEEN = "texts in the colour of their ground"
_HIDDEN_BY_FORMAT = "numbers and texts that a number format does not show"
_TRUTHS = {"0": "FALSE", "1": "TRUE", "false": "FALSE", "true": "TRUE"}


@dataclass(frozen=True)
class Settings:
    """What of the workbook, and of the source file, decides how cells are shown."""

    starts_in_1904: bool = False
    reads_scaled: bool = False


@dataclass
class ShownColumn:
    """The cells of a column: texts, which of them are numbers, and faults by index of the row."""

    texts: list[str]
    is_number: bytearray
    faults: dict[int, str] = field(default_factory=dict)


@dataclass
class Grid:
    """What a reader sees of a sheet. `rows` are numbers of rows; columns are indexed like them."""

    name: str
    where: str
    rows: list[int]
    columns: dict[int, ShownColumn]
    joined: Areas
    not_read: list[NotRead]
    hidden_rows: frozenset[int] = frozenset()

    def text(self, index: int, column: int) -> str:
        """The text of a cell."""
        return self.columns[column].texts[index]

    def sound_text(self, index: int, column: int) -> str:
        """The text of a cell that must be known. Raises `PllError` where it is not."""
        if fault := self.columns[column].faults.get(index):
            area = self.joined.at(self.rows[index], column)
            row, of_column = (area.top, area.left) if area else (self.rows[index], column)
            raise PllError(
                f"The cell {fault}",
                where=f"{self.where}, cell {letters(of_column)}{row}",
                do="ask the publisher to correct the workbook, then archive it again",
            )
        return self.text(index, column)

    def follows(self, index: int, previous: int) -> bool:
        """Whether a reader sees the row right below the other one, with nothing between them."""
        between = range(self.rows[previous] + 1, self.rows[index])
        return all(row in self.hidden_rows for row in between)

    def top(self, rows: int) -> list[list[tuple[str, bool] | None]]:
        """The first rows: text and whether it is a number; None for a cell with nothing of its own.

        A cell that a joined one covers has nothing of its own.
        """
        width = range(1, max(self.columns, default=0) + 1)
        return [[self._own(index, n) for n in width] for index in range(min(rows, len(self.rows)))]

    def _own(self, index: int, number: int) -> tuple[str, bool] | None:
        column = self.columns.get(number)
        if column is None or not column.texts[index].strip():
            return None
        area = self.joined.at(self.rows[index], number)
        if area and (area.top, area.left) != (self.rows[index], number):
            return None
        return column.texts[index], bool(column.is_number[index])

    def is_filled(self, index: int, columns: Iterable[int]) -> bool:
        """Whether any of these cells of a row shows something."""
        return any(self.columns[column].texts[index].strip() for column in columns)

    def named_rows(self, indexes: list[int]) -> str:
        """The numbers of the first and the last of these rows, as a reader finds them."""
        first, last = self.rows[indexes[0]], self.rows[indexes[-1]]
        return f"row {first}" if first == last else f"rows {first}–{last}"

    def row_text(self, index: int) -> str:
        """The texts of a row from left to right, with a space between."""
        texts = (self.text(index, column).strip() for column in self.columns)
        return " ".join(text for text in texts if text)

    def example(self, index: int, columns: Iterable[int]) -> str:
        """The first text of a row."""
        texts = (self.text(index, column).strip() for column in columns)
        return next((text for text in texts if text), "")


def shown(sheet: Sheet, styles: Styles, settings: Settings, where: str) -> Grid:
    """What a reader sees of the sheet. Raises `PllError` for areas that no workbook has."""
    joined, is_covered = _joined(sheet, where)
    painter = _Painter(sheet, styles, settings, where)
    columns = {}
    for number in sorted(sheet.columns):
        stored = sheet.columns.pop(number)
        stored.extend_to(len(sheet.rows))
        columns[number] = painter.column(number, stored)
    covered = _spread(sheet, columns, joined) if is_covered else []
    grid = Grid(sheet.name, where, sheet.rows, columns, joined, [])
    if covered:
        painter.left_out["cells covered by a joined cell"] = covered
    grid.not_read += [
        NotRead(f"sheet {sheet.name!r}", what, len(texts), texts[0])
        for what, texts in painter.left_out.items()
    ]
    _leave_out_hidden(grid, sheet)
    return grid


# --- joined cells


def _joined(sheet: Sheet, where: str) -> tuple[Areas, bool]:
    """The joined areas down to the last row that matters, and whether there are any.

    Rows that are in the sheet only because a filled area covers them are added to it.
    """
    if len(sheet.joined) > MOST_JOINED:
        what = f"The sheet joins cells in {len(sheet.joined)} places, more than {MOST_JOINED}"
        raise PllError(what, where=where, do=REFUSED)
    filled = [area for area in sheet.joined if sheet.cell(area.top, area.left).raw]
    last_row = max(chain(sheet.rows[-1:], (area.bottom for area in filled)), default=0)
    refuse_large_range(min(last_row, MOST_ROWS), sheet.last_column, where)
    clipped = [
        Area(area.top, area.left, min(area.bottom, last_row), min(area.right, sheet.last_column))
        for area in sheet.joined
        if area.top <= last_row and area.left <= sheet.last_column and area.cells > 1
    ]
    if sum(area.cells for area in clipped) > MOST_CELLS:
        what = f"The joined cells cover more than {MOST_CELLS} cells"
        raise PllError(what, where=where, do=REFUSED)
    areas = Areas(clipped, sheet.last_column)
    if both := areas.overlap():
        ends = " and ".join(f"{letters(a.left)}{a.top}:{letters(a.right)}{a.bottom}" for a in both)
        what = f"The sheet cannot be read: it joins the cells {ends}, which overlap"
        raise PllError(what, where=where, do=AGAIN)
    sheet.insert_rows(row for area in filled for row in range(area.top, area.bottom + 1))
    return areas, bool(clipped)


def _spread(sheet: Sheet, columns: dict[int, ShownColumn], joined: Areas) -> list[str]:
    """Give every covered cell what its area shows. Returns the texts stored under areas."""
    covered = []
    rows = sheet.rows
    for number, column in columns.items():
        for area in joined.in_column(number):
            first, last = bisect_left(rows, area.top), bisect_right(rows, area.bottom)
            top = columns.get(area.left)
            for index in range(first, last):
                if index == first and number == area.left and rows[index] == area.top:
                    continue
                if column.texts[index].strip():
                    covered.append(column.texts[index])
                _copy(top, first if rows[first] == area.top else None, column, index)
    return covered


def _copy(source: ShownColumn | None, at: int | None, target: ShownColumn, index: int) -> None:
    """Let a cell show what its area shows: the top left cell of it, or nothing."""
    target.faults.pop(index, None)
    if source is None or at is None:
        target.texts[index], target.is_number[index] = "", 0
        return
    target.texts[index], target.is_number[index] = source.texts[at], source.is_number[at]
    if fault := source.faults.get(at):
        target.faults[index] = fault


# --- cells


class _Painter:
    """Applies formats to the stored cells of a sheet."""

    def __init__(self, sheet: Sheet, styles: Styles, settings: Settings, where: str) -> None:
        self.left_out: dict[str, list[str]] = {}
        self._sheet = sheet
        self._styles = styles
        self._settings = settings
        self._where = where
        self._formats: dict[str, NumberFormat] = {}
        self._plain: set[int] = set()
        self._seen: dict[int, dict[str, Shown]] = {}
        self._visited = 0
        self._conditions = [
            (condition, difference)
            for condition in sorted(sheet.conditions, key=lambda condition: condition.priority)
            if (difference := self._difference(condition)) or condition.hides_value
        ]

    def column(self, number: int, stored: Column) -> ShownColumn:
        """What the cells of a column show."""
        column = ShownColumn([], bytearray(len(stored.raws)))
        texts, is_number, plain = column.texts, column.is_number, self._plain
        for index, (raw, mark) in enumerate(zip(stored.raws, stored.marks, strict=True)):
            if mark in plain:
                texts.append(raw)
                continue
            cell = self._known(raw, mark)
            texts.append(cell.text)
            if cell.is_number:
                is_number[index] = 1
            elif cell.fault:
                column.faults[index] = cell.fault
            elif cell.left_out:
                self._leave_out(*cell.left_out)
        self._apply_conditions(number, stored, column)
        return column

    def _leave_out(self, what: str, example: str) -> None:
        self.left_out.setdefault(what, []).append(example)

    def _known(self, raw: str, mark: int) -> Shown:
        """What a cell shows by its own style, worked out once for cells that are alike."""
        seen = self._seen.get(mark)
        if seen is None:
            seen = self._seen[mark] = {}
            if self._is_plain(mark):
                self._plain.add(mark)
        cell = seen.get(raw)
        if cell is None:
            cell = self._cell(raw, mark)
            if len(seen) < _MOST_REMEMBERED:
                seen[raw] = cell
        return cell

    def _is_plain(self, mark: int) -> bool:
        """Whether cells of this style and kind show their text as it is stored."""
        number, kind = divmod(mark, KINDS)
        style = self._style(number)
        is_seen = not style.is_struck and not self._is_unseen(style)
        return kind == TEXT and is_seen and self._format(style.code).keeps_text

    def _is_unseen(self, style: CellStyle) -> bool:
        """Whether a text of this style has the colour of its ground.

        Table styles and conditional formats may fill a cell that its own style does not.
        """
        is_filled_elsewhere = self._sheet.has_table_styles or bool(self._sheet.conditions)
        is_on_paper = style.is_white_on_nothing and not is_filled_elsewhere
        return style.is_filled_alike or is_on_paper

    def _style(self, number: int) -> CellStyle:
        return self._styles.cells[number] if number < len(self._styles.cells) else CellStyle()

    def _cell(self, raw: str, mark: int) -> Shown:
        """What a cell shows by its own style."""
        number, kind = divmod(mark, KINDS)
        style = self._style(number)
        if kind == RICH:
            return self._rich(int(raw), style)
        if style.is_struck and raw.strip():
            return Shown("", left_out=(_STRUCK, raw))
        if raw.strip() and self._is_unseen(style):
            return Shown("", left_out=(_UNSEEN, raw))
        cell = self._formatted(raw, kind, style)
        if raw.strip() and not (cell.text.strip() or cell.fault or cell.left_out):
            return cell._replace(left_out=(_HIDDEN_BY_FORMAT, raw))
        return cell

    def _formatted(self, raw: str, kind: int, style: CellStyle) -> Shown:
        """What a cell shows by the number format of its style."""
        if kind in (NUMBER, DATE, STAND_IN):
            cell = self._number(raw, kind, style.code)
            if "[white]" in style.code.casefold() and style.ground is None and not cell.fault:
                return Shown(cell.text, fault="has a number format that prints in white")
            return cell
        if kind == TEXT:
            return self._format(style.code).of_text(raw)
        if kind == TRUTH:
            return Shown(_TRUTHS.get(raw, raw))
        return _of_fault(raw, kind)

    def _number(self, raw: str, kind: int, code: str) -> Shown:
        if kind == STAND_IN:
            why = "contains a formula that was not calculated: its stored result is 0"
            return Shown(raw, fault=why)
        if len(raw) > _LONGEST_NUMBER:
            return Shown(raw, fault=f"contains a number of {len(raw)} characters")
        if kind == DATE:
            raw = self._serial(raw)
        if not self._sheet.shows_zeros and raw.strip("0.-+") == "":
            return Shown("")
        return self._format(code).of_number(raw)

    def _serial(self, raw: str) -> str:
        """The number of a date or a time that is stored as text; the text where it is neither."""
        try:
            time = raw.partition("T")[2] if raw.startswith("T") else raw
            if len(time) < len("2026-01-01"):
                clock = datetime.fromisoformat(f"1970-01-01T{time}")
                return repr((clock - datetime(1970, 1, 1)) / timedelta(days=1))
            moment = datetime.fromisoformat(raw).replace(tzinfo=None)
        except ValueError:
            return raw
        return repr(serial_of(moment, starts_in_1904=self._settings.starts_in_1904))

    def _rich(self, number: int, style: CellStyle) -> Shown:
        text = self._sheet.rich[number]
        if style.is_struck and text.has_fonts:
            return Shown(text.text, fault="is struck out, with parts that have a font of their own")
        if text.fault:
            return Shown(text.text, fault=text.fault)
        if not text.struck and not text.marks:
            return self._format(style.code).of_text(text.text)
        cell = self._format(style.code).of_text(text.text)
        if text.struck:
            return cell._replace(left_out=(_STRUCK, text.struck))
        return cell._replace(left_out=(_MARKS, f"{text.text.strip()} {' '.join(text.marks)}"))

    def _format(self, code: str) -> NumberFormat:
        known = self._formats.get(code)
        if known is None:
            known = self._formats[code] = NumberFormat(
                code,
                starts_in_1904=self._settings.starts_in_1904,
                reads_scaled=self._settings.reads_scaled,
            )
        return known

    # --- conditional formats

    def _difference(self, condition: Condition) -> Difference | None:
        """What a condition changes of a text; None where it changes nothing of it."""
        known = self._styles.differences
        difference = condition.own_difference
        if difference is None and condition.difference is not None:
            is_known = 0 <= condition.difference < len(known)
            difference = known[condition.difference] if is_known else None
        return None if difference is None or difference.is_nothing else difference

    def _apply_conditions(self, number: int, stored: Column, column: ShownColumn) -> None:
        """Show what conditions change; the first that fits a cell decides."""
        decided: set[int] = set()
        for condition, difference in self._conditions:
            for index in self._indexes(condition.areas, number):
                if index in decided or not stored.raws[index].strip():
                    continue
                changed = self._changed(condition, difference, stored, index)
                if changed is None:
                    continue
                decided.add(index)
                column.texts[index] = changed.text
                column.is_number[index] = changed.is_number
                column.faults.pop(index, None)
                if changed.fault:
                    column.faults[index] = changed.fault

    def _indexes(self, areas: list[Area], column: int) -> Iterator[int]:
        rows = self._sheet.rows
        for area in areas:
            covered = range(bisect_left(rows, area.top), bisect_right(rows, area.bottom))
            is_in_column = area.left <= column <= area.right
            self._visited += 1 + len(covered) * is_in_column
            if self._visited > MOST_CONDITIONAL:
                what = f"The conditional formats cover more than {MOST_CONDITIONAL} areas and cells"
                raise PllError(what, where=self._where, do=REFUSED)
            if is_in_column:
                yield from covered

    def _changed(
        self, condition: Condition, difference: Difference | None, stored: Column, index: int
    ) -> Shown | None:
        """What the cell shows where the condition fits; None where it does not."""
        raw, kind = stored.raws[index], stored.marks[index] % KINDS
        if condition.hides_value:
            if kind not in (NUMBER, STAND_IN):
                return None
            return Shown(raw, fault="shows an icon or a bar in place of its number")
        value = float(raw) if kind == NUMBER and _is_number(raw) else None
        fits = condition.is_met_by(value)
        if fits is None:
            why = "has a conditional format under which it may show something else"
            return Shown(raw, fault=why)
        if not fits or difference is None:
            return None
        if difference.strikes:
            self._leave_out(_STRUCK, raw)
            return Shown("")
        if difference.hides_on_white and self._style(stored.marks[index] // KINDS).ground is None:
            self._leave_out(_UNSEEN, raw)
            return Shown("")
        if difference.code is None or kind != NUMBER:
            return None
        return self._format(difference.code).of_number(raw)


def _of_fault(raw: str, kind: int) -> Shown:
    if kind == ERROR:
        return Shown(raw or "?", fault=f"contains the error {raw!r}")
    if kind == NO_RESULT:
        return Shown("?", fault="contains a formula whose result is not stored")
    return Shown(raw)


def _is_number(raw: str) -> bool:
    try:
        float(raw)
    except ValueError:
        return False
    return True


# --- what is not shown


def _leave_out_hidden(grid: Grid, sheet: Sheet) -> None:
    """Take hidden rows and columns out of the grid, and count those with something in them."""
    hidden = [number for number in grid.columns if sheet.is_hidden_column(number)]
    columns = [grid.columns.pop(number) for number in hidden]
    names = [next((text for text in column.texts if text.strip()), "") for column in columns]
    if filled := [name for name in names if name]:
        where = f"sheet {grid.name!r}, columns {', '.join(letters(n) for n in hidden[:10])}"
        grid.not_read.append(NotRead(where, "hidden columns", len(filled), filled[0]))
    grid.hidden_rows = frozenset(sheet.hidden_rows)
    if not grid.hidden_rows.isdisjoint(grid.rows):
        _leave_out_hidden_rows(grid)


def _leave_out_hidden_rows(grid: Grid) -> None:
    hidden_rows = grid.hidden_rows
    hidden = [index for index, row in enumerate(grid.rows) if row in hidden_rows]
    filled = [index for index in hidden if grid.is_filled(index, grid.columns)]
    if filled:
        where = f"sheet {grid.name!r}, {grid.named_rows(filled)}"
        example = grid.example(filled[0], grid.columns)
        grid.not_read.append(NotRead(where, "hidden rows", len(filled), example))
    keep = bytearray(row not in hidden_rows for row in grid.rows)
    new_index = {old: new for new, old in enumerate(compress(range(len(keep)), keep))}
    for number, column in grid.columns.items():
        grid.columns[number] = ShownColumn(
            list(compress(column.texts, keep)),
            bytearray(compress(column.is_number, keep)),
            {new_index[i]: fault for i, fault in column.faults.items() if keep[i]},
        )
    grid.rows = list(compress(grid.rows, keep))
