"""What `pll.duckdb` contains, and which build files are refused."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from pll_pipeline.errors import PllError
from pll_pipeline.published.duckdb import write
from pll_pipeline.published.release_info import CONTRACT_VERSION, ReleaseInfo
from tests.release_world import BUILT_AT, inputs, public_tables, write_build

INFO = ReleaseInfo("2026-11-23T030004Z", BUILT_AT, inputs())


def _write(folder: Path, *changes: str) -> Path:
    write(folder, write_build(folder / "build.duckdb", *changes), INFO)
    return folder / "pll.duckdb"


def test_all_public_tables_are_published_and_no_view(database: duckdb.DuckDBPyConnection) -> None:
    tables = database.execute(
        "select schema_name || '.' || table_name from duckdb_tables()"
    ).fetchall()
    public = {
        f"{layer}.{name}" for layer, described in public_tables().items() for name in described
    }
    assert {name for (name,) in tables} == {*public, "meta.release"}
    assert len(public) > 20
    views = database.execute("select count(*) from duckdb_views() where not internal").fetchall()
    assert views == [(0,)]


def test_the_database_is_stored_for_old_clients(
    release: Path, database: duckdb.DuckDBPyConnection
) -> None:
    stored = database.execute(
        "select tags['storage_version'] from duckdb_databases() where database_name = 'pll'"
    ).fetchall()
    assert stored == [("v1.4.0+",)]
    assert list(release.glob(".*")) == []
    assert [path.name for path in release.glob("pll.duckdb*")] == ["pll.duckdb"]


def test_comments_of_tables_and_columns_are_carried_over(
    database: duckdb.DuckDBPyConnection,
) -> None:
    tables = dict(database.execute("select table_name, comment from duckdb_tables()").fetchall())
    region = public_tables()["star"]["dim_region"]
    assert tables["dim_region"] == f"{region.en} | {region.nb}"
    columns = database.execute(
        "select table_name, column_name, comment from duckdb_columns() where not internal"
    ).fetchall()
    described = {(table, column): comment for table, column, comment in columns}
    name = region.column("region_name").description
    assert described["dim_region", "region_name"] == name


def test_rows_are_sorted_by_their_columns_from_left_to_right(
    database: duckdb.DuckDBPyConnection,
) -> None:
    rows = database.execute("from star.fct_observation").fetchall()
    assert rows == database.execute("from star.fct_observation order by all").fetchall()
    assert [row[0] for row in database.execute("from star.dim_region").fetchall()] == [
        "fylke:15",
        "kommune:1804",
        "kommune:5401",
        "land:NO",
    ]


def test_a_time_without_a_zone_is_read_as_utc(tmp_path: Path) -> None:
    file = _write(
        tmp_path,
        "alter table marts.mart_key_figures alter snapshot_at type timestamp",
        "update marts.mart_key_figures set snapshot_at = '2026-01-02 03:04:05.5'",
    )
    with duckdb.connect(file, read_only=True) as connection:
        connection.execute("set timezone = 'UTC'")
        rows = connection.execute(
            "select distinct typeof(snapshot_at), cast(snapshot_at as varchar) "
            "from marts.mart_key_figures"
        ).fetchall()
    assert rows == [("TIMESTAMP WITH TIME ZONE", "2026-01-02 03:04:05.5+00")]


def test_the_release_says_in_itself_which_it_is(database: duckdb.DuckDBPyConnection) -> None:
    rows = database.execute(
        "select * replace (cast(built_at as varchar) as built_at) from meta.release"
    ).fetchall()
    time = "2026-11-23 03:00:04+00"
    assert rows == [("2026-11-23T030004Z", time, CONTRACT_VERSION, "0.1.0", False, "f" * 64)]


@pytest.mark.parametrize(
    "column_type",
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
    tmp_path: Path, column_type: str
) -> None:
    with pytest.raises(PllError, match=r"Column total of mart_sum has the type .* marts\.mart_sum"):
        _write(tmp_path, f"create table marts.mart_sum (total {column_type})")


def test_a_sum_without_a_cast_is_refused(tmp_path: Path) -> None:
    total = "select sum(revision_number) as total from star.fct_observation"
    with pytest.raises(PllError, match="HUGEINT"):
        _write(tmp_path, f"create table marts.mart_sum as {total}")


@pytest.mark.parametrize(
    "value", ["'nan'::double", "'inf'::double", "'infinity'::date", "'-infinity'::timestamptz"]
)
def test_a_value_that_is_not_finite_is_refused(tmp_path: Path, value: str) -> None:
    message = "Column x of mart_odd has 1 values that are infinite or not a number"
    with pytest.raises(PllError, match=message):
        _write(tmp_path, f"create table marts.mart_odd as select {value} as x")


def test_a_table_whose_name_cannot_be_a_file_name_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PllError, match="cannot be the name of a public table"):
        _write(tmp_path, 'create table marts."../escape" (x integer)')


def test_two_public_tables_of_one_name_are_refused(tmp_path: Path) -> None:
    with pytest.raises(PllError, match="Two public tables are named dim_region"):
        _write(tmp_path, "create table marts.dim_region (x integer)")


def test_a_build_file_that_is_missing_or_empty_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PllError, match="the build file is missing"):
        write(tmp_path, tmp_path / "none.duckdb", INFO)
    with pytest.raises(PllError, match="has no public table"):
        _write(tmp_path, "drop schema star cascade; drop schema marts cascade")


def test_names_and_comments_are_never_read_as_sql(tmp_path: Path) -> None:
    file = _write(
        tmp_path,
        """create table marts.mart_odd as select 1 as "a""b; drop table x --" """,
        "comment on table marts.mart_odd is 'it''s; \"so\" {0} {x}'",
    )
    with duckdb.connect(file, read_only=True) as connection:
        columns = connection.execute("from marts.mart_odd").description or []
        assert columns[0][0] == 'a"b; drop table x --'
        assert connection.execute(
            "select comment from duckdb_tables() where table_name = 'mart_odd'"
        ).fetchall() == [('it\'s; "so" {0} {x}',)]
