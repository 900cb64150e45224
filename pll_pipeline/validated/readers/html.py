"""A table in a web page → the table as published.

The table is found by its header, and by its caption or the heading before it where that is not enough. Nothing a page
asks for is fetched or run. Not here: running text, numbers, dates, codes.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from itertools import zip_longest
from typing import TYPE_CHECKING, Any

from pll_pipeline.errors import PllError

if TYPE_CHECKING:
    from collections.abc import Iterator

    import polars as pl

    from pll_pipeline.sources.model import Html

MOST_SPANNED = 1000
MOST_CELLS = 25_000_000
LONGEST_MARK = 3
_HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")
_BREAKS = frozenset(
    [
        "address",
        "article",
        "aside",
        "blockquote",
        "br",
        "caption",
        "dd",
        "details",
        "div",
        "dl",
        "dt",
        "fieldset",
        "figcaption",
        "figure",
        "footer",
        "form",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "header",
        "hr",
        "li",
        "main",
        "nav",
        "ol",
        "p",
        "pre",
        "section",
        "summary",
        "table",
        "ul",
    ]
)
_UNSEEN = frozenset(("script", "style", "template", "noscript", "table"))
_MEND = "look at the page, and ask the publisher to correct it"
_SPACE = re.compile(r"((?<=\d)[\u00a0\u202f\u2007](?=\d))|[ \t\n\r\f\v\u00a0\u202f\u2007]+")


@dataclass(frozen=True)
class _Cell:
    text: str
    rows: int
    columns: int
    is_heading: bool


@dataclass(frozen=True)
class _Row:
    """A row of a page: its cells, and its number in the table, counted from the first row, header included."""

    number: int
    section: str
    section_number: int
    cells: tuple[_Cell, ...]


@dataclass(frozen=True)
class _Table:
    """A table of the page. `head` holds its header rows, `body` all others, `titles` the nodes of its caption and heading."""

    number: int
    where: str
    titles: tuple[Any, ...]
    head: tuple[_Row, ...]
    body: tuple[_Row, ...]


def read(content: bytes, how: Html, *, where: str) -> pl.DataFrame:
    """One row per row of the table, every cell as text, plus `row_reference` as file:table n row m, both counted from 1.

    Spanned cells count for every row and column they cover. Raises `PllError` for bytes in another encoding, no table or
    several that fit, a repeated column, a row that is not as wide as the header, and a table without rows.
    """
    import polars as pl

    table = _chosen(_tables(_decoded(content, how.encoding, where), where), how, where)
    columns = _columns(table)
    rows = [(row, texts) for row, texts in _body(table, len(columns)) if any(texts)]
    if not rows:
        raise PllError(
            "The table has no rows",
            where=table.where,
            do="look at the publication and archive it again",
        )
    file = where.rsplit("/", 1)[-1]
    frame = pl.DataFrame(
        [texts for _, texts in rows], schema={name: pl.String for name in columns}, orient="row"
    )
    return frame.with_columns(
        pl.Series(
            "row_reference", [f"{file}:table {table.number} row {row.number}" for row, _ in rows]
        )
    )


def headers(content: bytes, encoding: str, *, where: str) -> list[tuple[str, list[str]]]:
    """Title and header texts of every table of the page that has a header, for whoever looks for the one that is meant."""
    found = [table for table in _tables(_decoded(content, encoding, where), where) if table.head]
    return [
        (
            next(filter(None, map(_text, table.titles)), ""),
            [text for text in _joined(table) if text],
        )
        for table in found
    ]


def _decoded(content: bytes, encoding: str, where: str) -> str:
    try:
        return content.decode(encoding).removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise PllError(
            f"The page is not {encoding}: byte {error.start} cannot be read",
            where=f"{where}, line {line}",
            do="ask whether the publisher changed the encoding, then say so in the source file under read.encoding",
        ) from error


def _tables(page: str, where: str) -> list[_Table]:
    """Every table of the page in its order, each with its caption and the nearest heading before it."""
    from selectolax.lexbor import LexborHTMLParser

    tables: list[_Table] = []
    heading = None
    for node in LexborHTMLParser(page).css(",".join((*_HEADINGS, "table"))):
        if node.tag == "table":
            tables.append(_table(node, len(tables) + 1, heading, where))
        else:
            heading = node
    return tables


def _table(node: Any, number: int, heading: Any, where: str) -> _Table:
    where = f"{where}, table {number}"
    captions = [child for child in _children(node) if child.tag == "caption"][:1]
    rows = list(_rows(node))
    head = [row for row in rows if row.section == "thead" and row.cells] or _leading_headings(rows)
    numbers = {row.number for row in head}
    body = tuple(row for row in rows if row.number not in numbers and row.section != "thead")
    return _Table(
        number, where, (*captions, *([heading] if heading is not None else [])), tuple(head), body
    )


def _leading_headings(rows: list[_Row]) -> list[_Row]:
    """The header of a table without <thead>: the first rows that hold headings only, else its first row."""
    filled = [row for row in rows if row.cells]
    ends = next(
        (
            index
            for index, row in enumerate(filled)
            if not all(cell.is_heading for cell in row.cells)
        ),
        len(filled),
    )
    return filled[: max(ends, 1)]


def _rows(table: Any) -> Iterator[_Row]:
    """The table's own rows; those of tables inside it are not its own."""
    number = 0
    for section_number, part in enumerate(_children(table)):
        if part.tag in ("thead", "tbody", "tfoot"):
            for row in _children(part):
                if row.tag == "tr":
                    number += 1
                    yield _Row(number, part.tag, section_number, tuple(_cells(row)))


def _cells(row: Any) -> Iterator[_Cell]:
    for cell in _children(row):
        if cell.tag in ("td", "th"):
            yield _Cell(
                _text(cell), _span(cell, "rowspan"), _span(cell, "colspan") or 1, cell.tag == "th"
            )


def _span(cell: Any, attribute: str) -> int:
    """How many rows or columns a cell covers, as a browser takes it: what is no number is 1; 0 rows are all that follow."""
    number = re.match(r"\s*\+?(\d{1,20})", cell.attributes.get(attribute) or "", re.ASCII)
    return int(number[1]) if number else 1


def _children(node: Any) -> Iterator[Any]:
    child = node.child
    while child is not None:
        yield child
        child = child.next


def _text(node: Any) -> str:
    """What a reader sees of a node: no scripts, no footnote marks, nothing of a table inside it, white space collapsed."""
    return _SPACE.sub(lambda space: space[1] or " ", _raw_text(node)).strip()


def _raw_text(node: Any) -> str:
    # a stack, because a page may be nested more deeply than calls can be
    pieces: list[str] = []
    waiting: list[Any] = list(_children(node))[::-1]
    while waiting:
        part = waiting.pop()
        if isinstance(part, str):
            pieces.append(part)
        elif part.is_text_node:
            pieces.append(part.text_content or "")
        elif part.is_element_node:
            edge = " " if part.tag in _BREAKS else ""
            pieces.append(edge)
            if part.tag not in _UNSEEN and not (part.tag == "sup" and _is_footnote_mark(part)):
                waiting.append(edge)
                waiting.extend(list(_children(part))[::-1])
    return "".join(pieces)


def _is_footnote_mark(sup: Any) -> bool:
    return sup.css_first("a") is not None or len((sup.text() or "").strip()) <= LONGEST_MARK


def _chosen(tables: list[_Table], how: Html, where: str) -> _Table:
    matching = [
        table
        for table in tables
        if _has_header(table, how.header) and _has_title(table, how.caption)
    ]
    if len(matching) == 1:
        return matching[0]
    asked = ", ".join(repr(text) for text in how.header) + (
        f" and a caption or heading that matches {how.caption!r}" if how.caption else ""
    )
    if matching:
        what, do = (
            f"{len(matching)} tables have a header with {asked}",
            "say in the source file under read.caption or read.header which one is meant",
        )
    else:
        what, do = (
            f"No table has a header with {asked}",
            "see what the publisher changed, then correct read.header or read.caption in the source file",
        )
    raise PllError(f"{what}; the page has {_listed(matching or tables)}", where=where, do=do)


def _listed(tables: list[_Table]) -> str:
    """The tables by number, title and header texts, as one sentence of bearable length."""
    if not tables:
        return "no tables"
    told = []
    for table in tables[:12]:
        title = next(filter(None, map(_text, table.titles)), "")
        texts = ", ".join(
            repr(cell.text[:40]) for cell in [cell for row in table.head for cell in row.cells][:12]
        )
        told.append(
            f"table {table.number}"
            + (f" {title[:80]!r}" if title else "")
            + f" with {texts or 'no header'}"
        )
    return "; ".join(told) + (f"; and {len(tables) - 12} more" if len(tables) > 12 else "")


def _has_header(table: _Table, wanted: list[str]) -> bool:
    """Whether the header holds all texts, each as a single cell of it or joined from its rows."""
    cells = {_collapsed(cell.text) for row in table.head for cell in row.cells}
    missing = {_collapsed(text) for text in wanted} - cells
    # only a table that has the pieces is worth joining; another may be drawn in ways that cannot be joined
    pieces = {piece for text in missing for piece in text.split(" / ")}
    return not missing or (pieces <= cells and missing <= set(_joined(table)))


def _has_title(table: _Table, pattern: str | None) -> bool:
    return pattern is None or any(
        re.search(pattern, title) for title in map(_text, table.titles) if title
    )


def _columns(table: _Table) -> list[str]:
    widths = {len(cells) for _, cells in _expanded(table.head, table.where)}
    if len(widths) > 1:
        raise PllError(
            f"The header rows have {' and '.join(str(width) for width in sorted(widths))} cells",
            where=table.where,
            do="look at the page; when the publisher mended it, archive it again",
        )
    names = _joined(table)
    counts = Counter([*names, "row_reference"])
    repeated = [name for name in names if counts[name] > 1]
    if repeated:
        what = (
            f"The column {repeated[0]!r} stands twice"
            if repeated[0]
            else "Two columns have no heading"
        )
        raise PllError(what, where=table.where, do="look at the publication and archive it again")
    return names


def _joined(table: _Table) -> list[str]:
    """The header texts of every column from top to bottom; a cell that spans several header rows says its text once."""
    columns = zip_longest(*(cells for _, cells in _expanded(table.head, table.where)))
    return [
        " / ".join(text for cell in _once(column) if (text := _collapsed(cell.text)))
        for column in columns
    ]


def _once(column: tuple[_Cell | None, ...]) -> list[_Cell]:
    return list({id(cell): cell for cell in column if cell is not None}.values())


def _body(table: _Table, width: int) -> Iterator[tuple[_Row, list[str]]]:
    """The rows below the header with their texts. Raises `PllError` for a row that is not as wide as the header.

    A row without cells of its own belongs to the one above; a single cell in the foot is a note and no row.
    """
    for row, cells in _expanded(table.body, table.where):
        is_note = row.section == "tfoot" and width > 1 and len(_once(tuple(cells))) == 1
        if (not row.cells and len(cells) in (0, width)) or is_note:
            continue
        if len(cells) != width:
            raise PllError(
                f"The row has {len(cells)} cells, the header {width}",
                where=f"{table.where}, row {row.number}",
                do="look at the page: a row of another kind may stand in the table, or it was saved in part",
            )
        yield row, [cell.text for cell in cells]


def _expanded(rows: tuple[_Row, ...], where: str) -> Iterator[tuple[_Row, list[_Cell]]]:
    """Every row with the cells that cover it, in order of columns. A cell does not reach beyond its part of the table."""
    reaching: dict[int, tuple[_Cell, int]] = {}
    section = None
    expanded = 0
    for row in rows:
        if row.section_number != section:
            reaching, section = {}, row.section_number
        line = {column: cell for column, (cell, _) in reaching.items()}
        reaching = {
            column: (cell, left - 1) for column, (cell, left) in reaching.items() if left > 1
        }
        column = 0
        expanded += len(line)
        for cell in row.cells:
            expanded += cell.columns
            _refuse_wide_spans(cell, expanded, f"{where}, row {row.number}")
            while column in line:
                column += 1
            for covered in range(column, column + cell.columns):
                if covered in line:
                    raise PllError(
                        "Two cells cover the same place",
                        where=f"{where}, row {row.number}",
                        do=_MEND,
                    )
                line[covered] = cell
                if cell.rows != 1:
                    reaching[covered] = (cell, cell.rows - 1 if cell.rows else MOST_CELLS)
        yield row, [line[column] for column in sorted(line)]


def _refuse_wide_spans(cell: _Cell, expanded: int, where: str) -> None:
    spans = max(cell.rows, cell.columns)
    if spans > MOST_SPANNED or expanded > MOST_CELLS:
        what = (
            f"A cell spans {spans} rows or columns, more than {MOST_SPANNED}"
            if spans > MOST_SPANNED
            else f"The table has more than {MOST_CELLS} cells"
        )
        raise PllError(what, where=where, do=_MEND)


def _collapsed(text: str) -> str:
    return " ".join(text.split())
