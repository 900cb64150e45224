"""The links of a page, and what an address leads to by its form."""

from __future__ import annotations

import base64
import json

import pytest

from pll_pipeline.raw.links import Form, form_of, links_of

PAGE = "https://www.helsedirektoratet.no/plan"
KEY = base64.b64encode(
    json.dumps({"k": "11111111-2222-3333-4444-555555555555", "c": 8}).encode()
).decode()
VIEW = f"https://app.powerbi.com/view?r={KEY}"


def addresses(html: str, url: str = PAGE) -> list[str]:
    return [link.address for link in links_of(html.encode(), url)]


@pytest.mark.parametrize(
    "html",
    [
        f'<a href="{VIEW}">tall</a>',
        f'<iframe src="{VIEW}"></iframe>',
        f'<iframe data-src="{VIEW}"></iframe>',
        f'<script>var report = "{VIEW}";</script>',
        "<script>{}</script>".format(json.dumps({"url": VIEW}).replace("/", "\\/")),
        '<script>{{"url":"{}"}}</script>'.format(VIEW.replace("=", "\\u003D")),
        f'<div data-props="{{&quot;src&quot;:&quot;{VIEW}&quot;}}"></div>',
        f"<script>embed('{VIEW}')</script>",
    ],
)
def test_a_public_report_is_found_wherever_the_page_names_it(html: str) -> None:
    assert addresses(html) == [VIEW]
    assert form_of(VIEW) is Form.report


def test_a_link_has_its_text_and_a_whole_address() -> None:
    html = (
        '<a href="../tall/pll.xlsx#ark"><b>Tall</b> for\n PLL</a><a href="mailto:a@b.no">post</a>'
    )
    (link,) = links_of(html.encode(), "https://www.nhn.no/a/b")
    assert (link.address, link.text, link.form) == (
        "https://www.nhn.no/tall/pll.xlsx",
        "Tall for PLL",
        Form.workbook,
    )


def test_the_base_of_a_page_is_where_its_links_begin() -> None:
    html = '<base href="https://www.nhn.no/tall/"><a href="mars.csv">mars</a>'
    assert addresses(html) == ["https://www.nhn.no/tall/mars.csv"]


def test_an_address_that_is_named_twice_keeps_its_best_text() -> None:
    html = '<a href="/a"><img src="x.png"></a><a href="/a">Statistikk</a>'
    assert [link.text for link in links_of(html.encode(), PAGE)] == ["Statistikk"]


def test_links_without_encryption_are_asked_with_it() -> None:
    assert addresses('<a href="http://www.nhn.no/tall">t</a>') == ["https://www.nhn.no/tall"]


@pytest.mark.parametrize(
    "address",
    [
        "https://www.ssb.no/statbank/table/07459",
        "https://www.ssb.no/statbank/table/07459/",
        "https://www.ssb.no/en/statbank/table/07459/tableViewLayout1/",
        "https://data.ssb.no/api/v0/no/table/07459",
    ],
)
def test_a_table_of_statistics_norway_is_asked_in_its_bank(address: str) -> None:
    (found,) = addresses(f'<a href="{address}">folketall</a>')
    assert found == "https://data.ssb.no/api/pxwebapi/v2/tables/07459"
    assert form_of(found) is Form.bank


@pytest.mark.parametrize(
    ("address", "form"),
    [
        ("https://statistikk-data.fhi.no/api/open/v1/nokkel/Table/187/data", Form.fhi),
        ("https://www.nhn.no/a.csv?v=2", Form.delimited),
        ("https://www.nhn.no/a.XLSX", Form.workbook),
        ("https://www.nhn.no/tall?format=json-stat2", Form.jsonstat),
        ("https://www.nhn.no/rapport.pdf", None),
        ("https://www.nhn.no/view?r=", Form.page),
        ("https://www.nhn.no/tables/1", Form.page),
    ],
)
def test_an_address_shows_what_it_leads_to(address: str, form: Form | None) -> None:
    assert form_of(address) is form


@pytest.mark.parametrize(
    "href",
    ["javascript:x()", "tel:123", "#top", "http://[::1", "https://user:pw@nhn.no/x", "data:,x"],
)
def test_what_is_no_address_of_a_page_is_no_link(href: str) -> None:
    assert [a for a in addresses(f'<a href="{href}">x</a>') if a != PAGE] == []


def test_a_page_in_an_old_encoding_keeps_its_texts() -> None:
    html = '<a href="/t">Nøkkeltall</a>'.encode("windows-1252")
    assert links_of(html, PAGE)[0].text == "Nøkkeltall"
