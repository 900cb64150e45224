"""`pll.duckdb`: every public table of the build file with its comments, sorted, and `meta.release`.

The first file of a release and the only one made from the build file; the other modules read it
through `opened`. Storage version v1.4.0 is what clients since DuckDB 1.4 open, and it refuses a
stale `.wal`. Not here: other formats.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import duckdb

from pll_pipeline.errors import PllError
from pll_pipeline.published.release_info import ReleaseInfo
from pll_pipeline.published.sql import Sql, listed, literal, quoted, statement

FILE_NAME = "pll.duckdb"
STORAGE_VERSION = "v1.4.0"
PUBLIC_SCHEMAS = ("star", "marts")
LOAD_TIME = "TIMESTAMP WITH TIME ZONE"
PUBLIC_TYPES = ("VARCHAR", "INTEGER", "BIGINT", "DOUBLE", "BOOLEAN", "DATE", LOAD_TIME)
_UNZONED = "TIMESTAMP"  # read as UTC, like every time here
_MAY_BE_INFINITE = ("DOUBLE", "DATE", _UNZONED, LOAD_TIME)
_PUBLIC_NAME = re.compile(r"[a-z][a-z0-9_]{0,99}")


@dataclass(frozen=True)
class Column:
    """A column as stored: its name, DuckDB's name of its type, its comment in two languages."""

    name: str
    type: str
    comment: str


@dataclass(frozen=True)
class Table:
    """A public table as stored, its columns in order."""

    schema: str
    name: str
    comment: str
    columns: tuple[Column, ...]
    rows: int

    def within(self, database: str) -> Sql:
        """The table's quoted name in an attached database."""
        return Sql(".".join(quoted(part) for part in (database, self.schema, self.name)))


def write(folder: Path, build_file: Path, info: ReleaseInfo) -> None:
    """Write `pll.duckdb` into `folder`.

    Raises `PllError` when the build file is missing, has no public table, or has one that the
    contract does not allow: a type other than `PUBLIC_TYPES`, a number or time that is not finite,
    a name that cannot be a file name.
    """
    if not build_file.is_file():
        raise PllError(
            "There is nothing to publish: the build file is missing",
            where=str(build_file),
            do="run `pll run`, which builds it",
        )
    file = folder / FILE_NAME
    with _session(folder) as connection:
        attach(connection, build_file, "build")
        public = tables(connection, "build")
        _check(connection, public, build_file)
        _create(connection, file, public, info)
    if (wal := file.with_name(f"{FILE_NAME}.wal")).exists():
        raise PllError(
            "DuckDB left a write-ahead log beside the release",
            where=str(wal),
            do="run again; if it happens again, report it",
        )


@contextmanager
def opened(folder: Path) -> Iterator[tuple[duckdb.DuckDBPyConnection, tuple[Table, ...]]]:
    """A connection with the `pll.duckdb` of a folder attached as `release`, and its public tables.

    The release is attached read-only, but the connection may write other files: it is for
    publishing, never for a statement that a user wrote.
    """
    with _session(folder) as connection:
        attach(connection, folder / FILE_NAME, "release")
        yield connection, tables(connection, "release")


def attach(connection: duckdb.DuckDBPyConnection, file: Path, name: str) -> None:
    """Attach a DuckDB file read-only under a name. Raises `duckdb.Error` for a damaged one."""
    connection.execute(
        statement("attach {file} as {name} (read_only)", file=literal(file), name=quoted(name))
    )


def query(file: Path, sql: str) -> list[tuple[Any, ...]]:
    """The rows of a statement on a DuckDB file, opened read-only."""
    with duckdb.connect(str(file), read_only=True) as connection:
        return connection.execute(sql).fetchall()


def file_fault(file: Path) -> str | None:
    """What is wrong with a DuckDB file; None where it can be opened, or there is none."""
    if not os.path.lexists(file):
        return None
    if not file.is_file():
        return "is no file"
    if os.path.lexists(file.with_name(f"{file.name}.wal")):
        return "has changes beside it that were never written into it"
    try:
        query(file, "select count(*) from duckdb_tables()")
    except (duckdb.Error, OSError):
        return "cannot be opened"
    return None


def tables(connection: duckdb.DuckDBPyConnection, database: str) -> tuple[Table, ...]:
    """The public tables of an attached database, star before marts and by name; no views."""
    names = connection.execute(
        "select schema_name, table_name, coalesce(comment, '') from duckdb_tables() "
        "where database_name = ? and list_contains(?, schema_name) "
        "order by list_position(?, schema_name), table_name",
        [database, PUBLIC_SCHEMAS, PUBLIC_SCHEMAS],
    ).fetchall()
    columns: dict[tuple[str, str], list[Column]] = {}
    for schema, table, *column in connection.execute(
        "select schema_name, table_name, column_name, data_type, coalesce(comment, '') "
        "from duckdb_columns() where database_name = ? order by column_index",
        [database],
    ).fetchall():
        columns.setdefault((schema, table), []).append(Column(*column))
    stored = [
        Table(schema, name, comment, tuple(columns[schema, name]), 0)
        for schema, name, comment in names
    ]
    return tuple(
        replace(table, rows=_count(connection, table.within(database))) for table in stored
    )


def _count(connection: duckdb.DuckDBPyConnection, table: Sql) -> int:
    ((rows,),) = connection.execute(
        statement("select count(*) from {table}", table=table)
    ).fetchall()
    return int(rows)


@contextmanager
def _session(folder: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """A new connection in UTC that loads no extension and spills inside the release's folder."""
    spill = folder / ".spill"
    connection = duckdb.connect(
        ":memory:",
        config={
            "autoinstall_known_extensions": "false",
            "autoload_known_extensions": "false",
            "temp_directory": str(spill),
        },
    )
    try:
        connection.execute("set timezone = 'UTC'")
        yield connection
    finally:
        connection.close()
        shutil.rmtree(spill, ignore_errors=True)


def _check(
    connection: duckdb.DuckDBPyConnection, public: tuple[Table, ...], build_file: Path
) -> None:
    """Raise for the first table that the contract does not allow."""
    if not public:
        raise PllError(
            "The build file has no public table",
            where=str(build_file),
            do="run `pll run`, which builds them",
        )
    schemas: dict[str, str] = {}
    for table in public:
        where = f"{table.schema}.{table.name} in {build_file}"
        if not _PUBLIC_NAME.fullmatch(table.name):
            raise PllError(
                f"{table.name!r} cannot be the name of a public table",
                where=where,
                do="use small letters, digits and underscore",
            )
        if schemas.setdefault(table.name, table.schema) != table.schema:
            raise PllError(
                f"Two public tables are named {table.name}",
                where=where,
                do="rename one: each table becomes one file",
            )
        _check_types(table, where)
        _check_finite(connection, table, where)


def _check_types(table: Table, where: str) -> None:
    for column in table.columns:
        if column.type not in (*PUBLIC_TYPES, _UNZONED):
            allowed = ", ".join(name.lower() for name in PUBLIC_TYPES)
            raise PllError(
                f"Column {column.name} of {table.name} has the type {column.type}, "
                "which the contract does not allow",
                where=where,
                do=f"cast it in the model to one of {allowed}; a sum of integers is cast to bigint",
            )


def _check_finite(connection: duckdb.DuckDBPyConnection, table: Table, where: str) -> None:
    names = [column.name for column in table.columns if column.type in _MAY_BE_INFINITE]
    if not names:
        return
    counts = listed(
        statement("count_if(not isfinite({name}))", name=quoted(name)) for name in names
    )
    query = statement("select {counts} from {table}", counts=counts, table=table.within("build"))
    ((*infinite,),) = connection.execute(query).fetchall()
    for name, count in zip(names, infinite, strict=True):
        if count:
            raise PllError(
                f"Column {name} of {table.name} has {count} values that are infinite "
                "or not a number",
                where=where,
                do="let the model give null where there is no value, as after a division by zero",
            )


def _create(
    connection: duckdb.DuckDBPyConnection,
    file: Path,
    public: tuple[Table, ...],
    info: ReleaseInfo,
) -> None:
    """Write the file in one transaction."""
    connection.execute(
        statement(
            "attach {file} as release (storage_version {version})",
            file=literal(file),
            version=literal(STORAGE_VERSION),
        )
    )
    connection.execute("begin")
    for schema in (*PUBLIC_SCHEMAS, "meta"):
        connection.execute(statement("create schema release.{name}", name=quoted(schema)))
    for table in public:
        _copy(connection, table)
    _write_meta(connection, info)
    connection.execute("commit")
    connection.execute("detach release")


def _copy(connection: duckdb.DuckDBPyConnection, table: Table) -> None:
    """Copy a table of the build file, sorted by its columns from left to right."""
    target = table.within("release")
    connection.execute(
        statement(
            "create table {target} as select {columns} from {source} order by all",
            target=target,
            columns=listed(_zoned(column) for column in table.columns),
            source=table.within("build"),
        )
    )
    if table.comment:
        connection.execute(
            statement(
                "comment on table {target} is {text}", target=target, text=literal(table.comment)
            )
        )
    for column in table.columns:
        if column.comment:
            connection.execute(
                statement(
                    "comment on column {target}.{column} is {text}",
                    target=target,
                    column=quoted(column.name),
                    text=literal(column.comment),
                )
            )


def _zoned(column: Column) -> Sql:
    """The column, with a time zone where it is a time without one."""
    name = quoted(column.name)
    if column.type != _UNZONED:
        return name
    return statement("cast({name} as {type}) as {name}", name=name, type=Sql(LOAD_TIME))


def _write_meta(connection: duckdb.DuckDBPyConnection, info: ReleaseInfo) -> None:
    connection.execute(
        "create table release.meta.release (release_id varchar, "
        "built_at timestamp with time zone, contract_version varchar, code_version varchar, "
        "is_simulated boolean, fingerprint varchar)"
    )
    connection.execute(
        "insert into release.meta.release values (?, ?, ?, ?, ?, ?)", list(info.facts.values())
    )
    connection.execute(
        "comment on table release.meta.release is "
        "'One row: which release this is. | Én rad: hvilken utgave dette er.'"
    )
