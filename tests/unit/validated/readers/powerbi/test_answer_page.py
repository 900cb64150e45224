"""One page of an answer: levels, totals, matrices."""

from __future__ import annotations

from typing import Any

import pytest

from pll_pipeline.validated.readers.powerbi import (
    IncompleteAnswer,
    MalformedAnswer,
    Total,
    UnsupportedAnswer,
    decode,
)
from tests.unit.validated.readers.powerbi.answers import (
    SNAPSHOTS,
    WHERE,
    flat,
    group,
    measure,
    rows,
    schema,
    table,
)


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


def test_totals_of_every_level_are_kept_apart_and_closed_branches_are_counted() -> None:
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


def test_a_matrix_is_dense_and_its_totals_are_kept_apart() -> None:
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
