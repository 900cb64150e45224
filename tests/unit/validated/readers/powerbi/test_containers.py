"""Schemas and masks: what is written is read exactly, and what does not fit is refused."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pll_pipeline.validated.readers.powerbi import (
    MalformedAnswer,
    UnsupportedAnswer,
    decode,
)
from tests.unit.validated.readers.powerbi.answers import (
    WHERE,
    flat,
    group,
    measure,
    rows,
    schema,
    table,
    three,
)


def test_repeats_and_nulls_take_no_value_and_may_be_in_one_row() -> None:
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
def test_a_row_that_does_not_fit_its_schema_is_refused_at_its_place(row: Any, says: str) -> None:
    with pytest.raises(MalformedAnswer, match=says) as caught:
        rows(three({"C": [0, 1, 1]}, row))
    assert caught.value.where == f"{WHERE}, member DM0, row 2"


def test_nothing_can_be_repeated_in_the_first_row() -> None:
    with pytest.raises(MalformedAnswer, match=r"none is before it.*row 1"):
        rows(three({"C": [0, 7], "R": 4}))


def test_a_file_that_is_latin_1_is_refused() -> None:
    answer = json.dumps(three({"C": [0, 7], "Ø": 4}), ensure_ascii=False)
    with pytest.raises(MalformedAnswer, match="not UTF-8"):
        decode([answer.encode("latin-1")], where=WHERE)
    with pytest.raises(MalformedAnswer, match="damaged Ø"):
        decode([answer.encode().decode("latin-1").encode()], where=WHERE)


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


def test_a_value_that_is_not_described_is_refused() -> None:
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
    with pytest.raises(MalformedAnswer, match=r"none is before it.*row 2"):
        rows(
            flat(
                [group(0), measure(0)],
                [{"S": fields, "C": ["a", 1]}, {"S": other, "C": [2], "R": 2}],
            )
        )
    with pytest.raises(MalformedAnswer, match=r"another type.*row 2"):
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
