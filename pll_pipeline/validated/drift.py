"""What changed in a publication since its last accepted snapshot, and whether it may be believed.

Pure: frames in, a `Drift` out. Figures that vanished and definitions that changed stop a snapshot; all else is told.
Not here: rules that hold for one snapshot alone (`validation.py`), reading or keeping files (`landing.py`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import polars as pl

from pll_pipeline.sources.model import Source
from pll_pipeline.validated.mapping import OBSERVATION_KEY

MOST_NAMED = 5
_SAID = ("value", "lower_bound", "upper_bound", "qualifier", "status")
_MEMBERS = {"measure_code": "mål", "region_key": "regioner", "actor_type_code": "aktørtyper"}
Definitions = Mapping[str, list[str]]


@dataclass(frozen=True)
class Drift:
    """`told` is for `difference.md`, in Norwegian; `stops` says why the snapshot is refused, empty when it is not."""

    told: tuple[str, ...]
    stops: tuple[str, ...]


def compare(
    source: Source,
    before: pl.DataFrame,
    after: pl.DataFrame,
    rows_aside: int,
    defined_before: Definitions,
    defined_after: Definitions,
) -> Drift:
    """Hold the observations of a snapshot against those of the last accepted one.

    `rows_aside` rows of the new snapshot are in quarantine: what they were about is not withdrawn. `defined_*` hold,
    by "file column", the distinct texts of the columns a source file names as definitions.
    """
    key = list(OBSERVATION_KEY)
    new = after.join(before, on=key, how="anti", nulls_equal=True)
    gone = before.join(after, on=key, how="anti", nulls_equal=True)
    told = [
        *_counts(new, gone, _changed(before, after, key)),
        *_members(before, after),
        *_periods(before, after),
        *_totals(before, after),
    ]
    stops = []
    withdrawn = gone.height - rows_aside
    if source.restates_history and withdrawn > source.may_withdraw * before.height:
        first = gone.sort(key).row(0, named=True)
        stops.append(
            f"{withdrawn} of {before.height} figures published before are gone, more than may_withdraw ({source.may_withdraw:.1%}) allows; "
            f"the first is {first['measure_code']} for {first['region_as_published']!r}, {first['period_start']} to {first['period_end']}"
        )
    for place in sorted(set(defined_before) & set(defined_after)):
        if defined_before[place] != defined_after[place]:
            changed = sorted(set(defined_after[place]) ^ set(defined_before[place]))
            stops.append(f"the definition in {place} changed: {_named(changed)}")
    return Drift(tuple(told), tuple(stops))


def _changed(before: pl.DataFrame, after: pl.DataFrame, key: list[str]) -> int:
    both = before.join(after, on=key, how="inner", nulls_equal=True, suffix="_after")
    return both.filter(
        pl.any_horizontal(pl.col(c).ne_missing(pl.col(f"{c}_after")) for c in _SAID)
    ).height


def _counts(new: pl.DataFrame, gone: pl.DataFrame, changed: int) -> Iterable[str]:
    counts = [
        f"{number} {word}"
        for number, word in (
            (new.height, "nye tall"),
            (gone.height, "tall borte"),
            (changed, "endrede tall"),
        )
        if number
    ]
    if counts:
        yield ", ".join(counts)


def _members(before: pl.DataFrame, after: pl.DataFrame) -> Iterable[str]:
    for column, word in _MEMBERS.items():
        was, now = set(before[column]), set(after[column])
        if now - was:
            yield f"nye {word}: {_named(now - was)}"
        if was - now:
            yield f"{word} borte: {_named(was - now)}"


def _periods(before: pl.DataFrame, after: pl.DataFrame) -> Iterable[str]:
    was, now = before["period_end"].max(), after["period_end"].max()
    if was != now:
        yield f"nyeste periode slutter {now}, før {was}"


def _totals(before: pl.DataFrame, after: pl.DataFrame) -> Iterable[str]:
    """Sums over the figures both hold: a revised history shows here, a new month does not."""
    both = before.join(
        after, on=list(OBSERVATION_KEY), how="inner", nulls_equal=True, suffix="_after"
    ).drop_nulls(["value", "value_after"])
    sums = (
        both.group_by("measure_code")
        .agg(pl.col("value", "value_after").sum())
        .filter(pl.col("value") != pl.col("value_after"))
        .sort("measure_code")
    )
    for measure, was, now in sums.iter_rows():
        yield f"sum av {measure} for de samme regionene og periodene: {now:g}, før {was:g}"


def _named(texts: Iterable[str]) -> str:
    ordered = sorted(texts)
    more = f" og {len(ordered) - MOST_NAMED} til" if len(ordered) > MOST_NAMED else ""
    return ", ".join(ordered[:MOST_NAMED]) + more
