"""A total that a publication states is the sum of its parts, or the snapshot is refused."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pll_pipeline.errors import PllError
from pll_pipeline.validated.totals import refuse_wrong_totals
from tests.unit.validated.small_table import published, source_of, table_of

COLUMNS = ["Region", "Antall"]
TOTAL = {"column": "Region", "matches": "^I alt$"}


def check(rows: list[list[str]], columns: list[str] = COLUMNS, **changes: Any) -> str:
    """Why the totals are refused, "" where they are not."""
    source = source_of(columns, **({"total_rows": [TOTAL]} | changes))
    try:
        refuse_wrong_totals(source, table_of(source), published(rows, columns))
    except PllError as refusal:
        return str(refusal)
    return ""


def test_a_total_that_is_the_sum_of_its_rows_is_accepted() -> None:
    assert check([["Oslo", "1 200"], ["Agder", "7"], ["I alt", "1 207"]]) == ""


def test_a_total_that_is_not_is_refused_with_its_row_and_both_sums() -> None:
    reason = check([["Oslo", "5"], ["Agder", "7"], ["I alt", "13"]])
    assert "1 stated totals are not the sum of their parts" in reason
    assert "the first is 13 in 'Antall', and its parts add up to 12" in reason
    assert "tall.csv:4" in reason


def test_a_declared_total_that_no_row_is_refused_with_the_text_it_was_looked_for_by() -> None:
    reason = check([["Oslo", "5"], ["Agder", "7"], ["Sum", "12"]])
    assert "No row of column 'Region' is a total" in reason
    assert "^I alt$" in reason


def test_wrong_totals_are_counted_and_the_first_of_the_file_is_named() -> None:
    rows = [["I alt", "2"], ["Oslo", "5"], ["I alt", "6"]]
    reason = check(rows)
    assert reason.startswith("2 stated totals")
    assert "tall.csv:2" in reason


@pytest.mark.parametrize(("tolerance", "is_refused"), [(0, True), (0.5, True), (1, False)])
def test_rounding_is_allowed_for_by_the_tolerance(tolerance: float, is_refused: bool) -> None:
    rows = [["Oslo", "5"], ["Agder", "7"], ["I alt", "13"]]
    reason = check(rows, total_rows=[TOTAL | {"tolerance": float(tolerance)}])
    assert bool(reason) is is_refused


@pytest.mark.parametrize(
    ("total", "is_refused"), [("7", True), ("8", False), ("11", False), ("12", True)]
)
def test_a_suppressed_part_counts_with_its_bounds(total: str, is_refused: bool) -> None:
    values = [{"column": "Antall", "measure": "m", "suppressed": {":": [1, 4]}}]
    reason = check([["Oslo", "7"], ["Agder", ":"], ["I alt", total]], values=values)
    assert bool(reason) is is_refused
    assert not is_refused or "add up to 8 to 11" in reason


def test_a_total_with_a_part_that_is_missing_or_unreadable_is_not_checked() -> None:
    values = [{"column": "Antall", "measure": "m", "missing": [".."]}]
    assert check([["Oslo", "7"], ["Agder", ".."], ["I alt", "999"]], values=values) == ""
    assert check([["Oslo", "7"], ["Agder", "?"], ["I alt", "999"]]) == ""
    assert check([["I alt", "999"]]) == ""


def test_a_total_is_of_the_rows_with_the_same_texts_in_other_columns() -> None:
    columns = ["Region", "Måned", "Antall"]
    within = {"total_rows": [TOTAL | {"within": ["Måned"]}]}
    rows = [
        ["Oslo", "jan", "5"],
        ["Oslo", "feb", "6"],
        ["I alt", "JAN", "5"],
        ["I alt", "feb", "6"],
    ]
    assert check(rows, columns, **within) == ""
    assert "tall.csv:4" in check([*rows[:2], ["I alt", "jan", "6"], rows[3]], columns, **within)


def test_only_the_named_columns_add_up() -> None:
    columns = ["Region", "Antall", "Andel"]
    values = [{"column": name, "measure": "m"} for name in columns[1:]]
    rows = [["Oslo", "5", "10"], ["Agder", "7", "20"], ["I alt", "12", "15"]]
    assert "'Andel'" in check(rows, columns, values=values)
    named = {"total_rows": [TOTAL | {"of": ["Antall"]}], "values": values}
    assert check(rows, columns, **named) == ""


def test_a_total_column_is_the_sum_of_others_of_its_row() -> None:
    columns = ["Region", "Menn", "Kvinner", "Antall"]
    rule = {"column": "Antall", "parts": ["Menn", "Kvinner"]}
    rules: dict[str, Any] = {"total_rows": [], "total_columns": [rule]}
    rows = [["Oslo", "1", "2", "3"], ["Agder", "4", "5", "9"]]
    assert check(rows, columns, **rules) == ""
    reason = check([rows[0], ["Agder", "4", "5", "8"]], columns, **rules)
    assert "8 in 'Antall', and its parts add up to 9" in reason
    assert "tall.csv:3" in reason


def test_decimals_add_up_as_they_are_written() -> None:
    assert check([["Oslo", "0,1"], ["Agder", "0,2"], ["I alt", "0,3"]]) == ""


@given(
    st.lists(st.integers(0, 10**6), min_size=1, max_size=12),
    st.integers(-50, 50),
    st.integers(0, 30),
)
def test_a_total_is_accepted_exactly_within_its_tolerance(
    parts: list[int], difference: int, tolerance: int
) -> None:
    rows = [["Oslo", str(part)] for part in parts]
    total = max(sum(parts) + difference, 0)
    rule = TOTAL | {"tolerance": float(tolerance)}
    reason = check([*rows, ["I alt", str(total)]], total_rows=[rule])
    assert bool(reason) is (abs(total - sum(parts)) > tolerance)
