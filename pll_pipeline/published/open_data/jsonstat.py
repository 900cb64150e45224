"""`adoption.json`: the shares of the adoption mart as JSON-stat 2.0.

A cube of measure, region, actor type and month. Only cells that are published, or made of published
ones, have a value; a suppressed cell has a status and no value. Kommuner are left out where more
than `MOST_CELLS` cells would have a value or a status, and the note says so.
Not here: counts and bounds (they are in the tables).
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from duckdb import DuckDBPyConnection

from pll_pipeline.published.draft import Draft
from pll_pipeline.published.release_info import SIMULATED, iso
from pll_pipeline.published.sql import Sql, quoted, statement

FILE_NAME = "adoption.json"
MOST_CELLS = 250_000
TABLES = (
    "mart_adoption_by_region_actor_month",
    "dim_measure",
    "dim_region",
    "dim_actor_type",
    "dim_month",
)
# Status or qualifier → the mark that statistics offices use, and its meaning. An exact, observed
# figure has no mark.
_MARKS = {
    "suppressed": (":", "skjermet"),
    "missing": ("..", "mangler"),
    "provisional": ("p", "foreløpig"),
    "estimate": ("e", "anslag"),
    "approx": ("~", "om lag"),
    "at_least": ("≥", "minst"),
    "at_most": ("≤", "høyst"),
}
_NOTE = "Andeler fra 0 til 1. En celle uten verdi er ikke publisert, aldri null."
_NOTE_ON_AREAS = "Kommunene står i tabellen mart_adoption_by_region_actor_month."

_ALL_LEVELS = Sql("<> ''")
_AREAS = Sql("in ('land', 'rhf', 'hf', 'sykehus', 'helsefellesskap', 'fylke')")
_SHARES = """
    create or replace temp table stat_share as
    select
        adoption.measure_code as measure,
        adoption.region_key as region,
        adoption.actor_type_code as actor_type,
        strftime(adoption.month, '%Y-%m') as month,
        round(adoption.adoption_share, 6) as share,
        case
            when adoption.status <> 'observed' then adoption.status
            when adoption.qualifier <> 'exact' then adoption.qualifier
        end as mark
    from release.marts.mart_adoption_by_region_actor_month as adoption
    inner join release.star.dim_measure as measure
        on adoption.measure_code = measure.measure_code and measure.unit = 'share'
    where
        adoption.region_level {levels}
        and (adoption.adoption_share is not null or adoption.status in ('suppressed', 'missing'))
"""
_MEMBERS = """
    create or replace temp table {members} as
    select code, row_number() over (order by code) - 1 as position
    from (select distinct {dimension} as code from stat_share)
"""
_LABELS = """
    select members.code, coalesce(labels.label, members.code)
    from {members} as members
    left join ({labels}) as labels (code, label) on members.code = labels.code
    order by members.position
"""
_CELLS = """
    select
        ((measures.position * {regions} + regions.position) * {actor_types} + actor_types.position)
            * {months} + months.position as position,
        stat_share.share,
        stat_share.mark
    from stat_share
    inner join stat_measure as measures on stat_share.measure = measures.code
    inner join stat_region as regions on stat_share.region = regions.code
    inner join stat_actor_type as actor_types on stat_share.actor_type = actor_types.code
    inner join stat_month as months on stat_share.month = months.code
    order by position
"""


@dataclass(frozen=True)
class _Dimension:
    """A dimension of the cube: its name, its Norwegian label, a query of all codes and labels."""

    name: str
    label: str
    labels: Sql


_DIMENSIONS = (
    _Dimension(
        "measure",
        "Mål",
        Sql("select measure_code, measure_name from release.star.dim_measure"),
    ),
    _Dimension(
        "region",
        "Region",
        Sql("select region_key, region_name from release.star.dim_region"),
    ),
    _Dimension(
        "actor_type",
        "Aktørtype",
        Sql("select actor_type_code, actor_type_name from release.star.dim_actor_type"),
    ),
    _Dimension(
        "month",
        "Måned",
        Sql(
            "select strftime(month, '%Y-%m'), strftime(month, '%Y-%m') from release.star.dim_month"
        ),
    ),
)


def write(draft: Draft) -> None:
    """Write the cube; one without cells where the release has no shares."""
    has_all_levels = _select_shares(draft.connection)
    content = json.dumps(_cube(draft, has_all_levels), ensure_ascii=False, separators=(",", ":"))
    (draft.folder / FILE_NAME).write_text(content, encoding="utf-8")


def _select_shares(connection: DuckDBPyConnection) -> bool:
    """Fill `stat_share` with the cells of the cube; whether all levels of regions are in it."""
    connection.execute(statement(_SHARES, levels=_ALL_LEVELS))
    ((cells,),) = connection.execute("select count(*) from stat_share").fetchall()
    if cells <= MOST_CELLS:
        return True
    connection.execute(statement(_SHARES, levels=_AREAS))
    return False


def _cube(draft: Draft, has_all_levels: bool) -> dict[str, Any]:
    """The shares as a JSON-stat 2.0 dataset."""
    info = draft.info
    dimensions = {d.name: _dimension(draft.connection, d) for d in _DIMENSIONS}
    sizes = {name: len(d["category"]["index"]) for name, d in dimensions.items()}
    values, marks = _cells(draft.connection, sizes)
    notes = [_NOTE] if has_all_levels else [_NOTE, _NOTE_ON_AREAS]
    return {
        "version": "2.0",
        "class": "dataset",
        "label": info.title.nb,
        "source": "; ".join(dict.fromkeys(s["publisher"] for s in info.inputs.sources)),
        "updated": iso(info.built_at),
        "note": [SIMULATED, *notes] if info.inputs.is_simulated else notes,
        "id": list(dimensions),
        "size": list(sizes.values()),
        "role": {"time": ["month"], "geo": ["region"], "metric": ["measure"]},
        "dimension": dimensions,
        "value": values,
        "status": marks,
        "extension": {
            "release_id": info.release_id,
            "is_simulated": info.inputs.is_simulated,
            "status_label": dict(
                sorted((sign, text) for sign, text in _MARKS.values() if sign in marks.values())
            ),
        },
    }


def _dimension(connection: DuckDBPyConnection, dimension: _Dimension) -> dict[str, Any]:
    """The members that have a cell, by code; fills the table of their positions."""
    members = quoted(f"stat_{dimension.name}")
    connection.execute(statement(_MEMBERS, members=members, dimension=quoted(dimension.name)))
    rows = connection.execute(
        statement(_LABELS, members=members, labels=dimension.labels)
    ).fetchall()
    category = {"index": [code for code, _ in rows], "label": dict(rows)}
    return {"label": dimension.label, "category": category}


def _cells(
    connection: DuckDBPyConnection, sizes: dict[str, int]
) -> tuple[dict[str, float], dict[str, str]]:
    """The shares and the marks of cells by position, counted with the last dimension fastest."""
    rows = connection.execute(
        statement(
            _CELLS,
            regions=sizes["region"],
            actor_types=sizes["actor_type"],
            months=sizes["month"],
        )
    ).fetchall()
    values = {str(position): share for position, share, _ in rows if share is not None}
    marks = {str(position): _MARKS[mark][0] for position, _, mark in rows if mark}
    return values, marks
