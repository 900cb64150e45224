"""A report that a page embeds with an access token in its source: where it is, and its token.

The token is for the page's reader, lasts about an hour and is in no text that is written. The forms
are those of Microsoft's own samples: variables of a script, JSON, and attributes. Not here: opening
the page and asking the report (`powerbi/access.py`), links of a page (`links.py`).
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

from pll_pipeline.errors import PllError
from pll_pipeline.raw.links import text_of_page, unescaped

_EMBED_ADDRESS = re.compile(r"""https?://[^\s"'<>\\`]{1,300}/reportEmbed\?[^\s"'<>\\`]{1,1500}""")
_TOKEN = re.compile(
    r"""(?:access|embed)[-_]?token\w{0,12}(?:"|')?\s*[:=]\s*"""
    r"""(?:\{\s*["']?token["']?\s*:\s*)?["'](?P<token>[A-Za-z0-9+/=_.-]{20,20000})["']""",
    re.IGNORECASE,
)
_SIGN = r"(?:\\?[+/=_.-]|\\u[0-9A-Fa-f]{4}|\\x[0-9A-Fa-f]{2}|&#?\w{1,8};)"
MOST_REPORTS = 100  # of one page
_REPORT_ID = re.compile(
    r"""(?:embed)?report[-_]?id["']?\s*[:=]\s*["']([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})""",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class EmbeddedReport:
    """A report in a page: its id, the cluster its address names (or None), and the token."""

    report_id: str
    cluster: str | None
    token: str = field(repr=False)

    def struck_from(self, content: bytes) -> bytes:
        """The content without the token."""
        return content.replace(self.token.encode(), b"TOKEN")


def embedded_reports(content: bytes) -> list[EmbeddedReport]:
    """The reports that a page embeds with their tokens, in its order; each report once.

    A report without a token is left out: it is for readers who sign in.
    """
    page = unescaped(text_of_page(content))
    tokens = {match.start(): match["token"] for match in _TOKEN.finditer(page)}
    if not tokens:
        return []
    places = list(tokens)
    found: dict[str, EmbeddedReport] = {}
    for position, report_id, cluster in _reports(page):
        token = tokens[_nearest(places, position)]
        found.setdefault(report_id, EmbeddedReport(report_id, cluster, token))
        if len(found) >= MOST_REPORTS:
            break
    return list(found.values())


def without_tokens(content: bytes, where: str) -> tuple[bytes, int]:
    """A page as it may be kept: without the access tokens in its source; and how many there were.

    Raises `PllError` where one of them cannot be taken out.
    """
    page = unescaped(text_of_page(content))
    tokens = dict.fromkeys(match["token"] for match in _TOKEN.finditer(page))
    if len(tokens) <= MOST_REPORTS:
        for token in tokens:
            content = _as_written(token).sub(b"TOKEN", content)
        left = unescaped(text_of_page(content)) if tokens else ""
        if not any(token in left for token in tokens):
            return content, len(tokens)
    raise PllError(
        "The page has access tokens in its source that cannot be taken out, and none is ever kept",
        where=where,
        do="open the page in a browser, and archive what it shows by hand, as an export",
    )


def _as_written(token: str) -> re.Pattern[bytes]:
    """A pattern of the token however HTML and JSON write the signs in it."""
    runs = re.split(r"([^A-Za-z0-9])", token)
    parts = [_SIGN if number % 2 else re.escape(run) for number, run in enumerate(runs)]
    return re.compile("".join(parts).encode())


def _nearest(places: Sequence[int], position: int) -> int:
    """The place nearest to a position, of places in their order; of two as near, the first."""
    after = bisect_left(places, position)
    return min(places[max(after - 1, 0) : after + 1], key=lambda place: abs(place - position))


def _reports(page: str) -> list[tuple[int, str, str | None]]:
    """Position, id and cluster of each report: by its address, else by its id alone."""
    addressed = []
    for match in _EMBED_ADDRESS.finditer(page):
        query = parse_qs(urlsplit(match[0]).query)
        report_id = _uuid(query.get("reportId", [""])[0])
        if report_id:
            addressed.append((match.start(), report_id, _cluster(query.get("config", [""])[0])))
    if addressed:
        return addressed
    return [(match.start(), match[1].lower(), None) for match in _REPORT_ID.finditer(page)]


def _cluster(config: str) -> str | None:
    """The cluster that the configuration in an embedding address names."""
    try:
        padded = config.replace("-", "+").replace("_", "/").replace(" ", "+")
        fields: Any = json.loads(base64.b64decode(padded + "=" * (-len(padded) % 4)))
    except (binascii.Error, ValueError, RecursionError):
        return None
    cluster = fields.get("clusterUrl") if isinstance(fields, dict) else None
    return cluster if isinstance(cluster, str) and cluster else None


def _uuid(text: str) -> str:
    try:
        return str(UUID(text))
    except ValueError:
        return ""
