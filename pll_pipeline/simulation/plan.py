"""A simulated plan for the simulated world: when each helsefellesskap should be in which phase, and shares to reach.

The plan is the planner's, not the world's: one pace for all, a new helsefellesskap every other month, so that some are ahead
of it and some behind. Not here: what the world is like (`adoption.py`), what a real plan says (`rollout_facts`).
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import date

import polars as pl

from pll_pipeline.simulation.adoption import PRIORITISED
from pll_pipeline.simulation.exchange import Publication
from pll_pipeline.simulation.publications import LEVELS, document

MILESTONES = ("Tjeneste", "Nivå", "Regionnummer", "Region", "Aktørtype", "Fase", "Fra")
TARGETS = ("Tjeneste", "Aktørtype", "Frist", "Andel i bruk")
_INTRODUCED_AFTER, _IN_OPERATION_AFTER, _BETWEEN_AREAS = 9, 45, 2  # months
# The shares and years of the published plan for pasientens legemiddelliste; one for SFM, which it stands on.
_SHARES = {"pll": (("2026-06", 25), ("2027", 50), ("2029", 80)), "sfm": (("2027-12", 80),)}


def milestones(cells: pl.DataFrame) -> Publication:
    """The plan as a CSV: one row per service, area, actor type and phase, from the month it is to begin."""
    return _delimited(MILESTONES, _milestones(cells))


def targets(cells: pl.DataFrame) -> Publication:
    """The shares to reach in the country as a CSV: one row per service, prioritised actor type and due date."""
    counted = set(cells.select("service_code", "actor_type_code").unique().iter_rows())
    return _delimited(
        TARGETS,
        [
            (service, actor, due, share)
            for service, shares in _SHARES.items()
            for actor in PRIORITISED
            if (service, actor) in counted
            for due, share in shares
        ],
    )


def _milestones(cells: pl.DataFrame) -> Iterator[tuple[object, ...]]:
    begun = (
        cells.filter((pl.col("region_level") == "land") & (pl.col("in_use_count") > 0))
        .group_by("service_code", "actor_type_code", "region_level", "region_code", "region_name")
        .agg(pl.col("month").min())
        .sort("service_code", "actor_type_code")
    )
    areas = (
        cells.filter(pl.col("region_level") == "helsefellesskap")
        .select("region_code", "region_name")
        .unique()
        .sort("region_code")
        .rows()
    )
    for service, actor, level, code, name, month in begun.iter_rows():
        yield service, LEVELS[level], code, name, actor, "utproving", _later(month, 0)
        yield (
            service,
            LEVELS[level],
            code,
            name,
            actor,
            "innforing",
            _later(month, _INTRODUCED_AFTER),
        )
        for place, (area_code, area_name) in enumerate(areas):
            introduced = _INTRODUCED_AFTER + _BETWEEN_AREAS * place
            for phase, after in (
                ("innforing", introduced),
                ("i_drift", introduced + _IN_OPERATION_AFTER),
            ):
                yield (
                    service,
                    LEVELS["helsefellesskap"],
                    area_code,
                    area_name,
                    actor,
                    phase,
                    _later(month, after),
                )


def _later(month: date, months: int) -> str:
    number = month.year * 12 + month.month - 1 + months
    return f"{number // 12}-{number % 12 + 1:02}"


def _delimited(
    head: tuple[str, ...], rows: Iterator[tuple[object, ...]] | list[tuple[object, ...]]
) -> Publication:
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=";", lineterminator="\r\n")
    writer.writerow(head)
    writer.writerows(rows)
    return document(text.getvalue().encode(), "text/csv; charset=utf-8")
