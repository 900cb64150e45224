"""What may be cut off, thinned out or miscounted never becomes a table."""

from __future__ import annotations

import json
from typing import Any

import pytest

from pll_pipeline.validated.readers.powerbi import (
    IncompleteAnswer,
    MalformedAnswer,
    UnsupportedAnswer,
)
from tests.unit.validated.readers.powerbi.answers import (
    RESTART,
    SNAPSHOTS,
    flat,
    measure,
    schema,
    simple,
    table,
)


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
    with pytest.raises(MalformedAnswer, match="counted 1 rows, the answer has 2"):
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
    with pytest.raises(IncompleteAnswer, match="counted 7 rows, the answer has 6"):
        table(answer)
