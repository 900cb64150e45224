"""What a row of a public table was made of: the rows one step before it, down to published rows.

A row that names its own place in a snapshot (`row_reference`) is a published row. Any other is
traced by the kind of its table. Of a row that sums up many cells, as coverage does, the first
`MOST_CELLS` are enough. Not here: published rows and their bytes (`explanation.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Protocol

import polars as pl

from pll_pipeline.vocabulary.columns import READINESS_MEASURES

FACT = "star.fct_observation"
REVISION = "star.fct_observation_revision"
SUM = "star.fct_adoption_sum"
MILESTONE = "star.fct_milestone"
MOST_CELLS = 20

_MONTH = "star.fct_adoption_month"
_ADOPTION = "star.fct_adoption"
_ELIGIBLE = "star.fct_eligible"
_PARTS = "star.dim_region_part"
_REGION = "star.dim_region"
_QUARANTINE = "star.fct_quarantine"
_OF_A_FIGURE = ("measure_code", "region_key", "actor_type_code")
_PERIOD = ("period_start", "period_end", "period_grain")
_OF_AN_AREA = ("service_code", "region_key", "actor_type_code")
_WIDER = ("helsefellesskap_key", "hf_key", "fylke_key", "rhf_key")

Row = Mapping[str, Any]


class Tables(Protocol):
    """The tables of a release."""

    def rows(self, table: str, key: Row) -> pl.DataFrame:
        """The rows of a table that have these values; None and "" are null."""
        ...


@dataclass(frozen=True)
class Origin:
    """A row that another was made of. Of a part only the published row matters."""

    table: str
    row: Row
    is_part: bool = False


def origins(tables: Tables, table: str, row: Row) -> Iterator[Origin]:
    """The rows that a row was made of, each before its own origins; none for a published row."""
    if row.get("row_reference") is None or table in _BESIDE_ITS_OWN_ROW:
        trace = _BY_TABLE.get(table.rsplit(".", 1)[-1], _of_adoption)
        yield from trace(tables, row)


# --- adoption ---------------------------------------------------------------------------------


def _of_adoption(tables: Tables, row: Row) -> Iterator[Origin]:
    """The figures of a row, also those of the region of its month; for a sum, its parts."""
    for adoption in (row, *_of_the_region_then(row)):
        yield from _facts(tables, adoption)
        yield from _sums(tables, adoption)


def _of_the_region_then(row: Row) -> Iterator[Row]:
    """For a row on the regions of today: the row on the region of its month."""
    then = row.get("region_of_month_key")
    if then and then != row["region_key"]:
        yield {**row, "region_key": then}


def _facts(tables: Tables, row: Row) -> Iterator[Origin]:
    """The figures of a row: its own, and for a share those of its numerator and denominator."""
    if not all(column in row for column in _OF_A_FIGURE):
        return
    cell = _part_of(row, _OF_A_FIGURE)
    when = (*_PERIOD, "source_name") if "period_end" in row else ("month",)
    cell |= _part_of(row, when)
    yield from _all(FACT, tables.rows(FACT, cell))
    if row.get("basis") == "derived":
        measure = tables.rows("star.dim_measure", _part_of(row, ("measure_code",)))
        codes = measure.row(0, named=True)
        yield from _all(FACT, tables.rows(FACT, cell | {"measure_code": codes["numerator_code"]}))
        yield from _denominator(tables, row, codes["denominator_code"])


def _denominator(tables: Tables, row: Row, denominator_code: str) -> Iterator[Origin]:
    """The figure that was the denominator: of the actor type, else of all."""
    cell = _part_of(row, ("region_key", "month")) | {"measure_code": denominator_code}
    for actor_type_code in (row["actor_type_code"], "alle"):
        eligible = tables.rows(_ELIGIBLE, cell | {"actor_type_code": actor_type_code})
        if eligible.height:
            first = eligible.row(0, named=True)
            key = _part_of(first, (*_OF_A_FIGURE, "period_start", "period_end", "source_name"))
            yield from _all(FACT, tables.rows(FACT, key))
            return


def _sums(tables: Tables, row: Row) -> Iterator[Origin]:
    """The sum that a row is, and its parts."""
    if row.get("basis") != "aggregated":
        return
    is_recoded = "region_of_month_key" in row and not row["region_of_month_key"]
    relation = {"relation": "reform" if is_recoded else "level"}
    key = _part_of(row, (*_OF_A_FIGURE, "month")) | relation
    for total in tables.rows(SUM, key).iter_rows(named=True):
        yield Origin(SUM, total)
        yield from _of_sum(tables, total)


def _of_sum(tables: Tables, total: Row) -> Iterator[Origin]:
    """The published rows of the parts of a sum; of actor types, those of their regions."""
    for part in _parts(tables, total):
        # a row of `fct_adoption` is taken for its count and its denominator
        basis = "derived" if part["denominator_code"] else "published"
        for fact in _facts(tables, {**part, "basis": basis}):
            yield Origin(fact.table, fact.row, is_part=True)


def _parts(tables: Tables, total: Row) -> Iterator[Row]:
    cell = _part_of(total, ("measure_code", "month"))
    if total["part_level"] != "actor_type":
        same_type = cell | _part_of(total, ("actor_type_code",))
        adoption = tables.rows(_ADOPTION, same_type).sort("region_key")
        keys = _region_parts(tables, total)
        yield from adoption.filter(pl.col("region_key").is_in(keys)).iter_rows(named=True)
        return
    region = cell | _part_of(total, ("region_key",))
    is_part = pl.col("actor_type_code") != "alle"
    if total["relation"] == "level":
        adoption = tables.rows(_ADOPTION, region).filter(is_part).sort("actor_type_code")
        yield from adoption.iter_rows(named=True)
    sums = tables.rows(SUM, region | _part_of(total, ("relation",)))
    of_regions = sums.filter(is_part, pl.col("part_level") != "actor_type")
    for deeper in of_regions.sort("actor_type_code").iter_rows(named=True):
        yield from _parts(tables, deeper)


def _region_parts(tables: Tables, total: Row) -> list[str]:
    """The regions that a region consisted of in the month of the sum."""
    key = {"whole_key": total["region_key"]} | _part_of(total, ("part_level", "relation"))
    month = pl.lit(total["month"])
    valid = tables.rows(_PARTS, key).filter(
        (pl.col("valid_from") <= month).fill_null(True),
        (month < pl.col("valid_to")).fill_null(True),
    )
    return valid["part_key"].to_list()


# --- revisions, targets, forecasts ------------------------------------------------------------


def _of_change(tables: Tables, row: Row) -> Iterator[Origin]:
    """A changed figure as it was before and after; of a withdrawal, as it was."""
    key = _part_of(row, (*_OF_A_FIGURE, *_PERIOD, "source_name"))
    number = row["revision_number"]
    is_correction = row["change_kind"] == "correction"
    for wanted in [number - 1, number] if is_correction else [number]:
        yield from _all(REVISION, tables.rows(REVISION, key | {"revision_number": wanted}))


def _of_target(tables: Tables, row: Row) -> Iterator[Origin]:
    """The newest figure that a target is compared with."""
    if row["newest_period_end"] is None:
        return
    cell = _part_of(row, _OF_A_FIGURE)
    if row["newest_basis"] == "published":
        figures = tables.rows(FACT, cell | {"period_end": row["newest_period_end"]})
        newest = figures.filter(pl.col("value") == row["newest_value"]).sort("snapshot_at")
        yield from _all(FACT, newest.tail(1))
    else:
        month = row["newest_period_end"].replace(day=1)
        yield from _of_months(tables, tables.rows(_MONTH, cell | {"month": month}))


def _of_forecast(tables: Tables, row: Row) -> Iterator[Origin]:
    """The newest share of the series, or without one its newest month with bounds."""
    series = tables.rows(_MONTH, _part_of(row, _OF_A_FIGURE)).sort("month")
    known = series.filter(pl.col("month") == pl.lit(row["last_observed_month"]))
    yield from _of_months(tables, known if known.height else series.tail(1))


def _of_months(tables: Tables, months: pl.DataFrame) -> Iterator[Origin]:
    """Rows of adoption per month, each before its own origins."""
    for month in months.iter_rows(named=True):
        yield Origin(_MONTH, month)
        yield from _of_adoption(tables, month)


# --- areas, many cells ------------------------------------------------------------------------


def _of_rollout(tables: Tables, row: Row) -> Iterator[Origin]:
    """The plan, the report and the share that an area's phases come from."""
    stated = tables.rows(MILESTONE, _part_of(row, ("service_code",))).filter(
        pl.coalesce("starts_on", "ends_on") < _month_after(row["month"])
    )
    if row["planned_phase"]:
        plans = stated.filter(statement="planned", phase=row["planned_phase"])
        yield from _nearest(plans, _wider_regions(tables, row), _wider_actor_types(tables, row))
    if row["reported_phase"]:
        reports = stated.filter(statement="reported", phase=row["reported_phase"])
        yield from _nearest(reports, [row["region_key"]], [row["actor_type_code"]])
    if row["observed_basis"] == "figure":
        yield from _of_months(tables, _shown(tables, row))


def _nearest(stated: pl.DataFrame, regions: list[str], actor_types: list[str]) -> Iterator[Origin]:
    """The newest statement about the first of the regions that has one."""
    for region in regions:
        for actor_type in actor_types:
            here = stated.filter(region_key=region, actor_type_code=actor_type)
            if here.height:
                newest = here.sort(pl.coalesce("starts_on", "ends_on"), "row_reference")
                yield from _all(MILESTONE, newest.tail(1))
                return


def _wider_regions(tables: Tables, row: Row) -> list[str]:
    """The region of a row and those it lies in, the nearest first, each with its groups."""
    region = tables.rows(_REGION, _part_of(row, ("region_key",))).row(0, named=True)
    keys = [row["region_key"], *(region[column] for column in _WIDER), "land:NO"]
    wider: list[str] = []
    for key in filter(None, keys):
        groups = tables.rows("star.bridge_region_group", {"part_key": key})
        wider += [key, *groups.sort("region_key")["region_key"].to_list()]
    return wider


def _wider_actor_types(tables: Tables, row: Row) -> list[str]:
    """The actor type of a row and those it belongs to, the nearest first."""
    code = row["actor_type_code"]
    combined = tables.rows("star.bridge_actor_type_combination", {"part_code": code})
    itself = tables.rows("star.dim_actor_type", {"actor_type_code": code})
    parents = itself["parent_code"].drop_nulls().to_list()
    return [code, *combined["actor_type_code"].to_list(), *parents, "alle"]


def _shown(tables: Tables, row: Row) -> pl.DataFrame:
    """The month of adoption whose share shows the phase: the row's, else the newest before it."""
    of_service = _part_of(row, ("service_code",)) | {"unit": "share", "time_kind": "stock"}
    measures = tables.rows("star.dim_measure", of_service)["measure_code"]
    months = tables.rows(_MONTH, _part_of(row, ("region_key", "actor_type_code"))).filter(
        pl.col("measure_code").is_in(measures.to_list()),
        pl.coalesce("adoption_share", "share_lower").is_not_null(),
        pl.col("month") <= row["month"],
    )
    if row["observed_share"] is not None:
        months = months.filter(
            pl.col("month") == row["month"],
            pl.coalesce("adoption_share", "share_lower") == row["observed_share"],
        )
    return months.sort("month", "measure_code").tail(1)


def _of_coverage(tables: Tables, row: Row) -> Iterator[Origin]:
    """The first figures and quarantined rows of a source, a service and a month."""
    measures = tables.rows("star.dim_measure", _part_of(row, ("service_code",)))["measure_code"]
    figures = tables.rows(FACT, _part_of(row, ("source_name",))).filter(
        pl.col("measure_code").is_in(measures.to_list()), _ends_in(row["month"])
    )
    key = _part_of(row, ("source_name", "service_code", "month"))
    for table, cells in ((FACT, figures), (_QUARANTINE, tables.rows(_QUARANTINE, key))):
        for cell in cells.sort("row_reference").head(MOST_CELLS).iter_rows(named=True):
            yield Origin(table, cell, is_part=True)


def _of_spread(tables: Tables, row: Row) -> Iterator[Origin]:
    """The first regions of a level in a month."""
    regions = tables.rows(_REGION, _part_of(row, ("region_level",)))["region_key"].to_list()
    months = tables.rows(_MONTH, _part_of(row, ("measure_code", "actor_type_code", "month")))
    of_level = months.filter(pl.col("region_key").is_in(regions)).sort("region_key")
    for month in of_level.head(MOST_CELLS).iter_rows(named=True):
        for origin in _of_adoption(tables, month):
            yield Origin(origin.table, origin.row, is_part=True)


def _of_whole(tables: Tables, row: Row) -> Iterator[Origin]:
    """A published whole, and the published parts of the level it is compared with."""
    yield from _facts(tables, row)
    total = {**row, "relation": "level", "month": row["period_end"].replace(day=1)}
    keys = _region_parts(tables, total)
    cell = _part_of(row, ("measure_code", "actor_type_code", *_PERIOD))
    parts = tables.rows(FACT, cell).filter(pl.col("region_key").is_in(keys)).sort("region_key")
    for part in parts.iter_rows(named=True):
        yield Origin(FACT, part, is_part=True)


def _of_readiness(tables: Tables, row: Row) -> Iterator[Origin]:
    """The figures an area has on their days, or those of the kommuner they are the sum of."""
    for prefix, measure in READINESS_MEASURES.items():
        day = row[f"{prefix}_as_of"]
        if day is None:
            continue
        key = {"measure_code": measure, "period_end": day}
        if row[f"{prefix}_part_count"] is None:
            yield from _all(FACT, tables.rows(FACT, key | {"region_key": row["region_key"]}))
            continue
        total = {**row, "relation": "level", "part_level": "kommune", "month": day}
        keys = _region_parts(tables, total)
        parts = tables.rows(FACT, key).filter(pl.col("region_key").is_in(keys))
        for part in parts.sort("region_key").iter_rows(named=True):
            yield Origin(FACT, part, is_part=True)


# --- helpers ----------------------------------------------------------------------------------


def _all(table: str, rows: pl.DataFrame) -> Iterable[Origin]:
    return [Origin(table, row) for row in rows.iter_rows(named=True)]


def _part_of(row: Row, columns: Iterable[str]) -> dict[str, Any]:
    return {column: row[column] for column in columns if column in row}


def _ends_in(month: date | None) -> pl.Expr:
    if month is None:
        return pl.col("period_end").is_null()
    return pl.col("period_end").is_between(month, _month_after(month), closed="left")


def _month_after(month: date) -> date:
    return date(month.year + month.month // 12, month.month % 12 + 1, 1)


# Published rows that are compared with something else too.
_BESIDE_ITS_OWN_ROW = ("marts.mart_target_status", "mart_target_status")
_BY_TABLE: dict[str, Callable[[Tables, Row], Iterator[Origin]]] = {
    "fct_adoption_sum": _of_sum,
    "fct_adoption_forecast": _of_forecast,
    "mart_adoption_forecast": _of_forecast,
    "mart_revisions": _of_change,
    "mart_target_status": _of_target,
    "mart_rollout_by_area_month": _of_rollout,
    "mart_coverage_by_source_month": _of_coverage,
    "mart_spread_by_measure_month": _of_spread,
    "mart_reconciliation": _of_whole,
    "mart_readiness_by_area": _of_readiness,
}
