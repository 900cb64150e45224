"""The questions asked of rows."""

from __future__ import annotations

from pll_pipeline.published.page.rows import distinct, grouped, known, where, without

ROWS = [
    {"service": "pll", "month": 1, "adoption_share": 0.5},
    {"service": "sfm", "month": 1, "adoption_share": None},
    {"service": "pll", "month": 2, "adoption_share": None},
]


def test_rows_are_chosen_by_the_values_of_columns() -> None:
    assert where(ROWS, service="pll", month=2) == [ROWS[2]]
    assert where(ROWS, adoption_share=None) == ROWS[1:]
    assert where(ROWS) == ROWS


def test_groups_and_their_rows_keep_their_order() -> None:
    assert grouped(ROWS, "service") == {("pll",): [ROWS[0], ROWS[2]], ("sfm",): [ROWS[1]]}


def test_a_value_is_listed_once() -> None:
    assert distinct(ROWS, "service") == ["pll", "sfm"]


def test_an_empty_cell_is_not_known() -> None:
    assert known(ROWS) == [ROWS[0]]
    assert known(ROWS, "month") == ROWS


def test_columns_are_left_out_whether_they_are_there_or_not() -> None:
    assert without(ROWS[:1], "month", "source_name") == [{"service": "pll", "adoption_share": 0.5}]
