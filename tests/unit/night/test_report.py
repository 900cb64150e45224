"""What went wrong reaches the log and the webhook once per cause, and nothing there raises."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from pathlib import Path

import pytest

from pll_pipeline.config import CHECKOUT, Config
from pll_pipeline.errors import PllError
from pll_pipeline.night.report import NIGHT, ping, report
from pll_pipeline.raw.http import webhook
from tests.loopback import Reply, publisher

REFUSED = "apotek keeps an earlier snapshot. 5 figures are gone. Where: apotek/2026-11-24T020000Z."


@pytest.fixture
def config(tmp_path: Path) -> Config:
    return Config(data=tmp_path / "data", dbt_project=CHECKOUT / "dbt_project")


@pytest.fixture
def posted(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What is posted, without a server."""
    texts: list[str] = []
    monkeypatch.setattr(webhook, "post_json", lambda _, payload: texts.append(payload["text"]))
    return texts


def _hooked(config: Config, address: str = "https://hooks.example/hemmelig") -> Config:
    return replace(config, alert_webhook=address)


def _log(config: Config) -> list[str]:
    try:
        text = (config.logs / "failures.log").read_text(encoding="utf-8")
    except FileNotFoundError:
        return []
    return [line.split(" UTC  ", 1)[1] for line in text.rstrip("\n").split("\n")]


def _nights(config: Config, *nights: dict[str, str]) -> None:
    """Whole nights, each with its causes."""
    for causes in nights:
        report(config, causes, repaired=None)


def test_causes_are_written_and_posted_as_one_message(config: Config, posted: list[str]) -> None:
    _nights(_hooked(config), {"apotek": "The first.", "ssb": "The second."})
    assert _log(config) == ["The first.", "The second."]
    assert posted == ["The first.\nThe second."]


def test_the_same_cause_is_not_reported_each_night_again(config: Config, posted: list[str]) -> None:
    nights = [{"apotek": REFUSED.replace("24T02", f"{day}T02")} for day in ("24", "25", "26")]
    _nights(_hooked(config), *nights)
    assert len(posted) == len(_log(config)) == 1


@pytest.mark.parametrize(
    ("earlier", "later"),
    [
        ("run again after 2026-11-25 02:00:00 UTC", "run again after 2026-11-26 02:00:09 UTC"),
        ("Another run: a night, process 12, since x", "Another run: a night, process 99, since x"),
        ("needs 64 MiB and 10.5 MiB are free", "needs 64 MiB and 9.1 MiB are free"),
        ("<Connection object at 0x7f3a> port=4711", "<Connection object at 0x7f3b> port=4712"),
        ("did not answer in 4 tries", "did not answer in 3 tries"),
    ],
)
def test_what_differs_from_night_to_night_is_no_new_cause(
    earlier: str, later: str, config: Config, posted: list[str]
) -> None:
    _nights(_hooked(config), {"apotek": earlier}, {"apotek": later})
    assert posted == [earlier]


@pytest.mark.parametrize(
    ("earlier", "later"),
    [("it answers 404", "it answers 503"), ("5 figures are gone", "6 figures are gone")],
)
def test_a_cause_that_changes_is_reported_again(
    earlier: str, later: str, config: Config, posted: list[str]
) -> None:
    _nights(_hooked(config), {"apotek": earlier}, {"apotek": later}, {"apotek": later})
    assert posted == [earlier, later]


def test_a_cause_that_was_repaired_in_between_is_reported_again(
    config: Config, posted: list[str]
) -> None:
    _nights(_hooked(config), {"apotek": REFUSED}, {}, {"apotek": REFUSED})
    assert posted == [REFUSED, REFUSED]


def test_a_night_that_failed_repairs_no_source(config: Config, posted: list[str]) -> None:
    hooked = _hooked(config)
    _nights(hooked, {"apotek": REFUSED})
    report(hooked, {NIGHT: "The disk is full."}, repaired=())
    report(hooked, {NIGHT: "The disk is full."}, repaired=())
    _nights(hooked, {"apotek": REFUSED})
    assert posted == [REFUSED, "The disk is full."]


def test_a_night_of_some_sources_repairs_the_night_and_no_other_source(
    config: Config, posted: list[str]
) -> None:
    hooked = _hooked(config)
    report(hooked, {NIGHT: "It failed.", "apotek": REFUSED}, repaired=())
    report(hooked, {}, repaired={NIGHT})
    report(hooked, {NIGHT: "It failed.", "apotek": REFUSED}, repaired=())
    assert posted == [f"It failed.\n{REFUSED}", "It failed."]


def test_a_message_that_was_not_delivered_is_posted_again(
    config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    texts: list[str] = []
    failures = [PllError("The message could not be posted: it answers 302"), None]

    def post(_: str, payload: dict[str, str]) -> None:
        texts.append(payload["text"])
        if failure := failures.pop(0):
            raise failure

    monkeypatch.setattr(webhook, "post_json", post)
    _nights(_hooked(config), {"apotek": REFUSED}, {"apotek": REFUSED}, {"apotek": REFUSED})
    assert texts == [REFUSED, REFUSED]
    assert _log(config) == [
        REFUSED,
        "PLL_ALERT_WEBHOOK: The message could not be posted: it answers 302.",
    ]


@pytest.mark.parametrize("error", [ValueError("hemmelig"), RecursionError(), UnicodeError("x")])
def test_an_error_that_no_code_foresaw_stops_no_night_and_discloses_nothing(
    error: Exception, config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    def post(*_: object) -> None:
        raise error

    monkeypatch.setattr(webhook, "post_json", post)
    _nights(_hooked(config), {"apotek": REFUSED})
    assert _log(config)[1] == f"PLL_ALERT_WEBHOOK: not foreseen: {type(error).__name__}"


@pytest.mark.parametrize(
    "address",
    ["https://hooks example/hemmelig", "http://[", "ftp://a/hemmelig", "hemmelig", "https://"],
)
def test_an_address_that_is_none_is_noted_without_its_secret(address: str, config: Config) -> None:
    _nights(_hooked(config, address), {"apotek": REFUSED})
    assert "could not be posted" in _log(config)[1]
    assert "hemmelig" not in _log(config)[1]


@pytest.mark.parametrize(
    "paragraph",
    [
        "a\n2026-11-24 02:00:00 UTC  All is well.",
        "a\r\nb",
        "a\x1b[2K\x1b]0;x\x07b",
        "a\x85b\x9bc",
        "a\u2028b\u2029c",
        "a\u202eb",
    ],
)
def test_no_paragraph_can_forge_a_line_of_the_log(
    paragraph: str, config: Config, posted: list[str]
) -> None:
    _nights(_hooked(config), {"apotek": paragraph})
    content = (config.logs / "failures.log").read_text(encoding="utf-8")
    assert len(content.splitlines()) == 1
    for text in (content[:-1], posted[0]):
        assert text.isprintable(), "nothing that a terminal obeys"


def test_a_log_that_cannot_be_written_does_not_keep_the_message_back(
    config: Config, posted: list[str]
) -> None:
    config.data.mkdir()
    config.logs.write_text("no folder", encoding="utf-8")
    _nights(_hooked(config), {"apotek": REFUSED})
    assert posted == [REFUSED]


@pytest.mark.parametrize("content", ["", "[]", '{"apotek": 1}', "\x00"])
def test_a_damaged_list_of_causes_costs_a_second_report(
    content: str, config: Config, posted: list[str]
) -> None:
    _nights(_hooked(config), {"apotek": REFUSED})
    (config.logs / "reported.json").write_text(content, encoding="utf-8")
    _nights(_hooked(config), {"apotek": REFUSED}, {"apotek": REFUSED})
    assert posted == [REFUSED, REFUSED]


def test_the_ping_is_asked_for_once_and_its_failure_is_noted(config: Config) -> None:
    with publisher(Reply(b"ok"), Reply(status=404)) as loopback:
        pinged = replace(config, ping_url=f"{loopback.url}/hemmelig")
        ping(pinged)
        assert _log(config) == []
        ping(pinged)
        ping(config)
    assert [request.path for request in loopback.received] == ["/hemmelig"] * 2
    (line,) = _log(config)
    assert line.startswith("PLL_PING_URL: The message could not be posted: it answers 404")
    assert "hemmelig" not in line


def test_a_receiver_that_never_ends_its_reply_gets_the_message_once(config: Config) -> None:
    endless = Reply(b"x" * 1000, pieces=1000, pause=lambda: time.sleep(0.05))
    with publisher(endless) as loopback:
        began = time.monotonic()
        _nights(_hooked(config, loopback.url), {"apotek": REFUSED})
        assert time.monotonic() - began < 5
    assert [json.loads(request.body)["text"] for request in loopback.received] == [REFUSED]
