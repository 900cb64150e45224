"""`pll.xlsx`: the marts with Norwegian headings, for those who work in a spreadsheet.

The first sheet says what the workbook is, the last what each column means. Cells hold values only, never formulas. A
sheet of more rows than anybody scrolls through holds the newest, and the first sheet says how many are left out.
Not here: the star tables (they are for models, not for reading), any other choice of rows or figures.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import xlsxwriter
from duckdb import DuckDBPyConnection
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from pll_pipeline.published.duckdb import LOAD_TIME, Table, quoted
from pll_pipeline.published.release_info import DESCRIPTION, SIMULATED, TITLE, ReleaseInfo, iso
from pll_pipeline.vocabulary.columns import COLUMNS

FILE_NAME = "pll.xlsx"
MOST_ROWS = 10_000  # a sheet to read; whoever needs all has csv, Parquet and DuckDB beside it, and a workbook of a million rows takes minutes to write and to open
MOST_CHARACTERS = 32_767  # Excel's own limit; texts are cut by the writer
CHART_SHEET = "Figur"
_CHART_ROWS = 60  # more bars than that nobody reads
_FIRST_YEAR = 1900
_TEXT_WAS_CUT = -2  # what the writer returns then
_LONGEST_SHEET_NAME = 31
_FORMULA_SIGNS = ("=", "+", "-", "@")
_WIDTHS = {"VARCHAR": 24, "BOOLEAN": 9, "DATE": 12, LOAD_TIME: 18}


def write(
    folder: Path, connection: DuckDBPyConnection, tables: tuple[Table, ...], imprint: ReleaseInfo
) -> None:
    """Write one sheet per mart. What there is no room for is left out, and the first sheet says how much."""
    book = xlsxwriter.Workbook(
        folder / FILE_NAME,
        {"constant_memory": True, "tmpdir": str(folder), "default_date_format": "yyyy-mm-dd"},
    )
    book.use_zip64()
    book.set_properties({"title": TITLE, "created": imprint.built_at.replace(tzinfo=None)})
    formats = {
        "heading": book.add_format({"bold": True, "text_wrap": True, "valign": "top", "bottom": 1}),
        "title": book.add_format({"bold": True, "font_size": 14}),
        "bold": book.add_format({"bold": True}),
        "DATE": book.add_format({"num_format": "yyyy-mm-dd"}),
        LOAD_TIME: book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"}),
        "formula": book.add_format({"quote_prefix": True}),
        "share": book.add_format({"num_format": "0.0 %"}),
    }
    marts = [table for table in tables if table.schema == "marts"]
    about = book.add_worksheet("Om")
    if "mart_adoption_latest" in {table.name for table in marts}:
        _write_chart(book, connection, formats, imprint)
    sheets = {
        table.name: book.add_worksheet(name)
        for table, name in zip(marts, _sheet_names(marts), strict=True)
    }
    left_out = {
        table.name: _write_mart(sheets[table.name], connection, table, formats) for table in marts
    }
    _write_columns(book.add_worksheet("Kolonner"), marts, sheets, formats)
    _write_about(about, marts, sheets, left_out, imprint, formats)
    book.close()


def _write_chart(
    book: xlsxwriter.Workbook,
    connection: DuckDBPyConnection,
    formats: dict[str, Format],
    imprint: ReleaseInfo,
) -> None:
    """The newest shares of the country as a table and a bar chart of it."""
    sheet = book.add_worksheet(CHART_SHEET)
    rows = connection.execute(
        f"""
        select measure_name || ', ' || lower(actor_type_name) || ' (' || strftime(month, '%Y-%m') || ')', adoption_share
        from release.marts.mart_adoption_latest
        where region_key = 'land:NO' and adoption_share is not null
        order by service_name, measure_name, adoption_share desc limit {_CHART_ROWS}
        """
    ).fetchall()
    sheet.write_string(0, 0, "Mål, aktørtype (måned)", formats["heading"])
    sheet.write_string(0, 1, "Andel i landet", formats["heading"])
    sheet.set_column(0, 0, 60)
    sheet.set_column(1, 1, 14)
    sheet.freeze_panes(1, 0)
    write = _writer(sheet, "VARCHAR", formats)
    for row, (name, share) in enumerate(rows, 1):
        write(row, 0, name)
        sheet.write_number(row, 1, share, formats["share"])
    if not rows:
        sheet.write_string(1, 0, "Ingen andel for landet er publisert.")
        return
    chart = book.add_chart({"type": "bar"})
    chart.add_series(
        {
            "name": "Andel i landet",
            "categories": [CHART_SHEET, 1, 0, len(rows), 0],
            "values": [CHART_SHEET, 1, 1, len(rows), 1],
            "fill": {"color": "#005f78"},
            "gap": 40,
        }
    )
    title = "Nyeste andel i landet"
    chart.set_title(
        {
            "name": f"SIMULERTE TALL: {title}" if imprint.inputs.is_simulated else title,
            "name_font": {"size": 12},
        }
    )
    chart.set_x_axis(
        {
            "min": 0,
            "max": 1,
            "num_format": "0 %",
            "major_gridlines": {"visible": True, "line": {"color": "#d3dbe0"}},
        }
    )
    chart.set_y_axis({"reverse": True})
    chart.set_legend({"none": True})
    chart.set_size({"width": 820, "height": 140 + 22 * len(rows)})
    sheet.insert_chart(
        1,
        3,
        chart,
        {
            "description": "Søylediagram over tabellen til venstre: nyeste publiserte andel i landet per mål og aktørtype."
        },
    )


def heading(column: str) -> str:
    """The Norwegian heading of a column; its own name where the vocabulary does not know it."""
    return COLUMNS[column].label if column in COLUMNS else column


def norwegian(comment: str) -> str:
    """The Norwegian half of a comment "English. | Norsk.", or the whole where it is not in two languages."""
    return comment.split(" | ", 1)[-1]


def _sheet_names(marts: list[Table]) -> Iterator[str]:
    taken = {"om", "kolonner", CHART_SHEET.lower()}
    for mart in marts:
        name = plain = mart.name.removeprefix("mart_")[:_LONGEST_SHEET_NAME]
        number = 1
        while name in taken:
            number += 1
            name = f"{plain[: _LONGEST_SHEET_NAME - 3]}_{number}"
        taken.add(name)
        yield name


def _write_mart(
    sheet: Worksheet, connection: DuckDBPyConnection, table: Table, formats: dict[str, Format]
) -> str:
    """Write a mart and return what had to be left out, empty when nothing."""
    # Excel knows no time zones: load times go in as what they are in UTC.
    columns = ", ".join(
        f"cast({quoted(c.name)} as timestamp)" if c.type == LOAD_TIME else quoted(c.name)
        for c in table.columns
    )
    for position, column in enumerate(table.columns):
        sheet.write_string(0, position, heading(column.name), formats["heading"])
        sheet.set_column(position, position, _WIDTHS.get(column.type, 14))
    sheet.freeze_panes(1, 0)
    shown = min(table.rows, MOST_ROWS)
    sheet.autofilter(0, 0, shown, len(table.columns) - 1)
    cut = 0
    writers = [_writer(sheet, column.type, formats) for column in table.columns]
    time = next((quoted(c.name) for c in table.columns if c.name in ("month", "period_end")), None)
    newest_first = f"order by {time} desc nulls last" if table.rows > shown and time else ""
    reader = connection.execute(
        f"select {columns} from {table.within('release')} {newest_first} limit {shown}"
    )
    row = 0
    while batch := reader.fetchmany(10_000):
        for values in batch:
            row += 1
            for position, value in enumerate(values):
                if value is not None:
                    cut += writers[position](row, position, value) == _TEXT_WAS_CUT
    left_out = []
    if table.rows > shown:
        which = "de nyeste radene står her" if newest_first else "de første radene står her"
        left_out.append(
            f"{table.rows - shown} av {table.rows} rader; {which}, alle i csv/{table.name}.csv."
        )
    if cut:
        left_out.append(f"Slutten av {cut} tekster på mer enn {MOST_CHARACTERS} tegn.")
    return " ".join(left_out)


def _writer(
    sheet: Worksheet, column_type: str, formats: dict[str, Format]
) -> Callable[[int, int, Any], int]:
    """What writes the values of one type: each as what it is, never as a formula."""

    def text(row: int, position: int, value: str) -> int:
        if value.startswith("<r>"):
            value = f" {value}"  # the writer would take it for mark-up of its own
        # The mark keeps Excel from turning the text into a formula when somebody edits the cell.
        return sheet.write_string(
            row, position, value, formats["formula"] if value.startswith(_FORMULA_SIGNS) else None
        )

    def time(row: int, position: int, value: date) -> int:
        if value.year < _FIRST_YEAR:
            return text(row, position, iso(value))
        return sheet.write_datetime(row, position, value, formats[column_type])

    if column_type == "VARCHAR":
        return text
    if column_type == "BOOLEAN":
        return sheet.write_boolean
    return time if column_type in ("DATE", LOAD_TIME) else sheet.write_number


def _write_columns(
    sheet: Worksheet, marts: list[Table], sheets: dict[str, Worksheet], formats: dict[str, Format]
) -> None:
    lines = [("Ark", "Overskrift", "Kolonne", "Hva den sier")]
    lines += [
        (sheets[t.name].name, heading(c.name), c.name, norwegian(c.comment))
        for t in marts
        for c in t.columns
    ]
    for row, line in enumerate(lines):
        for position, text in enumerate(line):
            sheet.write_string(row, position, text, formats["heading"] if row == 0 else None)
    for position, width in enumerate((32, 26, 26, 90)):
        sheet.set_column(position, position, width)
    sheet.freeze_panes(1, 0)
    sheet.autofilter(0, 0, len(lines) - 1, 3)


def _write_about(
    sheet: Worksheet,
    marts: list[Table],
    sheets: dict[str, Worksheet],
    left_out: dict[str, str],
    imprint: ReleaseInfo,
    formats: dict[str, Format],
) -> None:
    facts, inputs = imprint.facts, imprint.inputs
    lines: list[tuple[str, ...]] = [(TITLE,)]
    lines += [(SIMULATED,)] if inputs.is_simulated else []
    lines += [
        (DESCRIPTION,),
        (
            "Overskriftene er forklart på arket Kolonner. Stjernemodellen og de samme tabellene som CSV, Parquet og DuckDB ligger i samme mappe.",
        ),
        (),
        ("Utgave", facts["release_id"]),
        ("Laget", facts["built_at"]),
        ("Kontrakt", facts["contract_version"]),
        ("Kode", facts["code_version"]),
        ("Simulert", "ja" if inputs.is_simulated else "nei"),
        (),
        ("Ark", "Rader", "Hva det inneholder", "Utelatt"),
        *(
            (sheets[t.name].name, str(t.rows), norwegian(t.comment), left_out[t.name])
            for t in marts
        ),
        (),
        ("Kilde", "Utgiver", "Lisens", "Kildehenvisning", "Nettside"),
        *(
            (s["title"], s["publisher"], s["licence"], s["attribution"], s["landing_page"])
            for s in inputs.sources
        ),
    ]
    if inputs.stale_sources:
        lines += [(), ("Kilder med eldre tall", "Hvorfor", "Tallene er hentet")]
        lines += [
            (s["source_name"], s["reason"], str(iso(s["snapshot_at"]) or "aldri"))
            for s in inputs.stale_sources
        ]
    for row, line in enumerate(lines):
        is_heading = bool(line) and line[0] in ("Ark", "Kilde", "Kilder med eldre tall")
        for position, text in enumerate(line):
            style = "title" if row == 0 else "bold" if is_heading or text == SIMULATED else None
            sheet.write_string(row, position, text or "", formats[style] if style else None)
    for position, width in enumerate((34, 28, 60, 60, 60)):
        sheet.set_column(position, position, width)
