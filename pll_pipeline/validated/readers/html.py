"""A table in a web page → the table as published.

The table is found by its header, and by its caption or the heading before it where that is not
enough. Nothing a page asks for is fetched or run.
Not here: what a reader sees of a page (`page_*.py`), running text, numbers, dates, codes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING

from pll_pipeline.errors import PllError
from pll_pipeline.validated.readers.decoding import decode
from pll_pipeline.validated.readers.page_rest import DRAWN_TABLES, rest_of_page
from pll_pipeline.validated.readers.page_tables import (
    Cell,
    Row,
    Table,
    distinct,
    expanded,
    parsed_page,
    tables_of_page,
)
from pll_pipeline.validated.readers.table import ROW_REFERENCE, NotRead, PublishedTable
from pll_pipeline.vocabulary import patterns
from pll_pipeline.vocabulary.norwegian.text import comparable, plain_letters

if TYPE_CHECKING:
    import polars as pl

    from pll_pipeline.sources.model import Html

_MOST_LISTED = 12
_LOOK_AGAIN = "look at the publication and archive it again"


@dataclass(frozen=True)
class _Body:
    """The rows of a table, each with a cell per column, and the texts of rows that are none."""

    rows: list[tuple[Row, list[Cell]]]
    notes: list[str]
    repeated_headers: list[str]


def read(content: bytes, how: Html, *, where: str) -> PublishedTable:
    """One row per row of the table, and `row_reference` as file:table n row m, counted from 1.

    Cells count for every row and column they cover, and are marked as joined there. Raises
    `PllError` for bytes in another encoding, no table or several that fit, a repeated column, a row
    that is not as wide as the header, and a table without rows.
    """
    file = where.rsplit("/", 1)[-1]
    page = parsed_page(decode(content, how.encoding, where=where, what="page"), where)
    tables = tables_of_page(page, where)
    rest = rest_of_page(page, file)
    table = _chosen(tables, how, where, rest)
    names = _names(table, how)
    body = _body(table, len(names))
    used = [index for index, name in enumerate(names) if name or _has_value(body, index)]
    _refuse_repeated([names[index] for index in used], table)
    if not body.rows:
        raise PllError("The table has no rows", where=table.where, do=_LOOK_AGAIN)
    columns = {names[index]: [cells[index] for _, cells in body.rows] for index in used}
    references = [f"{file}:table {table.number} row {row.number}" for row, _ in body.rows]
    not_read = [
        *_not_read(table, body, f"{file}, table {table.number}"),
        *_other_tables(tables, table, file),
        *rest,
    ]
    published = _published(columns, references, tuple(not_read))
    return replace(published, texts_around=table.titles)


def headers(content: bytes, encoding: str, *, where: str) -> list[tuple[str, list[str]]]:
    """Title and header of every table that has rows, for choosing the one that is meant.

    The header of a table whose own is empty is that of the table before it.
    """
    page = parsed_page(decode(content, encoding, where=where, what="page"), where)
    tables = tables_of_page(page, where)
    seen = [table for table in tables if not table.is_hidden]
    by_number = {table.number: table for table in seen}
    by_number |= {table.number: table for table in _with_header_before(seen, lambda _: True)}
    with_rows = [table for table in by_number.values() if _has_rows(table)]
    return [(table.title, header) for table in with_rows if (header := _readable_header(table))]


def _readable_header(table: Table) -> list[str]:
    """The texts of the header; none where it is drawn in a way that no table of figures is."""
    try:
        return [text for text in table.joined_headings() if text]
    except PllError:
        return []


# --- which table ------------------------------------------------------------------------------


def _chosen(tables: list[Table], how: Html, where: str, rest: list[NotRead]) -> Table:
    """The one table that fits and has rows."""

    def fits(table: Table) -> bool:
        return _has_header(table, how.header) and _has_title(table, how.caption)

    shown = [table for table in tables if not table.is_hidden]
    fitting = [table for table in shown if fits(table)]
    with_rows = [table for table in fitting if _has_rows(table)]
    with_rows = with_rows or list(_with_header_before(shown, fits))
    if len(with_rows) == 1 or (with_rows and _are_copies(with_rows)):
        return with_rows[0]
    if not with_rows and len(fitting) == 1:
        return fitting[0]
    wanted = ", ".join(repr(text) for text in how.header)
    if how.caption:
        wanted += f" and a caption or heading that matches {how.caption!r}"
    if fitting:
        what = f"{len(fitting)} tables have a header with {wanted}"
        do = "say in the source file under read.caption or read.header which one is meant"
    elif any(fits(table) for table in tables):
        what = f"The table that has a header with {wanted} is hidden on the page"
        do = "look at the page: the table may have been replaced by another"
    else:
        what = f"No table has a header with {wanted}"
        do = (
            "see what the publisher changed, then correct read.header or read.caption in the"
            " source file"
        )
        what += "".join(f"; not read: {n.what} ({n.count})" for n in rest if n.what == DRAWN_TABLES)
    raise PllError(f"{what}; the page has {_listed(fitting or tables)}", where=where, do=do)


def _has_rows(table: Table) -> bool:
    """Whether anything but headings, once more, is below the header."""
    headings = _rows_of_headings(table)
    texts = ([cell.text for cell in row.cells] for row in table.body)
    return any(any(row) and [comparable(text) for text in row] not in headings for row in texts)


def _rows_of_headings(table: Table) -> list[list[str]]:
    return [[cell.heading for cell in row.cells] for row in table.head]


def _are_copies(tables: list[Table]) -> bool:
    """Whether the tables show the same cells, as pages do that have one for small screens too."""
    shown = [
        [[cell.text for cell in row.cells] for row in (*table.head, *table.body)]
        for table in tables
    ]
    return all(cells == shown[0] for cells in shown)


def _with_header_before(tables: list[Table], fits: Callable[[Table], bool]) -> Iterator[Table]:
    """The tables without a header of their own, each with that of the table before it.

    A table that scrolls below a fixed header is made so: one table with the header only, and one
    with the rows, whose own header is empty or not there.
    """
    for above, below in pairwise(tables):
        if not fits(above) or _has_rows(above) or below.has_own_header:
            continue
        is_marked = any(row.section == "thead" for row in below.head) or all(
            cell.is_heading for row in below.head for cell in row.cells
        )
        rows = below.body if is_marked else (*below.head, *below.body)
        width = len(above.joined_headings())
        if rows and all(len(cells) == width for _, cells in expanded(rows[:1], below.where)):
            yield replace(below, head=above.head, body=rows, titles=above.titles)


def _has_header(table: Table, wanted: list[str]) -> bool:
    """Whether the header has all texts, each as a single cell of it or joined from its rows."""
    cells = {cell.heading for row in table.head for cell in row.cells}
    missing = {comparable(text) for text in wanted} - cells
    # only a table that has the pieces is worth joining; another may be drawn in ways that cannot be
    pieces = {piece for text in missing for piece in text.split(" / ")}
    return not missing or (pieces <= cells and missing <= set(table.joined_headings()))


def _has_title(table: Table, pattern: str | None) -> bool:
    return pattern is None or any(
        patterns.is_found(pattern, plain_letters(title)) for title in table.titles
    )


def _listed(tables: list[Table]) -> str:
    """The tables by number, title and header texts, as one sentence of bearable length."""
    if not tables:
        return "no tables"
    parts = []
    for table in tables[:_MOST_LISTED]:
        headings = [cell.heading for row in table.head for cell in row.cells][:_MOST_LISTED]
        texts = ", ".join(repr(heading[:40]) for heading in headings)
        title = f" {table.title[:80]!r}" if table.title else ""
        parts.append(f"table {table.number}{title} with {texts or 'no header'}")
    rest = len(tables) - _MOST_LISTED
    return "; ".join(parts) + (f"; and {rest} more" if rest > 0 else "")


# --- columns and rows -------------------------------------------------------------------------


def _names(table: Table, how: Html) -> list[str]:
    """The names of the columns, from the source file or the header."""
    widths = {len(cells) for _, cells in expanded(table.head, table.where)}
    if len(widths) > 1:
        raise PllError(
            f"The header rows have {' and '.join(str(width) for width in sorted(widths))} cells",
            where=table.where,
            do="look at the page; when the publisher has corrected it, archive it again",
        )
    names = table.joined_headings()
    if how.columns and len(how.columns) != len(names):
        raise PllError(
            f"The header has {len(names)} columns, read.columns {len(how.columns)}",
            where=table.where,
            do="correct read.columns in the source file, or see what the publisher changed",
        )
    return list(how.columns or names)


def _refuse_repeated(names: list[str], table: Table) -> None:
    counts = Counter([*names, ROW_REFERENCE])
    repeated = [name for name in names if counts[name] > 1]
    if repeated:
        raise PllError(
            f"The column {repeated[0]!r} occurs twice"
            if repeated[0]
            else "Two columns have no heading",
            where=table.where,
            do="name the columns from left to right under read.columns in the source file, or ask"
            " the publisher",
        )


def _has_value(body: _Body, index: int) -> bool:
    return any(cells[index].text or cells[index].seen.fault for _, cells in body.rows)


def _body(table: Table, width: int) -> _Body:
    """The rows below the header. Raises `PllError` for a row that is not as wide as the header.

    A row without cells of its own belongs to the one above; a single cell in the foot is a note and
    no row; the header once more is no row either.
    """
    body = _Body([], [], [])
    headings = [[cell.heading for cell in cells] for _, cells in expanded(table.head, table.where)]
    headings.append(table.joined_headings())
    for row, cells in expanded(table.body, table.where):
        texts = [comparable(cell.text) for cell in cells]
        if row.section == "tfoot" and width > 1 and len(distinct(cells)) == 1:
            body.notes.append(texts[0])
        elif not row.cells and len(cells) in (0, width):
            continue
        elif len(cells) != width:
            raise PllError(
                f"The row has {len(cells)} cells, the header {width}",
                where=f"{table.where}, row {row.number}",
                do="look at the page: a row of another kind may be in the table, or it was saved"
                " in part",
            )
        elif texts in headings:
            body.repeated_headers.append(texts[0])
        elif any(texts) or any(cell.seen.fault for cell in cells):
            body.rows.append((row, cells))
    return body


# --- the published table ----------------------------------------------------------------------


def _published(
    columns: dict[str, list[Cell]], references: list[str], not_read: tuple[NotRead, ...]
) -> PublishedTable:
    import polars as pl

    times = Counter(id(cell) for cells in columns.values() for cell in cells)
    frame = pl.DataFrame(
        {name: [cell.text for cell in cells] for name, cells in columns.items()},
        schema_overrides=dict.fromkeys(columns, pl.String),
    )
    joined = {name: _mask(times[id(cell)] > 1 for cell in cells) for name, cells in columns.items()}
    return PublishedTable(
        frame.with_columns(pl.Series(ROW_REFERENCE, references, dtype=pl.String)),
        joined_cells={name: mask for name, mask in joined.items() if mask.any()},
        faults={
            (index, name): cell.seen.fault
            for name, cells in columns.items()
            for index, cell in enumerate(cells)
            if cell.seen.fault
        },
        not_read=not_read,
    )


def _mask(values: Iterable[bool]) -> pl.Series:
    import polars as pl

    return pl.Series(list(values), dtype=pl.Boolean)


def _other_tables(tables: list[Table], chosen: Table, file: str) -> Iterator[NotRead]:
    """The other tables of the page that have a header and rows, hidden ones apart."""
    others = [table for table in tables if table.number != chosen.number]
    hidden = [table for table in others if table.is_hidden and table.body]
    shown = [t for t in others if not t.is_hidden and t.has_own_header and _has_rows(t)]
    for what, found in (("hidden tables", hidden), ("other tables", shown)):
        if found:
            headings = ", ".join(cell.heading for row in found[0].head for cell in row.cells)
            yield NotRead(file, what, len(found), found[0].title or headings)


def _not_read(table: Table, body: _Body, where: str) -> Iterator[NotRead]:
    """What the table contains besides the texts of its rows, by kind."""
    cells = distinct([cell for _, row in body.rows for cell in row])
    kinds = {
        "hidden rows": list(table.hidden_rows),
        "hidden texts in cells": [text for cell in cells for text in cell.seen.hidden],
        "struck texts in cells": [text for cell in cells for text in cell.seen.struck],
        "footnote marks in cells": [text for cell in cells for text in cell.seen.marks],
        "rows that repeat the header": body.repeated_headers,
        "notes in the foot of the table": body.notes,
    }
    for what, texts in kinds.items():
        if texts:
            yield NotRead(where, what, len(texts), texts[0])
