"""The country of the simulated world: its regions, their residents, and the organisations there.

Organisations follow residents (SSB's figures, in today's kommuner) by a ratio per actor type. They
are shared out whole, by Sainte-Laguë's method: parts sum to the country's number, and one more in
the country takes none from any place. Not here: which of them use a service (`adoption.py`).
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

import polars as pl

from pll_pipeline.errors import PllError
from pll_pipeline.raw.archive import Snapshot, newest_snapshot
from pll_pipeline.simulation.assumptions import ActorType, assumptions

FIRST_YEAR, END_YEAR = 2010, 2040
AXIS = range(FIRST_YEAR * 12, END_YEAR * 12)  # months since year 0
_SIZE_SPREAD = 0.2  # standard deviation of the logarithm of a place's organisations per resident


@dataclass(frozen=True)
class Country:
    """Today's regions; the kommuner in order of key; residents per kommune and month of `AXIS`."""

    regions: pl.DataFrame
    kommuner: pl.DataFrame
    residents: pl.DataFrame

    def places(self, actor_type: ActorType) -> pl.DataFrame:
        """One row per kommune, with the `place` that its organisations of a type belong to."""
        column = "region_key" if actor_type.place == "kommune" else "hf_key"
        return self.kommuner.with_columns(place=pl.col(column))


def load_country(seeds: Path, raw: Path) -> Country:
    """The country from the code lists and the newest population.

    Raises `PllError` where a kommune has no population.
    """
    regions = seed(seeds, "region").filter(pl.col("valid_to").is_null())
    kommuner = regions.filter(pl.col("region_level") == "kommune").sort("region_key")
    counted = populations(seeds, raw).select("region_key", "population", month=pl.col("year") * 12)
    uncounted = kommuner.join(counted, on="region_key", how="anti")
    if not uncounted.is_empty():
        raise PllError(
            f"There is no population of {uncounted['region_key'][0]}",
            where=str(raw / "ssb_population"),
            do="archive a population file of today's kommuner",
        )
    return Country(regions, kommuner, _residents_by_month(kommuner, counted))


def _residents_by_month(kommuner: pl.DataFrame, counted: pl.DataFrame) -> pl.DataFrame:
    """Interpolated between years; before the first and after the last figure, the same as then.

    The numbers are whole, so that their sums are the same in any order.
    """
    grid = (
        kommuner.select("region_key")
        .join(pl.DataFrame({"month": AXIS}), how="cross")
        .join(counted, on=["region_key", "month"], how="left")
    )
    between = pl.col("population").interpolate_by("month").over("region_key")
    residents = grid.select("region_key", "month", residents=between).sort("region_key", "month")
    filled = pl.col("residents").forward_fill().backward_fill().over("region_key")
    return residents.with_columns(filled.round().cast(pl.Int64))


def populations(seeds: Path, raw: Path) -> pl.DataFrame:
    """Residents on 1 January, from the newest snapshot.

    One row per kommune of today and year (region_key, year, population). A kommune that was formed
    from others has the sum of theirs; one that was split is shared out as the reform list says,
    hence a float. Raises `PllError` when no population is archived.
    """
    content = snapshot_of(raw, "ssb_population").read("population.csv")
    published = pl.read_csv(
        content, schema={"kommune_code": pl.String, "year": pl.Int64, "value": pl.Float64}
    ).filter(pl.col("value") > 0)
    reform = seed(seeds, "kommune_reform").select(
        "code_2024",
        pl.col("old_code").alias("kommune_code"),
        pl.col("share").cast(pl.Float64),
        pl.col("first_year", "last_year").cast(pl.Int64),
    )
    moved = published.join(reform, on="kommune_code").filter(
        pl.col("year").is_between("first_year", "last_year")
    )
    unmoved = published.join(moved, on=["kommune_code", "year"], how="anti")
    code = pl.coalesce("code_2024", "kommune_code")
    return (
        pl.concat([moved, unmoved], how="diagonal")
        .group_by((pl.lit("kommune:") + code).alias("region_key"), "year")
        .agg(population=(pl.col("value") * pl.col("share").fill_null(1)).sum())
        .sort("region_key", "year")
    )


def kept_kommuner(country: Country, scale: float, seed_number: int) -> pl.Series:
    """The kommuner of a smaller world: of each helsefellesskap the largest, then others as drawn.

    A larger scale only adds to them.
    """
    draws = random(seed_number, "scale")
    newest = country.residents.group_by("region_key").last()
    kommuner = country.kommuner.join(newest, on="region_key", maintain_order="left").with_columns(
        drawn=pl.Series([draws.random() for _ in range(country.kommuner.height)])
    )
    is_largest = pl.col("residents") == pl.col("residents").max()
    rank = pl.when(is_largest).then(-1.0).otherwise("drawn").rank("ordinal")
    most = pl.max_horizontal(1, (pl.len() * scale).round())
    return kommuner.filter((rank <= most).over("helsefellesskap_key"))["region_key"]


def national_counts(code: str, country: Country) -> dict[int, int]:
    """Organisations of a type in the country in each month of `AXIS`."""
    actor_type = assumptions().actor_types[code]
    if actor_type.counted:
        months = [month_number(month) for month in actor_type.counted]
        numbers = list(actor_type.counted.values())
        return {month: round(interpolated(month, months, numbers)) for month in AXIS}
    if actor_type.residents_each:
        residents = country.residents.group_by("month").agg(pl.col("residents").sum())
        return {
            month: round(number / actor_type.residents_each)
            for month, number in residents.iter_rows()
        }
    one_in_each = country.places(actor_type)["place"].n_unique()
    return {month: one_in_each for month in AXIS}


def organisations(code: str, country: Country, window: range, seed_number: int) -> pl.DataFrame:
    """Every organisation of a type: one row per month, place and `number` within it, from 1.

    Sainte-Laguë: the n-th of a place has the quotient residents / (n − ½); those with the largest
    quotients of the country exist.
    """
    least = assumptions().actor_types[code].least
    weighted = _weighted_places(code, country, window, seed_number)
    # enough to choose from: no place gets half as many again as its share, and three
    share = pl.col("weight") / pl.col("weight").sum().over("month")
    most = (1.5 * pl.col("count") * share).ceil().cast(pl.Int64) + 3
    quotient = (
        pl.when(pl.col("number") <= least)
        .then(float("inf"))
        .otherwise(pl.col("weight") / (pl.col("number") - 0.5))
    )
    return (
        weighted.with_columns(number=pl.int_ranges(1, most + 1))
        .explode("number")
        .sort("place", "number", "month")
        .filter(quotient.rank("ordinal", descending=True).over("month") <= pl.col("count"))
        .select("month", "place", "number")
    )


def _weighted_places(code: str, country: Country, window: range, seed_number: int) -> pl.DataFrame:
    """One row per place and month: `weight` (residents, times a draw of its own) and `count`.

    The count is the national one.
    """
    draws = random(seed_number, "size", code)
    places = country.places(assumptions().actor_types[code])
    spread = {
        place: draws.lognormvariate(0, _SIZE_SPREAD) for place in places["place"].unique().sort()
    }
    counts = list(national_counts(code, country).items())
    spread_of_place = pl.col("place").first().replace_strict(spread, return_dtype=pl.Float64)
    is_in_window = pl.col("month").is_between(window.start, window.stop, closed="left")
    return (
        country.residents.filter(is_in_window)
        .join(places.select("region_key", "place"), on="region_key")
        .group_by("place", "month")
        .agg(weight=pl.col("residents").sum() * spread_of_place)
        .join(pl.DataFrame(counts, schema=["month", "count"], orient="row"), on="month")
    )


def seed(seeds: Path, name: str) -> pl.DataFrame:
    """A code list, every column as text."""
    return pl.read_csv(seeds / f"{name}.csv", infer_schema=False)


def snapshot_of(raw: Path, source_name: str) -> Snapshot:
    """The newest snapshot of a source. Raises `PllError` when there is none."""
    snapshot = newest_snapshot(raw, source_name)
    if snapshot is None:
        raise PllError(
            f"There is no snapshot of {source_name}",
            where=str(raw / source_name),
            do="bring the bundled snapshots back from version control",
        )
    return snapshot


def month_number(text: str) -> int:
    """Months since year 0, of 2023-12 or of 2023, which begins in January."""
    year, _, month = text.partition("-")
    return int(year) * 12 + int(month or 1) - 1


def random(seed_number: int, *words: str) -> Random:
    """Draws of their own for each purpose, so that no draw for one service changes another's."""
    text = "/".join((str(seed_number), *words))
    return Random(text)  # noqa: S311 - a simulation that repeats itself, nothing to keep secret


def interpolated(x: float, xs: Sequence[float], ys: Sequence[float]) -> float:
    """The value at `x` on straight lines through the points; level before and after them."""
    after = bisect_right(xs, x)
    if after in (0, len(xs)):
        return ys[max(after - 1, 0)]
    share = (x - xs[after - 1]) / (xs[after] - xs[after - 1])
    return ys[after - 1] + share * (ys[after] - ys[after - 1])
