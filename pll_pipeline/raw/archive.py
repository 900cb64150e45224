"""Snapshots: a publication's bytes exactly as received, kept for ever, one folder per change.

`data/raw/<source>/<time>/` holds the files and `snapshot.json`, which says when, how and from where they came and what
their hashes are. Not here: anything that looks inside a file (`readers/`), anything that fetches (`fetchers/`).
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pll_pipeline.errors import PllError

MANIFEST = "snapshot.json"
LARGEST_FILE = 512 * 1024 * 1024
_TIME = "%Y-%m-%dT%H%M%SZ"
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
    """One archived state of one source. `taken_at` is UTC; `origin` says how, by whom and from where."""

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
        """One hash for the content of all files; equal content gives an equal hash whenever it was taken."""
        return hashlib.sha256(
            "".join(
                f"{f.name}\0{f.sha256}\n" for f in sorted(self.files, key=lambda f: f.name)
            ).encode()
        ).hexdigest()

    def read(self, file: str) -> bytes:
        """The bytes of one file, held against its hash.

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


_RESTORE = "bring the file back from version control or a backup; never edit a snapshot, archive a new one instead"


def keep(
    raw: Path,
    source_name: str,
    files: Mapping[str, bytes],
    origin: Mapping[str, Any],
    taken_at: datetime | None = None,
) -> tuple[Snapshot, bool]:
    """Archive `files` as a snapshot unless the newest one holds the same bytes.

    Returns the snapshot and whether it is new. It appears whole, by rename, or not at all.
    Raises `PllError` for a name that is no plain file name, for an empty or too large file.
    """
    if not files:
        raise PllError(f"Nothing to archive for {source_name}", do="name at least one file")
    for name, content in files.items():
        if not _FILE_NAME.fullmatch(name) or name == MANIFEST:
            raise PllError(
                f"{name!r} cannot be the name of an archived file",
                where=source_name,
                do="use letters, digits, dot, dash and underscore",
            )
        if not 0 < len(content) <= LARGEST_FILE:
            raise PllError(
                f"{name} has {len(content)} bytes",
                where=source_name,
                do=f"archive files of 1 to {LARGEST_FILE} bytes",
            )
    described = tuple(
        SnapshotFile(n, len(c), hashlib.sha256(c).hexdigest()) for n, c in sorted(files.items())
    )
    newest = newest_snapshot(raw, source_name)
    if newest and newest.files == described:
        return newest, False
    taken_at = (taken_at or datetime.now(UTC)).astimezone(UTC).replace(microsecond=0)
    folder = raw / source_name / taken_at.strftime(_TIME)
    if folder.exists():
        raise PllError(
            f"{source_name} already has a snapshot of {taken_at:%Y-%m-%d %H:%M:%S}",
            where=str(folder),
            do="try again in a second",
        )
    writing = folder.with_name(f".writing-{folder.name}")
    shutil.rmtree(writing, ignore_errors=True)
    writing.mkdir(parents=True)
    try:
        for name, content in files.items():
            _write(writing / name, content)
        manifest = {
            "source_name": source_name,
            "taken_at": taken_at.isoformat().replace("+00:00", "Z"),
            "origin": dict(origin),
            "files": [vars(f) for f in described],
        }
        _write(
            writing / MANIFEST, (json.dumps(manifest, ensure_ascii=False, indent=2) + "\n").encode()
        )
        os.replace(writing, folder)
    except OSError as error:
        shutil.rmtree(writing, ignore_errors=True)
        raise PllError(
            f"The snapshot could not be written: {error.strerror}",
            where=str(folder),
            do="make room or give write access, then run again",
        ) from error
    return _load(folder, source_name), True


def snapshots(raw: Path, source_name: str, until: datetime | None = None) -> list[Snapshot]:
    """Every snapshot of a source taken before `until`, oldest first. Only manifests are read; `Snapshot.read` verifies bytes."""
    folder = raw / source_name
    held = (
        _load(f, source_name) for f in sorted(folder.glob("[0-9]*Z")) if (f / MANIFEST).is_file()
    )
    return [snapshot for snapshot in held if until is None or snapshot.taken_at < until]


def newest_snapshot(raw: Path, source_name: str, until: datetime | None = None) -> Snapshot | None:
    """The newest snapshot of a source taken before `until`, or None."""
    held = snapshots(raw, source_name, until)
    return held[-1] if held else None


def verify(snapshot: Snapshot) -> None:
    """Hold every file against its hash. Raises `SnapshotDamaged` for the first that differs."""
    for file in snapshot.files:
        snapshot.read(file.name)


def hash_of_files(paths: Iterable[Path], root: Path) -> str:
    """One SHA-256 over names (relative to `root`) and contents, whatever order the paths come in."""
    total = hashlib.sha256()
    for path in sorted(paths):
        total.update(f"{path.relative_to(root).as_posix()}\0".encode())
        total.update(hashlib.sha256(path.read_bytes()).digest())
    return total.hexdigest()


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
