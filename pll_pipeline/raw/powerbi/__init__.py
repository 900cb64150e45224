"""A Power BI report published to the web: from its view address to whole answers, asked politely and kept verbatim.

Kept are, per table of the source, `{"pages": [answer, …], "totals": answer}`, the report's metadata and its schema; the
key to the report goes to the report's own hosts only, and into no file. The interface is documented by nobody; what is
known of it is tested against real answers. The rooms: `address` finds whom to ask, `conversation` asks, `report` reads what
a report says of itself, `question` makes queries, `answer` and `table` see them through. Not here: decoding
(`readers/powerbi`), connections (`http.py`).
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from pll_pipeline.raw.archive import Snapshot, keep, newest_snapshot, verify
from pll_pipeline.raw.http.client import Client
from pll_pipeline.raw.http.failures import NotAnswered
from pll_pipeline.raw.powerbi.conversation import Conversation
from pll_pipeline.raw.powerbi.question import resolved
from pll_pipeline.raw.powerbi.report import Property, Report, read_metadata, read_schema
from pll_pipeline.raw.powerbi.table import read_out
from pll_pipeline.sources.model import PowerBiReport, Source

METADATA, SCHEMA = "metadata.json", "schema.json"


def fetch(
    source: Source, how: PowerBiReport, raw: Path, *, sleep: Callable[[float], None] = time.sleep
) -> tuple[Snapshot, bool]:
    """The newest snapshot after asking the report, and whether it is new.

    Where neither its data were refreshed nor what is asked has changed, no data are asked for; an answer that was not whole
    is kept, for the reader to refuse, and asked for again the next time. Raises `PllError` for a report that is withdrawn,
    fields that are gone, renamed, hidden or of another type, and answers that are errors or never end; `NotAnswered` when
    the report may answer another time.
    """
    newest = newest_snapshot(raw, source.name)
    known = newest.origin if newest else {}
    with Client(how, sleep=sleep) as client:
        talk = Conversation(client, how, source.name, sleep)
        for _ in range(2):
            metadata = talk.metadata()
            report = read_metadata(metadata, where=source.name)
            asked = _hash_of_question(how, report)
            if newest and _is_unchanged(known, report, asked):
                verify(newest)
                return newest, False
            schema = talk.schema(report)
            fields = resolved(
                how,
                report,
                read_schema(schema, report.model_id, where=source.name),
                known.get("fields", {}),
                where=source.name,
            )
            tables = {file: read_out(talk, how, report, file, fields) for file in how.tables}
            if (
                read_metadata(talk.metadata(), where=source.name).last_refresh
                == report.last_refresh
            ):
                break
        else:
            raise NotAnswered(
                "The report is being refreshed while it is read",
                where=source.name,
                do="run again in an hour",
            )
    files = {METADATA: metadata, SCHEMA: schema} | {
        file: table.content for file, table in tables.items()
    }
    origin = {
        "method": "powerbi",
        "asked": asked,
        "last_refresh": report.last_refresh,
        "title": report.title,
        "layout": report.layout,
        "is_whole": all(table.is_whole for table in tables.values()),
        "fields": fields,
        "asked_with": {file: table.asked_with for file, table in tables.items()},
        "requests": talk.records,
    }
    return keep(
        raw,
        source.name,
        {name: talk.without_key(content) for name, content in files.items()},
        origin,
    )


def look(how: PowerBiReport) -> tuple[Report, tuple[Property, ...]]:
    """What the report says of itself: pages, visuals, fields. No data are asked for. Raises as `fetch` does."""
    with Client(how) as client:
        return _look(Conversation(client, how, "the report", time.sleep))


def sample(how: PowerBiReport) -> dict[str, bytes]:
    """The tables of `how` as `fetch` would keep them, for looking only. Raises as `fetch` does."""
    with Client(how) as client:
        talk = Conversation(client, how, "the report", time.sleep)
        report, properties = _look(talk)
        fields = resolved(how, report, properties, {}, where=talk.where)
        return {file: read_out(talk, how, report, file, fields).content for file in how.tables}


def _look(talk: Conversation) -> tuple[Report, tuple[Property, ...]]:
    report = read_metadata(talk.metadata(), where=talk.where)
    return report, read_schema(talk.schema(report), report.model_id, where=talk.where)


def _hash_of_question(how: PowerBiReport, report: Report) -> str:
    """A hash of what is asked of which report: as long as it is the same, only fresh data can bring another answer."""
    question = report.report_id + how.model_dump_json(
        include={"tables", "rows_per_page", "allow_unseen_fields"}
    )
    return hashlib.sha256(question.encode()).hexdigest()


def _is_unchanged(known: Mapping[str, Any], report: Report, asked: str) -> bool:
    """Whether the snapshot of that origin is whole and what would be asked for again. A report that does not say how fresh it is may always have changed."""
    return bool(report.last_refresh and known.get("is_whole")) and (
        known.get("last_refresh"),
        known.get("asked"),
    ) == (report.last_refresh, asked)
