"""A publisher on loopback for tests of fetching: replies as a test says, and records requests.

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
class ReceivedRequest:
    """One request as it came in; names of headers in lower case."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True)
class Reply:
    """One reply of the publisher.

    `length` is what Content-Length says: -1 for the truth, None for no such header, so that the end
    of the connection ends the reply. The body is sent in `pieces`, with a `pause()` after each, and
    `breaks_off` closes the connection before a chunked body has ended.
    """

    body: bytes = b""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    length: int | None = -1
    chunks: bool = False
    pieces: int = 1
    pause: Callable[[], None] = lambda: None
    breaks_off: bool = False


Handler = Callable[[ReceivedRequest], Reply]


@dataclass
class Loopback:
    """A running publisher: its `url`, the requests it `received` and the `handler` of the next."""

    url: str
    handler: Handler
    received: list[ReceivedRequest] = field(default_factory=list)

    def replies(self, *replies: Reply) -> None:
        """Give these replies one after the other, the last for ever."""
        left = list(replies)
        self.handler = lambda _: left.pop(0) if len(left) > 1 else left[0]


@contextmanager
def publisher(*replies: Reply, tls: ssl.SSLContext | None = None) -> Iterator[Loopback]:
    """A publisher on 127.0.0.1 while the block runs, over https where `tls` has its certificate."""
    server = _Server(("127.0.0.1", 0), _RequestHandler)
    if tls:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    scheme = "https" if tls else "http"
    server.loopback = Loopback(
        f"{scheme}://127.0.0.1:{server.server_address[1]}", lambda _: Reply(status=404)
    )
    if replies:
        server.loopback.replies(*replies)
    thread = threading.Thread(
        target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True
    )
    thread.start()
    try:
        yield server.loopback
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    loopback: Loopback

    def handle_error(self, *_: Any) -> None:
        """Ignore it: a client may go away at any time, and a test says what it needs to know."""


class _RequestHandler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def _handle(self) -> None:
        loopback = self.server.loopback
        request = ReceivedRequest(
            self.command,
            self.path,
            {name.lower(): value for name, value in self.headers.items()},
            self.rfile.read(int(self.headers.get("Content-Length", 0))),
        )
        loopback.received.append(request)
        reply = loopback.handler(request)
        try:
            self._send(reply)
        except OSError:
            # the client has read enough
            self.close_connection = True

    do_GET = do_POST = _handle

    def _send(self, reply: Reply) -> None:
        length = len(reply.body) if reply.length == -1 else reply.length
        self._send_head(reply, length)
        step = max(1, -(-len(reply.body) // reply.pieces))
        for start in range(0, len(reply.body), step):
            piece = reply.body[start : start + step]
            self.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece) if reply.chunks else piece)
            self.wfile.flush()
            reply.pause()
        if reply.chunks and not reply.breaks_off:
            self.wfile.write(b"0\r\n\r\n")
        if reply.breaks_off or length != len(reply.body):
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)

    def _send_head(self, reply: Reply, length: int | None) -> None:
        self.send_response(reply.status)
        for name, value in reply.headers.items():
            self.send_header(name, value)
        if reply.chunks:
            self.send_header("Transfer-Encoding", "chunked")
        elif length is not None and reply.status != 304:
            self.send_header("Content-Length", str(length))
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        """Print nothing: a test says what it needs to know."""
