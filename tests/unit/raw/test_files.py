"""Files at addresses are asked for only where they have changed, and are kept as they came."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from pll_pipeline.errors import PllError
from pll_pipeline.raw import files
from pll_pipeline.raw.archive import keep
from pll_pipeline.raw.fetching import fetch
from pll_pipeline.raw.http.body import is_web_page
from pll_pipeline.raw.http.failures import NotAnswered
from pll_pipeline.sources.model import Html, Http, Source
from pll_pipeline.sources.register import known
from tests.loopback import Loopback, ReceivedRequest, Reply, publisher

CSV = b"region,value\n0301,12\n"
EARLIER = datetime(2026, 1, 5, 3, tzinfo=UTC)


@pytest.fixture
def loopback() -> Iterator[Loopback]:
    with publisher() as running:
        yield running


def _source(loopback: Loopback, names: tuple[str, ...] = ("f.csv",), **options: Any) -> Source:
    settings = Http(
        kind="http",
        allow_local=True,
        files={name: f"{loopback.url}/{name}" for name in names},
        **options,
    )
    return known()["apotek"].model_copy(update={"fetch": settings})


def _changing(loopback: Loopback, contents: dict[str, tuple[str, bytes]]) -> None:
    """Publish files that have a version, and reply 304 where the request names it."""

    def reply(request: ReceivedRequest) -> Reply:
        version, content = contents[request.path]
        if request.headers.get("if-none-match") == version:
            return Reply(status=304)
        return Reply(content, headers={"ETag": version, "Content-Type": "text/csv"})

    loopback.handler = reply


def test_files_are_kept_with_how_they_came(loopback: Loopback, tmp_path: Path) -> None:
    _changing(loopback, {"/f.csv": ('"1"', CSV), "/g.csv": ('"1"', CSV + b"1103,4\n")})
    snapshot, is_new = fetch(_source(loopback, ("f.csv", "g.csv")), tmp_path)
    assert is_new
    assert (snapshot.read("f.csv"), snapshot.read("g.csv")) == (CSV, CSV + b"1103,4\n")
    assert snapshot.origin["method"] == "http"
    assert snapshot.origin["requests"]["g.csv"]["url"] == f"{loopback.url}/g.csv"
    assert snapshot.origin["requests"]["g.csv"]["headers"]["etag"] == '"1"'


def test_a_file_that_is_unchanged_is_not_sent_again(loopback: Loopback, tmp_path: Path) -> None:
    _changing(loopback, {"/f.csv": ('"1"', CSV)})
    first, _ = fetch(_source(loopback), tmp_path)
    second, is_new = fetch(_source(loopback), tmp_path)
    assert (second.name, is_new) == (first.name, False)
    assert "if-none-match" not in loopback.received[0].headers
    assert loopback.received[1].headers["if-none-match"] == '"1"'


def test_the_time_a_file_was_last_changed_is_remembered_too(
    loopback: Loopback, tmp_path: Path
) -> None:
    loopback.replies(
        Reply(CSV, headers={"Last-Modified": "Mon, 05 Jan 2026 03:00:00 GMT"}), Reply(status=304)
    )
    fetch(_source(loopback), tmp_path)
    assert fetch(_source(loopback), tmp_path)[1] is False
    assert loopback.received[1].headers["if-modified-since"] == "Mon, 05 Jan 2026 03:00:00 GMT"


def test_the_same_bytes_are_unchanged_where_the_publisher_does_not_say_so(
    loopback: Loopback, tmp_path: Path
) -> None:
    loopback.replies(Reply(CSV))
    first, _ = fetch(_source(loopback), tmp_path)
    assert fetch(_source(loopback), tmp_path) == (first, False)


def _record(url: str, etag: str) -> dict[str, Any]:
    return {"address": url, "headers": {"etag": etag}}


def test_where_one_file_changed_the_others_come_from_the_newest_snapshot(
    loopback: Loopback, tmp_path: Path
) -> None:
    source = _source(loopback, ("f.csv", "g.csv"))
    records = {file: _record(f"{loopback.url}/{file}", '"1"') for file in ("f.csv", "g.csv")}
    keep(
        tmp_path,
        source.name,
        {"f.csv": CSV, "g.csv": CSV},
        {"method": "http", "requests": records},
        EARLIER,
    )
    _changing(loopback, {"/f.csv": ('"1"', CSV), "/g.csv": ('"2"', b"region,value\n")})
    snapshot, is_new = fetch(source, tmp_path)
    assert is_new
    assert (snapshot.read("f.csv"), snapshot.read("g.csv")) == (CSV, b"region,value\n")
    assert snapshot.origin["requests"]["f.csv"] == records["f.csv"], "the bytes came then"
    assert snapshot.origin["requests"]["g.csv"]["headers"]["etag"] == '"2"'


@pytest.mark.parametrize(
    "origin",
    [
        {},
        {"by": "hand"},
        {"requests": {"f.csv": _record("https://publisher.example/other.csv", '"1"')}},
    ],
)
def test_nothing_is_unchanged_since_bytes_that_came_from_elsewhere(
    origin: dict[str, Any], loopback: Loopback, tmp_path: Path
) -> None:
    source = _source(loopback)
    keep(tmp_path, source.name, {"f.csv": CSV}, origin, EARLIER)
    _changing(loopback, {"/f.csv": ('"1"', CSV + b"1103,4\n")})
    snapshot, is_new = fetch(source, tmp_path)
    assert (is_new, snapshot.read("f.csv")) == (True, CSV + b"1103,4\n")
    assert "if-none-match" not in loopback.received[0].headers


def test_a_file_the_source_no_longer_names_is_left_out_of_the_next_snapshot(
    loopback: Loopback, tmp_path: Path
) -> None:
    source = _source(loopback)
    keep(
        tmp_path,
        source.name,
        {"f.csv": CSV, "g.csv": CSV},
        {"requests": {"f.csv": _record(f"{loopback.url}/f.csv", '"1"')}},
        EARLIER,
    )
    _changing(loopback, {"/f.csv": ('"1"', CSV)})
    snapshot, is_new = fetch(source, tmp_path)
    assert (is_new, [file.name for file in snapshot.files]) == (True, ["f.csv"])


def test_the_bytes_of_an_unchanged_snapshot_are_left_for_its_verdict(
    loopback: Loopback, tmp_path: Path
) -> None:
    _changing(loopback, {"/f.csv": ('"1"', CSV)})
    snapshot, _ = fetch(_source(loopback), tmp_path)
    (snapshot.folder / "f.csv").unlink()
    assert fetch(_source(loopback), tmp_path) == (snapshot, False)


PAGES = [
    b"<!DOCTYPE html><title>Vedlikehold</title>",
    b"\xef\xbb\xbf\n <html lang=no>",
    b"<!-- x --> <!-- y -->\n<HTML>",
]


@pytest.mark.parametrize(
    "reply",
    [
        *(Reply(page, headers={"Content-Type": "text/csv"}) for page in PAGES),
        Reply(CSV, headers={"Content-Type": "text/html; charset=utf-8"}),
    ],
)
def test_a_web_page_instead_of_data_is_refused(
    reply: Reply, loopback: Loopback, tmp_path: Path
) -> None:
    loopback.replies(reply)
    with pytest.raises(
        PllError, match=r"web page instead of data.*Where: http://127.*What to do: open the address"
    ):
        fetch(_source(loopback), tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_web_page_is_data_where_the_source_reads_one(loopback: Loopback, tmp_path: Path) -> None:
    loopback.replies(Reply(PAGES[0], headers={"Content-Type": "text/html"}))
    source = _source(loopback, ("f.html",)).model_copy(
        update={"read": Html(kind="html", header=["a"])}
    )
    assert fetch(source, tmp_path)[0].read("f.html") == PAGES[0]


def test_a_publisher_may_call_its_data_what_the_source_says(
    loopback: Loopback, tmp_path: Path
) -> None:
    loopback.replies(Reply(CSV, headers={"Content-Type": "text/html"}))
    assert fetch(_source(loopback, content_types=["text/html"]), tmp_path)[1]
    with pytest.raises(PllError, match="text/html instead of text/csv"):
        fetch(_source(loopback, content_types=["text/csv"]), tmp_path)


def test_an_empty_answer_is_refused(loopback: Loopback, tmp_path: Path) -> None:
    loopback.replies(Reply(b""))
    with pytest.raises(PllError, match="nothing at all"):
        fetch(_source(loopback), tmp_path)


def test_one_file_that_cannot_be_had_leaves_no_snapshot(loopback: Loopback, tmp_path: Path) -> None:
    replies = {"/f.csv": Reply(CSV), "/g.csv": Reply(status=503)}
    loopback.handler = lambda request: replies[request.path]
    source = _source(loopback, ("f.csv", "g.csv"))
    with pytest.raises(NotAnswered, match="503"):
        files.fetch(source, source.fetch, tmp_path, sleep=lambda _: None)
    assert list(tmp_path.iterdir()) == []


def test_a_file_without_an_address_is_refused(loopback: Loopback, tmp_path: Path) -> None:
    source = _source(loopback)
    nowhere = source.model_copy(
        update={"fetch": source.fetch.model_copy(update={"files": {"f.csv": None}})}
    )
    with pytest.raises(PllError, match=r"no address for f\.csv"):
        fetch(nowhere, tmp_path)


def test_a_web_page_is_known_behind_any_number_of_comments_in_little_time() -> None:
    began = time.process_time()
    assert is_web_page(b" \n<!-- x --> <!---->" * 1000 + b"<!DOCTYPE  html>")
    assert is_web_page(b"\xef\xbb\xbf<Html lang=nb>")
    assert not is_web_page(b"<!---->" * 40)
    assert not is_web_page(b"<!-- <html>")
    assert not is_web_page(b"<!-- --> a <html>")
    assert not is_web_page(b" " * 2**20)
    assert time.process_time() - began < 1
