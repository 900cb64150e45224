"""The verdict store: what became of each snapshot, on disk in `data/validated/<source>/<time>/`.

`judge_source` reads and judges the snapshots that have no verdict yet under the present reading
(code, source file, codes, corrections) and writes one verdict each; `read_state` reads the
verdicts. Not here: the rules (`rules.py`), the mapping (`mapping.py`), the six tables for dbt
(`gathering.py`), orchestration (`assets/`).
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import polars as pl
from pydantic import BaseModel, ConfigDict

from pll_pipeline.config import Config
from pll_pipeline.errors import PllError
from pll_pipeline.raw.archive import (
    Snapshot,
    SnapshotDamaged,
    excluded_snapshots,
    snapshots,
    verify,
)
from pll_pipeline.sources.model import Source
from pll_pipeline.validated.corrections import Correction, read_corrections
from pll_pipeline.validated.drift import Definitions, Drift, compare
from pll_pipeline.validated.fingerprints import one_hash, reading_fingerprint
from pll_pipeline.validated.frames import MILESTONE, OBSERVATION, QUARANTINE, TARGET
from pll_pipeline.validated.judging import JudgedContents, judge_contents
from pll_pipeline.validated.readers import NotRead
from pll_pipeline.validated.writing import write_json, write_parquet, write_text
from pll_pipeline.vocabulary.codes import Codes, load_codes

FRAMES: dict[str, dict[str, Any]] = {
    "observation": OBSERVATION,
    "target": TARGET,
    "milestone": MILESTONE,
    "quarantine": QUARANTINE,
}
_VERDICT = "verdict.json"
_DEFINITIONS = "definitions.json"
# of a snapshot whose bytes were damaged: when they are whole again, it is read again
_NEVER_EQUAL = ""


class SnapshotVerdict(BaseModel):
    """What became of one snapshot, as it is stored: accepted or refused, and the number of rows.

    `fingerprint` covers the reading that led to it and the accepted snapshot it was compared with;
    `drift` is what changed since that one, in Norwegian; `not_read` is everything in the
    publication that was not read.
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


class SourceState(BaseModel):
    """The verdicts of all snapshots of one source in use, oldest first.

    `excluded` are the snapshots that an operator excluded from use: name → reason.
    """

    model_config = ConfigDict(frozen=True, defer_build=True)

    source: Source
    verdicts: tuple[SnapshotVerdict, ...]
    excluded: dict[str, str] = {}

    @property
    def newest(self) -> SnapshotVerdict | None:
        """The verdict of the newest snapshot, accepted or not."""
        return self.verdicts[-1] if self.verdicts else None

    @property
    def in_use(self) -> SnapshotVerdict | None:
        """The newest accepted snapshot: the one the figures come from."""
        return _last_accepted(self.verdicts)

    @property
    def problem(self) -> str | None:
        """Why the figures are not those of the newest snapshot; None where they are."""
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
        """True when the newest snapshot was refused or excluded, or there is none."""
        return self.problem is not None


def judge_source(config: Config, source: Source) -> tuple[SourceState, int]:
    """Judge the snapshots of a source and write their verdicts. Also returns how many were read.

    Each is compared with the last accepted one before it, so they are judged in the order they were
    taken. A snapshot that has a verdict under this reading is not read again, but its bytes are
    verified.
    """
    judging = _Judging.of(config, source)
    reading = reading_fingerprint(config, source)
    verdicts: list[SnapshotVerdict] = []
    read_count = 0
    for snapshot in snapshots(config.raw, source.name, config.known_until):
        before = _last_accepted(verdicts)
        fingerprint = one_hash(reading, before.fingerprint if before else "")
        verdict = _stored(config, snapshot)
        if verdict is not None and verdict.fingerprint == fingerprint:
            verdict = judging.verified(snapshot, verdict)
        else:
            verdict = judging.judged(snapshot, before, fingerprint)
            read_count += 1
        verdicts.append(verdict)
    return _state(config, source, verdicts), read_count


def read_state(config: Config, source: Source) -> SourceState:
    """The stored verdicts of a source, without snapshots that have none yet. Nothing is judged."""
    stored = (
        _stored(config, snapshot)
        for snapshot in snapshots(config.raw, source.name, config.known_until)
    )
    return _state(config, source, filter(None, stored))


def _state(config: Config, source: Source, verdicts: Iterable[SnapshotVerdict]) -> SourceState:
    excluded = excluded_snapshots(config.raw, source.name, config.known_until)
    return SourceState(source=source, verdicts=tuple(verdicts), excluded=excluded)


@dataclass(frozen=True)
class _Judging:
    """What is needed to judge any snapshot of one source."""

    config: Config
    source: Source
    codes: Codes
    corrections: list[Correction]

    @classmethod
    def of(cls, config: Config, source: Source) -> _Judging:
        return cls(config, source, load_codes(config.seeds), corrections_of(config, source))

    def verified(self, snapshot: Snapshot, stored: SnapshotVerdict) -> SnapshotVerdict:
        """The stored verdict where the bytes are those that were archived, else a refusal."""
        try:
            verify(snapshot)
        except SnapshotDamaged as damage:
            return self._refuse(snapshot, _NEVER_EQUAL, damage)
        return stored

    def judged(
        self, snapshot: Snapshot, before: SnapshotVerdict | None, fingerprint: str
    ) -> SnapshotVerdict:
        """Read and judge one snapshot and store the verdict, a refusal where it cannot be read."""
        try:
            reading = self._read(snapshot)
        except SnapshotDamaged as damage:
            return self._refuse(snapshot, _NEVER_EQUAL, damage)
        except PllError as error:
            return self._refuse(snapshot, fingerprint, error)
        return self._decide(snapshot, before, fingerprint, reading)

    def _read(self, snapshot: Snapshot) -> JudgedContents:
        wanted = dict.fromkeys(table.file for table in self.source.tables)
        archived = dict.fromkeys(file.name for file in snapshot.files)
        # also files that no table is in: every archived byte is verified
        contents = {file: snapshot.read(file) for file in archived | wanted}
        return judge_contents(
            self.source,
            contents,
            self.corrections,
            self.codes,
            snapshot.taken_at,
            f"{self.source.name}/{snapshot.name}",
        )

    def _refuse(self, snapshot: Snapshot, fingerprint: str, error: PllError) -> SnapshotVerdict:
        """Store a refusal without rows."""
        frames = {table: pl.DataFrame(schema=schema) for table, schema in FRAMES.items()}
        verdict = _verdict(snapshot, fingerprint, is_accepted=False, reason=error.paragraph())
        return self._store(verdict, frames, definitions={})

    def _decide(
        self,
        snapshot: Snapshot,
        before: SnapshotVerdict | None,
        fingerprint: str,
        judged: JudgedContents,
    ) -> SnapshotVerdict:
        """Store the verdict of a snapshot that could be read, with its rows."""
        rows = judged.judgement.mapped
        corrected = _corrected_rows(self.source, snapshot, judged.corrected)
        frames = {
            "observation": rows.observations,
            "target": rows.targets,
            "milestone": rows.milestones,
            "quarantine": pl.concat([rows.quarantine, corrected]),
        }
        drift = self._drift(before, frames, judged.definitions)
        where = f"{self.source.name}/{snapshot.name}"
        reason = judged.judgement.reason or _reason_of(drift, where)
        verdict = _verdict(
            snapshot,
            fingerprint,
            is_accepted=reason is None,
            reason=reason,
            row_count=rows.row_count + len(judged.corrected),
            left_out_count=rows.left_out_count,
            drift=drift.changes,
            not_read=rows.not_read,
            **{f"{table}_count": frame.height for table, frame in frames.items()},
        )
        return self._store(verdict, frames, judged.definitions)

    def _drift(
        self,
        before: SnapshotVerdict | None,
        frames: Mapping[str, pl.DataFrame],
        definitions: Definitions,
    ) -> Drift:
        """What changed since the accepted snapshot `before`; nothing where there is none."""
        if before is None:
            return Drift((), ())
        refused_rows = frames["quarantine"].n_unique("row_reference")
        observations = frames["observation"]
        return _compared(self.config, self.source, before, observations, refused_rows, definitions)

    def _store(
        self,
        verdict: SnapshotVerdict,
        frames: Mapping[str, pl.DataFrame],
        definitions: Definitions,
    ) -> SnapshotVerdict:
        folder = _folder(self.config, verdict.source_name, verdict.snapshot_name)
        shutil.rmtree(folder, ignore_errors=True)
        for table, frame in frames.items():
            write_parquet(frame, folder / f"{table}.parquet")
        write_json(definitions, folder / _DEFINITIONS)
        # last, so that a verdict never exists without its tables
        write_text(verdict.model_dump_json(indent=2), folder / _VERDICT)
        return verdict


def _last_accepted(verdicts: Iterable[SnapshotVerdict]) -> SnapshotVerdict | None:
    accepted = [verdict for verdict in verdicts if verdict.is_accepted]
    return accepted[-1] if accepted else None


def _folder(config: Config, source_name: str, snapshot_name: str) -> Path:
    return config.validated / source_name / snapshot_name


def _stored(config: Config, snapshot: Snapshot) -> SnapshotVerdict | None:
    """The stored verdict of a snapshot; None where none is readable and about these bytes."""
    path = _folder(config, snapshot.source_name, snapshot.name) / _VERDICT
    try:
        verdict = SnapshotVerdict.model_validate_json(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return None
    return verdict if verdict.sha256 == snapshot.sha256 else None


def corrections_of(config: Config, source: Source) -> list[Correction]:
    """The recorded corrections of a source, of those days that count."""
    until = config.known_until
    return [
        correction
        for correction in read_corrections(config.corrections_of(source.name))
        if until is None or correction.reported_on < until.date()
    ]


def refusal_by_drift(
    config: Config, source: Source, taken_at: datetime, judged: JudgedContents
) -> str | None:
    """Why a snapshot that is not stored would be refused beside the last accepted one before it."""
    earlier = [v for v in read_state(config, source).verdicts if v.taken_at < taken_at]
    before = _last_accepted(earlier)
    if before is None:
        return None
    rows = judged.judgement.mapped
    refused_rows = rows.quarantine.n_unique("row_reference") + len(judged.corrected)
    drift = _compared(config, source, before, rows.observations, refused_rows, judged.definitions)
    return _reason_of(drift, source.name)


def _compared(
    config: Config,
    source: Source,
    before: SnapshotVerdict,
    observations: pl.DataFrame,
    refused_rows: int,
    definitions: Definitions,
) -> Drift:
    """The observations of a snapshot compared with those of an accepted one."""
    folder = _folder(config, before.source_name, before.snapshot_name)
    return compare(
        source,
        pl.read_parquet(folder / "observation.parquet"),
        observations,
        refused_rows,
        json.loads((folder / _DEFINITIONS).read_text(encoding="utf-8")),
        definitions,
    )


def _reason_of(drift: Drift, where: str) -> str | None:
    if not drift.stops:
        return None
    what = "; ".join(drift.stops)
    do = (
        "look at the publication; if it is right, change may_withdraw or definition_columns in "
        "the source file and run again"
    )
    return PllError(what[0].upper() + what[1:], where=where, do=do).paragraph()


def _corrected_rows(
    source: Source, snapshot: Snapshot, corrected: Iterable[tuple[str, Correction]]
) -> pl.DataFrame:
    """The quarantine rows of corrections; `corrected` are pairs of row reference and correction."""
    rows = [
        {
            "source_name": source.name,
            "snapshot_at": snapshot.taken_at,
            "row_reference": row_reference,
            "rule": "recorded_correction",
            "column_name": correction.column,
            "value": correction.expect,
            "reason": correction.reason,
            "row": correction.model_dump_json(),
        }
        for row_reference, correction in corrected
    ]
    return pl.DataFrame(rows, schema=QUARANTINE)


def _verdict(
    snapshot: Snapshot, fingerprint: str, *, is_accepted: bool, reason: str | None, **counts: Any
) -> SnapshotVerdict:
    return SnapshotVerdict(
        source_name=snapshot.source_name,
        snapshot_name=snapshot.name,
        taken_at=snapshot.taken_at,
        sha256=snapshot.sha256,
        fingerprint=fingerprint,
        is_accepted=is_accepted,
        reason=reason,
        **counts,
    )
