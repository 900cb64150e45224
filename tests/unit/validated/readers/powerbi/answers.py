"""Small answers of Power BI reports, written as a server writes them."""

from __future__ import annotations

import json
import math
import os
from datetime import datetime
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from pll_pipeline.sources.model import PowerBi
from pll_pipeline.validated.readers.powerbi import (
    Decoded,
    decode,
)

SNAPSHOTS = Path(__file__).resolve().parents[4] / "snapshots" / "powerbi"
HOW = PowerBi(kind="powerbi")
# `GENERATED_TABLES` sets how many tables each test of any table makes.
many = settings(
    max_examples=int(os.environ.get("GENERATED_TABLES", "100")),
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
WHERE = "report/2026-11-23T050000Z/answer.json"


def group(number: int, **more: Any) -> dict[str, Any]:
    """A column of groups."""
    return {"Kind": 1, "Depth": 0, "Value": f"G{number}", "Name": f"t.g{number}", **more}


def measure(number: int, **more: Any) -> dict[str, Any]:
    """A measure."""
    return {"Kind": 2, "Value": f"M{number}", "Name": f"t.m{number}", **more}


def schema(*fields: tuple[Any, ...]) -> list[dict[str, Any]]:
    """A schema: id, type code and dictionary of each value."""
    return [dict(zip(("N", "T", "DN"), field, strict=False)) for field in fields]


def flat(
    select: list[Any],
    instances: list[Any],
    *,
    groupings: list[Any] | None = None,
    across: list[Any] | None = None,
    ph: list[Any] | None = None,
    row_count: int | None = None,
    limits: Any = None,
    **shape: Any,
) -> dict[str, Any]:
    """An answer of one grouping; `shape` adds to the data shape, or takes away where None."""
    grouped = [{"Keys": [], "Member": "DM0"}] if groupings is None else groupings
    expressions: dict[str, Any] = {"Primary": {"Groupings": grouped}}
    if across:
        expressions["Secondary"] = {"Groupings": across}
    data: dict[str, Any] = {
        "descriptor": {"Select": select, "Expressions": expressions, "Version": 2},
        "dsr": {
            "Version": 2,
            "MinorVersion": 1,
            "DS": [{"N": "DS0", "PH": ph or [{"DM0": instances}], "IC": True, "HAD": True} | shape],
        },
    }
    if limits:
        data["descriptor"]["Limits"] = limits
    if row_count is not None:
        data["metrics"] = {"Events": [{"Name": "any"}, {"Metrics": {"RowCount": row_count}}]}
    kept = data["dsr"]["DS"][0]
    data["dsr"]["DS"][0] = {key: value for key, value in kept.items() if value is not None}
    return {"jobIds": ["j"], "results": [{"jobId": "j", "result": {"data": data}}]}


def table(*answers: dict[str, Any]) -> Decoded:
    """The table in the pages of an answer."""
    return decode(
        [json.dumps(answer, ensure_ascii=False).encode() for answer in answers], where=WHERE
    )


def rows(answer: dict[str, Any]) -> list[tuple[Any, ...]]:
    """The detail rows of an answer."""
    return list(table(answer).rows)


def three(*instances: dict[str, Any], **shape: Any) -> dict[str, Any]:
    """A text with a dictionary, a whole number and a double."""
    first, *rest = instances
    first = {"S": schema(("G0", 1, "D0"), ("M0", 4), ("M1", 3)), **first}
    return flat(
        [group(0), measure(0), measure(1)],
        [first, *rest],
        **({"ValueDicts": {"D0": ["Web", "Phone"]}} | shape),
    )


def single_value(type_code: int, raw: Any) -> Any:
    """A value of this type, written so, as it is read."""
    return rows(flat([measure(0)], [{"S": schema(("M0", type_code)), "M0": raw}], groupings=[]))[0][
        0
    ]


RESTART = [["'Oslo'"]]


def simple(*texts: str, **more: Any) -> dict[str, Any]:
    """A flat answer of one column of texts."""
    first, *rest = [{"G0": text} for text in texts]
    return flat([group(0)], [{"S": schema(("G0", 1)), **first}, *rest], **more)


def page(*texts: str, token: Any = None) -> dict[str, Any]:
    """A page of texts; with a token, another one follows."""
    return simple(*texts, IC=False, HAD=None, RT=token) if token else simple(*texts)


TEXTS = st.one_of(st.none(), st.sampled_from(["", "null", " a ", "Ø", "x\ny"]), st.text(max_size=5))
CELLS = {
    1: TEXTS,
    3: st.one_of(st.none(), st.floats(allow_nan=False)),
    4: st.one_of(st.none(), st.integers(-3, 3), st.integers(-(2**63), 2**63 - 1)),
    5: st.one_of(st.none(), st.booleans()),
    7: st.one_of(
        st.none(),
        st.datetimes().map(
            lambda moment: moment.replace(microsecond=moment.microsecond // 1000 * 1000)
        ),
    ),
}


@st.composite
def tables(draw: st.DrawFn) -> tuple[list[int], list[tuple[Any, ...]]]:
    """Types of columns, and records of values of those types."""
    types = draw(st.lists(st.sampled_from(sorted(CELLS)), min_size=1, max_size=60))
    few = [draw(st.lists(CELLS[code], min_size=1, max_size=3)) for code in types]
    return types, draw(
        st.lists(st.tuples(*[st.sampled_from(column) for column in few]), min_size=1, max_size=6)
    )


def wire(code: int, value: Any, dictionary: list[str]) -> Any:
    """A value as an answer writes it."""
    if code == 7 and value is not None:
        return round((value - datetime(1970, 1, 1)).total_seconds() * 1000)
    if code == 5 and value is not None:
        return int(value)
    if code == 3 and value is not None:
        infinite = {math.inf: "Infinity", -math.inf: "-Infinity"}
        return infinite.get(value) or (repr(value) if len(repr(value)) > 15 else value)
    if code == 4 and value is not None and abs(value) > 2**53:
        return str(value)
    if code == 1 and value is not None:
        if value not in dictionary and len(dictionary) < 2:
            dictionary.append(value)
        return dictionary.index(value) if value in dictionary else value
    return value


def encoded(types: list[int], records: list[tuple[Any, ...]]) -> dict[str, Any]:
    """An answer with these records, as a server writes it: repeats and nulls in masks."""
    dictionaries: dict[str, list[str]] = {f"D{n}": [] for n, code in enumerate(types) if code == 1}
    fields = schema(
        *[
            (f"G{n}", code, f"D{n}") if code == 1 else (f"G{n}", code)
            for n, code in enumerate(types)
        ]
    )
    instances: list[dict[str, Any]] = []
    for number, record in enumerate(records):
        written, repeated, null = [], 0, 0
        for n, (code, value) in enumerate(zip(types, record, strict=True)):
            if n < 53 and number and records[number - 1][n] == value:
                repeated |= 1 << n
            elif n < 53 and value is None:
                null |= 1 << n
            else:
                written.append(wire(code, value, dictionaries.get(f"D{n}", [])))
        instance: dict[str, Any] = {"S": fields} if not number else {}
        if len(types) > 1:
            instance |= {"C": written} if written else {}
        elif written:
            instance["G0"] = written[0]
        instances.append(
            instance | ({"R": repeated} if repeated else {}) | ({"Ø": null} if null else {})
        )
    return flat(
        [group(n) for n in range(len(types))],
        instances,
        row_count=len(records),
        ValueDicts=dictionaries,
    )


def failed(**result: Any) -> dict[str, Any]:
    """An answer with one result that has this in it."""
    return {"jobIds": ["j"], "results": [{"jobId": "j", **result}]}
