"""Hostile answers of Power BI reports.

Not here: what a case is (`case.py`), how it is tried (`reading.py`).
"""

from __future__ import annotations

import gzip
import json
from functools import partial
from typing import Any

from pll_pipeline.sources.model import PowerBi
from tests.hostile.case import Case
from tests.unit.validated.readers.powerbi.answers import flat, group, measure, schema, simple

REPORT = PowerBi(kind="powerbi")
answer_case = partial(Case, how=REPORT)
_COLUMNS = "not the expected ones"
_ROWS = 1000


def _json(document: Any) -> bytes:
    return json.dumps(document, ensure_ascii=False).encode()


def _first(**more: Any) -> dict[str, Any]:
    return {"S": schema(("G0", 1, "D0"), ("M0", 4)), "C": [0, 1], **more}


def _table(*instances: dict[str, Any], **shape: Any) -> bytes:
    words = {"ValueDicts": {"D0": ["a", "b"]}} | shape
    return _json(flat([group(0), measure(0)], list(instances), **words))


def _value(code: int, text: str) -> bytes:
    answer = _json(flat([measure(0)], [{"S": schema(("M0", code)), "M0": 0}], groupings=[]))
    return answer.replace(b'"M0": 0', f'"M0": {text}'.encode())


def _wide(columns: int, rows: int) -> bytes:
    select = [measure(number) for number in range(columns)]
    fields = schema(*[(f"M{number}", 4) for number in range(columns)])
    first = {"S": fields, "C": [1] * columns}
    return (
        _json(
            flat(
                [group(0), *select],
                [
                    {"S": schema(("G0", 1)) + fields, "C": ["a", *[1] * columns]},
                    *[{"R": 2**53 - 1, "C": [1] * (columns - 52)}] * rows,
                ],
            )
        )
        if first
        else b""
    )


def _matrix(columns: int, rows: int) -> bytes:
    across = [{"DM1": [{"S": schema(("G1", 4)), "G1": 0}, *[{"G1": n} for n in range(1, columns)]]}]
    lines = [
        {"S": schema(("G0", 4)), "G0": 0, "X": [{"S": schema(("M0", 4)), "M0": 1}]},
        *[{"G0": n} for n in range(1, rows)],
    ]
    return _json(
        flat(
            [group(0), group(1), measure(0)],
            lines,
            across=[{"Keys": [], "Member": "DM1"}],
            SH=across,
        )
    )


def _pages(count: int) -> bytes:
    last = count - 1
    pages = [
        simple(
            str(n),
            str(n + 1),
            **({} if n == last else {"IC": False, "HAD": None, "RT": [[str(n)]]}),
        )
        for n in range(count)
    ]
    return _json({"pages": pages})


ANSWER_CASES = (
    # masks and dictionaries
    answer_case(
        "a mask without end",
        content=lambda n: _table(_first(), {"R": 10**n}),
        size=300,
        larger_size=4000,
        words="mask|R|column",
    ),
    answer_case(
        "a mask below zero",
        content=lambda n: _table(_first(), {"R": -n, "C": [1]}),
        size=1,
        larger_size=10**9,
        words="mask|R|column",
    ),
    answer_case(
        "a mask with a fraction",
        content=lambda _: _table(_first(), {"R": 1.5, "C": [1]}),
        size=1,
        larger_size=1,
        words="mask|R|column",
    ),
    answer_case(
        "masks of repeats and of nulls that overlap",
        content=lambda _: _table(_first(), {"R": 3, "Ø": 3}),
        size=1,
        larger_size=1,
        words="mask|both|R|Ø",
    ),
    answer_case(
        "a mask of the first row",
        content=lambda _: _table(_first(R=1)),
        size=1,
        larger_size=1,
        words="first|repeat|mask|R",
    ),
    answer_case(
        "an entry that the dictionary lacks",
        content=lambda n: _table(_first(), {"C": [10**n, 1]}),
        size=9,
        larger_size=300,
        words="dictionary|digits",
    ),
    answer_case(
        "an entry before the first",
        content=lambda n: _table(_first(), {"C": [-n, 1]}),
        size=1,
        larger_size=10**9,
        words="dictionary",
    ),
    answer_case(
        "a dictionary of many words",
        content=lambda n: _table(_first(), ValueDicts={"D0": [str(i) for i in range(n)]}),
        size=10**4,
        larger_size=10**6,
        words=_COLUMNS,
        megabytes=800,
    ),
    answer_case(
        "a dictionary of numbers",
        content=lambda n: _table(_first(), ValueDicts={"D0": [1] * n}),
        size=100,
        larger_size=10**6,
        words="not text",
    ),
    answer_case(
        "many dictionaries",
        content=lambda n: _table(
            _first(), ValueDicts={"D0": ["a"]} | {f"E{i}": ["a"] for i in range(n)}
        ),
        size=3000,
        larger_size=3 * 10**5,
        words=_COLUMNS,
        megabytes=800,
    ),
    answer_case(
        "a long word of many rows",
        content=lambda n: _table(
            _first(), *[{"C": [0, i]} for i in range(n)], ValueDicts={"D0": ["x" * 20_000, "b"]}
        ),
        size=500,
        larger_size=100_000,
        words=f"{_COLUMNS}|characters",
        megabytes=3000,
        seconds=30,
    ),
    # lists of values
    answer_case(
        "a list of values without end",
        content=lambda n: _table(_first(), {"C": [0] * n}),
        size=10**4,
        larger_size=10**6,
        words="values|C",
    ),
    answer_case(
        "lists of values that are too short",
        content=lambda n: _table(_first(), *[{"C": []}] * n),
        size=1000,
        larger_size=10**5,
        words="ends before",
        megabytes=600,
    ),
    answer_case(
        "rows that repeat all",
        content=lambda n: _table(_first(), *[{"R": 3}] * n),
        size=10**4,
        larger_size=10**6,
        words=f"{_COLUMNS}|rows",
        seconds=30,
        megabytes=1500,
    ),
    answer_case(
        "more rows than a table has",
        content=lambda n: _table(_first(), *[{"R": 3}] * n),
        size=1000,
        larger_size=6 * 10**6,
        words=f"{_COLUMNS}|rows",
        seconds=90,
        megabytes=3500,
    ),
    answer_case(
        "rows that are no objects",
        content=lambda n: _table(_first(), *[[]] * n),
        size=1000,
        larger_size=10**6,
        words="object|row",
    ),
    answer_case(
        "many columns",
        content=lambda n: _wide(n, 1),
        size=1000,
        larger_size=50_000,
        words=f"{_COLUMNS}|columns",
        seconds=60,
        megabytes=1000,
    ),
    answer_case(
        "many columns of many rows that repeat",
        content=lambda n: _wide(53, n),
        size=2000,
        larger_size=200_000,
        words=f"{_COLUMNS}|cells|values",
        seconds=60,
        megabytes=2500,
    ),
    answer_case(
        "a schema again in each row",
        content=lambda n: _table(_first(), *[_first()] * n),
        size=1000,
        larger_size=10**5,
        words=f"{_COLUMNS}|schema",
        seconds=30,
        megabytes=1000,
    ),
    answer_case(
        "a matrix of empty cells",
        content=lambda n: _matrix(n, n),
        size=100,
        larger_size=2200,
        words=f"{_COLUMNS}|rows",
        seconds=60,
        megabytes=2500,
    ),
    answer_case(
        "a matrix of more cells than a table has",
        content=lambda n: _matrix(n, n),
        size=2300,
        larger_size=50_000,
        words="rows",
        seconds=30,
        megabytes=1500,
    ),
    answer_case(
        "many pages",
        content=_pages,
        size=40,
        larger_size=500,
        words=f"{_COLUMNS}|pages",
        seconds=60,
        megabytes=1000,
    ),
    # values
    answer_case(
        "no number", content=lambda _: _value(3, "NaN"), size=1, larger_size=1, words="JSON"
    ),
    answer_case(
        "an exponent",
        content=lambda n: _value(3, "1e" + "9" * n),
        size=3,
        larger_size=18,
        words="double|JSON",
    ),
    answer_case(
        "an exponent of a decimal",
        content=lambda n: _value(2, f"1e{10**n}"),
        size=6,
        larger_size=17,
        words="digits",
    ),
    answer_case(
        "an exponent of a decimal as text",
        content=lambda n: _value(2, f'"1e{10**n}"'),
        size=6,
        larger_size=17,
        words="digits",
    ),
    answer_case(
        "digits without end",
        content=lambda n: _value(4, "9" * n),
        size=1000,
        larger_size=10**6,
        words="64 bits|JSON",
    ),
    answer_case(
        "a date beyond any",
        content=lambda n: _value(7, "9" * n),
        size=30,
        larger_size=4000,
        words="time|date|range|large|JSON|int|value",
    ),
    answer_case(
        "a text without end",
        content=lambda n: _value(1, '"' + "x" * n + '"'),
        size=10**5,
        larger_size=5 * 10**7,
        words=_COLUMNS,
        megabytes=800,
    ),
    answer_case(
        "halves of pairs",
        content=lambda n: _value(1, '"' + r"\ud800" * n + '"'),
        size=10,
        larger_size=10**6,
        words="surrogate|character|half|UTF|utf",
    ),
    answer_case(
        "a type that is unknown",
        content=lambda n: _value(n, "1"),
        size=99,
        larger_size=10**9,
        words="type",
    ),
    # JSON
    answer_case(
        "one key many times",
        content=lambda n: b"{" + b'"a":1,' * n + b'"a":2}',
        size=5000,
        larger_size=10**6,
        words="twice",
        megabytes=800,
    ),
    answer_case(
        "many keys and one twice",
        content=lambda n: (
            b"{" + b"".join(b'"a%d":1,' % i for i in range(n)) + b'"a%d":2}' % (n - 1)
        ),
        size=5000,
        larger_size=10**5,
        words="twice",
        megabytes=800,
    ),
    answer_case(
        "deep JSON", content=lambda n: b"[" * n, size=10**5, larger_size=10**7, words="nested"
    ),
    answer_case(
        "a deep request",
        content=lambda n: b'{"pages": [], "request":' + b'{"a":' * n + b"1" + b"}" * n + b"}",
        size=900,
        larger_size=10**5,
        words="nested|no answer",
    ),
    answer_case(
        "packed zeros",
        content=lambda n: gzip.compress(b" " * n, 9),
        size=10**6,
        larger_size=2**29,
        words="JSON|larger",
        megabytes=600,
    ),
    answer_case(
        "packed twice",
        content=lambda n: gzip.compress(gzip.compress(b"0" * n)),
        size=10**5,
        larger_size=10**7,
        words="UTF-8",
    ),
    answer_case(
        "a packed answer with more behind it",
        content=lambda n: gzip.compress(b"{}") + b"x" * n,
        size=10**5,
        larger_size=10**7,
        words="more follows",
    ),
    answer_case(
        "an error without end",
        content=lambda n: _json({"error": {"message": "x" * n, "code": "y" * n}}),
        size=10**5,
        larger_size=10**7,
        words="error|x",
    ),
    answer_case(
        "a name of a column without end",
        content=lambda n: _json(
            flat([group(0, Name="t." + "x" * n)], [{"S": schema(("G0", 1)), "G0": "a"}])
        ),
        size=10**5,
        larger_size=10**7,
        words=_COLUMNS,
    ),
    answer_case(
        "columns of one name",
        content=lambda n: _json(
            flat(
                [group(i, Name="t.x") for i in range(n)],
                [{"S": schema(*[(f"G{i}", 1) for i in range(n)]), "C": ["a"] * n}],
            )
        ),
        size=50,
        larger_size=1000,
        words="name|twice",
    ),
)
