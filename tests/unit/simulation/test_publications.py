"""Every cell of the simulated world is published, in every form, suppressed ones too."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import requests

from pll_pipeline.config import Config
from pll_pipeline.raw.fetching import fetch
from pll_pipeline.simulation.demo import SOURCES, publish, world, write_sources
from pll_pipeline.simulation.misbehaviour import Misbehaviour
from pll_pipeline.simulation.publications import NOT_STATISTICS
from pll_pipeline.simulation.publisher import Publisher
from pll_pipeline.simulation.statistics_bank import MAX_DATA_CELLS
from pll_pipeline.sources.model import Source
from pll_pipeline.sources.register import known, read_source
from pll_pipeline.validated.mapping import map_tables
from pll_pipeline.validated.page_changes import page_text
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


@dataclass(frozen=True)
class Running:
    """A running publisher and the sources that ask it."""

    publisher: Publisher
    sources: dict[str, Source]

    def get(self, path: str, **options: Any) -> requests.Response:
        return requests.get(f"{self.publisher.address}/{path}", timeout=10, **options)


@pytest.fixture(scope="module")
def running(cells: pl.DataFrame, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    folder = tmp_path_factory.mktemp("sources")
    with Publisher() as publisher:
        write_sources(folder, publisher.address, publish(publisher, cells))
        yield Running(publisher, known(folder))


def _read(source: Source, raw: Path) -> Any:
    """What a source reads of its publication, with nothing in quarantine."""
    snapshot, _ = fetch(source, raw)
    tables = {
        table.file: read_table(snapshot.read(table.file), source.read, where=table.file)
        for table in source.tables
    }
    reading = map_tables(source, tables, CODES, datetime.now(UTC))
    assert reading.quarantine.height == 0
    return reading


KEY = ["region_key", "actor_type_code", "month"]


def _expected(cells: pl.DataFrame, prefix: str) -> pl.DataFrame:
    """What should be read of a service: value and bounds per cell and measure."""
    return pl.concat(
        [
            _expected_of(cells, counted, f"{prefix}_organisation_{counted}_count")
            for counted in ("in_use", "eligible")
        ]
    )


def _expected_of(cells: pl.DataFrame, counted: str, measure: str) -> pl.DataFrame:
    text, count = pl.col(f"{counted}_text"), pl.col(f"{counted}_count")
    is_shown, is_small = text.str.contains(r"^\d+$"), text == "<5"
    lower = pl.when(is_shown).then(count).when(is_small).then(1).otherwise(0)
    upper = pl.when(is_shown).then(count).when(is_small).then(4)
    return cells.select(
        *KEY,
        measure=pl.lit(measure),
        value=pl.when(is_shown).then(count).cast(pl.Float64),
        lower=lower.cast(pl.Float64),
        upper=upper.cast(pl.Float64),
    )


@pytest.mark.parametrize("name", SERVICES)
def test_every_cell_of_the_world_is_read_back_as_it_was_published(
    name: str, cells: pl.DataFrame, running: Running, tmp_path: Path
) -> None:
    observations = _read(running.sources[name], tmp_path).observations
    service, prefix = SERVICES[name]
    expected = _expected(cells.filter(pl.col("service_code") == service), prefix)
    found = observations.select(
        "region_key",
        "actor_type_code",
        month=pl.col("period_end").dt.truncate("1mo"),
        measure="measure_code",
        value="value",
        lower="lower_bound",
        upper="upper_bound",
    )
    order = ["measure", *KEY]
    assert found.sort(order).rows() == expected.select(found.columns).sort(order).rows()
    without_value = observations.filter(pl.col("value").is_null())
    assert set(without_value["status"]) <= {"suppressed"}


def test_figures_in_running_text_keep_their_qualifiers(running: Running, tmp_path: Path) -> None:
    figures = _read(running.sources["sim_nokkeltall"], tmp_path).observations
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
def test_a_simulated_page_says_that_it_is_no_statistics(path: str, running: Running) -> None:
    assert NOT_STATISTICS in running.get(path).content.decode()


def test_a_statistics_bank_gives_no_more_cells_than_its_limit(running: Running) -> None:
    def post(selection: dict[str, list[str]]) -> requests.Response:
        variables = [
            {"variableCode": name, "valueCodes": codes} for name, codes in selection.items()
        ]
        url = f"{running.publisher.address}/pxweb/v2/tables/KJ01/data"
        return requests.post(url, json={"selection": variables}, timeout=10)

    assert running.get("pxweb/v2/config").json()["maxDataCells"] == MAX_DATA_CELLS
    dimensions = running.get("pxweb/v2/tables/KJ01/metadata").json()["dimension"]
    codes = {name: list(d["category"]["index"]) for name, d in dimensions.items()}
    assert post(codes | {"Tid": codes["Tid"][:1] * MAX_DATA_CELLS}).status_code == 403
    first = {name: all_codes[:1] for name, all_codes in codes.items()}
    assert post(first).json()["size"] == [1] * len(codes)
    assert post({}).status_code == 400
    assert post(codes | {"Tid": ["1999M01"]}).status_code == 400


# --- the server


def test_what_has_not_changed_is_answered_without_its_content(running: Running) -> None:
    etag = running.get("eresept.csv").headers["ETag"]
    again = running.get("eresept.csv", headers={"If-None-Match": etag})
    assert (again.status_code, again.content) == (304, b"")


def test_the_server_listens_on_loopback_only(running: Running) -> None:
    assert running.publisher.address.startswith("http://127.0.0.1:")


def test_a_publication_misbehaves_as_many_times_as_asked(running: Running) -> None:
    before = running.publisher.number_of_requests("/nokkeltall.html")
    running.publisher.misbehave("/nokkeltall.html", Misbehaviour.TOO_MANY_REQUESTS, 1)
    busy, well = running.get("nokkeltall.html"), running.get("nokkeltall.html")
    assert (busy.status_code, busy.headers["Retry-After"], well.status_code) == (429, "1", 200)
    assert running.publisher.number_of_requests("/nokkeltall.html") == before + 2


@pytest.mark.parametrize(
    ("misbehaviour", "status"),
    [
        (Misbehaviour.UNAVAILABLE, 503),
        (Misbehaviour.WITHDRAWN, 404),
        (Misbehaviour.WEB_PAGE, 200),
        (Misbehaviour.REDIRECT_LOOP, 302),
    ],
)
def test_misbehaviour_looks_as_it_does_at_real_publishers(
    misbehaviour: Misbehaviour, status: int, running: Running
) -> None:
    running.publisher.misbehave("/eresept.csv", misbehaviour, 1)
    assert running.get("eresept.csv", allow_redirects=False).status_code == status


def test_what_only_a_report_can_do_is_refused_of_other_publications(running: Running) -> None:
    with pytest.raises(ValueError, match="RENAMED_FIELD is a misbehaviour of a report"):
        running.publisher.misbehave("/eresept.csv", Misbehaviour.RENAMED_FIELD)


def test_a_path_without_a_publication_is_not_found(running: Running) -> None:
    assert running.get("finnes-ikke").status_code == 404


# --- the plan


def test_the_page_states_what_is_under_way_and_when_it_was_changed(
    running: Running, tmp_path: Path
) -> None:
    source = running.sources["sim_planside"]
    milestones = _read(source, tmp_path).milestones.select("region_key", "phase", "statement")
    assert milestones.rows() == [("land:NO", "innforing", "state")]
    snapshot, is_new = fetch(source, tmp_path)
    assert not is_new, "the same page is no new snapshot"
    text = page_text(source, {"plan.html": snapshot.read("plan.html")}, snapshot.taken_at, None)
    assert text is not None
    assert text.stated_on is not None


def test_the_plan_reaches_every_helsefellesskap_in_turn_and_has_targets(
    running: Running, tmp_path: Path
) -> None:
    reading = _read(running.sources["sim_plan"], tmp_path)
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
