"""The CSV files for Excel: its own conventions, and no cell that it would run."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import duckdb
import pytest

from pll_pipeline.published import csv_excel
from pll_pipeline.published.draft import Draft
from pll_pipeline.published.duckdb import Column, Table, attach
from pll_pipeline.published.release_info import ReleaseInfo
from tests.release_world import BUILT_AT, inputs


def _lines(file: Path) -> list[list[str]]:
    with file.open(encoding="utf-8-sig", newline="") as opened:
        return list(csv.reader(opened, delimiter=";"))


def _written(folder: Path, type_: str, values: list[object], rows: int | None = None) -> Path:
    """The file of a mart with one column of a type, whose values are these."""
    build = folder / "build.duckdb"
    with duckdb.connect(build) as connection:
        connection.execute("create schema marts")
        connection.execute(f"create table marts.mart_a (first {type_})")
        connection.executemany("insert into marts.mart_a values (?)", [[v] for v in values])
        stored = {"timestamptz": "TIMESTAMP WITH TIME ZONE"}.get(type_, type_.upper())
    table = Table("marts", "mart_a", "", (Column("first", stored, ""),), rows or len(values))
    star = Table("star", "dim_a", "", (), 0)
    with duckdb.connect() as connection:
        connection.execute("set timezone = 'UTC'")
        attach(connection, build, "release")
        info = ReleaseInfo("id", BUILT_AT, inputs())
        csv_excel.write(Draft(folder, connection, (star, table), info, None))
    return folder / "csv-excel" / "mart_a.csv"


def test_a_release_has_every_mart_for_excel(release: Path) -> None:
    marts = {path.stem for path in (release / "csv").glob("mart_*.csv")}
    assert {path.stem for path in (release / "csv-excel").iterdir()} == marts
    file = release / "csv-excel" / "mart_key_figures.csv"
    assert file.read_bytes().startswith(b"\xef\xbb\xbfservice_code;")
    plain = (release / "csv" / "mart_key_figures.csv").read_text(encoding="utf-8")
    assert _lines(file)[0] == plain.splitlines()[0].split(",")


def test_numbers_truths_and_times_are_as_norwegian_excel_reads_them(release: Path) -> None:
    heading, *rows = _lines(release / "csv-excel" / "mart_key_figures.csv")
    columns = ("period_end", "value", "published_text", "is_period_inferred", "snapshot_at")
    assert [tuple(row[heading.index(column)] for column in columns) for row in rows] == [
        ("", "", "'=1+1", "SANN", "2026-01-02 03:04:05"),
        ("2012-12-31", "0,948", "94,8 %", "USANN", "2026-01-02 03:04:05"),
        ("2023-12-31", "24000", "24 000", "USANN", "2026-01-02 03:04:05"),
    ]


@pytest.mark.parametrize(
    "text",
    [
        "=cmd|' /C calc'!A0",
        "=1+1",
        "+1+2",
        "+47 22 22 22 22",
        "-1+2",
        "-A1",
        "-2,5 og mer",
        "@SUM(1;1)",
        "\t=1+1",
        "\r=1+1",
        "\n=1+1",
        "＝1+1",
        '=HYPERLINK("http://x";"y")',
        "=",
        "-",
    ],
)
def test_a_text_that_excel_would_run_begins_with_an_apostrophe(text: str, tmp_path: Path) -> None:
    assert _lines(_written(tmp_path, "varchar", [text, "x"]))[1] == [f"'{text}"]


def test_other_texts_are_as_published(tmp_path: Path) -> None:
    texts = ["Norge", "a=1", "-12", "-1 000,5", "-3.5 %", "0301", 'a;b "c"', "1-2", "å\nb", " =1"]
    assert _lines(_written(tmp_path, "varchar", [*texts]))[1:] == [[text] for text in texts]


def test_negative_numbers_are_numbers(tmp_path: Path) -> None:
    numbers = _lines(_written(tmp_path, "double", [-1.5, -0.001, 0.0, 1e-7, None, 12345678.25]))
    assert [row[0] if row else "" for row in numbers[1:]] == [
        "-1,5",
        "-0,001",
        "0",
        "1e-07",
        "",
        "12345678,25",
    ]


def test_a_truth_that_is_not_known_is_empty(tmp_path: Path) -> None:
    rows = _lines(_written(tmp_path, "boolean", [True, None, False]))
    assert [row[0] if row else "" for row in rows[1:]] == ["SANN", "", "USANN"]


def test_a_mart_larger_than_a_sheet_is_left_out_and_named(release: Path, tmp_path: Path) -> None:
    assert not _written(tmp_path, "integer", [1], rows=1_048_576).exists()
    package = json.loads((release / "datapackage.json").read_text(encoding="utf-8"))["csv_excel"]
    assert package["larger_than_a_sheet"] == []
    assert "mart_key_figures" in package["tables"]
    big = Table("marts", "mart_big", "", (), 1_048_576)
    assert csv_excel.left_out([big]) == [big]
    assert csv_excel.fitting([big]) == []
