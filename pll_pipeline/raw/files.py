"""A source whose files are at addresses: each asked for with a conditional request.

Not here: the requests themselves (`http/`), what the bytes mean (`validated/`).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Any

from pll_pipeline.errors import PllError
from pll_pipeline.raw.archive import Snapshot, keep, newest_snapshot
from pll_pipeline.raw.embedded import without_tokens
from pll_pipeline.raw.found_on import origin_of_place
from pll_pipeline.raw.http.body import is_web_page
from pll_pipeline.raw.http.client import Answer, Client
from pll_pipeline.sources.addresses import without_keys
from pll_pipeline.sources.model import Http, Source

_WEB_PAGE_TYPES = frozenset({"text/html", "application/xhtml+xml"})
_READERS_OF_WEB_PAGES = frozenset({"html", "prose"})


def fetch(
    source: Source, settings: Http, raw: Path, *, sleep: Callable[[float], None] = time.sleep
) -> tuple[Snapshot, bool]:
    """The newest snapshot after asking for each file of the source, and whether it is new.

    A file that the publisher calls unchanged is taken from the newest snapshot. Raises `PllError`
    for an answer that cannot be the file, `NotAnswered` when the publisher may answer at another
    time.
    """
    newest = newest_snapshot(raw, source.name)
    found = origin_of_place(settings, newest, source.name)
    files: dict[str, bytes] = {}
    records: dict[str, Mapping[str, Any]] = {}
    unchanged: list[str] = []
    with Client(settings, sleep=sleep) as client:
        for file, address in settings.files.items():
            url = _known_address(source, file, address)
            earlier = _record_of(newest, file, url, settings.secret_parameters)
            answer = _asked(client, settings, file, url, earlier)
            if answer.status == 304 and newest is not None:
                unchanged.append(file)
                records[file] = earlier
            else:
                _refuse_other_content(answer, source, settings)
                files[file], records[file] = _as_kept(answer, source)
    if newest is not None:
        if len(unchanged) == len(settings.files) == len(newest.files):
            return newest, False
        files |= {file: newest.read(file) for file in unchanged}
    return keep(raw, source.name, files, {"method": "http", **found, "requests": records})


def _asked(
    client: Client, settings: Http, file: str, url: str, earlier: Mapping[str, Any]
) -> Answer:
    """The answer for a file: to its question where it has one, else to a conditional request."""
    accept = settings.content_types
    if question := settings.questions.get(file):
        return client.post(url, json=question, accept=accept)
    return client.get(url, headers=_conditional_headers(earlier), accept=accept)


def _as_kept(answer: Answer, source: Source) -> tuple[bytes, Mapping[str, Any]]:
    """The bytes of an answer and how they came; those of a page without its access tokens."""
    record = answer.record()
    if source.read.kind not in _READERS_OF_WEB_PAGES and not is_web_page(answer.content):
        return answer.content, record
    content, count = without_tokens(answer.content, answer.url)
    return content, record | ({"access_tokens_taken_out": count} if count else {})


def _known_address(source: Source, file: str, address: str | None) -> str:
    if address is None:
        raise PllError(
            f"{source.name} has no address for {file}",
            where=source.landing_page,
            do=f"run `pll sources enable {source.name} --address ADDRESS`",
        )
    return address


def _record_of(
    newest: Snapshot | None, file: str, url: str, declared: Collection[str]
) -> Mapping[str, Any]:
    """How the file of the newest snapshot came; empty where it did not come from this address."""
    if newest is None or all(f.name != file for f in newest.files):
        return {}
    record: Mapping[str, Any] = newest.origin.get("requests", {}).get(file, {})
    return record if record.get("address") == without_keys(url, declared) else {}


def _conditional_headers(record: Mapping[str, Any]) -> dict[str, str]:
    """The headers that ask for a file only where it has changed since the recorded answer."""
    earlier = record.get("headers", {})
    headers = {
        "If-None-Match": earlier.get("etag"),
        "If-Modified-Since": earlier.get("last-modified"),
    }
    return {name: value for name, value in headers.items() if value}


def _refuse_other_content(answer: Answer, source: Source, settings: Http) -> None:
    """Raise for an empty answer, and for a web page where the source reads none."""
    if not answer.content:
        raise PllError(
            "The publisher answers with nothing at all",
            where=answer.url,
            do="open the address in a browser; if the file is empty there too, report it to the"
            " publisher",
        )
    if source.read.kind in _READERS_OF_WEB_PAGES:
        return
    is_declared_page = not settings.content_types and answer.media_type in _WEB_PAGE_TYPES
    if is_declared_page or is_web_page(answer.content):
        raise PllError(
            "The publisher answers with a web page instead of data",
            where=answer.url,
            do="open the address in a browser: the file may have moved, or a page may ask for"
            " something first; then correct the address in the source file",
        )
