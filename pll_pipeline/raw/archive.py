"""Snapshots: a publication's bytes exactly as received, kept for ever, one folder per change.

`data/raw/<source>/<time>/` contains the files and `snapshot.json`: when, how and from where they
came, and their hashes. Not here: anything that looks inside a file (`validated/readers/`), anything
that fetches (`fetching.py`).
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from pll_pipeline.errors import PllError
from pll_pipeline.raw import ledger
from pll_pipeline.raw.ledger import MANIFEST

CLOCK_TOLERANCE = timedelta(minutes=5)
LARGEST_FILE_BYTES = 512 * 1024 * 1024
_RESTORE = (
    "bring the file back from version control or a backup, or exclude the snapshot with"
    " `pll archive SOURCE --set-aside SNAPSHOT --because TEXT`; never edit a snapshot, archive a"
    " new one instead"
)
SNAPSHOT_NAME = "%Y-%m-%dT%H%M%SZ"
_FILE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")


class SnapshotDamaged(PllError):
    """The bytes of a snapshot are no longer those that were archived."""


@dataclass(frozen=True)
class SnapshotFile:
    """One archived file: its name, size in bytes and SHA-256."""

    name: str
    bytes: int
    sha256: str


@dataclass(frozen=True)
class Snapshot:
    """One archived state of one source.

    `taken_at` is UTC; `origin` says how, by whom and from where.
    """

    source_name: str
    taken_at: datetime
    folder: Path
    files: tuple[SnapshotFile, ...]
    origin: Mapping[str, Any]

    @property
    def name(self) -> str:
        """The folder's name: the time it was taken."""
        return self.folder.name

    @property
    def sha256(self) -> str:
        """One hash for the content of all files, whenever it was taken."""
        lines = [f"{f.name}\0{f.sha256}\n" for f in sorted(self.files, key=lambda f: f.name)]
        return hashlib.sha256("".join(lines).encode()).hexdigest()

    def read(self, file: str) -> bytes:
        """The bytes of one file, after comparing them with its hash.

        Raises `SnapshotDamaged` when the file is missing or its bytes have changed.
        """
        expected = next((f for f in self.files if f.name == file), None)
        path = self.folder / file
        if expected is None or not path.is_file():
            raise SnapshotDamaged(
                f"The snapshot {self.name} of {self.source_name} has no file {file}",
                where=str(path),
                do=_RESTORE,
            )
        content = path.read_bytes()
        if hashlib.sha256(content).hexdigest() != expected.sha256:
            raise SnapshotDamaged(
                f"The bytes of {file} changed after they were archived",
                where=str(path),
                do=_RESTORE,
            )
        return content


def keep(
    raw: Path,
    source_name: str,
    files: Mapping[str, bytes],
    origin: Mapping[str, Any],
    taken_at: datetime | None = None,
) -> tuple[Snapshot, bool]:
    """Archive `files` as a snapshot, unless the newest one has the same bytes.

    Returns the snapshot and whether it is new. It appears whole, by rename, or not at all, and has
    a line in the source's ledger. The newest one counts also where it is excluded from use, so
    that bytes an operator excluded do not come back. Raises `PllError` for a name that is no plain
    file name, an empty or too large file, a time after the clock or before the newest snapshot,
    and where the snapshot cannot be written.
    """
    _refuse_files(source_name, files)
    finish_interrupted(raw / source_name)
    described = tuple(
        SnapshotFile(name, len(content), hashlib.sha256(content).hexdigest())
        for name, content in sorted(files.items())
    )
    folders = _folders(raw, source_name)
    newest = _load(folders[-1], source_name) if folders else None
    if newest and newest.files == described:
        return newest_snapshot(raw, source_name) or newest, False
    taken_at = (taken_at or datetime.now(UTC)).astimezone(UTC).replace(microsecond=0)
    _refuse_time(source_name, taken_at, newest)
    folder = raw / source_name / taken_at.strftime(SNAPSHOT_NAME)
    if folder.exists():
        raise PllError(
            f"{source_name} already has a snapshot of {taken_at:%Y-%m-%d %H:%M:%S}",
            where=str(folder),
            do="try again in a second",
        )
    snapshot = Snapshot(source_name, taken_at, folder, described, dict(origin))
    _write_folder(folder, {**files, MANIFEST: _manifest(snapshot)})
    return _load(folder, source_name), True


def _manifest(snapshot: Snapshot) -> bytes:
    """The description of a snapshot, as its folder has it."""
    fields = {
        "source_name": snapshot.source_name,
        "taken_at": snapshot.taken_at.isoformat().replace("+00:00", "Z"),
        "origin": snapshot.origin,
        "files": [vars(file) for file in snapshot.files],
    }
    return (json.dumps(fields, ensure_ascii=False, indent=2) + "\n").encode()


def _record(folder: Path, writing: Path) -> None:
    """Write the line of the ledger for a snapshot that is whole and not yet renamed."""
    ledger.append(folder.parent, "kept", folder.name, ledger.hash_of_manifest(writing))


def _refuse_time(source_name: str, taken_at: datetime, newest: Snapshot | None) -> None:
    """Raise for a time after the clock, and for one before the newest snapshot."""
    latest = datetime.now(UTC) + CLOCK_TOLERANCE
    if newest and newest.taken_at > latest:
        raise PllError(
            f"The newest snapshot of {source_name} is dated after the clock of this machine:"
            f" {newest.name}",
            where=str(newest.folder),
            do="correct the clock; if the snapshot's time is wrong, exclude it:"
            f" `pll archive {source_name} --set-aside {newest.name} --because TEXT`",
        )
    if taken_at > latest or (newest and taken_at < newest.taken_at):
        than = "after the clock" if taken_at > latest else "before the newest snapshot"
        raise PllError(
            f"A snapshot of {source_name} cannot be dated {than}: {taken_at:%Y-%m-%d %H:%M:%S} UTC",
            where=source_name,
            do="correct the clock of this machine, then archive the files again",
        )


def finish_interrupted(folder: Path) -> None:
    """Complete or remove what an interrupted `keep` left in the folder of a source.

    A snapshot that has its line in the ledger is complete and only has to be renamed.
    """
    ledger.begin(folder)
    kept = {entry.snapshot: entry for entry in ledger.read(folder) if entry.event == "kept"}
    for writing in folder.glob(".writing-*"):
        name = writing.name.removeprefix(".writing-")
        entry = kept.get(name)
        is_whole = (
            entry is not None
            and not (folder / name).exists()
            and (writing / MANIFEST).is_file()
            and ledger.hash_of_manifest(writing) == entry.manifest_sha256
        )
        if is_whole:
            os.replace(writing, folder / name)
        else:
            shutil.rmtree(writing, ignore_errors=True)


def exclude(
    raw: Path,
    source_name: str,
    snapshot_name: str,
    because: str,
    published: Collection[str] = (),
) -> None:
    """Exclude a snapshot from use, with the reason; its bytes stay.

    It is one that the ledger or the folder has, or one of those `published` in the current release,
    so that an operator can also give up a snapshot that was added by hand, or that is lost. Raises
    `PllError` where there is no such snapshot, it is excluded already, or the reason is empty.
    """
    folder = raw / source_name
    others = {path.name for path in folder.glob("[0-9]*Z")} | set(published)
    _change_use(raw, source_name, snapshot_name, because, "excluded", others)


def restore(raw: Path, source_name: str, snapshot_name: str, because: str) -> None:
    """Take an excluded snapshot into use again, with the reason. Raises `PllError` as above."""
    _change_use(raw, source_name, snapshot_name, because, "restored", ())


def _change_use(
    raw: Path,
    source_name: str,
    snapshot_name: str,
    because: str,
    event: ledger.Event,
    others: Collection[str],
) -> None:
    folder = raw / source_name
    ledger.begin(folder)
    entries = ledger.read(folder)
    recorded = {entry.snapshot: entry.manifest_sha256 for entry in entries}
    if snapshot_name not in recorded and snapshot_name not in others:
        names = ", ".join(recorded) or "none"
        raise PllError(
            f"{source_name} has no snapshot {snapshot_name}",
            where=str(folder / ledger.LEDGER),
            do=f"choose one of: {names}",
        )
    is_excluded = snapshot_name in ledger.excluded_snapshots(entries)
    if is_excluded == (event == "excluded"):
        state = "excluded" if is_excluded else "in use"
        raise PllError(f"The snapshot {snapshot_name} of {source_name} is already {state}")
    if not because.strip():
        raise PllError("A reason is needed", do="add `--because TEXT`")
    manifest = recorded.get(snapshot_name) or ledger.hash_of_manifest(folder / snapshot_name)
    ledger.append(folder, event, snapshot_name, manifest, because.strip())


def _refuse_files(source_name: str, files: Mapping[str, bytes]) -> None:
    """Raise for no file at all, a name that is no plain file name, an empty or too large file."""
    if not files:
        raise PllError(f"Nothing to archive for {source_name}", do="name at least one file")
    for name, content in files.items():
        if not _FILE_NAME.fullmatch(name) or name == MANIFEST:
            raise PllError(
                f"{name!r} cannot be the name of an archived file",
                where=source_name,
                do="use letters, digits, dot, dash and underscore",
            )
        if not 0 < len(content) <= LARGEST_FILE_BYTES:
            raise PllError(
                f"{name} has {len(content)} bytes",
                where=source_name,
                do=f"archive files of 1 to {LARGEST_FILE_BYTES} bytes",
            )


def snapshots(raw: Path, source_name: str, until: datetime | None = None) -> list[Snapshot]:
    """Every snapshot of a source in use that was taken before `until`, oldest first.

    Only the manifests are read; `Snapshot.read` verifies bytes. Raises `SnapshotDamaged` for a
    manifest that cannot be read.
    """
    archived = (_load(folder, source_name) for folder in _folders_in_use(raw, source_name))
    return [snapshot for snapshot in archived if until is None or snapshot.taken_at < until]


def newest_snapshot(raw: Path, source_name: str, until: datetime | None = None) -> Snapshot | None:
    """The newest snapshot of a source in use that was taken before `until`, or None."""
    for folder in reversed(_folders_in_use(raw, source_name)):
        snapshot = _load(folder, source_name)
        if until is None or snapshot.taken_at < until:
            return snapshot
    return None


def _folders(raw: Path, source_name: str) -> list[Path]:
    """The folders of whole snapshots, oldest first: their names are times."""
    folders = sorted((raw / source_name).glob("[0-9]*Z"))
    return [folder for folder in folders if (folder / MANIFEST).is_file()]


def _folders_in_use(raw: Path, source_name: str) -> list[Path]:
    excluded = ledger.excluded_snapshots(ledger.read(raw / source_name))
    return [folder for folder in _folders(raw, source_name) if folder.name not in excluded]


def require_whole(raw: Path, source_names: Iterable[str]) -> None:
    """Compare the snapshots of the sources with their ledgers.

    Raises `PllError` naming every snapshot that is lost, added or edited, or `LedgerDamaged`.
    """
    faults = [fault for name in source_names for fault in ledger.faults(name, raw / name)]
    if faults:
        raise PllError(
            "; ".join(fault.what for fault in faults),
            where="; ".join(fault.where for fault in faults),
            do=faults[0].do,
        )


def excluded_snapshots(
    raw: Path, source_name: str, until: datetime | None = None
) -> dict[str, str]:
    """The snapshots of a source taken before `until` that are excluded from use: name → reason."""
    latest = until.astimezone(UTC).strftime(SNAPSHOT_NAME) if until else None
    excluded = ledger.excluded_snapshots(ledger.read(raw / source_name))
    return {
        name: entry.because
        for name, entry in sorted(excluded.items())
        if latest is None or name < latest
    }


def archived_names(raw: Path, source_name: str) -> set[str]:
    """The names of the snapshots of a source that are there or excluded from use."""
    excluded = ledger.excluded_snapshots(ledger.read(raw / source_name))
    return {folder.name for folder in _folders(raw, source_name)} | excluded.keys()


def verify(snapshot: Snapshot) -> None:
    """Compare every file with its hash. Raises `SnapshotDamaged` for the first that differs."""
    for file in snapshot.files:
        snapshot.read(file.name)


def damaged_snapshots(raw: Path, source_name: str) -> list[tuple[str, SnapshotDamaged]]:
    """The snapshots in use whose description or bytes are not those that were archived.

    By name, oldest first; every archived byte is read.
    """
    damaged = []
    for folder in _folders_in_use(raw, source_name):
        try:
            verify(_load(folder, source_name))
        except SnapshotDamaged as damage:
            damaged.append((folder.name, damage))
    return damaged


def hash_of_files(paths: Iterable[Path], root: Path) -> str:
    """One SHA-256 over names (relative to `root`) and contents, in any order of the paths."""
    total = hashlib.sha256()
    for path in sorted(paths):
        total.update(f"{path.relative_to(root).as_posix()}\0".encode())
        total.update(hashlib.sha256(path.read_bytes()).digest())
    return total.hexdigest()


def _write_folder(folder: Path, files: Mapping[str, bytes]) -> None:
    """Write a folder beside itself, record it in the ledger and rename it.

    Raises `PllError` where that fails.
    """
    writing = folder.with_name(f".writing-{folder.name}")
    shutil.rmtree(writing, ignore_errors=True)
    try:
        writing.mkdir(parents=True)
        for name, content in files.items():
            _write(writing / name, content)
        _record(folder, writing)
        os.replace(writing, folder)
    except OSError as error:
        shutil.rmtree(writing, ignore_errors=True)
        raise PllError(
            f"The snapshot could not be written: {error.strerror}",
            where=str(folder),
            do="make room or give write access, then run again",
        ) from error


def _write(path: Path, content: bytes) -> None:
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _load(folder: Path, source_name: str) -> Snapshot:
    try:
        manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        return Snapshot(
            source_name=source_name,
            taken_at=datetime.fromisoformat(manifest["taken_at"]),
            folder=folder,
            files=tuple(
                SnapshotFile(f["name"], f["bytes"], f["sha256"]) for f in manifest["files"]
            ),
            origin=manifest["origin"],
        )
    except (ValueError, KeyError, TypeError) as error:
        raise SnapshotDamaged(
            f"The snapshot's description cannot be read: {error}",
            where=str(folder / MANIFEST),
            do=_RESTORE,
        ) from error
