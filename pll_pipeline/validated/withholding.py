"""Figures that earlier snapshots showed, of cells that their publisher withholds now.

Publishers withhold later because they found that a person could be recognised. So the rows of
earlier snapshots are marked, and dbt publishes that they changed, not what they were. What is
withheld is known by the newest snapshots there are, also for a warehouse as of an earlier day.
Not here: what a marked row shows (`fct_observation_revision.sql`), the bytes, which stay in raw.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import polars as pl

from pll_pipeline.config import Config
from pll_pipeline.errors import PllError
from pll_pipeline.raw.archive import snapshots
from pll_pipeline.sources.model import Source
from pll_pipeline.validated.change_log import observations_of
from pll_pipeline.validated.verdicts import SourceState, read_state

COLUMN = "is_withheld"
_CELL = (
    *("source_name", "measure_code", "region_key", "actor_type_code"),
    *("period_start", "period_end", "period_grain"),
)
_SUPPRESSED = pl.col("status") == "suppressed"


def withheld_cells(
    config: Config, states: Iterable[SourceState], figures: pl.DataFrame
) -> pl.DataFrame:
    """The cells that were suppressed by their last statement.

    `figures` has one row per revision, as it was last stated. Raises `PllError` where a snapshot
    after the day of the warehouse was never judged.
    """
    statements = (figures, *_later(config, states))
    stated = pl.concat([rows.select(*_CELL, "snapshot_at", "status") for rows in statements])
    ever_suppressed = stated.filter(_SUPPRESSED).select(_CELL).unique()
    return (
        stated.join(ever_suppressed, on=_CELL, how="semi", nulls_equal=True)
        .sort("snapshot_at")
        .group_by(_CELL)
        .agg(pl.col("status").last())
        .filter(_SUPPRESSED)
        .select(_CELL)
    )


def marked(figures: pl.DataFrame, withheld: pl.DataFrame) -> pl.DataFrame:
    """The rows with `is_withheld`: whether they show what was suppressed the last time."""
    joined = figures.join(
        withheld.with_columns(pl.lit(True).alias(COLUMN)),
        on=_CELL,
        how="left",
        nulls_equal=True,
        maintain_order="left",
    )
    return joined.with_columns(pl.col(COLUMN).fill_null(False) & ~_SUPPRESSED)


def _later(config: Config, states: Iterable[SourceState]) -> Iterator[pl.DataFrame]:
    """What the snapshots say that a warehouse of an earlier day leaves out."""
    if config.known_until is None:
        return
    today = config.today()
    for state in states:
        _require_judged(today, state.source)
        yield from observations_of(today, [read_state(today, state.source)])


def _require_judged(today: Config, source: Source) -> None:
    judged = {verdict.snapshot_name for verdict in read_state(today, source).verdicts}
    for snapshot in snapshots(today.raw, source.name, None):
        if snapshot.name not in judged:
            raise PllError(
                f"The snapshot {snapshot.name} of {source.name} was never judged, so what its "
                "publisher withholds now is not known",
                where=str(snapshot.folder),
                do="run `pll run` first, then `pll rebuild --as-of` again",
            )
