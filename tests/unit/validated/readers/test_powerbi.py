"""Power BI answers: what is written is read exactly, and what is not whole, sound and known never becomes a table."""

from __future__ import annotations

import copy
import gzip
import json
import math
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pll_pipeline.sources.model import PowerBi
from pll_pipeline.validated.readers.powerbi import (
    Decoded,
    IncompleteAnswer,
    MalformedAnswer,
    PowerBiError,
    QueryFailed,
    Total,
    UnsupportedAnswer,
    as_csv,
    decode,
    json_text,
    read,
    values,
)

SNAPSHOTS = Path(__file__).resolve().parents[3] / "snapshots" / "powerbi"
HOW = PowerBi(kind="powerbi")
WHERE = "report/2026-11-23T050000Z/answer.json"


# --- small answers --------------------------------------------------------------------------------------------------


def group(number: int, **more: Any) -> dict[str, Any]:
    return {"Kind": 1, "Depth": 0, "Value": f"G{number}", "Name": f"t.g{number}", **more}


def measure(number: int, **more: Any) -> dict[str, Any]:
    return {"Kind": 2, "Value": f"M{number}", "Name": f"t.m{number}", **more}


def schema(*fields: tuple[Any, ...]) -> list[dict[str, Any]]:
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
    return decode(
        [json.dumps(answer, ensure_ascii=False).encode() for answer in answers], where=WHERE
    )


def rows(answer: dict[str, Any]) -> list[tuple[Any, ...]]:
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


def one(type_code: int, raw: Any) -> Any:
    return rows(flat([measure(0)], [{"S": schema(("M0", type_code)), "M0": raw}], groupings=[]))[0][
        0
    ]


# --- masks ----------------------------------------------------------------------------------------------------------


def test_repeats_and_nulls_take_no_value_and_may_stand_in_one_row() -> None:
    answer = three(
        {"C": [0, 7, 1.5], "R": 0, "Ø": 0},
        {"C": [1], "R": 2, "Ø": 4},
        {"R": 7},
        {"C": [0], "R": 6},
        {"Ø": 7},
        {"C": [], "R": 7},
    )
    assert rows(answer) == [
        ("Web", 7, 1.5),
        ("Phone", 7, None),
        ("Phone", 7, None),
        ("Web", 7, None),
        (None, None, None),
        (None, None, None),
    ]


def test_columns_are_found_by_id_not_by_place() -> None:
    answer = flat(
        [measure(0), None, group(0)], [{"S": schema(("G0", 1), ("M0", 4)), "C": ["Oslo", 3]}]
    )
    assert table(answer).columns == ("t.m0", "t.g0")
    assert rows(answer) == [(3, "Oslo")]


@pytest.mark.parametrize("width", [31, 32, 33, 40, 53])
def test_masks_reach_beyond_32_columns(width: int) -> None:
    select = [group(n) for n in range(width)]
    first = {"S": schema(*[(f"G{n}", 4) for n in range(width)]), "C": list(range(width))}
    last = 1 << (width - 1)
    got = rows(
        flat(
            select,
            [first, {"C": [5] * (width - 1), "R": last}, {"C": [6] * (width - 1), "Ø": last}],
        )
    )
    assert got[1] == (5,) * (width - 1) + (width - 1,)
    assert got[2] == (6,) * (width - 1) + (None,)


def test_columns_after_the_53rd_are_written_out_and_null_among_them_is_null() -> None:
    select = [group(n) for n in range(56)]
    first = {"S": schema(*[(f"G{n}", 4) for n in range(56)]), "C": list(range(56))}
    assert rows(flat(select, [first, {"C": [None, 8, None], "R": 2**53 - 1}]))[1] == (
        *range(53),
        None,
        8,
        None,
    )
    with pytest.raises(MalformedAnswer, match="points beyond"):
        rows(flat(select, [first, {"C": [1, 2], "R": 2**54 - 1}]))


@pytest.mark.parametrize(
    ("row", "says"),
    [
        ({"C": [0, 7, 1.5, 9]}, "1 values more"),
        ({"C": [0, 7]}, "ends before the value 'M1'"),
        ({"R": 1, "C": [0, 7, 1.5]}, "1 values more"),
        ({"C": [0, 7, 1.5], "R": 8}, "points beyond"),
        ({"C": [0, 7, 1.5], "Ø": 8}, "points beyond"),
        ({"C": [0, 7], "R": 4, "Ø": 4}, "both repeated and null"),
        ({"C": [0, 7], "R": -4}, "not a whole number"),
        ({"C": [0, 7], "R": 4.0}, "not a whole number"),
        ({"C": [0, 7], "R": True}, "not a whole number"),
        ({"C": {"0": 1}}, "not a list"),
        ({"C": [2, 7, 1.5]}, "entry 2 of a dictionary of 2"),
        ({"C": [-1, 7, 1.5]}, "entry -1"),
        ({"C": [0, 7, 1.5], "G0": "Web"}, "'G0' has no meaning"),
        ({"C": [0, 7, 1.5], "ø": 1}, "has no meaning"),
        ({"C": [0, 7, 1.5], "∅": 1}, "has no meaning"),
        ({"C": [0, 7, 1.5], "0": 1}, "has no meaning"),
        ({"C": [0, 7, 1.5], "X": []}, "has no meaning"),
        ({"C": [0, 7, 1.5], "M": []}, "has no meaning"),
        ({"C": [0, 7], "Ã\x98": 4}, "damaged Ø"),
        ({"C": [0, 7], "Ã˜": 4}, "damaged Ø"),
        ("x", "not an object"),
    ],
)
def test_a_row_that_does_not_fit_its_schema_is_refused_where_it_stands(row: Any, says: str) -> None:
    with pytest.raises(MalformedAnswer, match=says) as caught:
        rows(three({"C": [0, 1, 1]}, row))
    assert caught.value.where == f"{WHERE}, member DM0, row 2"


def test_nothing_can_be_repeated_in_the_first_row() -> None:
    with pytest.raises(MalformedAnswer, match="none stands before it.*row 1"):
        rows(three({"C": [0, 7], "R": 4}))


def test_a_file_that_is_latin_1_is_refused() -> None:
    answer = json.dumps(three({"C": [0, 7], "Ø": 4}), ensure_ascii=False)
    with pytest.raises(MalformedAnswer, match="not UTF-8"):
        decode([answer.encode("latin-1")], where=WHERE)
    with pytest.raises(MalformedAnswer, match="damaged Ø"):
        decode([answer.encode().decode("latin-1").encode()], where=WHERE)


# --- schemas, dictionaries, one column ------------------------------------------------------------------------------


def test_texts_past_the_dictionary_are_inline_and_columns_may_share_one() -> None:
    first = {"S": schema(("G0", 1, "D3"), ("G1", 1, "D3")), "C": [0, 1]}
    answer = flat(
        [group(0), group(1)],
        [first, {"C": ["new", 0]}, {"C": ["1", "0"]}],
        ValueDicts={"D3": ["a", "b"]},
    )
    assert rows(answer) == [("a", "b"), ("new", "a"), ("1", "0")]


@pytest.mark.parametrize("dictionaries", [None, {}, {"D1": ["Web"]}])
def test_a_missing_dictionary_is_refused(dictionaries: Any) -> None:
    with pytest.raises(MalformedAnswer, match="dictionary 'D0', which is missing"):
        rows(three({"C": ["Web", 7, 1.5]}, ValueDicts=dictionaries))


def test_a_dictionary_of_something_else_than_text_is_refused() -> None:
    with pytest.raises(MalformedAnswer, match="not text"):
        rows(three({"C": [0, 7, 1.5]}, ValueDicts={"D0": [1]}))


def test_one_column_is_written_as_a_property_and_absent_means_null() -> None:
    instances = [
        {"S": schema(("G0", 1)), "G0": "a"},
        {"R": 1},
        {},
        {"R": 1},
        {"G0": "b"},
        {"Ø": 1},
        {"C": ["c"]},
    ]
    assert [row[0] for row in rows(flat([group(0)], instances))] == [
        "a",
        "a",
        None,
        None,
        "b",
        None,
        "c",
    ]


@pytest.mark.parametrize(
    "row",
    [{"G0": "a", "R": 1}, {"G0": "a", "Ø": 1}, {"G0": "a", "C": ["a"]}, {"C": []}, {"G1": "a"}],
)
def test_one_column_is_written_once(row: dict[str, Any]) -> None:
    with pytest.raises(MalformedAnswer):
        rows(flat([group(0)], [{"S": schema(("G0", 1)), "G0": "a"}, row]))


def test_keys_that_the_description_names_are_not_columns() -> None:
    answer = flat(
        [group(0)],
        [{"S": schema(("K0", 4), ("G0", 1)), "C": [1, "a"]}, {"C": [2], "R": 2}],
        groupings=[{"Keys": [{"Calc": "K0"}], "Member": "DM0"}],
    )
    assert rows(answer) == [("a",), ("a",)]


def test_a_value_nobody_described_is_refused() -> None:
    with pytest.raises(MalformedAnswer, match="'Z9' belongs to no column"):
        rows(flat([group(0)], [{"S": schema(("Z9", 4), ("G0", 1)), "C": [1, "a"]}]))


@pytest.mark.parametrize(
    ("first", "says"),
    [
        ({"C": ["a"]}, "No schema"),
        ({"S": [], "C": []}, "names no value"),
        ({"S": schema(("G0", 1), ("G0", 1)), "C": ["a", "b"]}, "twice"),
        ({"S": [{"N": "G0"}], "G0": "a"}, "cannot be read"),
        ({"S": [{"N": "G0", "T": 1, "Q": 1}], "G0": "a"}, "cannot be read"),
        ({"S": [{"N": "G0", "T": 1, "DN": ["D0"]}], "G0": "a"}, "missing"),
    ],
)
def test_a_schema_that_cannot_be_read_is_refused(first: dict[str, Any], says: str) -> None:
    with pytest.raises(MalformedAnswer, match=says):
        rows(flat([group(0)], [first]))


def test_a_schema_may_be_written_again_and_may_change_but_no_type_may() -> None:
    fields, other = schema(("G0", 1), ("M0", 4)), schema(("M0", 4), ("G0", 1))
    answer = flat(
        [group(0), measure(0)],
        [
            {"S": fields, "C": ["a", 1]},
            {"S": fields, "C": [2], "R": 1},
            {"S": other, "C": [3, "b"]},
        ],
    )
    assert rows(answer) == [("a", 1), ("a", 2), ("b", 3)]
    with pytest.raises(MalformedAnswer, match="none stands before it.*row 2"):
        rows(
            flat(
                [group(0), measure(0)],
                [{"S": fields, "C": ["a", 1]}, {"S": other, "C": [2], "R": 2}],
            )
        )
    with pytest.raises(MalformedAnswer, match="another type.*row 2"):
        rows(
            flat(
                [group(0), measure(0)],
                [{"S": fields, "C": ["a", 1]}, {"S": schema(("M0", 3), ("G0", 1)), "C": [2, "a"]}],
            )
        )
    with pytest.raises(UnsupportedAnswer, match="changes more than"):
        rows(
            flat(
                [group(0), measure(0)],
                [{"S": one, "C": []} | {"Ø": 3} for _ in range(501) for one in (fields, other)],
            )
        )


def test_a_column_without_values_is_refused() -> None:
    with pytest.raises(MalformedAnswer, match=r"'t.m0' \(M0\) has no value"):
        rows(flat([group(0), measure(0)], [{"S": schema(("G0", 1)), "G0": "a"}]))


# --- types ----------------------------------------------------------------------------------------------------------


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
    got = one(type_code, raw)
    assert (got, type(got)) == (value, type(value))


def test_a_double_may_be_no_number() -> None:
    assert math.isnan(one(3, "NaN"))


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
        one(type_code, None)


# --- levels, totals, matrices ---------------------------------------------------------------------------------------


def test_nested_groups_inherit_and_what_repeats_outlives_its_parent() -> None:
    two = [{"Keys": [], "Member": "DM0"}, {"Keys": [], "Member": "DM1"}]
    inner = {"S": schema(("G1", 1, "D0"), ("M0", 4), ("M1", 3)), "C": [0, 7, "0.30000000000000004"]}
    north = {
        "S": schema(("G0", 1)),
        "G0": "North",
        "M": [{"DM1": [inner, {"C": [1], "R": 2, "Ø": 4}]}],
    }
    south = {"G0": "South", "M": [{"DM1": [{"C": [0, 2.5], "R": 2}, {"R": 7}]}]}
    answer = flat(
        [group(0), group(1), measure(0), measure(1)],
        [north, south],
        groupings=two,
        ValueDicts={"D0": ["Web", "Phone"]},
    )
    assert rows(answer) == [
        ("North", "Web", 7, 0.30000000000000004),
        ("North", "Phone", 7, None),
        ("South", "Web", 7, 2.5),
        ("South", "Web", 7, 2.5),
    ]


def test_totals_of_every_level_stand_apart_and_closed_branches_are_counted() -> None:
    decoded = decode([(SNAPSHOTS / "nested_with_totals.json").read_bytes()], where=WHERE)
    assert decoded.rows == (
        (40, "Vestland", "Bergen"),
        (None, "Vestland", "Voss"),
        (None, None, "Voss"),
    )
    assert decoded.totals == (
        Total(1, None, (40, "Vestland", None)),
        Total(1, None, (7, "Agder", None)),
        Total(1, None, (None, None, None)),
        Total(0, None, (47, None, None)),
    )
    assert decoded.closed_branches == 1
    assert decoded.column_type_codes == (4, 1, 1)


@pytest.mark.parametrize("before", [True, False])
def test_a_grand_total_is_no_row(before: bool) -> None:
    total = {"DM0": [{"S": schema(("A0", 3)), "A0": 60}]}
    details = {"DM1": [{"S": schema(("G0", 1), ("M0", 3)), "C": ["a", 60]}]}
    grouped = [{"Keys": [], "Member": "DM1", "SubtotalMember": "DM0"}]
    ph = [total, details] if before else [details, total]
    decoded = table(
        flat([group(0), measure(0, Subtotal=["A0"])], [], groupings=grouped, ph=ph, row_count=2)
    )
    assert decoded.rows == (("a", 60.0),)
    assert decoded.totals == (Total(0, None, (None, 60.0)),)


def test_a_total_under_the_id_of_another_level_or_of_a_row_is_refused() -> None:
    grouped = [{"Keys": [], "Member": "DM1", "SubtotalMember": "DM0"}]
    details = {"DM1": [{"S": schema(("G0", 1), ("M0", 3)), "C": ["a", 60]}]}
    for wrong in ("A1", "M0", "G0"):
        total = {"DM0": [{"S": schema((wrong, 3)), wrong: 60}]}
        with pytest.raises(MalformedAnswer, match=f"'{wrong}' belongs to no column"):
            table(
                flat(
                    [group(0), measure(0, Subtotal=["A0", "A1"])],
                    [],
                    groupings=grouped,
                    ph=[total, details],
                )
            )
    with pytest.raises(MalformedAnswer, match="'A0' belongs to no column"):
        table(
            flat(
                [group(0), measure(0, Subtotal=["A0"])],
                [{"S": schema(("G0", 1), ("A0", 3)), "C": ["a", 60]}],
            )
        )


def test_a_matrix_is_dense_and_its_totals_stand_apart() -> None:
    decoded = decode([(SNAPSHOTS / "matrix_with_totals.json").read_bytes()], where=WHERE)
    assert decoded.rows == (
        ("Agder", 2023, None, None),
        ("Agder", 2024, 9, 0.30000000000000004),
        ("Agder", 2025, None, None),
        ("Oslo", 2023, 5, 0.30000000000000004),
        ("Oslo", 2024, None, None),
        ("Oslo", 2025, 2, None),
        ("Troms", 2023, None, None),
        ("Troms", 2024, None, None),
        ("Troms", 2025, None, None),
    )
    assert decoded.totals == (
        Total(0, 1, (None, 2023, 5, None)),
        Total(0, 1, (None, 2024, 9, None)),
        Total(0, 1, (None, 2025, 2, None)),
        Total(0, 0, (None, None, 16, None)),
        Total(1, 0, ("Agder", None, 9, None)),
        Total(1, 0, ("Oslo", None, 7, None)),
        Total(1, 0, ("Troms", None, None, None)),
    )


def matrix(*cells: list[Any], **more: Any) -> dict[str, Any]:
    instances = [{"G0": f"r{number}", "X": row} for number, row in enumerate(cells)]
    instances[0]["S"] = schema(("G0", 1))
    columns = [{"DM1": [{"S": schema(("G1", 4)), "G1": 1}, {"G1": 2}, {"G1": 3}]}]
    return flat(
        [group(0), group(1), measure(0)],
        instances,
        across=[{"Keys": [], "Member": "DM1"}],
        SH=columns,
        **more,
    )


S = schema(("M0", 4))


def test_cells_jump_over_columns_and_repeat_across_rows() -> None:
    got = rows(matrix([{"S": S}, {"M0": 5}], [{"I": 2, "R": 1}], [{"R": 1}, {"I": 2, "M0": 6}], []))
    assert [row[2] for row in got] == [None, 5, None, None, None, 5, 5, None, 6, None, None, None]


@pytest.mark.parametrize(
    "cells",
    [
        [{"S": S, "I": 3}],
        [{"S": S, "I": 1}, {"I": 1}],
        [{"S": S, "I": -1}],
        [{"S": S, "I": True}],
        [{"S": S}, {}, {}, {}],
        [5],
        [{"M0": 1}],
    ],
)
def test_a_cell_without_its_column_is_refused(cells: list[Any]) -> None:
    with pytest.raises(MalformedAnswer):
        rows(matrix(cells))


def test_a_thinned_answer_needs_a_count_that_shows_nothing_was_dropped() -> None:
    limits = {"Intersection": {"Id": "L0", "BinnedLineSample": {"IntersectionDbCountCalc": "A0"}}}
    counted = {"S": schema(("A0", 4)), "A0": 1, "limits": limits}
    assert table(matrix([{"S": S, "M0": 1}], **counted)).shape_level_values == {"A0": 1}
    with pytest.raises(IncompleteAnswer, match="1 of 9 points"):
        table(matrix([{"S": S, "M0": 1}], **(counted | {"A0": 9})))
    with pytest.raises(UnsupportedAnswer, match="thinned out"):
        table(matrix([{"S": S, "M0": 1}], limits={"Intersection": {"OverlappingPointsSample": {}}}))


@pytest.mark.parametrize(
    "ph",
    [
        [{"DM7": []}],
        [{"DM0": []}, {"DM0": []}],
        [{"DM0": [], "DM1": []}],
        [],
        [{"DM0": {}}],
        {},
    ],
)
def test_members_that_the_description_does_not_name_are_refused(ph: Any) -> None:
    answer = flat([group(0)], [{"S": schema(("G0", 1)), "G0": "a"}])
    answer["results"][0]["result"]["data"]["dsr"]["DS"][0]["PH"] = ph
    with pytest.raises(MalformedAnswer):
        table(answer)


# --- is it all there? -----------------------------------------------------------------------------------------------

RESTART = [["'Oslo'"]]


def simple(*texts: str, **more: Any) -> dict[str, Any]:
    first, *rest = [{"G0": text} for text in texts]
    return flat([group(0)], [{"S": schema(("G0", 1)), **first}, *rest], **more)


def page(*texts: str, token: Any = None) -> dict[str, Any]:
    return simple(*texts, IC=False, HAD=None, RT=token) if token else simple(*texts)


@pytest.mark.parametrize(
    "more",
    [
        {"IC": False},
        {"IC": None},
        {"HAD": False},
        {"RT": RESTART},
        {"DLEx": [{"Id": "L0"}]},
        {"DW": [{"N": "W0", "IC": False}]},
        {
            "Msg": [
                {
                    "Code": "IgnoredDataReductionAlgorithm",
                    "Severity": "Warning",
                    "Message": "ignored",
                }
            ]
        },
        {
            "Msg": [
                {
                    "Code": "SpecifiedReductionAlgorithmsExceedsMaxIntersections",
                    "Severity": "Warning",
                    "Message": "counts ignored",
                }
            ]
        },
        {"limits": {"Primary": {"Id": "L0", "Top": {"Count": 2}}}},
        {"limits": {"Primary": {"Id": "L0", "Window": {"Count": 1}}}},
        {"row_count": 3},
    ],
)
def test_an_answer_that_may_be_cut_off_is_refused(more: dict[str, Any]) -> None:
    assert len(table(simple("a", "b")).rows) == 2
    with pytest.raises(IncompleteAnswer):
        table(simple("a", "b", **more))


def test_more_rows_than_the_engine_counted_are_refused() -> None:
    assert table(simple("a", "b", row_count=2)).server_row_count == 2
    with pytest.raises(MalformedAnswer, match="counted 1 rows, the answer holds 2"):
        table(simple("a", "b", row_count=1))


def test_an_ignored_reduction_is_harmless_without_groups_only() -> None:
    message = {"Code": "IgnoredDataReductionAlgorithm", "Severity": "Warning", "Message": "ignored"}
    answer = flat([measure(0)], [{"S": schema(("M0", 4)), "M0": 1}], groupings=[], Msg=[message])
    assert table(answer).messages == ("IgnoredDataReductionAlgorithm",)


def test_an_unknown_warning_or_part_is_refused() -> None:
    for more in (
        {"Msg": [{"Code": "NeverSeen", "Severity": "Warning", "Message": "?"}]},
        {"QQ": 1},
        {"limits": {"Primary": {"Dice": {}}}},
    ):
        with pytest.raises(UnsupportedAnswer):
            table(simple("a", **more))


def test_a_row_taken_out_of_a_nested_answer_is_missed() -> None:
    answer = json.loads((SNAPSHOTS / "nested_with_totals.json").read_text("utf-8"))
    first_group = answer["results"][0]["result"]["data"]["dsr"]["DS"][0]["PH"][0]["DM1"][0]
    del first_group["M"][0]["DM3"][1]
    with pytest.raises(IncompleteAnswer, match="counted 7 rows, the answer holds 6"):
        table(answer)


# --- pages ----------------------------------------------------------------------------------------------------------


def test_the_row_two_pages_share_is_there_once() -> None:
    decoded = table(
        page("a", "b", token=[["'b'"]]), page("b", "c", token=[["'c'"]]), page("c", "d")
    )
    assert [row[0] for row in decoded.rows] == ["a", "b", "c", "d"]
    assert (decoded.pages, decoded.server_row_count, decoded.has_all_data) == (3, None, True)


@pytest.mark.parametrize(
    ("pages", "error", "says"),
    [
        (
            [page("a", token=RESTART), page("a", "b", token=RESTART), page("b", "c")],
            IncompleteAnswer,
            "does not move on.*page 2",
        ),
        ([page("a", token=RESTART), page("a")], IncompleteAnswer, "adds no row.*page 2"),
        ([page("a"), page("a", "b")], IncompleteAnswer, "does not point onwards.*page 1"),
        ([page("a", token=[]), page("a", "b")], IncompleteAnswer, "does not point onwards.*page 1"),
        (
            [page("a", token=RESTART), page("a", "b", token=[["'b'"]])],
            IncompleteAnswer,
            "More pages follow.*page 2",
        ),
        (
            [page("a", token=RESTART), page("b", "c")],
            MalformedAnswer,
            "does not begin with.*page 2",
        ),
        (
            [page("a", "b", token=RESTART), page("b", "c", "a")],
            MalformedAnswer,
            "rows again.*page 2",
        ),
        (
            [page("a", token=RESTART), flat([group(1)], [{"S": schema(("G1", 1)), "G1": "a"}])],
            MalformedAnswer,
            "other columns.*page 2",
        ),
        ([], IncompleteAnswer, "no answer at all"),
    ],
)
def test_pages_that_do_not_follow_each_other_are_refused(
    pages: list[dict[str, Any]], error: type[PowerBiError], says: str
) -> None:
    with pytest.raises(error, match=says):
        table(*pages)


def test_rows_that_look_alike_but_have_different_keys_are_not_taken_for_the_overlap() -> None:
    grouped = [{"Keys": [{"Calc": "K0"}], "Member": "DM0"}]

    def keyed(*keys: int, **more: Any) -> dict[str, Any]:
        instances: list[dict[str, Any]] = [{"C": ["a", key]} for key in keys]
        instances[0]["S"] = schema(("G0", 1), ("K0", 4))
        return flat([group(0)], instances, groupings=grouped, **more)

    assert table(keyed(1, 2, IC=False, RT=RESTART), keyed(2, 3)).rows == (("a",),) * 3


def test_a_group_cut_between_pages_is_joined_by_its_longest_match() -> None:
    two = [{"Keys": [], "Member": "DM1", "SubtotalMember": "DM0"}, {"Keys": [], "Member": "DM2"}]

    def nested(groups: dict[str, str], **more: Any) -> dict[str, Any]:
        instances: list[dict[str, Any]] = [
            {"G0": name, "M": [{"DM2": [{"G1": inner} for inner in inside]}]}
            for name, inside in groups.items()
        ]
        instances[0]["S"] = schema(("G0", 1))
        instances[0]["RF"] = 1
        instances[0]["M"][0]["DM2"][0]["S"] = schema(("G1", 1))
        return flat(
            [group(0), group(1)], [], groupings=two, ph=[{"DM0": [{}]}, {"DM1": instances}], **more
        )

    decoded = table(
        nested({"n": "abc", "s": "de"}, IC=False, RT=RESTART), nested({"s": "def", "t": "g"})
    )
    assert ["".join(row) for row in decoded.rows] == ["na", "nb", "nc", "sd", "se", "sf", "tg"]  # type: ignore[arg-type]
    assert decoded.totals == (Total(0, None, (None, None)),)


# --- errors inside an answer ----------------------------------------------------------------------------------------


def failed(**result: Any) -> dict[str, Any]:
    return {"jobIds": ["j"], "results": [{"jobId": "j", **result}]}


ODATA = {
    "code": "rsDataShapeProcessingError",
    "message": {"lang": "en-US", "value": "It failed\nbadly"},
    "azure:values": [
        {"timestamp": "x"},
        {"details": []},
        {
            "additionalMessages": [
                {"Code": "InvalidUnconstrainedJoin", "Severity": "Error", "Message": "No path"}
            ]
        },
    ],
}


@pytest.mark.parametrize(
    ("answer", "code", "retryable"),
    [
        (
            failed(result={"data": {"dsr": {"DataShapes": [{"odata.error": ODATA}]}}}),
            "InvalidUnconstrainedJoin",
            False,
        ),
        (
            failed(
                result={
                    "data": {
                        "dsr": {"Version": 2, "DS": [{"odata.error": {"code": "ModelUnavailable"}}]}
                    }
                }
            ),
            "ModelUnavailable",
            True,
        ),
        (
            failed(
                result={
                    "error": {
                        "statusCode": 400,
                        "errorDetails": [{"code": "rsQueryTimeoutExceeded"}],
                    }
                }
            ),
            "rsQueryTimeoutExceeded",
            False,
        ),
        (
            failed(result={"data": {}}, error={"code": "rsErrorExecutingCommand"}),
            "rsErrorExecutingCommand",
            True,
        ),
        (failed(error={"code": "ErrorLoadingModel"}), "ErrorLoadingModel", True),
        ({"error": {"code": "BadRequest", "message": "no"}}, "BadRequest", False),
        (failed(result={"error": "out of order"}), "UnknownError", False),
        (
            simple("a", Msg=[{"Code": "Whatever", "Severity": "Error", "Message": "no"}]),
            "Whatever",
            False,
        ),
    ],
)
def test_an_error_inside_an_answer_carries_the_server_s_own_code(
    answer: dict[str, Any], code: str, retryable: bool
) -> None:
    with pytest.raises(QueryFailed) as caught:
        table(answer)
    assert (caught.value.code, caught.value.retryable) == (code, retryable)
    assert (
        code in str(caught.value) and WHERE in str(caught.value) and "\n" not in str(caught.value)
    )


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (failed(result={"asyncResult": {"id": 1}}), UnsupportedAnswer),
        (
            failed(
                result={
                    "data": {
                        "descriptor": {},
                        "dsr": {"DataShapes": [{"Id": "DS0", "IsComplete": True}]},
                    }
                }
            ),
            UnsupportedAnswer,
        ),
        (
            failed(result={"data": {"descriptor": {}, "dsr": {"Version": 3, "DS": []}}}),
            UnsupportedAnswer,
        ),
        (failed(result={"data": {"dsr": {"Version": 2, "DS": []}}}), MalformedAnswer),
        (failed(result={}), MalformedAnswer),
        (failed(), MalformedAnswer),
        ({"results": []}, UnsupportedAnswer),
        ({"results": [{}, {}]}, UnsupportedAnswer),
        ({}, MalformedAnswer),
        (simple("a") | {"jobIds": ["another"]}, MalformedAnswer),
    ],
)
def test_an_answer_in_another_form_is_refused(
    answer: dict[str, Any], error: type[PowerBiError]
) -> None:
    with pytest.raises(error):
        table(answer)


# --- bytes ----------------------------------------------------------------------------------------------------------


def test_a_byte_order_mark_and_packing_are_accepted() -> None:
    plain = json.dumps(simple("æ")).encode()
    for content in (b"\xef\xbb\xbf" + plain, gzip.compress(plain)):
        assert decode([content], where=WHERE).rows == (("æ",),)


def test_the_mark_of_nulls_may_be_escaped() -> None:
    escaped = json.dumps(three({"C": [0, 7], "Ø": 4})).encode()
    assert b"u00d8" in escaped
    assert decode([escaped], where=WHERE).rows == (("Web", 7, None),)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[]",
        b"{",
        b"<html>",
        b"[" * 100_000,
        b'{"results": NaN}',
        b'{"results": [], "results": []}',
        b'{"a": 1e99999999999999999999}',
        b'{"a": ' + b"9" * 10_000 + b"}",
        gzip.compress(b"{}", mtime=0)[:-9],
        gzip.compress(b"{}", mtime=0) + b"x",
        b"\x1f\x8bx",
        json.dumps(simple("a")).encode("utf-16"),
        json.dumps(simple("a")).replace('"N": "DS0"', '"N": "DS0", "IC": false').encode(),
    ],
)
def test_bytes_that_are_no_answer_are_refused(content: bytes) -> None:
    with pytest.raises(MalformedAnswer):
        decode([content], where=WHERE)


def test_a_result_of_dedicated_capacity_may_be_of_job_0() -> None:
    answer = simple("a")
    answer["results"][0]["jobId"] = "0"
    assert rows(answer) == [("a",)]


def test_a_table_beyond_all_bounds_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pll_pipeline.validated.readers.powerbi.members.MOST_ROWS", 2)
    with pytest.raises(UnsupportedAnswer, match="more than 2 rows"):
        rows(simple("a", "b", "c"))
    monkeypatch.setattr("pll_pipeline.validated.readers.powerbi.json_text.LARGEST_ANSWER", 100)
    for content in (b" " * 101, gzip.compress(b" " * 101, mtime=0)):
        with pytest.raises(MalformedAnswer, match="larger than"):
            decode([content], where=WHERE)


def test_one_page_is_not_taken_for_many() -> None:
    with pytest.raises(TypeError):
        decode(json.dumps(simple("a")).encode(), where=WHERE)  # type: ignore[arg-type]


# --- text -----------------------------------------------------------------------------------------------------------


def test_csv_keeps_null_the_empty_text_and_the_word_null_apart() -> None:
    texts = [None, "", "null", "\\N", 'a"b', "a,b", "a\r", " "]
    others = [
        True,
        1,
        2.0,
        0.1,
        Decimal("1E+2"),
        datetime(2024, 5, 1),
        datetime(1969, 5, 1, 1, 2, 3, 4000),
        -0.5,
    ]
    assert as_csv(list("abcdefgh"), [texts, others]) == (
        'a,b,c,d,e,f,g,h\n\\N,,null,"\\N","a""b","a,b","a\r", \ntrue,1,2.0,0.1,100,2024-05-01T00:00:00,1969-05-01T01:02:03.004000,-0.5\n'
    )
    assert as_csv(["a"], [[""], [None]]) == 'a\n""\n\\N\n'


def test_a_source_gets_every_cell_as_text_and_a_reference_to_its_row() -> None:
    pages = {
        "pages": [
            three({"C": [0, 7, 1]}, {"C": [1], "Ø": 6}, IC=False, RT=RESTART),
            three({"C": [1], "Ø": 6}, {"C": ["New", 2, 0.5]}),
        ]
    }
    frame = read(json.dumps(pages).encode(), HOW, where=WHERE)
    assert frame.columns == ["t.g0", "t.m0", "t.m1", "row_reference"]
    assert frame.rows() == [
        ("Web", "7", "1.0", "answer.json:row 1"),
        ("Phone", "", "", "answer.json:row 2"),
        ("New", "2", "0.5", "answer.json:row 3"),
    ]
    assert read(json.dumps(simple("a")).encode(), HOW, where=WHERE).rows() == [
        ("a", "answer.json:row 1")
    ]


@pytest.mark.parametrize(
    "content",
    [
        {"pages": []},
        {"pages": simple("a")},
        {"pages": [simple("a")], "more": 1},
        {"pages": [page("a", token=RESTART)]},
        {"pages": ["text"]},
        flat([group(0)], []),
        flat([group(0, Name="row_reference")], [{"S": schema(("G0", 1)), "G0": "a"}]),
    ],
)
def test_a_source_gets_no_table_without_rows_or_of_half_an_answer(content: Any) -> None:
    with pytest.raises(PowerBiError):
        read(json.dumps(content).encode(), HOW, where=WHERE)


# --- totals beside the pages ----------------------------------------------------------------------------------------


def summed(total: Any, *counts: Any, type_code: int = 4) -> bytes:
    """A page of counts by region, and their total asked for without groups."""
    first, *rest = [{"C": [f"r{number}", count]} for number, count in enumerate(counts)]
    page_ = flat(
        [group(0), measure(0)], [{"S": schema(("G0", 1), ("M0", type_code)), **first}, *rest]
    )
    return json.dumps(
        {
            "pages": [page_],
            "totals": flat(
                [measure(0)], [{"S": schema(("M0", type_code)), "M0": total}], groupings=[]
            ),
        }
    ).encode()


ADDITIVE = PowerBi(kind="powerbi", additive=["t.m0"])


def test_a_column_that_adds_up_to_its_total_is_read() -> None:
    assert read(summed(7, 3, None, 4), ADDITIVE, where=WHERE)["t.m0"].to_list() == ["3", "", "4"]
    assert (
        read(summed("0.6000000000000001", 0.1, 0.2, 0.3, type_code=3), ADDITIVE, where=WHERE).height
        == 3
    )
    assert read(summed("1.30", "1.1", "0.2", type_code=2), ADDITIVE, where=WHERE)[
        "t.m0"
    ].to_list() == ["1.1", "0.2"]
    assert read(summed(None, None), ADDITIVE, where=WHERE).height == 1


@pytest.mark.parametrize(
    ("total", "counts", "type_code"),
    [
        (8, [3, 4], 4),
        (2**53, [2**53, 1], 4),
        (0.61, [0.1, 0.2, 0.3], 3),
        ("1.2", ["1.1", "0.2"], 2),
        (None, [1], 4),
        (1, [None], 4),
    ],
)
def test_a_column_that_does_not_add_up_to_its_total_is_refused(
    total: Any, counts: list[Any], type_code: int
) -> None:
    with pytest.raises(IncompleteAnswer, match="add up to"):
        read(summed(total, *counts, type_code=type_code), ADDITIVE, where=WHERE)


def test_a_column_nobody_calls_additive_is_not_held_against_its_total() -> None:
    assert read(summed(0.5, 0.4, 0.6, type_code=3), HOW, where=WHERE).height == 2


@pytest.mark.parametrize("name", ["t.g0", "t.m1"])
def test_what_is_called_additive_must_be_a_column_of_numbers(name: str) -> None:
    with pytest.raises(IncompleteAnswer, match="no such column of numbers"):
        read(summed(7, 7), PowerBi(kind="powerbi", additive=[name]), where=WHERE)


def test_what_is_called_additive_needs_totals_beside_the_pages() -> None:
    with pytest.raises(IncompleteAnswer, match="with a total"):
        read(
            json.dumps(
                {"pages": [flat([measure(0)], [{"S": schema(("M0", 4)), "M0": 7}], groupings=[])]}
            ).encode(),
            ADDITIVE,
            where=WHERE,
        )


def test_totals_that_are_an_error_are_refused_though_nothing_adds_up() -> None:
    saved = {"pages": [simple("a")], "totals": failed(error={"code": "ErrorLoadingModel"})}
    with pytest.raises(QueryFailed, match="totals"):
        read(json.dumps(saved).encode(), HOW, where=WHERE)


# --- values, at once and one at a time ------------------------------------------------------------------------------

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


# --- random tables --------------------------------------------------------------------------------------------------

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
    types = draw(st.lists(st.sampled_from(sorted(CELLS)), min_size=1, max_size=60))
    few = [draw(st.lists(CELLS[code], min_size=1, max_size=3)) for code in types]
    return types, draw(
        st.lists(st.tuples(*[st.sampled_from(column) for column in few]), min_size=1, max_size=6)
    )


def wire(code: int, value: Any, dictionary: list[str]) -> Any:
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


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
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
    try:
        assert table(answer).columns
    except PowerBiError as error:
        assert str(error).count("Where: ") == 1


# --- large answers --------------------------------------------------------------------------------------------------


def cut_small(patch: pytest.MonkeyPatch, piece: int) -> None:
    """Let every answer be read as a large one is."""
    patch.setattr(json_text, "CUT_FROM", 0)
    patch.setattr(json_text, "_PIECE", piece)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(tables(), st.sampled_from([1, 20, 100]), st.booleans())
def test_a_table_read_in_pieces_is_the_same(
    drawn: tuple[list[int], list[tuple[Any, ...]]], piece: int, spaced: bool
) -> None:
    types, records = drawn
    content = json.dumps(
        encoded(types, records), separators=None if spaced else (",", ":")
    ).encode()
    with pytest.MonkeyPatch.context() as patch:
        cut_small(patch, piece)
        assert list(decode([content], where=WHERE).rows) == records


@pytest.mark.parametrize("name", ["nested_with_totals", "matrix_with_totals"])
@pytest.mark.parametrize("piece", [1, 30, 300])
def test_groups_and_cells_read_in_pieces_are_the_same(
    name: str, piece: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = (SNAPSHOTS / f"{name}.json").read_bytes()
    whole = decode([content], where=WHERE)
    cut_small(monkeypatch, piece)
    in_pieces = decode([content], where=WHERE)
    assert (in_pieces.rows, in_pieces.totals, in_pieces.closed_branches) == (
        whole.rows,
        whole.totals,
        whole.closed_branches,
    )


def test_texts_that_look_like_the_end_of_a_row_do_not_part_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    cut_small(monkeypatch, 1)
    texts = ["}", "},{", '},{"', "a:b", "}, {", "\\"]
    assert [row[0] for row in rows(simple(*texts))] == texts


@pytest.mark.parametrize(
    "row",
    [
        b'{"C":[1,2],"C":[3,4]}',
        b'{"C":[1],"R":1,"R":2}',
        b'{"C":["x:y",1],"C":["z",2]}',
        b'{"C":["x",1],"C":["\\u003a",2]}',
        b'{"C":5,"C":[":",2]}',
        b'{"C":[1,NaN]}',
        b'{"C":[1,2],}',
        b'{"C":[1,"\xff"]}',
    ],
)
def test_what_is_no_strict_json_is_refused_in_a_piece_too(
    row: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = json.dumps(
        flat(
            [group(0), measure(0)],
            [{"S": schema(("G0", 4), ("M0", 4)), "C": [1, 2]}, {"C": [5, 5]}],
        )
    ).encode()
    assert b'{"C": [5, 5]}' in answer
    cut_small(monkeypatch, 1)
    with pytest.raises(MalformedAnswer, match="not JSON|UTF-8"):
        decode([answer.replace(b'{"C": [5, 5]}', row)], where=WHERE)


# --- damage ---------------------------------------------------------------------------------------------------------


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


@given(st.integers(0, 3), st.data())
def test_another_literal_changes_its_own_cell_and_those_that_repeat_it(
    number: int, data: st.DataObject
) -> None:
    answer = three(
        {"C": [0, 7, 1.5]},
        {"C": [1], "R": 2, "Ø": 4},
        {"C": ["x", 8, 9], "R": 0},
        {"C": [5], "R": 5},
    )
    intact = rows(answer)
    instance = answer["results"][0]["result"]["data"]["dsr"]["DS"][0]["PH"][0]["DM0"][number]
    place = data.draw(st.integers(0, len(instance["C"]) - 1))
    written = [
        column
        for column in range(3)
        if not (instance.get("R", 0) | instance.get("Ø", 0)) >> column & 1
    ][place]
    instance["C"][place] = data.draw(
        st.sampled_from(["y", "z"]) if written == 0 else st.integers(10, 20)
    )
    got = rows(answer)
    assert len(got) == len(intact)
    changed = {
        (row, column)
        for row in range(4)
        for column in range(3)
        if got[row][column] != intact[row][column]
    }
    assert (number, written) in changed
    assert {column for _, column in changed} == {written}
    assert all(row >= number for row, _ in changed)


@pytest.mark.parametrize("mask", ["R", "Ø"])
@pytest.mark.parametrize("bits", range(8))
def test_another_mask_is_refused_unless_it_leaves_room_for_as_many_values(
    mask: str, bits: int
) -> None:
    answer = three({"C": [0, 7, 1.5]}, {"C": [1], "R": 2, "Ø": 4}, {"C": [0, 8, 9]})
    instance = answer["results"][0]["result"]["data"]["dsr"]["DS"][0]["PH"][0]["DM0"][1]
    instance[mask] = bits
    fits = bits.bit_count() == 1 and not instance["R"] & instance["Ø"]
    if not fits:
        with pytest.raises(MalformedAnswer):
            rows(answer)
    else:
        got = rows(answer)
        assert (got[0], got[2], len(got)) == (("Web", 7, 1.5), ("Web", 8, 9.0), 3)
