"""From a page to the publications it links to or embeds: it, and the pages one step from it.

Asked are hosts that a reader of the page would expect; others are named only. Pages, bytes and
seconds are bounded. Not here: which links a page has (`links.py`), what a publication contains
(`inspection/`), what figures mean.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar
from urllib.parse import urlsplit

from pll_pipeline.errors import PllError
from pll_pipeline.raw.embedded import embedded_reports
from pll_pipeline.raw.http.body import is_web_page
from pll_pipeline.raw.http.client import Answer, Client
from pll_pipeline.raw.links import (
    EXPECTED_HOSTS,
    Form,
    Link,
    form_of,
    host_is_within,
    is_marked_simulated,
    links_of,
)
from pll_pipeline.sources.addresses import without_keys
from pll_pipeline.sources.model import PoliteFetch

K = TypeVar("K")
V = TypeVar("V")
PLAN_PAGE = (
    "https://www.helsedirektoratet.no/digitalisering-og-e-helse/pasientens-legemiddelliste"
    "/plan-for-utproving"
)
# What a link to statistics is called, and then what one on the subject is; the first are followed
# first.
_OF_FIGURES = (
    "power bi",
    "powerbi",
    "nøkkeltall",
    "nokkeltall",
    "statistikk",
    "dashboard",
    "digitaliseringsmonitor",
    "indikator",
    "rapport",
    "tall",
)
_WORDS = (*_OF_FIGURES, "status", "innføring", "innforing", "legemiddelliste")
MOST_PUBLICATIONS = 200  # that are kept of one search
MOST_ELSEWHERE = 100  # links to other hosts that are named
_FILES = frozenset(Form) - {Form.page, Form.embedded}


@dataclass(frozen=True)
class Limits:
    """How much is asked: pages after the first, bytes of all pages, seconds for everything."""

    pages: int = 25
    bytes: int = 40 * 2**20
    bytes_of_a_page: int = 8 * 2**20
    seconds: float = 180.0
    pause_seconds: float = 0.2


@dataclass(frozen=True)
class Looked:
    """A page or link that was opened, and what came of it."""

    address: str
    outcome: str


@dataclass(frozen=True)
class Publication:
    """A publication: its form and address, the text of its link, and the page that has it.

    `content` is a page that was opened. `report_id` is that of an embedded report, whose address is
    the page. `is_statistics` is whether the page is the first one, or its link speaks of figures.
    """

    form: Form
    address: str
    text: str
    page: str
    report_id: str = ""
    content: bytes | None = field(default=None, repr=False)
    is_statistics: bool = True


@dataclass(frozen=True)
class Discovery:
    """What was found from a page: publications, links to other hosts, and what was looked at.

    `not_opened` are pages within the expected hosts that the limits left out, `left_out_count` the
    publications and links to other hosts that are too many to name. `is_simulated`: the first page
    is one of the simulated publisher.
    """

    address: str
    publications: tuple[Publication, ...]
    elsewhere: tuple[Link, ...]
    looked_at: tuple[Looked, ...]
    not_opened: tuple[str, ...]
    is_simulated: bool
    left_out_count: int = 0


def discover(
    address: str,
    *,
    allow_local: bool = False,
    limits: Limits | None = None,
    sleep: Callable[[float], None] = time.sleep,
) -> Discovery:
    """Every publication that a page links to or embeds, and those of the pages it links to.

    Raises `PllError` where the page itself cannot be opened.
    """
    limits = limits or Limits()
    polite = PoliteFetch(
        hosts=[f".{host}" for host in EXPECTED_HOSTS],
        allow_local=allow_local,
        largest_bytes=limits.bytes_of_a_page,
        total_seconds=min(30.0, limits.seconds),
        source_seconds=limits.seconds,
    )
    with Client(polite, tries=2, sleep=sleep) as client:
        return _Search(client, address, limits, sleep).run()


class _Search:
    """One search, page by page."""

    def __init__(
        self, client: Client, address: str, limits: Limits, sleep: Callable[[float], None]
    ) -> None:
        self._client, self._address, self._limits, self._sleep = client, address, limits, sleep
        self._ends_at = time.monotonic() + limits.seconds
        self._bytes = 0
        self._found: dict[tuple[str, str], Publication] = {}
        self._elsewhere: dict[str, Link] = {}
        self._looked_at: list[Looked] = []
        self._left_out_count = 0

    def run(self) -> Discovery:
        answer = self._client.get(self._address)
        links = self._opened(answer, self._address, "", is_statistics=True)
        pages = sorted(filter(self._is_page_to_open, links), key=_rank)
        opened = 0
        for link in pages:
            if opened >= self._limits.pages or self._is_over():
                break
            opened += 1
            self._open(link)
        return Discovery(
            without_keys(self._address),
            tuple(self._found.values()),
            tuple(self._elsewhere.values()),
            tuple(self._looked_at),
            tuple(link.address for link in pages[opened:]),
            is_marked_simulated(answer.content),
            self._left_out_count,
        )

    def _open(self, link: Link) -> None:
        """Look at a page one step away; a page that cannot be opened is noted and left."""
        self._sleep(self._limits.pause_seconds)
        try:
            answer = self._client.get(link.address)
            self._opened(answer, link.address, link.text, is_statistics=speaks_of_figures(link))
        except PllError as error:
            self._looked_at.append(Looked(without_keys(link.address), error.what))

    def _opened(
        self, answer: Answer, address: str, text: str, *, is_statistics: bool
    ) -> list[Link]:
        """Note what an answer is, and return its links where it is a page."""
        self._bytes += len(answer.content)
        form = form_of_answer(answer)
        if form is not Form.page:
            self._note(Publication(form, address, text, self._address))
            self._looked_at.append(Looked(without_keys(address), str(form)))
            return []
        links = links_of(answer.content, answer.url)
        self._looked_at.append(Looked(without_keys(address), f"a page with {len(links)} links"))
        for report in embedded_reports(answer.content):
            self._note(
                Publication(Form.embedded, address, text, address, report_id=report.report_id)
            )
        for link in links:
            self._sort(link, address)
        self._note(
            Publication(
                Form.page,
                address,
                text,
                self._address,
                content=answer.content,
                is_statistics=is_statistics,
            )
        )
        return links

    def _sort(self, link: Link, page: str) -> None:
        """A link to a publication is kept; one to one to another host is named."""
        form = link.form
        if form in _FILES and self._is_expected(link):
            self._note(Publication(form, link.address, link.text, page))
        elif form is not None and not self._is_expected(link) and page == self._address:
            self._keep(self._elsewhere, link.address, link, MOST_ELSEWHERE)

    def _note(self, publication: Publication) -> None:
        key = (publication.address, publication.form + publication.report_id)
        self._keep(self._found, key, publication, MOST_PUBLICATIONS)

    def _keep(self, kept: dict[K, V], key: K, value: V, most: int) -> None:
        """Keep the first value of each key; those beyond the limit are only counted."""
        if key not in kept and len(kept) >= most:
            self._left_out_count += 1
        else:
            kept.setdefault(key, value)

    def _is_page_to_open(self, link: Link) -> bool:
        is_here = link.address.rstrip("/") == self._address.partition("#")[0].rstrip("/")
        return link.form is Form.page and self._is_expected(link) and not is_here

    def _is_expected(self, link: Link) -> bool:
        """Whether a reader expects its host: a listed one, or that of the first page."""
        parts, first = urlsplit(link.address), urlsplit(self._address)
        if parts.netloc.lower() == first.netloc.lower():
            return True
        return host_is_within((parts.hostname or "").rstrip("."), EXPECTED_HOSTS)

    def _is_over(self) -> bool:
        return self._bytes >= self._limits.bytes or time.monotonic() >= self._ends_at


def form_of_answer(answer: Answer) -> Form:
    """What an answer is: by its address, else by its media type and first bytes."""
    by_address = form_of(answer.url)
    if by_address in _FILES and not is_web_page(answer.content):
        return by_address
    if answer.content.startswith(b"PK"):
        return Form.workbook
    if answer.media_type == "text/csv":
        return Form.delimited
    if answer.media_type.endswith("json") or answer.content.lstrip()[:1] in (b"{", b"["):
        return Form.jsonstat
    return Form.page


def speaks_of_figures(link: Link) -> bool:
    """Whether the text or the address of a link has a word for statistics."""
    return _rank(link) < len(_OF_FIGURES)


def _rank(link: Link) -> int:
    """How late a link is followed: the number of the first word that it has."""
    words = f"{link.text} {link.address}".lower()
    return next((number for number, word in enumerate(_WORDS) if word in words), len(_WORDS))
