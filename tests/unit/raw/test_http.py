"""The HTTP client keeps its limits, and connects only where it may."""

from __future__ import annotations

import gzip
import ipaddress
import json
import shutil
import socket
import ssl
import subprocess
import threading
import time
import zlib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st
from urllib3 import HTTPResponse

from pll_pipeline.errors import PllError
from pll_pipeline.raw.http import address_guard
from pll_pipeline.raw.http import client as http
from pll_pipeline.raw.http.address_guard import is_public
from pll_pipeline.raw.http.body import PIECE_BYTES, decompressed
from pll_pipeline.raw.http.client import Client
from pll_pipeline.raw.http.failures import NotAnswered
from pll_pipeline.sources.model import PoliteFetch
from tests.loopback import Loopback, ReceivedRequest, Reply, publisher

CSV = b"region,value\n0301,12\n"
EARLIER = datetime(2026, 1, 5, 3, tzinfo=UTC)


@pytest.fixture
def loopback() -> Iterator[Loopback]:
    with publisher() as running:
        yield running


@pytest.fixture
def waits() -> list[float]:
    return []


def _client(waits: list[float], **bounds: Any) -> Client:
    return Client(PoliteFetch(allow_local=True, **bounds), sleep=waits.append)


def _names(monkeypatch: pytest.MonkeyPatch, **addresses: list[str]) -> list[str]:
    """Give names these addresses, one after the other, and return the list of names looked up."""
    looked_up: list[str] = []
    real = socket.getaddrinfo

    def look_up(host: Any, port: Any, *rest: Any, **named: Any) -> Any:
        left = addresses.get(str(host).partition(".")[0])
        if left is None:
            return real(host, port, *rest, **named)
        looked_up.append(host)
        return real(left.pop(0) if len(left) > 1 else left[0], port, *rest, **named)

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    return looked_up


def _leading(location: str) -> requests.Response:
    response = requests.Response()
    response.status_code = 302
    response.headers["Location"] = location
    response.raw = HTTPResponse(b"")
    return response


# --- requests


def test_an_answer_contains_the_content_its_address_and_its_time(
    loopback: Loopback, waits: list[float]
) -> None:
    loopback.replies(Reply(CSV, headers={"Content-Type": "Text/CSV; charset=utf-8", "ETag": '"1"'}))
    before = datetime.now(UTC)
    with _client(waits) as client:
        answer = client.get(f"{loopback.url}/f.csv")
    assert (answer.status, answer.content, answer.url, answer.media_type) == (
        200,
        CSV,
        f"{loopback.url}/f.csv",
        "text/csv",
    )
    assert answer.headers["etag"] == '"1"'
    assert before <= answer.asked_at <= answer.answered_at <= datetime.now(UTC)
    assert waits == []


def test_the_publisher_sees_who_asks_and_which_compression_is_read(
    loopback: Loopback, waits: list[float]
) -> None:
    loopback.replies(Reply(CSV))
    with _client(waits) as client:
        client.get(loopback.url)
    headers = loopback.received[0].headers
    assert headers["user-agent"].startswith("pll-pipeline/")
    assert headers["accept-encoding"] == "gzip, deflate"
    assert "authorization" not in headers
    assert "cookie" not in headers


def test_a_question_is_put_as_json(loopback: Loopback, waits: list[float]) -> None:
    loopback.replies(Reply(b"{}"))
    with _client(waits) as client:
        client.post(loopback.url, json={"navn": "Tromsø"}, headers={"X-Other": "1"})
    (request,) = loopback.received
    assert (request.method, json.loads(request.body)) == ("POST", {"navn": "Tromsø"})
    assert request.headers["content-type"] == "application/json"
    assert request.headers["x-other"] == "1"


def test_the_record_of_an_answer_contains_no_key(loopback: Loopback, waits: list[float]) -> None:
    loopback.replies(Reply(b"{}", headers={"Set-Cookie": "session=secret", "ETag": '"1"'}))
    with _client(waits) as client:
        record = client.post(
            loopback.url, json={}, headers={"X-PowerBI-ResourceKey": "secret"}
        ).record()
    assert loopback.received[0].headers["x-powerbi-resourcekey"] == "secret"
    assert "secret" not in json.dumps(record)
    assert (record["method"], record["status"], record["headers"]["etag"]) == ("POST", 200, '"1"')


def test_proxies_of_the_machine_are_not_used(
    loopback: Loopback, waits: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    loopback.replies(Reply(CSV))
    with _client(waits) as client:
        assert client.get(loopback.url).content == CSV


@pytest.mark.parametrize("coding", ["gzip", "deflate"])
def test_a_packed_answer_is_unpacked(coding: str, loopback: Loopback, waits: list[float]) -> None:
    packed = gzip.compress(CSV) if coding == "gzip" else zlib.compress(CSV)
    loopback.replies(Reply(packed, headers={"Content-Encoding": coding}))
    with _client(waits) as client:
        assert client.get(loopback.url).content == CSV


@pytest.mark.parametrize("reply", [Reply(CSV, chunks=True, pieces=3), Reply(CSV, length=None)])
def test_an_answer_that_does_not_say_its_length_is_whole(
    reply: Reply, loopback: Loopback, waits: list[float]
) -> None:
    loopback.replies(reply)
    with _client(waits) as client:
        assert client.get(loopback.url).content == CSV


def test_an_answer_packed_in_another_way_is_refused(loopback: Loopback, waits: list[float]) -> None:
    loopback.replies(Reply(CSV, headers={"Content-Encoding": "br"}))
    with _client(waits) as client, pytest.raises(PllError, match="packed as br"):
        client.get(loopback.url)


# --- trying again


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_a_publisher_that_is_busy_is_asked_again(
    status: int, loopback: Loopback, waits: list[float]
) -> None:
    loopback.replies(Reply(status=status), Reply(CSV))
    with _client(waits) as client:
        assert client.get(loopback.url).content == CSV
    assert len(loopback.received) == 2


def test_after_four_tries_the_publisher_may_answer_another_time(
    loopback: Loopback, waits: list[float]
) -> None:
    loopback.replies(Reply(status=503))
    message = (
        r"4 tries: the publisher answers 503 .*Where: http://127\.0\.0\.1"
        r".*What to do: run again later"
    )
    with _client(waits) as client, pytest.raises(OSError, match=message) as failure:
        client.get(loopback.url)
    assert isinstance(failure.value, PllError)
    assert (len(loopback.received), len(waits)) == (4, 3)
    assert waits == sorted(waits), "each wait is longer than the one before"


@pytest.mark.parametrize("is_date", [False, True])
def test_the_publisher_says_how_long_to_wait(
    is_date: bool, loopback: Loopback, waits: list[float]
) -> None:
    retry_after = (
        format_datetime(datetime.now(UTC) + timedelta(seconds=90), usegmt=True) if is_date else "7"
    )
    loopback.replies(Reply(status=429, headers={"Retry-After": retry_after}), Reply(CSV))
    with _client(waits) as client:
        client.get(loopback.url)
    assert 7 <= waits[0] <= 90


@pytest.mark.parametrize(
    "retry_after", ["soon", "-5", "Mon, 05 Jan 2015 03:00:00 GMT", "Mon, 99 Jan 2015 03:00:00 GMT"]
)
def test_an_unreadable_wait_is_replaced_by_our_own(
    retry_after: str, loopback: Loopback, waits: list[float]
) -> None:
    loopback.replies(Reply(status=503, headers={"Retry-After": retry_after}), Reply(CSV))
    with _client(waits) as client:
        assert client.get(loopback.url).content == CSV
    assert waits[0] > 0


def test_a_publisher_that_wants_a_long_wait_is_left_alone_and_the_message_has_the_time(
    loopback: Loopback, waits: list[float]
) -> None:
    loopback.replies(Reply(status=503, headers={"Retry-After": "3600"}))
    with (
        _client(waits) as client,
        pytest.raises(NotAnswered, match=r"left alone for 3600 seconds.*run again after 20\d\d-"),
    ):
        client.get(loopback.url)
    assert (len(loopback.received), waits) == (1, [])


def test_a_connection_that_fails_is_tried_again(waits: list[float]) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{closed.getsockname()[1]}"
    with _client(waits) as client, pytest.raises(NotAnswered, match="the connection failed"):
        client.get(url)
    assert len(waits) == 3


def test_a_name_without_an_address_is_tried_again(
    waits: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_address(*_: Any, **__: Any) -> Any:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", no_address)
    with (
        _client(waits) as client,
        pytest.raises(NotAnswered, match=r"no address of publisher\.example was found"),
    ):
        client.get("http://publisher.example/")
    assert len(waits) == 3


def test_where_one_address_of_a_host_does_not_connect_the_next_is_tried(
    loopback: Loopback, waits: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    loopback.replies(Reply(CSV))
    real = socket.getaddrinfo
    two = [
        (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.9", 0)),
        (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", 0)),
    ]
    monkeypatch.setattr(
        socket,
        "getaddrinfo",
        lambda host, *rest, **named: (
            two if host == "publisher.example" else real(host, *rest, **named)
        ),
    )
    with _client(waits) as client:
        assert client.get(loopback.url.replace("127.0.0.1", "publisher.example")).content == CSV
    assert waits == []


@pytest.mark.parametrize(
    "reply",
    [
        Reply(CSV, length=len(CSV) + 5),
        Reply(CSV, chunks=True, breaks_off=True),
        Reply(gzip.compress(CSV)[:-9], length=None, headers={"Content-Encoding": "gzip"}),
    ],
)
def test_an_answer_that_is_cut_off_is_asked_for_again_and_never_taken(
    reply: Reply, loopback: Loopback, waits: list[float]
) -> None:
    loopback.replies(reply, Reply(CSV))
    with _client(waits) as client:
        assert client.get(loopback.url).content == CSV
    loopback.replies(reply)
    with _client(waits) as client, pytest.raises(NotAnswered, match="cut off"):
        client.get(loopback.url)


def test_a_damaged_answer_is_asked_for_again(loopback: Loopback, waits: list[float]) -> None:
    loopback.replies(Reply(b"no gzip at all", headers={"Content-Encoding": "gzip"}), Reply(CSV))
    with _client(waits) as client:
        assert client.get(loopback.url).content == CSV


def test_an_answer_that_drips_is_given_up(loopback: Loopback, waits: list[float]) -> None:
    loopback.replies(Reply(CSV, pieces=len(CSV), pause=lambda: time.sleep(0.02)))
    with (
        _client(waits, total_seconds=0.05) as client,
        pytest.raises(NotAnswered, match="not whole in time"),
    ):
        client.get(loopback.url)


def test_a_publisher_that_says_nothing_is_given_up(loopback: Loopback, waits: list[float]) -> None:
    silence = threading.Event()

    def wait(_: ReceivedRequest) -> Reply:
        silence.wait(5)
        return Reply(CSV)

    loopback.handler = wait
    with (
        _client(waits, total_seconds=0.05) as client,
        pytest.raises(NotAnswered, match="took too long"),
    ):
        client.get(loopback.url)
    silence.set()


# --- what is not tried again


@pytest.mark.parametrize(
    ("status", "message"),
    [
        (404, "withdrawn or moved"),
        (410, "withdrawn or moved"),
        (401, "401"),
        (403, "403"),
        (206, "206"),
        (304, "304"),
    ],
)
def test_a_final_answer_is_not_asked_for_again(
    status: int, message: str, loopback: Loopback, waits: list[float]
) -> None:
    loopback.replies(Reply(status=status))
    with _client(waits) as client, pytest.raises(PllError, match=message) as failure:
        client.get(loopback.url)
    assert not isinstance(failure.value, OSError)
    assert len(loopback.received) == 1


def test_an_answer_is_unchanged_only_where_that_was_asked(
    loopback: Loopback, waits: list[float]
) -> None:
    loopback.replies(Reply(status=304))
    with _client(waits) as client:
        answer = client.get(loopback.url, headers={"If-None-Match": '"1"'})
    assert (answer.status, answer.content) == (304, b"")


def test_an_answer_of_another_kind_than_asked_for_is_refused(
    loopback: Loopback, waits: list[float]
) -> None:
    loopback.replies(Reply(CSV, headers={"Content-Type": "text/csv"}))
    with _client(waits) as client:
        assert client.get(loopback.url, accept=["application/json", "text/csv"]).content == CSV
        with pytest.raises(PllError, match="text/csv instead of application/json"):
            client.get(loopback.url, accept=["application/json"])
    assert loopback.received[0].headers["accept"] == "application/json, text/csv"


@pytest.mark.parametrize(
    "reply",
    [
        Reply(b"x" * 1001),
        Reply(b"x" * 1001, chunks=True),
        Reply(length=10**12),
        Reply(gzip.compress(b"x" * 1001), headers={"Content-Encoding": "gzip"}),
    ],
)
def test_an_answer_larger_than_the_source_allows_is_refused(
    reply: Reply, loopback: Loopback, waits: list[float]
) -> None:
    loopback.replies(reply)
    with (
        _client(waits, largest_bytes=1000) as client,
        pytest.raises(PllError, match="larger than 1000 bytes"),
    ):
        client.get(loopback.url)
    assert len(loopback.received) == 1


def test_an_answer_as_large_as_the_source_allows_is_taken(
    loopback: Loopback, waits: list[float]
) -> None:
    loopback.replies(Reply(b"x" * 1000))
    with _client(waits, largest_bytes=1000) as client:
        assert len(client.get(loopback.url).content) == 1000


def test_a_small_answer_that_unpacks_to_very_much_is_never_unpacked_whole(
    loopback: Loopback, waits: list[float]
) -> None:
    bomb = gzip.compress(bytes(50_000_000))
    loopback.replies(Reply(bomb, headers={"Content-Encoding": "gzip"}))
    with (
        _client(waits, largest_bytes=100_000) as client,
        pytest.raises(PllError, match="larger than 100000 bytes"),
    ):
        client.get(loopback.url)
    first = next(iter(decompressed([bomb], zlib.MAX_WBITS + 16)))
    assert len(first) <= PIECE_BYTES


def _raw_deflate(content: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return packer.compress(content) + packer.flush()


@given(
    st.lists(st.binary(max_size=200), min_size=1, max_size=3),
    st.integers(1, 50),
    st.sampled_from(["gzip", "deflate", "raw"]),
    st.integers(1, 2000),
)
def test_what_was_packed_comes_out_whatever_pieces_it_travels_in(
    members: list[bytes], step: int, way: str, times: int
) -> None:
    if way == "gzip":
        content = b"".join(member * times for member in members)
        packed, wbits = (
            b"".join(gzip.compress(member * times) for member in members),
            zlib.MAX_WBITS + 16,
        )
    else:
        content = members[0] * times
        packed, wbits = (zlib.compress if way == "deflate" else _raw_deflate)(content), None
    pieces = [packed[i : i + step] for i in range(0, len(packed), step)]
    assert b"".join(decompressed(pieces, wbits)) == content


# --- where may be asked


def test_a_redirect_is_followed_and_the_answer_has_its_last_address(
    loopback: Loopback, waits: list[float]
) -> None:
    loopback.replies(Reply(b"x" * 5000, status=302, headers={"Location": "/new?a=b"}), Reply(CSV))
    with _client(waits, largest_bytes=1000) as client:
        answer = client.get(f"{loopback.url}/old")
    assert (answer.content, answer.address, answer.url) == (
        CSV,
        f"{loopback.url}/old",
        f"{loopback.url}/new?a=b",
    )


def test_redirects_that_do_not_end_are_refused(loopback: Loopback, waits: list[float]) -> None:
    loopback.replies(Reply(status=301, headers={"Location": "/again"}))
    with _client(waits) as client, pytest.raises(PllError, match="more than 5 times"):
        client.get(loopback.url)
    assert len(loopback.received) == 6


def test_a_redirect_to_another_host_is_refused_unless_the_source_names_it(
    loopback: Loopback, waits: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    _names(monkeypatch, files=["127.0.0.1"])
    elsewhere = loopback.url.replace("127.0.0.1", "Files.example")
    to_there = Reply(status=302, headers={"Location": f"{elsewhere}/f.csv"})
    loopback.replies(to_there)
    with (
        _client(waits) as client,
        pytest.raises(PllError, match=r"another host, files\.example.*fetch\.hosts"),
    ):
        client.get(loopback.url)
    loopback.replies(to_there, Reply(CSV))
    with _client(waits, hosts=["files.example"]) as client:
        assert client.get(loopback.url, headers={"X-PowerBI-ResourceKey": "secret"}).content == CSV
    assert loopback.received[-1].headers["host"].startswith("files.example:")
    assert "x-powerbi-resourcekey" not in loopback.received[-1].headers, (
        "a key stays with the host it was given for"
    )


def test_a_redirect_to_what_is_no_address_is_refused(
    loopback: Loopback, waits: list[float]
) -> None:
    loopback.replies(Reply(status=302, headers={"Location": "https://[::1"}))
    with (
        _client(waits) as client,
        pytest.raises(PllError, match="leads to an address that cannot be read"),
    ):
        client.get(loopback.url)


@pytest.mark.parametrize("status", [301, 302, 303])
def test_a_redirect_that_would_lose_the_body_is_refused(
    status: int, loopback: Loopback, waits: list[float]
) -> None:
    loopback.replies(Reply(status=status, headers={"Location": "/new"}), Reply(b"{}"))
    with _client(waits) as client, pytest.raises(PllError, match="without what it asks"):
        client.post(loopback.url, json={})


def test_a_redirect_that_keeps_the_body_is_followed(loopback: Loopback, waits: list[float]) -> None:
    loopback.replies(Reply(status=308, headers={"Location": "/new"}), Reply(b"{}"))
    with _client(waits) as client:
        client.post(loopback.url, json={"a": 1})
    assert [(r.method, r.path, r.body) for r in loopback.received] == [
        ("POST", "/", b'{"a": 1}'),
        ("POST", "/new", b'{"a": 1}'),
    ]


@pytest.mark.parametrize(
    "location",
    [
        "http://publisher.example/f",
        "ftp://publisher.example/f",
        "file:///etc/passwd",
        "https://a:b@publisher.example/f",
    ],
)
def test_a_redirect_to_what_may_not_be_asked_is_refused(
    location: str, monkeypatch: pytest.MonkeyPatch, waits: list[float]
) -> None:
    _names(monkeypatch, publisher=["93.184.215.14"])
    monkeypatch.setattr(http.Session, "send_to", lambda *_: _leading(location))
    with (
        Client(PoliteFetch(), sleep=waits.append) as client,
        pytest.raises(PllError, match=r"not https|names no host|user name or password") as failure,
    ):
        client.get("https://publisher.example/")
    assert "a:b" not in str(failure.value)
    assert not isinstance(failure.value, OSError)


def test_http_is_for_local_publishers_only() -> None:
    with Client(PoliteFetch()) as client, pytest.raises(PllError, match="http, not https"):
        client.get("http://publisher.example/")


@pytest.mark.parametrize(
    "url",
    [
        "https://",
        "https:///f",
        "//publisher.example",
        "nonsense",
        "https://[::1",
        "https://a b.example/",
        "https://publisher.example:99999/",
    ],
)
def test_an_address_that_is_none_is_refused(url: str) -> None:
    with (
        Client(PoliteFetch(allow_local=True), sleep=pytest.fail) as client,
        pytest.raises(PllError, match=r"cannot be read|is , not") as failure,
    ):
        client.get(url)
    assert not isinstance(failure.value, OSError)


def test_a_host_that_cannot_be_a_name_is_refused() -> None:
    with (
        Client(PoliteFetch(), sleep=pytest.fail) as client,
        pytest.raises(PllError, match="cannot be the name of a host"),
    ):
        client.get(f"https://{'a' * 64}.example/")


_NOT_PUBLIC = [
    "127.0.0.1",
    "10.1.2.3",
    "172.16.0.1",
    "192.168.1.1",
    "169.254.169.254",
    "100.64.0.1",
    "0.0.0.0",  # noqa: S104 - an address to refuse, nothing listens there
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
]
_NOT_PUBLIC_6 = [
    "::1",
    "::",
    "fe80::1",
    "fd00::1",
    "ff02::1",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "2002:7f00:1::",
    "2001:db8::1",
]
_NOT_IN_USE = ["64:ff9b::7f00:1", "4000::1"]


@pytest.mark.parametrize("address", [*_NOT_PUBLIC, *_NOT_PUBLIC_6, *_NOT_IN_USE])
def test_an_address_inside_a_network_is_refused(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    _names(monkeypatch, publisher=[address])
    monkeypatch.setattr(http.Session, "send_to", lambda *_: pytest.fail("it was connected to"))
    with (
        Client(PoliteFetch(), sleep=pytest.fail) as client,
        pytest.raises(PllError, match="not on the public network"),
    ):
        client.get("https://publisher.example/")


def test_one_private_address_among_public_ones_is_enough_to_refuse_a_host(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(address_guard, "look_up", lambda *_: ["93.184.215.14", "10.0.0.1"])
    with (
        Client(PoliteFetch(), sleep=pytest.fail) as client,
        pytest.raises(PllError, match="not on the public network"),
    ):
        client.get("https://publisher.example/")


@given(st.ip_addresses(v=4))
def test_an_address_is_public_or_not_however_it_is_written(address: ipaddress.IPv4Address) -> None:
    assert is_public(str(address)) == is_public(f"::ffff:{address}")


@pytest.mark.parametrize("address", ["93.184.215.14", "2a00:1450:400f:80d::200e"])
def test_an_address_on_the_internet_is_public(address: str) -> None:
    assert is_public(address)


def test_a_redirect_to_a_private_network_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    _names(monkeypatch, publisher=["93.184.215.14", "10.0.0.1"])
    monkeypatch.setattr(http.Session, "send_to", lambda *_: _leading("/again"))
    with (
        Client(PoliteFetch(), sleep=pytest.fail) as client,
        pytest.raises(PllError, match="not on the public network"),
    ):
        client.get("https://publisher.example/")


def test_the_address_that_was_checked_is_the_one_that_is_connected_to(
    loopback: Loopback, waits: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    looked_up = _names(monkeypatch, publisher=["127.0.0.1", "192.0.2.1"])
    loopback.replies(Reply(CSV))
    url = loopback.url.replace("127.0.0.1", "publisher.example")
    with _client(waits) as client:
        assert client.get(url).content == CSV
    assert looked_up == ["publisher.example"], "a name is looked up once"
    assert f"http://{loopback.received[0].headers['host']}" == url


def _certificate(folder: Path, host: str) -> tuple[Path, Path]:
    """A certificate for one host, and its key."""
    if shutil.which("openssl") is None:
        pytest.skip("no openssl to make a certificate with")
    certificate, key = folder / "certificate.pem", folder / "key.pem"
    command = ["openssl", "req", "-x509", "-nodes", "-days", "2"]
    command += ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"]
    command += ["-subj", f"/CN={host}", "-addext", f"subjectAltName=DNS:{host}"]
    command += ["-out", str(certificate), "-keyout", str(key)]
    subprocess.run(command, check=True, capture_output=True)
    return certificate, key


def test_a_certificate_is_checked_for_the_name_and_not_the_network_address(
    tmp_path: Path, waits: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    certificate, key = _certificate(tmp_path, "publisher.example")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    _names(monkeypatch, publisher=["127.0.0.1"], impostor=["127.0.0.1"])
    with publisher(Reply(CSV), tls=context) as loopback, _client(waits) as client:
        client._session.verify = str(certificate)
        assert client.get(loopback.url.replace("127.0.0.1", "publisher.example")).content == CSV
        for name in ("impostor.example", "127.0.0.1"):
            with pytest.raises(NotAnswered, match="certificate cannot be trusted"):
                client.get(loopback.url.replace("127.0.0.1", name))
