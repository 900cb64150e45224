"""One statement of a user on one release, read-only.

Not here: how answers are printed (`console.py`), statements that publishing itself runs.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from tempfile import TemporaryDirectory
from threading import Event, Timer

import duckdb
import polars as pl

from pll_pipeline.errors import PllError
from pll_pipeline.published.csv import load_time
from pll_pipeline.published.duckdb import LOAD_TIME
from pll_pipeline.published.frames import frame_of
from pll_pipeline.published.releases import Release
from pll_pipeline.published.sql import Sql, listed, literal, quoted, statement

# What neither a frame nor JSON has a type for, also inside a list or a struct.
_AS_TEXT = re.compile(r"INTERVAL|BLOB|\bBIT\b|UHUGEINT|UNION")
_NESTED = re.compile(r"[\[\]]$|^(STRUCT|MAP|UNION)\(")


_ANSWERED = (
    duckdb.StatementType.SELECT,  # also SHOW, DESCRIBE, SUMMARIZE, VALUES and TABLE
    duckdb.StatementType.EXPLAIN,
    duckdb.StatementType.PRAGMA,
    duckdb.StatementType.CALL,
    duckdb.StatementType.MULTI,  # PIVOT
)


@dataclass(frozen=True)
class Limits:
    """How long a statement may run, the rows and the memory of its answer."""

    seconds: float
    rows: int
    memory: str = "1GB"


class NoStatement(PllError):
    """There is nothing to ask: the statement is empty, or comments alone."""


def query(
    release: Release, sql: str, *, is_flat: bool = False, limits: Limits | None = None
) -> pl.DataFrame:
    """The answer of one statement on the release; tables may be named without their schema.

    The connection is read-only and reaches no other file and no network. Times are in UTC, sums of
    integers are 64-bit, intervals come as text. A flat answer has lists and structs as text, and
    times as the CSV files of a release. With limits it has at most one row more than they allow,
    so that the caller sees that there are more. Raises `NoStatement` where there is none, and
    `PllError` with DuckDB's own words when the statement fails, when there are several, and when
    its answer has no columns or two of the same name.
    """
    where = f"release {release.id}"
    try:
        with _connection(release, limits) as connection, _ended_after(connection, limits):
            has_rows = _has_rows(connection, sql)
            answer = _answer(connection, sql, where, is_flat=is_flat, has_rows=has_rows)
            return frame_of(answer.limit(limits.rows + 1) if limits else answer)
    except (duckdb.Error, pl.exceptions.PolarsError) as error:
        # DuckDB draws an arrow below the statement, which does not fit into a paragraph
        reason = " ".join(str(error).split("\n\nLINE ")[0].split())
        raise PllError(
            f"The query failed: {reason}", where=where, do="correct the statement"
        ) from error


@contextmanager
def _ended_after(connection: duckdb.DuckDBPyConnection, limits: Limits | None) -> Iterator[None]:
    """Inside, a statement that takes longer than it may is interrupted."""
    if limits is None:
        yield
        return
    is_over = Event()

    def end() -> None:
        is_over.set()
        connection.interrupt()

    timer = Timer(limits.seconds, end)
    timer.start()
    try:
        yield
    except (duckdb.Error, pl.exceptions.PolarsError) as error:
        if not is_over.is_set():
            raise
        raise PllError(
            f"The query failed: it took more than {limits.seconds:g} seconds",
            do="ask for less, as with WHERE; `pll query` has no limit",
        ) from error
    finally:
        timer.cancel()


@contextmanager
def _connection(release: Release, limits: Limits | None) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection that loads no extension and reaches only the attached release."""
    with (
        TemporaryDirectory(prefix="pll-query-") as spill,
        duckdb.connect(
            ":memory:",
            config={
                "autoinstall_known_extensions": "false",
                "autoload_known_extensions": "false",
                "temp_directory": spill,
            },
        ) as connection,
    ):
        connection.execute("set timezone = 'UTC'")
        connection.execute(
            statement("attach {file} as pll (read_only)", file=literal(release.database))
        )
        connection.execute("set search_path = 'pll.marts,pll.star,pll.meta'")
        if limits:
            connection.execute(statement("set memory_limit = {size}", size=literal(limits.memory)))
            connection.execute("set max_temp_directory_size = '1GB'")
        connection.execute("set enable_external_access = false")
        connection.execute("set lock_configuration = true")
        yield connection


def _has_rows(connection: duckdb.DuckDBPyConnection, sql: str) -> bool:
    """Whether the statement has rows for an answer.

    Refuses text without a statement, and with more than one, whose answers would be lost.
    """
    statements = connection.extract_statements(sql)
    if not statements:
        raise NoStatement(
            "There is no statement to run",
            do="give one as text, as @FILE or on standard input; "
            "`pll query --help` shows an example",
        )
    if len(statements) > 1:
        raise PllError(
            f"The query failed: there are {len(statements)} statements, and only one has an answer",
            do="run them one by one, or join them with WITH",
        )
    return statements[0].type in _ANSWERED


def _answer(
    connection: duckdb.DuckDBPyConnection, sql: str, where: str, *, is_flat: bool, has_rows: bool
) -> duckdb.DuckDBPyRelation:
    answer = connection.sql(sql)
    if not has_rows:
        raise PllError(
            "The statement gives no answer",
            where=where,
            do="write one SELECT, DESCRIBE or SHOW",
        )
    if len(set(answer.columns)) < len(answer.columns):
        raise PllError(
            f"Two columns of the answer have the same name: {', '.join(answer.columns)}",
            where=where,
            do="name them with AS",
        )
    casts = _casts(answer, is_flat=is_flat)
    if casts:
        answer = answer.project(statement("* replace ({casts})", casts=listed(casts)))
    return answer


def _casts(answer: duckdb.DuckDBPyRelation, *, is_flat: bool) -> list[Sql]:
    """Casts of what the answer's form has no type for."""
    casts = []
    for name, column_type in zip(answer.columns, map(str, answer.types), strict=True):
        cast = _cast(quoted(name), column_type, is_flat=is_flat)
        if cast:
            casts.append(statement("{cast} as {name}", cast=cast, name=quoted(name)))
    return casts


def _cast(name: Sql, column_type: str, *, is_flat: bool) -> Sql | None:
    """The cast of one column; None where it is left as it is."""
    if column_type == "HUGEINT":
        return statement("cast({name} as bigint)", name=name)
    if is_flat and column_type == LOAD_TIME:
        return load_time(name)
    if _AS_TEXT.search(column_type) or (is_flat and _NESTED.search(column_type)):
        return statement("cast({name} as varchar)", name=name)
    return None
