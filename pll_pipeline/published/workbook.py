"""`pll.xlsx`: the marts with Norwegian headings, for those who work in a spreadsheet.

The first sheet says what the workbook is, the second draws the newest shares, the last explains
each column. Cells contain values only, never formulas. A sheet of more rows than anyone scrolls
through has the newest, and the first sheet says how many are left out.
Not here: the star tables (they are for models, not for reading), any other choice of rows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from typing import Any

import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from pll_pipeline.published.bilingual import from_comment
from pll_pipeline.published.csv import path_of
from pll_pipeline.published.draft import Draft
from pll_pipeline.published.duckdb import LOAD_TIME, Column, Table
from pll_pipeline.published.release_info import DESCRIPTION, SIMULATED, TITLE, iso
from pll_pipeline.published.sql import Sql, listed, quoted, statement
from pll_pipeline.vocabulary.columns import COLUMNS

FILE_NAME = "pll.xlsx"
# A sheet to read. CSV, Parquet and DuckDB have all rows, and a workbook of a million rows takes
# minutes to write and to open.
MOST_ROWS = 10_000
MOST_CHARACTERS = 32_767  # Excel's own limit; the writer cuts longer texts
ABOUT_SHEET, CHART_SHEET, COLUMN_SHEET = "Om", "Figur", "Kolonner"
_CHART_ROWS = 60  # a longer bar chart is not readable
_FIRST_YEAR = 1900
_TEXT_WAS_CUT = -2  # what the writer returns then
_LONGEST_SHEET_NAME = 31
_FORMULA_SIGNS = ("=", "+", "-", "@")
_WIDTHS = {"VARCHAR": 24, "BOOLEAN": 9, "DATE": 12, LOAD_TIME: 18}
_BATCH = 10_000  # rows read from the release at a time
_NATION = "land:NO"
_HOW_TO_READ = (
    "Overskriftene er forklart på arket Kolonner. Stjernemodellen og de samme tabellene som CSV, "
    "Parquet og DuckDB ligger i samme mappe."
)
_CHART_TEXT = (
    "Søylediagram over tabellen til venstre: nyeste publiserte andel i landet per mål og aktørtype."
)
_HEADINGS = (
    ("Ark", "Rader", "Hva det inneholder", "Utelatt"),
    ("Kilde", "Utgiver", "Lisens", "Kildehenvisning", "Nettside"),
    ("Kilder med eldre tall", "Hvorfor", "Tallene er hentet"),
)
_NEWEST_SHARES = """
    select
        measure_name || ', ' || lower(actor_type_name)
            || ' (' || strftime(month, '%Y-%m') || ')' as label,
        adoption_share
    from release.marts.mart_adoption_latest
    where region_key = ? and adoption_share is not null
    order by service_name, measure_name, adoption_share desc, actor_type_name
    limit ?
"""

Writer = Callable[[int, int, Any], int]


class _Book:
    """The workbook with its formats, and the sheet of each mart."""

    def __init__(self, draft: Draft) -> None:
        self.draft = draft
        self.file = xlsxwriter.Workbook(
            draft.folder / FILE_NAME,
            {
                "constant_memory": True,
                "tmpdir": str(draft.folder),
                "default_date_format": "yyyy-mm-dd",
            },
        )
        self.file.use_zip64()
        created = draft.info.built_at.replace(tzinfo=None)
        self.file.set_properties({"title": TITLE, "created": created})
        self.formats: dict[str, Format] = {
            name: self.file.add_format(format) for name, format in _FORMATS.items()
        }
        self.marts = [table for table in draft.tables if table.schema == "marts"]
        self.about: Worksheet = self.file.add_worksheet(ABOUT_SHEET)
        self.chart: Worksheet = self.file.add_worksheet(CHART_SHEET)
        self.sheets: dict[str, Worksheet] = {
            mart.name: self.file.add_worksheet(name)
            for mart, name in zip(self.marts, _sheet_names(self.marts), strict=True)
        }
        self.columns: Worksheet = self.file.add_worksheet(COLUMN_SHEET)


_FORMATS: dict[str, dict[str, Any]] = {
    "heading": {"bold": True, "text_wrap": True, "valign": "top", "bottom": 1},
    "title": {"bold": True, "font_size": 14},
    "bold": {"bold": True},
    "DATE": {"num_format": "yyyy-mm-dd"},
    LOAD_TIME: {"num_format": "yyyy-mm-dd hh:mm:ss"},
    "formula": {"quote_prefix": True},
    "share": {"num_format": "0.0 %"},
}


def write(draft: Draft) -> None:
    """Write one sheet per mart. The first sheet says what is left out and how much."""
    book = _Book(draft)
    _write_chart(book)
    left_out = {mart.name: _write_mart(book, mart) for mart in book.marts}
    _write_columns(book)
    _write_about(book, left_out)
    book.file.close()


def _sheet_names(marts: list[Table]) -> Iterator[str]:
    """A name for each mart that Excel accepts and that no other sheet has."""
    taken = {name.lower() for name in (ABOUT_SHEET, CHART_SHEET, COLUMN_SHEET)}
    for mart in marts:
        name = plain = mart.name.removeprefix("mart_")[:_LONGEST_SHEET_NAME]
        number = 1
        while name in taken:
            number += 1
            name = f"{plain[: _LONGEST_SHEET_NAME - 3]}_{number}"
        taken.add(name)
        yield name


def _write_chart(book: _Book) -> None:
    """The newest shares of the country as a table and a bar chart of it."""
    sheet, formats = book.chart, book.formats
    rows = book.draft.connection.execute(_NEWEST_SHARES, [_NATION, _CHART_ROWS]).fetchall()
    sheet.write_string(0, 0, "Mål, aktørtype (måned)", formats["heading"])
    sheet.write_string(0, 1, "Andel i landet", formats["heading"])
    sheet.set_column(0, 0, 60)
    sheet.set_column(1, 1, 14)
    sheet.freeze_panes(1, 0)
    write_text = _writer(sheet, "VARCHAR", formats)
    for row, (label, share) in enumerate(rows, 1):
        write_text(row, 0, label)
        sheet.write_number(row, 1, share, formats["share"])
    if rows:
        sheet.insert_chart(1, 3, _bars(book, len(rows)), {"description": _CHART_TEXT})
    else:
        sheet.write_string(1, 0, "Ingen andel for landet er publisert.")


def _bars(book: _Book, rows: int) -> Any:
    """A bar chart of the first rows of its sheet."""
    chart = book.file.add_chart({"type": "bar"})
    chart.add_series(
        {
            "name": "Andel i landet",
            "categories": [CHART_SHEET, 1, 0, rows, 0],
            "values": [CHART_SHEET, 1, 1, rows, 1],
            "fill": {"color": "#005f78"},
            "gap": 40,
        }
    )
    title = "Nyeste andel i landet"
    if book.draft.info.inputs.is_simulated:
        title = f"SIMULERTE TALL: {title}"
    chart.set_title({"name": title, "name_font": {"size": 12}})
    gridlines = {"visible": True, "line": {"color": "#d3dbe0"}}
    chart.set_x_axis({"min": 0, "max": 1, "num_format": "0 %", "major_gridlines": gridlines})
    chart.set_y_axis({"reverse": True})
    chart.set_legend({"none": True})
    chart.set_size({"width": 820, "height": 140 + 22 * rows})
    return chart


def _write_mart(book: _Book, mart: Table) -> str:
    """Write a mart and return what had to be left out, empty when nothing."""
    sheet, formats = book.sheets[mart.name], book.formats
    for position, column in enumerate(mart.columns):
        sheet.write_string(0, position, COLUMNS[column.name].label, formats["heading"])
        sheet.set_column(position, position, _WIDTHS.get(column.type, 14))
    shown = min(mart.rows, MOST_ROWS)
    sheet.freeze_panes(1, 0)
    sheet.autofilter(0, 0, shown, len(mart.columns) - 1)
    writers = [_writer(sheet, column.type, formats) for column in mart.columns]
    cut = 0
    for row, values in enumerate(_rows(book.draft, mart, shown), 1):
        for position, value in enumerate(values):
            if value is not None:
                cut += writers[position](row, position, value) == _TEXT_WAS_CUT
    left_out = []
    if mart.rows > shown:
        which = "nyeste" if _time(mart) else "første"
        left_out.append(
            f"{mart.rows - shown} av {mart.rows} rader; de {which} radene står her, "
            f"alle i {path_of(book.draft.folder, mart.name)}."
        )
    if cut:
        left_out.append(f"Slutten av {cut} tekster på mer enn {MOST_CHARACTERS} tegn.")
    return " ".join(left_out)


def _rows(draft: Draft, mart: Table, shown: int) -> Iterator[tuple[Any, ...]]:
    """The rows of a mart: all in order, or the newest `shown`."""
    query = statement(
        "select {columns} from {mart}",
        columns=listed(_without_zone(column) for column in mart.columns),
        mart=mart.within("release"),
    )
    time = _time(mart)
    if mart.rows > shown and time:
        query = statement(
            "{query} order by {time} desc nulls last", query=query, time=quoted(time.name)
        )
    reader = draft.connection.execute(statement("{query} limit {shown}", query=query, shown=shown))
    while batch := reader.fetchmany(_BATCH):
        yield from batch


def _time(mart: Table) -> Column | None:
    """The column that says how new a row is."""
    return next((c for c in mart.columns if c.name in ("month", "period_end")), None)


def _without_zone(column: Column) -> Sql:
    """The column; Excel has no time zones, so load times are written as they are in UTC."""
    name = quoted(column.name)
    return statement("cast({name} as timestamp)", name=name) if column.type == LOAD_TIME else name


def _writer(sheet: Worksheet, column_type: str, formats: dict[str, Format]) -> Writer:
    """A function that writes values of one type as that type, never as a formula."""

    def text(row: int, position: int, value: str) -> int:
        if value.startswith("<r>"):
            value = f" {value}"  # the writer would read it as mark-up of its own
        # the mark keeps Excel from making a formula of the text when its cell is edited
        style = formats["formula"] if value.startswith(_FORMULA_SIGNS) else None
        return int(sheet.write_string(row, position, value, style))

    def time(row: int, position: int, value: date) -> int:
        if value.year < _FIRST_YEAR:
            return text(row, position, iso(value))
        return int(sheet.write_datetime(row, position, value, formats[column_type]))

    def boolean(row: int, position: int, value: bool) -> int:
        return int(sheet.write_boolean(row, position, value))

    def number(row: int, position: int, value: float) -> int:
        return int(sheet.write_number(row, position, value))

    writers: dict[str, Writer] = {
        "VARCHAR": text,
        "BOOLEAN": boolean,
        "DATE": time,
        LOAD_TIME: time,
    }
    return writers.get(column_type, number)


def _write_columns(book: _Book) -> None:
    """The last sheet: each column of each mart with its heading and description."""
    sheet = book.columns
    lines = [("Ark", "Overskrift", "Kolonne", "Hva den sier")]
    lines += [
        (
            book.sheets[mart.name].name,
            COLUMNS[column.name].label,
            column.name,
            from_comment(column.comment).nb,
        )
        for mart in book.marts
        for column in mart.columns
    ]
    for row, line in enumerate(lines):
        style = book.formats["heading"] if row == 0 else None
        for position, text in enumerate(line):
            sheet.write_string(row, position, text, style)
    for position, width in enumerate((32, 26, 26, 90)):
        sheet.set_column(position, position, width)
    sheet.freeze_panes(1, 0)
    sheet.autofilter(0, 0, len(lines) - 1, 3)


def _write_about(book: _Book, left_out: dict[str, str]) -> None:
    """The first sheet: the release, its sheets, its sources."""
    for row, line in enumerate(_about(book, left_out)):
        for position, text in enumerate(line):
            is_bold = line in _HEADINGS or text == SIMULATED
            style = "title" if row == 0 else "bold" if is_bold else ""
            book.about.write_string(row, position, text, book.formats.get(style))
    for position, width in enumerate((34, 28, 60, 60, 60)):
        book.about.set_column(position, position, width)


def _about(book: _Book, left_out: dict[str, str]) -> list[tuple[str, ...]]:
    """The lines of the first sheet."""
    facts, inputs = book.draft.info.facts, book.draft.info.inputs
    sheets, sources, stale = _HEADINGS
    simulated = [(SIMULATED,)] if inputs.is_simulated else []
    lines: list[tuple[str, ...]] = [
        (TITLE,),
        *simulated,
        (DESCRIPTION,),
        (_HOW_TO_READ,),
        (),
        ("Utgave", facts["release_id"]),
        ("Laget", facts["built_at"]),
        ("Kontrakt", facts["contract_version"]),
        ("Kode", facts["code_version"]),
        ("Simulert", "ja" if inputs.is_simulated else "nei"),
        (),
        sheets,
    ]
    for mart in book.marts:
        description = from_comment(mart.comment).nb
        name = book.sheets[mart.name].name
        lines.append((name, str(mart.rows), description, left_out[mart.name]))
    lines += [(), sources]
    for source in inputs.sources:
        fields = ("title", "publisher", "licence", "attribution", "landing_page")
        lines.append(tuple(source[field] for field in fields))
    if inputs.stale_sources:
        lines += [(), stale]
        for source in inputs.stale_sources:
            taken = str(iso(source["snapshot_at"]) or "aldri")
            lines.append((source["source_name"], source["reason"], taken))
    return lines
