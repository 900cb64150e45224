"""What a publication looks like: a proposal to a person, never a reading."""

from __future__ import annotations

import io
import json
from datetime import date
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pll_pipeline.config import Config
from pll_pipeline.errors import PllError
from pll_pipeline.inspection.publication import MOST_TABLES, Inspection, inspect
from pll_pipeline.vocabulary.codes import load_codes
from tests.unit.validated.readers.powerbi.answers import simple

CODES = load_codes(Config.from_environment().seeds)
TODAY = date(2026, 11, 23)


def _inspect(content: bytes | str, file: str = "tall.csv") -> Inspection:
    raw = content.encode() if isinstance(content, str) else content
    return inspect(raw, file, CODES, TODAY)


def _looks(seen: Inspection) -> dict[str, str]:
    return {c.name: f"{c.looks_like} {c.detail}".strip() for c in seen.tables[0].columns}


def _notes(content: bytes | str, file: str = "tall.csv") -> list[str]:
    return _inspect(content, file).tables[0].notes


def _book(**sheets: list[list[Any]]) -> bytes:
    book = openpyxl.Workbook()
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    del book["Sheet"]
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


# --- columns ----------------------------------------------------------------------------------


def test_columns_are_proposed_by_what_their_texts_say() -> None:
    text = "sted;måned;aktør;antall;andel;merknad;kilde\n" + "".join(
        f"{place};{month};Fastlege;1 234;12,5;tekst {number};NHN\n"
        for number, (place, month) in enumerate(
            [("Bergen", "januar 2025"), ("Tromsø", "februar 2025")]
        )
    )
    assert _looks(_inspect(text)) == {
        "sted": "region kommune",
        "måned": "period",
        "aktør": "actor_type",
        "antall": "number whole",
        "andel": "number norwegian",
        "merknad": "text",
        "kilde": "constant NHN",
    }


def test_a_column_is_a_region_only_when_most_of_it_is() -> None:
    assert _looks(_inspect("sted\nBergen\nHogwarts\nNarnia\n"))["sted"] == "text"


@pytest.mark.parametrize(
    ("texts", "looks"),
    [
        (["12.5", "3"], "number point"),
        (["12,5", "3"], "number norwegian"),
        (["1.234,5", "3"], "number norwegian_dotted"),
        (["1.234.567", "3"], "number norwegian_dotted"),
        (["1 234", "3"], "number whole"),
        (["1.000", "950"], "number two readings"),
        (["1,000", "950"], "number two readings"),
        (["1.000", "2.5"], "number point"),
        (["0.125", "0.250"], "number point"),
        (["0301", "1101"], "region kommune"),
        # former codes of fylker and kommuner too, as any number may be one
        (["10", "12", "19"], "number whole"),
        (["0101", "1201"], "text"),
        (["Akershus", "Hordaland", "Østfold"], "region fylke"),
    ],
)
def test_the_way_numbers_are_written_is_found_or_doubted(texts: list[str], looks: str) -> None:
    text = "a;b\n" + "".join(f"{n};{text}\n" for n, text in enumerate(texts))
    assert _looks(_inspect(text))["b"] == looks


def test_a_thousand_that_may_be_a_decimal_is_shown() -> None:
    assert _notes("a;Antall\nx;1.000\ny;12.000\n") == [
        "Antall: '1.000' has two readings, a thousand or a decimal: every mark is followed by"
        " three digits"
    ]


def test_marks_in_place_of_numbers_are_counted() -> None:
    text = "a;Antall\n" + "".join(f"{n};{t}\n" for n, t in enumerate(["12", ":", ":", "<5", "-"]))
    seen = _inspect(text)
    assert _looks(seen)["Antall"] == "number whole"
    assert seen.tables[0].notes == [
        "Antall: marks in place of numbers: ':' in 2 cells, '<5' in 1 cell, '-' in 1 cell"
    ]


def test_texts_that_are_no_numbers_are_named() -> None:
    numbers = "".join(f"sted {n};{n}{n}\n" for n in range(1, 9))
    assert _notes(f"a;Antall\n{numbers}sum;kommer senere\n") == [
        "Antall: no numbers: 'kommer senere' in 1 cell"
    ]


def test_cells_with_a_per_cent_sign_are_named() -> None:
    assert _notes("a;Andel\nx;12,5 %\ny;7 %\n") == ["Andel: cells have a per cent sign"]


@pytest.mark.parametrize(
    ("days", "detail"),
    [
        (("2026-09-01T00:00:00", "2026-10-01T00:00:00"), "days in place of months"),
        (("2026-09-01", "2026-09-15"), "days"),
    ],
)
def test_first_days_of_months_are_months_and_other_days_are_days(
    days: tuple[str, str], detail: str
) -> None:
    content = "Måned;Antall\n" + "".join(f"{day};7\n" for day in days)
    assert _looks(_inspect(content))["Måned"] == f"period {detail}"


# --- forms ------------------------------------------------------------------------------------


def test_the_sheets_of_a_workbook_are_found_below_their_titles() -> None:
    content = _book(
        Forside=[["Om statistikken"]],
        **{
            "Tall 2025": [
                ["Bruk av PLL"],
                [],
                ["Kommune", "Antall"],
                ["Bergen", 24000],
                ["Voss", 1],
            ]
        },
    )
    seen = _inspect(content, "tall.xlsx")
    assert seen.what == "an Excel workbook"
    assert [(t.title, t.rows) for t in seen.tables] == [("Tall 2025", 2)]
    assert _looks(seen) == {"Kommune": "region kommune", "Antall": "number cells"}


def test_years_as_numbers_are_headings_of_a_sheet() -> None:
    content = _book(Tall=[["Kommune", 2024, 2025], ["Bergen", 1, 2], ["Voss", 3, 4]])
    table = _inspect(content, "tall.xlsx").tables[0]
    assert [column.name for column in table.columns] == ["Kommune", "2024", "2025"]
    assert [group.pattern for group in table.groups] == [r"^(?P<period>\d+)$"]


TABLE = (
    "<table><caption>{}</caption><tr><th>Kommune</th><th>Antall</th></tr>"
    "<tr><td>Bergen</td><td>{}</td></tr></table>"
)


def test_the_tables_of_a_page_have_their_captions_and_those_alike_are_read_by_it() -> None:
    page = f"<!doctype html><h1>Tall</h1>{TABLE.format('Uke 1', 1)}{TABLE.format('Uke 2', 2)}"
    seen = _inspect(page, "side.html")
    assert [(t.title, t.rows, t.reading.model_dump()["caption"]) for t in seen.tables] == [
        ("Uke 1", 1, "^Uke\\ 1$"),
        ("Uke 2", 1, "^Uke\\ 2$"),
    ]
    assert _looks(seen) == {"Kommune": "region kommune", "Antall": "number whole"}


def test_a_table_whose_headings_another_has_too_is_read_by_its_caption() -> None:
    larger = (
        "<table><caption>Alle</caption><tr><th>Kommune<th>Antall<th>Andel<tr><td>Voss<td>1<td>2"
    )
    seen = _inspect(f"<!doctype html>{TABLE.format('Sum', 1)}{larger}</table>", "side.html")
    assert seen.warnings == ()
    captions = [table.reading.model_dump()["caption"] for table in seen.tables]
    assert captions == ["^Sum$", None]


def test_at_most_so_many_tables_of_a_publication_are_opened_and_the_others_counted() -> None:
    page = "".join(TABLE.format(f"Uke {number}", number) for number in range(MOST_TABLES + 20))
    seen = _inspect(f"<!doctype html>{page}", "side.html")
    assert len(seen.tables) == MOST_TABLES
    assert seen.warnings == ("20 more tables were not opened.",)


def test_what_is_not_read_is_shown_with_its_count_and_the_first_of_it() -> None:
    page = TABLE.format("Uke 1", "<s>2</s> 3<sup>1)</sup><b hidden>4</b>")
    assert _notes(page, "side.html") == [
        "not read: hidden texts in cells (1), side.html, table 1, the first '4'",
        "not read: struck texts in cells (1), side.html, table 1, the first '2'",
        "not read: footnote marks in cells (1), side.html, table 1, the first '1)'",
    ]
    text = "Tittel\n\nKommune;Antall\nBergen;2\nKilde: NHN\n"
    assert _notes(text) == [
        "not read: lines above the header (1), tall.csv, line 1, the first 'Tittel'",
        "not read: lines below the table (1), tall.csv, line 5, the first 'Kilde: NHN'",
        "the header is the line with Kommune, Antall",
    ]


def test_joined_and_faulty_cells_of_figures_are_shown() -> None:
    page = (
        "<table><tr><th>Kommune<th>Antall<th>Andel</tr><tr><td>Bergen<td rowspan=2>5<td>1</tr>"
        "<tr><td>Voss<td>2<small>3</small></tr></table>"
    )
    notes = _notes(page, "side.html")
    assert "Antall: 2 cells are joined, and a figure in such a cell is refused" in notes
    assert any("Andel: 1 cell cannot be known; the first shows digits" in note for note in notes)


def test_as_many_rows_as_an_export_gives_at_most_are_a_warning() -> None:
    text = "a;b\n" + "".join(f"{n};{n}\n" for n in range(30_000))
    assert any("exactly 30000 rows" in note for note in _notes(text))


CUBE = {
    "version": "2.0",
    "class": "dataset",
    "label": "Folketall",
    "id": ["Region", "Tid"],
    "size": [1, 2],
    "value": [1, 2],
    "dimension": {
        "Region": {"category": {"index": ["0301"]}},
        "Tid": {"category": {"index": ["2024", "2025"]}},
    },
}


def test_jsonstat_is_known_by_its_class() -> None:
    seen = _inspect(json.dumps(CUBE), "07459.json")
    table = seen.tables[0]
    assert (seen.what, table.title, table.rows) == ("a JSON-stat dataset", "Folketall", 2)
    assert _looks(seen)["Region"] == "region kommune"


def test_a_saved_answer_of_a_report_is_known_by_its_keys() -> None:
    path = Path(__file__).parents[2] / "snapshots"
    assert path.is_dir()
    with pytest.raises(PllError, match="A saved answer of a Power BI report, but no table"):
        _inspect('{"results": []}', "svar.json")


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b'{"a": 1}', r"neither JSON-stat nor an answer of a Power BI report \(a\)"),
        (b"[1]", "neither JSON-stat"),
        (b'{"a": ', "begins as JSON and is not"),
        (b"[" * 100_000, "begins as JSON and is not"),
        (b"<!doctype html><p>PLL</p>", "web page without a table"),
        (b"PK\x03\x04 nothing more", "archive is damaged"),
        (b"a,b\n", "no rows"),
        (b"", "no rows"),
        (b"%PDF-1.7\n", "is a PDF"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), r"old form \(\.xls\).*\.xlsx"),
        (b"\x81\x8d\xff;a\n1;2\n", "neither UTF-8 nor Windows-1252"),
    ],
)
def test_what_cannot_be_inspected_is_named_for_what_it_is(content: bytes, expected: str) -> None:
    with pytest.raises(PllError, match=expected):
        _inspect(content, "fil")


def test_every_result_of_a_saved_answer_is_looked_at_with_its_filters() -> None:
    answers = [simple("Oslo", "Troms"), simple("a")]
    results = [answer["results"][0] for answer in answers]
    document = {"pages": [{"results": results}], "filters": ["[År] = 2026"]}
    tables = _inspect(json.dumps(document).encode(), "svar.json").tables
    assert [(table.title, table.reading.model_dump(exclude_defaults=True)) for table in tables] == [
        ("result 1", {"kind": "powerbi", "result": 1, "filters": ["[År] = 2026"]}),
        ("result 2", {"kind": "powerbi", "result": 2, "filters": ["[År] = 2026"]}),
    ]
    single = _inspect(json.dumps(answers[0]).encode(), "svar.json").tables
    assert [(table.title, table.rows) for table in single] == [("svar.json", 2)]


_PIECES = (
    *(b"a", b"1", b";", b",", b"\t", b"|", b"\n", b"\r", b'"', b"\x00", b"\xff", b"\xfe", b"\xef"),
    *(b"\xbb\xbf", b"{", b"}", b"[", b"]", b":", b"null", b'"id"', b'"value"', b"<", b">", b"/"),
    *(b"<table>", b"<tr>", b"<td>", b"<th>", b"</table>", b" rowspan=3", b" hidden", b"<sup>"),
    *(b"PK\x03\x04", b"sep=;", b"2024", b"1.000", b"Brukte filtre:", "å".encode(), b"1,5"),
    *(b'"results"', b'"dataset"', b'"class"', b'"dimension"', b"\n\n", b";;;", b"Oslo"),
)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.sampled_from(_PIECES), max_size=30))
def test_any_bytes_are_inspected_or_refused_in_words(pieces: list[bytes]) -> None:
    refusals = []
    try:
        tables = list(_inspect(b"".join(pieces), "fil").tables)
    except PllError as refusal:
        tables = []
        refusals = [refusal.paragraph()]
    assert tables or refusals[0]
