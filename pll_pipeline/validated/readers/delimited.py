"""Delimited text (CSV and its kin) → the table as published.

Encoding, separator, header and end are the source's own declaration. A file in which every line is
a record is read at once by Polars; any other by the rules of quoting, record by record.
Not here: guessing them (`inspection/`), numbers, dates, codes.
"""

from __future__ import annotations

import csv
import io
import re
from collections import Counter, deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from pll_pipeline.errors import PllError
from pll_pipeline.validated.readers.decoding import (
    decode,
    refuse_mark_of_other_encoding,
    refuse_other_form,
    refuse_zero_characters,
)
from pll_pipeline.validated.readers.table import (
    ROW_REFERENCE,
    NotRead,
    PublishedTable,
    refuse_long_texts,
)
from pll_pipeline.vocabulary import patterns
from pll_pipeline.vocabulary.norwegian.text import comparable, plain_letters

if TYPE_CHECKING:
    import polars as pl

    from pll_pipeline.sources.model import Delimited

# The line by which Excel is given the separator, and what exports of Power BI call saved filters.
SEPARATOR_LINE = re.compile(r'"?sep=(.)"?', re.IGNORECASE)
FILTER_TEXT = re.compile(
    r"\s*(?:(?:Brukte filtre|Anvendte filtre|Applied filters)\s*:"
    r"|(?:Ingen filtre (?:er )?i bruk|Ingen filtre (?:er )?brukt|No filters applied)\s*$)",
    re.IGNORECASE,
)
_UTF8_MARK = b"\xef\xbb\xbf"
_HEAD_BYTES = 2**16
# More columns, or cells in a file that is read record by record, have no table of figures.
MOST_COLUMNS = 5000
MOST_CELLS = 40_000_000
MOST_LINES_ABOVE = 10_000  # lines with text above the header
_MOST_BARE_LINES = 4  # as many as a header may have rows
_EMPTY = " \t\n\v\f\r\u00a0"  # what an empty cell may consist of
_LONGEST_EXAMPLE = 200
_LOOK = "look at the publication: it has become another, or was made to do harm"
_MOST_TEXTS = 50
_WHOLE = "fetch or archive it again, whole"


class Record(NamedTuple):
    """One record: the line it begins on, the line it ends on (both from 1), and its cells."""

    first_line: int
    last_line: int
    cells: list[str]

    @property
    def text(self) -> str:
        """The first cell that is not empty."""
        return next((cell for cell in self.cells if _is_filled(cell)), "")

    @property
    def filled_count(self) -> int:
        """How many cells are not empty."""
        return sum(map(_is_filled, self.cells))


def _is_filled(cell: str) -> bool:
    return bool(cell.strip(_EMPTY))


@dataclass
class _Header:
    """The names of the columns, the last line they take, and the records above them."""

    names: list[str]
    last_line: int
    above: list[Record]


@dataclass
class _Rows:
    """The rows of the table, the line each begins on, and what is not read among and below them."""

    cells: list[list[str]] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)
    empty_lines: list[int] = field(default_factory=list)
    below: list[Record] = field(default_factory=list)


def read(content: bytes, how: Delimited, *, where: str) -> PublishedTable:
    """One row per record, every column as text ("" where empty), and `row_reference` as file:line.

    Raises `PllError` for bytes in another encoding, no line that is the header, a file without
    rows, a repeated column, a record with too few or too many cells, and misplaced quotes.
    """
    file = where.rsplit("/", 1)[-1]
    if table := _at_once(content, how, file, where):
        return table
    text = decode(content, how.encoding, where=where)
    records = read_records(text, how.separator, where)
    header = _header(records, how, where)
    rows = _rows(records, header, how, text, where)
    return _table(header, rows, how, file, where)


def read_records(text: str, separator: str, where: str) -> Iterator[Record]:
    """The records of a text by the rules of quoting; lines may end in LF, CR LF or CR.

    Of lines without a character that follow each other only the first few are records.
    Raises `PllError` with the line for a quote that is not closed, or is closed in mid-cell.
    """
    parser = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    first_line, bare_lines = 1, 0
    try:
        for cells in parser:
            bare_lines = 0 if cells else bare_lines + 1
            if bare_lines <= _MOST_BARE_LINES:
                yield Record(first_line, parser.line_num, cells)
            first_line = parser.line_num + 1
    except csv.Error as error:
        raise PllError(
            f"The file is not well-formed: {error}", where=f"{where}, line {first_line}", do=_WHOLE
        ) from error


# --- the header -------------------------------------------------------------------------------


def _header(records: Iterator[Record], how: Delimited, where: str) -> _Header:
    """The header, taken from the start of `records`, which are left at the first row."""
    above: list[Record] = []
    right_above: deque[Record] = deque(maxlen=how.header_rows - 1)
    for record in records:
        if record.first_line == 1:
            _refuse_other_separator(record, how, where)
        if _is_header(record, how):
            names = _names(list(right_above), record, how, where)
            begins = right_above[0].first_line if right_above else record.first_line
            above = [upper for upper in above if upper.first_line < begins]
            return _Header(names, record.last_line, above)
        right_above.append(record)
        if record.text:
            above.append(record)
            _refuse_late_header(above, where)
    if how.header:
        wanted = ", ".join(repr(text) for text in how.header)
        first = next((f"; the first is {r.text[:80]!r}" for r in above), "")
        raise PllError(
            f"No line of the file contains all of {wanted}{first}",
            where=where,
            do="see whether the publisher renamed a column, then correct read.header in the source"
            " file",
        )
    raise PllError("The file has no rows", where=where, do=_WHOLE)


def _refuse_late_header(above: list[Record], where: str) -> None:
    if len(above) > MOST_LINES_ABOVE:
        raise PllError(
            f"The file has more than {MOST_LINES_ABOVE} lines with text above the header, or it has"
            f" no header; the first is {above[0].text[:80]!r}",
            where=where,
            do="see whether the publisher renamed a column, then correct read.header in the source"
            " file",
        )


def _is_header(record: Record, how: Delimited) -> bool:
    if record.first_line <= how.skip_lines or not record.text:
        return False
    if record.first_line == 1 and SEPARATOR_LINE.fullmatch(_line(record, how)):
        return False
    if how.header:
        return {comparable(text) for text in how.header} <= set(map(comparable, record.cells))
    return not FILTER_TEXT.match(record.text)


def _refuse_other_separator(record: Record, how: Delimited, where: str) -> None:
    line = SEPARATOR_LINE.fullmatch(_line(record, how))
    if line and line[1] != how.separator:
        raise PllError(
            f"The file declares the separator {line[1]!r}, the source file {how.separator!r}",
            where=f"{where}, line 1",
            do="correct read.separator in the source file",
        )


def _line(record: Record, how: Delimited) -> str:
    """The record as one line; `sep=;` is two empty-ended cells where `;` is the separator."""
    return how.separator.join(record.cells)


def _names(right_above: list[Record], record: Record, how: Delimited, where: str) -> list[str]:
    """The names of the columns: those of the header rows right above `record` and of itself."""
    if len(right_above) < how.header_rows - 1:
        raise PllError(
            f"The header cannot span {how.header_rows} lines: it ends in line {record.last_line}",
            where=where,
            do="correct read.header_rows in the source file, or see what the publisher changed",
        )
    upper = [row.cells for row in right_above]
    if len(record.cells) > MOST_COLUMNS:
        raise PllError(
            f"The header has {len(record.cells)} columns, more than {MOST_COLUMNS}",
            where=f"{where}, line {record.first_line}",
            do=_LOOK,
        )
    names = _joined([*upper, record.cells], where) if upper else record.cells
    if how.columns and len(how.columns) != len(names):
        raise PllError(
            f"The header has {len(names)} columns, read.columns {len(how.columns)}",
            where=f"{where}, line {record.first_line}",
            do="correct read.columns in the source file, or see what the publisher changed",
        )
    return list(how.columns or map(comparable, names))


def _joined(rows: list[list[str]], where: str) -> list[str]:
    """The heading of each column from top to bottom.

    A merged heading is exported as its text and empty cells to its right, so an upper heading
    counts for the empty cells after it.
    """
    width = len(rows[-1])
    spread: list[list[str]] = []
    for row in rows[:-1]:
        heading = ""
        filled = []
        for cell in [*row, *[""] * width][:width]:
            heading = cell if _is_filled(cell) else heading
            filled.append(heading)
        refuse_long_texts(sum(map(len, filled)), where)
        spread.append(filled)
    columns = zip(*spread, rows[-1], strict=True)
    return [
        " / ".join(comparable(text) for text in filter(_is_filled, column)) for column in columns
    ]


# --- the rows ---------------------------------------------------------------------------------


def _rows(
    records: Iterator[Record], header: _Header, how: Delimited, text: str, where: str
) -> _Rows:
    """The rows of the table, up to the record that ends it. Raises `PllError` for another width."""
    of_table, below = _up_to_end(records, how)
    rows = _Rows(below=below)
    width = len(header.names)
    remaining = iter(of_table)
    for record in remaining:
        if not record.cells:
            continue
        if _ends_table(record):
            rows.below = [record, *remaining, *below]
        elif not record.text:
            rows.empty_lines.append(record.first_line)
        elif len(record.cells) != width:
            _refuse_width(record, header, text, where)
        else:
            rows.cells.append(record.cells)
            rows.lines.append(record.first_line)
            if len(rows.lines) * width > MOST_CELLS:
                what = f"The table has more than {MOST_CELLS} cells"
                raise PllError(what, where=where, do=_LOOK)
    return rows


def _ends_table(record: Record) -> bool:
    return record.filled_count == 1 and FILTER_TEXT.match(record.text) is not None


def _up_to_end(records: Iterator[Record], how: Delimited) -> tuple[Iterable[Record], list[Record]]:
    """The records of the table and those from its end on, by the pattern of the source file."""
    if how.ends_at is None:
        return records, []
    listed = list(records)
    filled = [number for number, record in enumerate(listed) if record.text]
    texts = [plain_letters(listed[number].cells[0]) for number in filled]
    end = patterns.first_found(how.ends_at, texts)
    if end is None:
        return listed, []
    return listed[: filled[end]], listed[filled[end] :]


def _refuse_width(record: Record, header: _Header, text: str, where: str) -> None:
    """Raise `PllError` for a record of another width than the header, with the likely remedy."""
    width, header_width = len(record.cells), len(header.names)
    lines = f"line {record.first_line}"
    shown = record.text[:60].strip()
    if header_width == 1:
        what_to_do = (
            "the line above is probably a title: add to the source file under read:"
            f" header: {list(filter(_is_filled, record.cells))}"
        )
    elif record.filled_count == 1 and _is_filled(record.cells[0]):
        first_word = re.escape(re.split(r"[\s:]", shown)[0])
        what_to_do = (
            "if it is a note below the table, add to the source file under read:"
            f" ends_at: '^{first_word}'; else see whether the file was cut off"
        )
    else:
        what_to_do = (
            "see whether the file was cut off or the separator changed, then archive it again"
        )
    is_cut = record.last_line >= len(text.splitlines()) and not text.endswith(("\n", "\r"))
    cut = ", and the file ends there without a line end, so it was probably cut off"
    raise PllError(
        f"The line has {width} {_cells(width)}, the header {header_width}: {shown!r}"
        + (cut if is_cut else ""),
        where=f"{where}, {lines}",
        do=what_to_do,
    )


def _cells(count: int) -> str:
    return "cell" if count == 1 else "cells"


# --- the table --------------------------------------------------------------------------------


def _table(header: _Header, rows: _Rows, how: Delimited, file: str, where: str) -> PublishedTable:
    import polars as pl

    used = [index for index in range(len(header.names)) if _is_used(header, rows, index)]
    _refuse_names([header.names[index] for index in used], where)
    if not rows.cells:
        raise PllError("The file has no rows", where=where, do=_WHOLE)
    frame = pl.DataFrame(
        {header.names[index]: [cells[index] for cells in rows.cells] for index in used},
        schema_overrides={header.names[index]: pl.String for index in used},
    )
    references = pl.lit(f"{file}:") + pl.Series(rows.lines).cast(pl.String)
    return PublishedTable(
        frame.with_columns(references.alias(ROW_REFERENCE)),
        not_read=tuple(_not_read(header, rows, how, file)),
        texts_around=_texts_around([*header.above, *rows.below], how),
    )


def _is_used(header: _Header, rows: _Rows, index: int) -> bool:
    """Whether the column has a heading or a value; exports often end every line in a separator."""
    return _is_filled(header.names[index]) or any(_is_filled(c[index]) for c in rows.cells)


def _refuse_names(names: list[str], where: str) -> None:
    counts = Counter(names)
    repeated = [name for name in names if counts[name] > 1 or name == ROW_REFERENCE]
    if repeated:
        name = repeated[0]
        raise PllError(
            f"The column {name!r} occurs twice" if name else "Two columns have no heading",
            where=where,
            do="name the columns from left to right under read.columns in the source file, or ask"
            " the publisher",
        )


def _not_read(header: _Header, rows: _Rows, how: Delimited, file: str) -> Iterator[NotRead]:
    above = [record for record in header.above if record.text]
    if above:
        yield _lines_not_read(above, "lines above the header", how, file)
    if rows.empty_lines:
        where = f"{file}, {_line_range(rows.empty_lines[0], rows.empty_lines[-1])}"
        yield NotRead(where, "rows in which every cell is empty", len(rows.empty_lines))
    below = [record for record in rows.below if record.text]
    if below:
        note = _lines_not_read(below, "lines below the table", how, file)
        # where the source file names the end, it is known that nothing below belongs to the table
        yield replace(note, may_belong=not how.ends_at and _has_rows(below, header))


def _has_rows(records: list[Record], header: _Header) -> bool:
    """Whether any of the records is like a row of the table: of its width, with several cells."""
    wide = (record for record in records if len(record.cells) == len(header.names) > 1)
    return any(record.filled_count > 1 for record in wide)


def _lines_not_read(records: list[Record], what: str, how: Delimited, file: str) -> NotRead:
    where = f"{file}, {_line_range(records[0].first_line, records[-1].last_line)}"
    count = sum(record.last_line - record.first_line + 1 for record in records)
    example = comparable(_line(records[0], how).rstrip(how.separator))[:_LONGEST_EXAMPLE]
    return NotRead(where, what, count, example)


def _texts_around(records: list[Record], how: Delimited) -> tuple[str, ...]:
    """The first lines that are not of the table, each as a reader sees it."""
    texts = (_line(record, how).strip(how.separator) for record in records if record.text)
    return tuple(comparable(text)[:_LONGEST_EXAMPLE] for text in islice(texts, _MOST_TEXTS))


def _line_range(first: int, last: int) -> str:
    return f"line {first}" if first == last else f"lines {first}–{last}"


# --- at once ----------------------------------------------------------------------------------


def _at_once(content: bytes, how: Delimited, file: str, where: str) -> PublishedTable | None:
    """The table where each line below the header is a record, and nothing is quoted; else None."""
    plain = _as_utf8(content, how, where)
    start = _header_at_once(plain, how, where) if plain is not None else None
    if plain is None or start is None:
        return None
    header, offset = start
    is_plain = len(header.names) > 1 and all(map(_is_filled, header.names))
    if not is_plain or how.ends_at or _has_quote_or_bare_line(plain, offset):
        return None
    rows = _rows_at_once(plain, offset, header, how, file)
    if rows is None or _has_line_with_one_cell(rows, header):
        return None
    return PublishedTable(
        rows,
        not_read=tuple(_not_read(header, _Rows(), how, file)),
        texts_around=_texts_around(header.above, how),
    )


def _has_quote_or_bare_line(plain: bytes, offset: int) -> bool:
    return any(plain.find(mark, offset) >= 0 for mark in (b'"', b"\n\n", b"\n\r\n"))


def _as_utf8(content: bytes, how: Delimited, where: str) -> bytes | None:
    """The bytes in UTF-8 without a mark, lines ending in LF or CR LF; None where they do not."""
    refuse_other_form(content, where=where)
    if how.encoding == "utf-8":
        refuse_mark_of_other_encoding(content, how.encoding, where=where)
    else:
        content = decode(content, how.encoding, where=where).encode()
    plain = content.removeprefix(_UTF8_MARK)
    refuse_zero_characters(plain, where=where)
    if b"\r" not in plain:
        return plain
    if b"\n" not in plain:
        return plain.replace(b"\r", b"\n")
    return plain if plain.count(b"\r") == plain.count(b"\r\n") else None


def _header_at_once(plain: bytes, how: Delimited, where: str) -> tuple[_Header, int] | None:
    """The header and where the rows begin; None where it is not near the start, or not sound."""
    head = plain[:_HEAD_BYTES]
    if len(head) < len(plain):
        head = head[: head.rfind(b"\n") + 1]
    try:
        header = _header(read_records(head.decode(), how.separator, where), how, where)
        _refuse_names(header.names, where)
    except (UnicodeDecodeError, PllError):
        return None
    offset = 0
    for _ in range(header.last_line):
        offset = plain.find(b"\n", offset) + 1
        if not offset:
            return None
    return header, offset


def _rows_at_once(
    plain: bytes, offset: int, header: _Header, how: Delimited, file: str
) -> pl.DataFrame | None:
    """The rows from `offset` on with their references; None where one is of another width."""
    import polars as pl

    # the first line is skipped rather than cut off, which would copy a large file
    skipped, body = (1, plain) if header.last_line == 1 else (0, plain[offset:])
    scanned = pl.scan_csv(
        io.BytesIO(body),
        has_header=False,
        skip_lines=skipped,
        schema=dict.fromkeys(header.names, pl.String),
        separator=how.separator,
        quote_char=None,
        empty_string_is_null=False,
        extra_columns="raise",
        row_index_name=ROW_REFERENCE,
        row_index_offset=header.last_line + 1,
    )
    reference = pl.lit(f"{file}:") + pl.col(ROW_REFERENCE).cast(pl.String)
    try:
        rows = scanned.select(*header.names, reference.alias(ROW_REFERENCE)).collect(
            engine="streaming"
        )
    except pl.exceptions.PolarsError:
        return None
    return rows if _are_whole(rows, len(header.names), plain, offset) else None


def _are_whole(rows: pl.DataFrame, width: int, plain: bytes, offset: int) -> bool:
    """Whether each row has a cell for each column in the bytes from `offset` on.

    Polars fills up a line that has too few cells. Then the cells, separators and line ends that the
    rows should have are more bytes than there are; no line has too many cells.
    """
    import polars as pl

    cells = rows.select(pl.sum_horizontal(pl.all().exclude(ROW_REFERENCE).str.len_bytes().sum()))
    line_ends = rows.height - (not plain.endswith(b"\n"))
    if b"\r" in plain:
        line_ends += plain.count(b"\r", offset)
    expected = int(cells.item() or 0) + rows.height * (width - 1) + line_ends
    return rows.height > 0 and expected == len(plain) - offset


def _has_line_with_one_cell(rows: pl.DataFrame, header: _Header) -> bool:
    """Whether a line is empty but for its first cell: it may be a note, or an empty row."""
    import polars as pl

    first, *others = header.names
    last = pl.col(others[-1] if others else first)
    # all that may be empty sorts before "!" or begins with a no-break space
    perhaps = rows.filter((last < "!") | last.str.starts_with("\u00a0"))
    is_empty = pl.col(others).str.strip_chars(_EMPTY) == ""
    return bool(perhaps.select(pl.all_horizontal(is_empty).any()).item())
