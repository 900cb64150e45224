"""How fresh and how whole is it? When each source was read, how new it is, what is in quarantine.

Not here: the terms of sources (`definitions.py`).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from pll_pipeline.published.page.data import PageData
from pll_pipeline.published.page.page_texts import PageTexts
from pll_pipeline.published.page.parts import Cell, Note, Part, Section, Table, table_of
from pll_pipeline.published.page.rows import Row, where

_COUNTS = ("published", "suppressed", "missing", "quarantined")


def section(data: PageData, texts: PageTexts) -> Section:
    """When each source was read, how new it is, and what is in quarantine."""
    parts: list[Part] = [Note(_headline(data, texts)), _source_table(data, texts)]
    if data["quarantine"]:
        parts.append(_quarantine_table(data["quarantine"], texts))
    else:
        parts.append(Note(texts.get("quarantine_none")))
    return Section("fresh", texts.get("fresh"), (texts.get("fresh_intro"),), tuple(parts))


def _headline(data: PageData, texts: PageTexts) -> str:
    stale = {source["source_name"] for source in data.release.inputs.stale_sources}
    source_count, stale_count = len(stale | data.sources.keys()), len(stale)
    if stale_count:
        return texts.get("fresh_head_stale", count=stale_count, all=source_count)
    return texts.get("fresh_head_ok", count=source_count)


def _source_table(data: PageData, texts: PageTexts) -> Table:
    columns = ("source", "read", "newest", "cadence")
    heads = [
        *((texts.get(f"fresh_{column}"), "text") for column in columns),
        *((texts.get(f"fresh_{count}"), "number") for count in _COUNTS),
        (texts.get("fresh_state"), "text"),
    ]
    rows = [_source_row(name, data, texts) for name in data.sources]
    return table_of(texts.get("fresh_table"), heads, rows + _left_out_rows(data, texts))


def _left_out_rows(data: PageData, texts: PageTexts) -> list[list[str | Cell]]:
    """The sources of which nothing is in the release, with the reason."""
    empty = ["–"] * (2 + len(_COUNTS))
    return [
        [
            source["source_name"],
            texts.get("fresh_never"),
            *empty,
            texts.get("fresh_left_out", reason=source["reason"]),
        ]
        for source in data.release.inputs.stale_sources
        if source["source_name"] not in data.sources
    ]


def _source_row(name: str, data: PageData, texts: PageTexts) -> list[str | Cell]:
    source = data.sources[name]
    coverage = next(iter(where(data["coverage"], source_name=name)), None)
    newest = coverage["newest_period_end"] if coverage else None
    return [
        Cell(texts.source(name), address=source["landing_page"]),
        _read_at(name, data, texts),
        texts.format.day(newest) if newest else "–",
        texts.get(f"cadence_{source['cadence']}"),
        *(
            texts.format.number(coverage[f"{count}_count"]) if coverage else "–"
            for count in _COUNTS
        ),
        _state(name, data, texts),
    ]


def _read_at(name: str, data: PageData, texts: PageTexts) -> str:
    """When the source's snapshot was taken."""
    for snapshot in data.release.inputs.snapshots:
        if snapshot["source_name"] == name:
            return texts.format.time(datetime.fromisoformat(snapshot["snapshot_at"]))
    return texts.get("fresh_never")


def _state(name: str, data: PageData, texts: PageTexts) -> str:
    for source in data.release.inputs.stale_sources:
        if source["source_name"] == name:
            return texts.get("fresh_stale", reason=source["reason"])
    return texts.get("fresh_ok")


def _quarantine_table(quarantine: Sequence[Row], texts: PageTexts) -> Table:
    heads = [
        (texts.get("fresh_source"), "text"),
        (texts.get("quarantine_rule"), "text"),
        (texts.get("quarantine_reason"), "text"),
        (texts.get("quarantine_rows"), "number"),
    ]
    rows = (
        [
            texts.source(row["source_name"]),
            row["rule"],
            row["reason"],
            texts.format.number(row["row_count"]),
        ]
        for row in quarantine
    )
    return table_of(texts.get("quarantine_head"), heads, rows)
