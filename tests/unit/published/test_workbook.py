"""The workbook of a release, read by openpyxl."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from pll_pipeline.published import duckdb, workbook
from pll_pipeline.published.draft import Draft
from pll_pipeline.published.release_info import ReleaseInfo
from pll_pipeline.vocabulary.columns import COLUMNS
from tests.release_world import BUILT_AT, inputs, public_tables, write_build

FIGURES = list(public_tables()["marts"]["mart_key_figures"].names)
Write = Callable[..., openpyxl.Workbook]


@pytest.fixture(scope="module")
def book(release: Path) -> openpyxl.Workbook:
    """The workbook of the release. No test may change it."""
    return openpyxl.load_workbook(release / "pll.xlsx")


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """A function that writes the workbook of a build with further statements run on it."""

    def written(*changes: str, **facts: Any) -> openpyxl.Workbook:
        info = ReleaseInfo("2026-11-23T030004Z", BUILT_AT, inputs(**facts))
        duckdb.write(tmp_path, write_build(tmp_path / "build.duckdb", *changes), info)
        with duckdb.opened(tmp_path) as (connection, tables):
            workbook.write(Draft(tmp_path, connection, tables, info, None))
        return openpyxl.load_workbook(tmp_path / "pll.xlsx")

    return written


def _figures(book: openpyxl.Workbook) -> list[dict[str, Any]]:
    """The rows of the sheet of figures, by the names of the mart's columns."""
    rows = book["key_figures"].iter_rows(min_row=2, values_only=True)
    return [dict(zip(FIGURES, row, strict=True)) for row in rows]


def test_the_workbook_has_a_sheet_per_mart_between_what_it_is_and_what_columns_mean(
    book: openpyxl.Workbook,
) -> None:
    names = book.sheetnames
    assert names[:2] == ["Om", "Figur"]
    assert names[-1] == "Kolonner"
    marts = sorted(public_tables()["marts"])
    assert len(names) == len(marts) + 3
    for mart, sheet in zip(marts, names[2:-1], strict=True):
        assert mart.removeprefix("mart_").startswith(sheet.rsplit("_2", 1)[0])


def test_a_mart_has_norwegian_headings_and_typed_cells(book: openpyxl.Workbook) -> None:
    sheet = book["key_figures"]
    assert [cell.value for cell in sheet[1]] == [COLUMNS[name].label for name in FIGURES]
    row = _figures(book)[1]
    assert row["region_name"] == 'Møre, "og" Romsdal'
    assert row["period_end"] == datetime(2012, 12, 31, tzinfo=UTC).replace(tzinfo=None)
    assert row["value"] == pytest.approx(0.948)
    assert row["qualifier"] == "exact"
    assert row["published_text"] == "94,8 %"
    assert row["is_period_inferred"] is False
    taken = datetime(2026, 1, 2, 3, 4, 5, 500000, tzinfo=UTC)
    assert _figures(book)[2]["snapshot_at"] == taken.replace(tzinfo=None)
    assert sheet.freeze_panes == "A2"
    assert sheet.auto_filter.ref.endswith("4")


def test_an_empty_value_is_an_empty_cell(book: openpyxl.Workbook) -> None:
    ends = [row["period_end"] for row in _figures(book)]
    assert [end.date() if end else None for end in ends] == [
        None,
        date(2012, 12, 31),
        date(2023, 12, 31),
    ]


def _texts(book: openpyxl.Workbook, sheet: str) -> list[str]:
    rows = book[sheet].iter_rows(values_only=True)
    return [str(cell) for row in rows for cell in row if cell]


def test_the_first_sheet_says_what_the_workbook_is(book: openpyxl.Workbook) -> None:
    texts = _texts(book, "Om")
    for text in (
        "2026-11-23T030004Z",
        "NLOD 2.0",
        "Kilde: Statistisk sentralbyrå's tall",
        public_tables()["marts"]["mart_key_figures"].nb,
        "population",
        "aldri",
    ):
        assert text in texts
    assert not any("SIMULERT" in text for text in texts)


def test_a_workbook_of_simulated_figures_says_so_first(write: Write) -> None:
    assert "SIMULERTE TALL" in str(write(is_simulated=True)["Om"]["A2"].value)


def test_the_last_sheet_explains_every_column(book: openpyxl.Workbook) -> None:
    _, *rows = book["Kolonner"].iter_rows(values_only=True)
    marts = public_tables()["marts"].values()
    assert len(rows) == sum(len(table.names) for table in marts)
    value = COLUMNS["value"]
    assert ("key_figures", value.label, "value", f"{value.nb}.") in rows


def test_a_text_that_looks_like_a_formula_stays_a_text(write: Write) -> None:
    texts = ["=1+1", "+47", "-5", "@SUM(A1)", "<r><t>x</t></r>", "http://example.no", "007"]
    book = write(
        "delete from marts.mart_key_figures",
        *(
            "insert into marts.mart_key_figures (service_code, published_text) "
            f"values ('x{number}', '{text}')"
            for number, text in enumerate(texts)
        ),
    )
    column = FIGURES.index("published_text")
    cells = [row[column] for row in book["key_figures"].iter_rows(min_row=2)]
    assert [str(cell.value).strip() for cell in cells] == texts
    assert {cell.data_type for cell in cells} == {"s"}
    assert [cell.quotePrefix for cell in cells] == [True] * 4 + [False] * 3


def test_what_a_sheet_has_no_room_for_is_left_out_and_reported(
    write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workbook, "MOST_ROWS", 2)
    book = write(
        "update marts.mart_key_figures set published_text = repeat('å', 40000) where value = 0.948"
    )
    rows = _figures(book)
    assert [row["period_end"].date() for row in rows] == [date(2023, 12, 31), date(2012, 12, 31)]
    assert len(rows[1]["published_text"]) == 32_767
    report = " ".join(_texts(book, "Om"))
    assert "1 av 3 rader; de nyeste radene står her, alle i csv/mart_key_figures.csv." in report
    assert "Slutten av 1 tekster på mer enn 32767 tegn." in report


def test_a_date_before_excels_first_year_is_a_text(write: Write) -> None:
    book = write("update marts.mart_key_figures set period_end = '1838-01-01'")
    assert _figures(book)[0]["period_end"] == "1838-01-01"


def test_long_mart_names_become_different_sheet_names(write: Write) -> None:
    name = "mart_adoption_by_region_actor_and_month"
    book = write(
        f"create table marts.{name}_one (month date)",
        f"create table marts.{name}_two (month date)",
    )
    sheets = book.sheetnames
    assert len(set(sheets)) == len(public_tables()["marts"]) + 5
    assert max(map(len, sheets)) <= 31


def test_a_country_without_shares_has_no_chart_and_the_sheet_says_so(
    book: openpyxl.Workbook,
) -> None:
    assert _texts(book, "Figur")[-1] == "Ingen andel for landet er publisert."
