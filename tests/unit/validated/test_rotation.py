"""Which snapshots are hashed in a night: what is new or changed, and the others in turn."""

from __future__ import annotations

from pathlib import Path

import pytest

from pll_pipeline.config import Config
from pll_pipeline.raw.archive import Snapshot, SnapshotDamaged, keep
from pll_pipeline.validated import rotation
from pll_pipeline.validated.rotation import NIGHTS, Rotation
from pll_pipeline.validated.verdicts import judge_source
from tests.unit.validated.apotek import FILE, FIVE_ROWS, SIX_ROWS, SOURCE, archive

FIRST, SECOND = "2026-11-01T000000Z", "2026-11-02T000000Z"


@pytest.fixture
def read(config: Config, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The snapshots whose bytes are read; files count as settled at once."""
    assert config.data.is_dir()
    monkeypatch.setattr(rotation, "SETTLED_SECONDS", -60.0)
    names: list[str] = []
    read_bytes = Snapshot.read

    def recorded(snapshot: Snapshot, file: str) -> bytes:
        names.append(snapshot.name)
        return read_bytes(snapshot, file)

    monkeypatch.setattr(Snapshot, "read", recorded)
    return names


def _two_snapshots(config: Config) -> None:
    archive(config, FIVE_ROWS, 1)
    archive(config, SIX_ROWS, 2)
    judge_source(config, SOURCE)


def _two_nights(config: Config) -> None:
    for _ in range(2):
        judge_source(config, SOURCE)


@pytest.mark.parametrize("count", [1, 29, 30, 31, 60])
def test_thirty_nights_hash_every_snapshot(tmp_path: Path, count: int) -> None:
    names = [f"{number:03}" for number in range(count)]
    folders = {name: tmp_path / name for name in names}
    for folder in folders.values():
        folder.mkdir()
    hashed: list[list[str]] = []
    for _ in range(NIGHTS + 1):
        night = Rotation(tmp_path / "record.json", names)
        hashed.append([name for name in names if night.is_due(name, [folders[name]])])
        for name in hashed[-1]:
            night.hashed(name, [folders[name]])
        night.write()
    assert hashed[0] == names
    assert {name for night in hashed[1:] for name in night} == set(names)
    assert max(map(len, hashed[1:])) == -(-count // NIGHTS)


def test_a_snapshot_is_hashed_once_when_it_is_new_and_then_in_turn(
    config: Config, read: list[str]
) -> None:
    _two_snapshots(config)
    assert read == [FIRST, SECOND]
    read.clear()
    for _ in range(2):
        judge_source(config, SOURCE)
    assert read == [FIRST, SECOND]


def test_an_edit_is_found_in_the_next_night_whosever_turn_it_is(
    config: Config, read: list[str]
) -> None:
    _two_snapshots(config)
    file = config.raw / "apotek" / SECOND / FILE
    file.write_text(SIX_ROWS.replace("1003", "9999"))
    read.clear()
    with pytest.raises(SnapshotDamaged, match="changed after they were archived"):
        judge_source(config, SOURCE)


def test_what_decayed_on_the_disk_is_found_in_its_turn(
    config: Config, read: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    _two_snapshots(config)
    monkeypatch.setattr(rotation, "_signature", lambda _folders: {})
    judge_source(config, SOURCE)
    (config.raw / "apotek" / FIRST / FILE).write_text(FIVE_ROWS.replace("1003", "9999"))
    assert read
    with pytest.raises(SnapshotDamaged):
        _two_nights(config)


@pytest.mark.parametrize("table", ["change", "quarantine"])
def test_a_table_that_is_read_later_is_verified_every_night(
    config: Config, read: list[str], monkeypatch: pytest.MonkeyPatch, table: str
) -> None:
    _two_snapshots(config)
    monkeypatch.setattr(rotation, "_signature", lambda _folders: {})
    for _ in range(3):
        before, _ = judge_source(config, SOURCE)
    path = config.validated / "apotek" / SECOND / f"{table}.parquet"
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    read.clear()
    judged = judge_source(config, SOURCE)
    assert judged == (before, 1)
    assert set(read) == {FIRST, SECOND}


def test_a_damaged_table_is_not_compared_with(
    config: Config, read: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    _two_snapshots(config)
    monkeypatch.setattr(rotation, "_signature", lambda _folders: {})
    for _ in range(2):
        judge_source(config, SOURCE)
    path = config.validated / "apotek" / SECOND / "observation.parquet"
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    archive(config, SIX_ROWS.replace("1003", "1303"), 3)
    state, read_count = judge_source(config, SOURCE)
    assert [v.is_accepted for v in state.verdicts] == [True, True, True]
    assert read_count == 2
    assert read


@pytest.mark.parametrize("content", ["", "{}", "[]", '{"night": "x"}', '{"snapshots": {"a": 1}}'])
def test_a_record_that_cannot_be_read_hashes_everything(
    config: Config, read: list[str], content: str
) -> None:
    _two_snapshots(config)
    (config.validated / "apotek.hashed.json").write_text(content)
    read.clear()
    judge_source(config, SOURCE)
    assert sorted(read) == [FIRST, SECOND]


def test_a_file_that_was_written_just_now_is_hashed_again(config: Config) -> None:
    files = {FILE: FIVE_ROWS.encode()}
    snapshot, _ = keep(config.raw, "apotek", files, {})
    night = Rotation(config.data / "record.json", ["a", snapshot.name])
    night.hashed(snapshot.name, [snapshot.folder])
    night.write()
    following = Rotation(config.data / "record.json", ["a", snapshot.name])
    assert following.is_due(snapshot.name, [snapshot.folder])
