"""A simulated world, published on loopback for as long as somebody asks, and the source files that ask it.

Not here: what the world is like (`adoption.py`), how it is published (`publications.py`, `powerbi_report.py`), the
night that asks (`automation.py`).
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid5

import polars as pl

from pll_pipeline.config import CHECKOUT, Config
from pll_pipeline.simulation import plan
from pll_pipeline.simulation.adoption import simulate
from pll_pipeline.simulation.disclosure import suppress
from pll_pipeline.simulation.powerbi_report import Report
from pll_pipeline.simulation.publications import (
    PxWebTable,
    delimited,
    prose_page,
    table_page,
    workbook,
)
from pll_pipeline.simulation.publisher import Publisher

SOURCES = Path(__file__).resolve().parent / "sources"
ANY_ADDRESS = "http://127.0.0.1:0"
NOBODY = UUID(int=0)
_WORLD = "world.json"
_OF_A_WORLD = ("raw", "validated", "sources", "build")


@contextmanager
def published_world(config: Config, *, scale: float, months: int) -> Iterator[Publisher]:
    """The simulated publisher while inside; its source files lie in `config.own_sources` with its address.

    A data folder holds one world: what was kept of another scale or number of months is forgotten first, its releases stay.
    """
    cells = world(config, scale=scale, months=months)
    _forget_another(config.data, {"scale": scale, "months": months})
    with Publisher() as publisher:
        report = publish(publisher, cells)
        write_sources(config.own_sources, publisher.address, report)
        yield publisher


def world(config: Config, *, scale: float, months: int) -> pl.DataFrame:
    """The cells of a world as its publisher shows them: real populations, the real start of the roll-out, simulated use."""
    return suppress(
        simulate(config.seeds, CHECKOUT / "data" / "raw", scale=scale, months=months), config.seeds
    )


def publish(publisher: Publisher, cells: pl.DataFrame) -> Report:
    """Publish a world, each service in the way of its publisher, and return the report."""

    def of(service_code: str) -> pl.DataFrame:
        return cells.filter(pl.col("service_code") == service_code)

    newest = cells["month"].max()
    assert isinstance(newest, date)
    refreshed = datetime(newest.year, newest.month, 1, 6, tzinfo=UTC) + timedelta(days=35)
    report = Report.of(
        of("pll"), key=uuid5(NOBODY, "key"), tenant=uuid5(NOBODY, "tenant"), last_refresh=refreshed
    )
    publisher.publish("/", report)
    publisher.publish("/sfm.xlsx", workbook(of("sfm")))
    publisher.publish("/eresept.csv", delimited(of("e-resept")))
    publisher.publish("/emultidose.html", table_page(of("e-multidose")))
    publisher.publish("/nokkeltall.html", prose_page(cells))
    publisher.publish("/plan.csv", plan.milestones(cells))
    publisher.publish("/mal.csv", plan.targets(cells))
    publisher.publish("/pxweb/v2", PxWebTable(of("kjernejournal"), path="/pxweb/v2", table="KJ01"))
    return report


def write_sources(folder: Path, address: str, report: Report) -> None:
    """Write the source files of the simulated publications, with the address they are published at."""
    folder.mkdir(parents=True, exist_ok=True)
    for path in sorted(SOURCES.glob("*.yaml")):
        text = path.read_text(encoding="utf-8").replace(
            f"{ANY_ADDRESS}/view?r=TOKEN", report.view_address(address)
        )
        (folder / path.name).write_text(text.replace(ANY_ADDRESS, address), encoding="utf-8")


def _forget_another(data: Path, asked: dict[str, float]) -> None:
    said = data / _WORLD
    if said.is_file() and json.loads(said.read_text(encoding="utf-8")) != asked:
        for folder in _OF_A_WORLD:
            shutil.rmtree(data / folder, ignore_errors=True)
    data.mkdir(parents=True, exist_ok=True)
    said.write_text(json.dumps(asked), encoding="utf-8")
