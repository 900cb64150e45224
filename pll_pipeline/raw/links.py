"""The links of a page, and what a link may lead to by the form of its address.

Links are taken from elements, and addresses of publications also from scripts and attributes, where
pages that are built by a program have them. Not here: opening a page (`discovery.py`), tables and
figures in a page (`validated/readers/`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from html import unescape
from itertools import islice
from pathlib import PurePosixPath
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urldefrag, urljoin, urlsplit

from pll_pipeline.vocabulary.page_depth import refuse_depth

if TYPE_CHECKING:
    from selectolax.lexbor import LexborNode

EXPECTED_HOSTS = ("helsedirektoratet.no", "nhn.no", "powerbi.com", "ssb.no", "fhi.no")
_WRITTEN_ADDRESS = re.compile(r"""https?://[^\s"'<>\\`{}|^]{4,1900}""")
_SIMULATED = re.compile(r"""<meta\s+name=["']simulated["']\s+content=["']true["']""", re.IGNORECASE)
_ESCAPES = (("\\/", "/"), ("\\u002F", "/"), ("\\u002f", "/"), ("\\u0026", "&"), ("\\u003D", "="))
_EMBEDDING = {"iframe": "src", "frame": "src", "embed": "src", "object": "data"}
_LONGEST_TEXT = 300
_MOST_LEVELS = 6
MOST_LINKS = 5_000
_AROUND = frozenset({"p", "li", "td", "dd"})
_MOST_NODES = 500  # of an element, for the beginning of its text
_MOST_OF_A_TEXT = 4 * _LONGEST_TEXT  # with white space
_WORKBOOKS = frozenset({".xlsx", ".xlsm", ".xls"})
_DELIMITED = frozenset({".csv", ".tsv"})
_NO_PAGES = frozenset(
    {".pdf", ".png", ".jpg", ".jpeg", ".gif", ".svg", ".webp", ".ico", ".css", ".js", ".zip"}
    | {".doc", ".docx", ".ppt", ".pptx", ".mp3", ".mp4", ".xml", ".woff", ".woff2", ".ics"}
)
_BANK_OF_SSB = "https://data.ssb.no/api/pxwebapi/v2"
_PAGE_OF_SSB = re.compile(r"/(?:en/)?statbank/table/(\d{5})/?", re.IGNORECASE)
_OLD_TABLE_OF_SSB = re.compile(r"/api/v0/(?:no|en)/table/(\d{5})/?", re.IGNORECASE)
_PXWEB = re.compile(r"/tables/[A-Za-z0-9_-]{1,40}(?:/(?:data|metadata))?/?$")
_FHI = re.compile(r"/api/open/v1/[A-Za-z0-9_-]+/table/\d+(?:/(?:data|query))?/?$", re.IGNORECASE)
_JSON_STAT = re.compile(r"\.json$|[?&](?:outputFormat|format)=json-?stat2?\b", re.IGNORECASE)


class Form(StrEnum):
    """What a publication is, as its address or its first bytes show."""

    report = "a public Power BI report"
    embedded = "a Power BI report embedded with an access token in the page"
    workbook = "a workbook"
    delimited = "delimited text"
    bank = "a table of a statistics bank (PxWeb)"
    jsonstat = "JSON, perhaps JSON-stat"
    fhi = "a table of FHI's open statistics (asked with POST)"
    page = "a page"


@dataclass(frozen=True)
class Link:
    """One address that a page names: whole, without fragment, and with the text of its link.

    `via` is the element it is in: `a`, `iframe`, `script` or another. `around` is the text of the
    paragraph or list item that the link is in.
    """

    address: str
    text: str
    via: str
    around: str = ""

    @property
    def form(self) -> Form | None:
        """What it leads to by its address; None for what is neither a page nor a publication."""
        return form_of(self.address)


def form_of(address: str) -> Form | None:
    """What an address leads to, judged by its form alone; None for pictures, PDF and the like."""
    parts = urlsplit(address)
    path = parts.path
    if is_view_address(address):
        return Form.report
    ending = PurePosixPath(path).suffix.lower()
    if ending in _WORKBOOKS:
        return Form.workbook
    if ending in _DELIMITED:
        return Form.delimited
    if _FHI.search(path):
        return Form.fhi
    if "pxweb" in path.lower() and _PXWEB.search(path):
        return Form.bank
    if _JSON_STAT.search(f"{path}?{parts.query}" if parts.query else path):
        return Form.jsonstat
    return None if ending in _NO_PAGES else Form.page


def is_view_address(address: str) -> bool:
    """Whether an address is the view address of a public Power BI report: `…/view?r=…`."""
    parts = urlsplit(address)
    return parts.path.endswith("/view") and bool(parse_qs(parts.query).get("r"))


def host_is_within(host: str, hosts: Iterable[str]) -> bool:
    """Whether a host is one of the hosts, or below one of them."""
    return any(host == end or host.endswith(f".{end}") for end in hosts)


def text_of_page(content: bytes) -> str:
    """The page as text, for its links only: UTF-8, or else the encoding of old pages."""
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("windows-1252", "replace")


def unescaped(page: str) -> str:
    """The page's source with the escapes of HTML and of JSON in scripts undone."""
    text = unescape(page)
    for written, meant in _ESCAPES:
        text = text.replace(written, meant)
    return text


def is_marked_simulated(content: bytes) -> bool:
    """Whether a page says that it is of the simulated publisher, by its element `meta`."""
    return _SIMULATED.search(text_of_page(content)) is not None


def links_of(content: bytes, url: str) -> list[Link]:
    """The links of a page at `url`, in its order, each address once; the best text of each.

    Nothing the page asks for is fetched or run. Raises `PllError` for a page that would take too
    long to parse.
    """
    page = text_of_page(content)
    refuse_depth(page, url)
    found: dict[str, Link] = {}
    for link in (*_of_elements(page, url), *_written(page)):
        whole = _whole(link.address, url)
        if whole is None:
            continue
        if len(found) >= MOST_LINKS and whole not in found:
            break
        earlier = found.get(whole)
        if earlier is None or (not earlier.text and link.text):
            found[whole] = replace(link, address=whole)
    return list(found.values())


def _of_elements(page: str, url: str) -> Iterator[Link]:
    """Every link and every embedded page."""
    from selectolax.lexbor import LexborHTMLParser

    parsed = LexborHTMLParser(page)
    base = parsed.css_first("base[href]")
    start = urljoin(url, (base.attributes.get("href") or "") if base else "")
    around = _TextsAround()
    for node in parsed.css("a[href], area[href], iframe, frame, embed, object"):
        attributes = node.attributes
        name = node.tag or ""
        address = attributes.get(_EMBEDDING.get(name, "href")) or attributes.get("data-src")
        if not address:
            continue
        text = _start_of_text(node) if name == "a" else ""
        shown = text or attributes.get("title") or attributes.get("aria-label") or ""
        yield Link(_joined(start, address), _one_line(shown), name, around.text(node))


class _TextsAround:
    """The beginning of the paragraph or list item of each link; of each paragraph once."""

    def __init__(self) -> None:
        self._texts: dict[int, str] = {}

    def text(self, node: LexborNode) -> str:
        """The text of the nearest paragraph or list item; empty for a link in none."""
        parent = node.parent
        for _ in range(_MOST_LEVELS):
            if parent is None or parent.tag in _AROUND:
                break
            parent = parent.parent
        if parent is None or parent.tag not in _AROUND:
            return ""
        key = parent.mem_id
        if key not in self._texts:
            self._texts[key] = _start_of_text(parent)
        return self._texts[key]


def _start_of_text(node: LexborNode) -> str:
    """The beginning of the text of an element; no more of it is looked at."""
    pieces: list[str] = []
    length = 0
    for within in islice(node.traverse(include_text=True), _MOST_NODES):
        if within.is_text_node:
            piece = (within.text_content or "")[:_MOST_OF_A_TEXT]
            pieces.append(piece)
            length += len(piece)
        if length > _MOST_OF_A_TEXT:
            break
    return _one_line(" ".join(pieces))


def _one_line(text: str) -> str:
    return " ".join(text.split())[:_LONGEST_TEXT]


def _joined(start: str, address: str) -> str:
    try:
        return urljoin(start, address.strip())
    except ValueError:
        return ""


def _written(page: str) -> Iterator[Link]:
    """Addresses of publications that are written in scripts and attributes."""
    for match in _WRITTEN_ADDRESS.finditer(unescaped(page)):
        address = match[0].rstrip(".,;)")
        try:
            form = form_of(address)
        except ValueError:
            continue
        if form is not None and (form is not Form.page or _bank_table(address)):
            yield Link(address, "", "script")


def _whole(address: str, url: str) -> str | None:
    """The address without fragment, over https where the page is; None where it is none to ask."""
    try:
        whole = urldefrag(address).url
        parts = urlsplit(whole)
        is_address = parts.scheme in ("http", "https") and bool(parts.hostname)
        _ = parts.port
    except ValueError:
        return None
    if not is_address or re.search(r"\s", whole) or "@" in parts.netloc:
        return None
    if parts.scheme == "http" and urlsplit(url).scheme == "https":
        whole = parts._replace(scheme="https").geturl()
    return _bank_table(whole) or whole


def _bank_table(address: str) -> str | None:
    """The table's address in Statistics Norway's bank, where a page or the old interface names it.

    https://www.ssb.no/statbank/table/07459 → https://data.ssb.no/api/pxwebapi/v2/tables/07459
    """
    parts = urlsplit(address)
    if not host_is_within(parts.hostname or "", ("ssb.no",)):
        return None
    match = _PAGE_OF_SSB.match(parts.path) or _OLD_TABLE_OF_SSB.match(parts.path)
    return f"{_BANK_OF_SSB}/tables/{match[1]}" if match else None
