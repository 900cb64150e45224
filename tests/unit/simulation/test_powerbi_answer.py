"""The simulated report writes answers as real servers do, and they read back as they were."""

from __future__ import annotations

import json
import math
from datetime import datetime
from itertools import groupby
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pll_pipeline.simulation.powerbi_answer import (
    Encoded,
    Grouping,
    Selected,
    Subtotal,
    data_of,
    encode,
    envelope,
)
from pll_pipeline.simulation.powerbi_language import QueryRefused, parsed_literal
from pll_pipeline.simulation.powerbi_values import Row, TypeCode, literal
from pll_pipeline.validated.readers.powerbi import decode

CAPTURES = Path(__file__).resolve().parents[4] / "shared" / "powerbi" / "captures"
WHERE = "report/answer.json"
VALUES = {
    TypeCode.TEXT: st.text(max_size=4) | st.sampled_from(["", " ", "null", "Ø", "'", "a\nb"]),
    TypeCode.DECIMAL: st.decimals(
        allow_nan=False, allow_infinity=False, places=3, min_value=-(10**12), max_value=10**12
    ),
    TypeCode.DOUBLE: st.floats() | st.integers(-3, 3).map(float),
    TypeCode.INTEGER: st.integers(-(2**63), 2**63 - 1) | st.integers(-2, 2),
    TypeCode.BOOLEAN: st.booleans(),
    TypeCode.DATETIME: st.datetimes()
    | st.dates().map(lambda day: datetime(day.year, day.month, day.day)),
}
TYPES = st.sampled_from(list(TypeCode))


def group(number: int, type_code: TypeCode = TypeCode.TEXT) -> Selected:
    return Selected(f"t.g{number}", type_code, ("t", f"g{number}"))


def measure(number: int, type_code: TypeCode = TypeCode.INTEGER) -> Selected:
    return Selected(f"t.m{number}", type_code)


def comparable(rows: Any) -> list[tuple[Any, ...]]:
    return [
        tuple("NaN" if isinstance(value, float) and math.isnan(value) else value for value in row)
        for row in rows
    ]


def written(encoded: Encoded, **options: Any) -> bytes:
    return envelope([data_of(encoded, **options)])


@st.composite
def tables(draw: st.DrawFn) -> tuple[list[Selected], list[Row]]:
    kinds = draw(st.lists(st.tuples(st.booleans(), TYPES), max_size=6))
    columns = [
        group(0, draw(TYPES)),
        *(
            group(number, type_code) if is_group else measure(number, type_code)
            for number, (is_group, type_code) in enumerate(kinds, 1)
        ),
    ]
    row = st.tuples(*(st.none() | VALUES[column.type_code] for column in columns))
    pool = draw(st.lists(row, max_size=5))
    rows = draw(st.lists(st.sampled_from(pool) | row, max_size=12)) if pool else []
    order = draw(st.permutations(range(len(columns))))
    ordered_rows = [tuple(row[position] for position in order) for row in rows]
    return [columns[position] for position in order], ordered_rows


def flat(columns: list[Selected], rows: list[Row], **more: Any) -> Encoded:
    groups = tuple(index for index, column in enumerate(columns) if not column.is_measure)
    subtotal = Subtotal.BEFORE if more else Subtotal.NONE
    return encode(columns, rows, down=[Grouping(groups, subtotal)], **more)


@given(tables())
def test_a_flat_table_is_read_as_it_was_written(table: tuple[list[Selected], list[Row]]) -> None:
    columns, rows = table
    answer = decode([written(flat(columns, rows))], where=WHERE)
    assert answer.columns == tuple(column.name for column in columns)
    assert comparable(answer.rows) == comparable(rows)
    assert answer.server_row_count == len(rows)


@given(st.lists(st.lists(st.none() | st.integers(0, 3), min_size=56, max_size=56), max_size=6))
def test_columns_beyond_the_masks_are_read_as_they_were_written(
    rows: list[list[int | None]],
) -> None:
    columns = [group(number, TypeCode.INTEGER) for number in range(56)]
    assert list(decode([written(flat(columns, rows))], where=WHERE).rows) == [
        tuple(row) for row in rows
    ]


def test_only_the_first_hundred_texts_of_a_column_have_a_number() -> None:
    rows = [(f"text {number % 130}", number) for number in range(260)]
    encoded = flat([group(0), group(1, TypeCode.INTEGER)], rows)
    assert encoded.dictionaries == {"D0": [f"text {number}" for number in range(100)]}
    assert encoded.shape["PH"][0]["DM0"][230]["C"] == ["text 100", 230]
    assert list(decode([written(encoded)], where=WHERE).rows) == rows


def test_numbers_and_times_are_written_as_servers_write_them() -> None:
    kinds = (TypeCode.DOUBLE, TypeCode.DOUBLE, TypeCode.INTEGER, TypeCode.BOOLEAN)
    columns = [
        group(0, TypeCode.DATETIME),
        *(measure(number, type_code) for number, type_code in enumerate(kinds)),
    ]
    rows = [
        (datetime(1969, 12, 31), 0.1 + 0.2, 11700.0, 2**53 + 2, True),
        (datetime(2024, 5, 1, 0, 0, 0, 7), math.inf, -1.5, -7, False),
    ]
    first, second = flat(columns, rows).shape["PH"][0]["DM0"]
    assert first["C"] == [-86400000, "0.30000000000000004", 11700, "9007199254740994", 1]
    assert second["C"] == ["2024-05-01T00:00:00.000007", "Infinity", -1.5, -7, 0]


nested_rows = st.dictionaries(
    st.tuples(*[st.sampled_from(["a", "b", "c"])] * 3), st.integers(-2, 2) | st.none(), min_size=1
)


@given(nested_rows, st.lists(st.sampled_from(Subtotal), min_size=3, max_size=3), st.booleans())
def test_a_nested_table_with_its_totals_is_read_as_it_was_written(
    cells: dict[Any, Any], subtotals: list[Subtotal], folds_one: bool
) -> None:
    columns = [measure(0), group(2), group(0), group(1)]
    down = [
        Grouping((position,), subtotal)
        for position, subtotal in zip((2, 3, 1), subtotals, strict=True)
    ]
    rows = [
        (value, third, first, second) for (first, second, third), value in sorted(cells.items())
    ]
    prefixes = [key[:depth] for key in cells for depth in range(3)]
    totals = {
        prefix: (sum(value or 0 for key, value in cells.items() if key[: len(prefix)] == prefix),)
        for prefix in prefixes
    }
    closed = frozenset({min(cells)[:2]} if folds_one else ())
    answer = decode(
        [written(encode(columns, rows, down=down, totals=totals, closed=closed))], where=WHERE
    )
    assert list(answer.rows) == [row for row in rows if (row[2], row[3]) not in closed]
    assert answer.closed_branches == len(closed)
    expected = {
        (len(prefix), totals[prefix][0], None, *(*prefix, None, None)[:2])
        for prefix in prefixes
        if subtotals[len(prefix)]
    }
    assert len(answer.totals) == len(expected)
    assert {(total.level, *total.values) for total in answer.totals} == expected


crossings = st.tuples(st.integers(0, 3), st.sampled_from("abc"), st.sampled_from("xyz"))


@given(
    st.dictionaries(
        crossings, st.tuples(st.none() | st.integers(0, 2), st.none() | st.floats(0, 1)), min_size=1
    )
)
def test_a_matrix_is_read_as_it_was_written(cells: dict[Any, Any]) -> None:
    columns = [
        group(0, TypeCode.INTEGER),
        measure(0),
        group(1),
        group(2),
        measure(1, TypeCode.DOUBLE),
    ]
    rows = [
        (line, values[0], across, below, values[1])
        for (line, below, across), values in sorted(cells.items())
    ]
    encoded = encode(columns, rows, down=[Grouping((0,)), Grouping((3,))], across=(2,))
    lines = dict.fromkeys((line, below) for line, below, _ in sorted(cells))
    headings = sorted({across for _, _, across in cells})
    dense = [
        (line, across, below, *cells.get((line, below, across), (None, None)))
        for line, below in lines
        for across in headings
    ]
    assert list(decode([written(encoded)], where=WHERE).rows) == [
        (line, first, across, below, second) for line, across, below, first, second in dense
    ]


@given(st.lists(st.tuples(TYPES, st.booleans()), min_size=1, max_size=5), st.data())
def test_totals_alone_are_read_as_they_were_written(
    kinds: list[tuple[TypeCode, bool]], data: st.DataObject
) -> None:
    columns = [measure(number, type_code) for number, (type_code, _) in enumerate(kinds)]
    row = tuple(None if is_blank else data.draw(VALUES[type_code]) for type_code, is_blank in kinds)
    assert comparable(
        decode([written(encode(columns, [row], down=()))], where=WHERE).rows
    ) == comparable([row])


@given(
    st.sets(st.tuples(st.text(max_size=2), st.integers(0, 30)), min_size=3, max_size=40),
    st.integers(2, 7),
)
def test_pages_that_share_a_row_are_read_as_one_table(
    keys: set[tuple[str, int]], size: int
) -> None:
    columns = [group(0), group(1, TypeCode.INTEGER), measure(0)]
    rows = [(*key, number) for number, key in enumerate(sorted(keys))]
    starts = [*range(0, len(rows) - 1, size - 1)]
    pages = []
    for start in starts:
        page = rows[start : start + size]
        restart = None if start == starts[-1] else [[literal(value) for value in page[-1][:2]]]
        pages.append(written(flat(columns, page), restart=restart))
    assert list(decode(pages, where=WHERE).rows) == rows


def test_a_matrix_with_totals_is_refused() -> None:
    with pytest.raises(ValueError, match="no totals"):
        encode(
            [group(0), group(1), measure(0)], [], down=[Grouping((0,), Subtotal.AFTER)], across=(1,)
        )


@given(
    st.one_of(
        st.none(),
        *(strategy for code, strategy in VALUES.items() if code != TypeCode.DOUBLE),
        st.floats(allow_nan=False, allow_infinity=False),
    )
)
def test_a_literal_is_read_as_it_was_written(value: Any) -> None:
    assert parsed_literal(literal(value))[1] == value


@pytest.mark.parametrize(
    "text", ["'O'Hara'", "12", "1.5", "datetime'2024-13-01T00:00:00'", "١L", "1L; drop", "", "NaND"]
)
def test_a_literal_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(QueryRefused, match="type encoded"):
        parsed_literal(text)


# --- answers: as real servers write them


def captured(name: str) -> dict[str, Any]:
    file = CAPTURES / name / "response.json"
    if not file.exists():
        pytest.skip(
            "the captures of real answers (shared/powerbi/captures) are not beside this checkout"
        )
    return json.loads(file.read_bytes())["results"][0]["result"]["data"]


def written_again(name: str) -> tuple[dict[str, Any], Encoded]:
    """A real answer, and the table in it written by us."""
    data = captured(name)
    table = decode([(CAPTURES / name / "response.json").read_bytes()], where=name)
    columns = _columns(data["descriptor"]["Select"], table.column_type_codes)
    axes = data["descriptor"]["Expressions"]
    down = [_grouping(grouping) for grouping in axes["Primary"]["Groupings"]]
    across = [
        key["Select"]
        for grouping in axes.get("Secondary", {"Groupings": []})["Groupings"]
        for key in grouping["Keys"]
    ]
    above = [
        [position for grouping in down[:depth] for position in grouping.groups]
        for depth in range(len(down))
    ]
    measures = [position for position, column in enumerate(columns) if column.is_measure]
    totals = {
        _picked(total.values, above[total.level]): _picked(total.values, measures)
        for total in table.totals
    }
    rows, closed = list(table.rows), frozenset()
    if table.closed_branches:
        branches = [key for key in totals if len(key) == len(above[-1])]
        rows, closed = _with_closed_branches(rows, branches, above[-1], len(columns))
    encoded = encode(columns, rows, down=down, across=across, totals=totals, closed=closed)
    return data, encoded


def _columns(select: list[dict[str, Any]], type_codes: Any) -> list[Selected]:
    columns = []
    for entry, code in zip(select, type_codes, strict=True):
        is_group = entry["Kind"] == 1
        source = tuple(entry["GroupKeys"][0]["Source"].values()) if is_group else None
        type_code = TypeCode(code or TypeCode.TEXT)
        columns.append(Selected(entry["Name"], type_code, source, entry.get("Format")))
    return columns


def _grouping(entry: dict[str, Any]) -> Grouping:
    subtotal = Subtotal.BEFORE if "SubtotalMember" in entry else Subtotal.NONE
    return Grouping(tuple(key["Select"] for key in entry["Keys"]), subtotal)


def _picked(row: Row, positions: list[int]) -> tuple[Any, ...]:
    return tuple(row[position] for position in positions)


def _with_closed_branches(
    rows: list[Row], branches: list[tuple[Any, ...]], positions: list[int], width: int
) -> tuple[list[Row], frozenset[tuple[Any, ...]]]:
    """The rows, with one of nulls for each branch that is folded together."""
    inside = {
        key: list(found) for key, found in groupby(rows, key=lambda row: _picked(row, positions))
    }
    all_rows: list[Row] = []
    for branch in branches:
        values = dict(zip(positions, branch, strict=True))
        folded = tuple(values.get(position) for position in range(width))
        all_rows += inside.get(branch) or [folded]
    return all_rows, frozenset(branches) - inside.keys()


@pytest.mark.parametrize(
    "name",
    [
        "p01-flat-datetime-int",
        "p02-flat-dict-null-repeat",
        "p03-flat-with-grand-total",
        "p05-nested-three-levels-subtotals",
        "p08-single-group-slicer",
        "p14-flat-doubles-null-literals",
    ],
)
def test_the_table_of_a_real_answer_is_written_as_the_real_server_wrote_it(name: str) -> None:
    data, encoded = written_again(name)
    shape = data["dsr"]["DS"][0]
    assert encoded.shape["PH"] == shape["PH"]
    assert encoded.dictionaries == shape.get("ValueDicts", {})
    assert encoded.descriptor == {key: data["descriptor"][key] for key in ("Select", "Expressions")}


def test_the_table_of_a_real_matrix_is_written_as_the_real_server_wrote_it() -> None:
    data, encoded = written_again("p04-matrix-sparse-columns")
    shape = data["dsr"]["DS"][0]
    # the real server introduced the cells with an empty one that has the schema only
    first = shape["PH"][0]["DM0"][0]["X"]
    assert first.pop(0).keys() == {"S"}
    assert encoded.shape["PH"][0]["DM0"][0]["X"][0].pop("S") == [{"N": "M0", "T": 3}]
    assert (encoded.shape["SH"], encoded.shape["PH"]) == (shape["SH"], shape["PH"])
