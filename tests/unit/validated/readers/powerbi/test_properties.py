"""Any table comes back as it was written; damage is an error, never other rows."""

from __future__ import annotations

import copy
import json
from datetime import datetime
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from pll_pipeline.validated.readers.powerbi import (
    PowerBiError,
    decode,
)
from tests.unit.validated.readers.powerbi.answers import (
    SNAPSHOTS,
    WHERE,
    encoded,
    many,
    table,
    tables,
)


@many
@given(tables())
def test_any_table_comes_back_as_it_was_written(
    drawn: tuple[list[int], list[tuple[Any, ...]]],
) -> None:
    types, records = drawn
    decoded = table(encoded(types, records))
    assert list(decoded.rows) == records
    assert decoded.column_type_codes == tuple(types)


def places(node: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inside = (
        node.items()
        if isinstance(node, dict)
        else enumerate(node)
        if isinstance(node, list)
        else ()
    )
    return [path] + [place for key, value in inside for place in places(value, (*path, key))]


INTACT = [
    json.loads((SNAPSHOTS / f"{name}.json").read_text("utf-8"))
    for name in ("nested_with_totals", "matrix_with_totals")
]
JUNK = [None, 0, 1, -1, 2**70, 1.5, "", "x", "G0", [], [[]], [0], {}, {"S": 1}, True]


@settings(max_examples=600, deadline=None)
@given(st.sampled_from(INTACT), st.data())
def test_a_damaged_answer_gives_a_table_or_an_error_of_this_reader(
    intact: dict[str, Any], data: st.DataObject
) -> None:
    answer = copy.deepcopy(intact)
    *way, last = data.draw(st.sampled_from(places(answer)[1:]))
    node = answer
    for key in way:
        node = node[key]
    if data.draw(st.booleans()):
        del node[last]
    else:
        node[last] = data.draw(st.sampled_from(JUNK))
    places_named = 1
    try:
        columns = table(answer).columns
    except PowerBiError as error:
        columns, places_named = (), str(error).count("Where: ")
    assert columns or places_named == 1


@st.composite
def damage(draw: st.DrawFn, content: bytes) -> bytes:
    """The content with a byte changed, some bytes cut out, or some doubled."""
    at, length = draw(st.integers(0, len(content) - 1)), draw(st.integers(1, 40))
    how = draw(st.sampled_from(["changed", "cut", "doubled"]))
    if how == "changed":
        return content[:at] + bytes([draw(st.integers(0, 255))]) + content[at + 1 :]
    return (
        content[:at]
        + (content[at : at + length] * 2 if how == "doubled" else b"")
        + content[at + length :]
    )


MAY = datetime(2024, 5, 1)
COUNTED = encoded(
    [1, 4, 3, 7],
    [
        ("Oslo", 1, 0.5, MAY),
        ("Oslo", 2, None, MAY),
        (None, 2, 0.25, None),
        ("Troms", 2, 0.25, None),
    ],
)


@settings(max_examples=600, deadline=None)
@given(st.data())
def test_damaged_bytes_never_take_away_or_add_a_row(data: st.DataObject) -> None:
    content = json.dumps(COUNTED, ensure_ascii=False).encode()
    damaged = data.draw(damage(content).filter(lambda one: b"RowCount" in one))
    try:
        decoded = decode([damaged], where=WHERE)
    except PowerBiError:
        return
    assert len(decoded.rows) == 4 or decoded.server_row_count != 4
