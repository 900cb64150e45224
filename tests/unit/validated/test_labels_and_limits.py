"""Labels written once per group, periods in headings, and exports that are cut off."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pll_pipeline.errors import PllError
from pll_pipeline.validated.judging import refuse_unexpected
from pll_pipeline.validated.mapping import with_text_above
from tests.unit.validated.small_table import FILE, MEASURE, mapped, published, source_of

# --- as above

LABELS = ["År", "Region", "Antall"]


def filled(rows: list[list[str]], *columns: str) -> list[tuple[str, ...]]:
    return with_text_above(published(rows, LABELS), list(columns)).frame.select(LABELS[:2]).rows()


def test_an_empty_cell_has_the_text_above_it_in_the_named_columns_only() -> None:
    rows = [["2024", "Oslo", "1"], ["", "", "2"], ["2025", "", "3"]]
    assert filled(rows, "År") == [("2024", "Oslo"), ("2024", ""), ("2025", "")]
    assert filled(rows) == [("2024", "Oslo"), ("", ""), ("2025", "")]


def test_a_new_text_of_an_outer_column_ends_those_within() -> None:
    rows = [["2024", "Oslo", "1"], ["", "", "2"], ["2025", "", "3"], ["", "Agder", "4"]]
    assert filled(rows, "År", "Region") == [
        ("2024", "Oslo"),
        ("2024", "Oslo"),
        ("2025", ""),
        ("2025", "Agder"),
    ]


def test_a_cell_of_spaces_is_empty_and_the_first_has_nothing_above_it() -> None:
    assert filled([["", "Oslo", "1"], ["2024", "Oslo", "2"], [" ", "Agder", "3"]], "År") == [
        ("", "Oslo"),
        ("2024", "Oslo"),
        ("2024", "Agder"),
    ]


@given(st.lists(st.sampled_from(["", " ", "a", "b"]), max_size=12))
def test_a_text_repeats_until_the_next_and_none_is_changed(texts: list[str]) -> None:
    result = [year for year, _ in filled([[text, "Oslo", "1"] for text in texts], "År")]
    last = ""
    for before, after in zip(texts, result, strict=True):
        last = before if before.strip() else last
        assert after == last


# --- periods in headings

WIDE = ["Region", "1. kvartal 2026 / Legekontor", "2. kvartal 2026 / Sykehus", "Merknad"]
PATTERN = r"^(?P<period>.+) / (?P<actor>.+)$"


def wide(rows: list[list[str]], **changes: Any) -> list[tuple[object, ...]]:
    settings = {
        "expected_columns": ["Region", "Merknad"],
        "values": [{"columns": PATTERN, "measure": MEASURE}],
        "period": {"text": {"heading": "period"}},
        "actor_type": {"heading": "actor"},
    }
    result = mapped(rows, WIDE, **(settings | changes))
    assert result.quarantine.height == 0
    names = ("period_start", "period_grain", "actor_type_code", "value")
    return [tuple(map(str, row)) for row in result.observations.select(names).rows()]


def test_a_heading_gives_the_period_and_the_actor_type_of_its_column() -> None:
    assert sorted(wide([["Oslo", "5", "6", "x"]])) == [
        ("2026-01-01", "quarter", "legekontor", "5.0"),
        ("2026-04-01", "quarter", "sykehus", "6.0"),
    ]


def test_a_column_may_have_a_period_of_its_own() -> None:
    values = [
        {"column": WIDE[1], "measure": MEASURE, "period": {"text": "2025-12"}},
        {"column": WIDE[2], "measure": MEASURE, "period": {"text": "2026-06"}},
    ]
    changes = {
        "expected_columns": WIDE,
        "values": values,
        "actor_type": "alle",
        "period": {"text": "2020"},
    }
    assert sorted(row[0] for row in wide([["Oslo", "5", "6", "x"]], **changes)) == [
        "2025-12-01",
        "2026-06-01",
    ]


def test_a_heading_that_is_no_period_is_refused_with_the_heading() -> None:
    columns = ["Region", "Nå / Legekontor"]
    result = mapped(
        [["Oslo", "5"]],
        columns,
        expected_columns=["Region"],
        values=[{"columns": PATTERN, "measure": MEASURE}],
        period={"text": {"heading": "period"}},
    )
    assert result.observations.height == 0
    assert result.quarantine["value"].to_list() == ["Nå"]


def test_a_pattern_that_matches_no_column_refuses_the_snapshot() -> None:
    columns = ["Region", "Antall"]
    values = [{"columns": r"^\d{4}$", "measure": MEASURE}]
    source = source_of(columns, values=values)
    with pytest.raises(PllError, match="no column matches"):
        refuse_unexpected(source, {FILE: published([["Oslo", "1"]], columns)}, "liten")


# --- limits of an export


@pytest.mark.parametrize(("rows", "is_refused"), [(2, False), (3, True), (4, True)])
def test_a_table_as_long_as_the_publishers_export_is_refused_as_cut_off(
    rows: int, is_refused: bool
) -> None:
    columns = ["Region", "Antall"]
    source = source_of(columns, row_limit=3)
    tables = {FILE: published([["Oslo", "1"]] * rows, columns)}
    if not is_refused:
        refuse_unexpected(source, tables, "liten")
        return
    with pytest.raises(PllError, match=f"{rows} rows.* at most 3.*cut off"):
        refuse_unexpected(source, tables, "liten")


def test_a_table_without_a_limit_is_refused_only_outside_its_believable_rows() -> None:
    columns = ["Region", "Antall"]
    table = {FILE: published([["Oslo", "1"]] * 4, columns)}
    refuse_unexpected(source_of(columns, rows=[4, 4]), table, "liten")
    with pytest.raises(PllError, match="4 rows, expected 1 to 3"):
        refuse_unexpected(source_of(columns, rows=[1, 3]), table, "liten")
