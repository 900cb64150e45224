"""A Power BI report published to the web: from its view address to whole answers, kept verbatim.

Kept are, per table of the source, `{"pages": [answer, …], "totals": answer}`, the report's metadata
and its schema. The key to the report goes to the report's own hosts only, and into no file.
Microsoft does not document the interface; what is known of it is tested against real answers.

`address` finds the host to ask, `conversation` makes the requests, `report` reads what a report
says of itself, `question` makes queries, `answer_check` and `table` follow them to the last row.
Not here: decoding (`validated/readers/powerbi/`), connections (`raw/http/`).
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pll_pipeline.raw.archive import Snapshot, keep, newest_snapshot
from pll_pipeline.raw.found_on import origin_of_place
from pll_pipeline.raw.http.client import Client
from pll_pipeline.raw.http.failures import NotAnswered
from pll_pipeline.raw.powerbi.conversation import Conversation
from pll_pipeline.raw.powerbi.question import FieldProperties, resolve_fields
from pll_pipeline.raw.powerbi.report import Property, Report, read_metadata, read_schema
from pll_pipeline.raw.powerbi.table import FetchedTable, fetch_table
from pll_pipeline.sources.model import PowerBiReport, Source

METADATA, SCHEMA = "metadata.json", "schema.json"
MOST_READINGS = 2


def fetch(
    source: Source,
    settings: PowerBiReport,
    raw: Path,
    *,
    sleep: Callable[[float], None] = time.sleep,
) -> tuple[Snapshot, bool]:
    """The newest snapshot after asking the report, and whether it is new.

    Where neither its data were refreshed nor what is asked has changed, no data are asked for. An
    answer that was not whole is kept, for the reader to refuse, and asked for again the next time.
    Raises `PllError` for a report that is withdrawn, fields that are gone, renamed, hidden or of
    another type, and answers that are errors or never end; `NotAnswered` when the report may answer
    at another time.
    """
    newest = newest_snapshot(raw, source.name)
    earlier = newest.origin if newest else {}
    found = origin_of_place(settings, newest, source.name)
    with Client(settings, sleep=sleep) as client:
        conversation = Conversation(client, settings, source.name, sleep)
        for _ in range(MOST_READINGS):
            metadata = conversation.metadata()
            report = read_metadata(metadata, where=source.name)
            question = _hash_of_question(settings, report)
            if newest and _is_unchanged(earlier, report, question):
                return newest, False
            contents = _read(conversation, settings, report, earlier.get("fields", {}))
            if _refreshed_at(conversation) == report.last_refresh:
                break
        else:
            raise _always_refreshed(source.name)
    files = {METADATA: metadata, **contents.files()}
    return keep(
        raw,
        source.name,
        {name: conversation.without_key(content) for name, content in files.items()},
        {**_origin(report, question, contents, conversation.records), **found},
    )


def look(settings: PowerBiReport) -> tuple[Report, tuple[Property, ...]]:
    """What the report says of itself: pages, visuals, fields. No data are asked for.

    Raises as `fetch` does.
    """
    with Client(settings) as client:
        return _description(Conversation(client, settings, "the report", time.sleep))


def sample(settings: PowerBiReport) -> dict[str, bytes]:
    """The tables of `settings` as `fetch` would keep them, for looking only. Raises as it does."""
    with Client(settings) as client:
        conversation = Conversation(client, settings, "the report", time.sleep)
        report = read_metadata(conversation.metadata(), where=conversation.where)
        return _read(conversation, settings, report, {}).table_contents()


@dataclass(frozen=True)
class _Contents:
    """What one reading of a report brought: its schema, the fields asked for, and the tables."""

    schema: bytes
    fields: FieldProperties
    tables: Mapping[str, FetchedTable]

    def table_contents(self) -> dict[str, bytes]:
        return {file: table.content for file, table in self.tables.items()}

    def files(self) -> dict[str, bytes]:
        return {SCHEMA: self.schema, **self.table_contents()}


def _read(
    conversation: Conversation,
    settings: PowerBiReport,
    report: Report,
    earlier_fields: FieldProperties,
) -> _Contents:
    schema = conversation.schema(report)
    properties = read_schema(schema, report.model_id, where=conversation.where)
    fields = resolve_fields(settings, report, properties, earlier_fields, where=conversation.where)
    tables = {
        file: fetch_table(conversation, settings, report, file, fields) for file in settings.tables
    }
    return _Contents(schema, fields, tables)


def _description(conversation: Conversation) -> tuple[Report, tuple[Property, ...]]:
    report = read_metadata(conversation.metadata(), where=conversation.where)
    schema = conversation.schema(report)
    return report, read_schema(schema, report.model_id, where=conversation.where)


def _refreshed_at(conversation: Conversation) -> str:
    return read_metadata(conversation.metadata(), where=conversation.where).last_refresh


def _always_refreshed(where: str) -> NotAnswered:
    return NotAnswered(
        "The report is being refreshed while it is read", where=where, do="run again in an hour"
    )


def _origin(
    report: Report, question: str, contents: _Contents, records: list[dict[str, Any]]
) -> dict[str, Any]:
    return {
        "method": "powerbi",
        "asked": question,
        "last_refresh": report.last_refresh,
        "title": report.title,
        "layout": report.layout,
        "is_whole": all(table.is_whole for table in contents.tables.values()),
        "fields": contents.fields,
        "asked_with": {file: table.asked_with for file, table in contents.tables.items()},
        "requests": records,
    }


def _hash_of_question(settings: PowerBiReport, report: Report) -> str:
    """A hash of what is asked of which report.

    As long as it is the same, only fresh data can bring another answer.
    """
    question = report.report_id + settings.model_dump_json(
        include={"tables", "rows_per_page", "allow_unseen_fields"}
    )
    return hashlib.sha256(question.encode()).hexdigest()


def _is_unchanged(earlier: Mapping[str, Any], report: Report, question: str) -> bool:
    """Whether the snapshot of that origin is whole, and what would be asked for again.

    A report that does not say how fresh its data is may have changed at any time.
    """
    if not report.last_refresh or not earlier.get("is_whole"):
        return False
    is_same_data = earlier.get("last_refresh") == report.last_refresh
    return is_same_data and earlier.get("asked") == question
