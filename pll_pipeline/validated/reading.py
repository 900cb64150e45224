"""Reading one snapshot: its bytes read and judged, its rows written beside the verdict.

Done in a process of its own (`child.py`), as what a publisher sends may hang or kill it. Not here:
when it is done (`verdicts.py`), the rules (`rules.py`), the mapping (`mapping.py`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime

import polars as pl

from pll_pipeline.config import Config
from pll_pipeline.errors import PllError
from pll_pipeline.raw.archive import Snapshot
from pll_pipeline.sources.model import Source
from pll_pipeline.validated.change_log import IN_FORCE, in_force, stored_table
from pll_pipeline.validated.changes import changes_of, still_in_force
from pll_pipeline.validated.corrections import Correction, corrections_of
from pll_pipeline.validated.drift import Drift, compare
from pll_pipeline.validated.frames import (
    KNOWN_FROM,
    MILESTONE_KEY,
    QUARANTINE,
    TARGET_KEY,
    TIME,
)
from pll_pipeline.validated.judging import JudgedContents, judge_contents
from pll_pipeline.validated.page_changes import Earlier, PageText, may_show_gone, page_text
from pll_pipeline.validated.readers.table import NotRead
from pll_pipeline.validated.verdicts import (
    FRAMES,
    Reading,
    SnapshotVerdict,
    last_accepted,
    no_rows,
    read_state,
    store,
    verdict_on,
)
from pll_pipeline.vocabulary.codes import load_codes


def read_snapshot(reading: Reading) -> SnapshotVerdict:
    """Read and judge one snapshot, and write its verdict and tables.

    Raises `PllError` for a publication that cannot be read, `SnapshotDamaged` for other bytes than
    were archived, `TablesDamaged` for stored tables of `before` that were changed meanwhile.
    """
    source, snapshot = reading.source, reading.snapshot
    contents = _contents(source, snapshot)
    text = _page_text(reading, contents)
    try:
        judged = judge_contents(
            source,
            contents,
            corrections_of(reading.config, source),
            load_codes(reading.config.seeds),
            snapshot.taken_at,
            f"{source.name}/{snapshot.name}",
        )
    except PllError as error:
        if text is None:
            raise
        return _refuse(reading, error.paragraph(), text)
    return _decide(reading, judged, text)


def _page_text(reading: Reading, contents: Mapping[str, bytes]) -> PageText | None:
    """How the text of the snapshot differs from that of the one before it."""
    previous, text = reading.previous, reading.previous_text
    earlier = None
    if previous is not None and text is not None:
        before = {file.name: previous.read(file.name) for file in previous.files}
        earlier = Earlier(contents=before, taken_at=previous.taken_at, text=text)
    return page_text(reading.source, contents, reading.snapshot.taken_at, earlier)


def _refuse(reading: Reading, reason: str, text: PageText) -> SnapshotVerdict:
    """Store the refusal of a page whose sentences cannot be read, with what changed in its text."""
    shown = text if may_show_gone(reading.source) else text.without_gone()
    verdict = verdict_on(
        reading.snapshot, reading.fingerprint, is_accepted=False, reason=reason, page_text=shown
    )
    return store(verdict, no_rows(), reading.folder)


def _contents(source: Source, snapshot: Snapshot) -> dict[str, bytes]:
    wanted = dict.fromkeys(table.file for table in source.tables)
    archived = dict.fromkeys(file.name for file in snapshot.files)
    # also files that no table is in: every archived byte is verified
    return {file: snapshot.read(file) for file in archived | wanted}


def _decide(reading: Reading, judged: JudgedContents, text: PageText | None) -> SnapshotVerdict:
    """Store the verdict of a snapshot that could be read, with its rows."""
    source, snapshot, before = reading.source, reading.snapshot, reading.before
    rows = judged.judgement.mapped
    corrected = _corrected_rows(source, snapshot, judged.corrected)
    frames = {
        "observation": rows.observations,
        "target": rows.targets,
        "milestone": rows.milestones,
        "quarantine": pl.concat([rows.quarantine, corrected]),
    }
    drift = _compared(reading.config, source, before, judged) if before else Drift((), ())
    if text and "suppressed" in rows.observations["status"]:
        text = text.without_gone()
    reason = judged.judgement.reason or _reason_of(drift, f"{source.name}/{snapshot.name}")
    verdict = verdict_on(
        snapshot,
        reading.fingerprint,
        is_accepted=reason is None,
        reason=reason,
        row_count=rows.row_count + len(judged.corrected),
        left_out_count=rows.left_out_count,
        drift=(*_move(snapshot), *drift.changes, *_changed_beside(before, rows.not_read)),
        not_read=rows.not_read,
        definitions=dict(judged.definitions),
        page_text=text,
    )
    changed = _changed(reading, frames) if verdict.is_accepted else _unchanged(frames)
    return store(verdict, frames | changed, reading.folder)


def _changed(reading: Reading, frames: Mapping[str, pl.DataFrame]) -> dict[str, pl.DataFrame]:
    """The tables of an accepted snapshot that follow from what was in force before it."""
    restates = reading.source.restates_history
    before = {
        table: in_force(reading.config, reading.before, table)
        if reading.before
        else pl.DataFrame(schema=FRAMES[table])
        for table in IN_FORCE
    }
    changes = changes_of(
        before["observation"], frames["observation"], reading.snapshot.taken_at, restates=restates
    )
    return {
        "observation": changes.stated,
        "earlier_observation": changes.earlier,
        "change": changes.log,
        **{
            f"earlier_{table}": still_in_force(before[table], frames[table], key, restates=restates)
            for table, key in (("target", TARGET_KEY), ("milestone", MILESTONE_KEY))
        },
    }


def _unchanged(frames: Mapping[str, pl.DataFrame]) -> dict[str, pl.DataFrame]:
    """The same tables of a refused snapshot, which changes nothing."""
    since = pl.lit(None, TIME).alias(KNOWN_FROM)
    stated = frames["observation"].with_columns(since)
    others = {table: rows for table, rows in no_rows().items() if table not in frames}
    return {"observation": stated, **others}


def _move(snapshot: Snapshot) -> tuple[str, ...]:
    """That the page of the source leads to another address than it did, in Norwegian."""
    place = snapshot.origin.get("found_on") or {}
    if not place.get("moved_from"):
        return ()
    return (f"flyttet: hentet fra {place['address']}, før fra {place['moved_from']}",)


def _changed_beside(before: SnapshotVerdict | None, not_read: Iterable[NotRead]) -> Iterator[str]:
    """The texts above and below a table that changed, as the filters of an export, in Norwegian."""
    if before is None:
        return
    texts_before = {(entry.what, entry.where): entry.example for entry in before.not_read}
    for entry in not_read:
        was = texts_before.get((entry.what, entry.where), entry.example)
        if was != entry.example:
            yield f"teksten utenfor tabellen er en annen: «{entry.example}», før «{was}»"


def refusal_by_drift(
    config: Config, source: Source, taken_at: datetime, judged: JudgedContents
) -> str | None:
    """Why a snapshot that is not stored would be refused beside the last accepted one before it.

    Raises `TablesDamaged` where the stored tables of that one are not what was written.
    """
    earlier = [v for v in read_state(config, source).verdicts if v.taken_at < taken_at]
    before = last_accepted(earlier)
    if before is None:
        return None
    return _reason_of(_compared(config, source, before, judged), source.name)


def _compared(
    config: Config, source: Source, before: SnapshotVerdict, judged: JudgedContents
) -> Drift:
    """The observations of a snapshot compared with those of an accepted one."""
    return compare(
        source,
        stored_table(config, before, "observation"),
        judged.judgement.mapped.observations,
        judged.refused_keys,
        before.definitions,
        judged.definitions,
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
    rows: list[Mapping[str, object]] = [
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
