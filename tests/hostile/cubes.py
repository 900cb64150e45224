"""Hostile JSON-stat datasets.

Not here: what a case is (`case.py`), how it is tried (`reading.py`).
"""

from __future__ import annotations

import json
from functools import partial
from typing import Any

from pll_pipeline.sources.model import JsonStat
from tests.hostile.case import Case

CUBE = JsonStat(kind="jsonstat")
cube_case = partial(Case, how=CUBE)
_COLUMNS = "not the expected ones"


def _cube(*sizes: int, **more: Any) -> dict[str, Any]:
    names = [f"d{number}" for number in range(len(sizes))]
    categories = {
        name: {"category": {"index": [str(code) for code in range(size)]}}
        for name, size in zip(names, sizes, strict=True)
    }
    return {"id": names, "size": list(sizes), "dimension": categories, "value": {}} | more


def _json(document: Any) -> bytes:
    return json.dumps(document).encode()


def _value(text: str) -> bytes:
    return _json(_cube(1)).replace(b'"value": {}', f'"value": [{text}]'.encode())


def _sized(size: Any) -> bytes:
    return _json(_cube(2, 2) | {"size": [2, size]})


CUBE_CASES = (
    # sizes
    cube_case(
        "many dimensions",
        content=lambda n: _json(_cube(*[1] * n)),
        size=20_000,
        larger_size=100_000,
        words="dimensions",
    ),
    cube_case(
        "empty cells of many dimensions",
        content=lambda n: _json(_cube(n, n, *[1] * 30)),
        size=2236,
        larger_size=2236,
        words="more than",
    ),
    cube_case(
        "many parts",
        content=lambda n: _json({"parts": [_cube(2236, 2236)] * n}),
        size=3,
        larger_size=100,
        words="parts",
    ),
    cube_case(
        "many small parts",
        content=lambda n: _json({"parts": [_cube(1)] * n}),
        size=300,
        larger_size=50_000,
        words=f"{_COLUMNS}|parts",
        seconds=60,
        megabytes=1000,
    ),
    cube_case(
        "parts in parts",
        content=lambda n: b'{"parts":[' * n + b"]}" * n,
        size=200,
        larger_size=10**5,
        words="part|nested|dataset",
    ),
    cube_case(
        "empty cells",
        content=lambda n: _json(_cube(n, n)),
        size=300,
        larger_size=2200,
        words=_COLUMNS,
        seconds=30,
        megabytes=2500,
    ),
    cube_case(
        "a product beyond 64 bits",
        content=lambda n: _json(_cube(*[2] * n)),
        size=70,
        larger_size=99,
        words="more than",
    ),
    cube_case(
        "a size beyond 64 bits",
        content=lambda n: _sized(10**n),
        size=100,
        larger_size=4000,
        words="size|categories|more than|finite",
    ),
    cube_case(
        "a size without end",
        content=lambda n: _sized(0).replace(b"0]", b"1" * n + b"]"),
        size=10**5,
        larger_size=10**6,
        words="finite|size|digits",
    ),
    cube_case(
        "a size below zero", content=lambda n: _sized(-n), size=1, larger_size=10**9, words="size"
    ),
    cube_case(
        "a size with a fraction",
        content=lambda n: _sized(n + 0.5),
        size=1,
        larger_size=10**9,
        words="size",
    ),
    cube_case(
        "a size that is a truth",
        content=lambda _: _sized(True),
        size=1,
        larger_size=1,
        words="size|categories",
    ),
    cube_case(
        "a size of zero",
        content=lambda n: _json(_cube(0, n)),
        size=100,
        larger_size=10**5,
        words="size|cells|no ",
    ),
    cube_case(
        "other sizes than categories",
        content=lambda n: _json(_cube(2) | {"size": [n]}),
        size=10**6,
        larger_size=5 * 10**6,
        words="categories|size",
        megabytes=300,
    ),
    # values
    cube_case(
        "no number", content=lambda _: _value("NaN"), size=1, larger_size=1, words="not finite"
    ),
    cube_case(
        "no number without bound",
        content=lambda _: _value("-Infinity"),
        size=1,
        larger_size=1,
        words="not finite",
    ),
    cube_case(
        "an exponent",
        content=lambda n: _value("1e" + "4" * n),
        size=3,
        larger_size=10**6,
        words="not finite",
    ),
    cube_case(
        "digits without end",
        content=lambda n: _value("9" * n),
        size=10**5,
        larger_size=10**7,
        words="not finite",
    ),
    cube_case(
        "a fraction without end",
        content=lambda n: _value("0." + "9" * n),
        size=10**5,
        larger_size=10**7,
        words=_COLUMNS,
    ),
    cube_case(
        "a value far out",
        content=lambda n: _json(_cube(1, value={"9" * n: 1})),
        size=18,
        larger_size=10**5,
        words="cell|value",
    ),
    cube_case(
        "a value before the first",
        content=lambda n: _json(_cube(1, value={f"-{n}": 1})),
        size=1,
        larger_size=10**9,
        words="cell|value",
    ),
    cube_case(
        "more values than cells",
        content=lambda n: _json(_cube(1, value=[1] * n)),
        size=10**5,
        larger_size=3 * 10**6,
        words="values|cells",
        megabytes=1500,
    ),
    cube_case(
        "values in values",
        content=lambda n: _value("[" * n + "]" * n),
        size=500,
        larger_size=900,
        words="nested",
    ),
    cube_case(
        "a text without end as value",
        content=lambda n: _value('"' + "9" * n + '"'),
        size=10**5,
        larger_size=10**7,
        words="value|not the expected",
    ),
    cube_case(
        "more statuses than cells",
        content=lambda n: _json(_cube(1, status=["x"] * n)),
        size=10**5,
        larger_size=3 * 10**6,
        words="status",
        megabytes=1500,
    ),
    # JSON
    cube_case(
        "deep JSON", content=lambda n: b"[" * n, size=100_000, larger_size=10**7, words="nested"
    ),
    cube_case(
        "deep objects",
        content=lambda n: b'{"a":' * n,
        size=100_000,
        larger_size=5 * 10**6,
        words="nested|not JSON",
    ),
    cube_case(
        "one key many times",
        content=lambda n: b"{" + b'"id":1,' * n + b'"id":2}',
        size=10**4,
        larger_size=10**6,
        words="twice",
        megabytes=600,
    ),
    cube_case(
        "many keys",
        content=lambda n: _json(_cube(1) | {f"k{i}": 1 for i in range(n)}),
        size=10**4,
        larger_size=10**6,
        words=_COLUMNS,
        megabytes=1500,
    ),
    cube_case(
        "a text without end",
        content=lambda n: _json(_cube(1, label="x" * n)),
        size=10**5,
        larger_size=5 * 10**7,
        words=_COLUMNS,
    ),
    cube_case(
        "a text that is not closed",
        content=lambda n: b'{"id": "' + b"x" * n,
        size=10**5,
        larger_size=10**7,
        words="not JSON",
    ),
    cube_case(
        "halves of pairs",
        content=lambda n: _json(_cube(1)).replace(b'"0"', b'"' + rb"\ud800" * n + b'"'),
        size=10,
        larger_size=10**5,
        words="character|pair|not the expected|UTF",
    ),
    cube_case(
        "characters of value zero",
        content=lambda n: b"\0" * n,
        size=10**4,
        larger_size=10**7,
        words="not JSON",
    ),
    cube_case(
        "a page in place of it",
        content=lambda n: b"<html>" * n,
        size=10**4,
        larger_size=10**6,
        words="HTML",
    ),
    cube_case(
        "UTF-16",
        content=lambda n: json.dumps(_cube(n)).encode("utf-16"),
        size=100,
        larger_size=10**5,
        words="not JSON|expected",
    ),
    # descriptions
    cube_case(
        "one category many times",
        content=lambda n: _json(
            _cube(1) | {"size": [n], "dimension": {"d0": {"category": {"index": ["a"] * n}}}}
        ),
        size=10**4,
        larger_size=10**6,
        words="twice|categor|differ",
        megabytes=800,
    ),
    cube_case(
        "a long label of many cells",
        content=lambda n: _json(
            _cube(1, 2000)
            | {
                "dimension": {
                    "d0": {"category": {"index": ["a"], "label": {"a": "x" * n}}},
                    "d1": _cube(1, 2000)["dimension"]["d1"],
                }
            }
        ),
        size=10_000,
        larger_size=10**6,
        words=f"{_COLUMNS}|characters",
        megabytes=3000,
        seconds=30,
    ),
    cube_case(
        "units of many kinds",
        content=lambda n: _json(
            _cube(n)
            | {
                "dimension": {
                    "d0": {
                        "category": {
                            "index": [str(i) for i in range(n)],
                            "unit": {str(i): {"base": "x" * 50} for i in range(n)},
                        }
                    }
                }
            }
        ),
        size=3000,
        larger_size=200_000,
        words=_COLUMNS,
        megabytes=1500,
        seconds=60,
    ),
    cube_case(
        "notes",
        content=lambda n: _json(_cube(1, note=["x"] * n)),
        size=10**4,
        larger_size=10**6,
        words=_COLUMNS,
        megabytes=600,
    ),
    cube_case(
        "children of each other",
        content=lambda _: _json(
            _cube(2)
            | {
                "dimension": {
                    "d0": {"category": {"index": ["0", "1"], "child": {"0": ["1"], "1": ["0"]}}}
                }
            }
        ),
        size=1,
        larger_size=1,
        words=_COLUMNS,
    ),
)
