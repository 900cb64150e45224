"""`adoption.json`: the shares of the adoption mart as JSON-stat 2.0, a cube of measure, region, actor type and month.

Only cells somebody published or that were made of published ones have a value; a suppressed cell has a status and no value.
Kommuner are left out where the cube would hold more than `MOST_CELLS` told cells, and the note says so.
Not here: counts and bounds (they are in the tables).
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from duckdb import DuckDBPyConnection

from pll_pipeline.published.duckdb import Table
from pll_pipeline.published.release_info import SIMULATED, TITLE, ReleaseInfo, iso

FILE_NAME = "adoption.json"
MOST_CELLS = 250_000
NEEDED = frozenset(
    {"mart_adoption_by_region_actor_month", "dim_measure", "dim_region", "dim_actor_type"}
)
# as statistics offices mark cells; a plain figure has no mark
_STATUS = {
    "suppressed": ":",
    "missing": "..",
    "provisional": "p",
    "estimate": "e",
    "approx": "~",
    "at_least": "≥",
    "at_most": "≤",
}
_LABELS = {
    ":": "skjermet",
    "..": "mangler",
    "p": "foreløpig",
    "e": "anslag",
    "~": "om lag",
    "≥": "minst",
    "≤": "høyst",
}
_SHARES = """
    from release.marts.mart_adoption_by_region_actor_month as told
    inner join release.star.dim_measure as measure on told.measure_code = measure.measure_code and measure.unit = 'share'
    where told.region_level {levels} and (told.adoption_share is not null or told.status in ('suppressed', 'missing'))
"""
_ALL_LEVELS = "<> ''"
_AREAS = "in ('land', 'rhf', 'hf', 'sykehus', 'helsefellesskap', 'fylke')"


def write(
    folder: Path, connection: DuckDBPyConnection, tables: tuple[Table, ...], imprint: ReleaseInfo
) -> None:
    """Write the cube; nothing where the release has no shares."""
    if not {table.name for table in tables} >= NEEDED:
        return
    (told,) = connection.execute(
        f"select count(*) {_SHARES.format(levels=_ALL_LEVELS)}"
    ).fetchall()[0]
    levels = _ALL_LEVELS if told <= MOST_CELLS else _AREAS
    (folder / FILE_NAME).write_text(
        json.dumps(cube(connection, imprint, levels), ensure_ascii=False, separators=(",", ":")),
        encoding="utf-8",
    )


def cube(connection: DuckDBPyConnection, imprint: ReleaseInfo, levels: str) -> dict[str, Any]:
    """The shares as a JSON-stat 2.0 dataset."""
    shares = _SHARES.format(levels=levels)
    names = {
        "measure": (
            "Mål",
            "measure_code",
            "select measure_code, measure_name from release.star.dim_measure",
        ),
        "region": (
            "Region",
            "region_key",
            "select region_key, coalesce(region_name, region_key) from release.star.dim_region",
        ),
        "actor_type": (
            "Aktørtype",
            "actor_type_code",
            "select actor_type_code, actor_type_name from release.star.dim_actor_type",
        ),
        "month": (
            "Måned",
            "month",
            "select strftime(month, '%Y-%m'), strftime(month, '%Y-%m') from release.star.dim_month",
        ),
    }
    dimensions: dict[str, Any] = {}
    sizes = []
    for name, (label, column, members) in names.items():
        code = f"strftime(told.{column}, '%Y-%m')" if name == "month" else f"told.{column}"
        connection.execute(
            f"create or replace temp table stat_{name} as select code, row_number() over (order by code) - 1 as place from (select distinct {code} as code {shares})"
        )
        told = connection.execute(
            f"select stat.code, known.label from stat_{name} as stat left join ({members}) as known(code, label) on stat.code = known.code order by stat.place"
        ).fetchall()
        dimensions[name] = {
            "label": label,
            "category": {
                "index": [code for code, _ in told],
                "label": {code: text or code for code, text in told},
            },
        }
        sizes.append(len(told))
    place = f"((m.place * {sizes[1]} + r.place) * {sizes[2]} + a.place) * {sizes[3]} + t.place"
    rows = connection.execute(
        f"""
        select {place} as place, round(told.adoption_share, 6) as share,
            case when told.status <> 'observed' then told.status when told.qualifier <> 'exact' then told.qualifier end as mark
        from (select told.* {shares}) as told
        inner join stat_measure as m on told.measure_code = m.code
        inner join stat_region as r on told.region_key = r.code
        inner join stat_actor_type as a on told.actor_type_code = a.code
        inner join stat_month as t on strftime(told.month, '%Y-%m') = t.code
        order by place
        """
    ).fetchall()
    marks = {str(place): _STATUS[mark] for place, _, mark in rows if mark}
    note = ["Andeler fra 0 til 1. En celle uten verdi er ikke publisert, aldri null."]
    if levels != _ALL_LEVELS:
        note.append("Kommunene står i tabellen mart_adoption_by_region_actor_month.")
    simulated = imprint.inputs.is_simulated
    return {
        "version": "2.0",
        "class": "dataset",
        "label": f"Simulert: {TITLE}" if simulated else TITLE,
        "source": "; ".join(dict.fromkeys(s["publisher"] for s in imprint.inputs.sources)),
        "updated": iso(imprint.built_at),
        "note": [SIMULATED, *note] if simulated else note,
        "id": list(names),
        "size": sizes,
        "role": {"time": ["month"], "geo": ["region"], "metric": ["measure"]},
        "dimension": dimensions,
        "value": {str(place): share for place, share, _ in rows if share is not None},
        "status": marks,
        "extension": {
            "release_id": imprint.release_id,
            "is_simulated": simulated,
            "status_label": {mark: _LABELS[mark] for mark in sorted(set(marks.values()))},
        },
    }
