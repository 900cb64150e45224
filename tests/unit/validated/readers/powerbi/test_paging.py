"""Pages: what two of them share is there once, and nothing between them is missing."""

from __future__ import annotations

from typing import Any

import pytest

from pll_pipeline.validated.readers.powerbi import (
    IncompleteAnswer,
    MalformedAnswer,
    PowerBiError,
    Total,
)
from tests.unit.validated.readers.powerbi.answers import (
    RESTART,
    flat,
    group,
    page,
    schema,
    table,
)


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
    rows = ["".join(map(str, row)) for row in decoded.rows]
    assert rows == ["na", "nb", "nc", "sd", "se", "sf", "tg"]
    assert decoded.totals == (Total(0, None, (None, None)),)
