"""A sheet of an Excel workbook (.xlsx) → the table as published.

What a cell shows is what counts, not what it stores. Sheet and header are found by their texts.
Formulas are never evaluated, only their stored results read. The modules, from the file inwards:
`package` opens the archive, `styles`, `texts`, `conditions` and `sheet` read its parts, `grid` is
what a reader sees of a sheet, with `shown_numbers` and `shown_dates` for the formats that
`format_code` reads, and `table` is the table on it.
Not here: numbers, dates, codes, and what the sheet says around its table.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

from pll_pipeline.errors import PllError
from pll_pipeline.sources.model import Workbook
from pll_pipeline.validated.readers.table import NotRead, PublishedTable
from pll_pipeline.validated.readers.workbook.beside_cells import beside_cells
from pll_pipeline.validated.readers.workbook.grid import Grid, Settings, shown
from pll_pipeline.validated.readers.workbook.package import (
    Attributes,
    Package,
    attribute,
    is_true,
    opened,
)
from pll_pipeline.validated.readers.workbook.sheet import SheetReader
from pll_pipeline.validated.readers.workbook.styles import Styles, styles_of
from pll_pipeline.validated.readers.workbook.table import table_of
from pll_pipeline.validated.readers.workbook.texts import SharedTexts, shared_texts
from pll_pipeline.vocabulary import patterns
from pll_pipeline.vocabulary.norwegian.text import plain_letters

__all__ = ["SheetSeen", "read", "sheets"]


@dataclass(frozen=True)
class SheetSeen:
    """A sheet of a workbook: its name, whether it is hidden, and what it shows where it is not."""

    name: str
    is_hidden: bool
    grid: Grid | None


def read(content: bytes, how: Workbook, *, where: str) -> PublishedTable:
    """One row per row of the sheet's table; `row_reference` as file:sheet!row.

    A cell that shows something unknown (an error, a formula without a result, a format that is not
    understood) is a fault of the table. Raises `PllError` for anything but a sound .xlsx workbook,
    a sheet or header that is not there, a heading used twice, and a table without rows.
    """
    with opened(content, where) as package:
        book = _book(package)
        chosen = _chosen(book, how, where)
        grid = book.grid(chosen, reads_scaled=how.scaled_numbers == "as_shown")
    grid.not_read += _other_sheets(book, chosen)
    return table_of(grid, how, where.rsplit("/", 1)[-1])


def sheets(content: bytes, *, where: str) -> list[SheetSeen]:
    """All sheets of a workbook in their order, and what the visible ones show.

    Raises `PllError` for anything but a sound .xlsx workbook.
    """
    with opened(content, where) as package:
        book = _book(package)
        return [
            SheetSeen(
                sheet.name,
                sheet.is_hidden,
                None if sheet.is_hidden else book.grid(sheet, reads_scaled=False),
            )
            for sheet in book.sheets
        ]


@dataclass(frozen=True)
class _SheetEntry:
    """A sheet as the workbook lists it: `part` is where its cells are."""

    name: str
    is_hidden: bool
    part: str


@dataclass
class _Book:
    """The sheets of a workbook, and what it says of all of them."""

    package: Package
    part: str
    sheets: list[_SheetEntry] = field(default_factory=list)
    starts_in_1904: bool = False
    calculates_on_opening: bool = False
    chart_sheets: list[str] = field(default_factory=list)

    @cached_property
    def texts(self) -> SharedTexts:
        """The texts that cells share."""
        return shared_texts(self.package, self.package.related(self.part, "sharedStrings"))

    @cached_property
    def styles(self) -> Styles:
        """The styles of cells."""
        return styles_of(self.package, self.package.related(self.part, "styles"))

    def grid(self, entry: _SheetEntry, *, reads_scaled: bool) -> Grid:
        """What a reader sees of a sheet."""
        where = f"{self.package.where}, sheet {entry.name!r}"
        reader = SheetReader(
            entry.name, where, self.texts, calculates_on_opening=self.calculates_on_opening
        )
        self.package.parse(entry.part, reader)
        settings = Settings(self.starts_in_1904, reads_scaled)
        grid = shown(reader.result(), self.styles, settings, where)
        grid.not_read += beside_cells(self.package, entry.part, entry.name)
        return grid


class _BookReader:
    """Takes the elements of the workbook's own part."""

    def __init__(self, book: _Book, relations: dict[str, tuple[str, str]]) -> None:
        self.book = book
        self._relations = relations

    def start(self, name: str, attributes: Attributes) -> None:
        """An element begins."""
        if name == "sheet":
            self._sheet(attributes)
        elif name == "workbookPr":
            self.book.starts_in_1904 = is_true(attributes.get("date1904"))
        elif name == "calcPr":
            self.book.calculates_on_opening = is_true(attributes.get("fullCalcOnLoad"))

    def _sheet(self, attributes: Attributes) -> None:
        """A sheet of cells, or one of a chart, which has none."""
        kind, part = self._relations.get(attribute(attributes, "id") or "", ("", ""))
        if kind == "worksheet":
            is_hidden = attributes.get("state", "visible") != "visible"
            self.book.sheets.append(_SheetEntry(attributes.get("name", ""), is_hidden, part))
        elif kind == "chartsheet":
            self.book.chart_sheets.append(attributes.get("name", ""))

    def end(self, name: str) -> None:
        """Nothing ends that matters."""

    def text(self, text: str) -> None:
        """The workbook's own part has no text that matters."""


def _book(package: Package) -> _Book:
    parts = package.related("", "officeDocument")
    part = parts[0] if parts else "xl/workbook.xml"
    book = _Book(package, part)
    package.parse(part, _BookReader(book, package.relations(part)))
    return book


def _chosen(book: _Book, how: Workbook, where: str) -> _SheetEntry:
    """The sheet that is meant. A hidden sheet is not published."""
    fitting = [
        sheet
        for sheet in book.sheets
        if how.sheet is None or patterns.is_found(how.sheet, plain_letters(sheet.name))
    ]
    visible = [sheet for sheet in fitting if not sheet.is_hidden]
    if len(visible) == 1:
        return visible[0]
    hidden = {sheet.name for sheet in book.sheets if sheet.is_hidden}
    names = ", ".join(
        f"{sheet.name!r}{' (hidden)' if sheet.name in hidden else ''}" for sheet in book.sheets
    )
    do = "correct read.sheet in the source file, or see what the publisher changed"
    if fitting and not visible:
        what = f"The sheet {fitting[0].name!r} is hidden, so it is not published"
    elif how.sheet is None:
        what = f"The workbook has {len(visible)} sheets: {names or 'none'}"
        do = "name the sheet that is meant in the source file under read.sheet"
    else:
        what = (
            f"{len(visible) or 'No'} sheets have a name that matches {how.sheet!r}; the workbook"
            f" has {names or 'none'}"
        )
    raise PllError(what, where=where, do=do)


def _other_sheets(book: _Book, chosen: _SheetEntry) -> list[NotRead]:
    """The sheets that are not read, hidden ones apart."""
    notes = []
    for is_hidden, what in ((True, "hidden sheets"), (False, "other sheets")):
        names = [s.name for s in book.sheets if s is not chosen and s.is_hidden is is_hidden]
        if names:
            notes.append(NotRead("the workbook", what, len(names), names[0]))
    if charts := book.chart_sheets:
        notes.append(NotRead("the workbook", "sheets of one chart", len(charts), charts[0]))
    return notes
