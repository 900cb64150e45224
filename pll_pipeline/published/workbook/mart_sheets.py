"""The sheet of a mart: typed cells, shares as per cent, coded values in Norwegian.

Not here: which rows and columns (`shown_rows.py`).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pll_pipeline.published.csv import path_of
from pll_pipeline.published.duckdb import LOAD_TIME, Column, Table
from pll_pipeline.published.sql import Sql
from pll_pipeline.published.workbook import shown_rows
from pll_pipeline.published.workbook.book import MOST_CHARACTERS, TEXT_WAS_CUT, Book, Writer, writer
from pll_pipeline.published.workbook.shown_rows import Shown, shown
from pll_pipeline.vocabulary.code_labels import labels_of
from pll_pipeline.vocabulary.columns import COLUMNS

_BATCH = 10_000  # rows read from the release at a time
_WIDTHS = {"DATE": 11, LOAD_TIME: 19, "BOOLEAN": 8}
_NARROWEST, _WIDEST = 9, 48
_ROWS_MEASURED = 1_000  # that the width of a column follows
_CHANGES = ("change_1m", "change_12m")


def write(book: Book, mart: Table) -> str:
    """Write a mart and return what had to be left out, empty when nothing."""
    parts = shown(mart)
    sheet = book.sheets[mart.name]
    headings = [COLUMNS[column.name].label for column in parts.columns]
    book.write_headings(sheet, headings, [_least_width(column) for column in parts.columns])
    rows, cut, widths = _write_rows(book, mart, parts)
    names = [column.name for column in parts.columns]
    region = next((n for n in ("region_label", "region_name") if n in names), None)
    named = names.index(region) + 1 if region else 0
    book.set_widths(sheet, widths[: parts.readers_columns], repeated=named)
    for position in range(parts.readers_columns, len(widths)):
        sheet.set_column(position, position, widths[position], None, {"level": 1, "hidden": True})
    if parts.readers_columns < len(widths):
        sheet.set_column(len(widths), len(widths), None, None, {"collapsed": True})
    sheet.freeze_panes(1, named)
    sheet.autofilter(0, 0, max(rows, 1), len(widths) - 1)
    csv = path_of(book.draft.folder, mart.name)
    is_full = rows == shown_rows.MOST_ROWS_OF_HISTORY < mart.rows
    which = f"de {rows} nyeste av {parts.which}" if is_full else parts.which
    return _left_out(mart, rows, which, cut, csv)


def _left_out(mart: Table, rows: int, which: str, cut: int, csv: str) -> str:
    left_out = []
    if mart.rows > rows:
        left_out.append(
            f"{mart.rows - rows} av {mart.rows} rader. Her er {which}; "
            f"alle rader er i {csv} eller parquet/{mart.name}.parquet."
        )
    if cut:
        left_out.append(f"Slutten av {cut} tekster på mer enn {MOST_CHARACTERS} tegn.")
    return " ".join(left_out)


def _write_rows(book: Book, mart: Table, parts: Shown) -> tuple[int, int, list[int]]:
    """Write the rows; returns how many, how many texts were cut, and the width of each column."""
    writers = _writers(book, mart, parts.columns, of_shares=False)
    writers_of_shares = _writers(book, mart, parts.columns, of_shares=True)
    widths = [_least_width(column) for column in parts.columns]
    row = cut = 0
    for row, (is_of_share, *values) in enumerate(_rows(book, parts.query), 1):
        cells = writers_of_shares if is_of_share else writers
        for position, value in enumerate(values):
            if value is not None:
                cut += cells[position](row, position, value) == TEXT_WAS_CUT
        if row <= _ROWS_MEASURED:
            for position, value in enumerate(values):
                if isinstance(value, str) and len(value) >= widths[position]:
                    widths[position] = min(len(value) + 1, _WIDEST)
    return row, cut, widths


def _rows(book: Book, query: Sql) -> Iterator[tuple[Any, ...]]:
    reader = book.draft.connection.execute(query)
    while batch := reader.fetchmany(_BATCH):
        yield from batch


def _least_width(column: Column) -> int:
    """The width of the values of its type, and of the longest word in its heading."""
    longest_word = max(len(word) for word in COLUMNS[column.name].label.split())
    return max(_WIDTHS.get(column.type, _NARROWEST), longest_word + 2)


def _writers(
    book: Book, mart: Table, columns: tuple[Column, ...], *, of_shares: bool
) -> list[Writer]:
    """A writer for each column, of rows whose measure is a share or of the others."""
    sheet = book.sheets[mart.name]
    return [
        writer(sheet, column.type, book.formats, _format(column, of_shares), _labels(column))
        for column in columns
    ]


def _format(column: Column, of_shares: bool) -> str:
    """The name of the format of a number: per cent, a change in per cent, or a count."""
    if column.type == "BIGINT":
        return "count"
    if column.type != "DOUBLE":
        return ""
    if column.name in _CHANGES:
        return "change"
    is_share = any(part in column.name for part in ("share", "percentile", "interval_level"))
    return "share" if is_share or of_shares else ""


def _labels(column: Column) -> dict[str, str]:
    """Code → its Norwegian name."""
    return {code: label.nb for code, label in labels_of(column.name).items()}
