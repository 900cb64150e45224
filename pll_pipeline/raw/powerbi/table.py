"""One table of a source, read out of a report page by page, and its totals; every answer verbatim.

Asked with a flat query of our own; where the report refuses that, with the query that was saved
with the visual the source names. Not here: what queries look like (`question.py`), making requests
(`conversation.py`).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pll_pipeline.errors import PllError
from pll_pipeline.raw.powerbi.conversation import Conversation, QueryRefused
from pll_pipeline.raw.powerbi.question import (
    FieldProperties,
    drops_points,
    next_page,
    table_command,
    totals_command,
)
from pll_pipeline.raw.powerbi.report import Report, Visual
from pll_pipeline.sources.model import PowerBiReport, PowerBiTable

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


@dataclass(frozen=True)
class FetchedTable:
    """A table as it is kept.

    `content` is `{"pages": [answer, …], "totals": answer}`, with the filters of a saved query as
    `filters` beside them; `asked_with` is the query and the filters saved in it, `is_whole` whether
    the report says that no row is missing.
    """

    content: bytes
    asked_with: Mapping[str, str]
    is_whole: bool


def fetch_table(
    conversation: Conversation,
    settings: PowerBiReport,
    report: Report,
    file: str,
    fields: FieldProperties,
) -> FetchedTable:
    """All pages of the table that is kept as `file`.

    Raises `PllError` for a table that never ends or has too many pages, and where the report
    refuses our query and the source names no visual whose saved query may replace it; else as
    `Conversation` does.
    """
    table = settings.tables[file]
    paging = _Paging(conversation, report, file, settings.most_pages)
    try:
        pages, is_whole = paging.read(table_command(table, fields, settings.rows_per_page))
    except QueryRefused:
        visual = _saved_visual(report, table, file, conversation.where)
        pages, is_whole = paging.read(visual.command or {}, visual.name)
        asked_with = {
            "query": f"saved with the visual {visual.name}",
            "filters": visual.filters,
        }
        return FetchedTable(_joined(pages, filters=visual.filters), asked_with, is_whole)
    totals = None
    if table.check_totals and table.values and table.groups:
        totals = _totals(conversation, report, table, file, fields)
    filters = _as_text(table)
    asked_with = {"query": "our own", "filters": filters}
    return FetchedTable(_joined(pages, totals, filters), asked_with, is_whole)


def _as_text(table: PowerBiTable) -> str:
    """The filters of the question as text, empty for none."""
    filters = [each.model_dump() for each in table.filters]
    return json.dumps(filters, ensure_ascii=False) if filters else ""


@dataclass(frozen=True)
class _Paging:
    """Reads one table page after page."""

    conversation: Conversation
    report: Report
    file: str
    most_pages: int

    def read(self, command: Mapping[str, Any], visual: str = "") -> tuple[list[bytes], bool]:
        """Every page, each from where the one before ended, and whether the last is the end."""
        pages: list[bytes] = []
        seen_tokens: set[str] = set()
        earlier_rows = None
        page_command = command
        while len(pages) < self.most_pages:
            what = f"{self.file}, page {len(pages) + 1}"
            content, shape = self.conversation.query(self.report, page_command, what, visual)
            pages.append(content)
            tokens = shape.get("RT")
            if not tokens:
                return pages, shape.get("IC") is True and not shape.get("DLEx")
            if json.dumps(tokens) in seen_tokens:
                raise self._endless("gives the same restart token again", len(pages))
            if shape.get("PH") == earlier_rows:
                raise self._endless("gives the same rows again", len(pages))
            seen_tokens.add(json.dumps(tokens))
            earlier_rows = shape.get("PH")
            page_command = next_page(page_command, tokens, where=self._where)
        raise PllError(
            f"{self.file} has more than {self.most_pages} pages",
            where=self.conversation.where,
            do="ask for less, or allow more under fetch.most_pages in the source file",
        )

    @property
    def _where(self) -> str:
        return f"{self.conversation.where}, {self.file}"

    def _endless(self, behaviour: str, pages: int) -> PllError:
        return PllError(
            f"The report {behaviour} after {pages} pages: it would never end",
            where=self._where,
            do="run again later; the newest snapshot remains in use",
        )


def _totals(
    conversation: Conversation,
    report: Report,
    table: PowerBiTable,
    file: str,
    fields: FieldProperties,
) -> bytes:
    try:
        content, _ = conversation.query(report, totals_command(table, fields), f"{file}, totals")
    except QueryRefused as refusal:
        refusal.do = "say `check_totals: false` of the table in the source file"
        refusal.args = (refusal.paragraph(),)
        raise
    return content


def _saved_visual(report: Report, table: PowerBiTable, file: str, where: str) -> Visual:
    """The visual that the source names, if its saved query can replace ours."""
    usable = {
        visual.name: visual
        for visual in report.visuals
        if visual.command and not drops_points(visual.command)
    }
    if table.visual in usable:
        return usable[table.visual]
    do = "ask the publisher for another form of the figures"
    if usable:
        do = f"name a visual that has one as `visual` of the table: {', '.join(usable)}"
    raise PllError(
        f"The report refuses our own query for {file}, and there is no saved one to fall back on",
        where=where,
        do=do,
    )


def _joined(pages: list[bytes], totals: bytes | None = None, filters: str = "") -> bytes:
    """Pages, totals and the filters of the question as one document, each answer verbatim."""
    documents = b",\n".join(page.removeprefix(_BYTE_ORDER_MARK) for page in pages)
    end = b"}\n"
    if totals:
        end = b', "totals": ' + totals.removeprefix(_BYTE_ORDER_MARK) + end
    if filters:
        end = b', "filters": ' + json.dumps(filters, ensure_ascii=False).encode() + end
    return b'{"pages": [' + documents + b"]" + end
