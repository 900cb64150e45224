"""What a publisher does not show: small counts, and the further cells without which they could be worked out.

Two marks: `<5` stands for 1 to 4, `:` (vises ikke av personvernhensyn) for anything from 0 to the eligible. A total and
its parts are held together: kommuner of a helsefellesskap, the trust of a helsefellesskap, helsefellesskap of a region,
regions of the country. Not here: how the marks are published, and what the warehouse makes of them.
"""

from __future__ import annotations

from pathlib import Path

import polars as pl

from pll_pipeline.config import CHECKOUT

SMALL = "<5"
WITHHELD = ":"
_GREATEST_SMALL = 4
_SHOWN, _IS_SMALL, _IS_WITHHELD = 0, 1, 2
_UNBOUNDED = 10**9
_CELL = ["service_code", "actor_type_code", "month"]


def suppress(cells: pl.DataFrame, seeds: Path = CHECKOUT / "dbt_project" / "seeds") -> pl.DataFrame:
    """The cells in their order, with `in_use_text` and `eligible_text` as published, and `is_suppressed`.

    1 to 4 in use are suppressed; 0 is shown. Where a total and its parts as shown would leave a suppressed cell only one
    possible value, the next smallest part is suppressed too, and so on until none can be worked out from one total. Not
    hidden is what no subtraction is needed for: 1 of 1 eligible, or a total in which every organisation is in use.
    """
    small = pl.col("in_use_count").is_between(1, _GREATEST_SMALL)
    state = cells.with_row_index("row").with_columns(
        mark=pl.when(small).then(_IS_SMALL).otherwise(_SHOWN)
    )
    sums = _sums(state, _parents(seeds))
    changed = state.filter(pl.col("mark") != _SHOWN)["row"]
    while not changed.is_empty():
        touched = sums.join(
            sums.filter(pl.col("row").is_in(changed.implode())).select("total").unique(),
            on="total",
            how="semi",
        )
        changed = _next_to_withhold(
            touched.join(state.select("row", "in_use_count", "eligible_count", "mark"), on="row")
        )
        is_changed = pl.col("row").is_in(changed.implode())
        state = state.with_columns(mark=pl.when(is_changed).then(_IS_WITHHELD).otherwise("mark"))
    shown = pl.col("in_use_count").cast(pl.String)
    return state.select(
        *cells.columns,
        in_use_text=pl.when(pl.col("mark") == _SHOWN)
        .then(shown)
        .when(pl.col("mark") == _IS_SMALL)
        .then(pl.lit(SMALL))
        .otherwise(pl.lit(WITHHELD)),
        eligible_text=pl.col("eligible_count").cast(pl.String),
        is_suppressed=pl.col("mark") != _SHOWN,
    )


def _parents(seeds: Path) -> pl.DataFrame:
    """Region key → the region it is a part of, for every level that is published."""
    regions = pl.read_csv(seeds / "region.csv", infer_schema=False)
    of_level = {
        level: regions.filter(pl.col("region_level") == level)
        for level in ("kommune", "helsefellesskap", "rhf", "land")
    }
    return pl.concat(
        [
            of_level["kommune"].select("region_key", parent_key="helsefellesskap_key"),
            of_level["helsefellesskap"].select(region_key="hf_key", parent_key="region_key"),
            of_level["helsefellesskap"].select("region_key", parent_key="rhf_key"),
            of_level["rhf"]
            .select("region_key")
            .join(of_level["land"].select(parent_key="region_key"), how="cross"),
        ]
    ).drop_nulls()


def _sums(state: pl.DataFrame, parents: pl.DataFrame) -> pl.DataFrame:
    """Every total with what it sums: the row of the `total`, and of itself and each part, with the sign it has in parts - total = 0."""
    totals = state.select(*_CELL, parent_key="region_key", total="row")
    parts = (
        state.select("row", *_CELL, "region_key")
        .join(parents, on="region_key")
        .join(totals, on=[*_CELL, "parent_key"])
    )
    parts = parts.select("total", "row", sign=pl.lit(1))
    return pl.concat([parts, parts.select("total", row="total", sign=pl.lit(-1)).unique()])


def _next_to_withhold(members: pl.DataFrame) -> pl.Series:
    """For every total where a suppressed cell has one possible value left, the row of the cell to withhold next.

    First a part that is shown, the smallest, but a zero only where there is no other; then the total; then one that is small.
    """
    count, eligible, mark, sign = (
        pl.col(name) for name in ("in_use_count", "eligible_count", "mark", "sign")
    )
    low = pl.when(mark == _SHOWN).then(count).when(mark == _IS_SMALL).then(1).otherwise(0)
    high = (
        pl.when(mark == _SHOWN)
        .then(count)
        .when(mark == _IS_SMALL)
        .then(pl.min_horizontal(eligible, _GREATEST_SMALL))
        .otherwise(_UNBOUNDED)
    )
    signed = members.with_columns(
        low=pl.when(sign > 0).then(low).otherwise(-high),
        high=pl.when(sign > 0).then(high).otherwise(-low),
    )
    least = pl.max_horizontal("low", pl.col("high") - pl.col("high").sum().over("total"))
    most = pl.min_horizontal("high", pl.col("low") - pl.col("low").sum().over("total"))
    is_known = ((pl.col("low") < pl.col("high")) & (least >= most)).any().over("total")
    may = (mark != _IS_WITHHELD) & (eligible > 0)
    return (
        signed.filter(is_known)
        .filter(may)
        .sort(mark, -sign, count == 0, count, "row")
        .unique("total", keep="first")["row"]
        .unique()
    )
