"""The ledger of a source: an append-only record of its snapshots, chained line by line by hash.

`data/raw/<source>/ledger.jsonl` has one line per event: a snapshot was kept, excluded from use, or
restored to use. A line contains the hash of the line before it, so a snapshot that is lost, added
or edited by hand is found, and so is an edited ledger. The process that writes has the lock of
the data folder. Not here: bytes (`archive.py`), what happens in a night when something is wrong.
"""

from __future__ import annotations

import getpass
import hashlib
import json
import os
import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from pll_pipeline.disposable import put_away
from pll_pipeline.errors import PllError

LEDGER = "ledger.jsonl"
MANIFEST = "snapshot.json"
FIRST = "0" * 64
_SNAPSHOT = re.compile(r"\d{4}-\d\d-\d\dT\d{6}Z")
_RESTORE = "bring it back from version control or a backup"
_EXCLUDE = "or exclude it from use: `pll archive {source} --set-aside {snapshot} --because TEXT`"

Event = Literal["kept", "excluded", "restored"]


@dataclass(frozen=True)
class Entry:
    """One line of a ledger.

    `manifest_sha256` is the hash of the snapshot's description, which lists the hash of each file.
    `previous` is the hash of the line before; the first line has zeros.
    """

    at: str
    event: Event
    snapshot: str
    manifest_sha256: str
    previous: str
    by: str = ""
    because: str = ""

    def line(self) -> str:
        """The entry as it is written, with its line end."""
        fields = {name: value for name, value in asdict(self).items() if value}
        return json.dumps(fields, ensure_ascii=False, sort_keys=True) + "\n"

    @property
    def sha256(self) -> str:
        """The hash of the line: what the next line calls `previous`."""
        return hashlib.sha256(self.line().encode()).hexdigest()


@dataclass(frozen=True)
class Fault:
    """One thing that is wrong with the snapshots of a source: what, where, and what to do."""

    source_name: str
    snapshot: str
    what: str
    where: str
    do: str

    def error(self) -> PllError:
        """The fault as an error."""
        return PllError(self.what, where=self.where, do=self.do)


class LedgerDamaged(PllError):
    """The ledger itself cannot be read, or its chain is broken."""


def read(folder: Path) -> list[Entry]:
    """The entries of a source's ledger, oldest first; empty where there is none.

    Raises `LedgerDamaged` for a line that cannot be read or does not follow the line before it.
    """
    path = folder / LEDGER
    if not os.path.lexists(path):
        return []
    entries: list[Entry] = []
    previous = FIRST
    for number, line in enumerate(_lines(path), 1):
        try:
            entry = Entry(**json.loads(line))
        except (ValueError, TypeError) as error:
            raise _damaged(path, number, "cannot be read") from error
        if entry.previous != previous or entry.line() != line:
            raise _damaged(path, number, "does not follow the line before it")
        entries.append(entry)
        previous = entry.sha256
    return entries


def _lines(path: Path) -> list[str]:
    """The lines with their ends, of which there is at least one: it is written with its first."""
    try:
        *lines, rest = path.read_bytes().decode().split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise _damaged(path, 1, "cannot be read") from error
    if not (lines or rest):
        raise _damaged(path, 1, "is missing")
    return [f"{line}\n" for line in lines] + ([rest] if rest else [])


def _damaged(path: Path, number: int, why: str) -> LedgerDamaged:
    return LedgerDamaged(
        f"Line {number} of the ledger {why}: it was edited or cut",
        where=f"{path}, line {number}",
        do="bring the file back from version control or a backup; or begin it again from what is "
        f"left: `pll archive {path.parent.name} --renew-ledger --because TEXT`",
    )


def append(
    folder: Path, event: Event, snapshot: str, manifest_sha256: str, because: str = ""
) -> Entry:
    """Add a line to a source's ledger, on disk before this returns.

    Raises `LedgerDamaged` where the ledger cannot be continued.
    """
    entries = read(folder)
    entry = Entry(
        at=datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        event=event,
        snapshot=snapshot,
        manifest_sha256=manifest_sha256,
        previous=entries[-1].sha256 if entries else FIRST,
        by=_user() if event != "kept" else "",
        because=because,
    )
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / LEDGER).open("a", encoding="utf-8") as file:
        file.write(entry.line())
        file.flush()
        os.fsync(file.fileno())
    return entry


def hash_of_manifest(snapshot_folder: Path) -> str:
    """The hash of a snapshot's description; zeros where there is none."""
    path = snapshot_folder / MANIFEST
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else FIRST


def excluded_snapshots(entries: Iterable[Entry]) -> dict[str, Entry]:
    """The snapshots that are excluded from use: name → the entry that excluded it."""
    excluded: dict[str, Entry] = {}
    for entry in entries:
        if entry.event == "excluded":
            excluded[entry.snapshot] = entry
        elif entry.event == "restored":
            excluded.pop(entry.snapshot, None)
    return excluded


def begin(folder: Path) -> None:
    """Write the ledger of a source that was archived before ledgers existed.

    Does nothing where there is a ledger. Its first lines record the snapshots that are there.
    """
    if os.path.lexists(folder / LEDGER):
        return
    for snapshot in sorted(folder.glob("[0-9]*Z")):
        if (snapshot / MANIFEST).is_file():
            append(folder, "kept", snapshot.name, hash_of_manifest(snapshot))


def renew(folder: Path, because: str) -> None:
    """Begin a damaged ledger again, with the reason; the old one is kept beside it.

    What its lines say is carried over as far as they can be read, so that a snapshot that is lost
    or edited stays a fault, and one that is excluded from use stays so. Snapshots that no line is
    about are recorded as they are. Raises `PllError` for an empty reason.
    """
    if not because.strip():
        raise PllError("A reason is needed", do="add `--because TEXT`")
    entries = _readable_entries(folder / LEDGER)
    put_away(folder / LEDGER, "cannot be continued")
    recorded = {entry.snapshot: entry.manifest_sha256 for entry in entries}
    present = {path.name: hash_of_manifest(path) for path in folder.glob("[0-9]*Z")}
    for name, manifest_sha256 in sorted((present | recorded).items()):
        append(folder, "kept", name, manifest_sha256, f"ledger begun again: {because.strip()}")
    for name, entry in excluded_snapshots(entries).items():
        append(folder, "excluded", name, recorded[name], entry.because)


def _readable_entries(ledger: Path) -> list[Entry]:
    """The entries of a damaged ledger whose lines can be read, whatever they follow."""
    if not ledger.is_file():
        return []
    entries = []
    for line in ledger.read_text(encoding="utf-8", errors="replace").splitlines():
        try:
            entry = Entry(**json.loads(line))
        except (ValueError, TypeError):
            continue
        if all(isinstance(value, str) for value in asdict(entry).values()):
            entries.append(entry)
    return [entry for entry in entries if _SNAPSHOT.fullmatch(entry.snapshot)]


def faults(source_name: str, folder: Path) -> list[Fault]:
    """What is wrong with the snapshots of a source, oldest first; empty where all is well.

    A snapshot is *lost* when the ledger has it and the folder does not, *added* when the folder
    has it and the ledger does not, *edited* when its description is not the one that was kept.
    Excluded snapshots are never at fault. File bytes are compared by
    `archive.verify`. Raises `LedgerDamaged` where the ledger itself is damaged.
    """
    entries = read(folder)
    excluded = excluded_snapshots(entries)
    kept = {entry.snapshot: entry for entry in entries if entry.event == "kept"}
    present = {path.name: path for path in folder.glob("[0-9]*Z") if path.is_dir()}
    found = []
    for name in sorted(kept.keys() | present.keys()):
        if name in excluded:
            continue
        what = _fault_of(kept.get(name), present.get(name))
        if what:
            found.append(_fault(source_name, name, folder, what))
    return found


def _fault_of(entry: Entry | None, snapshot: Path | None) -> str:
    if snapshot is None or not (snapshot / MANIFEST).is_file():
        return "is lost: the ledger has it, its folder or its description is gone"
    if entry is None:
        return "was added by hand: the ledger does not have it"
    if hash_of_manifest(snapshot) != entry.manifest_sha256:
        return "was edited: its description is not the one that was archived"
    return ""


def _fault(source_name: str, name: str, folder: Path, what: str) -> Fault:
    command = _EXCLUDE.format(source=source_name, snapshot=name)
    return Fault(
        source_name=source_name,
        snapshot=name,
        what=f"The snapshot {name} of {source_name} {what}",
        where=str(folder / name),
        do=f"{_RESTORE}; {command}",
    )


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "unknown"
