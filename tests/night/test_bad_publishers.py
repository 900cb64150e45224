"""One night with every publisher well, and one in which each misbehaves in its own way.

What the user reads of it, what is kept, what is published.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

import polars as pl
import pytest
import tenacity
import yaml
from typer.testing import CliRunner, Result

from pll_pipeline import console
from pll_pipeline.cli import app
from pll_pipeline.config import Config
from pll_pipeline.raw.archive import snapshots
from pll_pipeline.raw.http import client as http
from pll_pipeline.raw.powerbi.address import token_of
from pll_pipeline.simulation.demo import ANY_ADDRESS, SOURCES, publish, world
from pll_pipeline.simulation.misbehaviour import Misbehaviour
from pll_pipeline.simulation.powerbi_report import Report
from pll_pipeline.simulation.publications import delimited
from pll_pipeline.simulation.publisher import Publisher
from tests.night.conftest import World

EXPORT_KEY = "c2VjcmV0LWV4cG9ydA+77"
CSV, REPORT, BANK = "sim_eresept", "sim_pll", "sim_kjernejournal"


Change = Callable[[Publisher, Report, pl.DataFrame], None]


@dataclass(frozen=True)
class BadDay:
    """What goes wrong at a publisher, and a pattern of what the user must read of it.

    No pattern where the night repairs it by itself.
    """

    template: str
    change: Change
    message: str | None = None


def _server(path: str, misbehaviour: Misbehaviour, times: float = float("inf")) -> Change:
    return lambda publisher, _, __: publisher.misbehave(path, misbehaviour, times)


def _csv(misbehaviour: Misbehaviour, times: float = float("inf")) -> Change:
    return _server("/eresept.csv", misbehaviour, times)


def _both(first: Change, then: Change) -> Change:
    def change(publisher: Publisher, report: Report, cells: pl.DataFrame) -> None:
        first(publisher, report, cells)
        then(publisher, report, cells)

    return change


def _report(misbehaviour: Misbehaviour) -> Change:
    def change(_: Publisher, report: Report, __: pl.DataFrame) -> None:
        report.misbehaviour = misbehaviour
        report.last_refresh = report.last_refresh.replace(hour=9)

    return change


def _revised(publisher: Publisher, _: Report, cells: pl.DataFrame) -> None:
    newest = (pl.col("month") == pl.col("month").max()) & (pl.col("region_level") == "land")
    figure = pl.when(newest).then(pl.lit("7")).otherwise("in_use_text")
    of_service = cells.filter(pl.col("service_code") == "e-resept")
    publisher.publish("/eresept.csv", delimited(of_service.with_columns(in_use_text=figure)))


def _shortened(publisher: Publisher, _: Report, cells: pl.DataFrame) -> None:
    of_service = cells.filter(pl.col("service_code") == "e-resept")
    is_later = pl.col("month") > pl.col("month").min()
    publisher.publish("/eresept.csv", delimited(of_service.filter(is_later)))


BAD_DAYS = {
    "busy": BadDay(CSV, _csv(Misbehaviour.TOO_MANY_REQUESTS), "429"),
    "busy_at_first": BadDay(CSV, _csv(Misbehaviour.TOO_MANY_REQUESTS, 2)),
    "unavailable": BadDay(CSV, _csv(Misbehaviour.UNAVAILABLE), "503"),
    "slow": BadDay(CSV, _both(_revised, _csv(Misbehaviour.SLOW)), "not whole in time"),
    "cut_off": BadDay(CSV, _both(_revised, _csv(Misbehaviour.CUT_OFF)), "cut off"),
    "wrong_length": BadDay(
        CSV, _both(_revised, _csv(Misbehaviour.WRONG_LENGTH)), "probably cut off|are gone"
    ),
    "web_page": BadDay(
        BANK, _server("/pxweb/v2", Misbehaviour.WEB_PAGE), "web page instead of data"
    ),
    "withdrawn": BadDay(CSV, _csv(Misbehaviour.WITHDRAWN), "withdrawn or moved"),
    "endless_redirects": BadDay(CSV, _csv(Misbehaviour.REDIRECT_LOOP), "from one to the next"),
    "overwritten_month": BadDay(CSV, _revised),
    "shortened_history": BadDay(CSV, _shortened, "are gone"),
    "incomplete_report": BadDay(REPORT, _report(Misbehaviour.INCOMPLETE), "limit cut the data"),
    "restart_loop": BadDay(REPORT, _report(Misbehaviour.RESTART_LOOP), "restart token"),
    "error_in_report": BadDay(
        REPORT, _report(Misbehaviour.ERROR_IN_ANSWER), "rsDataShapeProcessingError"
    ),
    "renamed_field": BadDay(REPORT, _report(Misbehaviour.RENAMED_FIELD), "was renamed"),
    "hidden_field": BadDay(REPORT, _report(Misbehaviour.HIDDEN_FIELD), "hidden"),
    "withdrawn_report": BadDay(REPORT, _report(Misbehaviour.WITHDRAWN), "withdrawn"),
}


@dataclass(frozen=True)
class Nights:
    """A world after a night with every publisher well, and one in which each misbehaves."""

    world: World
    first: Result
    second: Result
    figures_before: dict[str, list[tuple[object, ...]]]

    def figures(self, source: str) -> list[tuple[object, ...]]:
        return self.world.ask(
            "select * exclude (snapshot_at, revision_number) from star.fct_observation"
            " where source_name = ? order by all",
            f"sim_{source}",
        )

    def message(self, source: str) -> str:
        """The line of the second night about a source that could not be used; empty for none."""
        begins = f"sim_{source} keeps an earlier snapshot."
        lines = self.second.output.split("\n")
        return next((line for line in lines if line.startswith(begins)), "")


def _write_source(
    folder: Path, name: str, day: BadDay, publisher: Publisher, report: Report
) -> None:
    text = (SOURCES / f"{day.template}.yaml").read_text(encoding="utf-8")
    text = text.replace(f"{ANY_ADDRESS}/view?r=TOKEN", report.view_address(publisher.address))
    source = yaml.safe_load(text.replace(ANY_ADDRESS, publisher.address))
    source["name"] = f"sim_{name}"
    source["fetch"]["total_seconds"] = 2
    if "files" in source["fetch"]:
        files = source["fetch"]["files"].items()
        keyed = {file: f"{address}?export=${{PLL_EXPORT_KEY}}" for file, address in files}
        source["fetch"]["files"] = keyed
    path = folder / f"sim_{name}.yaml"
    path.write_text(yaml.safe_dump(source, allow_unicode=True), encoding="utf-8")


@pytest.fixture(scope="module")
def nights(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nights]:
    data = tmp_path_factory.mktemp("bad") / "min mappe ø" / "data"
    sources = data / "sources"
    sources.mkdir(parents=True)
    config = replace(Config.from_environment(), data=data)
    cells = world(config, scale=0.01, months=3)
    with ExitStack() as open_publishers, pytest.MonkeyPatch.context() as patch:
        # waiting is tried where the client is tested
        patch.setattr(http, "_BACK_OFF", tenacity.wait_none())
        patch.setenv("PLL_DATA", str(data))
        patch.setenv("PLL_EXPORT_KEY", EXPORT_KEY)
        for stream in (console.OUT, console.ERR):  # so wide that no line is folded
            patch.setattr(stream, "width", 4000)
        publishers = {}
        for name, day in BAD_DAYS.items():
            publisher = open_publishers.enter_context(Publisher())
            publishers[name] = publisher, publish(publisher, cells)
            _write_source(sources, name, day, *publishers[name])
        first = CliRunner().invoke(app, ["run"])
        assert first.exit_code == 0, first.output
        after_first = Nights(World(data), first, first, {})
        before = {name: after_first.figures(name) for name in BAD_DAYS}
        for name, day in BAD_DAYS.items():
            day.change(*publishers[name], cells)
        yield replace(after_first, second=CliRunner().invoke(app, ["run"]), figures_before=before)


FAILING = [name for name, day in BAD_DAYS.items() if day.message]


def test_a_night_of_bad_days_is_published_and_says_that_sources_keep_an_earlier_snapshot(
    nights: Nights,
) -> None:
    assert nights.second.exit_code == 3, nights.second.output
    assert "Published release" in nights.second.output, (
        "the overwritten month is published all the same"
    )


@pytest.mark.parametrize("name", FAILING)
def test_the_user_reads_what_went_wrong_where_and_what_to_do(nights: Nights, name: str) -> None:
    message = nights.message(name)
    assert re.search(BAD_DAYS[name].message or "", message), nights.second.output
    assert "Where: " in message
    assert "What to do: " in message


@pytest.mark.parametrize("name", FAILING)
def test_what_was_published_before_is_unchanged(nights: Nights, name: str) -> None:
    assert nights.figures_before[name]
    assert nights.figures(name) == nights.figures_before[name]


@pytest.mark.parametrize("name", FAILING)
def test_the_release_says_which_snapshot_it_uses(nights: Nights, name: str) -> None:
    archived = snapshots(nights.world.data / "raw", f"sim_{name}")
    used = nights.world.ask(
        "select distinct snapshot_at from star.fct_observation where source_name = ?", f"sim_{name}"
    )
    assert [at for (at,) in used] == [archived[0].taken_at]


def test_a_publisher_that_is_busy_at_first_is_asked_again_and_answers(nights: Nights) -> None:
    assert nights.message("busy_at_first") == ""
    assert nights.figures("busy_at_first") == nights.figures_before["busy_at_first"]


def test_an_overwritten_month_is_a_correction_with_both_values(nights: Nights) -> None:
    changed = nights.world.ask(
        "select distinct change_kind, region_name, published_text_after, value_after"
        " from marts.mart_revisions where source_name = 'sim_overwritten_month'"
    )
    assert changed == [("correction", "Norge", "7", 7.0)]
    assert nights.figures("overwritten_month") != nights.figures_before["overwritten_month"]


def test_bytes_that_came_and_were_refused_are_kept_all_the_same(nights: Nights) -> None:
    raw = nights.world.data / "raw"
    for name in ("shortened_history", "wrong_length", "incomplete_report"):
        assert len(snapshots(raw, f"sim_{name}")) == 2, name


def test_the_key_to_a_report_is_in_its_source_file_and_nowhere_else(nights: Nights) -> None:
    path = nights.world.data / "sources" / "sim_withdrawn_report.yaml"
    address = yaml.safe_load(path.read_text(encoding="utf-8"))["fetch"]["address"]
    secrets = (token_of(address).key, address.split("r=")[1])
    assert not any(secret in nights.second.output for secret in secrets)
    kept = [
        path
        for path in nights.world.data.rglob("*")
        if path.is_file()
        and path.parent.name != "sources"
        and path.suffix in (".json", ".log", ".md", ".csv")
    ]
    assert kept
    for path in kept:
        content = path.read_bytes()
        assert not any(secret.encode() in content for secret in secrets), path


def test_the_key_in_an_address_is_in_no_file_and_in_no_output(nights: Nights) -> None:
    assert EXPORT_KEY not in nights.first.output + nights.second.output
    files = [path for path in nights.world.data.rglob("*") if path.is_file()]
    assert len(files) > 100
    kept = [path for path in files if EXPORT_KEY.encode() in path.read_bytes()]
    assert kept == [], "databases, logs, records and releases contain no key"


def test_simulated_figures_say_so_in_the_release(nights: Nights) -> None:
    assert nights.world.ask("select bool_and(is_simulated) from star.dim_source") == [(True,)]
