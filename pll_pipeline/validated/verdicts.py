"""Validated snapshots on disk, and the six tables dbt lands on.

Each snapshot is read once under one reading (code, source file, codes, corrections) and its verdict kept in
`data/validated/<source>/<time>/`; `gather` lays what stands of all sources into `data/validated/<table>.parquet`.
Not here: rules (`validation.py`), mapping (`observations.py`), orchestration (`assets/`).
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Iterable, Mapping
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import polars as pl
from pydantic import BaseModel, ConfigDict

from pll_pipeline.config import PACKAGE, Config
from pll_pipeline.errors import PllError
from pll_pipeline.raw.archive import Snapshot, SnapshotDamaged, hash_of_files, snapshots, verify
from pll_pipeline.sources.model import Source
from pll_pipeline.validated.corrections import Correction, correct, read_corrections
from pll_pipeline.validated.drift import Definitions, Drift, compare
from pll_pipeline.validated.mapping import MILESTONE, OBSERVATION, QUARANTINE, TARGET, read_tables
from pll_pipeline.validated.readers import PublishedTable, read_table
from pll_pipeline.validated.rules import judge, refuse_unexpected
from pll_pipeline.vocabulary.codes import Codes, load_codes

FRAMES: dict[str, dict[str, Any]] = {
    "observation": OBSERVATION,
    "target": TARGET,
    "milestone": MILESTONE,
    "quarantine": QUARANTINE,
}
TABLES = ("source", "snapshot", *FRAMES)

_SNAPSHOT = {
    "source_name": pl.String,
    "snapshot_at": pl.Datetime("us", "UTC"),
    "sha256": pl.String,
    "is_accepted": pl.Boolean,
    "is_current": pl.Boolean,
    "row_count": pl.Int64,
    "observation_count": pl.Int64,
    "target_count": pl.Int64,
    "milestone_count": pl.Int64,
    "quarantine_count": pl.Int64,
    "reason": pl.String,
}
_SOURCE = (
    "name",
    "title",
    "title_en",
    "publisher",
    "landing_page",
    "licence",
    "attribution",
    "cadence",
    "restates_history",
    "is_simulated",
)
_VERDICT = "verdict.json"
_DEFINED = "definitions.json"


class SnapshotVerdict(BaseModel):
    """What became of one snapshot: accepted or refused with a reason, and how many rows ended where."""

    model_config = ConfigDict(frozen=True)

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


class SourceState(BaseModel):
    """All snapshots of one source, oldest first, with their verdicts."""

    model_config = ConfigDict(frozen=True)

    source: Source
    verdicts: tuple[SnapshotVerdict, ...]
    newly_read: int = 0

    @property
    def newest(self) -> SnapshotVerdict | None:
        return self.verdicts[-1] if self.verdicts else None

    @property
    def standing(self) -> SnapshotVerdict | None:
        """The newest accepted snapshot: the one the figures come from."""
        return next((v for v in reversed(self.verdicts) if v.is_accepted), None)

    @property
    def is_stale(self) -> bool:
        """True when the newest snapshot was refused and an earlier one stands, or none does."""
        return self.newest is not self.standing


def code_fingerprint(config: Config) -> str:
    """One hash over the package and the dbt project: figures change when either does."""
    return _one_hash(
        hash_of_files(PACKAGE.rglob("*.py"), PACKAGE),
        hash_of_files(dbt_files(config), config.dbt_project),
    )


def dbt_files(config: Config) -> list[Path]:
    """The files the dbt project consists of."""
    return [
        path
        for path in config.dbt_project.rglob("*")
        if path.suffix in (".sql", ".py", ".yml", ".csv", ".md")
    ]


def validate_source(config: Config, source: Source) -> SourceState:
    """Every snapshot of the source with its verdict; those not read yet under this reading are read now.

    Each is held against the last accepted one before it, so they are read in the order they were taken.
    """
    codes = load_codes(config.seeds)
    reading = _reading_fingerprint(config, source)
    verdicts: list[SnapshotVerdict] = []
    newly_read = 0
    for snapshot in snapshots(config.raw, source.name, config.known_until):
        before = next((v for v in reversed(verdicts) if v.is_accepted), None)
        fingerprint = _one_hash(reading, before.fingerprint if before else "")
        kept = _kept_verdict(config, snapshot, fingerprint)
        try:
            verify(snapshot)
            if kept is None:
                kept = _read_snapshot(config, source, snapshot, before, codes, fingerprint)
                newly_read += 1
        except SnapshotDamaged as damage:
            kept = _verdict(snapshot, fingerprint, reason=damage.paragraph())
        verdicts.append(kept)
    return SourceState(source=source, verdicts=tuple(verdicts), newly_read=newly_read)


def inputs_fingerprint(states: Iterable[SourceState], code: str) -> str:
    """One hash over everything the warehouse is a function of."""
    verdicts = (
        f"{v.source_name} {v.snapshot_name} {v.sha256} {v.fingerprint} {v.is_accepted}"
        for s in states
        for v in s.verdicts
    )
    return _one_hash(code, *verdicts)


def gather(config: Config, states: list[SourceState]) -> dict[str, pl.DataFrame]:
    """Write the six tables of `data/validated/` from all accepted snapshots, and return them.

    Raises `PllError` when a source that has snapshots has none that stands: its figures would vanish from the release.
    """
    for state in states:
        if state.verdicts and state.standing is None:
            raise PllError(
                f"No snapshot of {state.source.name} can be used: {state.newest.reason if state.newest else ''}",
                where=str(config.raw / state.source.name),
                do="mend the snapshot or the source file; until then the last release stands",
            )
    kinds = {state.source.is_simulated for state in states if state.verdicts}
    if len(kinds) > 1:
        raise PllError(
            "Simulated and published sources stand in one register",
            where=str(config.data),
            do="keep simulated figures in a data folder of their own",
        )
    tables = {
        "source": pl.DataFrame(
            [
                {("source_name" if k == "name" else k): getattr(s.source, k) for k in _SOURCE}
                for s in states
                if s.verdicts
            ]
        ),
        "snapshot": pl.DataFrame(
            [
                v.model_dump() | {"snapshot_at": v.taken_at, "is_current": v is s.standing}
                for s in states
                for v in s.verdicts
            ],
            schema=_SNAPSHOT,
        ),
    }
    for table, schema in FRAMES.items():
        folders = [
            config.validated / v.source_name / v.snapshot_name
            for s in states
            for v in s.verdicts
            if v.is_accepted or table == "quarantine"
        ]
        files = [f / f"{table}.parquet" for f in folders]
        tables[table] = pl.concat(
            [pl.DataFrame(schema=schema), *(pl.read_parquet(f) for f in files if f.is_file())]
        )
    for table, frame in tables.items():
        _write_parquet(frame, config.validated / f"{table}.parquet")
    return tables


def write_inputs(config: Config, states: Iterable[SourceState], fingerprint: str) -> None:
    """Keep beside the six tables what they were made of, for the release that is built from them."""
    stale = [
        {
            "source_name": s.source.name,
            "snapshot_at": s.standing.taken_at.isoformat() if s.standing else None,
            "reason": s.newest.reason if s.newest else "no snapshot",
        }
        for s in states
        if s.is_stale or s.newest is None
    ]
    standing = [s.standing for s in states if s.standing]
    inputs = {
        "fingerprint": fingerprint,
        "is_simulated": any(s.source.is_simulated for s in states if s.standing),
        "snapshots": [
            {
                "source_name": v.source_name,
                "snapshot_at": v.taken_at.isoformat(),
                "sha256": v.sha256,
            }
            for v in standing
        ],
        "stale_sources": stale,
        "drift": [
            {
                "source_name": v.source_name,
                "snapshot_at": v.taken_at.isoformat(),
                "told": list(v.drift),
            }
            for v in standing
            if v.drift
        ],
        "sources": [
            {"source_name": s.source.name, **{k: getattr(s.source, k) for k in _SOURCE[1:]}}
            for s in states
            if s.standing
        ],
        "code_version": f"{version('pll-pipeline')}+{code_fingerprint(config)[:12]}",
    }
    _replace(
        config.validated / "inputs.json",
        lambda path: path.write_text(
            json.dumps(inputs, ensure_ascii=False, indent=2), encoding="utf-8"
        ),
    )


def read_inputs(config: Config) -> dict[str, Any]:
    """What the landed tables were made of, as `write_inputs` kept it. Raises `PllError` when nothing has been landed."""
    path = config.validated / "inputs.json"
    if not path.is_file():
        raise PllError("Nothing has been validated yet", where=str(path), do="run `pll run`")
    return json.loads(path.read_text(encoding="utf-8"))


def forget(config: Config) -> None:
    """Delete everything that follows from raw: verdicts, landed tables and the build file."""
    for folder in (config.validated, config.build_file.parent):
        shutil.rmtree(folder, ignore_errors=True)


def _reading_fingerprint(config: Config, source: Source) -> str:
    code = hash_of_files(
        [
            path
            for room in ("vocabulary", "sources", "validated")
            for path in (PACKAGE / room).rglob("*.py")
        ],
        PACKAGE,
    )
    recorded = _corrections_file(config, source)
    corrections = recorded.read_text(encoding="utf-8") if recorded.is_file() else ""
    return _one_hash(
        code,
        hash_of_files(config.seeds.glob("*.csv"), config.seeds),
        source.model_dump_json(exclude={"fetch"}),
        corrections,
    )


def _one_hash(*texts: str) -> str:
    return hashlib.sha256("\0".join(texts).encode()).hexdigest()


def _corrections_file(config: Config, source: Source) -> Path:
    return config.corrections / f"{source.name}.yaml"


def _corrections(config: Config, source: Source) -> list[Correction]:
    recorded = read_corrections(_corrections_file(config, source))
    return [
        c
        for c in recorded
        if config.known_until is None or c.reported_on < config.known_until.date()
    ]


def _kept_verdict(config: Config, snapshot: Snapshot, fingerprint: str) -> SnapshotVerdict | None:
    path = config.validated / snapshot.source_name / snapshot.name / _VERDICT
    if not path.is_file():
        return None
    try:
        verdict = SnapshotVerdict.model_validate_json(path.read_text(encoding="utf-8"))
    except ValueError:
        return None
    return (
        verdict if (verdict.fingerprint, verdict.sha256) == (fingerprint, snapshot.sha256) else None
    )


def _read_snapshot(
    config: Config,
    source: Source,
    snapshot: Snapshot,
    before: SnapshotVerdict | None,
    codes: Codes,
    fingerprint: str,
) -> SnapshotVerdict:
    """Read, judge and keep one snapshot. A publication that cannot be read is refused, with the reason as verdict."""
    folder = config.validated / source.name / snapshot.name
    shutil.rmtree(folder, ignore_errors=True)
    where = f"{source.name}/{snapshot.name}"
    try:
        files = dict.fromkeys(table.file for table in source.tables)
        tables = {
            file: read_table(snapshot.read(file), source.read, where=f"{where}/{file}")
            for file in files
        }
        refuse_unexpected(source, tables, where)
        defined = _definitions(source, tables)
        tables, aside = correct(tables, _corrections(config, source), where)
        judged = judge(
            source, read_tables(source, tables, codes, snapshot.taken_at), codes, snapshot.taken_at
        )
    except SnapshotDamaged:
        raise
    except PllError as error:
        verdict = _verdict(snapshot, fingerprint, reason=error.paragraph())
        frames = {"quarantine": pl.DataFrame(schema=QUARANTINE)}
    else:
        reading = judged.reading
        quarantine = pl.concat([reading.quarantine, _set_aside(source, snapshot, aside)])
        frames = {
            "observation": reading.observations,
            "target": reading.targets,
            "milestone": reading.milestones,
            "quarantine": quarantine,
        }
        counts = {f"{name}_count": frame.height for name, frame in frames.items()}
        drift = _drift(
            config,
            source,
            before,
            reading.observations,
            quarantine.n_unique("row_reference"),
            defined,
        )
        reason = judged.reason or _why_refused(drift, where)
        verdict = _verdict(
            snapshot,
            fingerprint,
            is_accepted=reason is None,
            reason=reason,
            row_count=reading.row_count + len(aside),
            left_out_count=reading.left_out_count,
            drift=drift.told,
            **counts,
        )
        _replace(
            folder / _DEFINED,
            lambda path: path.write_text(json.dumps(defined, ensure_ascii=False), encoding="utf-8"),
        )
    for name, frame in frames.items():
        _write_parquet(frame, folder / f"{name}.parquet")
    # last, so that a verdict is never found without its tables
    _replace(
        folder / _VERDICT,
        lambda path: path.write_text(verdict.model_dump_json(indent=2), encoding="utf-8"),
    )
    return verdict


def _definitions(source: Source, tables: Mapping[str, PublishedTable]) -> dict[str, list[str]]:
    """By "file column": the distinct texts of each column the source file names as a definition."""
    return {
        f"{t.file} {c}": sorted(tables[t.file].frame[c].unique())
        for t in source.tables
        for c in t.definition_columns
    }


def _drift(
    config: Config,
    source: Source,
    before: SnapshotVerdict | None,
    observations: pl.DataFrame,
    rows_aside: int,
    defined: Definitions,
) -> Drift:
    if before is None:
        return Drift((), ())
    folder = config.validated / source.name / before.snapshot_name
    defined_before = json.loads((folder / _DEFINED).read_text(encoding="utf-8"))
    return compare(
        source,
        pl.read_parquet(folder / "observation.parquet"),
        observations,
        rows_aside,
        defined_before,
        defined,
    )


def _why_refused(drift: Drift, where: str) -> str | None:
    if not drift.stops:
        return None
    what = "; ".join(drift.stops)
    do = "look at the publication; if it is right, change may_withdraw or definition_columns in the source file and run again"
    return PllError(what[0].upper() + what[1:], where=where, do=do).paragraph()


def _set_aside(
    source: Source, snapshot: Snapshot, aside: list[tuple[str, Correction]]
) -> pl.DataFrame:
    rows = [
        {
            "source_name": source.name,
            "snapshot_at": snapshot.taken_at,
            "row_reference": reference,
            "rule": "recorded_correction",
            "column_name": c.column,
            "value": c.expect,
            "reason": c.reason,
            "row": c.model_dump_json(),
        }
        for reference, c in aside
    ]
    return pl.DataFrame(rows, schema=QUARANTINE)


def _verdict(
    snapshot: Snapshot, fingerprint: str, *, is_accepted: bool = False, **rest: Any
) -> SnapshotVerdict:
    return SnapshotVerdict(
        source_name=snapshot.source_name,
        snapshot_name=snapshot.name,
        taken_at=snapshot.taken_at,
        sha256=snapshot.sha256,
        fingerprint=fingerprint,
        is_accepted=is_accepted,
        **rest,
    )


def _write_parquet(frame: pl.DataFrame, path: Path) -> None:
    _replace(path, frame.write_parquet)


def _replace(path: Path, write: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".writing-{path.name}")
    write(beside)
    os.replace(beside, path)
