"""Two editions of the simulated figures, so that the second night has something to compare.

The first lacks the newest month. Between the editions the publisher corrects a figure, adds one
that was late, and withdraws one, as publishers do. Not here: the figures (`adoption.py`), how they
are published (`publications.py`).
"""

from __future__ import annotations

from datetime import date
from pathlib import Path

import polars as pl

from pll_pipeline.simulation.country import seed

_LEAST_TO_CORRECT = 10


def first_edition(cells: pl.DataFrame, seeds: Path) -> pl.DataFrame:
    """The cells as published a month before: no newest month, no late figure, no correction.

    A world of one month has no earlier edition, and is returned as it is.
    """
    months = cells["month"].unique().sort()
    if months.len() < 2:
        return cells
    before = cells.filter(pl.col("month") < months[-1])
    late, wrong = _late(before), _corrected(before, seeds)
    is_wrong = _is_cell(before, wrong)
    count = pl.when(is_wrong).then(pl.col("in_use_count") - 1).otherwise("in_use_count")
    text = pl.when(is_wrong).then(count.cast(pl.String)).otherwise("in_use_text")
    return before.with_columns(in_use_count=count, in_use_text=text).filter(~_is_cell(before, late))


def second_edition(cells: pl.DataFrame) -> pl.DataFrame:
    """The cells as they are published now: without the figure that was withdrawn."""
    months = cells["month"].unique().sort()
    if months.len() < 2:
        return cells
    return cells.filter(~_is_cell(cells, _withdrawn(cells.filter(pl.col("month") < months[-1]))))


def _corrected(cells: pl.DataFrame, seeds: Path) -> pl.DataFrame:
    """The largest shown figure of a kommune of e-resept, and those of the regions it lies in.

    All are one less, so that they still add up.
    """
    shown = _shown_kommuner(cells, "e-resept").filter(pl.col("in_use_count") >= _LEAST_TO_CORRECT)
    largest = shown.sort("in_use_count", "region_key", descending=[True, False]).head(1)
    wholes = (
        seed(seeds, "region")
        .select("region_key", "helsefellesskap_key", "fylke_key", "rhf_key", land=pl.lit("land:NO"))
        .join(largest.select("region_key"), on="region_key")
    )
    around = pl.Series([key for row in wholes.rows() for key in row], dtype=pl.String)
    cell = largest.select("service_code", "actor_type_code", "month")
    return cells.join(cell, on=cell.columns, how="semi").filter(
        pl.col("region_key").is_in(around.implode()), ~pl.col("is_suppressed")
    )


def _late(cells: pl.DataFrame) -> pl.DataFrame:
    """A figure of SFM, of the last kommune in order of key that has one shown."""
    return _shown_kommuner(cells, "sfm").sort("region_key").tail(1)


def _withdrawn(cells: pl.DataFrame) -> pl.DataFrame:
    """A figure of kjernejournal, of the last kommune in order of key that has one shown."""
    return _shown_kommuner(cells, "kjernejournal").sort("region_key").tail(1)


def _shown_kommuner(cells: pl.DataFrame, service: str) -> pl.DataFrame:
    """The shown figures of GP practices in kommuner, in the newest month of a service."""
    of_service = cells.filter(
        (pl.col("service_code") == service)
        & (pl.col("region_level") == "kommune")
        & (pl.col("actor_type_code") == "legekontor")
        & ~pl.col("is_suppressed")
    )
    newest: date | None = of_service.select(pl.col("month").max()).item()
    return of_service.filter(pl.col("month") == newest)


def _is_cell(cells: pl.DataFrame, wanted: pl.DataFrame) -> pl.Series:
    """Whether each row of `cells` is one of the wanted ones."""
    key = ["service_code", "region_key", "actor_type_code", "month"]
    marked = wanted.select(*key, is_wanted=pl.lit(value=True))
    joined = cells.select(key).join(marked, on=key, how="left", maintain_order="left")
    return joined["is_wanted"].fill_null(value=False)
