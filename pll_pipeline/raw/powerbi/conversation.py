"""One conversation with one report: where it is asked, with which key, and a record of everything asked, without the key.

One request at a time, with a pause before each. Not here: what is asked for (`question.py`, `table.py`), what descriptions
of a report say (`report.py`), connections (`http.py`).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

from pll_pipeline.errors import PllError
from pll_pipeline.raw.http.body import is_web_page
from pll_pipeline.raw.http.client import Answer, Client
from pll_pipeline.raw.http.failures import NotAnswered, Refused
from pll_pipeline.raw.powerbi.address import (
    api_of,
    cluster_of,
    cluster_of_record,
    loopback_hosts,
    routing_address,
    token_of,
)
from pll_pipeline.raw.powerbi.answer import data_shape
from pll_pipeline.raw.powerbi.report import Report
from pll_pipeline.sources.model import PowerBiReport

SECONDS_BEFORE_ANOTHER_TRY = 5.0
_KEY = "X-PowerBI-ResourceKey"
_ERROR_INFO = "x-powerbi-error-info"
_QUERIES = "/public/reports/querydata?synchronous=true"
_SHOWN = "open the report in a browser; if it shows its figures there, copy its address again and give it to the source"


class QueryRefused(PllError):
    """The report will not answer this query, though it answers others: it may be bound to those saved with its visuals."""


class Conversation:
    """Asks one report. `records` says what was asked when, as JSON; `where` names the report in errors.

    Everything asked raises `PllError` for a report that is withdrawn, will not answer or cannot be found, and `NotAnswered`
    when it may answer another time; neither tells the key.
    """

    def __init__(
        self, client: Client, how: PowerBiReport, where: str, sleep: Callable[[float], None]
    ) -> None:
        if how.address is None:
            raise PllError(
                f"{where} has no view address",
                do=f"run `pll sources enable {where} --address ADDRESS`",
            )
        self._client, self._how, self.where, self._sleep = client, how, where, sleep
        self._address, self._token = how.address, token_of(how.address)
        self._hosts = [
            *how.host_suffixes,
            *(loopback_hosts([how.address, how.cluster]) if how.allow_local else []),
        ]
        self._activity = str(uuid4())
        self.records: list[dict[str, Any]] = []
        self._api = self._resolved()

    def metadata(self) -> bytes:
        """Pages and visuals, and how fresh the data is."""
        return self._asked(
            "the metadata",
            f"/public/reports/{self._token.key}/modelsAndExploration?preferReadOnlySession=true",
        ).content

    def schema(self, report: Report) -> bytes:
        """Tables and fields of the model."""
        return self._asked(
            "the schema",
            "/public/reports/conceptualschema",
            {"modelIds": [report.model_id], "userPreferredLocale": "en-US"},
        ).content

    def query(
        self, report: Report, command: Mapping[str, Any], what: str, visual: str = ""
    ) -> tuple[bytes, Mapping[str, Any]]:
        """The answer to a query, and its data shape. Raises `QueryRefused` too, and `PllError` for an answer that is an error."""
        source = {"ReportId": report.report_id} | ({"VisualId": visual} if visual else {})
        question = {
            "version": "1.0.0",
            "queries": [
                {
                    "Query": {"Commands": [{"SemanticQueryDataShapeCommand": command}]},
                    "QueryId": "",
                    "ApplicationContext": {"DatasetId": report.dataset_id, "Sources": [source]},
                }
            ],
            "cancelQueries": [],
            "modelId": report.model_id,
        }
        answer = self._asked(what, _QUERIES, question)
        try:
            return answer.content, data_shape(answer.content, self._place(what, answer))
        except NotAnswered:
            self._sleep(SECONDS_BEFORE_ANOTHER_TRY)
            answer = self._asked(what, _QUERIES, question)
            return answer.content, data_shape(answer.content, self._place(what, answer))

    def without_key(self, content: bytes) -> bytes:
        """The content as it may be kept."""
        return self._token.struck_from(content)

    def _place(self, what: str, answer: Answer) -> str:
        return f"{self.where}, {what}, request {answer.request_headers['RequestId']}"

    # --- where to ask

    def _resolved(self) -> str:
        """The API address: of the cluster as configured, else of the one the view page names."""
        with self._untold_key():
            cluster = self._how.cluster or self._told_cluster()
            if not cluster:
                do = "open the report in a browser: it may have been withdrawn; if it shows, give fetch.cluster in the source file"
                raise PllError("The view page does not tell the report's cluster", do=do)
            return api_of(cluster, self._hosts, allow_local=self._how.allow_local)

    def _told_cluster(self) -> str | None:
        answer = self._recorded("the view page", self._client.get(self._address))
        page = answer.content.decode("utf-8", "replace")
        if cluster := cluster_of(page):
            return cluster
        routing = routing_address(
            page, self._token.tenant, self._hosts, allow_local=self._how.allow_local
        )
        return (
            cluster_of_record(self._recorded("the cluster", self._client.get(routing)).content)
            if routing
            else None
        )

    # --- how to ask

    def _asked(self, what: str, path: str, said: Any = None) -> Answer:
        try:
            return self._once(what, path, said)
        except Refused as refusal:
            if refusal.status != 401:
                raise self._failure(refusal, what) from None
            if path == _QUERIES and "NotAuthorized" in refusal.headers.get(_ERROR_INFO, ""):
                raise QueryRefused(
                    f"The report refuses the query for {what}", where=self.where, do=_SHOWN
                ) from None
        # the report may have moved to another cluster since its page was kept somewhere on the way
        self._sleep(SECONDS_BEFORE_ANOTHER_TRY)
        self._api = self._resolved()
        try:
            return self._once(what, path, said)
        except Refused as refusal:
            raise self._failure(refusal, what) from None

    def _once(self, what: str, path: str, said: Any) -> Answer:
        self._sleep(self._how.pause_seconds)
        headers = {
            _KEY: self._token.key,
            "ActivityId": self._activity,
            "RequestId": str(uuid4()),
            "Accept": "application/json",
        }
        with self._untold_key():
            url = self._api + path
            answer = (
                self._client.get(url, headers=headers)
                if said is None
                else self._client.post(url, json=said, headers=headers)
            )
        if is_web_page(answer.content):
            raise PllError(
                f"The report answers with a web page instead of {what}",
                where=self.where,
                do="open the report in a browser: its cloud may be down; run again later",
            )
        return self._recorded(what, answer, said)

    def _failure(self, refusal: Refused, what: str) -> PllError:
        """What a refusal means at a report, whose interface says so in its own way."""
        info = refusal.headers.get(_ERROR_INFO)
        told = f"{refusal.status}{f', {info[:100]}' if info else ''}"
        where = (
            f"{self.where}, {what}, request {refusal.headers.get('requestid', 'without a number')}"
        )
        if refusal.status in (404, 405, 410):
            return PllError(
                f"The report is withdrawn or moved: asked for {what}, it answers {told}",
                where=where,
                do=_SHOWN,
            )
        if refusal.status == 401:
            return PllError(
                f"The report does not accept its key ({told}): it was withdrawn, or published anew",
                where=where,
                do=_SHOWN,
            )
        return PllError(
            f"The report will not give {what} ({told})",
            where=where,
            do="open the report in a browser; if it shows its figures, its interface has changed and the program must follow",
        )

    # --- what may be told

    @contextmanager
    def _untold_key(self) -> Iterator[None]:
        """Addresses hold the key, and what is told of an error ends in logs."""
        try:
            yield
        except PllError as error:
            error.what, error.where, error.do = (
                self.without_key(text.encode()).decode()
                for text in (error.what, error.where or self.where, error.do)
            )
            error.args = (error.paragraph(),)
            # what it came from tells the address as well
            raise error from None

    def _recorded(self, what: str, answer: Answer, said: Any = None) -> Answer:
        record = json.loads(self.without_key(json.dumps(answer.record()).encode()))
        self.records.append(
            {"what": what, **record} | ({"asked": said} if said is not None else {})
        )
        return answer
