"""The verdict store: what became of each snapshot, on disk in `data/validated/<source>/<time>/`.

`judge_source` has the snapshots read that have no verdict yet under the present reading (code,
source file, codes, corrections), or whose stored tables are not what was written; `read_state`
reads the verdicts and writes nothing. Only the owner of the night's lock calls what writes.
Not here: reading and judging (`reading.py`), the tables for dbt (`gathering.py`),
orchestration (`assets/`).
"""

from __future__ import annotations

import hashlib
import io
import json
import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import polars as pl
from pydantic import BaseModel, ConfigDict

from pll_pipeline.config import Config
from pll_pipeline.errors import PllError
from pll_pipeline.raw.archive import (
    Snapshot,
    excluded_snapshots,
    snapshots,
    verify,
)
from pll_pipeline.sources.model import Source
from pll_pipeline.validated import child
from pll_pipeline.validated.child import Outcome
from pll_pipeline.validated.corrections import fault_of_corrections
from pll_pipeline.validated.fingerprints import one_hash, reading_fingerprint
from pll_pipeline.validated.frames import (
    CHANGE,
    MILESTONE,
    QUARANTINE,
    STATED_OBSERVATION,
    TARGET,
)
from pll_pipeline.validated.page_changes import PageText
from pll_pipeline.validated.readers.table import NotRead
from pll_pipeline.validated.rotation import Rotation
from pll_pipeline.validated.writing import (
    put_in_place,
    remove_unfinished,
    unfinished_folder,
    write_bytes,
    write_json,
)

LOG = logging.getLogger("pll")

# What a snapshot says, what it leaves in force of earlier ones, and its part of the change log.
FRAMES: dict[str, dict[str, Any]] = {
    "observation": STATED_OBSERVATION,
    "target": TARGET,
    "milestone": MILESTONE,
    "quarantine": QUARANTINE,
    "earlier_observation": STATED_OBSERVATION,
    "earlier_target": TARGET,
    "earlier_milestone": MILESTONE,
    "change": CHANGE,
}
_COUNTED = ("observation", "target", "milestone", "quarantine")
_VERDICT = "verdict.json"
_DIED_DO = (
    "look at the publication, which may be far larger than it was or made to do harm; the snapshot"
    " before it stays in use. It is read again when the code or the source file changes, or by"
    " `pll rebuild`"
)


class TablesDamaged(PllError):
    """A stored table of a snapshot is not what was written."""


class StoredTable(BaseModel):
    """A table of a snapshot as it was written: the hash of its file, and its number of rows."""

    model_config = ConfigDict(frozen=True, defer_build=True)

    sha256: str
    row_count: int


class SnapshotVerdict(BaseModel):
    """What became of one snapshot, as it is stored: accepted or refused, and the number of rows.

    `fingerprint` covers the reading that led to it and the accepted snapshot it was compared with;
    `drift` is what changed since that one, in Norwegian; `not_read` is everything in the
    publication that was not read; `definitions` are the texts of the columns that define what is
    counted. `page_text` is how a page of running text differs from that of the snapshot before it.
    `tables` names the files of its rows: one that differs from them is not believed.
    """

    model_config = ConfigDict(frozen=True, defer_build=True)

    source_name: str
    snapshot_name: str
    taken_at: datetime
    sha256: str
    fingerprint: str
    is_accepted: bool
    reason: str | None = None
    row_count: int = 0
    left_out_count: int = 0
    observation_count: int = 0
    target_count: int = 0
    milestone_count: int = 0
    quarantine_count: int = 0
    drift: tuple[str, ...] = ()
    not_read: tuple[NotRead, ...] = ()
    definitions: dict[str, list[str]] = {}
    page_text: PageText | None = None
    tables: dict[str, StoredTable] = {}


class SourceState(BaseModel):
    """The verdicts of all snapshots of one source in use, oldest first.

    `excluded` are the snapshots that an operator excluded from use: name → reason. `fault` is why
    its source file or its corrections cannot be used today; its snapshots are then in use as they
    were judged last.
    """

    model_config = ConfigDict(frozen=True, defer_build=True)

    source: Source
    verdicts: tuple[SnapshotVerdict, ...]
    excluded: dict[str, str] = {}
    fault: str | None = None

    @property
    def newest(self) -> SnapshotVerdict | None:
        """The verdict of the newest snapshot, accepted or not."""
        return self.verdicts[-1] if self.verdicts else None

    @property
    def in_use(self) -> SnapshotVerdict | None:
        """The newest accepted snapshot: the one the figures come from."""
        return last_accepted(self.verdicts)

    @property
    def problem(self) -> str | None:
        """Why the figures are not those of the newest snapshot; None where they are."""
        if self.fault:
            return self.fault
        newest_name = self.newest.snapshot_name if self.newest else ""
        newest_excluded = max(self.excluded, default="")
        if newest_excluded > newest_name:
            because = self.excluded[newest_excluded]
            return f"The snapshot {newest_excluded} is excluded from use: {because}"
        if self.newest is None:
            return "No snapshot of it was ever archived."
        return self.newest.reason

    @property
    def is_stale(self) -> bool:
        """True when the newest snapshot was refused or excluded, there is none, or a file of the
        operator is faulty."""
        return self.problem is not None


class Reading(BaseModel):
    """What is needed to read and judge one snapshot.

    `before` is the accepted snapshot it is compared with. `previous` is the last one before it
    whose text could be read, where texts are compared, and `previous_text` what changed in that.
    `folder` is where verdict and tables are written.
    """

    model_config = ConfigDict(frozen=True, defer_build=True)

    config: Config
    source: Source
    snapshot: Snapshot
    before: SnapshotVerdict | None
    fingerprint: str
    folder: Path
    previous: Snapshot | None = None
    previous_text: PageText | None = None


def judge_source(config: Config, source: Source) -> tuple[SourceState, int]:
    """Judge the snapshots of a source and write their verdicts. Also returns how many were read.

    Each is compared with the last accepted one before it, so they are judged in the order they were
    taken. A snapshot that has a verdict under this reading is not read again; its bytes and its
    tables are verified where they are due (`rotation.py`). Where the corrections cannot be read,
    nothing is judged. Raises `SnapshotDamaged` where the bytes are not those that were archived,
    and `PllError` where this machine cannot read or write. Only for the owner of the night's lock.
    """
    if fault_of_corrections(config, source):
        return read_state(config, source), 0
    remove_unfinished(config.validated / source.name)
    archived = snapshots(config.raw, source.name, config.known_until)
    record = config.validated / f"{source.name}.hashed.json"
    rotation = Rotation(record, [snapshot.name for snapshot in archived])
    try:
        verdicts, read_count = _judged_in_order(config, source, archived, rotation)
    except _FoundDamaged as damage:
        LOG.warning("%s: every snapshot is hashed: %s", source.name, damage)
        rotation.require_all()
        verdicts, read_count = _judged_in_order(config, source, archived, rotation)
    if archived:
        rotation.write()
    return _state(config, source, verdicts), read_count


class _FoundDamaged(Exception):
    """A table of a snapshot that was not hashed tonight is not what was written."""


def _judged_in_order(
    config: Config, source: Source, archived: Sequence[Snapshot], rotation: Rotation
) -> tuple[list[SnapshotVerdict], int]:
    """The verdicts on the snapshots, and how many of them were read."""
    reading = reading_fingerprint(config, source)
    verdicts: list[SnapshotVerdict] = []
    read_count = 0
    previous: tuple[Snapshot, SnapshotVerdict] | None = None
    for snapshot in archived:
        before = last_accepted(verdicts)
        fingerprint = _fingerprint(reading, before, previous)
        verdict = _usable(config, snapshot, fingerprint, rotation)
        if verdict is None:
            _require_tables(config, before, FRAMES, rotation)
            LOG.info("%s: reading snapshot %s", source.name, snapshot.name)
            reading_now = Reading(
                config=config,
                source=source,
                snapshot=snapshot,
                before=before,
                fingerprint=fingerprint,
                folder=unfinished_folder(_folder(config, source.name, snapshot.name)),
                previous=previous[0] if previous else None,
                previous_text=previous[1].page_text if previous else None,
            )
            verdict = _judged(reading_now)
            rotation.hashed(snapshot.name, _folders(config, snapshot))
            read_count += 1
        verdicts.append(verdict)
        previous = (snapshot, verdict) if verdict.page_text else previous
    for verdict in verdicts:
        _require_tables(config, verdict, ("change",), rotation)
    for verdict in (last_accepted(verdicts), *verdicts[-1:]):
        _require_tables(config, verdict, FRAMES, rotation)
    return verdicts, read_count


def _folders(config: Config, snapshot: Snapshot) -> tuple[Path, Path]:
    """Where the archived files of a snapshot are, and where its verdict and tables."""
    return snapshot.folder, _folder(config, snapshot.source_name, snapshot.name)


def _require_tables(
    config: Config, verdict: SnapshotVerdict | None, tables: Iterable[str], rotation: Rotation
) -> None:
    """Raise where a table that is read later was not hashed tonight and is not what was written."""
    if verdict is None or rotation.is_hashed(verdict.snapshot_name):
        return
    for table in tables:
        try:
            bytes_of_table(config, verdict, table)
        except TablesDamaged as damage:
            raise _FoundDamaged(damage.what) from damage


def _fingerprint(
    reading: str,
    before: SnapshotVerdict | None,
    previous: tuple[Snapshot, SnapshotVerdict] | None,
) -> str:
    """One hash over all that a verdict depends on, beside the snapshot itself."""
    compared = [previous[0].sha256, previous[1].fingerprint] if previous else []
    return one_hash(reading, before.fingerprint if before else "", *compared)


def read_state(config: Config, source: Source) -> SourceState:
    """The stored verdicts of a source, without snapshots that have none yet. Nothing is written."""
    stored = (
        _stored(config, snapshot)
        for snapshot in snapshots(config.raw, source.name, config.known_until)
    )
    return _state(config, source, filter(None, stored))


def _state(config: Config, source: Source, verdicts: Iterable[SnapshotVerdict]) -> SourceState:
    excluded = excluded_snapshots(config.raw, source.name, config.known_until)
    fault = source.fault or fault_of_corrections(config, source)
    return SourceState(source=source, verdicts=tuple(verdicts), excluded=excluded, fault=fault)


def last_accepted(verdicts: Iterable[SnapshotVerdict]) -> SnapshotVerdict | None:
    """The last of the verdicts that accepts its snapshot."""
    accepted = [verdict for verdict in verdicts if verdict.is_accepted]
    return accepted[-1] if accepted else None


# --- judging --------------------------------------------------------------------------------------


def _usable(
    config: Config, snapshot: Snapshot, fingerprint: str, rotation: Rotation
) -> SnapshotVerdict | None:
    """The stored verdict under this reading, where its tables are what was written; else None.

    Tables and archived bytes are hashed where that is due. Raises `SnapshotDamaged`.
    """
    verdict = _stored(config, snapshot)
    if verdict is None or verdict.fingerprint != fingerprint:
        return None
    if not rotation.is_due(snapshot.name, _folders(config, snapshot)):
        return verdict
    if problem := next(faults_of_tables(config, verdict), None):
        LOG.warning(
            "%s: snapshot %s is read again from raw: %s",
            snapshot.source_name,
            snapshot.name,
            problem,
        )
        return None
    verify(snapshot)
    rotation.hashed(snapshot.name, _folders(config, snapshot))
    return verdict


def _judged(reading: Reading) -> SnapshotVerdict:
    """The verdict on a snapshot that is read in a process of its own; a refusal where that dies."""
    config, source, snapshot = reading.config, reading.source, reading.snapshot
    folder = _folder(config, source.name, snapshot.name)
    outcome = child.read_apart(reading.model_dump_json())
    if outcome.kind == "verdict":
        put_in_place(folder)
        return SnapshotVerdict.model_validate_json(outcome.text)
    if outcome.kind == "failed":
        raise PllError(
            f"The snapshot {snapshot.name} of {source.name} could not be read on this machine:"
            f" {outcome.text}",
            where=str(folder),
            do="see that the disk has room and can be written to, then run again",
        )
    if outcome.kind == "damaged":
        verify(snapshot)  # raises with the file that is damaged
    return _refused(config, snapshot, reading.fingerprint, _reason(outcome, snapshot))


def _reason(outcome: Outcome, snapshot: Snapshot) -> str:
    if outcome.kind != "died":
        return outcome.text
    what = f"The snapshot could not be read: the process that read it died, as {outcome.text}"
    where = f"{snapshot.source_name}/{snapshot.name}"
    return PllError(what, where=where, do=_DIED_DO).paragraph()


def _refused(config: Config, snapshot: Snapshot, fingerprint: str, reason: str) -> SnapshotVerdict:
    """Store a refusal without rows."""
    verdict = verdict_on(snapshot, fingerprint, is_accepted=False, reason=reason)
    folder = _folder(config, snapshot.source_name, snapshot.name)
    stored = store(verdict, no_rows(), unfinished_folder(folder))
    put_in_place(folder)
    return stored


def no_rows() -> dict[str, pl.DataFrame]:
    """The tables of a snapshot of which nothing could be read."""
    return {table: pl.DataFrame(schema=schema) for table, schema in FRAMES.items()}


# --- what is stored -------------------------------------------------------------------------------


def _folder(config: Config, source_name: str, snapshot_name: str) -> Path:
    return config.validated / source_name / snapshot_name


def verdict_on(
    snapshot: Snapshot, fingerprint: str, *, is_accepted: bool, reason: str | None, **more: Any
) -> SnapshotVerdict:
    """A verdict on a snapshot, without its tables."""
    return SnapshotVerdict(
        source_name=snapshot.source_name,
        snapshot_name=snapshot.name,
        taken_at=snapshot.taken_at,
        sha256=snapshot.sha256,
        fingerprint=fingerprint,
        is_accepted=is_accepted,
        reason=reason,
        **more,
    )


def store(
    verdict: SnapshotVerdict, frames: Mapping[str, pl.DataFrame], folder: Path
) -> SnapshotVerdict:
    """Write a verdict and its tables into a folder; returns the verdict with them."""
    tables = {}
    for table, frame in frames.items():
        buffer = io.BytesIO()
        frame.write_parquet(buffer)
        content = buffer.getvalue()
        write_bytes(content, folder / f"{table}.parquet")
        tables[table] = StoredTable(sha256=_hash(content), row_count=frame.height)
    counts = {f"{table}_count": tables[table].row_count for table in _COUNTED}
    verdict = verdict.model_copy(update={"tables": tables, **counts})
    fields = verdict.model_dump(mode="json")
    # last, so that a verdict never exists without its tables
    write_json({"sha256": _hash_of_fields(fields), "verdict": fields}, folder / _VERDICT)
    return verdict


def _stored(config: Config, snapshot: Snapshot) -> SnapshotVerdict | None:
    """The stored verdict of a snapshot; None where none is whole and about these bytes."""
    path = _folder(config, snapshot.source_name, snapshot.name) / _VERDICT
    try:
        written = json.loads(path.read_text(encoding="utf-8"))
        fields = written["verdict"]
        if written["sha256"] != _hash_of_fields(fields):
            return None
        verdict = SnapshotVerdict.model_validate(fields)
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return verdict if verdict.sha256 == snapshot.sha256 else None


def faults_of_tables(config: Config, verdict: SnapshotVerdict) -> Iterator[str]:
    """Each table of a snapshot that is not what was written, in a sentence's words."""
    for table in FRAMES:
        try:
            bytes_of_table(config, verdict, table)
        except TablesDamaged as damage:
            yield damage.what


def stored_faults(config: Config, source: Source) -> Iterator[tuple[Path, str]]:
    """Where something stored of a source is not what was written, and what is wrong with it.

    A snapshot that was not read yet is no fault.
    """
    for snapshot in snapshots(config.raw, source.name, config.known_until):
        folder = _folder(config, source.name, snapshot.name)
        verdict = _stored(config, snapshot)
        if verdict is None and folder.exists():
            yield folder / _VERDICT, "the verdict is missing or is not what was written"
        for fault in faults_of_tables(config, verdict) if verdict else ():
            yield folder, fault


def bytes_of_table(config: Config, verdict: SnapshotVerdict, table: str) -> bytes:
    """The file of a stored table. Raises `TablesDamaged` where it is not what was written."""
    folder = _folder(config, verdict.source_name, verdict.snapshot_name)
    path = folder / f"{table}.parquet"
    stored = verdict.tables.get(table)
    try:
        content = path.read_bytes()
    except OSError:
        content = None
    if content is not None and stored is not None and _hash(content) == stored.sha256:
        return content
    raise TablesDamaged(
        f"{path.name} is missing" if content is None else f"{path.name} is not what was written",
        where=str(path),
        do="run `pll run`, which reads the snapshot again from raw",
    )


def _hash(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _hash_of_fields(fields: Mapping[str, Any]) -> str:
    return _hash(json.dumps(fields, sort_keys=True).encode())
