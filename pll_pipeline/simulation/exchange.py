"""Requests to a publication and its responses, without a socket.

A publication is a function from `Request` to `Response`, so that it can be tried without a server.
Not here: sockets (`publisher.py`), what is published (`publications.py`, `powerbi_report.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Request:
    """One request: `path` without query, `query` as parsed, names of `headers` in lower case."""

    method: str
    path: str
    query: Mapping[str, list[str]] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


@dataclass(frozen=True)
class Response:
    """One whole response.

    The server adds the length and, for a 200 without one, an ETag of the content.
    """

    content: bytes
    content_type: str = "application/json"
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


Publication = Callable[[Request], Response]
