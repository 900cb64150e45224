"""One statement of a user on one release, read-only.

Not here: how answers are printed (`console.py`), statements that publishing itself runs.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from tempfile import TemporaryDirectory

import duckdb
import polars as pl

from pll_pipeline.errors import PllError
from pll_pipeline.published.frames import frame_of
from pll_pipeline.published.releases import Release
from pll_pipeline.published.sql import Sql, listed, literal, quoted, statement


def query(release: Release, sql: str) -> pl.DataFrame:
    """The answer of one statement on the release; tables may be named without their schema.

    The connection is read-only and reaches no other file and no network. Times are in UTC, sums of
    integers are 64-bit, intervals come as text. Raises `PllError` with DuckDB's own words when the
    statement fails, and when its answer has no columns or two of the same name.
    """
    where = f"release {release.id}"
    try:
        with _connection(release) as connection:
            return _answer(connection, sql, where)
    except (duckdb.Error, pl.exceptions.PolarsError) as error:
        # DuckDB draws an arrow below the statement, which does not fit into a paragraph
        reason = " ".join(str(error).split("\n\nLINE ")[0].split())
        raise PllError(
            f"The query failed: {reason}", where=where, do="correct the statement"
        ) from error


@contextmanager
def _connection(release: Release) -> Iterator[duckdb.DuckDBPyConnection]:
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
        connection.execute("set enable_external_access = false")
        connection.execute("set lock_configuration = true")
        yield connection


def _answer(connection: duckdb.DuckDBPyConnection, sql: str, where: str) -> pl.DataFrame:
    answer = connection.sql(sql)
    if answer is None:
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
    casts = _casts(answer)
    if casts:
        answer = answer.project(statement("* replace ({casts})", casts=listed(casts)))
    return frame_of(answer)


def _casts(answer: duckdb.DuckDBPyRelation) -> list[Sql]:
    """Casts of what a frame has no type for: intervals, and DuckDB's 128-bit sums."""
    types = {"HUGEINT": Sql("bigint")}
    casts = []
    for name, column_type in zip(answer.columns, map(str, answer.types), strict=True):
        if column_type == "HUGEINT" or "INTERVAL" in column_type:
            casts.append(
                statement(
                    "cast({name} as {type}) as {name}",
                    name=quoted(name),
                    type=types.get(column_type, Sql("varchar")),
                )
            )
    return casts
