"""Statements of users on a release."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest

from pll_pipeline.errors import PllError
from pll_pipeline.published import releases
from pll_pipeline.published.query import NoStatement, query
from pll_pipeline.published.releases import Release


@pytest.fixture
def asked(release: Path) -> Release:
    return Release("2026-11-23T030004Z", release)


def test_a_query_reaches_tables_with_and_without_their_schema(asked: Release) -> None:
    sql = "select region_name, snapshot_at from {} where service_code = 'pll'"
    answer = query(asked, sql.format("mart_key_figures"))
    assert answer.equals(query(asked, sql.format("marts.mart_key_figures")))
    assert answer.schema == {"region_name": pl.String, "snapshot_at": pl.Datetime("us", "UTC")}
    assert answer["region_name"].to_list() == ["Bergen"]
    assert query(asked, "select release_id from meta.release").item() == asked.id


def test_sums_and_intervals_come_as_what_a_frame_can_contain(asked: Release) -> None:
    answer = query(
        asked,
        'select sum(7::bigint) as total, interval 1 day as "a ""gap""", '
        "[interval 1 hour] as gaps from dim_region",
    )
    assert answer.rows() == [(28, "1 day", "['01:00:00']")]
    assert answer.schema["total"] == pl.Int64


@pytest.mark.parametrize(
    "sql",
    [
        "delete from marts.mart_key_figures",
        "create table marts.mine as select 1 as x",
        "copy marts.mart_key_figures to 'out.csv'",
        "attach 'other.duckdb' as other",
        "select * from read_text('/etc/hostname')",
        "install httpfs",
        "set enable_external_access = true",
        "selec 1",
        "insert into marts.mart_key_figures select * from marts.mart_key_figures",
        "update marts.mart_key_figures set value = 0",
        "drop table marts.mart_key_figures",
        "alter table marts.mart_key_figures rename to mine",
        "load httpfs",
        "export database 'out'",
        "select * from read_csv('/etc/passwd')",
        "select * from glob('/etc/*')",
        "from '/etc/passwd'",
        "from 'http://127.0.0.1:9/a.parquet'",
        "attach 'http://127.0.0.1:9/a.duckdb'",
        "set lock_configuration = false",
        "set temp_directory = '/tmp'",
        "select getenv('HOME')",
        "copy (select 1) to '/dev/stdout'",
        "select 1; delete from marts.mart_key_figures",
        "pragma enable_profiling",
        "from nowhere",
        "select cast(region_name as integer) from dim_region",
    ],
)
def test_a_statement_that_fails_or_would_reach_out_is_explained_in_one_paragraph(
    asked: Release, sql: str
) -> None:
    with pytest.raises(PllError, match=r"^The query failed: ") as caught:
        query(asked, sql)
    assert "\n" not in str(caught.value)
    releases.verify(asked)


def test_a_statement_without_an_answer_is_explained(asked: Release) -> None:
    with pytest.raises(PllError, match="gives no answer"):
        query(asked, "begin transaction")
    with pytest.raises(PllError, match="same name: x, x"):
        query(asked, "select 1 as x, 2 as x")


@pytest.mark.parametrize("sql", ["", " \n", "-- nothing", "/* nothing */ ;"])
def test_text_without_a_statement_is_none(asked: Release, sql: str) -> None:
    with pytest.raises(NoStatement):
        query(asked, sql)


def test_no_answer_is_lost_where_there_are_two_statements(asked: Release) -> None:
    with pytest.raises(PllError, match="there are 2 statements"):
        query(asked, "select 1 as x; select 2 as x;")


def test_a_flat_answer_has_lists_and_structs_as_text_and_times_as_the_csv_files(
    asked: Release,
) -> None:
    answer = query(
        asked,
        "select [1, 2] as list, {'a': 1} as struct, map {'k': 1} as map, '\\x41'::blob as bytes, "
        "timestamptz '2026-01-02 03:04:05' as at",
        is_flat=True,
    )
    assert answer.rows() == [
        ("[1, 2]", "{'a': 1}", "{k=1}", "A", "2026-01-02T03:04:05Z"),
    ]
    assert query(asked, "select 'A'::blob as bytes").write_json() == '[{"bytes":"A"}]'


def test_a_query_leaves_nothing_on_standard_error_when_python_ends(asked: Release) -> None:
    """DuckDB 2.0 lists leaked objects there when Polars was given a relation of its own."""
    script = (
        "import sys; from pathlib import Path; "
        "from pll_pipeline.published.query import query; "
        "from pll_pipeline.published.releases import Release; "
        "print(query(Release('x', Path(sys.argv[1])), 'select 1 as n').item())"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(asked.folder)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "1\n", "")
