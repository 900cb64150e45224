"""One figure walked back to the bytes it comes from: table → facts → snapshot → the row as published.

Not here: printing (`cli.py`), what a table means (dbt's descriptions).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl

from pll_pipeline.archive import Snapshot, snapshots
from pll_pipeline.config import Config, PllError
from pll_pipeline.publishing.duckdb import literal, quoted
from pll_pipeline.readers import ROW_REFERENCE, read_table
from pll_pipeline.sources.model import Source
from pll_pipeline.warehouse import Release, query

_FACT = "star.fct_observation"
_OF_A_FIGURE = ("measure_code", "region_key", "actor_type_code")
_WHEN = ("period_start", "period_end", "period_grain", "source_name")


@dataclass(frozen=True)
class Step:
    """One step back: what it is, where it lies, and what it says there, by column."""

    what: str
    where: str
    says: Mapping[str, Any]


def explain(config: Config, release: Release, sources: Mapping[str, Source], table: str, key: Mapping[str, str]) -> list[Step]:
    """The steps from one row of a public table back to the bytes, the row first.

    `key` is column → text and must point at exactly one row. Raises `PllError` when it does not, when no published figure
    stands behind the row, or when the bytes are no longer those that were read.
    """
    found = _rows(release, table, key)
    if found.height != 1:
        differing = [c for c in found.columns if c not in key and found.height and found[c].n_unique() > 1]
        do = f"say more of the key, as {', '.join(differing[:6])}" if differing else "see what is there with `pll query`"
        raise PllError(f"{found.height} rows of {table} have this key, not one", where=f"release {release.id}", do=do)
    row = found.row(0, named=True)
    steps = [Step(f"row of {table}", str(release.database), row)]
    for fact in _facts(release, row):
        steps += [Step(f"row of {_FACT}", str(release.database), fact), *_published(config, sources, fact)]
    if len(steps) == 1:
        raise PllError(f"No published figure stands behind this row of {table}", where=f"release {release.id}", do="explain a row of a table that holds figures")
    return steps


def _rows(release: Release, table: str, key: Mapping[str, Any]) -> pl.DataFrame:
    parts = ".".join(quoted(part) for part in table.split("."))
    conditions = [f"{quoted(c)} is null" if text in (None, "") else f"cast({quoted(c)} as varchar) = {literal(text)}" for c, text in key.items()]
    return query(release, f"select * from {parts} where {' and '.join(conditions) or 'true'}")


def _facts(release: Release, row: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """The figures a row is made of: itself, and for a share those of its numerator and its denominator."""
    if not all(column in row for column in _OF_A_FIGURE):
        return
    about = {column: row[column] for column in _OF_A_FIGURE}
    when = {column: row[column] for column in (_WHEN if "period_end" in row else ("month",)) if column in row}
    measure = _rows(release, "star.dim_measure", {"measure_code": row["measure_code"]}).row(0, named=True)
    yield from _rows(release, _FACT, about | when).iter_rows(named=True)
    if row.get("basis") == "derived":
        yield from _rows(release, _FACT, about | when | {"measure_code": measure["numerator_code"]}).iter_rows(named=True)
        whole = _rows(release, _FACT, {"measure_code": measure["denominator_code"], "region_key": row["region_key"], "value": float(row["eligible_count"] or 0)})
        yield from whole.filter(pl.col("period_end").dt.year() == row["month"].year).sort("period_start").tail(1).iter_rows(named=True)


def _published(config: Config, sources: Mapping[str, Source], fact: Mapping[str, Any]) -> Iterator[Step]:
    """The published rows a figure was read from, read again from bytes held against their hash."""
    source = sources.get(fact["source_name"])
    snapshot = next((s for s in snapshots(config.raw, fact["source_name"]) if s.taken_at == fact["snapshot_at"]), None)
    if source is None or snapshot is None:
        raise PllError(f"The snapshot the figure comes from is not held: {fact['source_name']}, {fact['snapshot_at']}", where=str(config.raw), do="bring it back from version control or a backup")
    for reference in fact[ROW_REFERENCE].split("; "):
        yield _row_as_published(source, snapshot, reference)


def _row_as_published(source: Source, snapshot: Snapshot, reference: str) -> Step:
    where = f"{source.name}/{snapshot.name}"
    # a reference is file:place, behind the folder it was read from
    file = reference.removeprefix(f"{where}/").split(":")[0]
    content = snapshot.read(file)
    table = read_table(content, source.read, where=f"{where}/{file}")
    as_read = table.filter(pl.col(ROW_REFERENCE) == reference)
    says = as_read.drop(ROW_REFERENCE).row(0, named=True) if as_read.height else {}
    sha256 = next(f.sha256 for f in snapshot.files if f.name == file)
    return Step(f"as published by {source.publisher}: {reference}", str(snapshot.folder / file), {**says, "taken at": snapshot.taken_at, "sha256": sha256, **_came(snapshot, file)})


def _came(snapshot: Snapshot, file: str) -> dict[str, Any]:
    """Where the bytes came from, as far as their manifest says."""
    requests = snapshot.origin.get("requests", {})
    record = requests.get(file, {}) if isinstance(requests, Mapping) else {}
    address = record.get("url") or snapshot.origin.get("received_from")
    return {"came from": address} if address else {}
