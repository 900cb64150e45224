"""The ledger: lost, added and edited snapshots are found; excluded ones are out of use."""

from __future__ import annotations

import json
import os
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from pll_pipeline.errors import PllError
from pll_pipeline.raw import archive, ledger
from pll_pipeline.raw.archive import exclude, keep, newest_snapshot, restore, snapshots

MONDAY = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)
TUESDAY = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)
SOURCE = "lab"


@pytest.fixture
def raw(tmp_path: Path) -> Path:
    """Two snapshots of one source."""
    keep(tmp_path, SOURCE, {"x.csv": b"1040"}, {}, MONDAY)
    keep(tmp_path, SOURCE, {"x.csv": b"104000"}, {}, TUESDAY)
    return tmp_path


def _faults(raw: Path) -> list[str]:
    return [fault.what for fault in ledger.faults(SOURCE, raw / SOURCE)]


def test_an_archive_that_was_never_touched_has_no_fault(raw: Path) -> None:
    assert _faults(raw) == []
    assert [entry.event for entry in ledger.read(raw / SOURCE)] == ["kept", "kept"]


@pytest.mark.parametrize("lost", ["snapshot.json", ""])
def test_a_lost_snapshot_is_named(raw: Path, lost: str) -> None:
    path = raw / SOURCE / "2026-11-24T030000Z" / lost
    shutil.rmtree(path) if path.is_dir() else path.unlink()
    (what,) = _faults(raw)
    assert "2026-11-24T030000Z of lab is lost" in what


def test_a_snapshot_added_by_hand_is_named(raw: Path) -> None:
    shutil.copytree(raw / SOURCE / "2026-11-24T030000Z", raw / SOURCE / "2026-11-24T040000Z")
    (what,) = _faults(raw)
    assert "2026-11-24T040000Z of lab was added by hand" in what


def test_an_edited_description_is_named_even_where_its_hashes_fit_its_files(raw: Path) -> None:
    path = raw / SOURCE / "2026-11-23T030000Z" / "snapshot.json"
    description = json.loads(path.read_text(encoding="utf-8"))
    description["origin"] = {"method": "another"}
    path.write_text(json.dumps(description), encoding="utf-8")
    (what,) = _faults(raw)
    assert "was edited" in what


@pytest.mark.parametrize("change", ["edit", "drop", "cut"])
def test_a_ledger_that_was_changed_is_refused_with_its_line(raw: Path, change: str) -> None:
    path = raw / SOURCE / "ledger.jsonl"
    first, second = path.read_text(encoding="utf-8").splitlines(keepends=True)
    changed = {
        "edit": first.replace("2026-11-23T", "2026-11-22T") + second,
        "drop": second,
        "cut": first + second[:-9],
    }
    path.write_text(changed[change], encoding="utf-8")
    with pytest.raises(ledger.LedgerDamaged, match=r"Line \d of the ledger"):
        ledger.faults(SOURCE, raw / SOURCE)


def test_an_excluded_snapshot_is_out_of_use_until_it_is_restored(raw: Path) -> None:
    exclude(raw, SOURCE, "2026-11-24T030000Z", "two zeros too many")
    assert [s.name for s in snapshots(raw, SOURCE)] == ["2026-11-23T030000Z"]
    (entry,) = ledger.excluded_snapshots(ledger.read(raw / SOURCE)).values()
    assert entry.because == "two zeros too many"
    restore(raw, SOURCE, "2026-11-24T030000Z", "the publisher confirms it")
    assert newest_snapshot(raw, SOURCE) == snapshots(raw, SOURCE)[-1]
    assert len(snapshots(raw, SOURCE)) == 2


def test_bytes_that_were_excluded_do_not_come_back(raw: Path) -> None:
    exclude(raw, SOURCE, "2026-11-24T030000Z", "two zeros too many")
    snapshot, is_new = keep(raw, SOURCE, {"x.csv": b"104000"}, {})
    assert not is_new
    assert snapshot.name == "2026-11-23T030000Z"


def test_a_lost_snapshot_that_is_excluded_is_no_fault(raw: Path) -> None:
    shutil.rmtree(raw / SOURCE / "2026-11-24T030000Z")
    exclude(raw, SOURCE, "2026-11-24T030000Z", "the disk is gone")
    assert _faults(raw) == []


@pytest.mark.parametrize(
    ("snapshot", "because", "message"),
    [
        ("2026-01-01T000000Z", "x", "has no snapshot"),
        ("2026-11-24T030000Z", " ", "A reason is needed"),
    ],
)
def test_what_cannot_be_excluded_is_refused(
    raw: Path, snapshot: str, because: str, message: str
) -> None:
    with pytest.raises(PllError, match=message):
        exclude(raw, SOURCE, snapshot, because)


def test_a_snapshot_is_excluded_once(raw: Path) -> None:
    exclude(raw, SOURCE, "2026-11-24T030000Z", "wrong")
    with pytest.raises(PllError, match="already excluded"):
        exclude(raw, SOURCE, "2026-11-24T030000Z", "wrong")


def test_a_time_after_the_clock_or_before_the_newest_snapshot_is_refused(raw: Path) -> None:
    ahead = datetime.now(UTC) + timedelta(days=1500)
    with pytest.raises(PllError, match="after the clock"):
        keep(raw, SOURCE, {"x.csv": b"1"}, {}, ahead)
    with pytest.raises(PllError, match="before the newest snapshot"):
        keep(raw, SOURCE, {"x.csv": b"1"}, {}, MONDAY + timedelta(hours=1))


def test_a_newest_snapshot_in_the_future_hides_nothing_in_silence(
    raw: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ahead = datetime.now(UTC) + timedelta(days=1500)
    monkeypatch.setattr(archive, "CLOCK_TOLERANCE", timedelta(days=2000))
    keep(raw, SOURCE, {"x.csv": b"1040"}, {}, ahead)
    monkeypatch.undo()
    with pytest.raises(PllError, match=r"dated after the clock.*--set-aside"):
        keep(raw, SOURCE, {"x.csv": b"2000"}, {})


@pytest.mark.parametrize("moment", ["before the line", "after the line"])
def test_a_kill_while_archiving_leaves_a_whole_snapshot_or_none(
    raw: Path, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    def die(*_: object) -> None:
        raise KeyboardInterrupt

    if moment == "before the line":
        monkeypatch.setattr(archive, "_record", die)
    else:
        monkeypatch.setattr(os, "replace", die)
    with pytest.raises(KeyboardInterrupt):
        keep(raw, SOURCE, {"x.csv": b"2000"}, {})
    monkeypatch.undo()
    archive.finish_interrupted(raw / SOURCE)
    assert _faults(raw) == []
    assert len(snapshots(raw, SOURCE)) == (2 if moment == "before the line" else 3)
    assert list((raw / SOURCE).glob(".writing-*")) == []


def test_an_archive_from_before_ledgers_gets_one(raw: Path) -> None:
    (raw / SOURCE / "ledger.jsonl").unlink()
    keep(raw, SOURCE, {"x.csv": b"3"}, {})
    assert _faults(raw) == []
    assert len(ledger.read(raw / SOURCE)) == 3
