"""How the simulated publisher publishes: workbook, CSV, tables and sentences in pages.

Each takes the cells of a world after suppression (`disclosure.suppress`) and returns a
`Publication` as publishers make them: cover sheets, merged headers, footnotes, Norwegian numbers
and months, marks for what is not shown. Not here: the statistics bank (`statistics_bank.py`), the
Power BI report (`powerbi_report.py`), sockets and misbehaviour (`publisher.py`), the figures of the
world (`adoption.py`).
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import date, datetime
from html import escape
from typing import NamedTuple

import polars as pl
import xlsxwriter
from babel.dates import format_date
from babel.numbers import format_decimal

from pll_pipeline.simulation.disclosure import SMALL, WITHHELD
from pll_pipeline.simulation.exchange import Publication, Request, Response

LEVELS = {
    "land": "Land",
    "rhf": "Regionalt helseforetak",
    "hf": "Helseforetak",
    "helsefellesskap": "Helsefellesskap",
    "fylke": "Fylke",
    "kommune": "Kommune",
}
NOT_STATISTICS = "Simulerte tall. Ingen har publisert dem, og de er ikke statistikk."
NOTES = (
    f"{SMALL}: færre enn 5, skjermet av personvernhensyn.",
    f"{WITHHELD}: skjermet for at andre tall ikke skal kunne regnes ut.",
    NOT_STATISTICS,
)
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
# What is published for longer periods than a month, by service and actor type; an empty actor type
# is every one of the service. Each is a stock, as it was at the end of the period.
_QUARTERLY = frozenset(
    {("e-multidose", ""), ("sfm", "hjemmetjeneste"), ("sfm", "sykehjem"), ("sfm", "sykehus")}
)
_YEARLY = frozenset({("e-resept", "sykehjem")})
_PATIENTS_OF_AN_OFFICE = 3_600
_USERS_OF_A_PHARMACY = 1_150
_LANGUAGE = "nb_NO"
_PAGE_BEGINS = "<!doctype html><html lang=nb><head><meta charset=utf-8>"


class _Row(NamedTuple):
    """One cell as it is published; the last three are texts, as counts may be marks."""

    level: str
    region_code: str
    region_name: str
    actor_type: str
    month: date
    in_use: str
    eligible: str
    period: str


def document(content: bytes, content_type: str) -> Publication:
    """A publication that is one file."""

    def respond(request: Request) -> Response:
        if request.method != "GET":
            return Response(b"", status=405)
        return Response(content, content_type)

    return respond


def workbook(cells: pl.DataFrame) -> Publication:
    """An Excel workbook with a cover and a sheet of figures.

    The sheet has a title, a header of two rows, the figures, and notes below them.
    """
    file = io.BytesIO()
    with xlsxwriter.Workbook(file, {"in_memory": True, "constant_memory": True}) as book:
        # A workbook with the time it was made would differ every night.
        book.set_properties({"title": "Simulert: bruk av SFM", "created": publication_day(cells)})
        cover = book.add_worksheet("Om tallene")
        cover.write_string(0, 0, "Bruk av sentral forskrivningsmodul")
        cover.write_string(1, 0, NOT_STATISTICS)
        cover.write_string(2, 0, "Tallene står på arket «Tall per region».")
        sheet = book.add_worksheet("Tall per region")
        _write_header(sheet, book.add_format({"bold": True}))
        last = 3
        for last, row in enumerate(_rows(cells), 4):
            _write_row(sheet, last, row)
        for number, note in enumerate(NOTES, last + 2):
            sheet.write_string(number, 0, note)
    return document(file.getvalue(), XLSX)


def _write_header(sheet: xlsxwriter.worksheet.Worksheet, bold: xlsxwriter.format.Format) -> None:
    """A title, and headings of two rows with merged cells."""
    sheet.write_string(0, 0, "Virksomheter som bruker SFM", bold)
    sheet.merge_range(2, 0, 2, 2, "Region", bold)
    sheet.merge_range(2, 5, 2, 6, "Antall virksomheter", bold)
    sheet.write_string(2, 3, "Aktørtype", bold)
    sheet.write_string(2, 4, "Måned", bold)
    lower = {0: "Nivå", 1: "Nummer", 2: "Navn", 5: "I bruk", 6: "Kan ta i bruk"}
    for column, text in lower.items():
        sheet.write_string(3, column, text, bold)


def _write_row(sheet: xlsxwriter.worksheet.Worksheet, number: int, row: _Row) -> None:
    labels = (LEVELS[row.level], row.region_code, row.region_name, row.actor_type, row.period)
    for column, text in enumerate(labels):
        sheet.write_string(number, column, text)
    for column, text in ((5, row.in_use), (6, row.eligible)):
        if text.isdigit():
            sheet.write_number(number, column, int(text))
        else:
            sheet.write_string(number, column, text)


def delimited(cells: pl.DataFrame) -> Publication:
    """A CSV as a Norwegian Excel saves it.

    Windows-1252, semicolons, a no-break space in thousands, months by name.
    """
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=";", lineterminator="\r\n")
    writer.writerow(
        ("Nivå", "Regionnummer", "Region", "Aktørtype", "Måned", "I bruk", "Kan ta i bruk")
    )
    for row in _rows(cells):
        region = (LEVELS[row.level], row.region_code, row.region_name)
        figures = (_grouped(row.in_use), _grouped(row.eligible))
        writer.writerow((*region, row.actor_type, row.period, *figures))
    content = text.getvalue().encode("windows-1252", "xmlcharrefreplace")
    return document(content, "text/csv; charset=windows-1252")


def table_page(cells: pl.DataFrame) -> Publication:
    """A page with two tables: the newest month in the country, and everything.

    Their headers have spans and footnotes.
    """
    is_newest = (pl.col("month") == pl.col("month").max()) & (pl.col("region_level") == "land")
    newest = cells.filter(is_newest)
    summary = "".join(_summary_row(row) for row in _rows(newest))
    figures = "".join(_figure_row(row) for row in _rows(cells))
    page = (
        f"{_PAGE_BEGINS}<title>Elektronisk multidose</title></head><body><main>"
        f"<h1>Elektronisk multidose</h1><p><strong>{NOT_STATISTICS}</strong></p>"
        f"<table><caption>Hele landet, {newest['period_text'][0]}</caption>"
        f"<tr><th>Aktørtype<th>I bruk<th>Kan ta i bruk</tr>{summary}</table>"
        "<table><caption>Alle regioner og måneder</caption><thead><tr>"
        "<th>Nivå</th><th>Nummer</th><th>Region</th><th>Aktørtype</th><th>Måned</th>"
        "<th>I bruk<sup>1</sup></th><th>Kan ta i bruk</th></tr></thead>"
        f"<tbody>{figures}</tbody></table>"
        f"<p><sup>1</sup> {' '.join(escape(note) for note in NOTES[:2])}</p></main></body></html>"
    )
    return document(page.encode(), "text/html; charset=utf-8")


def _summary_row(row: _Row) -> str:
    figures = f"<td>{_grouped(row.in_use)}</td><td>{_grouped(row.eligible)}</td>"
    return f"<tr><th scope=row>{escape(row.actor_type)}</th>{figures}</tr>"


def _figure_row(row: _Row) -> str:
    texts = (
        LEVELS[row.level],
        row.region_code,
        row.region_name,
        row.actor_type,
        row.period,
        _grouped(row.in_use),
        _grouped(row.eligible),
    )
    return "<tr>" + "".join(f"<td>{escape(text)}</td>" for text in texts) + "</tr>"


def prose_page(cells: pl.DataFrame) -> Publication:
    """A page with national figures in sentences, and with words such as «om lag» before them."""
    month: date = cells.select(pl.col("month").max()).item()
    offices = _in_use(cells, "pll", "legekontor", month)
    pharmacies = _in_use(cells, "e-multidose", "multidoseapotek", _newest(cells, "e-multidose"))
    patients = offices * _PATIENTS_OF_AN_OFFICE // 1000 * 1000
    users = round(pharmacies * _USERS_OF_A_PHARMACY, -2)
    when = _month_name(month)
    page = (
        f"{_PAGE_BEGINS}<title>Nøkkeltall</title></head><body><main><h1>Nøkkeltall</h1>"
        f"<p>{NOT_STATISTICS} Innføringen fortsetter i hele landet.</p>"
        f"<p>Ved utgangen av {when} hadde over {_grouped(str(patients))} pasienter fått opprettet "
        "pasientens legemiddelliste. Tallet vokser hver måned.</p>"
        f"<p>Om lag {_grouped(str(users))} brukere fikk multidose i {when}, "
        "på papir eller elektronisk.</p></main></body></html>"
    )
    return document(page.encode(), "text/html; charset=utf-8")


def in_published_periods(cells: pl.DataFrame) -> pl.DataFrame:
    """The cells of months that end a published period, with its name as `period_text`.

    Most figures are published for every month; those of e-multidose and most of SFM for each
    quarter, and those of nursing homes with e-resept for each year.
    """
    grain = pl.when(_is_of(_QUARTERLY)).then(3).when(is_published_by_year()).then(12).otherwise(1)
    ended = cells.with_columns(months=grain).filter(
        pl.col("month").dt.month().cast(pl.Int32) % pl.col("months") == 0
    )
    keys = ended.select("month", "months").unique()
    texts = [_period_name(month, months) for month, months in keys.iter_rows()]
    named = keys.with_columns(period_text=pl.Series(texts, dtype=pl.String))
    return ended.join(named, on=["month", "months"], maintain_order="left").drop("months")


def is_published_by_year() -> pl.Expr:
    """Whether a cell is of a service and actor type that are published once a year."""
    return _is_of(_YEARLY)


def _is_of(published: frozenset[tuple[str, str]]) -> pl.Expr:
    service, actor_type = pl.col("service_code"), pl.col("actor_type_code")
    return pl.any_horizontal(
        (service == code) & (actor_type.eq(actor) | pl.lit(not actor))
        for code, actor in sorted(published)
    )


def _newest(cells: pl.DataFrame, service: str) -> date | None:
    """The newest month that a service is published for."""
    newest: date | None = (
        cells.filter(pl.col("service_code") == service).select(pl.col("month").max()).item()
    )
    return newest


def _period_name(month: date, months: int) -> str:
    """A period that ends with a month, as its publisher writes it."""
    if months == 12:
        return str(month.year)
    return f"{month.month // 3}. kvartal {month.year}" if months == 3 else _month_name(month)


def publication_day(cells: pl.DataFrame) -> datetime:
    """The day the figures of the newest month come out: the fifth of the next."""
    day = pl.col("month").max().dt.offset_by("1mo").dt.offset_by("4d").cast(pl.Datetime)
    published: datetime = cells.select(day).item()
    return published


def _rows(cells: pl.DataFrame) -> Iterator[_Row]:
    shown = cells.select(
        "region_level",
        "region_code",
        "region_name",
        "actor_type_name",
        "month",
        "in_use_text",
        "eligible_text",
        "period_text",
    )
    return (_Row(*row) for row in shown.iter_rows())


def _in_use(cells: pl.DataFrame, service: str, actor_type: str, month: date | None) -> int:
    """How many use a service in the country."""
    is_wanted = (
        (pl.col("service_code") == service)
        & (pl.col("actor_type_code") == actor_type)
        & (pl.col("month") == month)
        & (pl.col("region_level") == "land")
    )
    return int(cells.filter(is_wanted)["in_use_count"].sum())


def _month_name(month: date) -> str:
    return format_date(month, "LLLL yyyy", locale=_LANGUAGE)


def _grouped(text: str) -> str:
    """A number as a Norwegian reads it; a mark as it is."""
    return format_decimal(int(text), locale=_LANGUAGE) if text.isdigit() else text
