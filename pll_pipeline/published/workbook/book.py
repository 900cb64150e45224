"""The workbook as a file: its sheets in a reader's order, its formats, its print set-up, its cells.

Not here: what is on a sheet.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date, datetime
from math import ceil
from pathlib import Path
from textwrap import wrap
from typing import Any

import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from pll_pipeline.published.draft import Draft
from pll_pipeline.published.duckdb import LOAD_TIME, Table
from pll_pipeline.published.release_info import SIMULATED, TITLE, iso

MOST_CHARACTERS = 32_767  # Excel's own limit; the writer cuts longer texts
TEXT_WAS_CUT = -2  # what the writer returns then
ABOUT, CROSS_TABLE, CHART, COLUMNS = "Om", "Region og tjeneste", "Figur", "Kolonner"
# The sheet of each mart, the most useful first. A mart that is not here comes after them.
SHEETS = {
    "mart_adoption_latest": "Nyeste tall",
    "mart_readiness_by_area": "Områdene i dag",
    "mart_target_status": "Mål og frister",
    "mart_rollout_by_area_month": "Innføring",
    "mart_adoption_by_region_actor_month": "Utvikling",
    "mart_adoption_by_current_region_actor_month": "Utvikling i dagens regioner",
    "mart_spread_by_measure_month": "Spredning",
    "mart_adoption_forecast": "Framskriving",
    "mart_key_figures": "Alle publiserte tall",
    "mart_revisions": "Endringer",
    "mart_coverage_by_source_month": "Dekning",
    "mart_reconciliation": "Avstemming",
}
_LONGEST_SHEET_NAME = 31
_FIRST_YEAR = 1900
_FORMULA_SIGNS = ("=", "+", "-", "@")
_A4 = 9
_HEIGHT_OF_LINE = 15  # in points, of the standard font
_WIDTH_OF_PAGE = 280  # in characters, of a page that is still read on paper
_FORMATS: dict[str, dict[str, Any]] = {
    "heading": {"bold": True, "text_wrap": True, "valign": "top", "bottom": 1},
    "title": {"bold": True, "font_size": 14},
    "bold": {"bold": True},
    "note": {"italic": True},
    "DATE": {"num_format": "yyyy-mm-dd"},
    LOAD_TIME: {"num_format": "yyyy-mm-dd hh:mm:ss"},
    "formula": {"quote_prefix": True},
    "share": {"num_format": "0.0 %"},
    "change": {"num_format": "+0.0 %;-0.0 %;0.0 %"},
    "count": {"num_format": "#,##0"},
    "range": {"align": "right"},
    "month": {"num_format": "yyyy-mm"},
    "fact": {"num_format": "#,##0", "align": "left", "valign": "top"},
    "wrapped": {"text_wrap": True, "valign": "top"},
    "service": {"bold": True, "bg_color": "#d5e6eb"},
}

# What a figure that is not exact has before it in its cell, which stays a number.
_QUALIFIERS = {"at_least": "minst", "at_most": "høyst", "approx": "ca.", "estimate": "anslag"}
_NUMBERS = {"share": "0.0 %", "count": "#,##0"}
_FORMATS |= {
    f"{number} {qualifier}": {"num_format": f'"{word} "{number_format}'}
    for number, number_format in _NUMBERS.items()
    for qualifier, word in _QUALIFIERS.items()
}

Writer = Callable[[int, int, Any], int]


class Book:
    """The workbook with its formats, and the sheet of each mart."""

    def __init__(self, draft: Draft, path: Path) -> None:
        self.draft = draft
        self.file = _opened(path, draft.info.built_at)
        self.formats: dict[str, Format] = {
            name: self.file.add_format(format) for name, format in _FORMATS.items()
        }
        order = list(SHEETS)
        self.marts = sorted(
            (table for table in draft.tables if table.schema == "marts"),
            key=lambda mart: order.index(mart.name) if mart.name in order else len(order),
        )
        self.about = self._sheet(ABOUT)
        self.cross_table = self._sheet(CROSS_TABLE, heading_rows=(1, 2))
        self.chart = self._sheet(CHART)
        self.sheets: dict[str, Worksheet] = {
            mart.name: self._sheet(name, heading_rows=(0, 0))
            for mart, name in zip(self.marts, _sheet_names(self.marts), strict=True)
        }
        self.columns = self._sheet(COLUMNS, heading_rows=(0, 0))

    def _sheet(self, name: str, heading_rows: tuple[int, int] | None = None) -> Worksheet:
        """A sheet that prints on A4 across, as wide as the paper, with its heading on each page."""
        sheet = self.file.add_worksheet(name)
        sheet.set_paper(_A4)
        sheet.set_landscape()
        sheet.fit_to_pages(1, 0)
        sheet.set_margins(left=0.4, right=0.4, top=0.6, bottom=0.6)
        mark = f"{SIMULATED} · " if self.draft.info.inputs.is_simulated else ""
        sheet.set_footer(f"&L{mark}{TITLE.replace('&', '&&')} · &A&RSide &P av &N")
        if heading_rows:
            sheet.repeat_rows(*heading_rows)
        return sheet

    def write_headings(
        self, sheet: Worksheet, headings: Sequence[str], widths: Sequence[int], *, row: int = 0
    ) -> None:
        """Write the headings of columns in a row that is high enough for the longest of them."""
        lines = max(map(_lines, headings, widths), default=1)
        sheet.set_row(row, _HEIGHT_OF_LINE * lines)
        for position, heading in enumerate(headings):
            sheet.write_string(row, position, heading, self.formats["heading"])

    def write_texts(
        self, sheet: Worksheet, row: int, cells: Sequence[str | int], widths: Sequence[int]
    ) -> None:
        """Write texts and counts in a row that is high enough for the longest text."""
        lines = max((_lines(str(cell), width) for cell, width in zip(cells, widths, strict=False)))
        sheet.set_row(row, _HEIGHT_OF_LINE * lines)
        for position, cell in enumerate(cells):
            if isinstance(cell, int):
                sheet.write_number(row, position, cell, self.formats["fact"])
            else:
                sheet.write_string(row, position, cell, self.formats["wrapped"])

    def set_widths(self, sheet: Worksheet, widths: Sequence[int], *, repeated: int = 0) -> None:
        """Give the shown columns their widths, and the sheet as many pages across as they need.

        On each page the first columns are `repeated`.
        """
        for position, width in enumerate(widths):
            sheet.set_column(position, position, width)
        names = sum(widths[:repeated])
        on_the_right = max(_WIDTH_OF_PAGE - names, _WIDTH_OF_PAGE // 2)
        sheet.fit_to_pages(max(1, ceil((sum(widths) - names) / on_the_right)), 0)
        if repeated:
            sheet.repeat_columns(0, repeated - 1)


def _opened(path: Path, built_at: datetime) -> xlsxwriter.Workbook:
    """A workbook to be written row by row, in the folder of the file."""
    options = {"constant_memory": True, "tmpdir": str(path.parent)}
    file = xlsxwriter.Workbook(path, options | {"default_date_format": "yyyy-mm-dd"})
    file.use_zip64()
    file.set_properties({"title": TITLE, "created": built_at.replace(tzinfo=None)})
    return file


def _lines(heading: str, width: int) -> int:
    """How many lines the words of a heading take in a column of this width."""
    bold = max(width - 2, 1)  # letters in bold are wider
    return len(wrap(heading, bold)) or 1


def _sheet_names(marts: Iterable[Table]) -> Iterator[str]:
    """A name for each mart that Excel accepts and that no other sheet has."""
    taken = {name.lower() for name in (ABOUT, CROSS_TABLE, CHART, COLUMNS)}
    for mart in marts:
        plain = mart.name.removeprefix("mart_")[:_LONGEST_SHEET_NAME]
        name = plain = SHEETS.get(mart.name, plain)
        number = 1
        while name.lower() in taken:
            number += 1
            name = f"{plain[: _LONGEST_SHEET_NAME - 3]}_{number}"
        taken.add(name.lower())
        yield name


def qualified(number: str, qualifier: str | None) -> str:
    """The name of the format of a share or a count with its qualifier."""
    return f"{number} {qualifier}" if qualifier in _QUALIFIERS else number


def with_qualifier(text: str, qualifier: str | None) -> str:
    """A figure as a text, with its qualifier."""
    return f"{_QUALIFIERS[qualifier]} {text}" if qualifier in _QUALIFIERS else text


def writer(
    sheet: Worksheet,
    column_type: str,
    formats: dict[str, Format],
    number_format: str = "",
    labels: dict[str, str] | None = None,
) -> Writer:
    """A function that writes values of one type as that type, never as a formula.

    A text that is a key of `labels` is written as its label.
    """
    names = labels or {}

    def text(row: int, position: int, value: str) -> int:
        value = names.get(value, value)
        style = None
        if value.startswith("<r>"):
            value = f" {value}"  # the writer would read it as mark-up of its own
        elif value.startswith(_FORMULA_SIGNS):
            # the mark keeps Excel from making a formula of the text when its cell is edited
            style = formats["formula"]
        return int(sheet.write_string(row, position, value, style))

    def time(row: int, position: int, value: date) -> int:
        if value.year < _FIRST_YEAR:
            return text(row, position, iso(value))
        return int(sheet.write_datetime(row, position, value, formats[column_type]))

    def boolean(row: int, position: int, value: bool) -> int:
        return int(sheet.write_boolean(row, position, value))

    def number(row: int, position: int, value: float) -> int:
        return int(sheet.write_number(row, position, value, formats.get(number_format)))

    writers: dict[str, Writer] = {"VARCHAR": text, "BOOLEAN": boolean}
    writers |= {"DATE": time, LOAD_TIME: time}
    return writers.get(column_type, number)
