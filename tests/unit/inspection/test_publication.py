"""What a publication looks like: a proposal to a person, never a reading."""

from __future__ import annotations

import io
import json
from datetime import date
from pathlib import Path

import openpyxl
import pytest
import yaml

from pll_pipeline.config import Config
from pll_pipeline.errors import PllError
from pll_pipeline.inspection.publication import CONFIRM, Inspection, inspect, starter
from pll_pipeline.sources.register import BadSourceFile, read_source
from pll_pipeline.vocabulary.codes import load_codes

CODES = load_codes(Config.from_environment().seeds)
TODAY = date(2026, 11, 23)


def _inspect(content: bytes, file: str = "tall.csv") -> Inspection:
    return inspect(content, file, CODES, TODAY)


def _looks(seen: Inspection) -> dict[str, str]:
    return {c.name: f"{c.looks_like} {c.detail}".strip() for c in seen.tables[0].columns}


@pytest.mark.parametrize(
    ("separator", "encoding"),
    [(",", "utf-8"), (";", "utf-8"), (";", "windows-1252"), ("\t", "utf-8"), ("|", "windows-1252")],
)
def test_encoding_and_separator_are_found_by_trying(separator: str, encoding: str) -> None:
    text = (
        "\n".join(
            separator.join(row)
            for row in (
                ("Fylke", "År", "Antall"),
                ("Møre og Romsdal", "2024", "12"),
                ("Østfold", "2024", "7"),
            )
        )
        + "\n"
    )
    reading = _inspect(text.encode(encoding)).tables[0].reading
    assert (reading.separator, reading.encoding) == (separator, encoding)  # type: ignore[union-attr]


def test_columns_are_proposed_by_what_their_texts_say() -> None:
    text = "sted;måned;aktør;antall;andel;merknad;kilde\n" + "".join(
        f"{k};{m};Fastlege;1 234;12,5;tekst {i};NHN\n"
        for i, (k, m) in enumerate([("Bergen", "januar 2025"), ("Tromsø", "februar 2025")])
    )
    assert _looks(_inspect(text.encode())) == {
        "sted": "region kommune",
        "måned": "period",
        "aktør": "actor_type",
        "antall": "number point",
        "andel": "number norwegian",
        "merknad": "text",
        "kilde": "constant NHN",
    }


def test_a_column_is_a_region_only_when_most_of_it_is() -> None:
    assert _looks(_inspect(b"sted\nBergen\nHogwarts\nNarnia\n"))["sted"] == "text"


def test_the_sheets_of_a_workbook_are_found_below_their_titles() -> None:
    book = openpyxl.Workbook()
    front, figures = book.active, book.create_sheet("Tall 2025")
    front.append(["Om statistikken"])
    for row in (["Bruk av PLL"], [], ["Kommune", "Antall"], ["Bergen", 24000], ["Tromsø", 12]):
        figures.append(row)
    content = io.BytesIO()
    book.save(content)
    seen = _inspect(content.getvalue(), "tall.xlsx")
    assert seen.what == "an Excel workbook"
    assert [(t.title, t.rows) for t in seen.tables] == [("Tall 2025", 2)]
    assert _looks(seen) == {"Kommune": "region kommune", "Antall": "number point"}


def test_the_tables_of_a_page_are_told_by_their_captions_and_two_alike_by_caption_in_the_starter() -> (
    None
):
    table = "<table><caption>{}</caption><tr><th>Kommune</th><th>Antall</th></tr><tr><td>Bergen</td><td>1 234</td></tr></table>"
    seen = _inspect(
        f"<!doctype html><h1>Tall</h1>{table.format('Uke 1')}{table.format('Uke 2')}".encode(),
        "side.html",
    )
    assert [(t.title, t.rows, t.reading.caption) for t in seen.tables] == [
        ("Uke 1", 1, "^Uke\\ 1$"),
        ("Uke 2", 1, "^Uke\\ 2$"),
    ]  # type: ignore[union-attr]
    assert _looks(seen) == {"Kommune": "region kommune", "Antall": "number point"}


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b'{"a": 1}', "neither JSON-stat nor an answer"),
        (b'{"a": ', "begins as JSON and is not"),
        (b"<!doctype html><p>PLL</p>", "web page without a table"),
        (b"PK\x03\x04 nothing more", "archive is damaged"),
        (b"a,b\n", "no rows"),
    ],
)
def test_what_cannot_be_inspected_is_told(content: bytes, says: str) -> None:
    with pytest.raises(PllError, match=says):
        _inspect(content, "fil")


def test_a_starter_takes_no_part_and_is_refused_until_what_was_guessed_is_confirmed(
    tmp_path: Path,
) -> None:
    seen = _inspect("Kommune;Måned;Antall\nBergen;januar 2025;12\n".encode())
    path = tmp_path / "ny_kilde.yaml"
    path.write_text(starter(seen.tables[0], "ny_kilde"), encoding="utf-8")
    source = read_source(path)
    assert not source.is_enabled
    assert source.tables[0].values[0].measure == CONFIRM  # type: ignore[union-attr]
    said = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert said["tables"][0]["region"] == {
        "name": {"column": "Kommune"},
        "level": "kommune",
        "levels": {"kommune": ["kommune"]},
    }


def test_a_starter_cannot_be_named_as_a_table(tmp_path: Path) -> None:
    seen = _inspect(b"Antall\n12\n")
    path = tmp_path / "observation.yaml"
    path.write_text(starter(seen.tables[0], "observation"), encoding="utf-8")
    with pytest.raises(BadSourceFile, match="another"):
        read_source(path)


def test_jsonstat_is_known_by_its_class() -> None:
    pytest.importorskip("pll_pipeline.validated.readers.jsonstat")
    cube = {
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
    seen = _inspect(json.dumps(cube).encode(), "07459.json")
    assert (seen.what, seen.tables[0].title, seen.tables[0].rows) == (
        "a JSON-stat dataset",
        "Folketall",
        2,
    )
    assert _looks(seen)["Region"] == "region kommune"


@pytest.mark.parametrize(
    ("days", "detail", "pattern"),
    [
        (
            ("2026-09-01T00:00:00", "2026-10-01T00:00:00"),
            "days standing for months",
            r"^(\d{4}-\d\d)",
        ),
        (("2026-09-01", "2026-09-15"), "days", r"^(\d{4}-\d\d-\d\d)"),
    ],
)
def test_first_days_of_months_are_proposed_as_months_and_other_days_as_days(
    days: tuple[str, str], detail: str, pattern: str
) -> None:
    content = "Måned;Antall\n" + "".join(f"{day};7\n" for day in days)
    table = _inspect(content.encode()).tables[0]
    assert (table.columns[0].looks_like, table.columns[0].detail) == ("period", detail)
    said = yaml.safe_load(starter(table, "tall"))
    assert said["tables"][0]["period"]["text"] == {"column": "Måned", "pattern": pattern}
