"""`csv/<table>.csv`: one file per public table for everyone else: UTF-8, comma, header, point decimals, empty for null.

Not here: what the columns mean (`datapackage.json`, from `descriptor.py`).
"""

from __future__ import annotations

from pathlib import Path

from duckdb import DuckDBPyConnection

from pll_pipeline.published.duckdb import LOAD_TIME, Column, Table, literal, quoted


def write(folder: Path, connection: DuckDBPyConnection, tables: tuple[Table, ...]) -> None:
    """Write every table in the order of its rows."""
    (folder / "csv").mkdir()
    for table in tables:
        columns = ", ".join(_text(column) for column in table.columns)
        connection.execute(
            f"copy (select {columns} from {table.within('release')}) to {literal(folder / 'csv' / f'{table.name}.csv')} "
            "(format csv, header, delimiter ',')"
        )


def _text(column: Column) -> str:
    name = quoted(column.name)
    if column.type != LOAD_TIME:
        return name
    # DuckDB writes "2026-11-23 03:00:04+00"; the connection is in UTC, so the offset is always this one.
    return f"replace(replace(cast({name} as varchar), ' ', 'T'), '+00', 'Z') as {name}"
