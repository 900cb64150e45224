"""The simulated world is repeatable, adds up and meets the published figures."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from pathlib import Path
from typing import Any, Literal

import polars as pl
import pytest

from pll_pipeline.config import CHECKOUT
from pll_pipeline.errors import PllError
from pll_pipeline.raw.archive import keep, newest_snapshot
from pll_pipeline.simulation.adoption import CELL, PRIORITISED, simulate
from pll_pipeline.simulation.assumptions import assumptions
from pll_pipeline.simulation.country import populations

SEEDS = CHECKOUT / "dbt_project" / "seeds"
RAW = CHECKOUT / "data" / "raw"
KEY = ["service_code", "region_key", "actor_type_code", "month"]
REGIONS = pl.read_csv(SEEDS / "region.csv", infer_schema=False).filter(pl.col("valid_to").is_null())
SMALL = {"scale": 0.05, "months": 3}
BERGEN = "helsefellesskap:HFS-BER"


@pytest.fixture(scope="module")
def world() -> pl.DataFrame:
    """The whole country until the last target of the plan."""
    return simulate(SEEDS, RAW, months=132, until=date(2029, 12, 1))


def _text(source: str, file: str) -> str:
    snapshot = newest_snapshot(RAW, source)
    assert snapshot is not None
    return snapshot.read(file).decode()


def _of(world: pl.DataFrame, level: str) -> pl.DataFrame:
    return world.filter(pl.col("region_level") == level)


def _changes(world: pl.DataFrame) -> pl.DataFrame:
    return world.with_columns(
        pl.col("in_use_count", "eligible_count").diff().over(KEY[:3]).name.suffix("_change")
    )


def _in_use_somewhere(world: pl.DataFrame, service: str, level: str) -> set[str]:
    of_service = _of(world, level).filter(
        (pl.col("service_code") == service) & (pl.col("in_use_count") > 0)
    )
    return set(of_service["region_key"])


# its cells


def test_a_cell_is_there_once_in_the_order_of_its_key_with_the_agreed_columns_and_codes(
    world: pl.DataFrame,
) -> None:
    assert dict(world.schema) == CELL
    assert world.null_count().sum_horizontal().item() == 0
    assert world.equals(world.unique(KEY).sort(KEY))
    assert set(world["service_code"]) == set(pl.read_csv(SEEDS / "service.csv")["service_code"])
    assert set(world["actor_type_code"]) <= set(
        pl.read_csv(SEEDS / "actor_type.csv")["actor_type_code"]
    )
    named = world.select("region_key", "region_level", "region_code", "region_name").unique()
    assert named.join(REGIONS, on=named.columns, how="anti").is_empty()


def test_every_region_of_the_publishers_is_there_and_every_month(world: pl.DataFrame) -> None:
    regions = (
        world.group_by("region_level").agg(pl.col("region_key").n_unique()).sort("region_level")
    )
    assert dict(regions.iter_rows()) == {
        "helsefellesskap": 19,
        "hf": 19,
        "kommune": 357,
        "land": 1,
        "rhf": 4,
    }
    months = world.group_by(KEY[:3]).agg(pl.col("month").n_unique())
    assert set(months["month"]) == {132}
    assert (world["month"].min(), world["month"].max()) == (date(2019, 1, 1), date(2029, 12, 1))


def test_the_same_arguments_give_the_same_world_and_another_seed_another() -> None:
    first = simulate(SEEDS, RAW, **SMALL)
    assert first.equals(simulate(SEEDS, RAW, **SMALL))
    assert not first.equals(simulate(SEEDS, RAW, seed_number=2, **SMALL))


def test_fewer_months_are_the_end_of_the_same_history(world: pl.DataFrame) -> None:
    few = simulate(SEEDS, RAW, months=2, until=date(2024, 8, 1))
    same = world.join(few.select(KEY), on=KEY, how="semi", maintain_order="left")
    assert few.equals(same)
    assert set(few["month"]) == {date(2024, 7, 1), date(2024, 8, 1)}


def test_fewer_kommuner_are_the_same_kommuner_and_every_helsefellesskap_keeps_its_largest(
    world: pl.DataFrame,
) -> None:
    few = simulate(SEEDS, RAW, scale=0.2, months=1, until=date(2026, 10, 1))
    fewer = simulate(SEEDS, RAW, scale=0.01, months=1, until=date(2026, 10, 1))
    assert _of(few, "kommune").join(world, on=list(CELL), how="anti").is_empty()
    assert _of(few, "hf").join(world, on=list(CELL), how="anti").is_empty(), (
        "trusts are whole at every scale"
    )
    kept, least = set(_of(few, "kommune")["region_key"]), set(_of(fewer, "kommune")["region_key"])
    assert least < kept
    assert (len(least), round(0.2 * 357) - 5 <= len(kept) <= round(0.2 * 357) + 5) == (19, True)
    assert {"kommune:0301", "kommune:4601", "kommune:5001", "kommune:5501"} <= least
    assert _of(fewer, "helsefellesskap")["region_key"].n_unique() == 19


@pytest.mark.parametrize("scale", [1.0, 0.1])
def test_every_level_is_the_sum_of_its_parts(scale: float, world: pl.DataFrame) -> None:
    cells = world if scale == 1 else simulate(SEEDS, RAW, scale=scale, months=3)
    cells = cells.join(
        REGIONS.select("region_key", "helsefellesskap_key", "rhf_key"), on="region_key"
    )
    trusts = dict(
        REGIONS.filter(pl.col("region_level") == "helsefellesskap")
        .select("hf_key", "region_key")
        .iter_rows()
    )
    of_trust = pl.col("region_key").replace_strict(trusts, default=None)
    for level, parts, parent in (
        ("helsefellesskap", ["kommune", "hf"], pl.coalesce("helsefellesskap_key", of_trust)),
        ("rhf", ["helsefellesskap"], pl.col("rhf_key")),
        ("land", ["rhf"], pl.lit("land:NO")),
    ):
        of_parts = cells.filter(pl.col("region_level").is_in(parts)).with_columns(region_key=parent)
        summed = (
            of_parts.group_by(KEY).agg(pl.col("in_use_count", "eligible_count").sum()).sort(KEY)
        )
        assert summed.equals(_of(cells, level).select(summed.columns).sort(KEY)), level


def test_no_more_are_in_use_than_are_eligible(world: pl.DataFrame) -> None:
    assert world.select(pl.col("in_use_count").is_between(0, pl.col("eligible_count")).all()).item()


@pytest.mark.parametrize(
    "arguments",
    [
        {"scale": 0.0},
        {"scale": 1.1},
        {"months": 0},
        {"months": 10_000},
        {"until": date(2050, 1, 1)},
    ],
    ids=lambda a: str(*a.items()),
)
def test_arguments_out_of_bounds_are_refused(arguments: dict[str, Any]) -> None:
    with pytest.raises(PllError, match="What to do"):
        simulate(SEEDS, RAW, **arguments)


def test_without_populations_there_is_no_world(tmp_path: Path) -> None:
    with pytest.raises(PllError, match="There is no snapshot of ssb_population"):
        simulate(SEEDS, tmp_path, **SMALL)


def test_a_kommune_without_population_is_named(tmp_path: Path) -> None:
    # Bergen's codes from and before 2020
    lines = _text("ssb_population", "population.csv").splitlines()
    others = "\n".join(line for line in lines if line[:4] not in ("4601", "1201"))
    keep(tmp_path, "ssb_population", {"population.csv": others.encode()}, {})
    with pytest.raises(PllError, match="There is no population of kommune:4601"):
        simulate(SEEDS, tmp_path, **SMALL)


def test_a_start_that_is_no_longer_published_is_named(tmp_path: Path) -> None:
    population = _text("ssb_population", "population.csv").encode()
    keep(tmp_path, "ssb_population", {"population.csv": population}, {})
    facts = _text("rollout_facts", "rollout_facts.csv").replace("\nGausdal,", "\nGjøvik,")
    keep(tmp_path, "rollout_facts", {"rollout_facts.csv": facts.encode()}, {})
    with pytest.raises(PllError, match="no longer have the start of kjernejournal in 'Gausdal'"):
        simulate(SEEDS, tmp_path, **SMALL)


# what it is made from


def test_populations_are_the_real_ones_in_the_kommuner_of_today() -> None:
    real = populations(SEEDS, RAW)
    today = set(REGIONS.filter(pl.col("region_level") == "kommune")["region_key"])
    by_year = (
        real.group_by("year")
        .agg(pl.col("population").sum(), kommuner=pl.col("region_key").n_unique())
        .sort("year")
    )
    national = pl.read_csv(_text("ssb_population", "population_national.csv").encode()).sort("year")
    assert set(real["region_key"]) == today
    assert by_year["kommuner"].unique().to_list() == [357]
    assert by_year["year"].to_list() == list(range(2017, 2027))
    assert by_year["population"].to_list() == pytest.approx(national["value"].to_list(), rel=1e-4)
    rows = {
        (r["kommune_code"], r["year"]): float(r["value"])
        for r in csv.DictReader(_text("ssb_population", "population.csv").splitlines())
    }
    simulated = {(r["region_key"], r["year"]): r["population"] for r in real.iter_rows(named=True)}
    assert simulated["kommune:4601", 2026] == rows["4601", "2026"]
    assert simulated["kommune:4601", 2019] == rows["1201", "2019"], "Bergen before its code changed"
    assert simulated["kommune:1508", 2022] + simulated["kommune:1580", 2022] == pytest.approx(
        rows["1507", "2022"]
    ), "Ålesund before the split"


def test_organisations_follow_residents(world: pl.DataFrame) -> None:
    january = date(2026, 1, 1)
    residents = populations(SEEDS, RAW).filter(pl.col("year") == 2026)
    offices = _of(world, "kommune").filter(
        (pl.col("month") == january)
        & (pl.col("actor_type_code") == "legekontor")
        & (pl.col("service_code") == "pll")
    )
    both = offices.join(residents, on="region_key")
    assert both.height == 357
    assert both["eligible_count"].min() == 1, "every kommune has one"
    assert both["population"].sum() / both["eligible_count"].sum() == pytest.approx(3600, rel=0.001)
    per_office = (
        both.filter(pl.col("population") > 30_000)
        .select(pl.col("population") / pl.col("eligible_count"))
        .to_series()
    )
    assert per_office.min() > 2000
    assert per_office.max() < 6500


def test_the_number_of_organisations_changes_slowly(world: pl.DataFrame) -> None:
    change = _of(_changes(world), "kommune")["eligible_count_change"].drop_nulls()
    assert (change != 0).any()
    assert (change != 0).mean() < 0.01
    assert change.abs().max() <= 2


@pytest.mark.parametrize("opening", assumptions().openings.items(), ids=lambda o: " ".join(o[0]))
def test_the_regions_that_opened_are_those_the_facts_name(
    opening: tuple[tuple[str, str], tuple[str, ...]],
) -> None:
    (_, area), keys = opening
    names = REGIONS.filter(pl.col("region_key").is_in(keys))
    assert names.height == len(keys)
    for key, name in (
        names.filter(pl.col("region_level") == "kommune")
        .select("region_key", "region_name")
        .iter_rows()
    ):
        assert name in area, key


# its course


def test_the_pll_is_in_use_in_bergen_then_in_five_helsefellesskap_and_from_2026_in_all(
    world: pl.DataFrame,
) -> None:
    until_2024 = world.filter(pl.col("month") < date(2024, 1, 1))
    assert _in_use_somewhere(until_2024, "pll", "helsefellesskap") == {BERGEN}
    assert _in_use_somewhere(until_2024, "pll", "kommune") == {"kommune:4601"}
    trial = _in_use_somewhere(
        world.filter(pl.col("month") < date(2026, 1, 1)), "pll", "helsefellesskap"
    )
    seeds = pl.read_csv(SEEDS / "helsefellesskap.csv").filter(
        pl.col("pll_trial_2024_2025") == "inferred_yes"
    )
    assert trial == set(seeds["helsefellesskap_key"])
    assert len(_in_use_somewhere(world, "pll", "helsefellesskap")) == 19


def test_the_six_first_kommuner_with_kjernejournal_are_the_real_six(world: pl.DataFrame) -> None:
    june = _of(world, "kommune").filter(
        (pl.col("month") == date(2020, 6, 1))
        & (pl.col("actor_type_code") == "kommunal_helse_omsorg")
    )
    first = june.filter(pl.col("in_use_count") == 1)["region_name"]
    assert set(first) == {"Arendal", "Halden", "Gausdal", "Lillehammer", "Ringebu", "Øyer"}


def test_the_stock_stalls_and_falls_rarely(world: pl.DataFrame) -> None:
    changes = _changes(world)
    assert (_of(changes, "land")["in_use_count_change"].drop_nulls() >= 0).all()
    regional = changes.filter(pl.col("region_level") != "land")["in_use_count_change"].drop_nulls()
    assert 0 < (regional < 0).mean() < 0.001
    assert regional.min() >= -2


def test_few_start_in_july_and_the_stock_does_not_fall_with_them(world: pl.DataFrame) -> None:
    starts = (
        _of(_changes(world), "land")
        .group_by(month=pl.col("month").dt.month())
        .agg(pl.col("in_use_count_change").mean())
        .sort("month")
    )
    by_month = dict(starts.iter_rows())
    assert 0 <= by_month[7] < 0.4 * min(by_month[5], by_month[9])
    assert by_month[7] == min(by_month.values())


@pytest.mark.parametrize("actor_type", ["legekontor", "hjemmetjeneste"])
def test_adoption_is_slow_then_fast_then_slow(actor_type: str, world: pl.DataFrame) -> None:
    curve = world.filter(
        (pl.col("region_key") == "land:NO")
        & (pl.col("service_code") == "e-multidose")
        & (pl.col("actor_type_code") == actor_type)
    )
    december = curve.filter(
        (pl.col("month").dt.month() == 12) & (pl.col("month") < date(2027, 1, 1))
    )["in_use_count"].to_list()
    grown = [after - before for before, after in pairwise(december)]
    fastest = grown.index(max(grown))
    assert 0 < fastest < len(grown) - 1
    assert grown[0] < 0.6 * max(grown)
    assert grown[-1] < 0.6 * max(grown)


def test_regions_come_halfway_at_times_of_their_own(world: pl.DataFrame) -> None:
    sfm = _of(world, "helsefellesskap").filter(
        (pl.col("service_code") == "sfm") & (pl.col("actor_type_code") == "legekontor")
    )
    halfway = (
        sfm.filter(2 * pl.col("in_use_count") >= pl.col("eligible_count"))
        .group_by("region_key")
        .agg(pl.col("month").min())
    )
    assert halfway.height >= 15, "nearly all come so far"
    assert halfway["month"].n_unique() > 5, "at different times"


def test_the_hospitals_of_a_trust_start_together(world: pl.DataFrame) -> None:
    sfm = _of(world, "hf").filter(
        (pl.col("service_code") == "sfm") & (pl.col("actor_type_code") == "sykehus")
    )
    first = (
        sfm.filter(pl.col("in_use_count") > 0)
        .group_by("region_key")
        .agg(first=pl.col("month").min())
    )
    whole = (
        sfm.filter(pl.col("in_use_count") == pl.col("eligible_count"))
        .group_by("region_key")
        .agg(whole=pl.col("month").min())
    )
    taken = first.join(whole, on="region_key").select(
        months=(pl.col("whole") - pl.col("first")).dt.total_days() / 30
    )["months"]
    assert taken.len() >= 8
    assert taken.median() <= 8


# the published figures


@dataclass(frozen=True)
class Anchor:
    """A published national figure that the world meets.

    `published_as` is the row of figures.csv (service, indicator, period); `value` is as published
    (a share in per cent), `is_least` where the publisher says "over". `measure` says what it is of
    the actor types together in `month`: organisations in use, their share, those eligible, or the
    change of use in 12 months.
    """

    published_as: tuple[str, str, str]
    value: float
    service_code: str
    actor_type_codes: tuple[str, ...]
    month: date
    measure: Literal["in_use", "share", "eligible", "change_12m"]
    is_least: bool = False


PRESCRIBERS = (*PRIORITISED, "sykehjem")
UNIQUE = "Antall unike rekvirentvirksomheter"
UNIQUE_CHANGE = "Endring i unike rekvirentvirksomheter fra samme måned året før"
OFFICES = "Andel fastlegekontor som har tatt i bruk kjernejournal"
READY = "Antall kommuner som har tatt i bruk eller er teknisk tilrettelagt"
FULL = "Antall legekontor/avtalespesialister med SFM med brukergrensesnitt"
PLAN = "Mål: andel prioriterte aktører der PLL er prøvd ut og innført"
ANCHORS = (
    Anchor(
        ("e-resept", UNIQUE, "2021-12"),
        2471,
        "e-resept",
        PRESCRIBERS,
        date(2021, 12, 1),
        "in_use",
    ),
    Anchor(
        ("e-resept", UNIQUE_CHANGE, "2021-12"),
        79,
        "e-resept",
        PRESCRIBERS,
        date(2021, 12, 1),
        "change_12m",
    ),
    Anchor(
        ("denominator", "Antall apotek", "2021-02"),
        988,
        "e-resept",
        ("apotek",),
        date(2021, 2, 1),
        "eligible",
    ),
    Anchor(
        ("denominator", "Antall apotek", "2022-12"),
        1045,
        "e-resept",
        ("apotek",),
        date(2022, 12, 1),
        "eligible",
    ),
    Anchor(
        ("denominator", "Antall apotek", "2023-12"),
        1045,
        "e-resept",
        ("apotek",),
        date(2023, 12, 1),
        "eligible",
    ),
    # published of 2019 as "before autumn"
    Anchor(
        ("kjernejournal", OFFICES, "2019"),
        90,
        "kjernejournal",
        ("legekontor",),
        date(2019, 9, 1),
        "share",
    ),
    # published of 2020, before the autumn's starts
    Anchor(
        ("kjernejournal", "Antall kommuner i gang (PLO)", "2020"),
        6,
        "kjernejournal",
        ("kommunal_helse_omsorg",),
        date(2020, 6, 1),
        "in_use",
    ),
    # published as in use or technically ready; in the simulated world all of them are in use
    Anchor(
        ("kjernejournal", READY, "2023-12"),
        274,
        "kjernejournal",
        ("kommunal_helse_omsorg",),
        date(2023, 12, 1),
        "in_use",
    ),
    Anchor(
        ("sfm", FULL, "2023-12"),
        200,
        "sfm",
        ("legekontor", "avtalespesialist"),
        date(2023, 12, 1),
        "in_use",
        is_least=True,
    ),
    # the plan: the simulated world keeps to it
    Anchor(("pll", PLAN, "2026-06"), 25, "pll", PRIORITISED, date(2026, 6, 1), "share"),
    Anchor(("pll", PLAN, "2027"), 50, "pll", PRIORITISED, date(2027, 12, 1), "share"),
    Anchor(("pll", PLAN, "2029"), 80, "pll", PRIORITISED, date(2029, 12, 1), "share"),
)


def _measured(world: pl.DataFrame, anchor: Anchor) -> float:
    country = _of(world, "land").filter(
        (pl.col("service_code") == anchor.service_code)
        & pl.col("actor_type_code").is_in(anchor.actor_type_codes)
    )

    def sums(month: date) -> tuple[int, int]:
        cells = country.filter(pl.col("month") == month)
        assert cells.height == len(anchor.actor_type_codes)
        return cells["in_use_count"].sum(), cells["eligible_count"].sum()

    in_use, eligible = sums(anchor.month)
    year_before = (
        sums(anchor.month.replace(year=anchor.month.year - 1))[0]
        if anchor.measure == "change_12m"
        else 0
    )
    return {
        "in_use": in_use,
        "eligible": eligible,
        "share": 100 * in_use / eligible,
        "change_12m": in_use - year_before,
    }[anchor.measure]


@pytest.mark.parametrize("anchor", ANCHORS, ids=lambda a: " ".join(a.published_as))
def test_the_country_meets_the_published_figure(anchor: Anchor, world: pl.DataFrame) -> None:
    rows = list(csv.DictReader(_text("published_figures", "figures.csv").splitlines()))
    (published,) = [
        r
        for r in rows
        if (r["service"], r["indicator_no"], r["period"]) == anchor.published_as
        and r["region_level"] == "nasjonal"
    ]
    assert float(published["value"]) == anchor.value
    assert published["quote_or_context"].startswith("[min]") == anchor.is_least
    assert published["period"][:4] == str(anchor.month.year)
    measured = _measured(world, anchor)
    if anchor.is_least:
        assert anchor.value <= measured <= 1.05 * anchor.value
    else:
        assert measured == pytest.approx(
            anchor.value, abs=0.5 if published["unit"] == "prosent" else 0
        )
