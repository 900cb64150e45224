"""What a publisher suppresses: small counts, and the cells from which they could be worked out.

Primary and secondary cell suppression. Two marks: `<5` means 1 to 4, `:` (vises ikke av
personvernhensyn) anything from 0 to the eligible. A total and its parts are protected together:
kommuner of a helsefellesskap and of a fylke, the helsefellesskap of a helseforetak, helsefellesskap
of a region, regions and fylker of the country. Not here: how the marks are published, and what the
warehouse makes of them.
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
# the report in Power BI adds up the organisations that could use PLL, so it shows them all
_SHOWS_EVERY_DENOMINATOR = ("pll",)
_TOTAL_KEY = ["service_code", "actor_type_code", "month"]


def suppress(cells: pl.DataFrame, seeds: Path = CHECKOUT / "dbt_project" / "seeds") -> pl.DataFrame:
    """The cells in their order, with `in_use_text`, `eligible_text` and `is_suppressed`.

    The two texts are as published. 1 to 4 in use are suppressed; 0 is shown. So are 1 to 4 that
    could use a service, except in the report that adds them up itself. Where a total and its
    parts as shown would leave a suppressed cell only one possible value, the next smallest part is
    suppressed too, and so on until no cell can be worked out from one total. What follows without
    a subtraction is not protected: 1 of 1 eligible, or a total in which every organisation is in
    use.
    """
    in_use = _marks(cells, seeds)
    eligible = _marks(cells.with_columns(in_use_count="eligible_count"), seeds)
    shows_every_denominator = pl.col("service_code").is_in(_SHOWS_EVERY_DENOMINATOR)
    return cells.with_columns(in_use_mark=in_use, eligible_mark=eligible).select(
        *cells.columns,
        in_use_text=_shown_text("in_use"),
        eligible_text=pl.when(shows_every_denominator)
        .then(pl.col("eligible_count").cast(pl.String))
        .otherwise(_shown_text("eligible")),
        is_suppressed=pl.col("in_use_mark") != _SHOWN,
    )


def _marks(cells: pl.DataFrame, seeds: Path) -> pl.Series:
    """How each `in_use_count` is published: shown, small, or withheld to protect a small one."""
    is_small = pl.col("in_use_count").is_between(1, _GREATEST_SMALL)
    mark = pl.when(is_small).then(_IS_SMALL).otherwise(_SHOWN)
    state = cells.with_row_index("row").with_columns(mark=mark)
    members = _members_of_totals(state, _parents(seeds))
    changed = state.filter(pl.col("mark") != _SHOWN)["row"]
    while not changed.is_empty():
        is_touched = pl.col("row").is_in(changed.implode())
        totals = members.filter(is_touched).select("total").unique()
        touched = members.join(totals, on="total", how="semi")
        marks = state.select("row", "in_use_count", "eligible_count", "mark")
        changed = _next_to_withhold(touched.join(marks, on="row"))
        is_changed = pl.col("row").is_in(changed.implode())
        state = state.with_columns(mark=pl.when(is_changed).then(_IS_WITHHELD).otherwise("mark"))
    return state["mark"]


def _shown_text(counted: str) -> pl.Expr:
    mark = pl.col(f"{counted}_mark")
    return (
        pl.when(mark == _SHOWN)
        .then(pl.col(f"{counted}_count").cast(pl.String))
        .when(mark == _IS_SMALL)
        .then(pl.lit(SMALL))
        .otherwise(pl.lit(WITHHELD))
    )


def _parents(seeds: Path) -> pl.DataFrame:
    """Region key → the region that it is a part of, for every level that is published."""
    regions = pl.read_csv(seeds / "region.csv", infer_schema=False)

    def of(level: str) -> pl.DataFrame:
        return regions.filter(pl.col("region_level") == level)

    country = of("land").select(parent_key="region_key")
    return pl.concat(
        [
            of("kommune").select("region_key", parent_key="helsefellesskap_key"),
            of("kommune").select("region_key", parent_key="fylke_key"),
            of("fylke").select("region_key").join(country, how="cross"),
            of("helsefellesskap").select(region_key="hf_key", parent_key="region_key"),
            of("helsefellesskap").select("region_key", parent_key="rhf_key"),
            of("rhf").select("region_key").join(country, how="cross"),
        ]
    ).drop_nulls()


def _members_of_totals(state: pl.DataFrame, parents: pl.DataFrame) -> pl.DataFrame:
    """One row per total and member: the row of the total, the row of the member, and a sign.

    The members are the parts and the total itself; the signs are those of parts − total = 0.
    """
    totals = state.select(*_TOTAL_KEY, parent_key="region_key", total="row")
    parts = (
        state.select("row", *_TOTAL_KEY, "region_key")
        .join(parents, on="region_key")
        .join(totals, on=[*_TOTAL_KEY, "parent_key"])
        .select("total", "row", sign=pl.lit(1))
    )
    return pl.concat([parts, parts.select("total", row="total", sign=pl.lit(-1)).unique()])


def _next_to_withhold(members: pl.DataFrame) -> pl.Series:
    """The row of the next cell to withhold, of every total that discloses a suppressed cell.

    A total discloses a cell when the bounds of the others leave it one possible value. Withheld is
    first a part that is shown, the smallest, but a zero only where there is no other; then the
    total; then a part that is small.
    """
    count, eligible, mark, sign = (
        pl.col(name) for name in ("in_use_count", "eligible_count", "mark", "sign")
    )
    bounded = _with_signed_bounds(members)
    low, high = pl.col("low"), pl.col("high")
    least = pl.max_horizontal("low", high - high.sum().over("total"))
    most = pl.min_horizontal("high", low - low.sum().over("total"))
    is_disclosed = ((low < high) & (least >= most)).any().over("total")
    may_be_withheld = (mark != _IS_WITHHELD) & (eligible > 0)
    return (
        bounded.filter(is_disclosed)
        .filter(may_be_withheld)
        .sort(mark, -sign, count == 0, count, "row")
        .unique("total", keep="first")["row"]
        .unique()
    )


def _with_signed_bounds(members: pl.DataFrame) -> pl.DataFrame:
    """The members with `low` and `high`: what a reader knows of sign × count."""
    count, mark, sign = pl.col("in_use_count"), pl.col("mark"), pl.col("sign")
    low = pl.when(mark == _SHOWN).then(count).when(mark == _IS_SMALL).then(1).otherwise(0)
    high = (
        pl.when(mark == _SHOWN)
        .then(count)
        .when(mark == _IS_SMALL)
        .then(pl.min_horizontal("eligible_count", _GREATEST_SMALL))
        .otherwise(_UNBOUNDED)
    )
    return members.with_columns(
        low=pl.when(sign > 0).then(low).otherwise(-high),
        high=pl.when(sign > 0).then(high).otherwise(-low),
    )
