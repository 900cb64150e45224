"""The simulated publisher's page: every way of publishing is found behind it."""

from __future__ import annotations

from pathlib import Path

import pytest

from pll_pipeline.config import Config
from pll_pipeline.raw.discovery import Discovery, discover
from pll_pipeline.raw.fetching import fetch
from pll_pipeline.raw.links import Form
from pll_pipeline.simulation.demo import publish, world, write_sources
from pll_pipeline.simulation.plan_page import PATH
from pll_pipeline.simulation.publisher import Publisher
from pll_pipeline.sources.register import register


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Discovery:
    """What is found from the page; the source of the workbook asks at the address found there."""
    own, raw = tmp_path_factory.mktemp("sources"), tmp_path_factory.mktemp("raw")
    with Publisher() as publisher:
        report = publish(publisher, world(Config.from_environment(), scale=0.01, months=2))
        write_sources(own, publisher.address, report)
        _fetch_workbook(own, raw, publisher)
        return discover(publisher.address + PATH, allow_local=True, sleep=lambda _: None)


def _fetch_workbook(own: Path, raw: Path, publisher: Publisher) -> None:
    snapshot, is_new = fetch(register(own)["sim_sfm"], raw)
    assert is_new
    assert snapshot.origin["found_on"]["address"] == f"{publisher.address}/sfm.xlsx"


@pytest.mark.parametrize("form", [Form.report, Form.embedded, Form.workbook, Form.delimited])
def test_a_report_an_embedded_one_a_workbook_and_a_file_are_found(
    found: Discovery, form: Form
) -> None:
    assert [p.form for p in found.publications].count(form) == 1


def test_the_statistics_bank_and_the_pages_are_found(found: Discovery) -> None:
    (bank,) = (p.address for p in found.publications if p.form is Form.bank)
    assert bank.endswith("/pxweb/v2/tables/KJ01")
    pages = {p.address.rpartition("/")[2] for p in found.publications if p.form is Form.page}
    assert {"nokkeltall.html", "emultidose.html"} <= pages


def test_the_page_says_that_its_figures_are_simulated(found: Discovery) -> None:
    assert found.is_simulated
