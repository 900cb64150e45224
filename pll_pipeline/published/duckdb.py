"""`pll.duckdb`: every public table of the build file with its comments, sorted, and `meta.release`.

The first file of a release and the only one made from the build file; the other modules read it through `opened`.
Storage version v1.4.0 is what clients since DuckDB 1.4 open, and it refuses a stale `.wal`. Not here: other formats.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from pll_pipeline.errors import PllError
from pll_pipeline.published.release_info import ReleaseInfo

FILE_NAME = "pll.duckdb"
STORAGE_VERSION = "v1.4.0"
PUBLIC_SCHEMAS = ("star", "marts")
LOAD_TIME = "TIMESTAMP WITH TIME ZONE"
PUBLIC_TYPES = ("VARCHAR", "INTEGER", "BIGINT", "DOUBLE", "BOOLEAN", "DATE", LOAD_TIME)
_UNZONED = "TIMESTAMP"  # taken as UTC, as every time here is
_PUBLIC_NAME = re.compile(r"[a-z][a-z0-9_]{0,99}")


@dataclass(frozen=True)
class Column:
    """A column as stored: DuckDB's name of its type and its comment ("English. | Norsk."), empty where there is none."""

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

    def within(self, database: str) -> str:
        """The table's quoted name in an attached database."""
        return f"{quoted(database)}.{quoted(self.schema)}.{quoted(self.name)}"


def quoted(name: str) -> str:
    """A name as an SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str | Path) -> str:
    """A text as an SQL string."""
    return "'" + str(text).replace("'", "''") + "'"


def write(folder: Path, build_file: Path, imprint: ReleaseInfo) -> None:
    """Write `pll.duckdb` into `folder`.

    Raises `PllError` when the build file is missing, has no public table, or has one that the contract does not allow:
    a type other than `PUBLIC_TYPES`, a number or time that is not finite, a name that cannot be a file name.
    """
    if not build_file.is_file():
        raise PllError(
            "There is nothing to publish: the build file is missing",
            where=str(build_file),
            do="run `pll run`, which builds it",
        )
    file = folder / FILE_NAME
    with _session(folder) as connection:
        connection.execute(f"attach {literal(build_file)} as build (read_only)")
        connection.execute(
            f"attach {literal(file)} as release (storage_version {literal(STORAGE_VERSION)})"
        )
        public = tables(connection, "build")
        _check(connection, public, build_file)
        connection.execute("begin")
        for schema in (*PUBLIC_SCHEMAS, "meta"):
            connection.execute(f"create schema release.{quoted(schema)}")
        for table in public:
            _copy(connection, table)
        _write_meta(connection, imprint)
        connection.execute("commit")
        connection.execute("detach release")
    if (wal := file.with_name(f"{FILE_NAME}.wal")).exists():
        raise PllError(
            "DuckDB left a write-ahead log beside the release",
            where=str(wal),
            do="run again; if it stays, report it",
        )


@contextmanager
def opened(folder: Path) -> Iterator[tuple[duckdb.DuckDBPyConnection, tuple[Table, ...]]]:
    """A connection with the release's `pll.duckdb` attached read-only as `release`, and its public tables.

    The connection may write other files: it is for publishing, never for a statement that a user wrote.
    """
    with _session(folder) as connection:
        connection.execute(f"attach {literal(folder / FILE_NAME)} as release (read_only)")
        yield connection, tables(connection, "release")


def query(file: Path, sql: str) -> list[tuple[Any, ...]]:
    """The rows of a statement on a DuckDB file, opened read-only."""
    with duckdb.connect(str(file), read_only=True) as connection:
        return connection.execute(sql).fetchall()


def tables(connection: duckdb.DuckDBPyConnection, database: str) -> tuple[Table, ...]:
    """The public tables of an attached database, star before marts and by name. Views are none."""
    found = connection.execute(
        "select schema_name, table_name, coalesce(comment, '') from duckdb_tables() "
        "where database_name = ? and list_contains(?, schema_name) order by list_position(?, schema_name), table_name",
        [database, PUBLIC_SCHEMAS, PUBLIC_SCHEMAS],
    ).fetchall()
    columns: dict[tuple[str, str], list[Column]] = {}
    for schema, table, *column in connection.execute(
        "select schema_name, table_name, column_name, data_type, coalesce(comment, '') from duckdb_columns() "
        "where database_name = ? order by column_index",
        [database],
    ).fetchall():
        columns.setdefault((schema, table), []).append(Column(*column))
    listed = []
    for schema, name, comment in found:
        whole = f"{quoted(database)}.{quoted(schema)}.{quoted(name)}"
        ((rows,),) = connection.execute(f"select count(*) from {whole}").fetchall()
        listed.append(Table(schema, name, comment, tuple(columns[schema, name]), rows))
    return tuple(listed)


@contextmanager
def _session(folder: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """A fresh in-memory connection in UTC that loads no extension and spills, where it must, inside the release's folder."""
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
    if not public:
        raise PllError(
            "The build file holds no public table",
            where=str(build_file),
            do="run `pll run`, which builds them",
        )
    named: dict[str, str] = {}
    for table in public:
        where = f"{table.schema}.{table.name} in {build_file}"
        if not _PUBLIC_NAME.fullmatch(table.name):
            raise PllError(
                f"{table.name!r} cannot be the name of a public table",
                where=where,
                do="use small letters, digits and underscore",
            )
        if named.setdefault(table.name, table.schema) != table.schema:
            raise PllError(
                f"Two public tables are named {table.name}",
                where=where,
                do="rename one: each table becomes one file",
            )
        for column in table.columns:
            if column.type not in (*PUBLIC_TYPES, _UNZONED):
                raise PllError(
                    f"Column {column.name} of {table.name} has the type {column.type}, which the contract does not allow",
                    where=where,
                    do=f"cast it in the model to one of {', '.join(t.lower() for t in PUBLIC_TYPES)}; a sum of integers is cast to bigint",
                )
        bounded = [
            c.name for c in table.columns if c.type in ("DOUBLE", "DATE", _UNZONED, LOAD_TIME)
        ]
        if bounded:
            counts = ", ".join(f"count_if(not isfinite({quoted(name)}))" for name in bounded)
            ((*infinite,),) = connection.execute(
                f"select {counts} from {table.within('build')}"
            ).fetchall()
            for name, count in zip(bounded, infinite, strict=True):
                if count:
                    raise PllError(
                        f"Column {name} of {table.name} holds {count} values that are infinite or not a number",
                        where=where,
                        do="let the model give null where there is no value, as after a division by zero",
                    )


def _copy(connection: duckdb.DuckDBPyConnection, table: Table) -> None:
    columns = ", ".join(
        f"cast({quoted(c.name)} as {LOAD_TIME}) as {quoted(c.name)}"
        if c.type == _UNZONED
        else quoted(c.name)
        for c in table.columns
    )
    target = table.within("release")
    connection.execute(
        f"create table {target} as select {columns} from {table.within('build')} order by all"
    )
    if table.comment:
        connection.execute(f"comment on table {target} is {literal(table.comment)}")
    for column in table.columns:
        if column.comment:
            connection.execute(
                f"comment on column {target}.{quoted(column.name)} is {literal(column.comment)}"
            )


def _write_meta(connection: duckdb.DuckDBPyConnection, imprint: ReleaseInfo) -> None:
    connection.execute(
        "create table release.meta.release (release_id varchar, built_at timestamp with time zone, contract_version varchar, "
        "code_version varchar, is_simulated boolean, fingerprint varchar)"
    )
    connection.execute(
        "insert into release.meta.release values (?, ?, ?, ?, ?, ?)", list(imprint.facts.values())
    )
    connection.execute(
        "comment on table release.meta.release is 'One row: which release this is. | Én rad: hvilken utgave dette er.'"
    )
