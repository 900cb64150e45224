"""Numbers that no publication means: none becomes a figure, whatever the form of publication.

Not here: each rule (`test_rules.py`), the forms of numbers (`vocabulary/norwegian/`).
"""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import pytest

from pll_pipeline.errors import PllError
from pll_pipeline.sources.model import Source
from pll_pipeline.validated.judging import Judgement, judge_contents
from tests.unit.validated.readers.powerbi.answers import flat, group, measure, schema
from tests.unit.validated.readers.workbook.books import by_hand
from tests.unit.validated.small_table import CODES, FILE, MEASURE, TAKEN_AT, source_of

PAGE = "<table><tr><th>Region<th>Antall<tr><td>Norge<td>{}</table>"
SENTENCE = {
    "kind": "prose",
    "figures": [{"name": "a", "near": "kontor", "pattern": "har (?P<value>\\S+) kontor"}],
}


def _csv(number: str) -> bytes:
    return f"Region,Antall\nNorge,{number}\n".encode()


def _page(number: str) -> bytes:
    return PAGE.format(number).encode()


def _prose(number: str) -> bytes:
    return f"<p>Norge har {number} kontor.</p>".encode()


def _workbook(number: str) -> bytes:
    texts = ("Region", "Antall", "Norge")
    heading, value, norway = (f'<c t="inlineStr"><is><t>{text}</t></is></c>' for text in texts)
    rows = f'<row r="1">{heading}{value}</row><row r="2">{norway}<c><v>{number}</v></c></row>'
    return by_hand(rows)


def _cube(number: str) -> bytes:
    region = {"category": {"index": ["Norge"], "label": {"Norge": "Norge"}}}
    cube = {"id": ["Region"], "size": [1], "dimension": {"Region": region}, "value": [0]}
    return json.dumps(cube).replace("[0]", f"[{number}]").encode()


def _report(number: str) -> bytes:
    rows: list[dict[str, Any]] = [{"S": schema(("G0", 1), ("M0", 3)), "C": ["Norge", 0]}]
    answer = flat([group(0), measure(0)], rows)
    return json.dumps(answer).replace('["Norge", 0]', f'["Norge", {number}]').encode()


@dataclass(frozen=True)
class Form:
    """A form of publication: its settings, the bytes for a number, and the names of its columns."""

    read: dict[str, Any]
    content: Callable[[str], bytes]
    columns: tuple[str, ...] = ("Region", "Antall")
    value: str = "Antall"


FORMS = {
    "delimited": Form({"kind": "delimited"}, _csv),
    "html": Form({"kind": "html", "header": ["Region", "Antall"]}, _page),
    "prose": Form(SENTENCE, _prose, ("name", "value", "context"), "value"),
    "workbook": Form({"kind": "workbook", "header": ["Region", "Antall"]}, _workbook),
    "jsonstat": Form(
        {"kind": "jsonstat"}, _cube, ("Region", "Region_label", "value", "status"), "value"
    ),
    "powerbi": Form({"kind": "powerbi"}, _report, ("t.g0", "t.m0"), "t.m0"),
}
ABSURD = (
    *("1E+300", "1e308", "1e400", "-1e400", "1e-300", "9" * 400, "10000000000001"),
    *("Infinity", "-Infinity", "INF", "inf", "NaN", "nan", "9007199254740993", "1.5e13", "-7"),
)


def _read(form: Form, number: str) -> Judgement:
    source = source_of(
        form.columns,
        values=[{"column": form.value, "measure": MEASURE}],
        region={"name": "Norge", "level": "f", "levels": {"f": ["land"]}},
    )
    settings = source.model_dump() | {"read": form.read, "numbers": "point"}
    content = {FILE: form.content(number)}
    return judge_contents(
        Source.model_validate(settings), content, [], CODES, TAKEN_AT, "x"
    ).judgement


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
@pytest.mark.parametrize("number", ["5", "0", "9999999999999"])
def test_a_number_of_a_believable_size_is_a_figure(form: Form, number: str) -> None:
    assert _read(form, number).mapped.observations["value"].to_list() == [float(number)]


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
@pytest.mark.parametrize("number", ABSURD, ids=lambda number: number[:20])
def test_an_absurd_number_is_no_figure(form: Form, number: str) -> None:
    with suppress(PllError):
        judgement = _read(form, number)
        assert judgement.mapped.observations.is_empty()
        assert judgement.reason
