"""What a snapshot changed: compared once with what was in force before it.

Slowly changing dimension of type 2 (Kimball): a figure is in force from the snapshot that says it
first until one that says otherwise. A source that restates its history withdraws what it leaves
out; any other source only replaces the figures that it states again. Pure: frames in, frames out.
Not here: whether the snapshot is believed (`drift.py`), where its changes are kept (`verdicts.py`),
all changes together (`change_log.py`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import polars as pl

from pll_pipeline.validated.frames import (
    CHANGE,
    FIGURE_COLUMNS,
    KNOWN_FROM,
    OBSERVATION_KEY,
    STATED_OBSERVATION,
)

NEW, REVISED, WITHDRAWN = "new", "revised", "withdrawn"


@dataclass(frozen=True)
class Changes:
    """What one accepted snapshot changed.

    `stated` are its figures, each with the time since which it is in force as it is; `earlier` are
    the figures in force that it does not state. `log` has one row per change: a new figure as it
    is, a revised or withdrawn one as it was last stated.
    """

    stated: pl.DataFrame
    earlier: pl.DataFrame
    log: pl.DataFrame


def changes_of(
    in_force: pl.DataFrame, observations: pl.DataFrame, taken_at: datetime, *, restates: bool
) -> Changes:
    """Compare the figures of a snapshot with those in force before it.

    `in_force` and `observations` have at most one row per key. With `restates` a figure that is not
    among the observations is withdrawn.
    """
    key = list(OBSERVATION_KEY)
    former = in_force.select(
        *key, KNOWN_FROM, *(pl.col(column).alias(f"{column}_former") for column in FIGURE_COLUMNS)
    )
    compared = observations.join(
        former, on=key, how="left", nulls_equal=True, maintain_order="left"
    )
    is_new = pl.col(KNOWN_FROM).is_null()
    is_same = pl.all_horizontal(
        pl.col(column).eq_missing(pl.col(f"{column}_former")) for column in FIGURE_COLUMNS
    )
    since = pl.when(is_same).then(pl.col(KNOWN_FROM)).fill_null(taken_at)
    revised = compared.filter(~is_new & ~is_same).select(key)
    left_out = _without(in_force, observations, key)
    log = [
        _logged(compared.filter(is_new).with_columns(since.alias(KNOWN_FROM)), NEW, taken_at),
        _logged(_among(in_force, revised, key), REVISED, taken_at),
        _logged(left_out if restates else left_out.clear(), WITHDRAWN, taken_at),
    ]
    return Changes(
        stated=compared.with_columns(since.alias(KNOWN_FROM)).select(*STATED_OBSERVATION),
        earlier=left_out.clear() if restates else left_out,
        log=pl.concat(log),
    )


def still_in_force(
    before: pl.DataFrame, after: pl.DataFrame, key: Sequence[str], *, restates: bool
) -> pl.DataFrame:
    """The targets or milestones in force before a snapshot that it neither states nor ends."""
    return before.clear() if restates else _without(before, after, key)


def revisions(in_force: pl.DataFrame, ended: pl.DataFrame) -> pl.DataFrame:
    """One row per revision of a figure: those in force, then those of the log that ended.

    `revision_number` is 1 for the first statement of a figure; `known_to` and `ended_by` are
    null where it is in force. Both frames may have the rows of several sources.
    """
    key = ["source_name", *OBSERVATION_KEY]
    number = pl.int_range(1, pl.len() + 1).over(key, order_by=KNOWN_FROM)
    ended = ended.rename({"changed_at": "known_to", "change": "ended_by"})
    ended = ended.with_columns(number.cast(pl.Int32).alias("revision_number"))
    count = ended.group_by(key).agg((pl.len() + 1).cast(pl.Int32).alias("revision_number"))
    in_force = in_force.join(count, on=key, how="left", nulls_equal=True, maintain_order="left")
    in_force = in_force.with_columns(
        pl.col("revision_number").fill_null(1),
        pl.lit(None, CHANGE["changed_at"]).alias("known_to"),
        pl.lit(None, pl.String).alias("ended_by"),
    )
    return pl.concat([in_force, ended.select(in_force.columns)])


def _logged(rows: pl.DataFrame, change: str, changed_at: datetime) -> pl.DataFrame:
    return rows.with_columns(
        pl.lit(change).alias("change"), pl.lit(changed_at, CHANGE["changed_at"]).alias("changed_at")
    ).select(*CHANGE)


def _without(rows: pl.DataFrame, others: pl.DataFrame, key: Sequence[str]) -> pl.DataFrame:
    return rows.join(others, on=key, how="anti", nulls_equal=True, maintain_order="left")


def _among(rows: pl.DataFrame, others: pl.DataFrame, key: Sequence[str]) -> pl.DataFrame:
    return rows.join(others, on=key, how="semi", nulls_equal=True, maintain_order="left")
