"""The simulated publisher's server, on loopback: publications at paths, and bad days on request.

Not here: what is published (`publications.py`, `powerbi_report.py`).
"""

from __future__ import annotations

import gzip
import hashlib
import threading
import time
from collections import Counter
from collections.abc import Mapping
from enum import Enum
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any
from urllib.parse import parse_qs, urlsplit

from pll_pipeline.simulation.exchange import Publication, Request, Response

LARGEST_BODY = 4 << 20
RETRY_AFTER_SECONDS = 1
_DRIP_SECONDS = 0.2
_LEAST_TO_PACK = 1000
_PAGE = (
    b"<!doctype html><html><title>Vedlikehold</title><p>Tjenesten er under vedlikehold.</p></html>"
)


class Misbehaviour(Enum):
    """What may go wrong between a publisher and whoever asks."""

    TOO_MANY_REQUESTS = "429, with a Retry-After"
    UNAVAILABLE = "503"
    SLOW = "the answer drips"
    CUT_OFF = "the connection ends before the answer does"
    WRONG_LENGTH = "Content-Length says less than there is"
    WEB_PAGE = "a web page with status 200 instead of data"
    WITHDRAWN = "404"
    REDIRECT_LOOP = "302 to itself"


class Publisher:
    """A server on 127.0.0.1 while inside; `address` is where. Publications may be replaced, and misbehave, at any time."""

    def __init__(self) -> None:
        self._publications: dict[str, Publication] = {}
        self._misbehaviours: dict[str, tuple[Misbehaviour, float]] = {}
        self._asked: Counter[str] = Counter()
        self._lock = threading.Lock()
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.publisher = self
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True
        )

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Publisher:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def publish(self, path: str, publication: Publication) -> None:
        """Answer everything at and below `path` by `publication`."""
        self._publications[path] = publication

    def misbehave(self, path: str, how: Misbehaviour | None, times: float = float("inf")) -> None:
        """Misbehave at and below `path`, so many times; None ends it."""
        with self._lock:
            self._misbehaviours.pop(path, None)
            if how:
                self._misbehaviours[path] = (how, times)

    def asked(self, path: str) -> int:
        """How many requests came at and below `path`."""
        return sum(count for asked, count in self._asked.items() if _is_below(asked, path))

    def answer(self, request: Request) -> Response:
        """What is published there, or that nothing is."""
        path = max(
            (p for p in self._publications if _is_below(request.path, p)), key=len, default=None
        )
        return self._publications[path](request) if path is not None else Response(b"", status=404)

    def _mood(self, path: str) -> Misbehaviour | None:
        """How the next answer at a path goes wrong, if it does."""
        with self._lock:
            self._asked[path] += 1
            for below, (how, times) in self._misbehaviours.items():
                if _is_below(path, below) and times > 0:
                    self._misbehaviours[below] = (how, times - 1)
                    return how
        return None


def _is_below(path: str, above: str) -> bool:
    return path == above or path.startswith(above.rstrip("/") + "/")


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    publisher: Publisher

    def handle_error(self, *_: Any) -> None:
        """Nothing: whoever asks may go away at any time."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def _answer(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        if length > LARGEST_BODY:
            self._send(Response(b"", status=413))
            return
        body, parts = self.rfile.read(length), urlsplit(self.path)
        headers = {name.lower(): value for name, value in self.headers.items()}
        mood = self.server.publisher._mood(parts.path)
        if mood in _INSTEAD:
            self._send(_INSTEAD[mood])
        elif mood is Misbehaviour.REDIRECT_LOOP:
            self._send(Response(b"", status=302, headers={"Location": self.path}))
        else:
            self._send(
                _conditional(
                    self.server.publisher.answer(
                        Request(self.command, parts.path, parse_qs(parts.query), headers, body)
                    ),
                    self.command,
                    headers,
                ),
                mood,
            )

    do_GET = do_POST = do_PUT = do_DELETE = _answer

    def _send(self, response: Response, mood: Misbehaviour | None = None) -> None:
        # a wrong length shows in what is not packed only: packed content knows itself where it ends
        accepted = (
            "" if mood is Misbehaviour.WRONG_LENGTH else self.headers.get("Accept-Encoding", "")
        )
        content, headers = _packed(response, accepted)
        self.send_response(response.status)
        for name, value in {"Content-Type": response.content_type, **headers}.items():
            self.send_header(name, value)
        told = len(content) // 2 if mood is Misbehaviour.WRONG_LENGTH else len(content)
        if response.status != 304:
            self.send_header("Content-Length", str(told))
        self.end_headers()
        if mood is Misbehaviour.SLOW:
            for start in range(len(content)):
                self.wfile.write(content[start : start + 1])
                self.wfile.flush()
                time.sleep(_DRIP_SECONDS)
        elif mood in (Misbehaviour.CUT_OFF, Misbehaviour.WRONG_LENGTH):
            self.wfile.write(content[: len(content) // 2])
            self.close_connection = True
        else:
            self.wfile.write(content)

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing: `Publisher.asked` tells what a test needs to know."""


_INSTEAD = {
    Misbehaviour.TOO_MANY_REQUESTS: Response(
        b"", status=429, headers={"Retry-After": str(RETRY_AFTER_SECONDS)}
    ),
    Misbehaviour.UNAVAILABLE: Response(b"", status=503),
    Misbehaviour.WEB_PAGE: Response(_PAGE, content_type="text/html; charset=utf-8"),
    Misbehaviour.WITHDRAWN: Response(b"", status=404),
}


def _conditional(response: Response, method: str, headers: Mapping[str, str]) -> Response:
    """The answer with the ETag of its content, or 304 where whoever asks holds just that."""
    if method != "GET" or response.status != 200:
        return response
    told = {"ETag": f'"{hashlib.sha256(response.content).hexdigest()[:32]}"', **response.headers}
    if headers.get("if-none-match") == told["ETag"]:
        return Response(b"", response.content_type, 304, told)
    return Response(response.content, response.content_type, 200, told)


def _packed(response: Response, accepted: str) -> tuple[bytes, dict[str, str]]:
    if "gzip" in accepted and len(response.content) >= _LEAST_TO_PACK:
        return gzip.compress(response.content, 1, mtime=0), {
            **response.headers,
            "Content-Encoding": "gzip",
        }
    return response.content, dict(response.headers)
