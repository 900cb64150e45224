"""A simulated plan for the simulated world: when each helsefellesskap should be in which phase.

The plan is the planner's, not the world's: one pace for all, a new helsefellesskap every other
month, so that some are ahead of it and some behind. Not here: what happens in the world
(`adoption.py`), what a real plan says (`rollout_facts`).
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from datetime import date

import polars as pl

from pll_pipeline.simulation.adoption import PRIORITISED
from pll_pipeline.simulation.exchange import Publication
from pll_pipeline.simulation.publications import LEVELS, document

MILESTONES = ("Tjeneste", "Nivå", "Regionnummer", "Region", "Aktørtype", "Fase", "Fra")
TARGETS = ("Tjeneste", "Aktørtype", "Frist", "Andel i bruk")
_MONTHS_TO_INTRODUCTION, _MONTHS_TO_OPERATION, _MONTHS_BETWEEN_AREAS = 9, 45, 2
# Shares and years of the published plan for pasientens legemiddelliste; one for SFM, on which that
# list depends.
_SHARES = {"pll": (("2026-06", 25), ("2027", 50), ("2029", 80)), "sfm": (("2027-12", 80),)}


def milestones(cells: pl.DataFrame) -> Publication:
    """The plan as a CSV: one row per service, area, actor type and phase, with its first month."""
    return _delimited(MILESTONES, _milestones(cells))


def targets(cells: pl.DataFrame) -> Publication:
    """The shares to reach in the country as a CSV.

    One row per service, prioritised actor type and due date.
    """
    counted = set(cells.select("service_code", "actor_type_code").unique().iter_rows())
    return _delimited(
        TARGETS,
        [
            (service, actor_type, due, share)
            for service, shares in _SHARES.items()
            for actor_type in PRIORITISED
            if (service, actor_type) in counted
            for due, share in shares
        ],
    )


def _milestones(cells: pl.DataFrame) -> Iterator[tuple[object, ...]]:
    """Trial and introduction in the country, then introduction and operation area by area."""
    areas = (
        cells.filter(pl.col("region_level") == "helsefellesskap")
        .select("region_code", "region_name")
        .unique()
        .sort("region_code")
        .rows()
    )
    for service, actor_type, *country, start in _country_starts(cells).iter_rows():
        in_country = (service, LEVELS["land"], *country, actor_type)
        yield (*in_country, "utproving", _months_later(start, 0))
        yield (*in_country, "innforing", _months_later(start, _MONTHS_TO_INTRODUCTION))
        for position, area in enumerate(areas):
            in_area = (service, LEVELS["helsefellesskap"], *area, actor_type)
            introduced = _MONTHS_TO_INTRODUCTION + _MONTHS_BETWEEN_AREAS * position
            in_operation = introduced + _MONTHS_TO_OPERATION
            yield (*in_area, "innforing", _months_later(start, introduced))
            yield (*in_area, "i_drift", _months_later(start, in_operation))


def _country_starts(cells: pl.DataFrame) -> pl.DataFrame:
    """One row per service and actor type: code and name of the country, first month in use."""
    return (
        cells.filter((pl.col("region_level") == "land") & (pl.col("in_use_count") > 0))
        .group_by("service_code", "actor_type_code", "region_code", "region_name")
        .agg(pl.col("month").min())
        .sort("service_code", "actor_type_code")
    )


def _months_later(month: date, months: int) -> str:
    number = month.year * 12 + month.month - 1 + months
    return f"{number // 12}-{number % 12 + 1:02}"


def _delimited(header: tuple[str, ...], rows: Iterable[tuple[object, ...]]) -> Publication:
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=";", lineterminator="\r\n")
    writer.writerow(header)
    writer.writerows(rows)
    return document(text.getvalue().encode(), "text/csv; charset=utf-8")
