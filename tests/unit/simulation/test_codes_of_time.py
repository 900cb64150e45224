"""Simulated kommuner and fylker through the reforms of 2020 and 2024."""

from __future__ import annotations

from datetime import date

import polars as pl
import pytest

from pll_pipeline.config import CHECKOUT, Config
from pll_pipeline.simulation.adoption import simulate
from pll_pipeline.simulation.codes_of_time import on_codes_of_the_time

SEEDS, RAW = Config.from_environment().seeds, CHECKOUT / "data" / "raw"
REGIONS = pl.read_csv(SEEDS / "region.csv", infer_schema=False)


@pytest.fixture(scope="module")
def today() -> pl.DataFrame:
    """Two months on each side of the reforms of 2020 and 2024."""
    cells = [
        simulate(SEEDS, RAW, scale=1, months=2, until=date(year, 1, 1)).filter(
            pl.col("service_code") == "e-resept"
        )
        for year in (2020, 2024)
    ]
    return pl.concat(cells)


@pytest.fixture(scope="module")
def then(today: pl.DataFrame) -> pl.DataFrame:
    return on_codes_of_the_time(today, SEEDS, RAW)


def test_every_region_has_a_code_of_its_month(then: pl.DataFrame) -> None:
    dated = then.join(REGIONS.select("region_key", "valid_from", "valid_to"), on="region_key")
    assert dated.height == then.height
    month = pl.col("month").dt.to_string("iso")
    is_valid = (month >= pl.col("valid_from").fill_null("")) & (
        month < pl.col("valid_to").fill_null("9999")
    )
    assert dated.filter(~is_valid)["region_key"].to_list() == []


@pytest.mark.parametrize(
    ("month", "fylke"),
    [(date(2019, 12, 1), "06"), (date(2020, 1, 1), "30"), (date(2024, 1, 1), "33")],
)
def test_fylker_are_those_of_their_time(then: pl.DataFrame, month: date, fylke: str) -> None:
    fylker = then.filter(pl.col("region_level") == "fylke", pl.col("month") == month)
    assert f"fylke:{fylke}" in set(fylker["region_key"])


@pytest.mark.parametrize("level", ["kommune", "fylke"])
def test_parts_add_up_to_the_country_as_before(
    level: str, today: pl.DataFrame, then: pl.DataFrame
) -> None:
    def added(cells: pl.DataFrame, of: str) -> list[tuple[object, ...]]:
        in_country = (pl.col("region_level") == of) & (pl.col("actor_type_code") == "legekontor")
        sums = (
            cells.filter(in_country)
            .group_by("month")
            .agg(pl.col("in_use_count", "eligible_count").sum())
        )
        return sums.sort("month").rows()

    assert added(then, level) == added(today, "land")


def test_no_more_are_in_use_than_there_are(then: pl.DataFrame) -> None:
    assert then.filter(pl.col("in_use_count") > pl.col("eligible_count")).height == 0
    assert then.filter(pl.col("in_use_count") < 0).height == 0


def test_a_region_has_one_row_per_actor_type_and_month(then: pl.DataFrame) -> None:
    assert then.select("region_key", "actor_type_code", "month").is_duplicated().sum() == 0
