"""Hostile files, made when they are needed: what each reader is given, and what becomes of it.

Every case has a size for `make test` and a larger one. Not here: what is asserted of them
(`tests/unit/validated/readers/test_hostile.py`).
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from pll_pipeline.sources.model import Delimited, Html, JsonStat, ReaderSettings

CSV = Delimited(kind="delimited", ends_at=None)
PAGE = Html(kind="html", header=["a"], caption=None)
CUBE = JsonStat(kind="jsonstat")


@dataclass(frozen=True)
class Case:
    """A hostile file: its bytes by size, how it is read, and a text of the refusal, "" if read."""

    name: str
    how: ReaderSettings
    content: Callable[[int], bytes]
    size: int
    larger_size: int
    refusal: str


def _csv(columns: int) -> bytes:
    names = ",".join(f"c{number}" for number in range(columns))
    return f"{names}\n{','.join('1' * columns)}\n".encode()


def _page(inner: str) -> bytes:
    return f"<html><body>{inner}<table><tr><th>a<tr><td>1</table>".encode()


def _cube(*sizes: int) -> dict[str, Any]:
    names = [f"d{number}" for number in range(len(sizes))]
    categories = {
        name: {"category": {"index": [str(code) for code in range(size)]}}
        for name, size in zip(names, sizes, strict=True)
    }
    return {"id": names, "size": list(sizes), "dimension": categories, "value": {}}


def _json(document: Any) -> bytes:
    return json.dumps(document).encode()


CASES = (
    Case("many columns", CSV, _csv, 50_000, 400_000, "columns, more than"),
    Case("one column many times", CSV, lambda n: b"a," * n + b"a\n", 4000, 4999, "occurs twice"),
    Case("a quote that is not closed", CSV, lambda n: b'a,b\n"' + b"x" * n, 10**5, 10**7, "well"),
    Case("characters of value zero", CSV, lambda n: b"a,b\n" + b"\0" * n, 10**5, 10**7, "zero"),
    Case("only separators", CSV, lambda n: b"," * n, 10**5, 10**7, "no rows"),
    Case("only line ends", CSV, lambda n: b"\n" * n, 10**5, 10**7, "no rows"),
    Case("deep page", PAGE, lambda n: _page("<div>" * n), 20_000, 200_000, "within each other"),
    Case("deep lists", PAGE, lambda n: _page("<ul><li>" * n), 20_000, 200_000, "within each other"),
    Case(
        "wide span",
        PAGE,
        lambda n: _page(f"<table><tr><th>a<tr><td colspan={n}>1</table>"),
        10**6,
        10**9,
        "spans",
    ),
    Case("many dimensions", CUBE, lambda n: _json(_cube(*[1] * n)), 20_000, 100_000, "dimensions"),
    Case(
        "empty cells of many dimensions",
        CUBE,
        lambda n: _json(_cube(n, n, *[1] * 30)),
        2236,
        2236,
        "more than",
    ),
    Case("many parts", CUBE, lambda n: _json({"parts": [_cube(2236, 2236)] * n}), 10, 100, "parts"),
    Case("deep JSON", CUBE, lambda n: b"[" * n, 100_000, 10**7, "nested"),
)
