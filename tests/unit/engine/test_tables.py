"""Tables on their way to an engine and back: written here as Spark writes them."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest

from pll_pipeline.engine.interface import Build
from pll_pipeline.engine.tables import fetch_tables, land_sources, run_python_models
from pll_pipeline.errors import PllError

AT = datetime(2026, 1, 1, 12, tzinfo=UTC)
ROWS = f"select 'a' as code, 1.5e0 as share, timestamptz '{AT.isoformat()}' as snapshot_at"


def _node(name: str, **changes: Any) -> dict[str, Any]:
    columns = {
        "code": ("varchar", True),
        "share": ("double", False),
        "snapshot_at": ("timestamp with time zone", False),
    }
    node = {
        "name": name,
        "alias": name,
        "schema": "star",
        "language": "sql",
        "original_file_path": f"models/star/{name}.sql",
        "description": "One row per code. | Én rad per kode's.",
        "config": {"materialized": "table", "persist_docs": {"relation": True, "columns": True}},
        "columns": {
            column: {
                "data_type": data_type,
                "description": f"{column} | {column}",
                "constraints": [{"type": "not_null"}] if required else [],
            }
            for column, (data_type, required) in columns.items()
        },
    }
    return node | changes


def _build(folder: Path, *nodes: dict[str, Any], **sources: str) -> Build:
    manifest = {
        "nodes": {node["name"]: node for node in nodes},
        "sources": {n: {"name": n, "relation_name": sql} for n, sql in sources.items()},
    }
    return Build(folder, folder, manifest)


def _write(tables: Path, name: str, rows: str, version: str = "4.2.1") -> None:
    """A table as Spark leaves it: a finished part, and the mark of success."""
    folder = tables / name
    folder.mkdir(parents=True, exist_ok=True)
    number = len(list(folder.glob("part-*")))
    file = folder / f"part-{number:05}-x.snappy.parquet"
    duckdb.execute(f"set timezone = 'UTC'; create or replace temp view rows as {rows}")
    duckdb.execute(
        f"copy rows to '{file}' (format parquet, kv_metadata "
        f"{{'org.apache.spark.version': '{version}'}})"
    )
    (folder / "_SUCCESS").touch()


@pytest.fixture
def tables(tmp_path: Path) -> Path:
    return tmp_path / "tables"


def _stored(build: Build, sql: str) -> list[tuple[Any, ...]]:
    with duckdb.connect(str(build.file), read_only=True) as connection:
        return connection.execute(sql).fetchall()


def test_a_table_is_fetched_from_all_its_files_with_types_and_comments(
    tmp_path: Path, tables: Path
) -> None:
    build = _build(tmp_path, _node("dim_code"))
    _write(tables, "dim_code", ROWS)
    _write(tables, "dim_code", ROWS.replace("'a'", "'b'"))
    assert fetch_tables(build, tables) == "4.2.1"
    assert _stored(build, "select code, share from star.dim_code order by code") == [
        ("a", 1.5),
        ("b", 1.5),
    ]
    assert _stored(
        build,
        "select column_name, data_type, comment, is_nullable from duckdb_columns() "
        "where table_name = 'dim_code' order by column_index",
    ) == [
        ("code", "VARCHAR", "code | code", False),
        ("share", "DOUBLE", "share | share", True),
        ("snapshot_at", "TIMESTAMP WITH TIME ZONE", "snapshot_at | snapshot_at", True),
    ]
    assert _stored(build, "select comment from duckdb_tables()") == [
        ("One row per code. | Én rad per kode's.",)
    ]


@pytest.mark.parametrize(
    "rows",
    [
        ROWS.replace("1.5e0", "1"),
        ROWS.replace("timestamptz", "timestamp"),
        ROWS.replace("as share", "as sharp"),
        "select 'a' as code",
        f"select *, 1 as more from ({ROWS})",
    ],
)
def test_a_table_of_other_columns_or_types_than_the_contract_is_refused(
    rows: str, tmp_path: Path, tables: Path
) -> None:
    _write(tables, "dim_code", rows)
    with pytest.raises(PllError, match="other columns of dim_code than the contract has"):
        fetch_tables(_build(tmp_path, _node("dim_code")), tables)


def test_an_empty_cell_where_none_may_be_is_refused_here_too(tmp_path: Path, tables: Path) -> None:
    _write(tables, "dim_code", ROWS.replace("'a'", "cast(null as varchar)"))
    with pytest.raises(duckdb.ConstraintException):
        fetch_tables(_build(tmp_path, _node("dim_code")), tables)


@pytest.mark.parametrize("is_started", [False, True])
def test_a_table_that_the_engine_did_not_finish_is_refused(
    is_started: bool, tmp_path: Path, tables: Path
) -> None:
    if is_started:
        _write(tables, "dim_code", ROWS)
        (tables / "dim_code" / "_SUCCESS").unlink()
    with pytest.raises(PllError, match="did not finish table dim_code"):
        fetch_tables(_build(tmp_path, _node("dim_code")), tables)


def test_tables_of_two_versions_of_spark_are_refused(tmp_path: Path, tables: Path) -> None:
    _write(tables, "dim_code", ROWS)
    _write(tables, "dim_code", ROWS, version="3.5.9")
    with pytest.raises(PllError, match=r"2 versions of Spark: \['3.5.9', '4.2.1'\]"):
        fetch_tables(_build(tmp_path, _node("dim_code")), tables)


def test_views_and_models_in_python_are_not_fetched(tmp_path: Path, tables: Path) -> None:
    view = _node("stg_code", config={"materialized": "view"})
    fitted = _node("fit_code", language="python")
    _write(tables, "dim_code", ROWS)
    build = _build(tmp_path, _node("dim_code"), view, fitted)
    fetch_tables(build, tables)
    with duckdb.connect(str(build.file), read_only=True) as connection:
        fetched = connection.execute("select table_name from duckdb_tables()").fetchall()
    assert fetched == [("dim_code",)]


def test_what_lands_is_what_the_project_says_that_a_source_is(tmp_path: Path) -> None:
    for name, code in (("one", "a"), ("two", "b")):
        _write(tmp_path / "validated" / name, "changes", ROWS.replace("'a'", f"'{code}'"))
    pattern = f"read_parquet('{tmp_path}/validated/*/changes/*.parquet')"
    only_b = f"(select code from {pattern} where code = 'b')"
    build = _build(tmp_path, change=pattern, chosen=only_b, empty=f"(from {pattern} limit 0)")
    land_sources(build, tmp_path / "landed")
    landed = {
        name: duckdb.sql(f"from read_parquet('{tmp_path}/landed/{name}/*.parquet')").fetchall()
        for name in ("change", "chosen", "empty")
    }
    assert sorted(landed["change"]) == [("a", 1.5, AT), ("b", 1.5, AT)]
    assert (landed["chosen"], landed["empty"]) == ([("b",)], [])


def test_a_model_in_python_reads_the_tables_of_the_engine(tmp_path: Path, tables: Path) -> None:
    _write(tables, "dim_code", ROWS)
    model = tmp_path / "fit_code.py"
    model.write_text(
        "from pll_pipeline.published.frames import frame_of\n"
        "from dbt_project.models.star.fit_adoption_forecast import Stream\n"
        "def model(dbt, session):\n"
        "    dbt.config(materialized='table')\n"
        "    twice = dbt.ref('dim_code').project('code, 2 * share as twice')\n"
        "    return Stream(frame_of(twice))\n",
        encoding="utf-8",
    )
    node = _node("fit_code", language="python", original_file_path=model.name)
    run_python_models(_build(tmp_path, node), tables, tmp_path / "fitted")
    rows = duckdb.sql(f"from read_parquet('{tmp_path}/fitted/fit_code/*.parquet')").fetchall()
    assert rows == [("a", 3.0)]
