"""A hostile file, read and judged as a night does it: in a child process, which is measured.

Not here: the files, and what is asserted of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from pll_pipeline.config import CHECKOUT, Config
from pll_pipeline.raw.archive import keep, snapshots
from pll_pipeline.validated.child import LIMITS, Limits, read_apart
from pll_pipeline.validated.verdicts import Reading, SnapshotVerdict
from tests.hostile.case import Case
from tests.unit.validated.apotek import FILE, FIVE_ROWS, SOURCE

_TAKEN_AT = datetime(2026, 11, 1, tzinfo=UTC)
_MOST_ROWS = 10**9


@dataclass(frozen=True)
class Tried:
    """What became of a file: how the reading ended, the reason of a refusal, and what it used."""

    how_it_ended: str
    reason: str
    seconds: float
    megabytes: float


def tried(case: Case, size: int, folder: Path, limits: Limits = LIMITS) -> Tried:
    """Read the file of a case, `folder` being an empty data folder."""
    table = SOURCE.tables[0].model_copy(
        update={"expected_columns": list(case.columns), "rows": (1, _MOST_ROWS)}
    )
    source = SOURCE.model_copy(update={"read": case.how, "tables": [table]})
    config = Config(data=folder, dbt_project=CHECKOUT / "dbt_project")
    keep(config.raw, source.name, {FILE: case.content(size)}, {}, _TAKEN_AT)
    (snapshot,) = snapshots(config.raw, source.name)
    (folder / "reading").mkdir()
    reading = Reading(
        config=config,
        source=source,
        snapshot=snapshot,
        before=None,
        fingerprint="",
        folder=folder / "reading",
    )
    outcome = read_apart(reading.model_dump_json(), limits)
    how_it_ended, reason = outcome.kind, outcome.text
    if outcome.kind == "verdict":
        verdict = SnapshotVerdict.model_validate_json(outcome.text)
        reason = verdict.reason or ""
        how_it_ended = "accepted" if verdict.is_accepted else "refused"
    return Tried(how_it_ended, reason, outcome.seconds, outcome.peak_bytes / 2**20)


def harmless(folder: Path) -> Tried:
    """What the reading of five rows uses: that much is no file's doing."""
    from tests.hostile.texts import CSV

    return tried(Case("harmless", CSV, lambda _: FIVE_ROWS.encode(), 1, 1, ""), 1, folder)
