"""The simulated cells on the codes that kommuner and fylker had at the time.

The world is made on the kommuner of today. Here the organisations of a kommune are shared out to
the kommuner it was formed from, by residents, and fylker are the sums of their kommuner. A kommune
that was divided between two helsefellesskap is left out: its counts would be in neither whole. Not
here: the organisations (`country.py`), what is suppressed (`disclosure.py`).
"""

from __future__ import annotations

from pathlib import Path

import polars as pl

from pll_pipeline.simulation.country import seed, snapshot_of

_CELL = ["service_code", "actor_type_code", "actor_type_name", "month"]
_COUNTS = ["in_use_count", "eligible_count"]


def on_codes_of_the_time(cells: pl.DataFrame, seeds: Path, raw: Path) -> pl.DataFrame:
    """The cells with kommuner as they were in each month, and fylker besides; columns as before.

    Levels above are unchanged: kommuner add up to the same sums.
    """
    regions = seed(seeds, "region")
    is_kommune = pl.col("region_level") == "kommune"
    kommuner = _kommuner_then(cells.filter(is_kommune), _predecessors(seeds, raw, regions))
    fylke_of = regions.select("region_key", "fylke_key")
    fylker = (
        kommuner.join(fylke_of, on="region_key")
        .group_by(*_CELL, region_key="fylke_key")
        .agg(pl.col(_COUNTS).sum())
    )
    labels = regions.select("region_key", "region_level", "region_code", "region_name")
    then = pl.concat([kommuner, fylker], how="diagonal").join(labels, on="region_key")
    order = ["service_code", "region_key", "actor_type_code", "month"]
    return pl.concat([cells.filter(~is_kommune), then.select(cells.columns)]).sort(order)


def _kommuner_then(today: pl.DataFrame, predecessors: pl.DataFrame) -> pl.DataFrame:
    """One row per kommune of the time, service, actor type and month.

    Organisations have numbers, those in use evenly among them. Each predecessor has a run of
    numbers as long as its share of residents.
    """
    year = pl.col("month").dt.year().cast(pl.Int64)
    dated = today.with_columns(year=year).join(
        predecessors, on=["region_key", "year"], how="left", maintain_order="left"
    )
    shared = dated.with_columns(
        since=pl.col("since").fill_null(0.0),
        until=pl.col("until").fill_null(1.0),
        region_key=pl.coalesce("old_key", "region_key"),
    )
    first, last = ((pl.col("eligible_count") * pl.col(end)).round() for end in ("since", "until"))
    in_use_each = pl.col("in_use_count") / pl.max_horizontal("eligible_count", 1)
    return (
        shared.with_columns(
            eligible_count=(last - first).cast(pl.Int64),
            in_use_count=((last * in_use_each).round() - (first * in_use_each).round()).cast(
                pl.Int64
            ),
        )
        .group_by(*_CELL, "region_key")
        .agg(pl.col(_COUNTS).sum())
    )


def _predecessors(seeds: Path, raw: Path, regions: pl.DataFrame) -> pl.DataFrame:
    """One row per kommune of today, year and kommune it came from: from where to where in it.

    `since` and `until` are shares of the residents of today's kommune, in order of old code.
    """
    helsefellesskap_of = regions.select("region_key", "helsefellesskap_key")
    reform = (
        seed(seeds, "kommune_reform")
        .select(
            old_key="kommune:" + pl.col("old_code"),
            region_key="kommune:" + pl.col("code_2024"),
            share=pl.col("share").cast(pl.Float64),
            year=pl.int_ranges(
                pl.col("first_year").cast(pl.Int64), pl.col("last_year").cast(pl.Int64) + 1
            ),
        )
        .explode("year")
        .join(helsefellesskap_of, on="region_key")
    )
    is_undivided = pl.col("helsefellesskap_key").n_unique().over("old_key") == 1
    residents = pl.read_csv(
        snapshot_of(raw, "ssb_population").read("population.csv"),
        schema={"kommune_code": pl.String, "year": pl.Int64, "value": pl.Float64},
    ).select("year", "value", old_key="kommune:" + pl.col("kommune_code"))
    weight = pl.col("value") * pl.col("share")
    until = weight.cum_sum().over("region_key", "year") / weight.sum().over("region_key", "year")
    return (
        reform.filter(is_undivided)
        .join(residents, on=["old_key", "year"])
        .sort("region_key", "year", "old_key")
        .with_columns(until=until)
        .with_columns(since=pl.col("until").shift(1, fill_value=0).over("region_key", "year"))
        .select("region_key", "year", "old_key", "since", "until")
    )
