"""One figure traced back to its bytes: table → facts → snapshot → the row as published.

Not here: what the rows of a table are made of (`origins.py`), printing (`console.py`), what a table
means (dbt's descriptions).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import polars as pl

from pll_pipeline.config import Config
from pll_pipeline.errors import PllError
from pll_pipeline.inspection.origins import Origin, Row, origins
from pll_pipeline.published.query import query
from pll_pipeline.published.releases import Release
from pll_pipeline.published.sql import Sql, listed, literal, quoted, statement
from pll_pipeline.raw.archive import Snapshot, snapshots
from pll_pipeline.sources.model import Source
from pll_pipeline.validated.readers import ROW_REFERENCE, read_table


@dataclass(frozen=True)
class Step:
    """One step back: what it is, where it is, and its values by column."""

    what: str
    where: str
    says: Row


@dataclass(frozen=True)
class _Trace:
    """What is needed on the way back. `read`: tables as published by file; a sum needs few."""

    config: Config
    release: Release
    sources: Mapping[str, Source]
    read: dict[str, pl.DataFrame] = field(default_factory=dict)

    def rows(self, table: str, key: Row) -> pl.DataFrame:
        """The rows of a table of the release that have these values; None and "" are null."""
        name = listed(map(quoted, table.split(".")), ".")
        conditions = [Sql("true"), *(_condition(column, value) for column, value in key.items())]
        where = listed(conditions, " and ")
        rows = statement("select * from {name} where {where}", name=name, where=where)
        return query(self.release, rows)

    def step(self, table: str, row: Row) -> Step:
        """The step of a row of the release."""
        return Step(f"row of {table}", str(self.release.database), row)


def _condition(column: str, value: Any) -> Sql:
    if value in (None, ""):
        return statement("{column} is null", column=quoted(column))
    return statement(
        "cast({column} as varchar) = {value}", column=quoted(column), value=literal(str(value))
    )


def explain(
    config: Config,
    release: Release,
    sources: Mapping[str, Source],
    table: str,
    key: Mapping[str, str],
) -> list[Step]:
    """The steps from one row of a public table back to the bytes, the row first.

    `key` is column → text and must point at exactly one row. A row that was published itself is
    traced to the snapshot it names, whatever was published later. Raises `PllError` when the key
    does not, when the row comes from no published figure, or when the bytes are no longer those
    that were read.
    """
    trace = _Trace(config, release, sources)
    row = _the_row(trace, table, key)
    steps = [trace.step(table, row), *_published(trace, row)]
    for origin in origins(trace, table, row):
        if not origin.is_part:
            steps.append(trace.step(origin.table, origin.row))
        steps += _named(origin, _published(trace, origin.row))
    if len(steps) == 1:
        raise PllError(
            f"This row of {table} comes from no published figure",
            where=f"release {release.id}",
            do="explain a row of a table of figures",
        )
    return steps


def _named(origin: Origin, steps: Iterator[Step]) -> Iterator[Step]:
    """The steps, of a part named after its region and actor type; there may be hundreds."""
    for step in steps:
        names = [origin.row.get(column) for column in ("region_key", "actor_type_code")]
        of_part = ", ".join(filter(None, [*names, step.what]))
        yield Step(f"part {of_part}", step.where, step.says) if origin.is_part else step


def _the_row(trace: _Trace, table: str, key: Mapping[str, str]) -> Row:
    """The one row of the table that has the key."""
    found = trace.rows(table, key)
    if found.height == 1:
        return found.row(0, named=True)
    differing = [
        column
        for column in found.columns
        if column not in key and found.height and found[column].n_unique() > 1
    ]
    more = f"give more of the key, as {', '.join(differing[:6])}"
    raise PllError(
        f"{found.height} rows of {table} have this key, not one",
        where=f"release {trace.release.id}",
        do=more if differing else "see what is there with `pll query`",
    )


# --- bytes ------------------------------------------------------------------------------------


def _published(trace: _Trace, row: Row) -> Iterator[Step]:
    """The published rows that a row names, read again from bytes that still have their hash."""
    if row.get(ROW_REFERENCE) is None or "snapshot_at" not in row:
        return
    name, taken_at = row["source_name"], row["snapshot_at"]
    source = trace.sources.get(name)
    of_source = snapshots(trace.config.raw, name)
    snapshot = next((s for s in of_source if s.taken_at == taken_at), None)
    if source is None or snapshot is None:
        raise PllError(
            f"The snapshot the figure comes from is not here: {name}, {taken_at}",
            where=str(trace.config.raw),
            do="bring it back from version control or a backup",
        )
    for reference in row[ROW_REFERENCE].split("; "):
        step = _row_as_published(trace, source, snapshot, reference)
        yield _withheld(step) if row.get("is_withheld") else step


def _withheld(step: Step) -> Step:
    """The step without what it says, where the publisher withholds the figure now."""
    return Step(f"{step.what}, withheld by its publisher since", step.where, {})


def _row_as_published(trace: _Trace, source: Source, snapshot: Snapshot, reference: str) -> Step:
    file = reference.split(":", maxsplit=1)[0]
    path = f"{source.name}/{snapshot.name}/{file}"
    if path not in trace.read:
        trace.read[path] = read_table(snapshot.read(file), source.read, where=path).frame
    as_read = trace.read[path].filter(pl.col(ROW_REFERENCE) == reference)
    values = as_read.drop(ROW_REFERENCE).row(0, named=True) if as_read.height else {}
    sha256 = next(f.sha256 for f in snapshot.files if f.name == file)
    return Step(
        f"as published by {source.publisher}: {reference}",
        str(snapshot.folder / file),
        {**values, "taken at": snapshot.taken_at, "sha256": sha256, **_origin(snapshot, file)},
    )


def _origin(snapshot: Snapshot, file: str) -> dict[str, Any]:
    """Where the bytes came from, as far as their manifest knows."""
    requests = snapshot.origin.get("requests", {})
    record = requests.get(file, {}) if isinstance(requests, Mapping) else {}
    address = record.get("url") or snapshot.origin.get("received_from")
    return {"came from": address} if address else {}
