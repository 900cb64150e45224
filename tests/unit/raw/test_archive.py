"""Snapshots: kept whole, distinguished by content, never changed without an error."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from pll_pipeline.errors import PllError
from pll_pipeline.raw.archive import SnapshotDamaged, keep, newest_snapshot, snapshots, verify

MONDAY = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)
TUESDAY = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)


def test_a_snapshot_has_the_bytes_as_they_came(tmp_path: Path) -> None:
    snapshot, is_new = keep(
        tmp_path, "apotek", {"tall.csv": b"a,b\r\n1,\xe5\n"}, {"method": "test"}, MONDAY
    )
    assert is_new
    assert snapshot.name == "2026-11-23T030000Z"
    assert newest_snapshot(tmp_path, "apotek") == snapshot
    assert snapshot.read("tall.csv") == b"a,b\r\n1,\xe5\n"


def test_the_same_content_is_not_archived_twice(tmp_path: Path) -> None:
    first, _ = keep(tmp_path, "apotek", {"tall.csv": b"1"}, {}, MONDAY)
    second, is_new = keep(tmp_path, "apotek", {"tall.csv": b"1"}, {}, TUESDAY)
    assert (second, is_new) == (first, False)
    assert len(snapshots(tmp_path, "apotek")) == 1


def test_changed_content_is_a_snapshot_of_its_own_and_the_old_one_stays(tmp_path: Path) -> None:
    keep(tmp_path, "apotek", {"tall.csv": b"1"}, {}, MONDAY)
    keep(tmp_path, "apotek", {"tall.csv": b"2"}, {}, TUESDAY)
    assert [s.read("tall.csv") for s in snapshots(tmp_path, "apotek")] == [b"1", b"2"]


def test_a_snapshot_taken_later_than_asked_for_is_not_seen(tmp_path: Path) -> None:
    first, _ = keep(tmp_path, "apotek", {"tall.csv": b"1"}, {}, MONDAY)
    second, _ = keep(tmp_path, "apotek", {"tall.csv": b"2"}, {}, TUESDAY)
    assert newest_snapshot(tmp_path, "apotek") == second
    assert newest_snapshot(tmp_path, "apotek", until=TUESDAY) == first
    assert snapshots(tmp_path, "apotek", until=TUESDAY) == [first]
    assert newest_snapshot(tmp_path, "apotek", until=MONDAY) is None


def test_a_snapshot_that_cannot_be_written_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "apotek").write_text("a file where the folder should be")
    with pytest.raises(PllError, match=r"could not be written.*make room or give write access"):
        keep(tmp_path, "apotek", {"tall.csv": b"1"}, {}, MONDAY)
    assert [path.name for path in tmp_path.iterdir()] == ["apotek"]


def test_the_hash_depends_on_content_and_not_on_time(tmp_path: Path) -> None:
    monday, _ = keep(tmp_path / "x", "apotek", {"tall.csv": b"1"}, {}, MONDAY)
    tuesday, _ = keep(tmp_path / "y", "apotek", {"tall.csv": b"1"}, {}, TUESDAY)
    assert monday.sha256 == tuesday.sha256


def test_bytes_changed_after_archiving_are_noticed_and_named(tmp_path: Path) -> None:
    snapshot, _ = keep(tmp_path, "apotek", {"tall.csv": b"1"}, {}, MONDAY)
    (snapshot.folder / "tall.csv").write_bytes(b"2")
    with pytest.raises(SnapshotDamaged, match=r"tall\.csv changed after"):
        verify(snapshot)


def test_a_file_that_disappeared_is_noticed(tmp_path: Path) -> None:
    snapshot, _ = keep(tmp_path, "apotek", {"tall.csv": b"1"}, {}, MONDAY)
    (snapshot.folder / "tall.csv").unlink()
    with pytest.raises(SnapshotDamaged, match=r"no file tall\.csv"):
        verify(snapshot)


def test_a_description_that_cannot_be_read_is_damage(tmp_path: Path) -> None:
    snapshot, _ = keep(tmp_path, "apotek", {"tall.csv": b"1"}, {}, MONDAY)
    (snapshot.folder / "snapshot.json").write_text("{")
    with pytest.raises(SnapshotDamaged, match="cannot be read"):
        snapshots(tmp_path, "apotek")


@pytest.mark.parametrize(
    "name", ["../tall.csv", "a/b.csv", "snapshot.json", "", ".skjult", "x" * 200]
)
def test_a_name_that_could_lead_elsewhere_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(PllError, match="cannot be the name"):
        keep(tmp_path, "apotek", {name: b"1"}, {}, MONDAY)
    assert not list(tmp_path.rglob("*.csv"))


def test_an_empty_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PllError, match="0 bytes"):
        keep(tmp_path, "apotek", {"tall.csv": b""}, {}, MONDAY)


def test_a_half_written_snapshot_is_not_seen(tmp_path: Path) -> None:
    half = tmp_path / "apotek" / ".writing-2026-11-23T030000Z"
    half.mkdir(parents=True)
    (half / "tall.csv").write_bytes(b"1")
    assert snapshots(tmp_path, "apotek") == []
