"""The workbook of a release, read by openpyxl."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from pll_pipeline.published import duckdb, workbook
from pll_pipeline.published.draft import Draft
from pll_pipeline.published.release_info import ReleaseInfo
from pll_pipeline.published.workbook import shown_rows
from pll_pipeline.published.workbook.book import SHEETS
from pll_pipeline.published.workbook.cross_table import Figure, cell_of
from pll_pipeline.published.workbook.series import Series
from pll_pipeline.vocabulary.columns import COLUMNS
from tests.release_world import BUILT_AT, inputs, public_tables, write_build

REPEATED = {"region_name", "measure_name_en", "qualifier_label"}
FIGURES = [
    name for name in public_tables()["marts"]["mart_key_figures"].names if name not in REPEATED
]
SHEET = SHEETS["mart_key_figures"]
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


def _figures(book: openpyxl.Workbook) -> dict[str, dict[str, Any]]:
    """The rows of the sheet of figures by region, with the names of the mart's columns."""
    names = {COLUMNS[name].label: name for name in FIGURES}
    headings, *rows = book[SHEET].iter_rows(values_only=True)
    columns = [names[heading] for heading in headings]
    named = [dict(zip(columns, row, strict=True)) for row in rows]
    return {row["region_label"]: row for row in named}


def _cell(book: openpyxl.Workbook, sheet: str, column: str, row: int) -> Any:
    headings = [cell.value for cell in book[sheet][1]]
    return book[sheet].cell(row, headings.index(COLUMNS[column].label) + 1)


def test_every_mart_has_a_norwegian_sheet_in_a_readers_order(book: openpyxl.Workbook) -> None:
    assert SHEETS.keys() == public_tables()["marts"].keys()
    assert book.sheetnames == ["Om", "Region og tjeneste", "Figur", *SHEETS.values(), "Kolonner"]


def test_a_mart_has_norwegian_headings_and_typed_cells(book: openpyxl.Workbook) -> None:
    headings = [cell.value for cell in book[SHEET][1]]
    assert sorted(headings) == sorted(COLUMNS[name].label for name in FIGURES)
    row = _figures(book)['Møre, "og" Romsdal']
    assert row["period_end"] == datetime(2012, 12, 31, tzinfo=UTC).replace(tzinfo=None)
    assert row["value"] == pytest.approx(0.948)
    assert row["qualifier"] == "nøyaktig"
    assert row["status"] == "observert"
    assert row["published_text"] == "94,8 %"
    assert row["is_period_inferred"] is False
    taken = datetime(2026, 1, 2, 3, 4, 5, 500000, tzinfo=UTC)
    assert _figures(book)["Bergen"]["snapshot_at"] == taken.replace(tzinfo=None)
    assert book[SHEET].auto_filter.ref.endswith("4")


def test_names_come_first_and_what_programs_need_is_hidden_last(book: openpyxl.Workbook) -> None:
    sheet = book[SHEET]
    assert sheet["A1"].value == COLUMNS["service_name"].label
    code = _cell(book, SHEET, "measure_code", 1).column_letter
    name = _cell(book, SHEET, "measure_name", 1).column_letter
    hidden = {
        letter
        for dimension in sheet.column_dimensions.values()
        if dimension.hidden
        for letter in openpyxl.utils.get_column_interval(dimension.min, dimension.max)
    }
    assert code in hidden
    assert name not in hidden


def test_every_sheet_prints_across_with_its_heading_on_each_page(book: openpyxl.Workbook) -> None:
    for sheet in book.worksheets:
        assert sheet.page_setup.orientation == "landscape"
        assert sheet.page_setup.paperSize == int(sheet.PAPERSIZE_A4)
        assert sheet.sheet_properties.pageSetUpPr.fitToPage
        assert sheet.page_setup.fitToHeight == 0  # as many pages as it takes
        assert sheet.oddFooter.right.text == "Side &P av &N"
    for name in SHEETS.values():
        assert book[name].print_title_rows == "$1:$1"


def test_a_figure_is_shown_as_per_cent_only_where_its_measure_is_a_share(write: Write) -> None:
    book = write(
        "delete from marts.mart_key_figures where measure_code = 'eresept_count'",
        _measure("pll_count", "count"),
        _measure("eresept_share", "share"),
    )
    formats = {
        _cell(book, SHEET, "value", row).value: _cell(book, SHEET, "value", row).number_format
        for row in (2, 3)
    }
    assert formats == {0.948: "0.0 %", 24000: "General"}


def _measure(code: str, unit: str) -> str:
    return (
        "insert into star.dim_measure (measure_code, service_code, unit) "
        f"values ('{code}', 'pll', '{unit}')"
    )


def test_an_empty_value_is_an_empty_cell(book: openpyxl.Workbook) -> None:
    ends = {region: row["period_end"] for region, row in _figures(book).items()}
    assert {region: end.date() if end else None for region, end in ends.items()} == {
        "Norge": None,
        'Møre, "og" Romsdal': date(2012, 12, 31),
        "Bergen": date(2023, 12, 31),
    }


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
    assert {row[0] for row in rows} == set(SHEETS.values())
    headings = [cell.value for cell in book[SHEET][1]]
    assert [row[1] for row in rows if row[0] == SHEET] == headings
    value = COLUMNS["value"]
    assert (SHEET, value.label, "value", f"{value.nb}.") in rows
    (status,) = {row[3] for row in rows if row[2] == "status"}
    assert "skjermet (suppressed)" in status


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
    cells = [_cell(book, SHEET, "published_text", row) for row in range(2, 2 + len(texts))]
    assert sorted(str(cell.value).strip() for cell in cells) == sorted(texts)
    assert {cell.data_type for cell in cells} == {"s"}
    marked = {str(cell.value).strip() for cell in cells if cell.quotePrefix}
    assert marked == set(texts[:4])


def test_a_text_longer_than_a_cell_is_cut_and_reported(write: Write) -> None:
    book = write(
        "update marts.mart_key_figures set published_text = repeat('å', 40000) where value = 0.948"
    )
    assert len(_figures(book)['Møre, "og" Romsdal']["published_text"]) == 32_767
    assert "Slutten av 1 tekster på mer enn 32767 tegn." in _texts(book, "Om")


def _use(region: str, level: str, month: str) -> str:
    return (
        "insert into marts.mart_adoption_by_region_actor_month "
        "(measure_code, actor_type_code, region_key, region_level, region_label, month) "
        f"values ('m', 'alle', '{level}:{region}', '{level}', '{region}', '{month}')"
    )


def test_a_large_mart_has_the_history_of_large_areas_and_the_newest_of_kommuner(
    write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shown_rows, "MOST_ROWS", 3)
    book = write(
        _use("Troms", "fylke", "2025-01-01"),
        _use("Troms", "fylke", "2025-02-01"),
        _use("Bodø", "kommune", "2025-01-01"),
        _use("Bodø", "kommune", "2025-02-01"),
    )
    sheet = SHEETS["mart_adoption_by_region_actor_month"]
    rows = [
        (
            _cell(book, sheet, "region_label", row).value,
            _cell(book, sheet, "month", row).value.month,
        )
        for row in range(2, book[sheet].max_row + 1)
    ]
    assert rows == [("Troms", 2), ("Troms", 1), ("Bodø", 2)]
    report = " ".join(_texts(book, "Om"))
    assert "1 av 4 rader. Her er alle måneder for landet" in report


def test_a_mart_with_more_history_than_a_sheet_has_says_that_only_the_newest_are_there(
    write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shown_rows, "MOST_ROWS", 1)
    monkeypatch.setattr(shown_rows, "MOST_ROWS_OF_HISTORY", 2)
    book = write(*(_use("Troms", "fylke", f"2025-0{month}-01") for month in (1, 2, 3)))
    sheet = SHEETS["mart_adoption_by_region_actor_month"]
    assert _cell(book, sheet, "month", book[sheet].max_row).value.month == 2
    report = " ".join(_texts(book, "Om"))
    assert "1 av 3 rader. Her er de 2 nyeste av alle måneder for landet" in report


def test_a_large_mart_without_regions_has_its_newest_rows(
    write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shown_rows, "MOST_ROWS", 1)
    book = write(
        *(
            "insert into marts.mart_coverage_by_source_month (source_title, month) "
            f"values ('Kilde', '{year}-01-01')"
            for year in (2024, 2026, 2025)
        )
    )
    sheet = SHEETS["mart_coverage_by_source_month"]
    assert _cell(book, sheet, "month", 2).value.year == 2026
    assert book[sheet].max_row == 2
    assert "2 av 3 rader. Her er de nyeste radene" in " ".join(_texts(book, "Om"))


def test_a_date_before_excels_first_year_is_a_text(write: Write) -> None:
    book = write("update marts.mart_key_figures set period_end = '1838-01-01'")
    assert {row["period_end"] for row in _figures(book).values()} == {"1838-01-01"}


def test_long_mart_names_become_different_sheet_names(write: Write) -> None:
    name = "mart_adoption_by_region_actor_and_month"
    book = write(
        f"create table marts.{name}_one (month date)",
        f"create table marts.{name}_two (month date)",
    )
    sheets = book.sheetnames
    assert len(set(sheets)) == len(SHEETS) + 6
    assert max(map(len, sheets)) <= 31


def _latest(label: str, month: str, share: str, *, region: str = "land:NO", **cells: str) -> str:
    values = {
        "service_code": "'pll'",
        "service_name": "'PLL'",
        "measure_code": f"'{label}'",
        "measure_name": f"'{label}'",
        "region_key": f"'{region}'",
        "actor_type_code": "'alle'",
        "actor_type_name": "'Alle'",
        "month": f"'{month}'",
        "adoption_share": share,
        **cells,
    }
    return (
        f"insert into marts.mart_adoption_latest ({', '.join(values)}) "
        f"values ({', '.join(values.values())})"
    )


def test_a_country_without_shares_has_no_chart_and_the_sheet_says_so(
    book: openpyxl.Workbook,
) -> None:
    assert _texts(book, "Figur")[-1] == "Ingen andel for landet er publisert."


def test_the_chart_has_recent_shares_highest_first_and_no_older_ones(write: Write) -> None:
    book = write(
        _latest("Lav", "2026-01-01", "0.2"),
        _latest("Høy", "2025-06-01", "0.7"),
        _latest("Gammel", "2016-01-01", "0.9"),
    )
    sheet = book["Figur"]
    labels = [cell.value for cell in sheet["A"] if cell.value]
    assert labels[1:3] == ["Andel: høy", "Andel: lav"]
    assert labels[3].startswith("Eldre enn ett år")
    assert labels[4] == "Andel: gammel"


def test_the_cross_table_has_a_region_down_and_a_service_across(write: Write) -> None:
    book = write(
        _latest("Mål", "2026-01-01", "0.2"),
        _latest(
            "Mål",
            "2025-06-01",
            "null",
            region="kommune:1804",
            status="'suppressed'",
            share_lower="0.0312",
            share_upper="0.1306",
        ),
    )
    rows = list(book["Region og tjeneste"].iter_rows(min_row=2, values_only=True))
    assert rows[0][4] == "PLL"
    assert rows[1][4:6] == ("Andel: mål", "Måned")
    figures = {row[0]: row[4] for row in rows[2:]}
    assert figures == {"Landet": 0.2, "Kommune": "3,1–13,1 %"}


@pytest.mark.parametrize(
    ("series", "is_share", "name"),
    [
        (
            ("Antall kommuner i gang", "count", None, "alle", "Alle"),
            False,
            "Antall kommuner i gang",
        ),
        (
            ("Antall kommuner i gang", "count", "Antall kommuner", "plo", "PLO"),
            True,
            "Andel: antall kommuner i gang, av antall kommuner (PLO)",
        ),
        (
            ("Andel legekontor med PLL", "share", "Antall legekontor", "legekontor", "Legekontor"),
            True,
            "Andel legekontor med PLL (legekontor)",
        ),
    ],
)
def test_a_share_is_never_under_the_name_of_a_count(
    series: tuple[str, str, str | None, str, str], is_share: bool, name: str
) -> None:
    assert Series(*series).name(is_share=is_share) == name


def test_a_wide_sheet_takes_several_pages_and_repeats_its_names(book: openpyxl.Workbook) -> None:
    wide = book["Områdene i dag"]
    assert wide.page_setup.fitToWidth > 1
    assert wide.print_title_cols == "$A:$B"
    assert book["Figur"].page_setup.fitToWidth is None  # one page


@pytest.mark.parametrize(
    ("figure", "is_share", "cell"),
    [
        (("observed", 0.25, 0.25, 0.25), True, 0.25),
        (("suppressed", None, 0.0312, 0.1306), True, "3,1–13,1 %"),
        (("suppressed", None, 0.1, 0.3), True, "10,0–30,0 %"),
        (("suppressed", None, 0.0, 1.0), True, "skjermet"),
        (("missing", None, None, None), True, "ukjent"),
        (("observed", None, 0.85, None), True, "minst 85,0 %"),
        (("suppressed", None, 1, 4), False, "1–4"),
        (("suppressed", None, None, 4), False, "0–4"),
        (("suppressed", None, 0.5, 0.5), True, 0.5),
    ],
)
def test_a_figure_known_by_bounds_is_a_range_rounded_outwards(
    figure: tuple[str, Any, Any, Any], is_share: bool, cell: float | str
) -> None:
    assert cell_of(Figure("exact", date(2026, 1, 1), *figure), is_share=is_share) == cell


def test_a_figure_that_is_not_exact_has_its_qualifier_in_its_cell_and_at_its_bar(
    write: Write, tmp_path: Path
) -> None:
    book = write(_latest("Mål", "2026-01-01", "0.8", qualifier="'at_least'"))
    (cell,) = [
        cell for row in book["Region og tjeneste"].iter_rows() for cell in row if cell.value == 0.8
    ]
    assert cell.number_format == '"minst "0.0 %'
    assert book["Figur"]["B2"].number_format == '"minst "0.0 %'
    with zipfile.ZipFile(tmp_path / "pll.xlsx") as files:
        assert "minst 80,0 %" in files.read("xl/charts/chart1.xml").decode()
