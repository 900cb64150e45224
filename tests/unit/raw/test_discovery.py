"""From a page to its publications: what is opened, what is only named, and where it ends."""

from __future__ import annotations

import gzip
import time
from collections.abc import Iterator, Mapping

import pytest

from pll_pipeline.errors import PllError
from pll_pipeline.raw.discovery import (
    MOST_ELSEWHERE,
    MOST_PUBLICATIONS,
    Discovery,
    Limits,
    discover,
)
from pll_pipeline.raw.http import address_guard
from pll_pipeline.raw.links import MOST_LINKS, Form
from tests.loopback import Loopback, ReceivedRequest, Reply, publisher

HTML = {"Content-Type": "text/html; charset=utf-8"}
TOKEN = "H4sIAAAAAAAEAC2Ut66EVgAF" * 3
REPORT_ID = "aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee"
EMBED_ADDRESS = f"https://app.powerbi.com/reportEmbed?reportId={REPORT_ID}&amp;config=e30="
EMBEDDING = f"<script>var accessToken = '{TOKEN}'; var embedUrl = '{EMBED_ADDRESS}';</script>"


@pytest.fixture
def site() -> Iterator[Loopback]:
    with publisher() as loopback:
        yield loopback


def serve(site: Loopback, pages: Mapping[str, str | Reply]) -> None:
    def handle(request: ReceivedRequest) -> Reply:
        page = pages.get(request.path.partition("?")[0], Reply(status=404))
        return Reply(page.encode(), headers=HTML) if isinstance(page, str) else page

    site.handler = handle


def search(site: Loopback, limits: Limits | None = None) -> Discovery:
    return discover(site.url + "/plan", allow_local=True, limits=limits, sleep=lambda _: None)


def test_publications_of_the_page_and_one_step_from_it_are_found_and_not_two(
    site: Loopback,
) -> None:
    serve(
        site,
        {
            "/plan": '<a href="/a.xlsx">bok</a><a href="/statistikk">Statistikk</a>',
            "/statistikk": '<a href="/b.csv">fil</a><a href="/videre">mer</a>',
            "/videre": '<a href="/c.csv">fil</a>',
        },
    )
    found = search(site)
    files = {p.address.removeprefix(site.url): p.page for p in found.publications if not p.content}
    assert files == {"/a.xlsx": f"{site.url}/plan", "/b.csv": f"{site.url}/statistikk"}
    assert {request.path for request in site.received} == {"/plan", "/statistikk"}


def test_an_embedded_report_is_found_without_its_token(site: Loopback) -> None:
    serve(site, {"/plan": '<a href="/bi">tall</a>', "/bi": EMBEDDING})
    (report,) = (p for p in search(site).publications if p.form is Form.embedded)
    assert (report.address, report.report_id) == (f"{site.url}/bi", REPORT_ID)
    assert TOKEN not in repr(search(site))


def test_a_host_that_a_reader_does_not_expect_is_named_and_not_asked(site: Loopback) -> None:
    with publisher(Reply(b"<p>x", headers=HTML)) as other:
        serve(site, {"/plan": f'<a href="{other.url}/tall.csv">t</a><a href="{other.url}/">o</a>'})
        found = search(site)
        assert other.received == []
    assert [link.address for link in found.elsewhere] == [f"{other.url}/tall.csv", f"{other.url}/"]
    assert [p.form for p in found.publications] == [Form.page]


def test_a_redirect_to_another_host_is_not_followed(site: Loopback) -> None:
    away = Reply(status=302, headers={"Location": "https://example.com/"})
    serve(site, {"/plan": '<a href="/ut">tall</a>', "/ut": away})
    assert any("another host" in looked.outcome for looked in search(site).looked_at)


def test_a_page_on_a_private_network_is_opened_only_when_that_is_meant(site: Loopback) -> None:
    with pytest.raises(PllError, match="not https"):
        discover(site.url)
    assert site.received == []


def test_pages_that_speak_of_figures_are_opened_first_and_the_rest_within_limits(
    site: Loopback,
) -> None:
    others = "".join(f'<a href="/s{n}">side {n}</a>' for n in range(9))
    serve(site, {"/plan": f'{others}<a href="/n">Nøkkeltall og statistikk</a>', "/n": "x"})
    found = search(site, Limits(pages=3))
    assert [request.path for request in site.received][1] == "/n"
    assert len(site.received) == 4
    assert len(found.not_opened) == 7


def test_the_bytes_of_all_pages_are_bounded(site: Loopback) -> None:
    links = "".join(f'<a href="/tall{n}">tall</a>' for n in range(9))
    serve(site, {"/plan": links, **{f"/tall{n}": "x" * 5000 for n in range(9)}})
    search(site, Limits(bytes=12_000))
    assert len(site.received) <= 4


def test_a_page_that_cannot_be_opened_does_not_end_the_search(site: Loopback) -> None:
    serve(site, {"/plan": '<a href="/borte">tall</a><a href="/n">tall</a>', "/n": EMBEDDING})
    found = search(site)
    assert any("404" in looked.outcome for looked in found.looked_at)
    assert any(p.form is Form.embedded for p in found.publications)


@pytest.mark.parametrize(
    ("reply", "form"),
    [
        (Reply(b"PK\x03\x04", headers={"Content-Type": "application/x"}), Form.workbook),
        (Reply(b"a;b\n1;2", headers={"Content-Type": "text/csv"}), Form.delimited),
        (Reply(b'{"class": "dataset"}'), Form.jsonstat),
    ],
)
def test_a_link_without_an_ending_is_what_it_answers(
    site: Loopback, reply: Reply, form: Form
) -> None:
    serve(site, {"/plan": '<a href="/hent">hent tall</a>', "/hent": reply})
    assert form in [p.form for p in search(site).publications]


# --- pages made to do harm


def test_many_links_in_one_paragraph_take_time_by_their_number_only(site: Loopback) -> None:
    links = "".join(f'<a href="/a{n}.csv">fil {n}</a> ' for n in range(20_000))
    serve(site, {"/plan": f"<p>{links}</p>"})
    started = time.process_time()
    found = search(site)
    assert time.process_time() - started < 8  # minutes, where each link reads the paragraph
    assert len(found.publications) == MOST_PUBLICATIONS
    assert found.left_out_count == MOST_LINKS - MOST_PUBLICATIONS + 1  # the page itself too
    assert len(site.received) == 1


def test_many_reports_in_a_script_are_counted_and_the_first_kept(site: Loopback) -> None:
    views = ",".join(f"'https://app.powerbi.com/view?r=eyJr{n}'" for n in range(3_000))
    serve(site, {"/plan": f"<script>var r = [{views}]</script>"})
    found = search(site)
    assert [p.form for p in found.publications] == [Form.report] * MOST_PUBLICATIONS
    assert found.left_out_count == 3_001 - MOST_PUBLICATIONS


def test_links_to_other_hosts_are_named_up_to_a_number(site: Loopback) -> None:
    links = "".join(f'<a href="https://example.com/{n}.csv">x</a>' for n in range(500))
    serve(site, {"/plan": links})
    found = search(site)
    assert len(found.elsewhere) == MOST_ELSEWHERE
    assert found.left_out_count == 500 - MOST_ELSEWHERE


@pytest.mark.parametrize(
    "address",
    [
        *("http://10.0.0.1/tall.csv", "http://169.254.169.254/latest/tall.csv"),
        *("http://[::1]/tall.csv", "http://localhost/tall.csv", "http://2130706433/tall.csv"),
        *("https://helsedirektoratet.no.example.com/tall.csv", "https://evilnhn.no/tall.csv"),
        "//169.254.169.254/tall.csv",
    ],
)
def test_a_link_to_a_private_or_a_similar_host_is_named_and_not_asked(
    site: Loopback, address: str
) -> None:
    serve(site, {"/plan": f'<a href="{address}">tall</a>'})
    found = search(site)
    assert [link.address.partition("//")[2] for link in found.elsewhere] == [
        address.partition("//")[2]
    ]
    assert len(found.looked_at) == 1


@pytest.mark.parametrize(
    "address",
    [
        *(
            "javascript:fetch('/x')",
            "data:text/csv,a;b",
            "file:///etc/passwd",
            "ftp://nhn.no/x.csv",
        ),
        *("blob:https://nhn.no/1", "mailto:a@nhn.no", "https://user:word@nhn.no/x.csv"),
        *("https://nhn.no@example.com/x.csv", "https://nhn.no:99999/x.csv", "http://[::1"),
        "https:///x.csv",
    ],
)
def test_an_odd_address_is_neither_asked_nor_named(site: Loopback, address: str) -> None:
    serve(site, {"/plan": f'<a href="{address}">tall</a>'})
    found = search(site)
    assert found.elsewhere == ()
    assert [p.form for p in found.publications] == [Form.page]
    assert len(site.received) == 1


def test_an_expected_host_that_leads_into_a_private_network_is_not_asked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(address_guard, "look_up", lambda _host, _port: ["10.0.0.1"])
    with pytest.raises(PllError, match="not on the public network"):
        discover("https://www.helsedirektoratet.no/plan", sleep=lambda _: None)


def test_a_page_of_fifty_megabytes_is_left_and_the_search_goes_on(site: Loopback) -> None:
    packed = gzip.compress(b"<p>x</p>" * (50 * 2**20 // 8), 1)
    large = Reply(packed, headers=HTML | {"Content-Encoding": "gzip"})
    serve(
        site,
        {"/plan": '<a href="/stor">tall</a><a href="/n">tall</a>', "/stor": large, "/n": EMBEDDING},
    )
    found = search(site)
    assert any("larger than" in looked.outcome for looked in found.looked_at)
    assert any(p.form is Form.embedded for p in found.publications)
    serve(site, {"/plan": large})
    with pytest.raises(PllError, match="larger than"):
        search(site)


def test_a_page_that_would_take_hours_to_parse_is_left_and_the_search_goes_on(
    site: Loopback,
) -> None:
    deep = "<div>" * 500_000
    serve(site, {"/plan": '<a href="/dyp">tall</a><a href="/a.csv">fil</a>', "/dyp": deep})
    found = search(site)
    assert any("within each other" in looked.outcome for looked in found.looked_at)
    assert any(p.form is Form.delimited for p in found.publications)
