"""What the files of a release hold, each read by something other than what wrote it where that is possible."""

from __future__ import annotations

import csv
import json
import os
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from types import SimpleNamespace

import duckdb
import openpyxl
import pytest
from frictionless import Package, system

from pll_pipeline.config import CONTRACT_VERSION
from pll_pipeline.errors import PllError
from pll_pipeline.published import outputs as publishing
from pll_pipeline.published import workbook
from pll_pipeline.published.descriptor import hash_of
from pll_pipeline.published.outputs import write_release
from pll_pipeline.published.releases import current, publish
from tests.release_world import BUILT_AT, LONG_TABLE_ROWS, inputs, write_build

RELEASE_ID = "2026-11-23T030004Z"
PUBLIC = ["star.dim_region", "star.fct_observation", "marts.mart_key_figures"]


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A release in a folder with a space and a letter of its own in the name."""
    folder = tmp_path_factory.mktemp("min mappe ø")
    build = write_build(folder / "build's.duckdb")
    (folder / "release").mkdir()
    write_release(folder / "release", build, RELEASE_ID, BUILT_AT, inputs(), None)
    return folder / "release"


@pytest.fixture
def database(release: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(release / "pll.duckdb", read_only=True) as connection:
        connection.execute("set timezone = 'UTC'")
        yield connection


def _publish(folder: Path, *changes: str, **known: object) -> Path:
    release = folder / "release"
    release.mkdir()
    write_release(
        release,
        write_build(folder / "build.duckdb", *changes),
        RELEASE_ID,
        BUILT_AT,
        inputs(**known),
        None,
    )
    return release


# pll.duckdb


def test_only_public_tables_are_published_and_no_view(database: duckdb.DuckDBPyConnection) -> None:
    tables = database.execute(
        "select schema_name || '.' || table_name from duckdb_tables()"
    ).fetchall()
    assert {name for (name,) in tables} == {*PUBLIC, "meta.release"}
    assert database.execute(
        "select count(*) from duckdb_views() where not internal"
    ).fetchall() == [(0,)]


def test_the_database_is_stored_for_old_clients_and_leaves_nothing_beside_it(
    release: Path, database: duckdb.DuckDBPyConnection
) -> None:
    stored = database.execute(
        "select tags['storage_version'] from duckdb_databases() where database_name = 'pll'"
    ).fetchall()
    assert stored == [("v1.4.0+",)]
    assert sorted(path.name for path in release.iterdir()) == [
        "catalog.jsonld",
        "catalog.ttl",
        "csv",
        "datapackage.json",
        "dictionary.html",
        "difference.md",
        "parquet",
        "pll.duckdb",
        "pll.xlsx",
        "release.json",
        "report",
    ]


def test_comments_of_tables_and_columns_are_carried_over(
    database: duckdb.DuckDBPyConnection,
) -> None:
    tables = dict(database.execute("select table_name, comment from duckdb_tables()").fetchall())
    assert tables["dim_region"] == "One row per region code. | Én rad per regionkode."
    assert (
        tables["mart_key_figures"]
        == "One row per published figure; it's the one to read. | Én rad per publisert tall."
    )
    columns = database.execute(
        "select column_name, comment from duckdb_columns() where comment is not null and not internal"
    ).fetchall()
    assert ("region_name", "Norwegian name of the region. | Norsk navn på regionen.") in columns


def test_rows_are_sorted_by_their_columns_from_left_to_right(
    database: duckdb.DuckDBPyConnection,
) -> None:
    assert (
        database.execute("from star.fct_observation").fetchall()
        == database.execute("from star.fct_observation order by all").fetchall()
    )
    assert [row[0] for row in database.execute("from star.dim_region").fetchall()] == [
        "fylke:15",
        "kommune:1804",
        "kommune:5401",
        "land:NO",
    ]


def test_a_time_without_a_zone_is_taken_as_utc(database: duckdb.DuckDBPyConnection) -> None:
    ((kind, time),) = database.execute(
        "select typeof(snapshot_at), cast(snapshot_at as varchar) from marts.mart_key_figures where region_name = 'Bergen'"
    ).fetchall()
    assert (kind, time) == ("TIMESTAMP WITH TIME ZONE", "2026-01-02 03:04:05.5+00")


def test_the_release_says_in_itself_which_it_is(database: duckdb.DuckDBPyConnection) -> None:
    rows = database.execute(
        "select * replace (cast(built_at as varchar) as built_at) from meta.release"
    ).fetchall()
    assert rows == [
        (RELEASE_ID, "2026-11-23 03:00:04+00", CONTRACT_VERSION, "0.1.0", False, "f" * 64)
    ]


@pytest.mark.parametrize(
    "kind",
    [
        "hugeint",
        "decimal(9, 2)",
        "uinteger",
        "smallint",
        "float",
        "time",
        "timestamp_ns",
        "integer[]",
        "enum ('a')",
        "blob",
    ],
)
def test_a_type_outside_the_contract_is_refused_by_table_and_column(
    tmp_path: Path, kind: str
) -> None:
    with pytest.raises(PllError, match=r"Column total of mart_sum has the type .* marts\.mart_sum"):
        _publish(tmp_path, f"create table marts.mart_sum (total {kind})")


def test_a_sum_that_nobody_cast_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PllError, match="HUGEINT"):
        _publish(
            tmp_path,
            "create table marts.mart_sum as select sum(eligible_count) as total from star.fct_observation",
        )


@pytest.mark.parametrize(
    "value", ["'nan'::double", "'inf'::double", "'infinity'::date", "'-infinity'::timestamptz"]
)
def test_a_value_that_is_not_finite_is_refused(tmp_path: Path, value: str) -> None:
    with pytest.raises(
        PllError, match="Column x of mart_odd holds 1 values that are infinite or not a number"
    ):
        _publish(tmp_path, f"create table marts.mart_odd as select {value} as x")


def test_a_table_whose_name_cannot_be_a_file_name_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PllError, match="cannot be the name of a public table"):
        _publish(tmp_path, 'create table marts."../escape" (x integer)')


def test_two_public_tables_of_one_name_are_refused(tmp_path: Path) -> None:
    with pytest.raises(PllError, match="Two public tables are named dim_region"):
        _publish(tmp_path, "create table marts.dim_region (x integer)")


def test_a_build_file_that_is_missing_or_empty_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PllError, match="the build file is missing"):
        write_release(tmp_path, tmp_path / "none.duckdb", RELEASE_ID, BUILT_AT, inputs(), None)
    with pytest.raises(PllError, match="holds no public table"):
        _publish(tmp_path, "drop schema star cascade; drop schema marts cascade")


def test_names_and_comments_are_never_read_as_sql(tmp_path: Path) -> None:
    release = _publish(
        tmp_path,
        """create table marts.mart_odd as select 1 as "a""b; drop table x --" """,
        "comment on table marts.mart_odd is 'it''s; \"so\"'",
    )
    with duckdb.connect(release / "pll.duckdb", read_only=True) as connection:
        assert connection.execute("from marts.mart_odd").description[0][0] == 'a"b; drop table x --'
        assert connection.execute(
            "select comment from duckdb_tables() where table_name = 'mart_odd'"
        ).fetchall() == [('it\'s; "so"',)]


# parquet/


def test_parquet_uses_only_encodings_that_old_readers_know(release: Path) -> None:
    found = duckdb.execute(
        "select distinct encodings, compression from parquet_metadata(?)",
        [str(release / "parquet" / "*.parquet")],
    ).fetchall()
    encodings = {encoding.strip() for listed, _ in found for encoding in listed.split(",")}
    assert encodings <= {"PLAIN", "RLE", "PLAIN_DICTIONARY", "RLE_DICTIONARY"}
    assert any("DICTIONARY" in encoding for encoding in encodings), (
        "the tables must be large enough for this to be a test"
    )
    assert {compression for _, compression in found} == {"SNAPPY"}


def test_parquet_holds_only_the_types_of_the_contract(release: Path) -> None:
    found = duckdb.execute(
        "select name, type, converted_type, logical_type from parquet_schema(?) where type is not null",
        [str(release / "parquet" / "*.parquet")],
    ).fetchall()
    kinds = {name: (kind, converted) for name, kind, converted, _ in found}
    assert kinds["region_name"] == ("BYTE_ARRAY", "UTF8")
    assert kinds["revision_number"] == ("INT32", "INT_32")
    assert kinds["eligible_count"] == ("INT64", "INT_64")
    assert kinds["value"] == ("DOUBLE", None)
    assert kinds["is_current"] == ("BOOLEAN", None)
    assert kinds["period_start"] == ("INT32", "DATE")
    assert kinds["snapshot_at"] == ("INT64", "TIMESTAMP_MICROS")
    times = [logical for name, _, _, logical in found if name == "snapshot_at"]
    assert len(times) == 2
    assert all(
        "isAdjustedToUTC=1" in logical and "MICROS=MicroSeconds()" in logical for logical in times
    )


def test_parquet_carries_release_and_licence_in_its_footer(release: Path) -> None:
    for table in PUBLIC:
        file = release / "parquet" / f"{table.split('.')[1]}.parquet"
        footer = {
            k.decode(): v.decode()
            for k, v in duckdb.execute(
                "select key, value from parquet_kv_metadata(?)", [str(file)]
            ).fetchall()
        }
        assert footer["release_id"] == RELEASE_ID
        assert footer["contract_version"] == CONTRACT_VERSION
        assert footer["is_simulated"] == "false"
        assert footer["licence"] == "Ingen lisens funnet; tallene siteres med adresse\nNLOD 2.0"
        assert (
            footer["attribution"]
            == "Kilde: Flere utgivere's tall\nKilde: Statistisk sentralbyrå's tall"
        )


def test_parquet_holds_the_same_rows_in_the_same_order_as_the_database(
    release: Path, database: duckdb.DuckDBPyConnection
) -> None:
    for table in PUBLIC:
        rows = database.execute(f"from {table}").fetchall()
        assert (
            database.execute(
                "from read_parquet(?)",
                [str(release / "parquet" / f"{table.split('.')[1]}.parquet")],
            ).fetchall()
            == rows
        )


# csv/


def test_csv_has_iso_dates_point_decimals_and_nothing_for_null(release: Path) -> None:
    assert (release / "csv" / "mart_key_figures.csv").read_bytes().decode("utf-8") == (
        "service_code,region_name,month,value,qualifier,published_text,is_period_inferred,snapshot_at\n"
        'e-resept,"Møre, ""og"" Romsdal",2012-12-01,0.948,exact,"94,8 %",false,\n'
        "e-resept,,,,at_least,=1+1,true,2026-01-02T03:04:05Z\n"
        "pll,Bergen,2023-12-01,24000.0,exact,24 000,false,2026-01-02T03:04:05.5Z\n"
    )
    with (release / "csv" / "fct_observation.csv").open(encoding="utf-8", newline="") as file:
        assert sum(1 for _ in csv.reader(file)) == LONG_TABLE_ROWS + 1


# pll.xlsx


def test_the_workbook_holds_the_marts_with_norwegian_headings(release: Path) -> None:
    book = openpyxl.load_workbook(release / "pll.xlsx")
    assert book.sheetnames == ["Om", "key_figures", "Kolonner"]
    sheet = book["key_figures"]
    rows = [[cell.value for cell in row] for row in sheet.iter_rows()]
    assert rows[0] == [
        "Tjenestekode",
        "Region",
        "Måned",
        "Verdi",
        "Forbehold",
        "Publisert tekst",
        "Periode utledet",
        "Hentet",
    ]
    assert rows[1] == [
        "e-resept",
        'Møre, "og" Romsdal',
        datetime(2012, 12, 1),
        0.948,
        "exact",
        "94,8 %",
        False,
        None,
    ]
    assert rows[3][7] == datetime(2026, 1, 2, 3, 4, 5, 500000)
    assert sheet.freeze_panes == "A2"
    assert sheet.auto_filter.ref == "A1:H4"


def test_the_first_sheet_says_what_the_workbook_is(release: Path) -> None:
    texts = [
        str(cell)
        for row in openpyxl.load_workbook(release / "pll.xlsx")["Om"].iter_rows(values_only=True)
        for cell in row
        if cell
    ]
    for said in (
        RELEASE_ID,
        "NLOD 2.0",
        "Kilde: Statistisk sentralbyrå's tall",
        "Én rad per publisert tall.",
        "population",
        "aldri",
    ):
        assert said in texts
    assert not any("SIMULERT" in text for text in texts)


def test_the_last_sheet_explains_every_column(release: Path) -> None:
    rows = list(
        openpyxl.load_workbook(release / "pll.xlsx")["Kolonner"].iter_rows(values_only=True)
    )
    assert len(rows) == 9
    assert ("key_figures", "Verdi", "value", "Tallet.") in rows


def test_a_text_that_looks_like_a_formula_stays_a_text(tmp_path: Path) -> None:
    texts = ["=1+1", "+47", "-5", "@SUM(A1)", "<r><t>x</t></r>", "http://example.no", "007"]
    release = _publish(
        tmp_path,
        *(
            f"insert into marts.mart_key_figures (service_code, published_text) values ('x{n}', '{t}')"
            for n, t in enumerate(texts)
        ),
    )
    cells = [
        row[5]
        for row in openpyxl.load_workbook(release / "pll.xlsx")["key_figures"].iter_rows()
        if str(row[0].value).startswith("x")
    ]
    assert [cell.value.strip() for cell in cells] == texts
    assert {cell.data_type for cell in cells} == {"s"}
    assert [cell.quotePrefix for cell in cells] == [True] * 4 + [False] * 3


def test_what_a_sheet_has_no_room_for_is_left_out_and_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workbook, "MOST_ROWS", 2)
    release = _publish(
        tmp_path,
        "update marts.mart_key_figures set published_text = repeat('å', 40000) where value = 0.948",
    )
    book = openpyxl.load_workbook(release / "pll.xlsx")
    assert book["key_figures"].max_row == 3
    assert [
        row[2].strftime("%Y-%m-%d")
        for row in book["key_figures"].iter_rows(min_row=2, values_only=True)
    ] == ["2023-12-01", "2012-12-01"]
    assert len(book["key_figures"]["F3"].value) == 32_767
    said = " ".join(
        str(cell) for row in book["Om"].iter_rows(values_only=True) for cell in row if cell
    )
    assert "1 av 3 rader; de nyeste radene står her, alle i csv/mart_key_figures.csv." in said
    assert "Slutten av 1 tekster på mer enn 32767 tegn." in said


def test_a_date_before_excels_first_year_is_a_text(tmp_path: Path) -> None:
    release = _publish(tmp_path, "update marts.mart_key_figures set month = '1838-01-01'")
    assert openpyxl.load_workbook(release / "pll.xlsx")["key_figures"]["C2"].value == "1838-01-01"


def test_long_mart_names_become_different_sheet_names(tmp_path: Path) -> None:
    name = "mart_adoption_by_region_actor_and_month"
    release = _publish(
        tmp_path,
        f"create table marts.{name}_one (x integer); create table marts.{name}_two (x integer)",
    )
    sheets = openpyxl.load_workbook(release / "pll.xlsx").sheetnames
    assert len(set(sheets)) == 5
    assert max(map(len, sheets)) <= 31


# release.json, datapackage.json


def test_the_manifest_lists_every_other_file_with_its_hash(release: Path) -> None:
    manifest = json.loads((release / "release.json").read_text(encoding="utf-8"))
    assert manifest["release_id"] == RELEASE_ID
    assert manifest["built_at"] == "2026-11-23T03:00:04Z"
    assert manifest["contract_version"] == CONTRACT_VERSION
    assert manifest["snapshots"] == inputs().snapshots
    assert manifest["stale_sources"] == inputs().stale_sources
    files = {file["path"]: file for file in manifest["files"]}
    there = {path.relative_to(release).as_posix() for path in release.rglob("*") if path.is_file()}
    assert files.keys() == there - {"release.json"}
    assert all(
        hash_of(release / path) == file["sha256"]
        and os.path.getsize(release / path) == file["bytes"]
        for path, file in files.items()
    )
    assert (
        files["parquet/fct_observation.parquet"]["rows"]
        == files["csv/fct_observation.csv"]["rows"]
        == LONG_TABLE_ROWS
    )
    assert "rows" not in files["pll.xlsx"]


def test_times_in_the_manifest_may_come_as_times(tmp_path: Path) -> None:
    release = _publish(
        tmp_path, stale_sources=[{"source_name": "a", "reason": "b", "snapshot_at": BUILT_AT}]
    )
    assert (
        json.loads((release / "release.json").read_text())["stale_sources"][0]["snapshot_at"]
        == "2026-11-23T03:00:04Z"
    )


def test_the_data_package_is_valid_and_so_are_the_files_it_describes(
    release: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a data package is validated without a network")

    monkeypatch.setattr("socket.socket.connect", refuse)
    with system.use_context(trusted=True):
        report = Package(str(release / "datapackage.json")).validate()
    assert report.valid, report.to_summary()
    assert {task.name: task.stats["rows"] for task in report.tasks} == {
        "dim_region": 4,
        "fct_observation": LONG_TABLE_ROWS,
        "mart_key_figures": 3,
    }


def test_a_changed_file_no_longer_agrees_with_the_data_package(tmp_path: Path) -> None:
    release = _publish(tmp_path)
    with (release / "csv" / "dim_region.csv").open("a", encoding="utf-8") as file:
        file.write("kommune:0301,kommune,Oslo,i fjor,,true\n")
    found = [
        error.type
        for task in Package(str(release / "datapackage.json")).validate().tasks
        for error in task.errors
    ]
    assert {"hash-count", "byte-count", "type-error"} <= set(found)


def test_the_data_package_describes_every_field_in_both_languages(release: Path) -> None:
    package = json.loads((release / "datapackage.json").read_text(encoding="utf-8"))
    assert package["$schema"] == "https://datapackage.org/profiles/2.0/datapackage.json"
    assert package["version"] == RELEASE_ID
    assert [licence["name"] for licence in package["licenses"]] == ["notspecified", "NLOD-2.0"]
    resource = package["resources"][0]
    assert (resource["name"], resource["description"], resource["description_en"]) == (
        "dim_region",
        "Én rad per regionkode.",
        "One row per region code.",
    )
    field = resource["schema"]["fields"][2]
    assert (field["type"], field["title"], field["description"]) == (
        "string",
        "Region",
        "Norsk navn på regionen.",
    )
    types = {f["name"]: f["type"] for r in package["resources"] for f in r["schema"]["fields"]}
    assert {
        types["valid_from"],
        types["snapshot_at"],
        types["eligible_count"],
        types["value"],
        types["is_current"],
    } == {
        "date",
        "datetime",
        "integer",
        "number",
        "boolean",
    }


def test_simulated_figures_say_so_in_every_file(tmp_path: Path) -> None:
    release = _publish(tmp_path, is_simulated=True)
    assert json.loads((release / "release.json").read_text())["is_simulated"] is True
    package = json.loads((release / "datapackage.json").read_text())
    assert (package["name"], package["is_simulated"]) == ("pll-simulated", True)
    assert package["title"].startswith("Simulert")
    assert "SIMULERTE TALL" in openpyxl.load_workbook(release / "pll.xlsx")["Om"]["A2"].value
    with duckdb.connect(release / "pll.duckdb", read_only=True) as connection:
        assert connection.execute("select is_simulated from meta.release").fetchall() == [(True,)]
        footers = connection.execute(
            "select decode(value) from parquet_kv_metadata(?) where decode(key) = 'is_simulated'",
            [str(release / "parquet" / "*.parquet")],
        ).fetchall()
    assert footers == [("true",)] * 3


def test_the_same_build_gives_the_same_figures_byte_for_byte(tmp_path: Path, release: Path) -> None:
    again = _publish(tmp_path)
    for path in (release / "csv").iterdir():
        assert (again / "csv" / path.name).read_bytes() == path.read_bytes()
    for path in (release / "parquet").iterdir():
        assert (again / "parquet" / path.name).read_bytes() == path.read_bytes()


def test_an_empty_month_is_an_empty_cell_in_the_workbook(release: Path) -> None:
    months = [
        row[2]
        for row in openpyxl.load_workbook(release / "pll.xlsx")["key_figures"].iter_rows(
            min_row=2, values_only=True
        )
    ]
    assert [m.date() if m else None for m in months] == [date(2012, 12, 1), None, date(2023, 12, 1)]


@pytest.mark.parametrize(
    ("module", "name"),
    [
        ("workbook", "the workbook"),
        ("report", "the report"),
        ("dictionary", "the data dictionary"),
        ("jsonstat", "the JSON-stat cube"),
        ("powerbi", "the Power BI project"),
        ("catalogue", "the catalogue"),
    ],
)
def test_a_release_with_a_broken_face_is_not_published_and_the_error_names_it(
    module: str, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def breaks(*_: object) -> None:
        raise ZeroDivisionError("division by zero")

    monkeypatch.setattr(publishing, module, SimpleNamespace(write=breaks))
    build_file = write_build(tmp_path / "build.duckdb")
    with pytest.raises(
        PllError, match=f"The release could not be published, while making {name}: division by zero"
    ):
        publish(build_file, tmp_path / "marts", inputs())
    assert current(tmp_path / "marts") is None
