"""A key in an address reaches the publisher, and no record, no error and no file."""

from __future__ import annotations

import json
import traceback
from collections.abc import Iterator
from pathlib import Path

import pytest

from pll_pipeline.errors import PllError
from pll_pipeline.raw import files
from pll_pipeline.raw.archive import snapshots
from pll_pipeline.raw.http.client import Client
from pll_pipeline.sources.model import Http, PoliteFetch, Source
from pll_pipeline.sources.register import register
from tests.loopback import Loopback, Reply, publisher

KEY = "c2VjcmV0+key/77%3D"
LITERAL = "literalkey99"
ADDRESS = f"/f.csv?x=1&export=${{PLL_EXPORT}}&sig={LITERAL}"
CSV = b"region,value\n0301,12\n"


@pytest.fixture
def loopback(monkeypatch: pytest.MonkeyPatch) -> Iterator[Loopback]:
    monkeypatch.setenv("PLL_EXPORT", KEY)
    with publisher(Reply(CSV)) as running:
        yield running


def _client() -> Client:
    return Client(PoliteFetch(allow_local=True, largest_bytes=1000), sleep=lambda _: None)


def _contains_a_key(text: str) -> bool:
    return any(part in text for part in ("c2VjcmV0", "key/77", "key%2F77", LITERAL))


def test_the_publisher_gets_the_key_and_the_record_names_its_variable(loopback: Loopback) -> None:
    loopback.replies(Reply(CSV, headers={"Content-Location": f"/f.csv?export={KEY}&sig=abcdef"}))
    with _client() as client:
        answer = client.get(loopback.url + ADDRESS)
    assert loopback.received[0].path == f"/f.csv?x=1&export={KEY}&sig={LITERAL}"
    shown = loopback.url + "/f.csv?x=1&export=${PLL_EXPORT}&sig=…"
    record = answer.record()
    assert (record["address"], record["url"]) == (shown, shown)
    assert record["headers"]["content-location"] == "/f.csv?export=${PLL_EXPORT}&sig=…"
    assert not _contains_a_key(repr(answer) + json.dumps(record))


@pytest.mark.parametrize(
    "reply",
    [
        Reply(status=404),
        Reply(status=503),
        Reply(status=403, headers={"X": "1"}),
        Reply(b"x" * 1001),
        Reply(CSV, headers={"Content-Encoding": "br"}),
        Reply(CSV, length=99),
        Reply(status=302, headers={"Location": f"https://elsewhere.example/f?sig={LITERAL}"}),
        Reply(status=302, headers={"Location": f"http://kari:{LITERAL}@127.0.0.1/f"}),
        Reply(status=302, headers={"Location": f"?export={KEY}&sig={LITERAL}"}),
        Reply(status=302, headers={"Location": f"https://[{'x' * 185}{KEY}"}),
        Reply(status=503, headers={"Retry-After": "9999"}),
        Reply(CSV, headers={"Content-Length": "7"}),
    ],
)
def test_no_failure_contains_a_key(
    reply: Reply, loopback: Loopback, capfd: pytest.CaptureFixture[str]
) -> None:
    loopback.replies(reply)
    with _client() as client, pytest.raises(PllError) as failure:
        client.get(loopback.url + ADDRESS)
    whole = "".join(traceback.format_exception(failure.value))
    assert not _contains_a_key(whole), whole
    assert not _contains_a_key("".join(capfd.readouterr()))


def test_a_publisher_that_is_gone_gets_no_key_into_the_error(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PLL_EXPORT", KEY)
    with publisher() as gone:
        address = gone.url + ADDRESS
    with _client() as client, pytest.raises(PllError, match="connection failed") as failure:
        client.get(address)
    assert not _contains_a_key("".join(traceback.format_exception(failure.value)))


def test_a_redirect_cannot_ask_for_a_key(loopback: Loopback) -> None:
    loopback.replies(Reply(status=302, headers={"Location": "/b?y=${PLL_EXPORT}"}), Reply(CSV))
    with _client() as client:
        client.get(loopback.url + "/a?x=${PLL_EXPORT}")
    assert KEY in loopback.received[0].path
    assert "c2VjcmV0" not in loopback.received[1].path


def test_an_answer_that_repeats_the_key_is_refused(loopback: Loopback) -> None:
    loopback.replies(Reply(f"<a href='/f.csv?export={KEY}'>more</a>".encode()))
    with _client() as client, pytest.raises(PllError, match="repeats the key") as failure:
        client.get(loopback.url + ADDRESS)
    assert not _contains_a_key(str(failure.value))


def _source(url: str) -> tuple[Source, Http]:
    fetch = Http.model_validate({"kind": "http", "files": {"f.csv": url}, "allow_local": True})
    return register()["apotek"].model_copy(update={"fetch": fetch}), fetch


def test_a_snapshot_contains_no_key_and_its_address_is_known_again(
    loopback: Loopback, tmp_path: Path
) -> None:
    loopback.replies(Reply(CSV, headers={"ETag": '"1"'}), Reply(status=304))
    source, settings = _source(loopback.url + ADDRESS)
    assert files.fetch(source, settings, tmp_path)[1]
    assert not files.fetch(source, settings, tmp_path)[1]
    assert loopback.received[1].headers["if-none-match"] == '"1"'
    (snapshot,) = snapshots(tmp_path, source.name)
    for path in snapshot.folder.iterdir():
        assert not _contains_a_key(path.read_text(encoding="utf-8"))


def test_two_addresses_that_differ_in_more_than_the_key_are_not_taken_for_one(
    loopback: Loopback, tmp_path: Path
) -> None:
    loopback.replies(Reply(CSV, headers={"ETag": '"1"'}))
    for part in ("x=1", "x=2"):
        files.fetch(*_source(f"{loopback.url}/f.csv?{part}&sig={LITERAL}"), tmp_path)
    assert "if-none-match" not in loopback.received[1].headers
