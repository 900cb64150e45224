"""Gathering: what is in force and what was, of all sources, written to the tables that dbt reads.

Read are the snapshots in use and the change logs, so that memory does not grow with the number of
snapshots. `data/validated/<table>.parquet` are the tables; `inputs.json` beside them names the
snapshots they come from. Verdicts are read here, never reached. Not here: reading and judging
snapshots (`verdicts.py`), when it is done (`assets/`).
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from types import MappingProxyType
from typing import Any

import polars as pl

from pll_pipeline.config import Config
from pll_pipeline.errors import PllError
from pll_pipeline.validated.change_log import IN_FORCE, ended, in_force, stored_table
from pll_pipeline.validated.changes import revisions
from pll_pipeline.validated.fingerprints import one_hash
from pll_pipeline.validated.verdicts import FRAMES, SnapshotVerdict, SourceState
from pll_pipeline.validated.withholding import marked, withheld_cells
from pll_pipeline.validated.writing import write_json, write_parquet

TABLES = ("source", "snapshot", "observation", "target", "milestone", "quarantine")

_SNAPSHOT: dict[str, Any] = {
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
_DESCRIPTION = (
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


def gather(
    config: Config,
    states: Sequence[SourceState],
    published: Collection[str] = (),
    left_out: Mapping[str, str] = MappingProxyType({}),
) -> dict[str, pl.DataFrame]:
    """Write the tables of `data/validated/` that dbt reads, and return them.

    `published` are the names of the sources in the current release, `left_out` those whose files
    cannot be used, with the reason. Raises `PllError` when one of
    them has no snapshot in use (its figures would vanish from the release), and when simulated
    sources are among published ones. A new source that has none is left out. Raises `TablesDamaged`
    for a stored table that was changed since it was judged.
    """
    _require_usable(config, states, published, left_out)
    _require_any(config, states)
    _require_one_world(config, states)
    tables = {
        "source": _source_table(states),
        "snapshot": _snapshot_table(states),
        "observation": _revisions(config, states),
        "target": _in_force(config, states, "target"),
        "milestone": _in_force(config, states, "milestone"),
        "quarantine": _quarantine(config, states),
    }
    for table, frame in tables.items():
        write_parquet(frame, config.validated / f"{table}.parquet")
    return tables


def inputs_fingerprint(
    states: Iterable[SourceState], code: str, left_out: Mapping[str, str] = MappingProxyType({})
) -> str:
    """One hash over all that a release is a function of.

    That is its code, every snapshot with its verdict, the snapshots excluded from use, and the
    files of the operator that cannot be used.
    """
    states = list(states)
    excluded = (
        f"{state.source.name} {name} {because}"
        for state in states
        for name, because in state.excluded.items()
    )
    snapshots = (
        f"{v.source_name} {v.snapshot_name} {v.sha256} {v.fingerprint} {v.is_accepted}"
        for state in states
        for v in state.verdicts
    )
    faults = (f"{state.source.name} {state.fault}" for state in states if state.fault)
    unusable = (f"{name} {reason}" for name, reason in sorted(left_out.items()))
    return one_hash(code, *snapshots, *excluded, *faults, *unusable)


def write_inputs(
    config: Config,
    states: Sequence[SourceState],
    fingerprint: str,
    code: str,
    left_out: Mapping[str, str] = MappingProxyType({}),
) -> None:
    """Write `inputs.json`: what those tables were gathered from, for the release built on them.

    `fingerprint` covers all inputs, `code` the code of the release; `left_out` are the sources
    whose files cannot be used, with the reason.
    """
    in_use = [state.in_use for state in states if state.in_use]
    inputs = {
        "fingerprint": fingerprint,
        "is_simulated": any(state.source.is_simulated for state in states if state.in_use),
        "snapshots": [
            {
                "source_name": verdict.source_name,
                "snapshot_at": verdict.taken_at.isoformat(),
                "sha256": verdict.sha256,
            }
            for verdict in in_use
        ],
        "stale_sources": _stale_sources(states, left_out),
        "drift": [
            {
                "source_name": verdict.source_name,
                "snapshot_at": verdict.taken_at.isoformat(),
                "changes": list(verdict.drift),
            }
            for verdict in in_use
            if verdict.drift
        ],
        "page_texts": list(_page_texts(states)),
        "sources": [_description(state) for state in states if state.in_use],
        "code_version": f"{version('pll-pipeline')}+{code[:12]}",
    }
    write_json(inputs, _inputs_file(config))


def _page_texts(states: Iterable[SourceState]) -> Iterator[dict[str, Any]]:
    """What the newest page of each source says of its own change, also where it is refused."""
    for state in states:
        if state.in_use and state.newest and state.newest.page_text:
            yield {
                "source_name": state.source.name,
                "snapshot_at": state.newest.taken_at.isoformat(),
                **state.newest.page_text.model_dump(mode="json"),
            }


def read_inputs(config: Config) -> dict[str, Any]:
    """What `write_inputs` wrote. Raises `PllError` when nothing has been gathered yet."""
    path = _inputs_file(config)
    if not path.is_file():
        raise PllError("Nothing has been validated yet", where=str(path), do="run `pll run`")
    inputs: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return inputs


def _inputs_file(config: Config) -> Path:
    return config.validated / "inputs.json"


def _require_usable(
    config: Config,
    states: Iterable[SourceState],
    published: Collection[str],
    left_out: Mapping[str, str],
) -> None:
    """Raise `PllError` where figures of the current release would vanish from the next."""
    unusable = {
        state.source.name: state.problem
        for state in states
        if state.in_use is None and (state.newest or state.fault)
    }
    for name, reason in {**unusable, **left_out}.items():
        if name in published:
            raise PllError(
                f"No snapshot of {name} can be used, and its figures are published: {reason}",
                where=str(config.raw / name),
                do="repair the snapshot or the source file; until then the last release is current",
            )


def _require_any(config: Config, states: Iterable[SourceState]) -> None:
    if not any(state.in_use for state in states):
        raise PllError(
            "No source has a snapshot that can be used",
            where=str(config.raw),
            do="see `pll status` for the reasons; archive a snapshot or correct the source files",
        )


def _require_one_world(config: Config, states: Iterable[SourceState]) -> None:
    worlds = {state.source.is_simulated for state in states if state.verdicts}
    if len(worlds) > 1:
        raise PllError(
            "Simulated and published sources are in one register",
            where=str(config.data),
            do="keep simulated figures in a data folder of their own",
        )


def _description(state: SourceState) -> dict[str, Any]:
    described = {name: getattr(state.source, name) for name in _DESCRIPTION}
    return {"source_name": state.source.name, **described}


def _source_table(states: Iterable[SourceState]) -> pl.DataFrame:
    return pl.DataFrame([_description(state) for state in states if state.verdicts])


def _snapshot_table(states: Iterable[SourceState]) -> pl.DataFrame:
    rows = [
        verdict.model_dump()
        | {"snapshot_at": verdict.taken_at, "is_current": verdict is state.in_use}
        for state in states
        for verdict in state.verdicts
    ]
    return pl.DataFrame(rows, schema=_SNAPSHOT)


def _revisions(config: Config, states: Sequence[SourceState]) -> pl.DataFrame:
    """One row per revision of a figure, as it was last stated; `known_to` and `ended_by` are null
    where it is in force. Raises as `_in_force`.
    """
    ended_rows = [ended(config, state) for state in states]
    figures = revisions(_in_force(config, states, "observation"), pl.concat(ended_rows))
    return marked(figures, withheld_cells(config, states, figures))


def _in_force(config: Config, states: Iterable[SourceState], table: str) -> pl.DataFrame:
    """The figures, targets or milestones in force, of every source in use.

    Raises `TablesDamaged` for a stored table that is not what was written, `PllError` where the
    rows are not as many as the verdicts say.
    """
    verdicts = [state.in_use for state in states if state.in_use]
    frames = (in_force(config, verdict, table) for verdict in verdicts)
    rows = pl.concat([pl.DataFrame(schema=FRAMES[table]), *frames])
    stored = [verdict.tables[part] for verdict in verdicts for part in IN_FORCE[table]]
    _require_count(config, table, rows.height, sum(part.row_count for part in stored))
    return rows


def _quarantine(config: Config, states: Iterable[SourceState]) -> pl.DataFrame:
    """The quarantined rows of each snapshot in use, and of the newest one where it was refused."""
    verdicts: list[SnapshotVerdict] = []
    for state in states:
        verdicts += [v for v in state.verdicts if v in (state.in_use, state.newest)]
    frames = (stored_table(config, verdict, "quarantine") for verdict in verdicts)
    rows = pl.concat([pl.DataFrame(schema=FRAMES["quarantine"]), *frames])
    _require_count(config, "quarantine", rows.height, sum(v.quarantine_count for v in verdicts))
    return rows


def _require_count(config: Config, table: str, count: int, expected: int) -> None:
    if count != expected:
        raise PllError(
            f"{count} rows of {table} were gathered, and the verdicts have {expected}",
            where=str(config.validated),
            do="run `pll rebuild`, which reads every snapshot again from raw",
        )


def _stale_sources(
    states: Iterable[SourceState], left_out: Mapping[str, str]
) -> list[dict[str, Any]]:
    stale: list[dict[str, Any]] = [
        {
            "source_name": state.source.name,
            "snapshot_at": state.in_use.taken_at.isoformat() if state.in_use else None,
            "reason": state.problem,
        }
        for state in states
        if state.is_stale
    ]
    return stale + [
        {"source_name": name, "snapshot_at": None, "reason": reason}
        for name, reason in sorted(left_out.items())
    ]
