"""`csv/<table>.csv`: one file per public table, for programs that read nothing else.

UTF-8, comma, header, ISO dates, decimal points, an empty cell for null. A file that would be larger
than 50 MB is compressed, as `csv/<table>.csv.gz`.
Not here: what the columns mean (`datapackage.json`, from `descriptor.py`).
"""

from __future__ import annotations

import gzip
import shutil
from pathlib import Path

from pll_pipeline.published.draft import Draft
from pll_pipeline.published.duckdb import LOAD_TIME, Column
from pll_pipeline.published.sql import Sql, listed, literal, quoted, statement

FOLDER = "csv"
COMPRESSED = ".gz"
# The largest file that is not compressed: programs and people still open it as it is.
MOST_BYTES = 50 * 10**6
_GZIP_LEVEL = 3


def write(draft: Draft) -> None:
    """Write every table in the order of its rows."""
    folder = draft.folder / FOLDER
    folder.mkdir()
    for table in draft.tables:
        file = folder / f"{table.name}.csv"
        draft.connection.execute(
            statement(
                "copy (select {columns} from {table}) to {file} "
                "(format csv, header, delimiter ',')",
                columns=listed(_as_text(column) for column in table.columns),
                table=table.within("release"),
                file=literal(file),
            )
        )
        if file.stat().st_size > MOST_BYTES:
            _compress(file)


def path_of(folder: Path, table_name: str) -> str:
    """The path of a table's file within a release, compressed or not."""
    path = f"{FOLDER}/{table_name}.csv"
    return path + COMPRESSED if (folder / (path + COMPRESSED)).is_file() else path


def _compress(file: Path) -> None:
    """Put a compressed file in the place of a file: the same bytes for the same content."""
    with (
        file.open("rb") as plain,
        file.with_name(file.name + COMPRESSED).open("wb") as compressed,
        gzip.GzipFile("", "wb", _GZIP_LEVEL, compressed, mtime=0) as packed,
    ):
        shutil.copyfileobj(plain, packed, 2**20)
    file.unlink()


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
