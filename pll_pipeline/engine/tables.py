"""Tables on their way to an engine and back, as Parquet files in a folder that both can read.

To it: every source of the dbt project, as its staging model would read it, and what a model in
Python gave. From it: every seed and table, with the types of the contract or not at all, and with
the comments that dbt keeps. Not here: which engine, and when (`spark.py`).
"""

from __future__ import annotations

import importlib.util
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from pll_pipeline.engine.interface import Build
from pll_pipeline.errors import PllError
from pll_pipeline.published.sql import Sql, listed, literal, quoted, statement

Connection = duckdb.DuckDBPyConnection
Node = Mapping[str, Any]
# Names of the files that Spark has finished, and of the one that says that there are no more.
FINISHED, COMPLETE = "part-*.parquet", "_SUCCESS"
_OF_SPARK = "org.apache.spark.version"


def land_sources(build: Build, landed: Path) -> None:
    """Write every source of the project as `<landed>/<name>/part-0.parquet`.

    The manifest says how DuckDB would read a source: as whatever files there are.
    """
    with _session(build) as connection:
        for source in build.manifest["sources"].values():
            rows = connection.sql(statement("from {source}", source=Sql(source["relation_name"])))
            _write(connection, rows, landed / source["name"])


def run_python_models(build: Build, tables: Path, fitted: Path) -> None:
    """Run the project's models in Python on the engine's tables, and write what they give."""
    for node in python_models(build):
        path = build.dbt_project / node["original_file_path"]
        with _session(build) as connection:
            frame = _loaded(path).model(_Dbt(connection, tables), connection)
            connection.register("fitted", frame)
            _write(connection, connection.table("fitted"), fitted / node["name"])


def python_models(build: Build) -> list[Node]:
    """The models in Python, which no engine but DuckDB runs."""
    nodes = build.manifest["nodes"].values()
    return [node for node in nodes if node.get("language") == "python"]


def fetch_tables(build: Build, tables: Path) -> str:
    """Put every seed and table into the build file; the version of Spark that wrote them.

    Raises `PllError` for a table that was not finished, or whose columns are not the contract's.
    """
    versions: set[str] = set()
    with _session(build, build.file) as connection:
        for node in _kept_tables(build):
            files = str(_finished(tables, node) / FINISHED)
            _require_columns(connection, node, files)
            _create(connection, node)
            connection.execute(
                statement(
                    "insert into {table} by name from read_parquet({files})",
                    table=_name(node),
                    files=literal(files),
                )
            )
            _comment(connection, node)
            versions |= _versions(connection, files)
    if len(versions) != 1:
        raise PllError(
            f"The tables were written by {len(versions)} versions of Spark: {sorted(versions)}",
            where=str(tables),
            do="let one cluster build them",
        )
    return versions.pop()


def _kept_tables(build: Build) -> Iterator[Node]:
    """Seeds and tables of the project, without views and models in Python."""
    for node in build.manifest["nodes"].values():
        materialized = node["config"].get("materialized")
        if materialized == "seed" or (materialized == "table" and node["language"] == "sql"):
            yield node


@dataclass(frozen=True)
class _Dbt:
    """What a model in Python gets from dbt: the tables it reads."""

    connection: Connection
    tables: Path

    def ref(self, name: str) -> duckdb.DuckDBPyRelation:
        """A table of the engine."""
        return self.connection.read_parquet(str(self.tables / name / FINISHED))

    def config(self, **_: Any) -> None:
        """Accepted: how dbt keeps the table does not matter here."""


def _loaded(path: Path) -> Any:
    """A model in Python, as a module."""
    spec = importlib.util.spec_from_file_location(path.stem, path)
    if spec is None or spec.loader is None:
        raise PllError("A model in Python cannot be loaded", where=str(path), do="restore it")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@contextmanager
def _session(build: Build, file: Path | None = None) -> Iterator[Connection]:
    """A connection in UTC that loads no extension and spills inside the folder of the build."""
    connection = duckdb.connect(
        str(file or ":memory:"),
        config={
            "autoinstall_known_extensions": "false",
            "autoload_known_extensions": "false",
            "temp_directory": str(build.folder / "spill"),
            "preserve_insertion_order": "false",
        },
    )
    try:
        connection.execute("set timezone = 'UTC'")
        yield connection
    finally:
        connection.close()


def _write(connection: Connection, rows: duckdb.DuckDBPyRelation, folder: Path) -> None:
    """One Parquet file in a folder of its own, of encodings that every reader knows."""
    folder.mkdir(parents=True)
    rows.create_view("rows_to_write", replace=True)
    connection.execute(
        statement(
            "copy rows_to_write to {file} (format parquet, parquet_version v1)",
            file=literal(folder / "part-0.parquet"),
        )
    )


def _finished(tables: Path, node: Node) -> Path:
    """The folder of a table that the engine has finished."""
    folder = tables / str(node["alias"])
    if not (folder / COMPLETE).is_file() or not any(folder.glob(FINISHED)):
        raise PllError(
            f"The engine did not finish table {node['alias']}",
            where=str(folder),
            do="look whether this machine and the engine see the same folder, and run again",
        )
    return folder


def _columns(node: Node) -> dict[str, str]:
    """Columns of a seed or table in order, and their types as DuckDB names them."""
    types = node["config"].get("column_types") or {
        name: column["data_type"] for name, column in node["columns"].items()
    }
    return {name: data_type.upper() for name, data_type in types.items()}


def _require_columns(connection: Connection, node: Node, files: str) -> None:
    described = statement("describe from read_parquet({files})", files=literal(files))
    written = {name: data_type for name, data_type, *_ in connection.execute(described).fetchall()}
    if written != _columns(node):
        wrong = sorted(set(written.items()) ^ set(_columns(node).items()))
        raise PllError(
            f"The engine wrote other columns of {node['alias']} than the contract has: "
            f"{', '.join(f'{name} {data_type}' for name, data_type in wrong)}",
            where=node["original_file_path"],
            do="cast them in the model; report it where the model does",
        )


def _create(connection: Connection, node: Node) -> None:
    """The empty table, which refuses empty cells where the contract does."""
    required = {
        name
        for name, column in node["columns"].items()
        for constraint in column.get("constraints", ())
        if constraint["type"] == "not_null"
    }
    columns = (
        statement(
            "{name} {type} {constraint}",
            name=quoted(name),
            type=Sql(data_type),
            constraint=Sql("not null" if name in required else ""),
        )
        for name, data_type in _columns(node).items()
    )
    connection.execute(
        statement("create schema if not exists {schema}", schema=quoted(node["schema"]))
    )
    connection.execute(
        statement("create table {table} ({columns})", table=_name(node), columns=listed(columns))
    )


def _name(node: Node) -> Sql:
    return listed((quoted(node["schema"]), quoted(node["alias"])), ".")


def _comment(connection: Connection, node: Node) -> None:
    """The comments that dbt-duckdb would have written."""
    keeps = node["config"].get("persist_docs") or {}
    if keeps.get("relation"):
        text = literal(node["description"])
        connection.execute(
            statement("comment on table {table} is {text}", table=_name(node), text=text)
        )
    for name, column in node["columns"].items() if keeps.get("columns") else ():
        connection.execute(
            statement(
                "comment on column {table}.{column} is {text}",
                table=_name(node),
                column=quoted(name),
                text=literal(column["description"]),
            )
        )


def _versions(connection: Connection, files: str) -> set[str]:
    """The versions of Spark that wrote these files."""
    keys = statement("select key, value from parquet_kv_metadata({files})", files=literal(files))
    rows: Iterable[tuple[bytes, bytes]] = connection.execute(keys).fetchall()
    return {value.decode() for key, value in rows if key.decode() == _OF_SPARK}
