"""The table of a sheet: its header, its rows and columns, and what is counted as not read."""

from __future__ import annotations

from typing import Any

import openpyxl
import pytest

from pll_pipeline.validated.readers import workbook
from tests.unit.validated.readers.workbook.books import (
    HEADER,
    WHERE,
    book,
    by_hand,
    columns,
    not_read,
    refusal,
    rows,
    saved,
    table,
)


def test_every_cell_becomes_text_and_every_row_knows_its_sheet_and_row() -> None:
    content = book(["Tittel"], [], ["kode", "tall"], ["0301", 12.5], ["0101", None])
    assert table(content, "kode").frame.to_dicts() == [
        {"kode": "0301", "tall": "12.5", "row_reference": "tall.xlsx:Tall!4"},
        {"kode": "0101", "tall": "", "row_reference": "tall.xlsx:Tall!5"},
    ]


def test_cells_with_numbers_are_known_from_texts_that_look_like_them() -> None:
    read = table(book(["A", "B"], ["1", 2], [3, "4,5"]), "A")
    assert {name: mask.to_list() for name, mask in read.number_cells.items()} == {
        "A": [False, True],
        "B": [True, False],
    }
    assert "A" not in table(book(["A", "B"], ["1", 2]), "A").number_cells


# --- sheets ---------------------------------------------------------------------------------------


def test_the_sheet_is_found_by_its_name() -> None:
    content = book(["A"], [1], sheets=["Innhold", "Tabell 2024"])
    assert table(content, "A", sheet=r"^Tabell \d{4}$").frame["row_reference"].to_list() == [
        "tall.xlsx:Tabell 2024!2"
    ]
    assert (
        "has 2 sheets: 'Innhold', 'Tabell 2024'. Where: s/t/tall.xlsx. What to do: name the sheet"
        " that is meant in the source file under read.sheet"
    ) in refusal(content)
    assert (
        "No sheets have a name that matches 'Ark'; the workbook has 'Innhold', 'Tabell 2024'"
        in refusal(content, sheet="Ark")
    )
    assert "2 sheets have a name that matches" in refusal(content, sheet="l")


def test_the_sheets_that_are_not_read_are_counted() -> None:
    content = book(["A"], [1], sheets=["Innhold", "Tall", "Noter"])
    assert ("the workbook", "other sheets", 2, "Innhold") in not_read(content, "A", sheet="Tall")


def _with_hidden_sheet(state: str) -> bytes:
    made = openpyxl.Workbook()
    made.active.title = "Tall"
    made.active.append(["A"])
    made.active.append([1])
    hidden = made.create_sheet("Arbeid")
    hidden.append(["A"])
    hidden.append([2])
    hidden.sheet_state = state
    return saved(made)


@pytest.mark.parametrize("state", ["hidden", "veryHidden"])
def test_a_hidden_sheet_is_not_published(state: str) -> None:
    content = _with_hidden_sheet(state)
    assert rows(content, "A") == [("1",)]
    assert ("the workbook", "hidden sheets", 1, "Arbeid") in not_read(content, "A")
    assert "The sheet 'Arbeid' is hidden, so it is not published" in refusal(
        content, "A", sheet="Arbeid"
    )


def test_all_sheets_can_be_looked_at_without_knowing_their_headers() -> None:
    seen = workbook.sheets(_with_hidden_sheet("hidden"), where=WHERE)
    assert [(sheet.name, sheet.is_hidden) for sheet in seen] == [("Tall", False), ("Arbeid", True)]
    assert seen[0].grid is not None
    assert seen[0].grid.columns[1].texts == ["A", "1"]
    assert seen[1].grid is None


# --- header ---------------------------------------------------------------------------------------


def test_the_header_is_the_first_row_with_all_its_texts_whatever_their_white_space() -> None:
    content = book(
        ["Antall"], ["Region", "som"], [" Region ", "Antall\u00a0 \nbrukere", 2024], ["Oslo", 1, 2]
    )
    expected = ["Region", "Antall brukere", "2024"]
    assert columns(content, "Region", "Antall brukere", "2024") == expected
    assert "No row of the sheet has all of 'Region', 'Kommune'" in refusal(
        content, "Region", "Kommune"
    )


def test_headings_are_equal_in_composed_and_decomposed_letters() -> None:
    content = book(["A\u030arstall", "Måned"], [2024, "mars"])
    assert columns(content, "Årstall", "Ma\u030aned") == ["Årstall", "Måned"]


def test_lines_above_the_header_are_counted() -> None:
    content = book(["Tabell 1. Brukere"], ["per mars 2026"], [], ["A"], [1])
    assert not_read(content, "A") == [
        ("sheet 'Tall', rows 1–2", "title lines above the header", 2, "Tabell 1. Brukere")
    ]


def test_a_title_merged_over_several_columns_counts_for_each_of_them() -> None:
    content = book(
        ["Region", 2023, None, 2024, None],
        [None, "Antall", "Andel", "Antall", "Andel"],
        ["Oslo", 1, 2, 3, 4],
        merges=["A1:A2", "B1:C1", "D1:E1"],
    )
    expected = ["Region", "2023 / Antall", "2023 / Andel", "2024 / Antall", "2024 / Andel"]
    assert columns(content, "Region", "Antall", header_rows=2) == expected
    assert columns(content, "Region", header_rows=2) == expected, (
        "a heading merged downwards reaches to its last row"
    )
    assert "'Antall' is there twice. Where: s/t/tall.xlsx, sheet 'Tall', columns B, D" in refusal(
        content, "Region", "Antall"
    )


def test_a_header_of_more_rows_than_there_are_is_refused() -> None:
    assert "ends in row 1, so it cannot span 2 rows" in refusal(book(["A"], [1]), header_rows=2)


# --- columns --------------------------------------------------------------------------------------


def test_columns_without_heading_and_values_are_left_out() -> None:
    content = book(
        [None, "A", None, "B", None], [None, 1, None, 2, None], [None, 3, None, None, " "]
    )
    assert rows(content, "A") == [("1", "2"), ("3", "")]


def test_a_title_that_is_wider_than_its_table_makes_no_columns() -> None:
    content = book(["Tittel"], ["A", "B"], [1, 2], merges=["A1:D1"])
    assert columns(content, "A", header_rows=2) == ["Tittel / A", "Tittel / B"]


def test_one_column_may_have_no_heading_but_not_two() -> None:
    assert columns(book([None, "A"], ["Oslo", 1]), "A") == ["", "A"]
    assert columns(book(["A", None], ["Oslo", 1]), "A") == ["A", ""]
    refused = refusal(book([None, None, "A"], ["Oslo", 1, 2]))
    assert "Two columns have values but no heading" in refused
    assert "sheet 'Tall', columns A, B" in refused
    assert "under read.columns" in refused
    assert "fetch.kind pxweb" in refused


def test_the_source_file_can_name_the_columns() -> None:
    content = book([None, None, "2024"], ["Oslo", "Apotek", 1])
    names = ["region", "aktør", "antall"]
    assert columns(content, "2024", columns=names) == names
    assert "The table has 3 columns (A, B, C), but read.columns names 2" in refusal(
        content, "2024", columns=["region", "antall"]
    )


def test_notes_beside_the_table_are_counted_and_are_no_column() -> None:
    content = book(
        ["A", "B"], [1, 2, None, "1) Foreløpig"], [3, 4], [None, None, None, "Kilde: NHN"]
    )
    assert rows(content, "A") == [("1", "2"), ("3", "4")]
    assert not_read(content, "A") == [
        ("sheet 'Tall', columns D–D", "columns beside the table", 1, "1) Foreløpig")
    ]


@pytest.mark.parametrize("name", ["A", "row_reference"])
def test_a_repeated_column_is_refused(name: str) -> None:
    assert f"'{name}' is there twice" in refusal(book(["A", f" {name}"], [1, 2]))


# --- rows -----------------------------------------------------------------------------------------


def test_rows_of_the_same_kind_after_an_empty_row_belong_to_the_table() -> None:
    content = book(
        ["Region", "Antall"], ["Oslo", 1], ["Viken", 2], [], ["Troms", 3], [], [], ["Finnmark", 4]
    )
    read = table(content, "Region")
    assert read.frame["Region"].to_list() == ["Oslo", "Viken", "Troms", "Finnmark"]
    assert read.frame["row_reference"][-1] == "tall.xlsx:Tall!8"
    assert read.not_read == ()


def test_a_repeated_header_after_an_empty_row_is_no_row() -> None:
    content = book(["År", 2024], ["2020", 1], [], ["År", 2024], ["2021", 3])
    assert rows(content, "År", "2024") == [("2020", "1"), ("2021", "3")]


def test_notes_after_an_empty_row_are_counted_and_are_no_rows() -> None:
    content = book(["Region", "Antall"], ["Oslo", 1], [], ["Kilde: NHN"], ["1) Foreløpig"])
    assert rows(content, "Region") == [("Oslo", "1")]
    read = table(content, "Region")
    assert [(note.where, note.what, note.count, note.example) for note in read.not_read] == [
        ("sheet 'Tall', rows 4–5", "rows below the table", 2, "Kilde: NHN")
    ]
    assert not read.not_read[0].may_belong


@pytest.mark.parametrize(
    "below",
    [
        ([], ["Nord-Norge"], ["Troms", 3]),
        ([], ["Tabell 2"], ["Region", "Andel"], ["Oslo", 0.5]),
    ],
)
def test_rows_with_figures_below_something_else_may_belong_to_the_table(below: Any) -> None:
    content = book(["Region", "Antall"], ["Oslo", 1], *below)
    read = table(content, "Region")
    assert read.frame.height == 1
    assert [(note.what, note.may_belong) for note in read.not_read] == [
        ("rows below the table", True)
    ]
    ended = table(content, "Region", ends_at="^(Nord-Norge|Tabell 2)")
    assert [note.may_belong for note in ended.not_read] == [False]


def test_rows_of_texts_alone_after_an_empty_row_need_two_columns_to_be_alike() -> None:
    assert rows(book(["A", "B"], ["a", "<5"], [], ["b", "6"]), "A") == [("a", "<5"), ("b", "6")]
    assert rows(book(["A"], ["a"], [], ["Kilde"]), "A") == [("a",)]


def test_rows_end_where_the_first_cell_says_so() -> None:
    content = book(
        [None, "A", "B"],
        [None, 1, "Kilde"],
        [None, 2, 3],
        [None, "Kilde: etaten"],
        [None, "1) Foreløpig"],
    )
    assert rows(content, "A", ends_at="^Kilde") == [("1", "Kilde"), ("2", "3")]
    assert not_read(content, "A", ends_at="^Kilde") == [
        ("sheet 'Tall', rows 4–5", "rows below the table", 2, "Kilde: etaten")
    ]
    left = book([None, "A", "B"], [None, 1, 2], ["Kilde: etaten"])
    assert rows(left, "A", ends_at="^Kilde") == [("1", "2")], (
        "the note may be to the left of the table"
    )


def test_an_empty_row_may_follow_the_header() -> None:
    assert rows(book(["A"], [], [1]), "A") == [("1",)]


def test_a_table_without_rows_is_refused() -> None:
    assert "The table has no rows" in refusal(book(["A"], []))
    assert "The table has no rows" in refusal(book(["A"], ["Kilde"]), ends_at="Kilde")


# --- joined cells ---------------------------------------------------------------------------------


def test_joined_cells_count_for_every_row_they_cover_and_are_known_as_joined() -> None:
    content = book(
        ["A", "B", "C"],
        ["Nord", 1, 2],
        [None, 3, None],
        [None, None, None],
        ["Sør", 4, 5],
        merges=["A2:A4", "B3:C3"],
    )
    read = table(content, "A")
    assert [row[:-1] for row in read.frame.rows()] == [
        ("Nord", "1", "2"),
        ("Nord", "3", "3"),
        ("Nord", "", ""),
        ("Sør", "4", "5"),
    ]
    assert {name: mask.to_list() for name, mask in read.joined_cells.items()} == {
        "A": [True, True, True, False],
        "B": [False, True, False, False],
        "C": [False, True, False, False],
    }
    assert read.number_cells["C"].to_list() == [True, True, False, True]


def test_rows_that_only_a_joined_cell_covers_are_rows() -> None:
    data = (
        HEADER + '<row r="2"><c t="str"><v>Nord</v></c><c><v>1</v></c></row>'
        '<row r="5"><c t="str"><v>Sør</v></c><c><v>2</v></c></row>'
    )
    content = by_hand(data, after='<mergeCells><mergeCell ref="A2:A4"/></mergeCells>')
    read = table(content, "A")
    assert [row[:-1] for row in read.frame.rows()] == [
        ("Nord", "1"),
        ("Nord", ""),
        ("Nord", ""),
        ("Sør", "2"),
    ]
    assert read.frame["row_reference"][2] == "tall.xlsx:Tall!4"
    assert read.joined_cells["A"].to_list() == [True, True, True, False]


def test_the_first_rows_are_given_without_what_joined_cells_cover() -> None:
    grid = workbook.sheets(book(["A", None], [1, "x"], merges=["A1:B1"]), where=WHERE)[0].grid
    assert grid is not None
    assert grid.top(5) == [[("A", False), None], [("1", True), ("x", False)]]
    assert len(grid.top(1)) == 1


def test_what_is_stored_under_a_joined_cell_is_not_shown() -> None:
    data = (
        HEADER + '<row r="2"><c r="A2"><v>1</v></c><c r="B2"><v>40</v></c></row>'
        '<row r="3"><c r="A3"><v>2</v></c><c r="B3"><v>99</v></c></row>'
    )
    content = by_hand(data, after='<mergeCells><mergeCell ref="B2:B3"/></mergeCells>')
    assert rows(content, "A") == [("1", "40"), ("2", "40")]
    assert not_read(content, "A") == [("sheet 'Tall'", "cells covered by a joined cell", 1, "99")]


def test_a_joined_cell_without_a_value_hides_those_under_it() -> None:
    data = (
        HEADER + '<row r="2"><c r="A2"><v>1</v></c></row>'
        '<row r="3"><c r="A3"><v>2</v></c><c r="B3"><v>99</v></c></row>'
    )
    content = by_hand(data, after='<mergeCells><mergeCell ref="B2:B3"/></mergeCells>')
    assert rows(content, "A") == [("1", ""), ("2", "")]


def test_a_row_that_is_joined_with_the_one_above_in_every_column_is_no_row_of_its_own() -> None:
    content = book(["A", "B"], ["Nord", 1], [None, None], ["Sør", 2], merges=["A2:A3", "B2:B3"])
    read = table(content, "A")
    assert read.frame.rows() == [
        ("Nord", "1", "tall.xlsx:Tall!2"),
        ("Sør", "2", "tall.xlsx:Tall!4"),
    ]
    assert read.joined_cells == {}


def test_a_column_that_is_joined_with_the_one_to_its_left_is_no_column_of_its_own() -> None:
    merges = ["B1:C1", "B2:C2", "B3:C3"]
    content = book(["A", "B", None, "D"], [1, 2, None, 3], [4, 5, None, 6], merges=merges)
    read = table(content, "A")
    assert [row[:-1] for row in read.frame.rows()] == [("1", "2", "3"), ("4", "5", "6")]
    assert read.joined_cells == {}


def test_a_figure_joined_with_a_hidden_row_is_known_as_joined() -> None:
    def hide(sheet: Any) -> None:
        sheet.row_dimensions[3].hidden = True

    content = book(["A", "B"], ["Troms", 40], ["Finnmark", None], merges=["B2:B3"], change=hide)
    read = table(content, "A")
    assert [row[:-1] for row in read.frame.rows()] == [("Troms", "40")]
    assert read.joined_cells["B"].to_list() == [True]


# --- hidden rows and columns ----------------------------------------------------------------------


def test_hidden_rows_are_not_published_and_counted() -> None:
    def hide(sheet: Any) -> None:
        sheet.row_dimensions[3].hidden = sheet.row_dimensions[4].hidden = True

    content = book(["A", "B"], ["a", 1], ["b", 2], ["c", 3], ["d", 4], change=hide)
    assert rows(content, "A") == [("a", "1"), ("d", "4")]
    assert not_read(content, "A") == [("sheet 'Tall', rows 3–4", "hidden rows", 2, "b")]


def test_rows_and_columns_without_height_or_width_are_hidden() -> None:
    data = (
        HEADER + '<row r="2" ht="0"><c><v>1</v></c><c><v>2</v></c></row>'
        '<row r="3"><c><v>3</v></c><c><v>4</v></c></row>'
    )
    content = by_hand(data, before='<cols><col min="2" max="2" width="0"/></cols>')
    assert rows(content, "A") == [("3",)]


def test_hidden_columns_are_not_published_and_counted() -> None:
    def hide(sheet: Any) -> None:
        sheet.column_dimensions["B"].hidden = True

    content = book(["A", "B", "C"], ["a", 1, 2], change=hide)
    assert rows(content, "A") == [("a", "2")]
    assert not_read(content, "A") == [("sheet 'Tall', columns B", "hidden columns", 1, "B")]


def test_the_header_is_not_looked_for_in_hidden_rows() -> None:
    def hide(sheet: Any) -> None:
        sheet.row_dimensions[1].hidden = True

    content = book(["A", "B"], ["x", "y"], ["A", "C"], ["a", 1], change=hide)
    assert columns(content, "A") == ["A", "C"]


# --- faults ---------------------------------------------------------------------------------------


def test_a_fault_belongs_to_its_cell() -> None:
    read = table(book(["A", "B"], [1, 2], [3, "#N/A"]), "A")
    assert read.faults == {(1, "B"): "contains the error '#N/A'"}


def test_an_error_outside_the_table_is_no_matter() -> None:
    read = table(book(["#N/A"], ["A", "B"], [1, 2], [], ["#DIV/0!"]), "A")
    assert read.faults == {}


def test_a_joined_fault_is_one_of_every_row_it_covers() -> None:
    read = table(book(["A", "B"], ["#N/A", 1], [None, 2], merges=["A2:A3"]), "A")
    assert set(read.faults) == {(0, "A"), (1, "A")}


def test_a_fault_in_a_heading_refuses_the_workbook_with_its_place() -> None:
    assert "The cell contains the error '#N/A'. Where: s/t/tall.xlsx, sheet 'Tall', cell B1" in (
        refusal(book(["A", "#N/A"], [1, 2]))
    )
