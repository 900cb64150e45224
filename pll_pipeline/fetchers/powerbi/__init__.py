"""A Power BI report published to the web: from its view address to whole answers, asked politely and kept verbatim.

Kept are, per table of the source, `{"pages": [answer, …], "totals": answer}`, the report's metadata and its schema; the
key to the report goes to the report's own hosts only, and into no file. The interface is documented by nobody; what is
known of it is tested against real answers. Not here: decoding (`readers/powerbi`), how anybody is asked (`http.py`).
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

from pll_pipeline.archive import Snapshot, keep, newest_snapshot, verify
from pll_pipeline.config import PllError
from pll_pipeline.fetchers.http import Answer, Client, NotAnswered, Refused, is_web_page
from pll_pipeline.fetchers.powerbi.address import api_of, cluster_of, cluster_of_record, routing_address, token_of
from pll_pipeline.fetchers.powerbi.question import drops_points, next_page, resolved, table_command, totals_command
from pll_pipeline.fetchers.powerbi.report import Property, Report, read_metadata, read_schema
from pll_pipeline.sources.model import PowerBiReport, PowerBiTable, Source

METADATA, SCHEMA = "metadata.json", "schema.json"
_KEY = "X-PowerBI-ResourceKey"
_NOT_AUTHORISED = 401


def fetch(source: Source, raw: Path, *, sleep: Callable[[float], None] = time.sleep) -> tuple[Snapshot, bool]:
    """The newest snapshot after asking the report, and whether it is new.

    Where neither its data were refreshed nor what is asked has changed, no data are asked for; an answer that was not whole
    is kept, for the reader to refuse, and asked for again the next time. Raises `PllError` for a
    report that is withdrawn, fields that are gone, renamed, hidden or of another type, and answers that are errors or never
    end; `NotAnswered` when the report may answer another time.
    """
    how = source.fetch
    assert isinstance(how, PowerBiReport)
    newest = newest_snapshot(raw, source.name)
    known = newest.origin if newest else {}
    with Client(how, sleep=sleep) as client:
        session = _Session(client, how, source.name, sleep)
        for _ in range(2):
            metadata = session.metadata()
            report = read_metadata(metadata.content, where=source.name)
            asked = _hash(how.model_dump_json(include={"tables", "rows_per_page", "allow_unseen_fields"}))
            if newest and report.last_refresh and known.get("is_whole") and (known.get("last_refresh"), known.get("asked")) == (report.last_refresh, asked):
                verify(newest)
                return newest, False
            schema = session.schema(report)
            fields = resolved(how, report, read_schema(schema.content, report.model_id, where=source.name), known.get("fields", {}), where=source.name)
            files = {METADATA: metadata.content, SCHEMA: schema.content}
            files |= {file: session.table(report, file, table, fields) for file, table in how.tables.items()}
            if session.last_refresh() == report.last_refresh:
                break
        else:
            raise NotAnswered("The report is being refreshed while it is read", where=source.name, do="run again in an hour")
    origin = {
        "method": "powerbi", "asked": asked, "last_refresh": report.last_refresh, "title": report.title, "layout": report.layout,
        "is_whole": session.is_whole, "fields": fields, "asked_with": session.asked_with, "requests": session.records,
    }  # fmt: skip
    snapshot, is_new = keep(raw, source.name, {name: _without_key(content, session.key) for name, content in files.items()}, origin)
    return snapshot, is_new


def look(how: PowerBiReport) -> tuple[Report, tuple[Property, ...]]:
    """What the report says of itself: pages, visuals, fields. No data are asked for. Raises as `fetch` does."""
    with Client(how) as client:
        session = _Session(client, how, "the report", time.sleep)
        report = read_metadata(session.metadata().content, where=session.where)
        return report, read_schema(session.schema(report).content, report.model_id, where=session.where)


def sample(how: PowerBiReport) -> dict[str, bytes]:
    """The tables of `how` as `fetch` would keep them, for looking only. Raises as `fetch` does."""
    with Client(how) as client:
        session = _Session(client, how, "the report", time.sleep)
        report = read_metadata(session.metadata().content, where=session.where)
        schema = read_schema(session.schema(report).content, report.model_id, where=session.where)
        fields = resolved(how, report, schema, {}, where=session.where)
        return {file: session.table(report, file, table, fields) for file, table in how.tables.items()}


class _Session:
    """One conversation with one report: its API address and key, and a record of everything asked."""

    def __init__(self, client: Client, how: PowerBiReport, where: str, sleep: Callable[[float], None]) -> None:
        if how.address is None:
            raise PllError(f"{where} has no view address", do=f"run `pll sources enable {where} --address ADDRESS`")
        self._client, self._how, self.where, self._sleep = client, how, where, sleep
        self._address, token = how.address, token_of(how.address)
        self.key, self._tenant = token.key, token.tenant
        self._activity = str(uuid4())
        self.records: list[dict[str, Any]] = []
        self.asked_with: dict[str, dict[str, str]] = {}
        self.is_whole = True
        self._api = self._resolve()

    def _resolve(self) -> str:
        """The API address: as configured, else of the cluster the view page names."""
        how = self._how
        cluster = how.cluster
        if cluster is None:
            with self._untold_key():
                answer = self._client.get(self._address)
            self._record(answer, "view page")
            page = answer.content.decode("utf-8", "replace")
            cluster = cluster_of(page)
            routing = None if cluster else routing_address(page, self._tenant, how.host_suffixes, allow_local=how.allow_local)
            if routing:
                cluster = cluster_of_record(self._client.get(routing).content)
        if not cluster:
            raise PllError("The view page does not tell the report's cluster", where=self.where, do="open the report in a browser: it may have been withdrawn; if it shows, give fetch.cluster in the source file")
        return api_of(cluster, how.host_suffixes, allow_local=how.allow_local)

    def metadata(self) -> Answer:
        url = f"/public/reports/{self.key}/modelsAndExploration?preferReadOnlySession=true"
        try:
            return self._get(url, "metadata")
        except Refused as refusal:
            if refusal.status != _NOT_AUTHORISED:
                raise
            # a report may have moved to another cluster since its page was kept somewhere on the way
            self._sleep(self._how.pause_seconds)
            self._api = self._resolve()
            return self._get(url, "metadata")

    def schema(self, report: Report) -> Answer:
        return self._post("/public/reports/conceptualschema", {"modelIds": [report.model_id], "userPreferredLocale": "en-US"}, "schema")

    def last_refresh(self) -> str:
        return read_metadata(self.metadata().content, where=self.where).last_refresh

    def table(self, report: Report, file: str, table: PowerBiTable, fields: Mapping[str, Mapping[str, Any]]) -> bytes:
        """All pages of a table and its totals, verbatim, as one file."""
        command = table_command(table, fields, self._how.rows_per_page)
        try:
            pages = self._pages(report, command, file)
            totals = self._query(report, totals_command(table, fields), f"{file}, totals") if table.check_totals and table.values and table.groups else None
            self.asked_with[file] = {"query": "our own, without filters"}
        except Refused as refusal:
            if refusal.status != _NOT_AUTHORISED:
                raise
            pages, totals = self._saved(report, file, table, refusal), None
        kept = b'{"pages": [' + b",\n".join(pages) + b"]"
        return kept + (b', "totals": ' + totals if totals else b"") + b"}\n"

    def _saved(self, report: Report, file: str, table: PowerBiTable, refusal: Refused) -> list[bytes]:
        """The pages of the query saved with the visual the source names, filters and all."""
        visual = report.visual(table.visual) if table.visual else None
        if visual is None or visual.command is None or drops_points(visual.command):
            able = ", ".join(v.name for v in report.visuals if v.command and not drops_points(v.command))
            raise PllError(
                f"The report refuses our own query for {file}, and there is no saved one to fall back on",
                where=self.where,
                do=f"name a visual that has one as `visual` of the table: {able}" if able else "ask the publisher for another form of the figures",
            ) from refusal
        self.asked_with[file] = {"query": f"saved with the visual {visual.name}", "filters": visual.filters}
        return self._pages(report, visual.command, file, visual.name)

    def _pages(self, report: Report, command: Mapping[str, Any], file: str, visual: str = "") -> list[bytes]:
        """Page after page, each from where the one before ended, until one ends without a restart token."""
        pages: list[bytes] = []
        seen: set[str] = set()
        asking = command
        while True:
            if len(pages) == self._how.most_pages:
                raise PllError(f"{file} has more than {self._how.most_pages} pages", where=self.where, do="ask for less, or allow more under fetch.most_pages in the source file")
            page = self._query(report, asking, f"{file}, page {len(pages) + 1}", visual)
            pages.append(page)
            shape = _data_shape(page, f"{self.where}, {file}, page {len(pages)}")
            tokens = shape.get("RT")
            if tokens is None:
                self.is_whole &= shape.get("IC") is True and "DLEx" not in shape
                return pages
            said = json.dumps(tokens)
            if said in seen:
                raise PllError(f"The report gives the same restart token again after {len(pages)} pages: it would never end", where=f"{self.where}, {file}", do="run again later; what is held stands")
            seen.add(said)
            asking = next_page(asking, tokens)

    def _query(self, report: Report, command: Mapping[str, Any], what: str, visual: str = "") -> bytes:
        source = {"ReportId": report.report_id} | ({"VisualId": visual} if visual else {})
        question = {
            "version": "1.0.0",
            "queries": [{
                "Query": {"Commands": [{"SemanticQueryDataShapeCommand": command}]}, "QueryId": "",
                "ApplicationContext": {"DatasetId": report.dataset_id, "Sources": [source]},
            }],
            "cancelQueries": [], "modelId": report.model_id,
        }  # fmt: skip
        return self._post("/public/reports/querydata?synchronous=true", question, what).content

    def _get(self, path: str, what: str) -> Answer:
        with self._untold_key():
            return self._taken(self._client.get(self._api + path, headers=self._headers()), what)

    def _post(self, path: str, said: Any, what: str) -> Answer:
        self._sleep(self._how.pause_seconds)
        answer = self._client.post(self._api + path, json=said, headers=self._headers())
        return self._taken(answer, what, said)

    @contextmanager
    def _untold_key(self) -> Iterator[None]:
        """Addresses hold the key, and what is told of an error ends in logs."""
        try:
            yield
        except PllError as error:
            error.where = error.where.replace(self._address, "the view address").replace(self.key, "KEY")
            error.args = (error.paragraph(),)
            raise

    def _headers(self) -> dict[str, str]:
        return {_KEY: self.key, "ActivityId": self._activity, "RequestId": str(uuid4()), "Accept": "application/json"}

    def _taken(self, answer: Answer, what: str, said: Any = None) -> Answer:
        if is_web_page(answer.content):
            raise PllError(f"The report answers with a web page instead of {what}", where=self.where, do="open the report in a browser: its cloud may be down; run again later")
        self._record(answer, what, said)
        return answer

    def _record(self, answer: Answer, what: str, said: Any = None) -> None:
        record = json.loads(_without_key(json.dumps(answer.record()).replace(self._address, "the view address").encode(), self.key))
        self.records.append({"what": what, **record} | ({"asked": said} if said is not None else {}))


def _data_shape(content: bytes, where: str) -> Mapping[str, Any]:
    """The part of an answer that says whether there is more. Raises `PllError` for an answer that is none.

    Only enough is read to go on or to stop; whether the answer is whole and sound the reader decides.
    """
    try:
        result = json.loads(content.decode("utf-8-sig"))["results"][0]
        body = result.get("result") or {}
        shapes = (body.get("data") or {}).get("dsr") or {}
        error = result.get("error") or body.get("error") or next((s["odata.error"] for s in shapes.get("DataShapes") or () if "odata.error" in s), None)
        if error:
            code, text = _told(error)
            raise PllError(f"The report could not answer the query ({code}): {text}", where=where, do="see whether the report shows its figures in a browser; run again later")
        if "asyncResult" in body:
            raise PllError("The report wants to answer later, which is not supported", where=where, do="ask for less in one table")
        shape: Mapping[str, Any] = shapes["DS"][0]
        return shape
    except (ValueError, KeyError, IndexError, TypeError, AttributeError) as failure:
        raise PllError(f"The report's answer is not one to a query: {content[:200].decode('utf-8', 'replace')!r}", where=where, do="run again later; if it lasts, the interface has changed and the program must follow") from failure


def _told(error: Any) -> tuple[str, str]:
    """The most specific code of a server's error, and its text."""
    if not isinstance(error, Mapping):
        return "unknown", str(error)[:300]
    more = [m for value in error.get("azure:values") or () for m in value.get("additionalMessages") or ()]
    message = error.get("message")
    text = message.get("value", "") if isinstance(message, Mapping) else str(message or "")
    code = more[-1].get("Code") if more else error.get("code") or error.get("statusCode")
    return str(code or "unknown"), " ".join((text or (more[-1].get("Message", "") if more else "") or json.dumps(error)).split())[:300]


def _without_key(content: bytes, key: str) -> bytes:
    return content.replace(key.encode(), b"KEY").replace(key.upper().encode(), b"KEY")


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
