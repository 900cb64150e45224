"""The address of a publication, looked up on the page that links to it.

A page may link to the publication itself, or to a page that shows a report; the second is opened
too. A publication that moved is followed, and logged. Not here: which links a page has
(`links.py`), searching for publications no source names (`discovery.py`).
"""

from __future__ import annotations

import hashlib
import logging
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any
from urllib.parse import urlsplit

from pll_pipeline.errors import PllError
from pll_pipeline.raw.archive import Snapshot
from pll_pipeline.raw.embedded import embedded_reports
from pll_pipeline.raw.http.client import Client
from pll_pipeline.raw.links import EXPECTED_HOSTS, Form, Link, host_is_within, links_of
from pll_pipeline.sources.addresses import without_keys
from pll_pipeline.sources.model import FoundOn, Http, PoliteFetch, PowerBiReport
from pll_pipeline.vocabulary.patterns import is_found

LOG = logging.getLogger("pll")
MOST_PAGES = 4
_MOST_NAMED = 8
_LARGEST_PAGE = 8 * 2**20


def with_found_address(
    settings: Http | PowerBiReport,
    source_name: str,
    *,
    sleep: Callable[[float], None] = time.sleep,
) -> Http | PowerBiReport:
    """The settings with the address that their page names now.

    Raises `PllError` where no link of the page matches, or several do.
    """
    found_on = settings.found_on
    if found_on is None:
        return settings
    hosts = [*settings.hosts, *(f".{host}" for host in EXPECTED_HOSTS)]
    largest = min(settings.largest_bytes, _LARGEST_PAGE)
    polite = PoliteFetch(hosts=hosts, allow_local=settings.allow_local, largest_bytes=largest)
    with Client(polite, sleep=sleep) as client:
        answer = client.get(found_on.page)
        links = links_of(answer.content, answer.url)
        if isinstance(settings, PowerBiReport):
            where = _place_of_report(client, found_on, links, answer.content, source_name)
            return settings.model_copy(update=where)
    wanted = [link for link in links if link.form not in (None, Form.report)]
    address = _only(found_on, _matching(found_on, wanted), wanted, source_name).address
    files = {file: known or address for file, known in settings.files.items()}
    return settings.model_copy(update={"files": files})


def place_found(settings: Http | PowerBiReport) -> dict[str, str]:
    """Where the publication is now, for a snapshot's origin: without keys, but for their hash.

    Empty for settings that look nothing up.
    """
    if settings.found_on is None:
        return {}
    addresses = (
        [settings.address or settings.embedded_on]
        if isinstance(settings, PowerBiReport)
        else settings.files.values()
    )
    text = " ".join(address for address in addresses if address)
    sha256, shown = hashlib.sha256(text.encode()).hexdigest(), without_keys(text)
    return {
        "page": without_keys(settings.found_on.page),
        # the hash shows that two addresses differ where only their keys do
        "address": shown if shown == text else f"{shown} ({sha256[:8]})",
        "sha256": sha256,
    }


def origin_of_place(
    settings: Http | PowerBiReport, newest: Snapshot | None, source_name: str
) -> Mapping[str, Any]:
    """What a new snapshot's origin says of where it was found; a move since `newest` is logged."""
    place: dict[str, Any] = place_found(settings)
    before = (newest.origin.get("found_on") or {}) if newest else {}
    if place and before and before.get("sha256") != place["sha256"]:
        place["moved_from"] = before.get("address", "")
        LOG.warning(
            "%s has moved: its page %s leads to %s now, and led to %s when the newest snapshot was"
            " taken",
            source_name,
            place["page"],
            place["address"],
            place["moved_from"],
        )
    return {"found_on": place} if place else {}


def _place_of_report(
    client: Client, found_on: FoundOn, links: list[Link], page: bytes, source_name: str
) -> dict[str, str]:
    """The view address of the report, or the page that embeds it.

    A report that the page itself links to or embeds comes before those of pages it links to.
    """
    reports = [link for link in links if link.form is Form.report]
    chosen = _matching(found_on, reports) or (reports if not _matching(found_on, links) else [])
    if chosen:
        return {"address": _only(found_on, chosen, reports, source_name).address}
    if embedded_reports(page):
        return {"embedded_on": found_on.page}
    shown: dict[tuple[str, str], Link] = {}
    for link in _pages_to_open(found_on, links):
        answer = client.get(link.address)
        for inner in links_of(answer.content, answer.url):
            if inner.form is Form.report:
                shown["address", inner.address] = inner
        if embedded_reports(answer.content):
            shown["embedded_on", link.address] = link
    if len(shown) == 1:
        ((key, address),) = shown
        return {key: address}
    link = _only(found_on, list(shown.values()), reports, source_name)
    return {"address": link.address}


def _pages_to_open(found_on: FoundOn, links: Iterable[Link]) -> list[Link]:
    """Pages that may show the report: those in a frame, and those whose links match."""
    pages = [link for link in links if link.form is Form.page and _is_expected(found_on, link)]
    frames = [link for link in pages if link.via != "a"]
    named = _matching(found_on, pages) if found_on.link else []
    return list(dict.fromkeys([*frames, *named]))[:MOST_PAGES]


def _is_expected(found_on: FoundOn, link: Link) -> bool:
    parts = urlsplit(link.address)
    is_own = parts.netloc.lower() == urlsplit(found_on.page).netloc.lower()
    return is_own or host_is_within(parts.hostname or "", EXPECTED_HOSTS)


def _matching(found_on: FoundOn, links: Iterable[Link]) -> list[Link]:
    """The links whose text or address matches; where none does, those with it around them."""
    pattern = f"(?i){found_on.link}"
    listed = list(links)
    exact = [
        link for link in listed if is_found(pattern, link.text) or is_found(pattern, link.address)
    ]
    return exact or [link for link in listed if is_found(pattern, link.around)]


def _only(found_on: FoundOn, chosen: list[Link], candidates: list[Link], source_name: str) -> Link:
    """The one link that is meant. Raises `PllError` naming what the page has instead."""
    if len({link.address for link in chosen}) == 1:
        return chosen[0]
    named = chosen or candidates
    shown = "; ".join(f"«{link.text}» {without_keys(link.address)}" for link in named[:_MOST_NAMED])
    pattern = f" that matches {found_on.link!r}" if found_on.link else ""
    number = "several links" if chosen else "no link to the publication"
    raise PllError(
        f"The page has {number}{pattern}" + (f": {shown}" if shown else ""),
        where=f"{source_name}, {without_keys(found_on.page)}",
        do="open the page in a browser and give fetch.found_on.link a text of the link that is"
        " meant; `pll discover` shows every publication of the page. The newest snapshot stays in"
        " use",
    )
