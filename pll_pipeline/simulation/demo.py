"""A simulated world, published on loopback inside a `with` block, and the source files that ask it.

Not here: the figures of the world (`adoption.py`), how it is published (`publications.py`,
`powerbi_report.py`), the night that asks (`automation.py`).
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid5

import polars as pl

from pll_pipeline.config import CHECKOUT, Config
from pll_pipeline.simulation import plan, plan_page
from pll_pipeline.simulation.adoption import simulate
from pll_pipeline.simulation.codes_of_time import on_codes_of_the_time
from pll_pipeline.simulation.disclosure import suppress
from pll_pipeline.simulation.editions import first_edition, second_edition
from pll_pipeline.simulation.embedded_report import EmbeddedReport
from pll_pipeline.simulation.powerbi_report import Report
from pll_pipeline.simulation.publications import (
    delimited,
    in_published_periods,
    is_published_by_year,
    prose_page,
    table_page,
    workbook,
)
from pll_pipeline.simulation.publisher import Publisher
from pll_pipeline.simulation.statistics_bank import PxWebTable

SOURCES = Path(__file__).resolve().parent / "sources"
# its publisher never changes what it has published; the others restate all months on today's codes
_ON_CODES_OF_THE_TIME = "e-resept"
# Yearly figures begin in 2019, the year before a reform, however few months the others have.
_MONTHS_OF_YEARLY_FIGURES = 94
ANY_ADDRESS = "http://127.0.0.1:9"
_NAMESPACE = UUID(int=0)
_WORLD_FILE = "world.json"
_FOLDERS_OF_A_WORLD = ("raw", "validated", "sources", "build")


@dataclass(frozen=True)
class PublishedWorld:
    """A simulated world and its running publisher."""

    config: Config
    publisher: Publisher
    cells: pl.DataFrame

    def editions(self) -> Iterator[str]:
        """The editions still to be asked for, by name: each is published when it is taken.

        Of a world that was asked before, that is the second only.
        """
        editions = {
            "first edition": first_edition(self.cells, self.config.seeds),
            "second edition": second_edition(self.cells),
        }
        if self.config.raw.is_dir() and any(self.config.raw.iterdir()):
            del editions["first edition"]
        for name, edition in editions.items():
            report = publish(self.publisher, edition)
            write_sources(self.config.own_sources, self.publisher.address, report)
            yield name

    def publish_all(self) -> None:
        """Publish everything as it is now."""
        for _ in self.editions():
            pass


@contextmanager
def published_world(config: Config, *, scale: float, months: int) -> Iterator[PublishedWorld]:
    """The simulated publisher inside a block; `config.own_sources` has its source files.

    Nothing is published before an edition is taken. A data folder contains one world: what was
    kept of another scale or number of months is deleted first, and its releases remain.
    """
    cells = world(config, scale=scale, months=months)
    _delete_other_world(config.data, {"scale": scale, "months": months})
    with Publisher() as publisher:
        yield PublishedWorld(config, publisher, cells)


def world(config: Config, *, scale: float, months: int) -> pl.DataFrame:
    """The cells of a world as its publisher shows them.

    Populations and the start of the roll-out are real, the use is simulated. One row per service,
    region, actor type and published period: `adoption.CELL`, the columns of `disclosure.suppress`
    and `period_text`. What is published by year begins in 2019, whatever `months` is.
    """
    raw = CHECKOUT / "data" / "raw"
    longest = max(months, _MONTHS_OF_YEARLY_FIGURES)
    cells = simulate(config.seeds, raw, scale=scale, months=longest).filter(
        is_published_by_year() | _is_within_months(months)
    )
    is_dated = pl.col("service_code") == _ON_CODES_OF_THE_TIME
    dated = on_codes_of_the_time(cells.filter(is_dated), config.seeds, raw)
    cells = pl.concat([dated, cells.filter(~is_dated)])
    return in_published_periods(suppress(cells, config.seeds))


def _is_within_months(months: int) -> pl.Expr:
    """Whether a cell is of the newest months."""
    return pl.col("month") > pl.col("month").max().dt.offset_by(f"-{months}mo")


def publish(publisher: Publisher, cells: pl.DataFrame) -> Report:
    """Publish a world, each service in the way of its publisher, and return the report."""

    def of(service_code: str) -> pl.DataFrame:
        return cells.filter(pl.col("service_code") == service_code)

    newest: date = cells.select(pl.col("month").max()).item()
    refreshed = _refreshed_at(newest)
    report = Report.of(
        of("pll"),
        key=uuid5(_NAMESPACE, "key"),
        tenant=uuid5(_NAMESPACE, "tenant"),
        last_refresh=refreshed,
    )
    publisher.publish("/", report)
    publisher.publish("/sfm.xlsx", workbook(of("sfm")))
    publisher.publish("/eresept.csv", delimited(of("e-resept")))
    publisher.publish("/emultidose.html", table_page(of("e-multidose")))
    publisher.publish("/nokkeltall.html", prose_page(cells))
    publisher.publish("/plan.csv", plan.milestones(cells))
    publisher.publish("/mal.csv", plan.targets(cells))
    embedded = EmbeddedReport(report)
    for path in (plan_page.EMBEDDED, "/explore"):
        publisher.publish(path, embedded)
    view_address = report.view_address(publisher.address)
    page = plan_page.plan_page(view_address, newest, refreshed.date())
    publisher.publish(plan_page.PATH, page)
    publisher.publish("/pxweb/v2", PxWebTable(of("kjernejournal"), path="/pxweb/v2", table="KJ01"))
    return report


def _refreshed_at(newest: date) -> datetime:
    """Some days into the month after the newest one."""
    return datetime(newest.year, newest.month, 1, 6, tzinfo=UTC) + timedelta(days=35)


def write_sources(folder: Path, address: str, report: Report) -> None:
    """Write the source files of the simulated publications, with their address."""
    folder.mkdir(parents=True, exist_ok=True)
    view_address = report.view_address(address)
    for path in sorted(SOURCES.glob("*.yaml")):
        text = path.read_text(encoding="utf-8")
        text = text.replace(f"{ANY_ADDRESS}/view?r=TOKEN", view_address)
        (folder / path.name).write_text(text.replace(ANY_ADDRESS, address), encoding="utf-8")


def _delete_other_world(data: Path, settings: dict[str, float]) -> None:
    world_file = data / _WORLD_FILE
    if world_file.is_file() and json.loads(world_file.read_text(encoding="utf-8")) != settings:
        for folder in _FOLDERS_OF_A_WORLD:
            shutil.rmtree(data / folder, ignore_errors=True)
    data.mkdir(parents=True, exist_ok=True)
    world_file.write_text(json.dumps(settings), encoding="utf-8")
