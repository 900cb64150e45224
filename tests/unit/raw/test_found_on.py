"""An address that is looked up on a page each night: found, followed when it moves, or refused."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from pll_pipeline.errors import PllError
from pll_pipeline.raw.archive import Snapshot, keep
from pll_pipeline.raw.fetching import fetch
from pll_pipeline.raw.found_on import with_found_address
from pll_pipeline.simulation.embedded_report import EmbeddedReport
from pll_pipeline.simulation.publications import document
from pll_pipeline.simulation.publisher import Publisher
from pll_pipeline.sources.model import Http, PowerBiReport, Source
from pll_pipeline.sources.register import known
from tests.unit.raw.test_powerbi import a_source
from tests.unit.simulation.report_world import a_report

CSV = b"a;b\n1;2\n"


@pytest.fixture
def publisher() -> Iterator[Publisher]:
    with Publisher() as running:
        yield running


def show(publisher: Publisher, page: str, path: str = "/plan") -> None:
    publisher.publish(path, document(page.encode(), "text/html; charset=utf-8"))


def file_source(publisher: Publisher, link: str = "", **more: Any) -> Source:
    fetching = {
        "kind": "http",
        "files": {"tall.csv": None},
        "found_on": {"page": f"{publisher.address}/plan", "link": link},
        "allow_local": True,
        **more,
    }
    source = a_source("https://app.powerbi.com/view?r=x").model_dump()
    source["read"] = {"kind": "delimited"}
    source["tables"][0]["file"] = "tall.csv"
    return Source.model_validate(source | {"fetch": fetching})


def report_source(publisher: Publisher, link: str = "", **more: Any) -> Source:
    return a_source(None, found_on={"page": f"{publisher.address}/plan", "link": link}, **more)


def files_of(snapshot: Snapshot) -> Mapping[str, bytes]:
    return {file.name: snapshot.read(file.name) for file in snapshot.files}


# --- files


@pytest.mark.parametrize(
    ("page", "link"),
    [
        ('<a href="/mars.csv">Tall for PLL</a><a href="/x.csv">Annet</a>', "tall for pll"),
        ('<a href="/mars.csv">her</a><a href="/x.csv">Annet</a>', r"mars\.csv$"),
        ('<p>Tall for PLL finner du <a href="/mars.csv">her</a>.</p>', "tall for pll"),
        ('<a href="/mars.csv">Tall</a><p><a href="/mars.csv">Tall igjen</a></p>', "tall"),
    ],
)
def test_a_file_is_found_by_the_text_the_address_or_the_paragraph_of_its_link(
    publisher: Publisher, tmp_path: Path, page: str, link: str
) -> None:
    show(publisher, page)
    publisher.publish("/mars.csv", document(CSV, "text/csv"))
    snapshot, is_new = fetch(file_source(publisher, link), tmp_path)
    assert (is_new, files_of(snapshot)) == (True, {"tall.csv": CSV})
    assert snapshot.origin["found_on"]["address"] == f"{publisher.address}/mars.csv"
    assert fetch(file_source(publisher, link), tmp_path) == (snapshot, False)


def test_a_file_that_moved_is_followed_logged_and_in_the_origin(
    publisher: Publisher, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    before = {"found_on": {"address": f"{publisher.address}/mars.csv", "sha256": "x"}}
    an_hour_ago = datetime.now(UTC) - timedelta(hours=1)
    keep(tmp_path, "rapport", {"tall.csv": CSV}, before, an_hour_ago)
    show(publisher, '<a href="/april.csv">Tall for PLL</a>')
    publisher.publish("/april.csv", document(CSV + b"3;4\n", "text/csv"))
    with caplog.at_level("WARNING", logger="pll"):
        moved, is_new = fetch(file_source(publisher, "tall"), tmp_path)
    assert is_new
    assert moved.origin["found_on"]["moved_from"] == f"{publisher.address}/mars.csv"
    assert "april.csv now" in caplog.text


def test_a_page_with_several_or_no_such_links_is_refused_with_those_it_has(
    publisher: Publisher, tmp_path: Path
) -> None:
    show(publisher, '<a href="/a.csv">Tall for A</a><a href="/b.csv">Tall for B</a>')
    with pytest.raises(PllError, match=r"several links that matches? 'tall'.*«Tall for A»"):
        fetch(file_source(publisher, "tall"), tmp_path)
    with pytest.raises(PllError, match=r"no link .*'figurer'.*«Tall for B»"):
        fetch(file_source(publisher, "figurer"), tmp_path)


def test_an_address_beside_found_on_is_refused(publisher: Publisher) -> None:
    with pytest.raises(ValidationError, match="not both"):
        file_source(publisher, files={"tall.csv": f"{publisher.address}/a.csv"})


# --- reports


def publish_reports(publisher: Publisher) -> tuple[str, EmbeddedReport]:
    """A public report, whose view address is returned, and an embedded one on `/bi`."""
    report = a_report()
    embedded = EmbeddedReport(report)
    publisher.publish("/", report)
    publisher.publish("/bi", embedded)
    publisher.publish("/explore", embedded)
    return report.view_address(publisher.address), embedded


@pytest.mark.parametrize(
    "page",
    [
        '<a href="{view}">Statistikk (PowerBI)</a>',
        '<a href="{view}">her</a>',
        '<iframe src="{view}"></iframe>',
        '<script>var report = {{"url": "{view}"}}</script>',
        '<a href="/statistikk">Se statistikk (PowerBI)</a>',
        '<iframe src="/statistikk"></iframe>',
    ],
)
def test_a_report_is_found_on_the_page_or_on_the_page_it_links_to(
    publisher: Publisher, tmp_path: Path, page: str
) -> None:
    view, _ = publish_reports(publisher)
    show(publisher, page.format(view=view))
    show(publisher, f'<iframe src="{view}"></iframe>', "/statistikk")
    snapshot, is_new = fetch(report_source(publisher, "powerbi"), tmp_path)
    assert is_new
    assert json.loads(snapshot.read("pll.json"))["pages"]
    key = view.partition("r=")[2]
    assert key not in (snapshot.folder / "snapshot.json").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "page", ['<a href="/bi">Statistikk (PowerBI)</a>', '<iframe src="/bi"></iframe>']
)
def test_a_report_that_is_embedded_with_a_token_is_found_too(
    publisher: Publisher, tmp_path: Path, page: str
) -> None:
    _, embedded = publish_reports(publisher)
    show(publisher, page)
    snapshot, is_new = fetch(report_source(publisher, "powerbi"), tmp_path)
    assert is_new
    assert embedded.tokens
    assert snapshot.origin["found_on"]["address"] == f"{publisher.address}/bi"


def test_an_embedded_report_that_moved_to_another_page_is_followed_and_no_token_is_kept(
    publisher: Publisher, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    _, embedded = publish_reports(publisher)
    publisher.publish("/ny-bi", embedded)
    show(publisher, '<a href="/bi">Statistikk (PowerBI)</a>')
    fetch(report_source(publisher, "powerbi"), tmp_path)
    show(publisher, '<a href="/ny-bi">Statistikk (PowerBI)</a>')
    later = report_source(publisher, "powerbi", rows_per_page=7)  # asked for otherwise: all anew
    snapshot, _ = fetch(later, tmp_path)
    assert snapshot.origin["found_on"]["address"] == f"{publisher.address}/ny-bi"
    assert snapshot.origin["found_on"]["moved_from"] == f"{publisher.address}/bi"
    assert "has moved" in caplog.text
    written = caplog.text.encode() + b"".join(
        path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()
    )
    assert len(embedded.tokens) >= 2
    assert not any(token.encode() in written for token in embedded.tokens)


def test_of_several_reports_the_one_whose_link_matches_is_asked(
    publisher: Publisher, tmp_path: Path
) -> None:
    view, _ = publish_reports(publisher)
    other = view.replace("/view", "/annet/view")
    show(publisher, f'<a href="{other}">Fastleger</a><a href="{view}">Innføring av PLL</a>')
    assert fetch(report_source(publisher, "innføring"), tmp_path)[1]
    with pytest.raises(PllError, match="several links"):
        fetch(report_source(publisher), tmp_path)


def test_a_page_without_the_report_keeps_the_newest_snapshot_in_use(
    publisher: Publisher, tmp_path: Path
) -> None:
    publish_reports(publisher)
    show(publisher, '<a href="/k">Kontakt</a>')
    with pytest.raises(PllError, match=r"no link to the publication.*pll discover"):
        fetch(report_source(publisher, "powerbi"), tmp_path)


# --- the packaged sources, on a page with the words of Helsedirektoratet's plan page

WORDS_OF_NHN = (
    "Se nøkkeltall og statistikk knyttet til bruk av e-resept, kjernejournal, SFM, PLL og"
    " elektronisk multidose (Norsk helsenett)"
)
WORDS_OF_THE_REPORT = "oppdaterte tall og statistikk for innføringen av PLL (PowerBI)"


def on_the_plan_page(name: str, publisher: Publisher) -> Http | PowerBiReport:
    """What a packaged source asks after `pll sources enable NAME` alone; the page is local."""
    fetching = known()[name].fetch
    assert isinstance(fetching, Http | PowerBiReport)
    assert fetching.found_on is not None
    local = fetching.found_on.model_copy(update={"page": f"{publisher.address}/plan"})
    settings = fetching.model_copy(update={"found_on": local, "allow_local": True})
    return with_found_address(settings, name, sleep=lambda _: None)


@pytest.mark.parametrize(
    "sentence",
    [
        f'Her finner du <a href="{{view}}">{WORDS_OF_THE_REPORT}</a>.',
        f'<a href="{{view}}">Her</a> finner du {WORDS_OF_THE_REPORT}.',
        f'Her finner du {WORDS_OF_THE_REPORT}.</p><p><a href="{{view}}">Åpne rapporten</a>',
        f'Her finner du <a href="/bi">{WORDS_OF_THE_REPORT}</a>.',
    ],
)
def test_the_packaged_report_is_found_by_the_words_of_the_plan_page(
    publisher: Publisher, sentence: str
) -> None:
    view, _ = publish_reports(publisher)
    nhn = f'<p><a href="/nokkeltall">{WORDS_OF_NHN}</a></p><h2>Statistikk om innføring av PLL</h2>'
    show(publisher, f"{nhn}<p>{sentence.format(view=view)}</p>")
    settings = on_the_plan_page("pll_power_bi", publisher)
    assert isinstance(settings, PowerBiReport)
    is_embedded = "/bi" in sentence
    expected = (None, f"{publisher.address}/bi") if is_embedded else (view, None)
    assert (settings.address, settings.embedded_on) == expected


@pytest.mark.parametrize(
    "link",
    [f'<a href="/nokkeltall">{WORDS_OF_NHN}</a>', f'{WORDS_OF_NHN}: <a href="/nokkeltall">her</a>'],
)
def test_the_packaged_key_figures_are_found_by_the_words_of_the_plan_page(
    publisher: Publisher, link: str
) -> None:
    view, _ = publish_reports(publisher)
    show(publisher, f'<p>{link}</p><p><a href="{view}">{WORDS_OF_THE_REPORT}</a></p>')
    settings = on_the_plan_page("nhn_key_figures", publisher)
    assert isinstance(settings, Http)
    assert list(settings.files.values()) == [f"{publisher.address}/nokkeltall"]
