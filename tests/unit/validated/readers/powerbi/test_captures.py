"""Real answers of public Power BI reports against their known truth, where they are at hand."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from pll_pipeline.sources.model import PowerBi
from pll_pipeline.validated.readers.powerbi import (
    Decoded,
    PowerBiError,
    QueryFailed,
    as_csv,
    decode,
    read,
)

CAPTURES = Path(__file__).resolve().parents[6] / "shared" / "powerbi" / "captures"
FOLDERS = sorted(folder for folder in CAPTURES.glob("p*") if list(folder.glob("*response.json")))
TABLES = [folder for folder in FOLDERS if (folder / "expected.csv").exists()] or [CAPTURES]
ERRORS = [folder for folder in FOLDERS if (folder / "expected_error.json").exists()] or [CAPTURES]
PAGED = [folder for folder in FOLDERS if len(list(folder.glob("*response.json"))) > 1] or [CAPTURES]

pytestmark = pytest.mark.skipif(
    not FOLDERS,
    reason="the captures of real answers (shared/powerbi/captures) are not beside this checkout",
)


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
    frame = read(saved, PowerBi(kind="powerbi"), where=f"captures/{folder.name}.json").frame
    header, *records = csv.reader(io.StringIO(text(folder, "expected.csv"), newline=""))
    assert frame.columns == [*header, "row_reference"]
    assert [list(row[:-1]) for row in frame.rows()] == [
        ["" if cell == "\\N" else cell for cell in record] for record in records
    ]
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


# --- damage ---------------------------------------------------------------------------------------


def shapes(answer: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        shape
        for result in answer["results"]
        for shape in result["result"]["data"]["dsr"].get("DS", [])
    ]


def containers(node: Any) -> Iterator[dict[str, Any]]:
    """Everything in an answer that carries values, in order."""
    if isinstance(node, dict):
        if {"C", "S", "X", "R", "Ø"} & set(node):
            yield node
        for key, below in node.items():
            if key not in ("S", "C"):
                yield from containers(below)
    elif isinstance(node, list):
        for below in node:
            yield from containers(below)


def _first(answer: dict[str, Any], key: str) -> dict[str, Any] | None:
    return next(
        (c for shape in shapes(answer) for c in containers(shape.get("PH", [])) if c.get(key)), None
    )


def _beyond_the_schema(answer: dict[str, Any]) -> bool:
    found = _first(answer, "C")
    return bool(found) and (found.__setitem__("Ø", 1 << 52) or True)


def _in_the_first(key: str, change: Callable[[list[Any]], Any]) -> Callable[[dict[str, Any]], bool]:
    def damage(answer: dict[str, Any]) -> bool:
        found = _first(answer, key)
        return bool(found) and (change(found[key]) or True)

    return damage


def _in_the_shape(**stated: Any) -> Callable[[dict[str, Any]], bool]:
    def damage(answer: dict[str, Any]) -> bool:
        for shape in shapes(answer):
            shape.update(stated)
        return bool(shapes(answer))

    return damage


def _without_the_schema(answer: dict[str, Any]) -> bool:
    found = _first(answer, "S")
    return bool(found) and bool(found.pop("S"))


def _without_half_a_dictionary(answer: dict[str, Any]) -> bool:
    dictionaries = [
        entries
        for shape in shapes(answer)
        for entries in shape.get("ValueDicts", {}).values()
        if len(entries) > 1
    ]
    for entries in dictionaries:
        del entries[len(entries) // 2 :]
    return bool(dictionaries)


DAMAGES: dict[str, Callable[[dict[str, Any]], bool]] = {
    "incomplete": _in_the_shape(IC=False),
    "without the word that it is complete": _in_the_shape(IC=None),
    "with more to come": _in_the_shape(RT=[["'x'"]]),
    "with a limit passed": _in_the_shape(DLEx=[{"Id": "L0"}]),
    "a value short": _in_the_first("C", lambda values: values.pop()),
    "a value too many": _in_the_first("C", lambda values: values.append(values[-1])),
    "with a mask beyond its columns": _beyond_the_schema,
    "without its schema": _without_the_schema,
    "with a column that is not described": _in_the_first(
        "S", lambda schema: schema.append({"N": "G77", "T": 1})
    ),
    "with half its dictionaries": _without_half_a_dictionary,
}


def _damaged(folder: Path, damage: str) -> dict[str, Any] | None:
    """The last page of an answer, damaged; None where it has nothing that could be damaged so."""
    answer = (
        json.loads(content(folder)[-1].decode("utf-8-sig"))
        if folder in FOLDERS
        else {"results": []}
    )
    return answer if DAMAGES[damage](answer) else None


DAMAGED = [
    (folder, damage) for folder in TABLES for damage in DAMAGES if _damaged(folder, damage)
] or [(CAPTURES, "incomplete")]


@pytest.mark.parametrize(
    ("folder", "damage"), DAMAGED, ids=lambda part: part if isinstance(part, str) else part.name
)
def test_damage_to_the_structure_of_a_real_answer_never_becomes_a_table(
    folder: Path, damage: str
) -> None:
    pages, answer = content(folder), _damaged(folder, damage)
    with pytest.raises(PowerBiError):
        decode(
            [*pages[:-1], json.dumps(answer, ensure_ascii=False).encode()],
            where=f"captures/{folder.name}.json",
        )


@pytest.mark.parametrize("folder", TABLES, ids=lambda folder: folder.name)
def test_a_real_answer_that_is_cut_anywhere_is_refused(folder: Path) -> None:
    pages = content(folder)
    whole = pages[-1].rstrip()
    for cut in range(1, len(whole), max(1, len(whole) // 60)):
        with pytest.raises(PowerBiError):
            decode([*pages[:-1], whole[:cut]], where=f"captures/{folder.name}.json")
