"""One table of a source, read out of a report page by page, and its totals, every answer verbatim.

Asked with a flat query of our own; where the report refuses that, with the query saved with the visual the source names.
Not here: what queries look like (`question.py`), how a report is asked (`conversation.py`).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pll_pipeline.errors import PllError
from pll_pipeline.raw.powerbi.conversation import Conversation, QueryRefused
from pll_pipeline.raw.powerbi.question import (
    Fields,
    drops_points,
    next_page,
    table_command,
    totals_command,
)
from pll_pipeline.raw.powerbi.report import Report, Visual
from pll_pipeline.sources.model import PowerBiReport, PowerBiTable

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


@dataclass(frozen=True)
class Asked:
    """A table as it is kept, `{"pages": [answer, …], "totals": answer}`; which query it answers, with which saved filters; and whether the report says it is whole."""

    content: bytes
    asked_with: Mapping[str, str]
    is_whole: bool


def read_out(
    talk: Conversation, how: PowerBiReport, report: Report, file: str, fields: Fields
) -> Asked:
    """All pages of the table kept as `file`.

    Raises `PllError` for a table that never ends or has too many pages, and where the report refuses our query and the
    source names no visual whose saved query answers for it; else as `Conversation` does.
    """
    table = how.tables[file]
    try:
        pages, is_whole = _pages(
            talk, how, report, table_command(table, fields, how.rows_per_page), file
        )
    except QueryRefused:
        visual = _fallback(report, table, file, talk.where)
        pages, is_whole = _pages(talk, how, report, visual.command or {}, file, visual.name)
        return Asked(
            _joined(pages),
            {"query": f"saved with the visual {visual.name}", "filters": visual.filters},
            is_whole,
        )
    totals = (
        _totals(talk, report, table, file, fields)
        if table.check_totals and table.values and table.groups
        else None
    )
    return Asked(_joined(pages, totals), {"query": "our own, without filters"}, is_whole)


def _pages(
    talk: Conversation,
    how: PowerBiReport,
    report: Report,
    command: Mapping[str, Any],
    file: str,
    visual: str = "",
) -> tuple[list[bytes], bool]:
    """Page after page, each from where the one before ended, until one ends without a restart token; and whether that one is the end."""
    pages: list[bytes] = []
    seen: set[str] = set()
    rows = None
    asking = command
    while len(pages) < how.most_pages:
        content, shape = talk.query(report, asking, f"{file}, page {len(pages) + 1}", visual)
        pages.append(content)
        tokens = shape.get("RT")
        if not tokens:
            return pages, shape.get("IC") is True and not shape.get("DLEx")
        circling = (
            "gives the same restart token again"
            if json.dumps(tokens) in seen
            else "gives the same rows again"
            if shape.get("PH") == rows
            else ""
        )
        if circling:
            raise PllError(
                f"The report {circling} after {len(pages)} pages: it would never end",
                where=f"{talk.where}, {file}",
                do="run again later; what is held stands",
            )
        seen.add(json.dumps(tokens))
        rows = shape.get("PH")
        asking = next_page(asking, tokens, where=f"{talk.where}, {file}")
    raise PllError(
        f"{file} has more than {how.most_pages} pages",
        where=talk.where,
        do="ask for less, or allow more under fetch.most_pages in the source file",
    )


def _totals(
    talk: Conversation, report: Report, table: PowerBiTable, file: str, fields: Fields
) -> bytes:
    try:
        return talk.query(report, totals_command(table, fields), f"{file}, totals")[0]
    except QueryRefused as refusal:
        refusal.do = "say `check_totals: false` of the table in the source file"
        raise


def _fallback(report: Report, table: PowerBiTable, file: str, where: str) -> Visual:
    """The visual the source names, if its saved query can stand in for ours."""
    able = {
        visual.name: visual
        for visual in report.visuals
        if visual.command and not drops_points(visual.command)
    }
    if table.visual in able:
        return able[table.visual]
    raise PllError(
        f"The report refuses our own query for {file}, and there is no saved one to fall back on",
        where=where,
        do=f"name a visual that has one as `visual` of the table: {', '.join(able)}"
        if able
        else "ask the publisher for another form of the figures",
    )


def _joined(pages: list[bytes], totals: bytes | None = None) -> bytes:
    texts = [page.removeprefix(_BYTE_ORDER_MARK) for page in pages]
    beside = b', "totals": ' + totals.removeprefix(_BYTE_ORDER_MARK) if totals else b""
    return b'{"pages": [' + b",\n".join(texts) + b"]" + beside + b"}\n"
