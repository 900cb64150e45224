"""One figure traced back to its bytes: table → facts → snapshot → the row as published.

Not here: printing (`console.py`), what a table means (dbt's descriptions).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import polars as pl

from pll_pipeline.config import Config
from pll_pipeline.errors import PllError
from pll_pipeline.published.query import query
from pll_pipeline.published.releases import Release
from pll_pipeline.published.sql import Sql, listed, literal, quoted, statement
from pll_pipeline.raw.archive import Snapshot, snapshots
from pll_pipeline.sources.model import Source
from pll_pipeline.validated.readers import ROW_REFERENCE, read_table

_FACT = "star.fct_observation"
_ADOPTION = "star.fct_adoption"
_SUM = "star.fct_adoption_sum"
_ELIGIBLE = "star.fct_eligible"
_PARTS = "star.dim_region_part"
_OF_A_FIGURE = ("measure_code", "region_key", "actor_type_code")
_WHEN = ("period_start", "period_end", "period_grain", "source_name")
_OF_A_DENOMINATOR = (*_OF_A_FIGURE, "period_start", "period_end", "source_name")

Row = Mapping[str, Any]


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

    `key` is column → text and must point at exactly one row. Raises `PllError` when it does not,
    when the row comes from no published figure, or when the bytes are no longer those that were
    read.
    """
    trace = _Trace(config, release, sources)
    row = _the_row(trace, table, key)
    steps = [trace.step(table, row)]
    for adoption in (row, *_of_the_region_then(row)):
        for fact in _facts(trace, adoption):
            steps += [trace.step(_FACT, fact), *_published(trace, fact)]
        for total, parts in _sums(trace, adoption):
            steps.append(trace.step(_SUM, total))
            # of a part the published rows are enough; there may be hundreds
            steps += [step for part in parts for step in _steps_of_part(trace, part)]
    if len(steps) == 1:
        raise PllError(
            f"This row of {table} comes from no published figure",
            where=f"release {release.id}",
            do="explain a row of a table of figures",
        )
    return steps


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


def _of_the_region_then(row: Row) -> Iterator[Row]:
    """For a row on the regions of today: the row on the region of its month."""
    then = row.get("region_of_month_key")
    if then and then != row["region_key"]:
        yield {**row, "region_key": then}


# --- figures ----------------------------------------------------------------------------------


def _facts(trace: _Trace, row: Row) -> Iterator[Row]:
    """The figures of a row: its own, and for a share those of its numerator and denominator."""
    if not all(column in row for column in _OF_A_FIGURE):
        return
    cell = {column: row[column] for column in _OF_A_FIGURE}
    when = _WHEN if "period_end" in row else ("month",)
    cell |= {column: row[column] for column in when if column in row}
    yield from trace.rows(_FACT, cell).iter_rows(named=True)
    if row.get("basis") == "derived":
        code = {"measure_code": row["measure_code"]}
        measure = trace.rows("star.dim_measure", code).row(0, named=True)
        numerator = {"measure_code": measure["numerator_code"]}
        yield from trace.rows(_FACT, cell | numerator).iter_rows(named=True)
        yield from _denominator(trace, row, measure["denominator_code"])


def _denominator(trace: _Trace, row: Row, denominator_code: str) -> Iterator[Row]:
    """The figure that was the denominator: of the actor type, else of all."""
    cell = {
        "measure_code": denominator_code,
        "region_key": row["region_key"],
        "month": row["month"],
    }
    for actor_type_code in (row["actor_type_code"], "alle"):
        eligible = trace.rows(_ELIGIBLE, cell | {"actor_type_code": actor_type_code})
        if eligible.height:
            first = eligible.row(0, named=True)
            key = {column: first[column] for column in _OF_A_DENOMINATOR}
            yield from trace.rows(_FACT, key).iter_rows(named=True)
            return


# --- sums -------------------------------------------------------------------------------------


def _sums(trace: _Trace, row: Row) -> Iterator[tuple[Row, list[Row]]]:
    """The sum that a row is, and its parts: rows of `fct_adoption`.

    The parts of a sum of actor types are those of their regions.
    """
    if row.get("basis") != "aggregated":
        return
    key = {column: row[column] for column in (*_OF_A_FIGURE, "month")}
    is_recoded = "region_of_month_key" in row and not row["region_of_month_key"]
    key["relation"] = "reform" if is_recoded else "level"
    for total in trace.rows(_SUM, key).iter_rows(named=True):
        yield total, list(_parts(trace, total))


def _parts(trace: _Trace, total: Row) -> Iterator[Row]:
    cell = {"measure_code": total["measure_code"], "month": total["month"]}
    if total["part_level"] != "actor_type":
        same_type = cell | {"actor_type_code": total["actor_type_code"]}
        adoption = trace.rows(_ADOPTION, same_type).sort("region_key")
        keys = _region_parts(trace, total)
        yield from map(_as_counted, adoption.filter(_is_one_of("region_key", keys)).to_dicts())
        return
    region = cell | {"region_key": total["region_key"]}
    is_part = pl.col("actor_type_code") != "alle"
    if total["relation"] == "level":
        adoption = trace.rows(_ADOPTION, region).filter(is_part).sort("actor_type_code")
        yield from map(_as_counted, adoption.to_dicts())
    sums = trace.rows(_SUM, region | {"relation": total["relation"]})
    of_regions = sums.filter(is_part, pl.col("part_level") != "actor_type")
    for deeper in of_regions.sort("actor_type_code").to_dicts():
        yield from _parts(trace, deeper)


def _region_parts(trace: _Trace, total: Row) -> list[str]:
    """The regions that a region consisted of in the month of the sum."""
    key = {"whole_key": total["region_key"]}
    key |= {column: total[column] for column in ("part_level", "relation")}
    month = pl.lit(total["month"])
    valid = trace.rows(_PARTS, key).filter(
        (pl.col("valid_from") <= month).fill_null(True),
        (month < pl.col("valid_to")).fill_null(True),
    )
    return valid["part_key"].to_list()


def _is_one_of(column: str, keys: list[str]) -> pl.Expr:
    return pl.col(column).is_in(keys)


def _as_counted(part: Row) -> Row:
    """A row of `fct_adoption` as `_facts` takes rows: for its count and its denominator."""
    return {**part, "basis": "derived" if part["denominator_code"] else "published"}


def _steps_of_part(trace: _Trace, part: Row) -> Iterator[Step]:
    for fact in _facts(trace, part):
        for step in _published(trace, fact):
            what = f"part {part['region_key']}, {part['actor_type_code']}, {step.what}"
            yield Step(what, step.where, step.says)


# --- bytes ------------------------------------------------------------------------------------


def _published(trace: _Trace, fact: Row) -> Iterator[Step]:
    """The published rows of a figure, read again from bytes that still have their hash."""
    name, taken_at = fact["source_name"], fact["snapshot_at"]
    source = trace.sources.get(name)
    of_source = snapshots(trace.config.raw, name)
    snapshot = next((s for s in of_source if s.taken_at == taken_at), None)
    if source is None or snapshot is None:
        raise PllError(
            f"The snapshot the figure comes from is not here: {name}, {taken_at}",
            where=str(trace.config.raw),
            do="bring it back from version control or a backup",
        )
    for reference in fact[ROW_REFERENCE].split("; "):
        yield _row_as_published(trace, source, snapshot, reference)


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
