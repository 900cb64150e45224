"""The rows of one table that differ between two releases: counted, and paired by key.

Not here: how they are written down (`difference.py`).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from duckdb import DuckDBPyConnection

from pll_pipeline.published.duckdb import LOAD_TIME, Table
from pll_pipeline.published.sql import Sql, listed, quoted, statement

MOST_VALUES = 20  # listed per table
MOST_NEW = 5  # new rows that are named per table

# The place of a row in a file, and its rank among others: no change of the row itself.
NO_CONTENT = frozenset({"row_reference", "rank_in_level", "rank_best", "rank_worst"})
# Columns of which the first that a table has says what a new row shows.
_SHOWS = ("value", "adoption_share", "adoption_count", "count_value", "published_text")

# What a row is about, in every table: rows equal in all of these are the same row before and after.
KEYS = frozenset(
    {
        "service_code",
        "measure_code",
        "region_key",
        "actor_type_code",
        "source_name",
        "month",
        "period_start",
        "period_end",
        "period_grain",
        "due_start",
        "due_end",
        "due_grain",
        "target_kind",
        "phase",
        "area_name",
    }
)

_DIFFERING = """
    create or replace temp table differing as
    select
        coalesce(after.row_hash, before.row_hash) as row_hash,
        coalesce(after.row_count, 0) - coalesce(before.row_count, 0) as more
    from (
        select {hash} as row_hash, count(*) as row_count from {after} group by row_hash
    ) as after
    full join (
        select {hash} as row_hash, count(*) as row_count from {before} group by row_hash
    ) as before on after.row_hash = before.row_hash
    where after.row_count is distinct from before.row_count
"""
_ONLY_IN = """
    create or replace temp table {name} as
    select {columns} from {side} where {hash} in (select row_hash from differing)
    except all
    select {columns} from {other} where {hash} in (select row_hash from differing)
"""


@dataclass(frozen=True)
class Value:
    """One changed value: the key of its row, its column, and the value before and after."""

    key: tuple[Any, ...]
    column: str
    before: Any
    after: Any


@dataclass(frozen=True)
class Changes:
    """How many rows of a table are new, gone, changed, or changed in nothing of their content.

    Load times, places in files and ranks are no content. Without a key that is different in every
    row, `changed` is None, and a changed row is counted as one gone and one new. `values` are the
    first `MOST_VALUES` changed values, `named` the first `MOST_NEW` new rows: what each is about,
    and last what it shows.
    """

    new: int
    gone: int
    changed: int | None
    only_loaded: int
    values: tuple[Value, ...] = ()
    named: tuple[tuple[Any, ...], ...] = ()


def changes(connection: DuckDBPyConnection, before: Table, after: Table) -> Changes:
    """Compare a table of the database `previous` with the same table of `release`.

    Only the columns that both have with the same type are compared. Raises what DuckDB raises.
    """
    types = {column.name: column.type for column in before.columns}
    shared = [c.name for c in after.columns if types.get(c.name) == c.type]
    content = [name for name in shared if types[name] != LOAD_TIME and name not in NO_CONTENT]
    if not content:
        more = after.rows - before.rows
        return Changes(max(more, 0), max(-more, 0), None, 0)
    new, gone = _split(connection, before, after, content)
    only_loaded = 0
    if len(content) < len(shared):
        only_loaded = _more(connection, before, after, shared) - new
    keys = [name for name in content if name in KEYS]
    if not _is_key(connection, keys, (("new_rows", new), ("gone_rows", gone))):
        return Changes(new, gone, None, only_loaded)
    changed, values = _paired(connection, content, keys)
    named = _named(connection, content, keys) if new > changed else ()
    return Changes(new - changed, gone - changed, changed, only_loaded, values, named)


def _split(
    connection: DuckDBPyConnection, before: Table, after: Table, content: list[str]
) -> tuple[int, int]:
    """Fill `new_rows` and `gone_rows`; how many each has.

    Whole rows are compared only where hashes differ: most of a large table does not change.
    """
    _find_differing(connection, before, after, content)
    now, past = after.within("release"), before.within("previous")
    counts = []
    for name, side, other in (("new_rows", now, past), ("gone_rows", past, now)):
        connection.execute(
            statement(
                _ONLY_IN,
                name=quoted(name),
                columns=listed(map(quoted, content)),
                side=side,
                other=other,
                hash=_hash(content),
            )
        )
        counts.append(_count(connection, quoted(name)))
    return counts[0], counts[1]


def _find_differing(
    connection: DuckDBPyConnection, before: Table, after: Table, columns: list[str]
) -> None:
    """Fill `differing` with the hash of each row that is not equally frequent in both releases."""
    connection.execute(
        statement(
            _DIFFERING,
            hash=_hash(columns),
            after=after.within("release"),
            before=before.within("previous"),
        )
    )


def _more(connection: DuckDBPyConnection, before: Table, after: Table, columns: list[str]) -> int:
    """How many rows are new when all shared columns count, load times too."""
    _find_differing(connection, before, after, columns)
    ((rows,),) = connection.execute(
        "select coalesce(sum(more), 0)::bigint from differing where more > 0"
    ).fetchall()
    return int(rows)


def _is_key(
    connection: DuckDBPyConnection, keys: list[str], sides: Iterable[tuple[str, int]]
) -> bool:
    """Whether the key columns differ in every row, on both sides."""
    if not keys:
        return False
    columns = listed(map(quoted, keys))
    for name, rows in sides:
        distinct = statement(
            "(select distinct {columns} from {name})", columns=columns, name=quoted(name)
        )
        if _count(connection, distinct) < rows:
            return False
    return True


def _named(
    connection: DuckDBPyConnection, content: list[str], keys: list[str]
) -> tuple[tuple[Any, ...], ...]:
    """The first new rows whose key is in no gone row: their key, and what they show."""
    shows = [name for name in _SHOWS if name in content][:1]
    rows = connection.execute(
        statement(
            "select {columns} from new_rows anti join gone_rows on {same_key} "
            "order by all limit {most}",
            columns=listed(statement("new_rows.{name}", name=quoted(n)) for n in (*keys, *shows)),
            same_key=_same_key(keys),
            most=MOST_NEW,
        )
    ).fetchall()
    return tuple(rows)


def _same_key(keys: list[str]) -> Sql:
    return listed(
        (
            statement("new_rows.{key} is not distinct from gone_rows.{key}", key=quoted(key))
            for key in keys
        ),
        " and ",
    )


def _paired(
    connection: DuckDBPyConnection, content: list[str], keys: list[str]
) -> tuple[int, tuple[Value, ...]]:
    """How many new rows have the key of a gone row, and the first values in which they differ."""
    pairs = statement("new_rows join gone_rows on {same_key}", same_key=_same_key(keys))
    changed = _count(connection, pairs)
    rows = connection.execute(
        statement(
            "select new_rows.*, gone_rows.* from {pairs} order by {order} limit {most}",
            pairs=pairs,
            order=listed(statement("new_rows.{key}", key=quoted(key)) for key in keys),
            most=MOST_VALUES,
        )
    ).fetchall()
    values: list[Value] = []
    for row in rows:
        new = dict(zip(content, row[: len(content)], strict=True))
        old = dict(zip(content, row[len(content) :], strict=True))
        key = tuple(new[name] for name in keys if new[name] is not None)
        differing = (name for name in content if new[name] != old[name])
        values += [Value(key, name, old[name], new[name]) for name in differing]
    return changed, tuple(values[:MOST_VALUES])


def _count(connection: DuckDBPyConnection, rows: Sql) -> int:
    ((count,),) = connection.execute(statement("select count(*) from {rows}", rows=rows)).fetchall()
    return int(count)


def _hash(columns: list[str]) -> Sql:
    return statement("hash({columns})", columns=listed(map(quoted, columns)))
