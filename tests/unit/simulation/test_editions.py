"""What changes between the two editions of the simulated figures."""

from __future__ import annotations

import polars as pl
import pytest

from pll_pipeline.config import Config
from pll_pipeline.simulation.demo import world
from pll_pipeline.simulation.editions import first_edition, second_edition

CONFIG = Config.from_environment()
KEY = ["service_code", "region_key", "actor_type_code", "month"]


@pytest.fixture(scope="module")
def cells() -> pl.DataFrame:
    return world(CONFIG, scale=0.02, months=3)


@pytest.fixture(scope="module")
def first(cells: pl.DataFrame) -> pl.DataFrame:
    return first_edition(cells, CONFIG.seeds)


@pytest.fixture(scope="module")
def second(cells: pl.DataFrame) -> pl.DataFrame:
    return second_edition(cells)


def test_the_newest_month_and_one_late_figure_are_new(
    first: pl.DataFrame, second: pl.DataFrame
) -> None:
    new = second.join(first, on=KEY, how="anti")
    newest = second["month"].max()
    late = new.filter(pl.col("month") < newest)
    assert new.filter(pl.col("month") == newest).height > late.height
    assert late.select("service_code", "region_level").rows() == [("sfm", "kommune")]


def test_one_figure_is_withdrawn(first: pl.DataFrame, second: pl.DataFrame) -> None:
    gone = first.join(second, on=KEY, how="anti")
    assert gone.select("service_code", "region_level").rows() == [("kjernejournal", "kommune")]


def test_one_figure_is_corrected_and_the_sums_it_is_in_with_it(
    first: pl.DataFrame, second: pl.DataFrame
) -> None:
    both = first.join(second, on=KEY, suffix="_now")
    changed = both.filter(pl.col("in_use_text") != pl.col("in_use_text_now"))
    levels = ["fylke", "helsefellesskap", "kommune", "land", "rhf"]
    assert sorted(changed["region_level"]) == levels
    assert set(changed["in_use_count_now"] - changed["in_use_count"]) == {1}
    assert set(changed["service_code"]) == {"e-resept"}
    assert changed["in_use_text"].to_list() == changed["in_use_count"].cast(pl.String).to_list()


def test_a_world_of_one_month_has_one_edition() -> None:
    cells = world(CONFIG, scale=0.02, months=1)
    cells = cells.filter(pl.col("month") == pl.col("month").max())
    assert first_edition(cells, CONFIG.seeds).equals(cells)
    assert second_edition(cells).equals(cells)


def test_the_shortest_world_has_yearly_figures_on_the_codes_before_both_reforms(
    second: pl.DataFrame,
) -> None:
    by_year = second.filter(
        pl.col("region_level") == "fylke", pl.col("period_text").str.len_chars() == 4
    )
    fylker = dict(by_year.group_by("month").agg(pl.col("region_key").sort()).iter_rows())
    then = {month.year: set(keys) for month, keys in fylker.items()}
    assert sorted(then) == list(range(2019, 2026))
    assert "fylke:02" in then[2019]
    assert "fylke:30" in then[2020] & then[2023]
    assert "fylke:32" in then[2024]
    assert "fylke:30" not in then[2019] | then[2024]
