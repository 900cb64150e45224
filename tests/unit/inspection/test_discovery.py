"""Every publication behind a page: inspected, named, and with a starter that can be read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path

import pytest

from pll_pipeline.config import Config
from pll_pipeline.inspection.discovery import Survey, name_of, survey, write_starters
from pll_pipeline.raw.links import Form
from pll_pipeline.simulation.embedded_report import EmbeddedReport
from pll_pipeline.simulation.publications import document
from pll_pipeline.simulation.publisher import Publisher
from pll_pipeline.sources.model import PowerBiReport, Source
from pll_pipeline.sources.register import read_source
from pll_pipeline.vocabulary.codes import load_codes
from tests.loopback import Loopback, ReceivedRequest, Reply, publisher
from tests.unit.simulation.report_world import a_report

CODES = load_codes(Config.from_environment().seeds)
TODAY = date(2026, 11, 23)
FIGURES = "Kommune;Måned;Antall\nBergen;januar 2025;1 234\nTromsø;februar 2025;7\n"
TABLE = (
    "<h1>Tall</h1><table><tr><th>Kommune<th>Måned<th>Antall</tr>"
    "<tr><td>Bergen<td>januar 2025<td>12</tr><tr><td>Voss<td>januar 2025<td>3</tr></table>"
)
SENTENCE = "<p>I januar 2025 brukte 1 234 fastleger PLL.</p>"


@pytest.fixture
def site() -> Iterator[Loopback]:
    with publisher() as loopback:
        yield loopback


def serve(site: Loopback, pages: Mapping[str, str]) -> None:
    def handle(request: ReceivedRequest) -> Reply:
        page = pages.get(request.path)
        if page is None:
            return Reply(status=404)
        kind = "text/csv" if request.path.endswith("csv") else "text/html; charset=utf-8"
        return Reply(page.encode(), headers={"Content-Type": kind})

    site.handler = handle


def look(site: Loopback, sources: Mapping[str, Source] | None = None) -> Survey:
    return survey(site.url + "/plan", CODES, TODAY, sources or {}, allow_local=True)


def test_each_publication_has_what_it_contains_and_a_starter_that_can_be_read(
    site: Loopback, tmp_path: Path
) -> None:
    serve(
        site,
        {
            "/plan": '<p>Ny.</p><a href="/a.csv">Bruk av PLL</a><a href="/t">Tabell for året</a>',
            "/a.csv": FIGURES,
            "/t": TABLE,
        },
    )
    found = look(site).found
    assert [each.name for each in found] == ["bruk_av_pll", "tabell_for_aret"]
    assert [each.table.rows for each in found if each.table] == [2, 2]
    written = dict((each.name, path) for each, path in write_starters(found, tmp_path, CODES))
    source = read_source(written["bruk_av_pll"])
    assert source.landing_page == f"{site.url}/plan"
    assert not source.is_enabled
    assert read_source(written["tabell_for_aret"]).fetch.kind == "http"


def test_no_starter_is_written_over_a_file(site: Loopback, tmp_path: Path) -> None:
    serve(site, {"/plan": '<a href="/a.csv">Bruk</a>', "/a.csv": FIGURES})
    found = look(site).found
    (tmp_path / "bruk.yaml").write_text("mine", encoding="utf-8")
    assert list(write_starters(found, tmp_path, CODES)) == []
    assert (tmp_path / "bruk.yaml").read_text(encoding="utf-8") == "mine"


def test_a_publication_that_a_source_asks_already_is_named_and_gets_no_starter(
    site: Loopback, tmp_path: Path
) -> None:
    serve(site, {"/plan": '<a href="/a.csv">Bruk</a>', "/a.csv": FIGURES})
    ((_, path),) = write_starters(look(site).found, tmp_path, CODES)
    (found,) = look(site, {"bruk": read_source(path)}).found
    assert found.known_as == "bruk"
    assert list(write_starters([found], tmp_path / "x", CODES)) == []


def test_sentences_count_on_the_page_itself_and_on_pages_of_statistics_only(
    site: Loopback,
) -> None:
    serve(
        site,
        {
            "/plan": f'{SENTENCE}<a href="/n">Nøkkeltall</a><a href="/k">Kontakt</a>',
            "/n": SENTENCE,
            "/k": SENTENCE,
        },
    )
    paths = {each.publication.address.removeprefix(site.url) for each in look(site).found}
    assert paths == {"/plan", "/n"}


def test_a_publication_that_cannot_be_read_is_named_with_the_problem(site: Loopback) -> None:
    serve(site, {"/plan": '<a href="/borte.csv">Bruk</a>'})
    (found,) = look(site).found
    assert found.publication.form is Form.delimited
    assert "404" in found.problem


def test_a_page_without_publications_has_none_and_says_what_was_looked_at(site: Loopback) -> None:
    serve(site, {"/plan": '<p>Ingenting.</p><a href="/k">Kontakt</a>', "/k": "<p>Ring oss.</p>"})
    seen = look(site)
    assert seen.found == ()
    assert [looked.address for looked in seen.discovery.looked_at] == [
        f"{site.url}/plan",
        f"{site.url}/k",
    ]


@pytest.mark.parametrize(
    ("words", "name"),
    [
        ("Tall for PLL (2025)", "tall_for_pll_2025"),
        ("Nøkkeltall på Ås", "nokkeltall_pa_as"),
        ("2025", "found_2025"),
        ("…", "found_page"),
        ("a" * 90, "found_page"),
        ("Her finner du oppdaterte tall og statistikk for innføringen av PLL", None),
    ],
)
def test_words_become_the_name_of_a_source(words: str, name: str | None) -> None:
    assert name_of(words) == (name or "her_finner_du_oppdaterte_tall_og")


def test_a_report_that_is_embedded_with_a_token_is_inspected_and_its_starter_names_the_page(
    tmp_path: Path,
) -> None:
    embedded = EmbeddedReport(a_report())
    page = document(b'<a href="/bi">Statistikk (PowerBI)</a>', "text/html")
    with Publisher() as running:
        running.publish("/plan", page)
        running.publish("/bi", embedded)
        running.publish("/explore", embedded)
        seen = survey(running.address + "/plan", CODES, TODAY, {}, allow_local=True)
    (found,) = seen.found
    assert found.publication.form is Form.embedded
    ((_, path),) = write_starters(seen.found, tmp_path, CODES)
    fetch = read_source(path).fetch
    assert isinstance(fetch, PowerBiReport)
    assert fetch.embedded_on == f"{running.address}/bi"
    text = path.read_text(encoding="utf-8")
    assert not any(token in text or token in repr(seen) for token in embedded.tokens)
