"""What the simulated publisher publishes says what its world holds, in every form, cell by cell, suppressed ones too."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest
import requests

from pll_pipeline.config import Config
from pll_pipeline.raw.fetching import fetch
from pll_pipeline.simulation.demo import SOURCES, publish, world, write_sources
from pll_pipeline.simulation.publications import MAX_DATA_CELLS, NOT_STATISTICS
from pll_pipeline.simulation.publisher import Misbehaviour, Publisher
from pll_pipeline.sources.model import Source
from pll_pipeline.sources.register import known, read_source
from pll_pipeline.validated.mapping import map_tables
from pll_pipeline.validated.readers import read_table
from pll_pipeline.vocabulary.codes import load_codes

CONFIG = Config.from_environment()
CODES = load_codes(CONFIG.seeds)
SERVICES = {
    "sim_sfm": ("sfm", "sfm"),
    "sim_eresept": ("e-resept", "eresept"),
    "sim_emultidose": ("e-multidose", "multidose"),
    "sim_pll": ("pll", "pll"),
    "sim_kjernejournal": ("kjernejournal", "kjernejournal"),
}


@pytest.fixture(scope="module")
def cells() -> pl.DataFrame:
    return world(CONFIG, scale=0.02, months=3)


@pytest.fixture(scope="module")
def publisher(
    cells: pl.DataFrame, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Publisher, dict[str, Source]]]:
    folder = tmp_path_factory.mktemp("sources")
    with Publisher() as running:
        write_sources(folder, running.address, publish(running, cells))
        yield running, known(folder)


@pytest.mark.parametrize("name", SERVICES)
def test_every_cell_of_the_world_is_read_back_as_it_was_published(
    name: str, cells: pl.DataFrame, publisher: tuple[Publisher, dict[str, Source]], tmp_path: Path
) -> None:
    source = publisher[1][name]
    snapshot, _ = fetch(source, tmp_path)
    tables = {
        table.file: read_table(snapshot.read(table.file), source.read, where=f"{name}/{table.file}")
        for table in source.tables
    }
    reading = map_tables(source, tables, CODES, datetime.now(UTC))
    assert reading.quarantine.height == 0

    service, prefix = SERVICES[name]
    of_it = cells.filter(pl.col("service_code") == service)
    shown = pl.col("in_use_text").str.contains(r"^\d+$")
    small = pl.col("in_use_text") == "<5"
    truth = pl.concat(
        [
            of_it.select(
                "region_key",
                "actor_type_code",
                "month",
                measure=pl.lit(f"{prefix}_organisation_in_use_count"),
                value=pl.when(shown).then("in_use_count").cast(pl.Float64),
                lower=pl.when(shown)
                .then("in_use_count")
                .when(small)
                .then(1)
                .otherwise(0)
                .cast(pl.Float64),
                upper=pl.when(shown).then("in_use_count").when(small).then(4).cast(pl.Float64),
            ),
            of_it.select(
                "region_key",
                "actor_type_code",
                "month",
                measure=pl.lit(f"{prefix}_organisation_eligible_count"),
                value=pl.col("eligible_count").cast(pl.Float64),
                lower=pl.col("eligible_count").cast(pl.Float64),
                upper=pl.col("eligible_count").cast(pl.Float64),
            ),
        ]
    )
    read = reading.observations.select(
        "region_key",
        "actor_type_code",
        month="period_start",
        measure="measure_code",
        value="value",
        lower="lower_bound",
        upper="upper_bound",
    )
    order = ["measure", "region_key", "actor_type_code", "month"]
    assert read.sort(order).rows() == truth.select(read.columns).sort(order).rows()
    assert reading.observations.filter(pl.col("value").is_null())["status"].unique().to_list() in (
        [],
        ["suppressed"],
    )


def test_figures_in_running_text_keep_their_hedges(
    publisher: tuple[Publisher, dict[str, Source]], tmp_path: Path
) -> None:
    source = publisher[1]["sim_nokkeltall"]
    snapshot, _ = fetch(source, tmp_path)
    table = read_table(snapshot.read("nokkeltall.html"), source.read, where="x/nokkeltall.html")
    figures = map_tables(source, {"nokkeltall.html": table}, CODES, datetime.now(UTC)).observations
    assert dict(figures.select("measure_code", "qualifier").iter_rows()) == {
        "pll_created_patient_count": "at_least",
        "multidose_user_count": "approx",
    }
    assert figures["period_grain"].unique().to_list() == ["month"]


@pytest.mark.parametrize("path", sorted(SOURCES.glob("*.yaml")), ids=lambda path: path.stem)
def test_a_simulated_source_says_so_in_every_word_a_reader_sees(path: Path) -> None:
    source = read_source(path)
    assert source.is_simulated
    assert source.title.startswith("Simulert: ")
    assert source.title_en.startswith("Simulated: ")
    assert source.publisher == "Simulert utgiver"
    assert "ikke statistikk" in source.licence
    assert "ikke statistikk" in source.attribution


@pytest.mark.parametrize("path", ["emultidose.html", "nokkeltall.html"])
def test_a_simulated_page_says_that_it_is_no_statistics(
    path: str, publisher: tuple[Publisher, dict[str, Source]]
) -> None:
    assert (
        NOT_STATISTICS
        in requests.get(f"{publisher[0].address}/{path}", timeout=10).content.decode()
    )


def test_a_statistics_bank_gives_no_more_cells_than_it_says(
    publisher: tuple[Publisher, dict[str, Source]],
) -> None:
    table = f"{publisher[0].address}/pxweb/v2/tables/KJ01"
    assert (
        requests.get(f"{publisher[0].address}/pxweb/v2/config", timeout=10).json()["maxDataCells"]
        == MAX_DATA_CELLS
    )
    codes = {
        name: list(d["category"]["index"])
        for name, d in requests.get(f"{table}/metadata", timeout=10).json()["dimension"].items()
    }
    too_often = codes | {"Tid": codes["Tid"][:1] * MAX_DATA_CELLS}
    whole = {
        "selection": [
            {"variableCode": name, "valueCodes": of_it} for name, of_it in too_often.items()
        ]
    }
    assert requests.post(f"{table}/data", json=whole, timeout=10).status_code == 403
    one = {
        "selection": [
            {"variableCode": name, "valueCodes": of_it[:1]} for name, of_it in codes.items()
        ]
    }
    assert requests.post(f"{table}/data", json=one, timeout=10).json()["size"] == [1] * len(codes)
    assert requests.post(f"{table}/data", json={"selection": []}, timeout=10).status_code == 400


# --- the server -----------------------------------------------------------------------------------------------------


def test_what_has_not_changed_is_said_in_a_word(
    publisher: tuple[Publisher, dict[str, Source]],
) -> None:
    address = f"{publisher[0].address}/eresept.csv"
    tag = requests.get(address, timeout=10).headers["ETag"]
    again = requests.get(address, headers={"If-None-Match": tag}, timeout=10)
    assert (again.status_code, again.content) == (304, b"")


def test_the_server_listens_on_loopback_only(
    publisher: tuple[Publisher, dict[str, Source]],
) -> None:
    assert publisher[0].address.startswith("http://127.0.0.1:")


def test_a_bad_day_lasts_as_often_as_was_said(
    publisher: tuple[Publisher, dict[str, Source]],
) -> None:
    address, before = (
        f"{publisher[0].address}/nokkeltall.html",
        publisher[0].asked("/nokkeltall.html"),
    )
    publisher[0].misbehave("/nokkeltall.html", Misbehaviour.TOO_MANY_REQUESTS, 1)
    busy, well = requests.get(address, timeout=10), requests.get(address, timeout=10)
    assert (busy.status_code, busy.headers["Retry-After"], well.status_code) == (429, "1", 200)
    assert publisher[0].asked("/nokkeltall.html") == before + 2


@pytest.mark.parametrize(
    ("how", "status"),
    [
        (Misbehaviour.UNAVAILABLE, 503),
        (Misbehaviour.WITHDRAWN, 404),
        (Misbehaviour.WEB_PAGE, 200),
        (Misbehaviour.REDIRECT_LOOP, 302),
    ],
)
def test_a_bad_day_looks_as_it_does_at_real_publishers(
    how: Misbehaviour, status: int, publisher: tuple[Publisher, dict[str, Source]]
) -> None:
    publisher[0].misbehave("/eresept.csv", how, 1)
    assert (
        requests.get(
            f"{publisher[0].address}/eresept.csv", timeout=10, allow_redirects=False
        ).status_code
        == status
    )


def test_nothing_is_published_where_nothing_is(
    publisher: tuple[Publisher, dict[str, Source]],
) -> None:
    assert requests.get(f"{publisher[0].address}/finnes-ikke", timeout=10).status_code == 404


def test_the_simulated_plan_begins_when_the_country_does_and_reaches_every_helsefellesskap_in_turn(
    publisher: tuple[Publisher, dict[str, Source]], tmp_path: Path
) -> None:
    source = publisher[1]["sim_plan"]
    snapshot, _ = fetch(source, tmp_path)
    tables = {
        name: read_table(snapshot.read(name), source.read, where=f"x/{name}")
        for name in ("plan.csv", "mal.csv")
    }
    reading = map_tables(source, tables, CODES, datetime.now(UTC))
    assert reading.quarantine.is_empty()
    of_pll = reading.milestones.filter(
        (pl.col("service_code") == "pll") & (pl.col("actor_type_code") == "legekontor")
    )
    introduced = of_pll.filter(
        (pl.col("phase") == "innforing") & pl.col("region_key").str.starts_with("helsefellesskap:")
    ).sort("starts_on")
    assert introduced.height == introduced["region_key"].n_unique() == 19
    gaps = introduced["starts_on"].dt.year() * 12 + introduced["starts_on"].dt.month()
    assert gaps.diff().drop_nulls().unique().to_list() == [2]
    targets = reading.targets.filter(
        (pl.col("measure_code") == "pll_organisation_in_use_share")
        & (pl.col("actor_type_code") == "legekontor")
    )
    assert targets.sort("due_end")["value"].to_list() == [0.25, 0.5, 0.8]
    assert targets["direction"].unique().to_list() == ["at_least"]
