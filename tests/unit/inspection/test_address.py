"""What is published at an address: asked once, looked at as a file, and fetched there again."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
import yaml

from pll_pipeline.config import Config
from pll_pipeline.errors import PllError
from pll_pipeline.inspection.address import inspect_address, is_address
from pll_pipeline.inspection.publication import TableSeen
from pll_pipeline.inspection.starter import starter
from pll_pipeline.simulation import powerbi_model
from pll_pipeline.simulation.demo import publish, world
from pll_pipeline.simulation.powerbi_model import Page
from pll_pipeline.simulation.publisher import Publisher
from pll_pipeline.sources.model import PowerBiReport
from pll_pipeline.sources.register import read_source
from pll_pipeline.vocabulary.codes import load_codes
from tests.loopback import Reply, publisher

CODES = load_codes(Config.from_environment().seeds)
TODAY = date(2026, 11, 23)
FIGURES = "Kommune;Måned;Antall\nBergen;januar 2025;1 234\nTromsø;februar 2025;7\n".encode()


@pytest.mark.parametrize(
    ("path", "media_type", "file"),
    [
        ("/ut/tall.csv?v=2", "text/plain", "tall.csv"),
        ("/ut", "text/csv", "publication.csv"),
        ("/", "application/octet-stream", "publication.txt"),
        ("/..%2f.csv", "text/csv", "publication.csv"),
    ],
)
def test_the_file_is_named_after_the_address_or_else_after_what_it_is(
    path: str, media_type: str, file: str
) -> None:
    with publisher(Reply(FIGURES, headers={"Content-Type": media_type})) as loopback:
        table = inspect_address(loopback.url + path, CODES, TODAY, allow_local=True).tables[0]
    assert table.file == file
    assert [column.looks_like for column in table.columns] == ["region", "period", "number"]
    source = yaml.safe_load(starter(table, "tall", CODES))
    assert source["fetch"] == {
        "kind": "http",
        "files": {file: loopback.url + path},
        "allow_local": True,
    }
    assert source["tables"][0]["file"] == file


def test_an_address_on_a_private_network_is_looked_at_only_when_that_is_meant() -> None:
    with publisher(Reply(FIGURES)) as loopback, pytest.raises(PllError, match="not https"):
        inspect_address(loopback.url, CODES, TODAY)
    assert loopback.received == []


def test_an_address_is_not_a_file() -> None:
    assert is_address("https://www.example.no/tall.csv")
    assert not is_address("tall.csv")


# --- the simulated publisher's ways of publishing ---------------------------------------------


@pytest.fixture(scope="module")
def simulated() -> Iterator[tuple[str, str]]:
    """The address of a small simulated world, and the view address of its report."""
    with Publisher() as publisher:
        report = publish(publisher, world(Config.from_environment(), scale=0.01, months=2))
        yield publisher.address, report.view_address(publisher.address)


def _looks(table: TableSeen) -> dict[str, str]:
    return {column.name: f"{column.looks_like} {column.detail}".strip() for column in table.columns}


def test_a_report_is_described_by_pages_tables_fields_and_refresh_time(
    simulated: tuple[str, str],
) -> None:
    seen = inspect_address(simulated[1], CODES, TODAY, allow_local=True)
    assert "data refreshed 2026-11-05T06:00:00" in seen.what
    notes = "\n".join(seen.notes)
    assert "page «Oversikt»" in notes or "page «" in notes
    assert "table Region: " in notes
    assert "Kan ta i bruk (measure, whole number)" in notes
    assert "År (whole number, in no visual)" in notes
    assert "Radnummer" not in notes, "what the publisher hides is not shown"
    assert any("saved filters" in warning for warning in seen.warnings)


def test_the_largest_table_of_a_report_is_proposed_with_what_its_columns_look_like(
    simulated: tuple[str, str], tmp_path: Path
) -> None:
    table = inspect_address(simulated[1], CODES, TODAY, allow_local=True).tables[0]
    looks = _looks(table)
    assert looks["Dato.Måned"] == "period days in place of months"
    assert looks["Aktørtype.Aktørtype"] == "actor_type"
    assert looks["Bruk.Kan ta i bruk"] == "number cells"
    assert looks["Region.Region"].startswith("region")
    path = tmp_path / "rapport.yaml"
    path.write_text(starter(table, "rapport", CODES), encoding="utf-8")
    source = read_source(path)
    assert source.fetch.kind == "powerbi"
    assert not source.is_enabled


def _with_kommuner_only(page: Page) -> Page:
    visuals = (replace(v, levels=("Kommune",)) if v.levels else v for v in page.visuals)
    return replace(page, visuals=tuple(visuals))


def test_saved_filters_are_part_of_the_question_of_a_starter(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pages = tuple(map(_with_kommuner_only, powerbi_model.PAGES))
    monkeypatch.setattr(powerbi_model, "PAGES", pages)
    with Publisher() as publisher:
        report = publish(publisher, world(Config.from_environment(), scale=0.01, months=2))
        address = report.view_address(publisher.address)
        tables = inspect_address(address, CODES, TODAY, allow_local=True).tables
    filters = {t.title: t.fetching["tables"][t.file].get("filters", []) for t in tables}
    filtered = next(table for table in tables if filters[table.title])
    levels = next(c for c in filtered.columns if c.name == "Region.Region nivå")
    assert levels.examples == ("Kommune",), "the filter of the visual leaves kommuner only"
    assert any("saved filters" in note for note in filtered.notes)
    path = tmp_path / "rapport.yaml"
    path.write_text(starter(filtered, "rapport", CODES), encoding="utf-8")
    fetch = read_source(path).fetch
    assert isinstance(fetch, PowerBiReport)
    saved = fetch.tables[filtered.file].filters
    assert [each.model_dump() for each in saved] == filters[filtered.title]
    assert any(not each for each in filters.values()), "a visual without filters is asked as it is"


@pytest.mark.parametrize(
    ("path", "what", "fetched_by"),
    [
        ("sfm.xlsx", "an Excel workbook", "http"),
        ("eresept.csv", "delimited text", "http"),
        ("emultidose.html", "a web page", "http"),
        ("pxweb/v2/tables/KJ01", "a JSON-stat dataset", "pxweb"),
    ],
)
def test_every_other_form_of_publication_is_inspected_too(
    simulated: tuple[str, str], path: str, what: str, fetched_by: str, tmp_path: Path
) -> None:
    seen = inspect_address(f"{simulated[0]}/{path}", CODES, TODAY, allow_local=True)
    assert seen.what == what
    table = max(seen.tables, key=lambda table: table.rows)
    assert {"region", "period", "actor_type", "number"} <= {
        column.looks_like for column in table.columns
    }
    file = tmp_path / "ny.yaml"
    file.write_text(starter(table, "ny", CODES), encoding="utf-8")
    assert read_source(file).fetch.kind == fetched_by
