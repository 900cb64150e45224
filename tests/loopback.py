"""A publisher on loopback for tests of fetchers: answers as it is told, and remembers what it was asked.

Not here: what a publisher publishes; each test says that itself.
"""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True)
class Asked:
    """One question as it came in: names of headers in lower case."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True)
class Told:
    """One answer. `length` is what Content-Length says: -1 for the truth, None for nothing, so that the end of the connection
    ends the answer. The body is sent in `pieces`, with a `pause()` after each."""

    body: bytes = b""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    length: int | None = -1
    chunks: bool = False
    pieces: int = 1
    pause: Callable[[], None] = lambda: None
    breaks_off: bool = False


Answering = Callable[[Asked], Told]


@dataclass
class Loopback:
    """A running publisher: `url`, every question it was `asked`, and how it is `answering` the next."""

    url: str
    answering: Answering
    asked: list[Asked] = field(default_factory=list)

    def answers(self, *told: Told) -> None:
        """Give these answers one after the other, the last for ever."""
        left = list(told)
        self.answering = lambda _: left.pop(0) if len(left) > 1 else left[0]


@contextmanager
def publisher(*told: Told, tls: ssl.SSLContext | None = None) -> Iterator[Loopback]:
    """A publisher on 127.0.0.1 while the block runs, over https where `tls` holds its certificate."""
    server = _Server(("127.0.0.1", 0), _Handler)
    if tls:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    loopback = Loopback(
        f"http{'s' if tls else ''}://127.0.0.1:{server.server_address[1]}",
        lambda _: Told(status=404),
    )
    if told:
        loopback.answers(*told)
    server.loopback = loopback  # type: ignore[attr-defined]
    thread = threading.Thread(
        target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True
    )
    thread.start()
    try:
        yield loopback
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_: Any) -> None:
        """Nothing: whoever asks may go away at any time, and a test says what it needs to know."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def _answer(self) -> None:
        loopback: Loopback = self.server.loopback  # type: ignore[attr-defined]
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        asked = Asked(
            self.command,
            self.path,
            {name.lower(): value for name, value in self.headers.items()},
            body,
        )
        loopback.asked.append(asked)
        told = loopback.answering(asked)
        try:
            self._send(told)
        except OSError:
            # whoever asked has heard enough
            self.close_connection = True

    do_GET = do_POST = _answer

    def _send(self, told: Told) -> None:
        self.send_response(told.status)
        for name, value in told.headers.items():
            self.send_header(name, value)
        length = len(told.body) if told.length == -1 else told.length
        if told.chunks:
            self.send_header("Transfer-Encoding", "chunked")
        elif length is not None and told.status != 304:
            self.send_header("Content-Length", str(length))
        self.end_headers()
        step = max(1, -(-len(told.body) // told.pieces))
        for start in range(0, len(told.body), step):
            piece = told.body[start : start + step]
            self.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece) if told.chunks else piece)
            self.wfile.flush()
            told.pause()
        if told.chunks and not told.breaks_off:
            self.wfile.write(b"0\r\n\r\n")
        if told.breaks_off or length != len(told.body):
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)

    def log_message(self, *_: Any) -> None:
        """Nothing: a test says what it needs to know."""
