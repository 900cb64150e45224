"""The simulated publisher's server on loopback: publications at paths, misbehaviour on request.

Not here: what is published (`publications.py`, `powerbi_report.py`).
"""

from __future__ import annotations

import gzip
import hashlib
import threading
import time
from collections import Counter
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any
from urllib.parse import parse_qs, urlsplit

from pll_pipeline.simulation.exchange import Publication, Request, Response
from pll_pipeline.simulation.misbehaviour import AT_ANY_ADDRESS, Misbehaviour

LARGEST_BODY_BYTES = 4 << 20
RETRY_AFTER_SECONDS = 1
_DRIP_SECONDS = 0.2
_LEAST_BYTES_TO_COMPRESS = 1000
_PAGE = (
    b"<!doctype html><html><title>Vedlikehold</title><p>Tjenesten er under vedlikehold.</p></html>"
)
_INSTEAD = {
    Misbehaviour.TOO_MANY_REQUESTS: Response(
        b"", status=429, headers={"Retry-After": str(RETRY_AFTER_SECONDS)}
    ),
    Misbehaviour.UNAVAILABLE: Response(b"", status=503),
    Misbehaviour.WEB_PAGE: Response(_PAGE, content_type="text/html; charset=utf-8"),
    Misbehaviour.WITHDRAWN: Response(b"", status=404),
}


class Publisher:
    """A server on 127.0.0.1 inside its `with` block, at `address`.

    Publications may be replaced, and misbehave, at any time.
    """

    def __init__(self) -> None:
        self._publications: dict[str, Publication] = {}
        self._misbehaviours: dict[str, tuple[Misbehaviour, float]] = {}
        self._requests: Counter[str] = Counter()
        self._lock = threading.Lock()
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.publisher = self
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True
        )

    @property
    def address(self) -> str:
        """The address of the server, without a slash at its end."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Publisher:
        """Start to serve."""
        self._thread.start()
        return self

    def __exit__(
        self,
        error_type: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Close the server and wait for its thread."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def publish(self, path: str, publication: Publication) -> None:
        """Answer everything at and below `path` by `publication`."""
        self._publications[path] = publication

    def misbehave(
        self, path: str, misbehaviour: Misbehaviour | None, times: float = float("inf")
    ) -> None:
        """Misbehave at and below `path`, so many times; None ends it.

        Raises `ValueError` for what only a report can do.
        """
        if misbehaviour is not None and misbehaviour not in AT_ANY_ADDRESS:
            raise ValueError(f"{misbehaviour.name} is a misbehaviour of a report")
        with self._lock:
            self._misbehaviours.pop(path, None)
            if misbehaviour:
                self._misbehaviours[path] = (misbehaviour, times)

    def number_of_requests(self, path: str) -> int:
        """How many requests came at and below `path`."""
        return sum(number for asked, number in self._requests.items() if _is_below(asked, path))

    def answer(self, request: Request) -> Response:
        """The response of what is published there; 404 where nothing is."""
        paths = [path for path in self._publications if _is_below(request.path, path)]
        if not paths:
            return Response(b"", status=404)
        return self._publications[max(paths, key=len)](request)

    def misbehaviour_now(self, path: str) -> Misbehaviour | None:
        """Count a request, and say how its response goes wrong, if it does."""
        with self._lock:
            self._requests[path] += 1
            for above, (misbehaviour, times) in self._misbehaviours.items():
                if _is_below(path, above) and times > 0:
                    self._misbehaviours[above] = (misbehaviour, times - 1)
                    return misbehaviour
        return None


def _is_below(path: str, above: str) -> bool:
    return path == above or path.startswith(above.rstrip("/") + "/")


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    publisher: Publisher

    def handle_error(self, *_: Any) -> None:
        """Ignore it: a client may go away at any time."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def _handle(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        if length > LARGEST_BODY_BYTES:
            self._send(Response(b"", status=413))
            return
        body, parts = self.rfile.read(length), urlsplit(self.path)
        headers = {name.lower(): value for name, value in self.headers.items()}
        misbehaviour = self.server.publisher.misbehaviour_now(parts.path)
        if misbehaviour in _INSTEAD:
            self._send(_INSTEAD[misbehaviour])
        elif misbehaviour is Misbehaviour.REDIRECT_LOOP:
            self._send(Response(b"", status=302, headers={"Location": self.path}))
        else:
            request = Request(self.command, parts.path, parse_qs(parts.query), headers, body)
            response = self.server.publisher.answer(request)
            self._send(_conditional(response, self.command, headers), misbehaviour)

    do_GET = do_POST = do_PUT = do_DELETE = _handle

    def _send(self, response: Response, misbehaviour: Misbehaviour | None = None) -> None:
        has_wrong_length = misbehaviour is Misbehaviour.WRONG_LENGTH
        # Compressed content says itself where it ends, so a wrong length would not be noticed.
        accepted = "" if has_wrong_length else self.headers.get("Accept-Encoding", "")
        content, headers = _compressed(response, accepted)
        self.send_response(response.status)
        for name, value in {"Content-Type": response.content_type, **headers}.items():
            self.send_header(name, value)
        if response.status != 304:
            length = len(content) // 2 if has_wrong_length else len(content)
            self.send_header("Content-Length", str(length))
        self.end_headers()
        self._send_body(content, misbehaviour)

    def _send_body(self, content: bytes, misbehaviour: Misbehaviour | None) -> None:
        if misbehaviour is Misbehaviour.SLOW:
            for position in range(len(content)):
                self.wfile.write(content[position : position + 1])
                self.wfile.flush()
                time.sleep(_DRIP_SECONDS)
        elif misbehaviour in (Misbehaviour.CUT_OFF, Misbehaviour.WRONG_LENGTH):
            self.wfile.write(content[: len(content) // 2])
            self.close_connection = True
        else:
            self.wfile.write(content)

    def log_message(self, *_: Any) -> None:
        """Print nothing: `Publisher.number_of_requests` has what a test needs to know."""


def _conditional(response: Response, method: str, headers: Mapping[str, str]) -> Response:
    """The response with the ETag of its content, or 304 where the request names that ETag."""
    if method != "GET" or response.status != 200:
        return response
    etag = f'"{hashlib.sha256(response.content).hexdigest()[:32]}"'
    all_headers = {"ETag": etag, **response.headers}
    if headers.get("if-none-match") == all_headers["ETag"]:
        return Response(b"", response.content_type, 304, all_headers)
    return Response(response.content, response.content_type, 200, all_headers)


def _compressed(response: Response, accepted: str) -> tuple[bytes, dict[str, str]]:
    headers = dict(response.headers)
    if "gzip" not in accepted or len(response.content) < _LEAST_BYTES_TO_COMPRESS:
        return response.content, headers
    return gzip.compress(response.content, 1, mtime=0), {**headers, "Content-Encoding": "gzip"}
