"""The record of a night is written first and last, and says what `pll status` shows."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from pll_pipeline.config import CHECKOUT, Config
from pll_pipeline.lock import one_writer
from pll_pipeline.night import record as records
from pll_pipeline.night.record import (
    DamagedRecord,
    Health,
    NightRecord,
    end_of_killed,
    health,
    read,
    record_refused,
    recorded,
)

NOW = datetime.now(UTC)


@pytest.fixture
def config(tmp_path: Path) -> Config:
    return Config(data=tmp_path / "data", dbt_project=CHECKOUT / "dbt_project")


@pytest.fixture(scope="module")
def dead_process() -> int:
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def _night(config: Config, exit_code: int, paragraph: str = "It is so.") -> None:
    with recorded(config, "night") as recording:
        recording.end(exit_code, paragraph)


def _record(config: Config) -> NightRecord:
    record = read(config)
    assert record is not None
    return record


def _put(config: Config, **changes: object) -> None:
    """Change the record on disk, as time or a fault would."""
    fields = json.loads(config.night_record.read_text(encoding="utf-8"))
    fields |= json.loads(json.dumps(changes, default=datetime.isoformat))
    config.night_record.write_text(json.dumps(fields), encoding="utf-8")


def test_a_night_is_recorded_when_it_begins_and_when_it_ends(config: Config) -> None:
    assert read(config) is None
    with recorded(config, "schedule") as recording:
        running = _record(config)
        assert (running.kind, running.ended, running.exit) == ("schedule", None, None)
        assert running.process == os.getpid()
        recording.end(3, "apotek keeps an earlier snapshot.")
    ended = _record(config)
    assert (ended.exit, ended.paragraph) == (3, "apotek keeps an earlier snapshot.")
    assert ended.ended is not None
    assert ended.began == running.began <= ended.ended
    written = json.loads(config.night_record.read_text(encoding="utf-8"))
    assert {"kind", "began", "ended", "exit", "paragraph"} <= written.keys()


def test_an_error_ends_the_record_too(config: Config) -> None:
    with pytest.raises(ZeroDivisionError), recorded(config, "night"):
        raise ZeroDivisionError("by zero")
    assert (_record(config).exit, "by zero" in _record(config).paragraph) == (1, True)


def test_the_night_before_is_kept_beside_the_last(config: Config) -> None:
    _night(config, 3, "The first.")
    _night(config, 0, "The second.")
    before = _record(config).previous
    assert before is not None
    assert (before.exit, before.paragraph) == (3, "The first.")


def test_a_night_that_was_killed_is_found_by_the_next(config: Config, dead_process: int) -> None:
    _night(config, 0)
    _put(config, ended=None, exit=None, process=dead_process)
    with recorded(config, "night") as recording:
        assert recording.interrupted is not None
        assert f"process {dead_process}" in recording.interrupted
        recording.end(0, "")
    with recorded(config, "night") as recording:
        assert recording.interrupted is None


def test_a_paragraph_is_one_line_of_bounded_length(config: Config) -> None:
    _night(config, 1, "a\n\x1b[2Jb" + "x" * 10_000)
    paragraph = _record(config).paragraph
    assert paragraph.startswith("a ␛[2Jb")
    assert len(paragraph) < 2000


def test_a_full_disk_does_not_keep_the_end_from_being_written(
    config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with recorded(config, "night") as recording:
        monkeypatch.setattr(records, "_write_through", full)
        recording.end(1, "The disk is full.")
    assert (_record(config).exit, _record(config).paragraph) == (1, "The disk is full.")


def test_a_record_that_cannot_be_written_stops_no_night(config: Config) -> None:
    config.night_record.mkdir(parents=True)
    with recorded(config, "night") as recording:
        recording.end(0, "")
    with pytest.raises(DamagedRecord):
        read(config)


def test_a_refused_night_is_recorded_unless_another_one_is_under_way(config: Config) -> None:
    with one_writer(config.lock_file, "a test"):
        record_refused(config, "night", datetime.now(UTC), "Refused.")
    assert read(config) is None
    record_refused(config, "night", datetime.now(UTC), "Refused.")
    assert (_record(config).exit, _record(config).paragraph) == (1, "Refused.")


def test_the_end_of_a_killed_night_is_written_once_and_for_that_night_only(config: Config) -> None:
    _night(config, 0)
    _put(config, ended=None, exit=None)
    process, began = _record(config).process, _record(config).began
    assert not end_of_killed(config, process + 1, began, "Killed.")
    assert not end_of_killed(config, process, began + timedelta(1), "Killed.")
    assert end_of_killed(config, process, began, "Killed.")
    assert not end_of_killed(config, process, began, "Killed.")
    assert (_record(config).exit, _record(config).paragraph) == (1, "Killed.")


# --- what status says -----------------------------------------------------------------------------


def _health(config: Config, at: datetime | None = None) -> Health:
    return health(config, None, at or datetime.now(UTC))


@pytest.fixture
def after_a_night(config: Config) -> Config:
    _night(config, 0, "Published release 20261124.")
    return config


def test_a_good_night_is_well_and_shown(after_a_night: Config) -> None:
    last = _health(after_a_night)
    assert not last.is_failed
    assert "ended well" in last.sentences[0]
    assert "0 minutes ago" in last.sentences[0]
    assert last.sentences[1] == "Published release 20261124."


@pytest.mark.parametrize(("hours", "ago"), [(1, "1 hour ago"), (5, "5 hours ago"), (72, "3 days")])
def test_the_age_of_a_night_is_in_plain_words(hours: int, ago: str, after_a_night: Config) -> None:
    last = _health(after_a_night, datetime.now(UTC) + timedelta(hours=hours))
    assert ago in last.sentences[0]


@pytest.mark.parametrize(("hours", "is_failed"), [(25, False), (27, True), (-3, True)])
def test_a_night_is_old_after_26_hours_and_wrong_after_the_clock(
    hours: int, is_failed: bool, after_a_night: Config
) -> None:
    assert _health(after_a_night, NOW + timedelta(hours=hours)).is_failed is is_failed


@pytest.mark.parametrize(("exit_code", "is_failed"), [(0, False), (3, False), (1, True), (2, True)])
def test_a_night_is_judged_by_its_exit_code(
    exit_code: int, is_failed: bool, config: Config
) -> None:
    _night(config, exit_code, "The disk is nearly full.")
    last = _health(config)
    assert last.is_failed is is_failed
    assert "The disk is nearly full." in last.sentences


def test_a_killed_night_is_failed(after_a_night: Config, dead_process: int) -> None:
    _put(after_a_night, ended=None, exit=None, process=dead_process)
    last = _health(after_a_night)
    assert last.is_failed
    assert "was interrupted" in last.sentences[0]


def test_a_night_under_way_is_well_until_it_takes_too_long(after_a_night: Config) -> None:
    _put(after_a_night, ended=None, exit=None, began=NOW)
    assert not _health(after_a_night, NOW + timedelta(hours=5)).is_failed
    late = _health(after_a_night, NOW + timedelta(hours=7))
    assert late.is_failed
    assert "longer than it may take" in late.sentences[0]


def test_while_a_night_is_under_way_the_one_before_counts(config: Config) -> None:
    _night(config, 1, "It failed.")
    with recorded(config, "night") as recording:
        last = _health(config)
        recording.end(0, "")
    assert last.is_failed
    assert "under way" in last.sentences[0]
    assert "It failed." in last.sentences


def test_before_the_first_night_nothing_has_failed(config: Config) -> None:
    assert _health(config) == Health(is_failed=False, sentences=("No night has run yet.",))
    assert not health(config, NOW - timedelta(hours=25), NOW).is_failed
    assert health(config, NOW - timedelta(hours=27), NOW).is_failed, "a release but no night"


@pytest.mark.parametrize("content", ["", "{", "[]", '{"kind": "walk"}', "\x00" * 50])
def test_a_damaged_record_is_a_failure_and_heals_with_the_next_night(
    content: str, after_a_night: Config
) -> None:
    after_a_night.night_record.write_text(content, encoding="utf-8")
    last = _health(after_a_night)
    assert last.is_failed
    assert "cannot be read" in last.sentences[0]
    _night(after_a_night, 0)
    assert not _health(after_a_night).is_failed
