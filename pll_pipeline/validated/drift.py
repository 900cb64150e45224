"""What changed in a publication since its last accepted snapshot, and whether to believe it.

Pure: frames in, a `Drift` out. Figures that vanished and definitions that changed refuse a
snapshot; every other change is only reported. Not here: rules of one snapshot alone (`rules.py`),
reading or keeping files (`verdicts.py`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import polars as pl

from pll_pipeline.sources.model import Source
from pll_pipeline.validated.frames import FIGURE_COLUMNS, OBSERVATION_KEY

MOST_NAMED = 5
_MEMBERS = {"measure_code": "mål", "region_key": "regioner", "actor_type_code": "aktørtyper"}
Definitions = Mapping[str, list[str]]


@dataclass(frozen=True)
class Drift:
    """`changes` are for `difference.md`, in Norwegian; `stops` are the reasons to refuse."""

    changes: tuple[str, ...]
    stops: tuple[str, ...]


def compare(
    source: Source,
    before: pl.DataFrame,
    after: pl.DataFrame,
    refused_keys: Iterable[pl.DataFrame],
    defined_before: Definitions,
    defined_after: Definitions,
) -> Drift:
    """Compare the observations of a snapshot with those of the last accepted one.

    `refused_keys` are the keys of figures in quarantine, each frame with the columns of the key
    that could be read: a figure that they may be about is not withdrawn.
    `defined_*` have, by "file column", the distinct texts of the columns a source file names as
    definitions.
    """
    key = list(OBSERVATION_KEY)
    new = after.join(before, on=key, how="anti", nulls_equal=True)
    gone = before.join(after, on=key, how="anti", nulls_equal=True)
    changes = [
        *_counts(new, gone, _changed(before, after, key)),
        *_members(before, after),
        *_periods(before, after),
        *_totals(before, after),
    ]
    stops = [
        *_withdrawn(source, before.height, gone, refused_keys),
        *_redefined(defined_before, defined_after),
    ]
    return Drift(tuple(changes), tuple(stops))


def _withdrawn(
    source: Source, count_before: int, gone: pl.DataFrame, refused_keys: Iterable[pl.DataFrame]
) -> Iterable[str]:
    """More figures are gone than a publication with the whole history may lack."""
    allowed = source.may_withdraw * count_before
    if not source.restates_history or gone.height <= allowed:
        return
    withdrawn = withdrawn_keys(gone, refused_keys)
    if withdrawn.height <= allowed:
        return
    first = withdrawn.sort(OBSERVATION_KEY).row(0, named=True)
    yield (
        f"{withdrawn.height} of {count_before} figures published before are gone, more than"
        f" may_withdraw ({source.may_withdraw:.1%}) allows; the first is {first['measure_code']}"
        f" for {first['region_as_published']!r}, {first['period_start']} to {first['period_end']}"
    )


def withdrawn_keys(gone: pl.DataFrame, refused_keys: Iterable[pl.DataFrame]) -> pl.DataFrame:
    """The rows of `gone` that no figure in quarantine may be about.

    A figure in quarantine accounts for one row at most: one with the same texts in the columns of
    the key that could be read. Those of which most is known choose first.
    """
    frames = [frame for frame in refused_keys if frame.width and frame.height]
    for keys in sorted(frames, key=lambda frame: -frame.width):
        columns = keys.columns
        counts = keys.group_by(columns).agg(pl.len().alias("refused"))
        number = pl.int_range(pl.len()).over(columns)
        gone = (
            gone.sort(OBSERVATION_KEY)
            .join(counts, on=columns, how="left", nulls_equal=True, maintain_order="left")
            .filter(number >= pl.col("refused").fill_null(0))
            .drop("refused")
        )
    return gone


def _redefined(before: Definitions, after: Definitions) -> Iterable[str]:
    for column in sorted(set(before) & set(after)):
        if before[column] != after[column]:
            changed = set(after[column]) ^ set(before[column])
            yield f"the definition in {column} changed: {_named(changed)}"


def _changed(before: pl.DataFrame, after: pl.DataFrame, key: list[str]) -> int:
    both = before.join(after, on=key, how="inner", nulls_equal=True, suffix="_after")
    return both.filter(
        pl.any_horizontal(pl.col(c).ne_missing(pl.col(f"{c}_after")) for c in FIGURE_COLUMNS)
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
        yield f"nyeste periode slutter {now!s}, før {was!s}"


def _totals(before: pl.DataFrame, after: pl.DataFrame) -> Iterable[str]:
    """Sums over the figures of both: a revised history shows here, a new month does not."""
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
