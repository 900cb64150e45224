"""A sheet of an Excel workbook (.xlsx) → the table as published.

Sheet and header are found by what they say. The file is taken for hostile until its size, members and XML have been
looked at; formulas are never evaluated, only their stored results read.
Not here: numbers, dates, codes, and what the sheet says around its table.
"""

from __future__ import annotations

import datetime as dt
import io
import re
import warnings
import zipfile
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pll_pipeline.errors import PllError

if TYPE_CHECKING:
    from collections.abc import Iterator

    import polars as pl

    from pll_pipeline.sources.model import Workbook

MOST_BYTES = 512 * 2**20
MOST_MEMBERS = 2000
MOST_RATIO = 200
SMALL_MEMBER = 2**20
MOST_ROWS = 1_048_576
MOST_COLUMNS = 16_384
MOST_CELLS = 25_000_000
_OLD_CONTAINER = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_OLDEST_SHEETS = (
    b"\x09\x00\x04\x00",
    b"\x09\x02\x06\x00",
    b"\x09\x04\x06\x00",
    b"\x09\x08\x08\x00",
    b"\x09\x08\x10\x00",
)
_DECLARATIONS = (b"<!DOCTYPE", b"<!ENTITY")
_CONTROL = re.compile(
    r"_x(00[01][0-9A-Fa-f])_"
)  # how a workbook writes a character that XML has no place for, mostly in line ends
_ASK = "see what the publisher changed, save the workbook as .xlsx without a password if need be, and archive it again"
_REFUSED = "do not open the file; ask the publisher for a plain .xlsx workbook and archive that"


@dataclass
class _Sheet:
    """The cells of a sheet as text. A cell that a merge covers has the merge's text and knows its top left cell."""

    name: str
    where: str
    cells: dict[int, dict[int, str]] = field(default_factory=dict)
    faults: dict[tuple[int, int], str] = field(default_factory=dict)
    anchors: dict[tuple[int, int], tuple[int, int]] = field(default_factory=dict)
    last_row: int = 0
    last_column: int = 0

    def text(self, row: int, column: int) -> str:
        return self.cells.get(row, {}).get(column, "")

    def sound_text(self, row: int, column: int) -> str:
        """The text of a cell of the table. Raises `PllError` where the cell holds no value that could be read."""
        fault = self.faults.get(self.anchor(row, column))
        if fault:
            raise PllError(
                f"The cell {fault}",
                where=f"{self.where}, sheet {self.name!r}, cell {_letters(column)}{row}",
                do="ask the publisher to correct the workbook, then archive it again",
            )
        return self.text(row, column)

    def anchor(self, row: int, column: int) -> tuple[int, int]:
        """The top left cell of the merge this cell is part of; else the cell itself."""
        return self.anchors.get((row, column), (row, column))

    def is_empty(self, row: int) -> bool:
        return not any(text.strip() for text in self.cells.get(row, {}).values())


def read(content: bytes, how: Workbook, *, where: str) -> pl.DataFrame:
    """One row per row of the sheet's table, every cell as text ("" where empty), plus `row_reference` as file:sheet!row.

    Raises `PllError` for anything but a sound .xlsx workbook, a sheet or header that is not there, two columns with the
    same heading, a table without rows, and a cell that holds an error or a formula without a stored result.
    """
    import polars as pl

    _refuse_other_forms(content, where)
    _refuse_dangerous_archives(content, where)
    sheet = _sheet(content, how, where)
    header = _header_rows(sheet, how)
    rows = _body_rows(sheet, how, header)
    columns = _columns(sheet, header, rows)
    rows = [row for row in rows if not _continues_the_row_above(sheet, row, list(columns))]
    if not rows:
        raise PllError(
            "The table has no rows",
            where=f"{where}, sheet {sheet.name!r}, row {header.stop}",
            do="look at the publication and archive it again",
        )
    file = where.rsplit("/", 1)[-1]
    cells = {
        name: [sheet.sound_text(row, column) for row in rows] for column, name in columns.items()
    }
    cells["row_reference"] = [f"{file}:{sheet.name}!{row}" for row in rows]
    return pl.DataFrame(cells, schema=dict.fromkeys(cells, pl.String))


def _refuse_other_forms(content: bytes, where: str) -> None:
    """Say what the file is when it is no .xlsx workbook."""
    if content.startswith(b"PK\x03\x04"):
        return
    start = content[:2048].removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    if content.startswith(_OLD_CONTAINER) and "EncryptedPackage".encode("utf-16-le") in content:
        what = "The workbook is protected by a password, so it cannot be read"
    elif content.startswith((_OLD_CONTAINER, *_OLDEST_SHEETS)):
        what = "The file is a workbook of the old form .xls, not .xlsx"
    elif start.startswith((b"<!doctype html", b"<html", b"<table")) or b"<html" in start:
        what = "The file is a web page, not a workbook; perhaps the publisher answered with an error page"
    elif start.startswith(b"<?xml"):
        what = "The file is XML, not an .xlsx workbook"
    else:
        what = "The file is not an .xlsx workbook" if content else "The file is empty"
    raise PllError(what, where=where, do=_ASK)


def _refuse_dangerous_archives(content: bytes, where: str) -> None:
    """Look at the zip archive before anything opens it as a workbook."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            members = archive.infolist()
            _refuse_explosive_members(members, where)
            names = {member.filename for member in members}
            if "[Content_Types].xml" not in names or "xl/workbook.bin" in names:
                kind = (
                    "a binary workbook (.xlsb)"
                    if "xl/workbook.bin" in names
                    else "a zip archive, but no workbook"
                )
                raise PllError(f"The file is {kind}, not .xlsx", where=where, do=_ASK)
            for member in members:
                if _declares_entities(archive, member):
                    raise PllError(
                        f"{member.filename!r} in the workbook declares a document type or entities",
                        where=where,
                        do=_REFUSED,
                    )
    except PllError:
        raise
    except (
        Exception
    ) as error:  # a damaged archive fails in many ways: zlib, struct, checksums, unknown methods
        raise PllError(
            f"The workbook's archive is damaged: {error}",
            where=where,
            do="fetch or archive it again, whole",
        ) from error


def _refuse_explosive_members(members: list[zipfile.ZipInfo], where: str) -> None:
    if len(members) > MOST_MEMBERS:
        raise PllError(
            f"The workbook's archive has {len(members)} members, more than {MOST_MEMBERS}",
            where=where,
            do=_REFUSED,
        )
    total = sum(member.file_size for member in members)
    if total > MOST_BYTES:
        raise PllError(
            f"The workbook unpacks to {total} bytes, more than {MOST_BYTES}",
            where=where,
            do=_REFUSED,
        )
    for member in members:
        if member.flag_bits & 0x1:
            raise PllError(
                f"{member.filename!r} in the workbook is encrypted", where=where, do=_ASK
            )
        if member.file_size > SMALL_MEMBER and member.file_size > MOST_RATIO * member.compress_size:
            raise PllError(
                f"{member.filename!r} in the workbook unpacks to {member.file_size} bytes from {member.compress_size}, more than {MOST_RATIO} times as many",
                where=where,
                do=_REFUSED,
            )


def _declares_entities(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> bool:
    """Whether a document type or entity is declared, in any encoding an XML parser takes: all are ASCII but for zero bytes.

    Every member is looked at, whatever its name, because a relationship may name any of them as a sheet.
    """
    with archive.open(member) as opened:
        tail = b""
        while chunk := opened.read(2**20):
            seen = tail + chunk.replace(b"\0", b"")
            if any(declaration in seen for declaration in _DECLARATIONS):
                return True
            tail = seen[-16:]
    return False


def _sheet(content: bytes, how: Workbook, where: str) -> _Sheet:
    """The sheet that is meant, its merges spread over the cells they cover."""
    import openpyxl

    try:
        # what the library leaves out (extensions, default styles) is no part of a cell's value
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            book = openpyxl.load_workbook(
                io.BytesIO(content), read_only=True, data_only=True, keep_links=False
            )
            found = _chosen(book.worksheets, how, where)
            sheet = _Sheet(found.title, where)
            merges = _fill(sheet, book, found)
    except PllError:
        raise
    except Exception as error:  # the library meets damaged XML with any exception there is
        raise PllError(
            f"The workbook cannot be read: {error}".replace("\n", " "),
            where=where,
            do="fetch or archive it again, whole",
        ) from error
    _spread(sheet, merges)
    return sheet


def _chosen(sheets: list[Any], how: Workbook, where: str) -> Any:
    matching = [sheet for sheet in sheets if how.sheet is None or re.search(how.sheet, sheet.title)]
    if len(matching) == 1:
        return matching[0]
    names = ", ".join(repr(sheet.title) for sheet in sheets) or "none"
    if how.sheet is None:
        what, do = (
            f"The workbook has {len(sheets)} sheets: {names}",
            "say in the source file under read.sheet which one is meant",
        )
    else:
        what = f"{len(matching) or 'No'} sheets have a name that matches {how.sheet!r}; the workbook has {names}"
        do = "correct read.sheet in the source file, or see what the publisher changed"
    raise PllError(what, where=where, do=do)


def _fill(sheet: _Sheet, book: Any, found: Any) -> list[tuple[int, int, int, int]]:
    """Put every value of the sheet into `sheet` as text and return its merges as first row, first column, last row, last column.

    Read as a stream: the library's other way makes an object for every cell a merge covers, and one merge may cover a
    whole sheet; its public streaming way leaves the merges out.
    """
    from openpyxl.worksheet._reader import FORMULA_TAG, WorkSheetParser

    class Parser(WorkSheetParser):
        def parse_cell(self, element: Any) -> dict[str, Any]:
            cell = super().parse_cell(element)
            if (
                cell["value"] is None
                and cell["data_type"] == "n"
                and element.find(FORMULA_TAG) is not None
            ):
                cell["data_type"] = "f"
            return cell

    with found._get_source() as source:
        parser = Parser(
            source,
            found._shared_strings,
            True,
            book.epoch,
            book._date_formats,
            book._timedelta_formats,
        )
        for row, cells in parser.parse():
            for cell in cells:
                _put(sheet, row, cell["column"], cell["value"], cell["data_type"])
    merged = parser.merged_cells.mergeCell if parser.merged_cells else ()
    return [(merge.min_row, merge.min_col, merge.max_row, merge.max_col) for merge in merged]


def _put(sheet: _Sheet, row: int, column: int, value: Any, data_type: str) -> None:
    if value is None and data_type != "f":
        return
    if not (1 <= row <= MOST_ROWS and 1 <= column <= MOST_COLUMNS):
        raise PllError(
            f"The cell in row {row}, column {column} lies outside any sheet",
            where=f"{sheet.where}, sheet {sheet.name!r}",
            do=_REFUSED,
        )
    if data_type == "f":
        sheet.faults[row, column] = "holds a formula whose result is not stored"
    elif data_type == "e":
        sheet.faults[row, column] = f"holds the error {str(value)!r}"
    elif isinstance(value, float) and value in (float("inf"), float("-inf")):
        sheet.faults[row, column] = "holds a number that is too large"
    # a faulty cell is not empty; it is refused only where it belongs to the table
    sheet.cells.setdefault(row, {})[column] = (
        str(value or "?") if (row, column) in sheet.faults else _as_text(value)
    )
    sheet.last_row, sheet.last_column = max(sheet.last_row, row), max(sheet.last_column, column)
    _refuse_large_range(sheet)


def _refuse_large_range(sheet: _Sheet) -> None:
    if sheet.last_row * sheet.last_column > MOST_CELLS:
        raise PllError(
            f"The used range reaches to {_letters(sheet.last_column)}{sheet.last_row}, more than {MOST_CELLS} cells",
            where=f"{sheet.where}, sheet {sheet.name!r}",
            do="see whether a stray cell stands far from the table, and ask the publisher to remove it",
        )


def _as_text(value: Any) -> str:
    """A cell's value as text; a number as few digits as give the same number again."""
    if isinstance(value, str):
        return _CONTROL.sub(lambda code: chr(int(code[1], 16)), value)
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else repr(value)
    if isinstance(value, dt.datetime) and value.time() == dt.time():
        return value.date().isoformat()
    if isinstance(value, dt.date | dt.time):
        return value.isoformat()
    if isinstance(value, dt.timedelta):
        minutes, seconds = divmod(round(abs(value).total_seconds()), 60)
        return (
            f"{'-' if value < dt.timedelta() else ''}{minutes // 60}:{minutes % 60:02}:{seconds:02}"
        )
    return str(value)


def _spread(sheet: _Sheet, merges: list[tuple[int, int, int, int]]) -> None:
    """Give the text of each merge to every cell it covers, down to its last row and to the right as far as the sheet has values."""
    covered = 0
    for top, left, bottom, right in merges:
        text = sheet.text(top, left)
        if not text:
            continue
        right, bottom = min(right, sheet.last_column), min(bottom, MOST_ROWS)
        sheet.last_row = max(sheet.last_row, bottom)
        _refuse_large_range(sheet)
        covered += (bottom - top + 1) * (right - left + 1)
        if covered > MOST_CELLS:
            raise PllError(
                f"The merged cells cover more than {MOST_CELLS} cells",
                where=f"{sheet.where}, sheet {sheet.name!r}",
                do=_REFUSED,
            )
        for row in range(top, bottom + 1):
            for column in range(left, right + 1):
                sheet.cells.setdefault(row, {})[column] = text
                sheet.anchors[row, column] = (top, left)


def _header_rows(sheet: _Sheet, how: Workbook) -> range:
    """The rows of the header. A heading that is merged downwards reaches to the last row it covers."""
    wanted = {_collapsed(text) for text in how.header}
    for row in sorted(sheet.cells):
        texts = {column: _collapsed(text) for column, text in sheet.cells[row].items()}
        if not wanted <= set(texts.values()):
            continue
        last = max(
            _last_row_of_merge(sheet, row, column)
            for column, text in texts.items()
            if text in wanted
        )
        if last < how.header_rows:
            raise PllError(
                f"The header ends in row {last}, so it cannot span {how.header_rows} rows",
                where=f"{sheet.where}, sheet {sheet.name!r}",
                do="correct read.header_rows in the source file, or see what the publisher changed",
            )
        return range(last - how.header_rows + 1, last + 1)
    raise PllError(
        f"No row of the sheet holds all of {', '.join(repr(text) for text in how.header)}",
        where=f"{sheet.where}, sheet {sheet.name!r}",
        do="see whether the publisher renamed a column, then correct read.header in the source file",
    )


def _last_row_of_merge(sheet: _Sheet, row: int, column: int) -> int:
    anchor = sheet.anchors.get((row, column))
    while anchor and sheet.anchors.get((row + 1, column)) == anchor:
        row += 1
    return row


def _body_rows(sheet: _Sheet, how: Workbook, header: range) -> list[int]:
    """The rows below the header, up to an empty row or the row whose first cell says that the table is over."""
    rows = []
    for row in range(header.stop, sheet.last_row + 1):
        if sheet.is_empty(row):
            break
        rows.append(row)
    if how.ends_at is None:
        return rows
    filled = (
        column
        for row in (*header, *rows)
        for column, text in sheet.cells.get(row, {}).items()
        if text.strip()
    )
    first = min(filled, default=1)
    ends = (
        index for index, row in enumerate(rows) if re.search(how.ends_at, sheet.text(row, first))
    )
    return rows[: next(ends, len(rows))]


def _columns(sheet: _Sheet, header: range, rows: list[int]) -> dict[int, str]:
    """Every column of the table → its heading. A column with neither a heading of its own nor a value is none."""
    filled = {column for row in rows for column, text in sheet.cells[row].items() if text.strip()}
    columns = {
        column: _heading(sheet, header, column)
        for column in range(1, sheet.last_column + 1)
        if column in filled or _has_heading(sheet, header, column)
    }
    counts = Counter([*columns.values(), "row_reference"])
    repeated = {column: name for column, name in columns.items() if counts[name] > 1}
    if repeated:
        name = next(iter(repeated.values()))
        raise PllError(
            f"The column {name!r} stands twice"
            if name
            else "Two columns have values but no heading",
            where=f"{sheet.where}, sheet {sheet.name!r}, columns {', '.join(_letters(column) for column, text in repeated.items() if text == name)}",
            do="see whether read.header_rows in the source file is right, then look at the publication and archive it again",
        )
    return columns


def _has_heading(sheet: _Sheet, header: range, column: int) -> bool:
    return any(
        sheet.text(row, column).strip() and sheet.anchor(row, column)[1] == column for row in header
    )


def _heading(sheet: _Sheet, header: range, column: int) -> str:
    """The texts above a column from top to bottom; a cell that is merged over several rows says its text once."""
    cells = dict.fromkeys(sheet.anchor(row, column) for row in header)
    texts = (_collapsed(sheet.sound_text(row, of_column)) for row, of_column in cells)
    return " / ".join(text for text in texts if text)


def _continues_the_row_above(sheet: _Sheet, row: int, columns: list[int]) -> bool:
    """Whether every cell of the row is merged with the one above, so that a reader sees one row and not two."""
    return all(sheet.anchor(row, column)[0] < row for column in columns)


def _collapsed(text: str) -> str:
    return " ".join(text.split())


def _letters(column: int) -> str:
    return "".join(reversed(list(_digits(column))))


def _digits(column: int) -> Iterator[str]:
    while column:
        column, rest = divmod(column - 1, 26)
        yield chr(ord("A") + rest)
