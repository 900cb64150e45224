"""A report that a page embeds with an access token: found, asked, and never written down."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pll_pipeline.errors import PllError
from pll_pipeline.raw.archive import Snapshot
from pll_pipeline.raw.by_hand import keep_files
from pll_pipeline.raw.embedded import MOST_REPORTS, embedded_reports, without_tokens
from pll_pipeline.raw.fetching import fetch as fetch_source
from pll_pipeline.raw.powerbi import fetch
from pll_pipeline.simulation.embedded_report import EmbeddedReport
from pll_pipeline.simulation.publications import document
from pll_pipeline.simulation.publisher import Publisher
from pll_pipeline.sources.model import PowerBiReport
from pll_pipeline.sources.register import PACKAGED, read_source
from tests.unit.raw.test_powerbi import a_source
from tests.unit.simulation.report_world import a_report

TOKEN = "H4sIAAAAAAAEAC2Ut66EVgAF/z+w=="  # noqa: S105 - made up for the test
OTHER_TOKEN = "H4sIBBBBBBBEAC2Ut66EVgAF/z+w=="  # noqa: S105 - made up for the test
REPORT = "aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee"
OTHER_REPORT = "bbbbbbbb-bbbb-cccc-dddd-eeeeeeeeeeee"
CLUSTER = "https://wabi-north-europe-redirect.analysis.windows.net"
CONFIG = base64.b64encode(json.dumps({"clusterUrl": CLUSTER}).encode()).decode()
FRESH = f"<script>var accessToken = '{TOKEN}';</script>"
ADDRESS = f"https://app.powerbi.com/reportEmbed?reportId={REPORT}&config={CONFIG}"


@pytest.mark.parametrize(
    "page",
    [
        f"<script>var accessToken = '{TOKEN}'; var embedUrl = '{ADDRESS}';</script>",
        f"<script>c = {{accessToken: '{TOKEN}', embedUrl: \"{ADDRESS}\"}}</script>",
        f"<script>var s = {json.dumps({'accessToken': TOKEN, 'embedUrl': ADDRESS})}</script>",
        f"<script>{json.dumps({'EmbedToken': {'Token': TOKEN}, 'EmbedUrl': ADDRESS})}</script>",
        f'<div powerbi-access-token="{TOKEN}" powerbi-embed-url="{ADDRESS}"></div>'.replace(
            "&", "&amp;"
        ),
        json.dumps({"accessToken": TOKEN, "embedUrl": ADDRESS}).replace("/", "\\/"),
    ],
)
def test_a_report_and_its_token_are_found_in_the_forms_of_microsofts_samples(page: str) -> None:
    (report,) = embedded_reports(page.encode())
    assert (report.report_id, report.cluster, report.token) == (REPORT, CLUSTER, TOKEN)
    assert TOKEN not in repr(report)


def test_each_report_of_a_page_has_the_token_nearest_to_it() -> None:
    other = ADDRESS.replace(REPORT, OTHER_REPORT)
    page = (
        f"<script>a({{accessToken: '{TOKEN}', embedUrl: '{ADDRESS}'}});{' ' * 300}"
        f"b({{accessToken: '{OTHER_TOKEN}', embedUrl: '{other}'}})</script>"
    )
    tokens = {report.report_id: report.token for report in embedded_reports(page.encode())}
    assert tokens == {REPORT: TOKEN, OTHER_REPORT: OTHER_TOKEN}


def test_a_page_with_thousands_of_reports_and_tokens_is_read_in_time_by_their_number() -> None:
    pairs = (" " * 200).join(
        f"accessToken='{TOKEN}{n:05}'; reportId='{REPORT[:-5]}{n:05}';" for n in range(20_000)
    )
    started = time.process_time()
    reports = embedded_reports(f"<script>{pairs}</script>".encode())
    assert time.process_time() - started < 5  # a minute, where each looks at every token
    assert len(reports) == MOST_REPORTS
    assert all(report.token.endswith(report.report_id[-5:]) for report in reports)


@pytest.mark.parametrize(
    "page",
    [
        f"<iframe src='{ADDRESS}'></iframe>",
        f"<script>var accessToken = '{TOKEN}';</script>",
        "<script>var accessToken = ''; var reportId = 'x';</script>",
    ],
)
def test_a_report_without_a_token_is_for_those_who_sign_in(page: str) -> None:
    assert embedded_reports(page.encode()) == []


@pytest.mark.parametrize(
    "written",
    [
        TOKEN,
        TOKEN.replace("/", "\\/"),
        TOKEN.replace("/", "\\u002F").replace("=", "\\u003D"),
        TOKEN.replace("/", "&#x2F;").replace("+", "&#43;").replace("=", "&equals;"),
    ],
)
def test_a_page_is_kept_without_its_tokens_however_they_are_written(written: str) -> None:
    page = f'<p>Tekst</p><script>a = {{"accessToken": "{written}"}}</script> {written} <p>Slutt</p>'
    kept, count = without_tokens(page.encode(), "side")
    assert count == 1
    assert kept.decode() == page.replace(written, "TOKEN")
    assert without_tokens(kept, "side") == (kept, 0)


def test_a_page_whose_tokens_cannot_all_be_taken_out_is_not_kept() -> None:
    many = "".join(f"accessToken='{TOKEN}{n}';" for n in range(MOST_REPORTS + 1))
    with pytest.raises(PllError, match="none is ever kept"):
        without_tokens(many.encode(), "side")
    letter = TOKEN.replace("H", "&#72;")
    with pytest.raises(PllError, match="none is ever kept"):
        without_tokens(f"<b access-token='{letter}'>".encode(), "side")


def test_a_page_that_is_read_itself_and_embeds_a_report_is_kept_without_the_token(
    embedded: tuple[Publisher, EmbeddedReport], tmp_path: Path
) -> None:
    publisher, report = embedded
    source = read_source(PACKAGED / "hdir_plan_page.yaml")
    address = {"plan.html": f"{publisher.address}/bi"}
    local = source.fetch.model_copy(update={"files": address, "allow_local": True})
    of_page = source.model_copy(update={"fetch": local})
    snapshot, _ = fetch_source(of_page, tmp_path)
    assert b'accessToken = "TOKEN"' in snapshot.read("plan.html")
    assert snapshot.origin["requests"]["plan.html"]["access_tokens_taken_out"] == 1
    assert fetch_source(of_page, tmp_path)[1] is False, "another token is no other page"
    saved = tmp_path / "plan.html"
    saved.write_text(f"<html>{FRESH}</html>", encoding="utf-8")
    keep_files(tmp_path / "raw", source, [saved], received_from="x", note="")
    saved.unlink()
    tokens = [*report.tokens, TOKEN]
    assert not any(token.encode() in written(tmp_path) for token in tokens)


# --- asked


@pytest.fixture
def embedded() -> Iterator[tuple[Publisher, EmbeddedReport]]:
    report = EmbeddedReport(a_report())
    with Publisher() as publisher:
        publisher.publish("/bi", report)
        publisher.publish("/explore", report)
        yield publisher, report


def ask(publisher: Publisher, raw: Path, **settings: Any) -> tuple[Snapshot, bool]:
    source = a_source(None, embedded_on=f"{publisher.address}/bi", **settings)
    assert isinstance(source.fetch, PowerBiReport)
    return fetch(source, source.fetch, raw, sleep=lambda _: None)


def written(raw: Path) -> bytes:
    return b"".join(path.read_bytes() for path in raw.rglob("*") if path.is_file())


def test_an_embedded_report_is_asked_with_the_token_of_its_page_and_no_token_is_kept(
    embedded: tuple[Publisher, EmbeddedReport], tmp_path: Path
) -> None:
    publisher, report = embedded
    snapshot, is_new = ask(publisher, tmp_path)
    assert is_new
    assert snapshot.origin["is_whole"]
    assert json.loads(snapshot.read("pll.json"))["pages"]
    assert len(report.tokens) == 1
    assert not any(token.encode() in written(tmp_path) for token in report.tokens)
    assert b"EmbedToken" not in written(tmp_path)
    assert ask(publisher, tmp_path)[1] is False, "the same data is no new snapshot"
    assert len(report.tokens) == 2, "each night has a token of its own"


def test_a_token_that_expires_while_the_report_is_read_is_taken_from_the_page_again(
    embedded: tuple[Publisher, EmbeddedReport], tmp_path: Path
) -> None:
    publisher, report = embedded
    report.requests_per_token = 2
    snapshot, _ = ask(publisher, tmp_path)
    assert snapshot.origin["is_whole"]
    assert len(report.tokens) > 1
    assert not any(token.encode() in written(tmp_path) for token in report.tokens)


def test_a_token_that_is_never_accepted_is_asked_for_once_more_and_then_refused(
    embedded: tuple[Publisher, EmbeddedReport], tmp_path: Path
) -> None:
    publisher, report = embedded
    report.requests_per_token = 0
    with pytest.raises(PllError, match="does not accept its key") as refusal:
        ask(publisher, tmp_path)
    assert len(report.tokens) == 2
    assert not any(token in str(refusal.value) for token in report.tokens)


def test_a_page_that_no_longer_embeds_the_report_is_an_error(
    embedded: tuple[Publisher, EmbeddedReport], tmp_path: Path
) -> None:
    publisher, _ = embedded
    publisher.publish("/bi", document(b"<p>Flyttet</p>", "text/html"))
    with pytest.raises(PllError, match="does not embed a report with an access token"):
        ask(publisher, tmp_path)


def test_one_of_several_reports_of_a_page_is_chosen_by_its_id(
    embedded: tuple[Publisher, EmbeddedReport], tmp_path: Path
) -> None:
    publisher, report = embedded
    with pytest.raises(PllError, match="does not embed that report"):
        ask(publisher, tmp_path, report_id=OTHER_REPORT)
    assert ask(publisher, tmp_path, report_id=report.report_id)[1]


def test_the_token_is_sent_to_no_host_but_those_of_power_bi(
    embedded: tuple[Publisher, EmbeddedReport], tmp_path: Path
) -> None:
    publisher, _ = embedded
    page = f"<script>accessToken='{TOKEN}';embedUrl='{ADDRESS}'</script>".replace(
        CONFIG, base64.b64encode(b'{"clusterUrl": "https://evil.example.com"}').decode()
    )
    publisher.publish("/bi", document(page.encode(), "text/html"))
    with pytest.raises(PllError, match="a host the key may not be sent to") as refusal:
        ask(publisher, tmp_path)
    assert TOKEN not in str(refusal.value)
