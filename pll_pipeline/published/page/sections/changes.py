"""What has changed since the release before? And which published figures were changed later.

Not here: every change in tables, rows and values (the release's `difference.md`).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from pll_pipeline.published.page.data import PageData
from pll_pipeline.published.page.page_texts import PageTexts
from pll_pipeline.published.page.parts import Note, Part, Section, Table, table_of
from pll_pipeline.published.page.previous_release import PreviousRelease
from pll_pipeline.published.page.rows import Row
from pll_pipeline.published.page.sections import page_texts_changed


def section(data: PageData, texts: PageTexts) -> Section:
    """What is new since the release before, and what publishers changed later."""
    parts = [
        *_since_previous(data, texts),
        *page_texts_changed.parts(data, texts),
        *_drift(data, texts),
        *_revisions(data, texts),
    ]
    return Section("changes", texts.get("changes"), (), tuple(parts))


def _since_previous(data: PageData, texts: PageTexts) -> list[Part]:
    """Which release this one is compared with, and the newest share of each service in both."""
    previous = data.previous
    if previous is None:
        key = "changes_first" if data.is_first_release else "changes_unreadable"
        return [Note(texts.get(key))]
    compared = texts.get(
        "changes_since", release=previous.release_id, built=texts.format.time(previous.built_at)
    )
    note = Note(f"{compared} {texts.get('changes_all')}")
    return [note, _share_table(data["series"], previous, texts)] if data["series"] else [note]


def _share_table(series: Sequence[Row], previous: PreviousRelease, texts: PageTexts) -> Table:
    heads = [
        (texts.get("service"), "text"),
        (texts.get("changes_before"), "number"),
        (texts.get("changes_now"), "number"),
        (texts.get("changes_kind"), "text"),
    ]
    rows = (_share_row(row, previous, texts) for row in series)
    return table_of(texts.get("changes_figures"), heads, rows)


def _share_row(series: Row, previous: PreviousRelease, texts: PageTexts) -> list[str]:
    measure, actor_type = series["measure_code"], series["actor_type_code"]
    before = previous.newest_shares.get((measure, actor_type))
    now = (series["month"], series["adoption_share"])
    return [
        texts.service(series["service_code"]) + texts.in_brackets(actor_type),
        _share_in_month(*before, texts) if before else "–",
        _share_in_month(*now, texts),
        texts.get(_change(before, now)),
    ]


def _share_in_month(month: date, share: float, texts: PageTexts) -> str:
    return f"{texts.format.share(share)} ({texts.format.month_short(month)})"


def _change(before: tuple[date, float] | None, now: tuple[date, float]) -> str:
    """The key of the text that says how the newest share has changed."""
    if before is None:
        return "changes_new"
    if before[0] != now[0]:
        return "changes_new_month"
    return "changes_same" if before == now else "changes_corrected"


def _drift(data: PageData, texts: PageTexts) -> list[Part]:
    """How the snapshots of sources differ from those before them."""
    rows = [
        [texts.source(source["source_name"]), change]
        for source in data.release.inputs.drift
        for change in source["changes"]
    ]
    heads = [(texts.get("fresh_source"), "text"), (texts.get("changes_kind"), "text")]
    return [table_of(texts.get("drift_table"), heads, rows)] if rows else []


def _revisions(data: PageData, texts: PageTexts) -> list[Part]:
    """How many published figures were changed later, and the newest of the changes."""
    counts = data["revision_count"]
    if not counts:
        return [Note(texts.get("revisions_none"))]
    heads = [
        (texts.get("revisions_kind"), "text"),
        (texts.get("revisions_changes"), "number"),
        (texts.get("revisions_since"), "number"),
    ]
    rows = (
        [
            texts.get(f"kind_{row['change_kind']}"),
            texts.format.number(row["change_count"]),
            texts.format.number(row["since_previous_count"]),
        ]
        for row in counts
    )
    table = table_of(texts.get("revisions_counts"), heads, rows)
    return [table, _revision_table(data["revision"], texts)]


def _revision_table(revisions: Sequence[Row], texts: PageTexts) -> Table:
    heads = [
        (texts.get("measure"), "text"),
        (texts.get("region"), "text"),
        (texts.get("period"), "text"),
        (texts.get("revisions_kind"), "text"),
        (texts.get("before"), "number"),
        (texts.get("after"), "number"),
        (texts.get("revisions_when"), "text"),
    ]
    rows = (
        [
            texts.series(row["measure_code"], row["actor_type_code"]),
            row["region_name"],
            texts.format.period(row["period_grain"], row["period_start"], row["period_end"]),
            texts.get(f"kind_{row['change_kind']}"),
            _value(row["value_before"], row["unit"], texts),
            _value(row["value_after"], row["unit"], texts),
            texts.format.day(row["changed_at"].date()),
        ]
        for row in revisions
    )
    return table_of(texts.get("revisions_newest"), heads, rows)


def _value(value: float | None, unit: str, texts: PageTexts) -> str:
    return "–" if value is None else texts.format.value(value, unit)
