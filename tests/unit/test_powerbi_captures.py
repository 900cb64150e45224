"""Real answers of public Power BI reports against their known truth, where they are at hand beside the project."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest

from pll_pipeline.readers.powerbi import Decoded, PowerBiError, QueryFailed, as_csv, decode, read
from pll_pipeline.sources.model import PowerBi

CAPTURES = Path(__file__).resolve().parents[3] / "shared" / "powerbi" / "captures"
FOLDERS = sorted(folder for folder in CAPTURES.glob("p*") if list(folder.glob("*response.json")))
TABLES = [folder for folder in FOLDERS if (folder / "expected.csv").exists()] or [CAPTURES]
ERRORS = [folder for folder in FOLDERS if (folder / "expected_error.json").exists()] or [CAPTURES]
PAGED = [folder for folder in FOLDERS if len(list(folder.glob("*response.json"))) > 1] or [CAPTURES]

pytestmark = pytest.mark.skipif(not FOLDERS, reason="the captures of real answers (shared/powerbi/captures) are not beside this checkout")


def content(folder: Path) -> list[bytes]:
    return [file.read_bytes() for file in sorted(folder.glob("*response.json"))]


def decoded(folder: Path) -> Decoded:
    return decode(content(folder), where=f"captures/{folder.name}.json")


def text(folder: Path, name: str) -> str:
    return (folder / name).read_bytes().decode()


@pytest.mark.parametrize("folder", TABLES, ids=lambda folder: folder.name)
def test_the_rows_are_those_known_to_be_true(folder: Path) -> None:
    answer = decoded(folder)
    assert as_csv(answer.columns, answer.rows) == text(folder, "expected.csv")


@pytest.mark.parametrize("folder", TABLES, ids=lambda folder: folder.name)
def test_the_totals_are_those_known_to_be_true(folder: Path) -> None:
    answer = decoded(folder)
    if (folder / "expected_totals.csv").exists():
        totals = [(total.level, *total.values) for total in answer.totals]
        assert as_csv(("level", *answer.columns), totals) == text(folder, "expected_totals.csv")
    else:
        assert answer.totals == ()


@pytest.mark.parametrize("folder", TABLES, ids=lambda folder: folder.name)
def test_what_else_the_answer_says_is_known_to_be_true(folder: Path) -> None:
    answer = decoded(folder)
    expected: dict[str, Any] = json.loads(text(folder, "expected_meta.json"))
    found = {
        "rows": len(answer.rows),
        "total_rows": len(answer.totals),
        "server_row_count": answer.server_row_count,
        "is_complete": True,
        "has_all_data": answer.has_all_data,
        "restart_tokens": None,
        "messages": list(answer.messages),
        "column_type_codes": list(answer.column_type_codes),
        "shape_level_values": answer.shape_level_values,
        "pages": answer.pages,
    }
    window = expected.pop("window", None)
    assert {name: found[name] for name in expected} == expected
    assert window is None or len(answer.rows) <= answer.pages * window


@pytest.mark.parametrize("folder", TABLES, ids=lambda folder: folder.name)
def test_a_source_gets_the_same_rows_as_text(folder: Path) -> None:
    pages = [json.loads(page) for page in content(folder)]
    saved = json.dumps({"pages": pages}).encode() if len(pages) > 1 else content(folder)[0]
    frame = read(saved, PowerBi(kind="powerbi"), where=f"captures/{folder.name}.json")
    header, *records = csv.reader(io.StringIO(text(folder, "expected.csv"), newline=""))
    assert frame.columns == [*header, "row_reference"]
    assert [list(row[:-1]) for row in frame.rows()] == [["" if cell == "\\N" else cell for cell in record] for record in records]
    assert frame["row_reference"][-1] == f"{folder.name}.json:row {len(records)}"


@pytest.mark.parametrize("folder", ERRORS, ids=lambda folder: folder.name)
def test_an_answer_that_is_an_error_raises_what_it_says(folder: Path) -> None:
    expected = json.loads(text(folder, "expected_error.json"))
    with pytest.raises(QueryFailed) as caught:
        decoded(folder)
    assert {name: getattr(caught.value, name) for name in expected} == expected


@pytest.mark.parametrize("folder", PAGED, ids=lambda folder: folder.name)
def test_no_page_may_be_left_out(folder: Path) -> None:
    whole = content(folder)
    for number in range(len(whole)):
        if number:
            with pytest.raises(PowerBiError):
                decode(whole[:number] + whole[number + 1 :], where=folder.name)
    with pytest.raises(PowerBiError):
        decode(whole[:-1], where=folder.name)
