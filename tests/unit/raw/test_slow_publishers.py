"""No publisher can keep a request for longer than its time, whatever it sends or does not send.

Each speaks through a raw socket. All are asked at once, so that together they take as long as one.
"""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import pytest

from pll_pipeline.errors import PllError
from pll_pipeline.raw.http import deadline
from pll_pipeline.raw.http.client import Client
from pll_pipeline.raw.http.failures import NotAnswered
from pll_pipeline.sources.model import PoliteFetch

SECONDS = 0.5
LONGEST = SECONDS + deadline.GRACE_SECONDS + 1.0
PAUSE = 0.05
PATIENT = 20.0  # where an answer comes at once, on a busy machine too
HEAD = b"HTTP/1.1 200 OK\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"

Talk = Callable[[socket.socket], None]


def _once(content: bytes) -> Talk:
    return lambda connection: connection.sendall(content)


def _for_ever(first: bytes, piece: bytes) -> Talk:
    def talk(connection: socket.socket) -> None:
        connection.sendall(first)
        while True:
            connection.sendall(piece)
            time.sleep(PAUSE)

    return talk


def _slowly(first: bytes, then: bytes) -> Talk:
    """Send the second part one byte after the other."""

    def talk(connection: socket.socket) -> None:
        connection.sendall(first)
        for byte in then:
            connection.sendall(bytes([byte]))
            time.sleep(PAUSE)

    return talk


def _no_word(connection: socket.socket) -> None:
    connection.recv(1)
    time.sleep(LONGEST)


ENDLESS = {
    "no_word": _no_word,
    "status line": _slowly(b"", HEAD * 9),
    "a header": _for_ever(HEAD + b"X-Slow: ", b"x"),
    "headers": _for_ever(HEAD, b"X: y\r\n"),
    "100 continue": _for_ever(b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    "102 processing": _for_ever(b"", b"HTTP/1.1 102 Processing\r\n\r\n"),
    "length of a chunk": _for_ever(CHUNKED, b"0"),
    "extension of a chunk": _for_ever(CHUNKED + b"1;", b"x"),
    "a chunk": _slowly(CHUNKED + b"40\r\n", b"x" * 64),
    "empty lines after a chunk": _for_ever(CHUNKED + b"1\r\nx", b"\r"),
    "a trailer": _for_ever(CHUNKED + b"1\r\nx\r\n0\r\nX-Slow: ", b"x"),
    "trailers": _for_ever(CHUNKED + b"1\r\nx\r\n0\r\n", b"X: y\r\n"),
    "body": _for_ever(HEAD + b"Content-Length: 9999\r\n\r\n", b"x"),
    "body without length": _for_ever(HEAD + b"Connection: close\r\n\r\n", b"x"),
    "body of gzip without content": _for_ever(
        HEAD + b"Content-Encoding: gzip\r\n\r\n\x1f\x8b\x08\x08\0\0\0\0\0\0", b"x"
    ),
    "redirects": _slowly(b"", b"HTTP/1.1 302 Found\r\nLocation: /a\r\nContent-Length: 0\r\n\r\n"),
    "body of a redirect": _for_ever(
        b"HTTP/1.1 302 Found\r\nLocation: /a\r\nContent-Length: 99999\r\n\r\n", b"x"
    ),
    "body of an error": _for_ever(b"HTTP/1.1 503 Busy\r\nContent-Length: 99999\r\n\r\n", b"x"),
}


@contextmanager
def _talking(talk: Talk) -> Iterator[str]:
    """A publisher that talks so on each connection; its address."""
    server = socket.create_server(("127.0.0.1", 0))

    def answer(connection: socket.socket) -> None:
        with connection:
            try:
                talk(connection)
                # An answer that was whole is read before the connection ends.
                connection.shutdown(socket.SHUT_WR)
                connection.recv(65536)
            except OSError:
                return

    def serve() -> None:
        while True:
            try:
                connection, _ = server.accept()
            except OSError:
                return
            threading.Thread(target=answer, args=(connection,), daemon=True).start()

    threading.Thread(target=serve, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.getsockname()[1]}/"
    finally:
        server.close()


def _asked(url: str, **limits: Any) -> tuple[object, float]:
    """What came of one try, and the seconds it took."""
    polite = PoliteFetch(allow_local=True, **({"total_seconds": SECONDS} | limits))
    began = time.monotonic()
    with Client(polite, tries=1) as client:
        try:
            outcome: object = client.get(url).content
        except PllError as error:
            outcome = error
    return outcome, time.monotonic() - began


@pytest.fixture(scope="module")
def outcomes() -> dict[str, tuple[object, float]]:
    def ask(talk: Talk) -> tuple[object, float]:
        with _talking(talk) as url:
            return _asked(url)

    with ThreadPoolExecutor(len(ENDLESS)) as pool:
        return dict(zip(ENDLESS, pool.map(ask, ENDLESS.values()), strict=True))


@pytest.mark.parametrize("what", ENDLESS)
def test_whatever_trickles_the_request_ends_in_time(
    what: str, outcomes: dict[str, tuple[object, float]]
) -> None:
    outcome, seconds = outcomes[what]
    assert isinstance(outcome, PllError), outcome
    assert seconds < LONGEST


def test_a_handshake_that_trickles_ends_in_time() -> None:
    record = b"\x16\x03\x03\x3f\xff\x02\x00\x3f\xfb"
    with _talking(_slowly(record, b"\x03" * 4000)) as url:
        outcome, seconds = _asked(url.replace("http:", "https:"))
    assert isinstance(outcome, NotAnswered), outcome
    assert seconds < LONGEST


def test_the_lookup_of_a_name_ends_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    silence = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: silence.wait(30) and [])
    outcome, seconds = _asked("http://publisher.example/", total_seconds=0.1)
    silence.set()
    assert isinstance(outcome, NotAnswered), outcome
    assert seconds < LONGEST


def test_after_a_request_that_was_cut_off_the_next_one_is_answered() -> None:
    talks = [ENDLESS["a header"], _once(HEAD + b"Content-Length: 2\r\n\r\nok")]

    def next_talk(connection: socket.socket) -> None:
        talks.pop(0)(connection)

    polite = PoliteFetch(allow_local=True, total_seconds=SECONDS)
    with (
        _talking(next_talk) as url,
        Client(polite, tries=2, sleep=lambda _: None) as client,
    ):
        assert client.get(url).content == b"ok"


def test_the_connection_of_a_request_that_was_cut_off_is_closed() -> None:
    closed = threading.Event()

    def talk(connection: socket.socket) -> None:
        try:
            ENDLESS["100 continue"](connection)
        finally:
            closed.set()

    with _talking(talk) as url:
        _asked(url)
        assert closed.wait(1), "the thread that was left behind ends with its connection"


def test_all_requests_tries_and_waits_of_a_source_share_one_time() -> None:
    waits: list[float] = []
    busy = _once(b"HTTP/1.1 503 Busy\r\nRetry-After: 20\r\nContent-Length: 0\r\n\r\n")
    polite = PoliteFetch(allow_local=True, source_seconds=15)
    with (
        _talking(busy) as url,
        Client(polite, sleep=waits.append) as client,
        pytest.raises(NotAnswered, match=r"in 1 try.*15 seconds for this source are used up"),
    ):
        client.get(url)
    assert waits == [], "a wait beyond the end is not begun"


def test_a_source_whose_time_is_used_up_is_not_asked_again() -> None:
    polite = PoliteFetch(allow_local=True, source_seconds=0.2)
    with (
        _talking(_once(HEAD + b"Content-Length: 2\r\n\r\nok")) as url,
        Client(polite) as client,
    ):
        assert client.get(url).content == b"ok"
        time.sleep(0.25)
        with pytest.raises(NotAnswered, match=r"was not asked; the 0\.2 seconds .* used up"):
            client.get(url)


# --- where an answer ends -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("headers", "reason"),
    [
        (b"Content-Length: 2\r\nContent-Length: 1\r\n", "contradict each other"),
        (b"Content-Length: 2, 1\r\n", "contradict each other"),
        (b"Content-Length: two\r\n", "states its length as two"),
        (b"Content-Length: -2\r\n", "states its length as -2"),
        (b"Content-Length: +2\r\n", r"states its length as \+2"),
        (b"Transfer-Encoding: gzip, chunked\r\n", "a coding that cannot be read: gzip, chunked"),
        (b"Transfer-Encoding: xchunked\r\n", "a coding that cannot be read"),
        (b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", "cannot be read"),
        (b"Transfer-Encoding: identity\r\nContent-Length: 2\r\n", "cannot be read"),
    ],
)
def test_an_answer_that_may_end_in_two_places_is_refused(headers: bytes, reason: str) -> None:
    with _talking(_once(HEAD + headers + b"\r\nok")) as url:
        outcome, _ = _asked(url, total_seconds=PATIENT)
    assert isinstance(outcome, PllError)
    assert not isinstance(outcome, OSError), "asking again repairs nothing"
    with pytest.raises(PllError, match=reason):
        raise outcome


CHUNKS = b"2\r\nok\r\n0\r\n\r\n"


@pytest.mark.parametrize(
    "answer",
    [
        HEAD + b"Content-Length: 2\r\nContent-Length: 2\r\n\r\nok",
        HEAD + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n" + CHUNKS,
        HEAD + b"Transfer-Encoding: CHUNKED\r\n\r\n" + CHUNKS,
        HEAD + b"X-Folded: a\r\n b\r\nContent-Length: 2\r\n\r\nok",
        b"HTTP/1.1 200 OK\nContent-Length: 2\n\nok",
        b"HTTP/1.1 100 Continue\r\n\r\n" + HEAD + b"Content-Length: 2\r\n\r\nok",
        b"HTTP/1.0 200 OK\r\n\r\nok",
    ],
)
def test_an_unusual_answer_whose_end_is_clear_is_read(answer: bytes) -> None:
    with _talking(_once(answer)) as url:
        assert _asked(url, total_seconds=PATIENT)[0] == b"ok"


@pytest.mark.parametrize(
    "answer",
    [
        HEAD + b"Content-Length: 3\r\n\r\nok",
        HEAD + b"Transfer-Encoding: chunked\r\n\r\n3\r\nok",
        HEAD + b"Transfer-Encoding: chunked\r\n\r\nz\r\nok\r\n0\r\n\r\n",
        HEAD + b"Transfer-Encoding: chunked\r\n\r\n-2\r\nok\r\n0\r\n\r\n",
        b"SSH-2.0-OpenSSH\r\n\r\n",
        b"HTTP/1.1 abc\r\n\r\n",
        b"",
    ],
)
def test_what_is_no_whole_answer_is_asked_for_again(answer: bytes) -> None:
    with _talking(_once(answer)) as url:
        assert isinstance(_asked(url)[0], NotAnswered)
