"""Values: converted by their declared type, at once or one at a time, and written as text."""

from __future__ import annotations

import json
import math
from datetime import datetime
from decimal import Decimal
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pll_pipeline.validated.readers.powerbi import (
    MalformedAnswer,
    UnsupportedAnswer,
    decode,
    values,
)
from tests.unit.validated.readers.powerbi.answers import (
    WHERE,
    flat,
    measure,
    schema,
    single_value,
)


@pytest.mark.parametrize(
    ("type_code", "raw", "value"),
    [
        (0, None, None),
        (1, "null", "null"),
        (1, "", ""),
        (1, " two \r\n lines ", " two \r\n lines "),
        (1, "30.46", "30.46"),
        (2, 12, Decimal(12)),
        (2, 0.1, Decimal("0.1")),
        (2, "1234567890123456.7891", Decimal("1234567890123456.7891")),
        (3, 11700, 11700.0),
        (3, 0.1, 0.1),
        (3, "0.30000000000000004", 0.30000000000000004),
        (3, "Infinity", math.inf),
        (3, "-INF", -math.inf),
        (4, "9007199254740993", 9007199254740993),
        (4, -(2**63), -(2**63)),
        (5, 1, True),
        (5, False, False),
        (6, 86400000, datetime(1970, 1, 2)),
        (7, 0, datetime(1970, 1, 1)),
        (7, -1, datetime(1969, 12, 31, 23, 59, 59, 999000)),
        (7, -2208988800000, datetime(1900, 1, 1)),
        (7, 1774751400000, datetime(2026, 3, 29, 2, 30)),
        (7, 1792895400000, datetime(2026, 10, 25, 2, 30)),
        (7, "2026-03-29T02:30:00.123456", datetime(2026, 3, 29, 2, 30, 0, 123456)),
    ],
)
def test_values_are_converted_by_their_declared_type(type_code: int, raw: Any, value: Any) -> None:
    got = single_value(type_code, raw)
    assert (got, type(got)) == (value, type(value))


def test_a_double_may_be_no_number() -> None:
    assert math.isnan(single_value(3, "NaN"))


@pytest.mark.parametrize(
    ("type_code", "raw"),
    [
        (0, 1),
        (1, 5),
        (1, True),
        (1, "\ud800"),
        (2, "x"),
        (2, "1e999"),
        (2, True),
        (3, "1,5"),
        (3, "nan"),
        (3, " 1"),
        (3, "1_0"),
        (3, "1e999"),
        (3, False),
        (3, "١"),
        (4, 1.5),
        (4, 2**63),
        (4, "12.0"),
        (4, True),
        (5, 2),
        (5, "true"),
        (6, "x"),
        (7, 1.5),
        (7, 10**30),
        (7, "1.5.2024"),
        (7, "2024-05-01T00:00:00Z"),
        (7, True),
    ],
)
def test_a_value_of_another_type_is_refused(type_code: int, raw: Any) -> None:
    answer = flat([measure(0)], [{"S": schema(("M0", type_code)), "M0": raw}], groupings=[])
    with pytest.raises(MalformedAnswer, match="cannot be read as"):
        decode([json.dumps(answer).encode()], where=WHERE)


@pytest.mark.parametrize("type_code", [8, 9, 10, 11, 12, 13, 99, -1])
def test_an_unknown_type_is_refused_even_where_nothing_is_of_it(type_code: int) -> None:
    with pytest.raises(UnsupportedAnswer, match=f"type {type_code}"):
        single_value(type_code, None)


NUMBERS = st.one_of(
    st.integers(-(2**64), 2**64),
    st.floats(allow_nan=False, allow_infinity=False).map(lambda number: Decimal(repr(number))),
)
ODD = st.sampled_from(
    ["NaN", "1_0", "1e5", ".5", "1e999", "", "x", "-7", "2024-05-01T00:00:00", "\ud800"]
)
RAW = st.one_of(st.none(), NUMBERS, st.integers(-2, 3), ODD, st.booleans())
FIELDS = [values.Field("x", code) for code in range(8)] + [values.Field("x", 1, {0: "a", 1: "b"})]


def outcome(field: values.Field, raws: list[Any]) -> Any:
    try:
        return [
            values.as_text(one)
            for one in values.python_values(values.column(field, raws), field.type_code)
        ]
    except values.Unreadable as error:
        return error.position


@given(st.sampled_from(FIELDS), st.lists(RAW, max_size=4) | st.lists(NUMBERS, max_size=4))
def test_values_read_at_once_are_those_read_one_at_a_time(
    field: values.Field, raws: list[Any]
) -> None:
    at_once = outcome(field, raws)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(values, "_QUICK", {})
        assert outcome(field, raws) == at_once


@pytest.mark.parametrize(
    ("dtype", "one"),
    [
        (pl.Float64, st.floats()),
        (pl.Float64, st.floats(-1e-3, 1e-3)),
        (pl.Datetime("us"), st.datetimes()),
        (pl.Boolean, st.booleans()),
        (pl.Int64, st.integers(-(2**63), 2**63 - 1)),
    ],
)
def test_a_column_has_the_same_texts_as_its_values(dtype: Any, one: st.SearchStrategy[Any]) -> None:
    @given(st.lists(st.none() | one, max_size=6))
    def check(drawn: list[Any]) -> None:
        assert values.as_texts(pl.Series(drawn, dtype=dtype)).to_list() == [
            values.as_text(value) for value in drawn
        ]

    check()
