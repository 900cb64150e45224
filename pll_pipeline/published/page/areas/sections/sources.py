"""Where are the figures from, and how old are they? The sources, and when each was read.

Not here: everything about a source (the page of the country).
"""

from __future__ import annotations

from datetime import datetime

from pll_pipeline.published.page.areas.area_texts import AreaTexts
from pll_pipeline.published.page.areas.data import AreaData
from pll_pipeline.published.page.areas.parts import Section
from pll_pipeline.published.page.parts import Cell, table_of
from pll_pipeline.published.page.rows import distinct, where

_TABLES = ("area_figure", "area_other_figure", "area_curve", "area_rank", "area_milestone")


def section(key: str, data: AreaData, texts: AreaTexts) -> Section:
    """The sources of the rows about an area, with their publisher, licence and newest reading."""
    names = dict.fromkeys(
        name for table in _TABLES for name in distinct(data.of(table, key), "source_name")
    )
    names |= dict.fromkeys(distinct(data.page["area_readiness_source"], "source_name"))
    heads = [
        (texts.get("fresh_source"), "text"),
        (texts.get("owner"), "text"),
        (texts.get("fresh_newest"), "text"),
        (texts.get("fresh_read"), "text"),
        (texts.get("fresh_state"), "text"),
    ]
    table = table_of(
        texts.get("area_sources_table"), heads, (_row(name, data, texts) for name in names)
    )
    return Section("sources", texts.get("area_sources"), (texts.get("area_cite"),), (table,))


def _row(name: str, data: AreaData, texts: AreaTexts) -> list[str | Cell]:
    source = data.page.sources.get(name, {})
    covered = where(data.page["coverage"], source_name=name)
    newest = covered[0]["newest_period_end"] if covered else None
    return [
        Cell(texts.source(name), address=source.get("landing_page") or ""),
        source.get("publisher", "–"),
        "–" if newest is None else texts.format.day(newest),
        _read_at(name, data, texts),
        _state(name, data, texts),
    ]


def _read_at(name: str, data: AreaData, texts: AreaTexts) -> str:
    times = [
        snapshot["snapshot_at"]
        for snapshot in data.page.release.inputs.snapshots
        if snapshot["source_name"] == name
    ]
    if not times:
        return texts.get("fresh_never")
    newest = max(
        time if isinstance(time, datetime) else datetime.fromisoformat(time) for time in times
    )
    return texts.format.time(newest)


def _state(name: str, data: AreaData, texts: AreaTexts) -> str:
    stale = [
        source for source in data.page.release.inputs.stale_sources if source["source_name"] == name
    ]
    return texts.get("fresh_stale", reason=stale[0]["reason"]) if stale else texts.get("fresh_ok")
