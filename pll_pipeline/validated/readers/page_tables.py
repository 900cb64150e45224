"""The tables of a web page as a reader sees them: rows, cells, what a cell covers, what is hidden.

Not here: which table is meant and what its columns are called (`html.py`), text (`page_text.py`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pll_pipeline.errors import PllError
from pll_pipeline.validated.readers.page_style import PageStyle
from pll_pipeline.validated.readers.page_text import SeenText, children, seen_text
from pll_pipeline.validated.readers.table import refuse_long_texts
from pll_pipeline.vocabulary.norwegian.text import comparable
from pll_pipeline.vocabulary.page_depth import refuse_depth

if TYPE_CHECKING:
    from selectolax.lexbor import LexborHTMLParser

MOST_SPANNED = 1000
MOST_CELLS = 25_000_000
_HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")
_SPAN = re.compile(r"\s*\+?(\d{1,20})", re.ASCII)
_REPAIR = "look at the page, and ask the publisher to correct it"


@dataclass(frozen=True)
class Cell:
    """A cell: its text, the rows and columns it covers, and whether it is a heading."""

    seen: SeenText
    rows: int
    columns: int
    is_heading: bool

    @property
    def text(self) -> str:
        """The text that a reader sees."""
        return self.seen.text

    @property
    def heading(self) -> str:
        """The text as a heading, which may be one that only screen readers get."""
        return comparable(self.seen.text or " ".join(self.seen.hidden))


@dataclass(frozen=True)
class Row:
    """A row: its cells, its number in the table from 1, hidden rows counted, and its section."""

    number: int
    section: str
    section_number: int
    cells: tuple[Cell, ...]


@dataclass(frozen=True)
class Table:
    """A table of the page.

    `titles`: its caption and the nearest heading before it. `head`: its header rows. `body`: all
    other rows. `hidden_rows`: the texts of the rows that are not shown.
    """

    number: int
    where: str
    titles: tuple[str, ...]
    head: tuple[Row, ...]
    body: tuple[Row, ...]
    hidden_rows: tuple[str, ...] = ()
    is_hidden: bool = False

    @property
    def title(self) -> str:
        """The caption, else the heading before the table, else nothing."""
        return next(iter(self.titles), "")

    @property
    def width_of_all_cells(self) -> int:
        """How many columns its cells cover together, in the rows they begin in."""
        rows = (*self.head, *self.body)
        return sum(min(cell.columns, MOST_SPANNED) for row in rows for cell in row.cells)

    @property
    def has_own_header(self) -> bool:
        """Whether its first rows are marked as header and have text."""
        cells = [cell for row in self.head for cell in row.cells]
        is_marked = any(cell.is_heading for cell in cells) or any(
            row.section == "thead" for row in self.head
        )
        return is_marked and any(cell.text for cell in cells)

    def joined_headings(self) -> list[str]:
        """The heading of every column from top to bottom, joined by ` / `.

        A cell that spans several header rows counts once.
        """
        rows = [cells for _, cells in expanded(self.head, self.where)]
        width = max(map(len, rows), default=0)
        headings = []
        for column in range(width):
            cells = [row[column] for row in rows if column < len(row)]
            texts = [cell.heading for cell in distinct(cells)]
            headings.append(" / ".join(text for text in texts if text))
        return headings


def distinct(cells: Sequence[Cell]) -> list[Cell]:
    """The cells, each once, also where one covers several places."""
    return list({id(cell): cell for cell in cells}.values())


def parsed_page(page: str, where: str) -> LexborHTMLParser:
    """The elements of a page. Raises `PllError` for one with too many within each other."""
    from selectolax.lexbor import LexborHTMLParser

    refuse_depth(page, where)
    return LexborHTMLParser(page)


def tables_of_page(page: LexborHTMLParser, where: str) -> list[Table]:
    """Every table of the page in its order, with its caption and the nearest heading before it."""
    style = PageStyle(page, where)
    tables: list[Table] = []
    heading = None
    cells = 0
    for node in page.css(",".join((*_HEADINGS, "table"))):
        if node.tag == "table":
            tables.append(_table(node, len(tables) + 1, heading, style, where))
            cells += tables[-1].width_of_all_cells
            if cells > MOST_CELLS:
                what = f"The tables of the page have more than {MOST_CELLS} cells"
                raise PllError(what, where=where, do=_REPAIR)
        else:
            heading = node
    return tables


def _table(node: Any, number: int, heading: Any, style: PageStyle, where: str) -> Table:
    where = f"{where}, table {number}"
    shown = style.shown_in_page(node)
    captions = [child for child in children(node) if child.tag == "caption"][:1]
    titles = [_title(title, style) for title in (*captions, heading) if title is not None]
    hidden_rows: list[str] = []
    rows = list(_rows(node, style, hidden_rows))
    _refuse_hidden_column(node, style, where)
    head = [row for row in rows if row.section == "thead" and row.cells] or _leading_headings(rows)
    numbers = {row.number for row in head}
    body = tuple(row for row in rows if row.number not in numbers and row.section != "thead")
    return Table(
        number,
        where,
        tuple(filter(None, titles)),
        tuple(head),
        body,
        tuple(hidden_rows),
        is_hidden=shown.is_gone or shown.is_invisible,
    )


def _title(node: Any, style: PageStyle) -> str:
    """The text of a caption or heading, which may be one that only screen readers get."""
    return comparable(seen_text(node, style).text or node.text() or "")


def _leading_headings(rows: list[Row]) -> list[Row]:
    """The header where there is no <thead>: the first rows of headings only, else the first row."""
    filled = [row for row in rows if row.cells]
    ends = (
        index for index, row in enumerate(filled) if not all(cell.is_heading for cell in row.cells)
    )
    return filled[: max(next(ends, len(filled)), 1)]


def _rows(table: Any, style: PageStyle, hidden_rows: list[str]) -> Iterator[Row]:
    """The table's own rows that are shown; the texts of others go to `hidden_rows`."""
    number = 0
    table_is_gone = style.shown_in_page(table).is_gone
    for section_number, part in enumerate(children(table)):
        if part.tag not in ("thead", "tbody", "tfoot"):
            continue
        for row in children(part):
            if row.tag != "tr":
                continue
            number += 1
            shown = style.shown_in_page(row)
            if table_is_gone or not (shown.is_gone or shown.is_invisible):
                yield Row(number, part.tag, section_number, tuple(_cells(row, style)))
            elif text := comparable(row.text(separator=" ") or ""):
                hidden_rows.append(text)


def _cells(row: Any, style: PageStyle) -> Iterator[Cell]:
    """The cells of a row that have a place in it; one without does not move the others."""
    of_row = style.shown_in_page(row)
    for cell in children(row):
        if cell.tag not in ("td", "th"):
            continue
        shown = style.shown(cell, of_row)
        if of_row.is_gone or not shown.is_gone:
            attributes = cell.attributes
            yield Cell(
                seen_text(cell, style, shown),
                _span(attributes, "rowspan"),
                _span(attributes, "colspan") or 1,
                cell.tag == "th",
            )


def _span(attributes: Mapping[str, str | None], name: str) -> int:
    """How many rows or columns a cell covers, as a browser takes it.

    What is no number is 1; 0 rows are all that follow.
    """
    stated = attributes.get(name)
    number = _SPAN.match(stated) if stated else None
    return int(number[1]) if number else 1


def _refuse_hidden_column(table: Any, style: PageStyle, where: str) -> None:
    for part in children(table):
        columns = children(part) if part.tag == "colgroup" else ()
        for column in (part, *columns):
            if column.tag in ("col", "colgroup") and style.shown_in_page(column).is_invisible:
                raise PllError(
                    "The page hides a whole column of the table, which its cells do not show",
                    where=where,
                    do=_REPAIR,
                )


def expanded(rows: tuple[Row, ...], where: str) -> Iterator[tuple[Row, list[Cell]]]:
    """Every row with the cells that cover it, in order of columns.

    A cell does not reach beyond its section of the table. Raises `PllError` for two cells in one
    place, and for spans that no table of figures has.
    """
    reaching: dict[int, tuple[Cell, int]] = {}
    section = None
    count = characters = 0
    for row in rows:
        if row.section_number != section:
            reaching, section = {}, row.section_number
        line = {column: cell for column, (cell, _) in reaching.items()}
        reaching = {
            column: (cell, left - 1) for column, (cell, left) in reaching.items() if left > 1
        }
        column = 0
        count += len(line)
        for cell in row.cells:
            count += cell.columns
            _refuse_wide_spans(cell, count, f"{where}, row {row.number}")
            while column in line:
                column += 1
            _put(cell, column, line, reaching, f"{where}, row {row.number}")
        characters += sum(len(cell.text) for cell in line.values())
        refuse_long_texts(characters, f"{where}, row {row.number}")
        yield row, [line[column] for column in sorted(line)]


def _put(
    cell: Cell,
    column: int,
    line: dict[int, Cell],
    reaching: dict[int, tuple[Cell, int]],
    where: str,
) -> None:
    """Give the cell all the columns it covers, from `column` on."""
    for covered in range(column, column + cell.columns):
        if covered in line:
            raise PllError("Two cells cover the same place", where=where, do=_REPAIR)
        line[covered] = cell
        if cell.rows != 1:
            reaching[covered] = (cell, cell.rows - 1 if cell.rows else MOST_CELLS)


def _refuse_wide_spans(cell: Cell, count: int, where: str) -> None:
    spans = max(cell.rows, cell.columns)
    if spans > MOST_SPANNED or count > MOST_CELLS:
        what = (
            f"A cell spans {spans} rows or columns, more than {MOST_SPANNED}"
            if spans > MOST_SPANNED
            else f"The table has more than {MOST_CELLS} cells"
        )
        raise PllError(what, where=where, do=_REPAIR)
