"""One figure walked back to the bytes it comes from: table → facts → snapshot → the row as published.

Not here: printing (`cli.py`), what a table means (dbt's descriptions).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl

from pll_pipeline.config import Config
from pll_pipeline.errors import PllError
from pll_pipeline.published.duckdb import literal, quoted
from pll_pipeline.published.releases import Release, query
from pll_pipeline.raw.archive import Snapshot, snapshots
from pll_pipeline.sources.model import Source
from pll_pipeline.validated.readers import ROW_REFERENCE, read_table

_FACT = "star.fct_observation"
_SUM = "star.fct_adoption_sum"
_OF_A_FIGURE = ("measure_code", "region_key", "actor_type_code")
_WHEN = ("period_start", "period_end", "period_grain", "source_name")


# tables as published, by file: the parts of a sum lie in few
_Read = dict[str, pl.DataFrame]


@dataclass(frozen=True)
class Step:
    """One step back: what it is, where it lies, and what it says there, by column."""

    what: str
    where: str
    says: Mapping[str, Any]


def explain(
    config: Config,
    release: Release,
    sources: Mapping[str, Source],
    table: str,
    key: Mapping[str, str],
) -> list[Step]:
    """The steps from one row of a public table back to the bytes, the row first.

    `key` is column → text and must point at exactly one row. Raises `PllError` when it does not, when no published figure
    stands behind the row, or when the bytes are no longer those that were read.
    """
    found = _rows(release, table, key)
    if found.height != 1:
        differing = [
            c for c in found.columns if c not in key and found.height and found[c].n_unique() > 1
        ]
        do = (
            f"say more of the key, as {', '.join(differing[:6])}"
            if differing
            else "see what is there with `pll query`"
        )
        raise PllError(
            f"{found.height} rows of {table} have this key, not one",
            where=f"release {release.id}",
            do=do,
        )
    row = found.row(0, named=True)
    steps = [Step(f"row of {table}", str(release.database), row)]
    read: _Read = {}
    for told in (row, *_told_of_the_region_then(release, row)):
        for fact in _facts(release, told):
            steps += [
                Step(f"row of {_FACT}", str(release.database), fact),
                *_published(config, sources, fact, read),
            ]
        for made, parts in _sums(release, told):
            steps.append(Step(f"row of {_SUM}", str(release.database), made))
            for part in parts:
                # of a part the published rows are enough; there may be hundreds
                steps += [
                    Step(
                        f"part {part['region_key']}, {part['actor_type_code']}, {step.what}",
                        step.where,
                        step.says,
                    )
                    for fact in _facts(release, part)
                    for step in _published(config, sources, fact, read)
                ]
    if len(steps) == 1:
        raise PllError(
            f"No published figure stands behind this row of {table}",
            where=f"release {release.id}",
            do="explain a row of a table that holds figures",
        )
    return steps


def _rows(release: Release, table: str, key: Mapping[str, Any]) -> pl.DataFrame:
    parts = ".".join(quoted(part) for part in table.split("."))
    conditions = [
        f"{quoted(c)} is null"
        if text in (None, "")
        else f"cast({quoted(c)} as varchar) = {literal(text)}"
        for c, text in key.items()
    ]
    return query(release, f"select * from {parts} where {' and '.join(conditions) or 'true'}")


def _facts(release: Release, row: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """The figures a row is made of: itself, and for a share those of its numerator and its denominator."""
    if not all(column in row for column in _OF_A_FIGURE):
        return
    about = {column: row[column] for column in _OF_A_FIGURE}
    when = {
        column: row[column]
        for column in (_WHEN if "period_end" in row else ("month",))
        if column in row
    }
    measure = _rows(release, "star.dim_measure", {"measure_code": row["measure_code"]}).row(
        0, named=True
    )
    yield from _rows(release, _FACT, about | when).iter_rows(named=True)
    if row.get("basis") == "derived":
        yield from _rows(
            release, _FACT, about | when | {"measure_code": measure["numerator_code"]}
        ).iter_rows(named=True)
        yield from _whole(release, row, measure["denominator_code"])


def _whole(
    release: Release, row: Mapping[str, Any], denominator_code: str
) -> Iterator[dict[str, Any]]:
    """The figure that was the denominator: of the actor type, else of all."""
    cell = {
        "measure_code": denominator_code,
        "region_key": row["region_key"],
        "month": row["month"],
    }
    for actor_type_code in (row["actor_type_code"], "alle"):
        eligible = _rows(release, "star.fct_eligible", cell | {"actor_type_code": actor_type_code})
        if eligible.height:
            same = (
                "measure_code",
                "region_key",
                "actor_type_code",
                "period_start",
                "period_end",
                "source_name",
            )
            yield from _rows(
                release, _FACT, {column: eligible.row(0, named=True)[column] for column in same}
            ).iter_rows(named=True)
            return


def _told_of_the_region_then(release: Release, row: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """The row of the region as it was then, for one told on a region of today."""
    then = row.get("region_of_month_key")
    if then and then != row["region_key"]:
        yield {**row, "region_key": then}


def _sums(
    release: Release, row: Mapping[str, Any]
) -> Iterator[tuple[dict[str, Any], list[dict[str, Any]]]]:
    """The sum a row is, and what was added: rows of `fct_adoption`, in a sum of actor types those of their regions."""
    if row.get("basis") != "aggregated":
        return
    key = {column: row[column] for column in (*_OF_A_FIGURE, "month")}
    relation = (
        "reform" if "region_of_month_key" in row and not row["region_of_month_key"] else "level"
    )
    for made in _rows(release, _SUM, key | {"relation": relation}).iter_rows(named=True):
        yield made, list(_parts(release, made))


def _parts(release: Release, made: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    month = literal(str(made["month"]))
    same = f"measure_code = {literal(made['measure_code'])} and month = {month}"
    if made["part_level"] != "actor_type":
        places = (
            f"select part_key from star.dim_region_part where whole_key = {literal(made['region_key'])} and part_level = {literal(made['part_level'])}"
            f" and relation = {literal(made['relation'])} and coalesce(valid_from <= {month}, true) and coalesce({month} < valid_to, true)"
        )
        told = f"select * from star.fct_adoption where {same} and actor_type_code = {literal(made['actor_type_code'])} and region_key in ({places}) order by region_key"
        for part in query(release, told).iter_rows(named=True):
            yield _as_counted(part)
        return
    here = f"{same} and region_key = {literal(made['region_key'])} and actor_type_code <> 'alle'"
    if made["relation"] == "level":
        for part in query(
            release, f"select * from star.fct_adoption where {here} order by actor_type_code"
        ).iter_rows(named=True):
            yield _as_counted(part)
    added = f"select * from {_SUM} where {here} and relation = {literal(made['relation'])} and part_level <> 'actor_type' order by actor_type_code"
    for deeper in query(release, added).iter_rows(named=True):
        yield from _parts(release, deeper)


def _as_counted(part: Mapping[str, Any]) -> dict[str, Any]:
    """A row of `fct_adoption` as `_facts` takes rows: for its count and what it is counted among."""
    return {**part, "basis": "derived" if part["denominator_code"] else "published"}


def _published(
    config: Config, sources: Mapping[str, Source], fact: Mapping[str, Any], read: _Read
) -> Iterator[Step]:
    """The published rows a figure was read from, read again from bytes held against their hash."""
    source = sources.get(fact["source_name"])
    snapshot = next(
        (
            s
            for s in snapshots(config.raw, fact["source_name"])
            if s.taken_at == fact["snapshot_at"]
        ),
        None,
    )
    if source is None or snapshot is None:
        raise PllError(
            f"The snapshot the figure comes from is not held: {fact['source_name']}, {fact['snapshot_at']}",
            where=str(config.raw),
            do="bring it back from version control or a backup",
        )
    for reference in fact[ROW_REFERENCE].split("; "):
        yield _row_as_published(source, snapshot, reference, read)


def _row_as_published(source: Source, snapshot: Snapshot, reference: str, read: _Read) -> Step:
    where = f"{source.name}/{snapshot.name}"
    # a reference is file:place, behind the folder it was read from
    file = reference.removeprefix(f"{where}/").split(":")[0]
    place = f"{where}/{file}"
    if place not in read:
        read[place] = read_table(snapshot.read(file), source.read, where=place).frame
    as_read = read[place].filter(pl.col(ROW_REFERENCE) == reference)
    says = as_read.drop(ROW_REFERENCE).row(0, named=True) if as_read.height else {}
    sha256 = next(f.sha256 for f in snapshot.files if f.name == file)
    return Step(
        f"as published by {source.publisher}: {reference}",
        str(snapshot.folder / file),
        {**says, "taken at": snapshot.taken_at, "sha256": sha256, **_came(snapshot, file)},
    )


def _came(snapshot: Snapshot, file: str) -> dict[str, Any]:
    """Where the bytes came from, as far as their manifest says."""
    requests = snapshot.origin.get("requests", {})
    record = requests.get(file, {}) if isinstance(requests, Mapping) else {}
    address = record.get("url") or snapshot.origin.get("received_from")
    return {"came from": address} if address else {}
