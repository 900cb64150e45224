"""`csv/<table>.csv`: one file per public table, for programs that read nothing else.

UTF-8, comma, header, ISO dates, decimal points, an empty cell for null.
Not here: what the columns mean (`datapackage.json`, from `descriptor.py`).
"""

from __future__ import annotations

from pll_pipeline.published.draft import Draft
from pll_pipeline.published.duckdb import LOAD_TIME, Column
from pll_pipeline.published.sql import Sql, listed, literal, quoted, statement

FOLDER = "csv"


def write(draft: Draft) -> None:
    """Write every table in the order of its rows."""
    folder = draft.folder / FOLDER
    folder.mkdir()
    for table in draft.tables:
        draft.connection.execute(
            statement(
                "copy (select {columns} from {table}) to {file} "
                "(format csv, header, delimiter ',')",
                columns=listed(_as_text(column) for column in table.columns),
                table=table.within("release"),
                file=literal(folder / f"{table.name}.csv"),
            )
        )


def load_time(name: Sql) -> Sql:
    """A load time as text in ISO 8601, of a connection in UTC."""
    # DuckDB writes "2026-11-23 03:00:04+00"; the connection is in UTC, so the offset never differs
    return statement("replace(replace(cast({name} as varchar), ' ', 'T'), '+00', 'Z')", name=name)


def _as_text(column: Column) -> Sql:
    """The column as the file shows it: load times in ISO 8601, everything else as DuckDB does."""
    name = quoted(column.name)
    if column.type != LOAD_TIME:
        return name
    return statement("{time} as {name}", time=load_time(name), name=name)
