"""A starter passes `pll check` once the lines that are marked for a person are filled in.

Only those lines are changed here: each CONFIRM gets a value, and what a comment asks to declare is
declared. Everything else is as `pll inspect` wrote it.
"""

from __future__ import annotations

import io
import json
import re
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
import xlsxwriter

from pll_pipeline.config import CHECKOUT, Config
from pll_pipeline.inspection.checking import Check, Contents, check
from pll_pipeline.inspection.publication import inspect
from pll_pipeline.inspection.starter import starter
from pll_pipeline.sources.model import CONFIRM
from pll_pipeline.sources.register import read_source
from pll_pipeline.vocabulary.codes import load_codes

CONFIG = Config.from_environment()
CODES = load_codes(CONFIG.seeds)
TODAY = date(2026, 11, 24)
TAKEN_AT = datetime(2026, 11, 24, 2, tzinfo=UTC)
COUNT, SHARE = "sfm_organisation_in_use_count", "eresept_gp_office_share"
PERIOD = "2026-03"


def book(rows: list[list[object]], joins: tuple[str, ...] = (), **formats: str) -> bytes:
    """A workbook of one sheet; `formats` are number formats by the letter of a column."""
    content = io.BytesIO()
    with xlsxwriter.Workbook(content) as written:
        sheet = written.add_worksheet("Tall")
        for letter, code in formats.items():
            sheet.set_column(f"{letter}:{letter}", None, written.add_format({"num_format": code}))
        for number, row in enumerate(rows):
            for column, value in enumerate(row):
                if value is not None:
                    sheet.write(number, column, value)
        for cells in joins:
            first_row, first_column = int(cells.split(":")[0][1:]) - 1, ord(cells[0]) - ord("A")
            sheet.merge_range(cells, str(rows[first_row][first_column]))
    return content.getvalue()


def dataset(unit: str, values: list[int | None], **more: object) -> bytes:
    """A JSON-stat dataset of one region and two years."""
    categories = {
        "Region": {"index": ["03"], "label": {"03": "Oslo"}},
        "ContentsCode": {"index": ["B"], "label": {"B": "Brukere"}, "unit": {"B": {"base": unit}}},
        "Tid": {"index": ["2024", "2025"], "label": {"2024": "2024", "2025": "2025"}},
    }
    roles = {"time": ["Tid"], "metric": ["ContentsCode"]}
    document = {"version": "2.0", "class": "dataset", "label": "Brukere", "role": roles}
    document |= {"id": list(categories), "size": [1, 1, 2], "value": values, **more}
    document |= {"dimension": {name: {"category": part} for name, part in categories.items()}}
    return json.dumps(document).encode()


PAGE = (
    "<!doctype html><h1>Tall</h1><table><caption>{}</caption><tr><th>Kommune<th>Måned<th>Antall"
    "</tr><tr><td>Bergen<td>januar 2026<td>{}<sup>1)</sup></tr></table>"
)


ANSWER = (CHECKOUT / "tests/cases/powerbi-chosen-result/svar.json").read_bytes()


@dataclass(frozen=True)
class Form:
    """A publication, and what a person decides: measures by figure, and lines that are added.

    `declared`: text of the starter → the lines that take its place.
    """

    file: str
    content: bytes
    figures: int
    measures: str | dict[str, str] = COUNT
    declared: tuple[tuple[str, str], ...] = ()


def text(content: str, figures: int, encoding: str = "utf-8", **more: object) -> Form:
    """Delimited text."""
    form = Form("tall.csv", content.encode(encoding), figures)
    return Form(**(vars(form) | more))


def below_measure(line: str) -> tuple[tuple[str, str], ...]:
    """A line that a comment of the value asks for."""
    return ((f"measure: {COUNT}\n", f"measure: {COUNT}\n        {line}\n"),)


MONTHS = "Kommune;Måned;Antall\nBergen;januar 2026;{}\nVoss;februar 2026;{}\n"
FORMS = {
    "delimited text": text(MONTHS.format("1 200", "7"), 2),
    "text in another encoding": text(MONTHS.format("1 200", "7"), 2, "windows-1252"),
    "text in UTF-16": text(MONTHS.format("1 200", "7"), 2, "utf-16"),
    "text with title and source": text(f"Tall\n\n{MONTHS.format('3', '7')}Kilde: NHN\n", 2),
    "text with months as days": text("Kommune;Dag;Antall\nVoss;2026-01-01;3\n", 1),
    "text with periods in headings": text("Kommune;2024;2025\nVoss;3;4\nBergen;5;6\n", 4),
    "text with two header lines": text(
        "Kommune;1. kvartal 2026;;2. kvartal 2026;\n;Legekontor;Sykehus;Legekontor;Sykehus\n"
        "Voss;1;2;3;4\nBergen;5;6;7;8\n",
        8,
    ),
    "text with marks": text(
        "Kommune;Måned;Antall\nBergen;januar 2026;12\nVoss;januar 2026;<5\nOs;januar 2026;:\n",
        3,
        declared=below_measure('suppressed: {"<5": [1, 4]}\n        missing: [":"]'),
    ),
    "text with footnotes": text(
        MONTHS.format("12*", "7"), 2, declared=below_measure('footnotes: {"*": {note: Foreløpig}}')
    ),
    "text with labels once per group": text(
        "Måned;Kommune;Antall\njanuar 2026;Bergen;1\n;Voss;2\n",
        2,
        declared=(("    rows: ", "    as_above: [Måned]\n    rows: "),),
    ),
    "text in thousands by its heading": text(
        "Kommune;År;Antall (1 000)\nBergen;2025;12,5\nVoss;2025;3\n", 2
    ),
    "text in per cent by its heading": text(
        "Fylke;År;Andel (%)\nOslo;2025;12,5\nAgder;2025;3\n", 2, measures=SHARE
    ),
    "text in per cent": text("Fylke;År;Andel\nOslo;2025;12,5 %\n", 1, measures=SHARE),
    "workbook": Form("tall.xlsx", book([["Kommune", "År", "Antall"], ["Voss", "2025", 3]]), 1),
    "workbook in per cent": Form(
        "tall.xlsx", book([["Kommune", "År", "Andel"], ["Voss", "2025", 0.25]], C="0 %"), 1, SHARE
    ),
    "workbook with title and joined headings": Form(
        "tall.xlsx",
        book(
            [
                ["Tall om SFM"],
                [],
                ["Kommune", "1. kvartal 2026", None, "2. kvartal 2026", None],
                [None, "Legekontor", "Sykehus", "Legekontor", "Sykehus"],
                ["Voss", 1, 2, 3, 4],
                ["Bergen", 5, 6, 7, 8],
            ],
            joins=("B3:C3", "D3:E3"),
        ),
        8,
    ),
    "workbook without headings of labels": Form(
        "tall.xlsx",
        book(
            [[None, None, "2024", "2025"], ["Voss", "Legekontor", 5, 6], ["Voss", "Apotek", 7, 8]]
        ),
        4,
    ),
    "page": Form("side.html", PAGE.format("Uke 1", 3).encode(), 1),
    "page of tables alike": Form(
        "side.html", (PAGE.format("Uke 1", 3) + PAGE.format("Uke 2", 4)).encode(), 1
    ),
    "page of sentences": Form(
        "side.html",
        b"<p>I mars var over 1 200 virksomheter i gang. Om lag 98 % av legekontorene er med.",
        2,
        {"virksomheter i gang": COUNT, "av legekontorene er": SHARE},
    ),
    "dataset": Form("tabell.json", dataset("personer", [3, 4]), 2),
    "dataset in thousands": Form("tabell.json", dataset("1 000 personer", [3, 4]), 2),
    "dataset with marks": Form(
        "tabell.json",
        dataset("personer", [3, None], status={"1": ":"}),
        2,
        declared=below_measure('suppressed: {":": [0, 4]}'),
    ),
    "answer of a report": Form(
        "svar.json",
        ANSWER,
        1,
    ),
    "answer with filters": Form(
        "svar.json", b'{"pages": [' + ANSWER + b'], "filters": ["[Status] = 1"]}', 1
    ),
}


def filled_in(starter_text: str, form: Form) -> str:
    """The starter with a value for each CONFIRM, and what its comments ask for declared."""
    lines = []
    for line in starter_text.replace("is_enabled: false", "is_enabled: true").splitlines():
        key = line.strip().removesuffix(f": {CONFIRM}")
        if line.lstrip().startswith("#") or not line.endswith(CONFIRM):
            lines.append(line)
        elif key == "measure":
            lines.append(line.replace(CONFIRM, str(form.measures)))
        elif isinstance(form.measures, dict) and key in form.measures:
            lines.append(line.replace(CONFIRM, form.measures[key]))
        else:
            lines.append(line.replace(CONFIRM, PERIOD))
    filled = "\n".join(lines) + "\n"
    for before, after in form.declared:
        assert before in filled
        filled = filled.replace(before, after)
    return filled


def checked(form: Form, number: int, folder: Path) -> Check:
    """What `pll check` says of the filled starter of one table."""
    table = inspect(form.content, form.file, CODES, TODAY).tables[number]
    written = starter(table, "ny_kilde", CODES)
    asked = [line for line in written.splitlines() if line.lstrip().startswith("# CONFIRM")]
    assert not form.declared or asked, "what is declared is asked for"
    path = folder / "ny_kilde.yaml"
    path.write_text(filled_in(written, form), encoding="utf-8")
    return check(read_source(path), Contents({form.file: form.content}, TAKEN_AT, "ny"), CONFIG)


@pytest.mark.parametrize("name", FORMS)
def test_a_starter_is_accepted_once_a_person_has_decided(name: str, tmp_path: Path) -> None:
    form = FORMS[name]
    result = checked(form, 0, tmp_path)
    assert result.is_accepted, result.reason
    assert result.mapped is not None
    assert result.mapped.observations.height == form.figures


def test_each_of_several_tables_alike_is_read_by_its_own_starter(tmp_path: Path) -> None:
    form = FORMS["page of tables alike"]
    values = []
    for number in (0, 1):
        mapped = checked(form, number, tmp_path).mapped
        assert mapped is not None
        values += mapped.observations["value"].to_list()
    assert values == [3, 4]


def test_saved_filters_are_part_of_the_starter_and_others_are_refused(tmp_path: Path) -> None:
    form = FORMS["answer with filters"]
    accepted = checked(form, 0, tmp_path)
    assert accepted.source.read.model_dump()["filters"] == ["[Status] = 1"]
    other = {form.file: form.content.replace(b"= 1", b"= 2")}
    refused = check(accepted.source, Contents(other, TAKEN_AT, "ny"), CONFIG)
    assert "other filters than the source file names" in (refused.reason or "")


def test_a_stated_unit_is_written_into_the_starter(tmp_path: Path) -> None:
    mapped = checked(FORMS["dataset in thousands"], 0, tmp_path).mapped
    assert mapped is not None
    assert mapped.observations["value"].to_list() == [3000, 4000]


@pytest.mark.parametrize("name", ["text with marks", "text with footnotes", "dataset with marks"])
def test_what_a_comment_asks_for_is_refused_until_it_is_declared(name: str, tmp_path: Path) -> None:
    form = FORMS[name]
    undeclared = Form(form.file, form.content, form.figures)
    result = checked(undeclared, 0, tmp_path)
    assert not result.is_accepted
    assert re.search("Line to add|lines to add|line to add", result.reason or "")
