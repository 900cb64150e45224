"""How the simulated publisher publishes: workbook, CSV, tables in a page, figures in running text, a statistics bank's table.

Each takes a world's cells after suppression (`disclosure.suppress`) and gives a `Publication` in the ways of publishers:
cover sheets, merged headers, footnotes, Norwegian numbers and months, marks for what is not shown. Not here: the Power BI
report (`powerbi_report.py`), sockets and bad days (`publisher.py`), what the world is like (`adoption.py`).
"""

from __future__ import annotations

import csv
import io
import json
import math
from datetime import date
from html import escape
from typing import Any

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
    "kommune": "Kommune",
}
NOT_STATISTICS = "Simulerte tall. Ingen har publisert dem, og de er ikke statistikk."
NOTES = (
    f"{SMALL}: færre enn 5, skjermet av personvernhensyn.",
    f"{WITHHELD}: skjermet for at andre tall ikke skal kunne regnes ut.",
    NOT_STATISTICS,
)
MAX_DATA_CELLS = 100_000
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_PATIENTS_OF_AN_OFFICE = 3_600
_USERS_OF_A_PHARMACY = 1_150
_LANGUAGE = "nb_NO"


def document(content: bytes, content_type: str) -> Publication:
    """A publication that is one file."""
    return lambda request: (
        Response(content, content_type) if request.method == "GET" else Response(b"", status=405)
    )


def workbook(cells: pl.DataFrame) -> Publication:
    """An Excel workbook: a cover, and a sheet with a title, a header of two rows, figures, and notes below them."""
    file = io.BytesIO()
    # written once for the same world: a workbook that carries the time it was made would change every night
    with xlsxwriter.Workbook(file, {"in_memory": True, "constant_memory": True}) as book:
        book.set_properties({"title": "Simulert: bruk av SFM", "created": _end_of(cells)})
        cover, sheet = book.add_worksheet("Om tallene"), book.add_worksheet("Tall per region")
        for row, text in enumerate(
            (
                "Bruk av sentral forskrivningsmodul",
                NOT_STATISTICS,
                "Tallene står på arket «Tall per region».",
            )
        ):
            cover.write_string(row, 0, text)
        bold = book.add_format({"bold": True})
        sheet.write_string(0, 0, "Virksomheter som bruker SFM", bold)
        sheet.merge_range(2, 0, 2, 2, "Region", bold)
        sheet.merge_range(2, 5, 2, 6, "Antall virksomheter", bold)
        for column, text in ((3, "Aktørtype"), (4, "Måned")):
            sheet.write_string(2, column, text, bold)
        for column, text in (
            (0, "Nivå"),
            (1, "Nummer"),
            (2, "Navn"),
            (5, "I bruk"),
            (6, "Kan ta i bruk"),
        ):
            sheet.write_string(3, column, text, bold)
        row = 3
        for row, (level, code, name, actor_type, month, in_use, eligible) in enumerate(
            _rows(cells), 4
        ):
            for column, text in enumerate(
                (LEVELS[level], code, name, actor_type, _month_name(month))
            ):
                sheet.write_string(row, column, text)
            sheet.write_number(row, 5, int(in_use)) if in_use.isdigit() else sheet.write_string(
                row, 5, in_use
            )
            sheet.write_number(row, 6, int(eligible))
        for number, note in enumerate(NOTES, row + 2):
            sheet.write_string(number, 0, note)
    return document(file.getvalue(), XLSX)


def delimited(cells: pl.DataFrame) -> Publication:
    """A CSV as a Norwegian Excel saves it: Windows-1252, semicolons, a no-break space in thousands, months by name."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=";", lineterminator="\r\n")
    writer.writerow(
        ("Nivå", "Regionnummer", "Region", "Aktørtype", "Måned", "I bruk", "Kan ta i bruk")
    )
    for level, code, name, actor_type, month, in_use, eligible in _rows(cells):
        writer.writerow(
            (
                LEVELS[level],
                code,
                name,
                actor_type,
                _month_name(month),
                _grouped(in_use),
                _grouped(eligible),
            )
        )
    return document(
        text.getvalue().encode("windows-1252", "xmlcharrefreplace"),
        "text/csv; charset=windows-1252",
    )


def table_page(cells: pl.DataFrame) -> Publication:
    """A page with a table of the newest month in the country and one of everything, with a header of spans and footnotes."""
    newest = cells.filter(
        (pl.col("month") == pl.col("month").max()) & (pl.col("region_level") == "land")
    )
    summary = "".join(
        f"<tr><th scope=row>{escape(r[3])}</th><td>{_grouped(r[5])}</td><td>{_grouped(r[6])}</td></tr>"
        for r in _rows(newest)
    )
    figures = "".join(
        f"<tr><td>{LEVELS[level]}</td><td>{escape(code)}</td><td>{escape(name)}</td><td>{escape(actor_type)}</td><td>{_month_name(month)}</td>"
        f"<td>{escape(_grouped(in_use))}</td><td>{_grouped(eligible)}</td></tr>"
        for level, code, name, actor_type, month, in_use, eligible in _rows(cells)
    )
    page = (
        "<!doctype html><html lang=nb><head><meta charset=utf-8><title>Elektronisk multidose</title></head><body><main>"
        f"<h1>Elektronisk multidose</h1><p><strong>{NOT_STATISTICS}</strong></p>"
        f"<table><caption>Hele landet, {_month_name(newest['month'][0])}</caption><tr><th>Aktørtype<th>I bruk<th>Kan ta i bruk</tr>{summary}</table>"
        "<table><caption>Alle regioner og måneder</caption><thead><tr><th>Nivå</th><th>Nummer</th><th>Region</th><th>Aktørtype</th><th>Måned</th>"
        f"<th>I bruk<sup>1</sup></th><th>Kan ta i bruk</th></tr></thead><tbody>{figures}</tbody></table>"
        f"<p><sup>1</sup> {' '.join(escape(note) for note in NOTES[:2])}</p></main></body></html>"
    )
    return document(page.encode(), "text/html; charset=utf-8")


def prose_page(cells: pl.DataFrame) -> Publication:
    """A page that says national figures in sentences, with their hedges."""
    month = cells["month"].max()
    assert isinstance(month, date)
    offices, pharmacies = (
        _in_use(cells, "pll", "legekontor", month),
        _in_use(cells, "e-multidose", "multidoseapotek", month),
    )
    patients, users = offices * _PATIENTS_OF_AN_OFFICE, pharmacies * _USERS_OF_A_PHARMACY
    when = _month_name(month)
    page = (
        "<!doctype html><html lang=nb><head><meta charset=utf-8><title>Nøkkeltall</title></head><body><main><h1>Nøkkeltall</h1>"
        f"<p>{NOT_STATISTICS} Innføringen fortsetter i hele landet.</p>"
        f"<p>Ved utgangen av {when} hadde over {_grouped(str(patients // 1000 * 1000))} pasienter fått opprettet pasientens legemiddelliste. "
        "Tallet vokser hver måned.</p>"
        f"<p>Om lag {_grouped(str(round(users, -2)))} brukere fikk multidose i {when}, på papir eller elektronisk.</p></main></body></html>"
    )
    return document(page.encode(), "text/html; charset=utf-8")


class PxWebTable:
    """A table of a statistics bank (PxWebApi 2): region, actor type, what is counted and month, at `/tables/<table>`."""

    CONTENTS = {"Ibruk": "I bruk", "Kan": "Kan ta i bruk"}

    def __init__(self, cells: pl.DataFrame, *, path: str, table: str) -> None:
        self._path, self._table = path.rstrip("/"), table
        regions = cells.select("region_key", "region_name").unique().sort("region_key")
        actor_types = (
            cells.select("actor_type_code", "actor_type_name").unique().sort("actor_type_code")
        )
        months = cells["month"].unique().sort().to_list()
        self._dimensions: dict[str, dict[str, str]] = {
            "Region": dict(regions.iter_rows()),
            "Aktortype": dict(actor_types.iter_rows()),
            "ContentsCode": self.CONTENTS,
            "Tid": {f"{month:%Y}M{month:%m}": f"{month:%Y}M{month:%m}" for month in months},
        }
        shown = cells.select(
            "region_key",
            "actor_type_code",
            pl.col("month").dt.strftime("%YM%m"),
            "in_use_text",
            "eligible_text",
        )
        self._cells = {
            (region, actor, what, month): text
            for region, actor, month, *texts in shown.iter_rows()
            for what, text in zip(self.CONTENTS, texts, strict=True)
        }
        self._updated = f"{_end_of(cells):%Y-%m-%d}T07:00:00Z"

    def __call__(self, request: Request) -> Response:
        rest = request.path.removeprefix(self._path).strip("/").split("/")
        match request.method, rest:
            case "GET", ["config"]:
                return _json(
                    {
                        "apiVersion": "2.0.0",
                        "maxDataCells": MAX_DATA_CELLS,
                        "maxCallsPerTimeWindow": 100,
                        "timeWindow": 1,
                    }
                )
            case "GET", ["tables", table, "metadata"] if table == self._table:
                return _json(
                    self._dataset({name: list(codes) for name, codes in self._dimensions.items()})
                )
            case "POST", ["tables", table, "data"] if table == self._table:
                return self._data(request.body)
        return _json({"type": "Not found", "title": "Not found", "status": 404}, 404)

    def _data(self, body: bytes) -> Response:
        asked = {part["variableCode"]: part["valueCodes"] for part in json.loads(body)["selection"]}
        if asked.keys() != self._dimensions.keys() or any(
            code not in self._dimensions[name] for name, codes in asked.items() for code in codes
        ):
            return _json(
                {"type": "Parameter error", "title": "Non-existent value", "status": 400}, 400
            )
        if math.prod(map(len, asked.values())) > MAX_DATA_CELLS:
            return _json(
                {"type": "Parameter error", "title": "Too many cells selected", "status": 403}, 403
            )
        wanted = {
            name: [code for code in codes if code in set(asked[name])]
            for name, codes in self._dimensions.items()
        }
        texts = [
            self._cells.get((region, actor, what, month), ".")
            for region in wanted["Region"]
            for actor in wanted["Aktortype"]
            for what in wanted["ContentsCode"]
            for month in wanted["Tid"]
        ]
        values = [int(text) if text.isdigit() else None for text in texts]
        status = {str(place): text for place, text in enumerate(texts) if not text.isdigit()}
        return _json(
            self._dataset(wanted) | {"value": values} | ({"status": status} if status else {})
        )

    def _dataset(self, codes: dict[str, list[str]]) -> dict[str, Any]:
        dimension = {
            name: {
                "label": name,
                "category": {
                    "index": {code: place for place, code in enumerate(of_it)},
                    "label": {code: self._dimensions[name][code] for code in of_it},
                },
                "extension": {"elimination": False},
            }
            for name, of_it in codes.items()
        }
        return {
            "version": "2.0",
            "class": "dataset",
            "label": f"Kjernejournal i bruk. {NOT_STATISTICS}",
            "source": "Simulert utgiver",
            "updated": self._updated,
            "id": list(codes),
            "size": [len(of_it) for of_it in codes.values()],
            "dimension": dimension,
            "role": {"time": ["Tid"], "metric": ["ContentsCode"], "geo": ["Region"]},
        }


def _rows(cells: pl.DataFrame) -> Any:
    return cells.select(
        "region_level",
        "region_code",
        "region_name",
        "actor_type_name",
        "month",
        "in_use_text",
        "eligible_text",
    ).iter_rows()


def _in_use(cells: pl.DataFrame, service: str, actor_type: str, month: date) -> int:
    of_it = cells.filter(
        (pl.col("service_code") == service)
        & (pl.col("actor_type_code") == actor_type)
        & (pl.col("month") == month)
        & (pl.col("region_level") == "land")
    )
    return int(of_it["in_use_count"].sum())


def _end_of(cells: pl.DataFrame) -> Any:
    """The day the figures of the newest month come out: the fifth of the next."""
    return cells.select(
        pl.col("month").max().dt.offset_by("1mo").dt.offset_by("4d").cast(pl.Datetime)
    ).item()


def _month_name(month: date) -> str:
    return format_date(month, "LLLL yyyy", locale=_LANGUAGE)


def _grouped(text: str) -> str:
    """A number as a Norwegian reads it; a mark as it is."""
    return format_decimal(int(text), locale=_LANGUAGE) if text.isdigit() else text


def _json(said: Any, status: int = 200) -> Response:
    return Response(
        json.dumps(said, ensure_ascii=False).encode(), "application/json; charset=utf-8", status
    )
