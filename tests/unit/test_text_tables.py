"""Rows as text: widths, numbers, records, and values of every type."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from pll_pipeline.text_tables import TextTable, cell_text


def test_numbers_are_on_the_right_and_columns_as_wide_as_their_content() -> None:
    table = TextTable.of(["name", "n"], [("Våler", 7), ("Os", 1234), (None, None)])
    assert table.as_table() == [
        "name      n",
        "-----  ----",
        "Våler     7",
        "Os     1234",
        "",
    ]
    assert table.width == len("Våler  1234")


def test_a_letter_and_the_mark_above_it_are_one_character_wide() -> None:
    one, two = "Våler", "Va\u030aler"
    table = TextTable.of(["name", "n"], [(one, 1), (two, 2), ("Kárášjohka", 3)])
    assert [line.rpartition(" ")[0] for line in table.as_table()[2:4]] == [
        one + " " * 6,
        two + " " * 6,
    ]


@pytest.mark.parametrize(("width", "is_table"), [(11, True), (10, False)])
def test_a_table_wider_than_the_terminal_becomes_records(width: int, is_table: bool) -> None:
    table = TextTable.of(["name", "n"], [("Våler", 7), ("Os", 1234)])
    assert table.fitting(width) == (table.as_table() if is_table else table.as_records())


def test_records_have_a_line_per_column_and_nothing_is_cut() -> None:
    long = "x" * 500
    table = TextTable.of(["region_name", "n"], [("Våler", 7), (long, None)])
    assert table.as_records() == [
        "region_name = Våler",
        "          n = 7",
        "",
        f"region_name = {long}",
        "          n =",
    ]


def test_one_column_is_a_table_however_wide() -> None:
    table = TextTable.of(["text"], [("x" * 90,)])
    assert table.fitting(80) == ["text", "-" * 90, "x" * 90]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, ""),
        (True, "true"),
        (0.948, "0.948"),
        (Decimal("1.50"), "1.50"),
        (date(2026, 1, 2), "2026-01-02"),
        (datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC), "2026-01-02T03:04:05Z"),
        ([1, None], "[1, null]"),
        ({"a": date(2026, 1, 2)}, '{"a": "2026-01-02"}'),
        ("two\nlines\x1b[31m", "two lines␛[31m"),
    ],
)
def test_a_value_is_text_on_one_line(value: Any, text: str) -> None:
    assert cell_text(value) == text


def test_truths_and_texts_are_on_the_left() -> None:
    table = TextTable.of(["is_new", "code"], [(True, "0301"), (False, "1")])
    assert table.as_table()[2] == "true    0301"
