"""The change log of a source: what its accepted snapshots changed, and what is in force now.

Each accepted snapshot has its part, `change.parquet` beside its verdict, which names hash and
number of rows; the parts in order of time are the log. A part follows from the snapshots before it:
the fingerprint of a verdict covers theirs, so the log is made again from where it was changed. The
log as of an earlier day is the parts until then. Not here: how a snapshot is compared
(`changes.py`), the tables that dbt reads (`gathering.py`).
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator

import polars as pl

from pll_pipeline.config import Config
from pll_pipeline.validated.changes import NEW
from pll_pipeline.validated.frames import CHANGE
from pll_pipeline.validated.verdicts import FRAMES, SnapshotVerdict, SourceState, bytes_of_table

# What the snapshot in use says, and what earlier ones stated that is in force still.
IN_FORCE = {
    "observation": ("observation", "earlier_observation"),
    "target": ("target", "earlier_target"),
    "milestone": ("milestone", "earlier_milestone"),
}


def in_force(config: Config, verdict: SnapshotVerdict, table: str) -> pl.DataFrame:
    """The figures, targets or milestones in force after an accepted snapshot.

    Raises `TablesDamaged` for a stored table that is not what was written.
    """
    frames = (stored_table(config, verdict, stored) for stored in IN_FORCE[table])
    return pl.concat([pl.DataFrame(schema=FRAMES[table]), *frames])


def ended(config: Config, state: SourceState) -> pl.DataFrame:
    """The rows of a source's log that were revised or withdrawn, as they were last stated.

    Raises `TablesDamaged` for a part of the log that is not what was written.
    """
    parts = (_ended_by(config, verdict) for verdict in state.verdicts if verdict.is_accepted)
    return pl.concat([pl.DataFrame(schema=CHANGE), *parts])


def stored_table(config: Config, verdict: SnapshotVerdict, table: str) -> pl.DataFrame:
    """One stored table of a snapshot. Raises `TablesDamaged` as above."""
    return pl.read_parquet(io.BytesIO(bytes_of_table(config, verdict, table)))


def observations_of(config: Config, states: Iterable[SourceState]) -> Iterator[pl.DataFrame]:
    """Every revision of each figure, in force or ended, by source."""
    for state in states:
        yield ended(config, state)
        if state.in_use:
            yield in_force(config, state.in_use, "observation")


def _ended_by(config: Config, verdict: SnapshotVerdict) -> pl.DataFrame:
    return stored_table(config, verdict, "change").filter(pl.col("change") != NEW)
