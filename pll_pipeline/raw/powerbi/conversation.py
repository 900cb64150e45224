"""All requests to one report: where it is asked, with which key, and a record of each request.

One request at a time, with a pause before each; no record and no error contains the key. Not here:
what is asked for (`question.py`, `table.py`), what a report's descriptions say (`report.py`),
connections (`raw/http/`).
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
from pll_pipeline.raw.powerbi.answer_check import checked_data_shape
from pll_pipeline.raw.powerbi.report import Report
from pll_pipeline.sources.addresses import AddressKeys
from pll_pipeline.sources.model import PowerBiReport

SECONDS_BEFORE_ANOTHER_TRY = 5.0
_KEY_HEADER = "X-PowerBI-ResourceKey"
_ERROR_HEADER = "x-powerbi-error-info"
_QUERY_PATH = "/public/reports/querydata?synchronous=true"
_SCHEMA_PATH = "/public/reports/conceptualschema"
_COPY_ADDRESS = (
    "open the report in a browser; if it shows its figures there, copy its address again and give"
    " it to the source"
)


class QueryRefused(PllError):
    """The report refuses this query and answers others.

    It may accept only the queries that were saved with its visuals.
    """


class Conversation:
    """Asks one report.

    `records` contains every request as JSON; `where` names the report in errors. Every method that
    asks raises `PllError` for a report that is withdrawn, cannot be found or refuses, and
    `NotAnswered` when it may answer at another time.
    """

    def __init__(
        self, client: Client, settings: PowerBiReport, where: str, sleep: Callable[[float], None]
    ) -> None:
        if settings.address is None:
            raise PllError(
                f"{where} has no view address",
                do=f"run `pll sources enable {where} --address ADDRESS`",
            )
        self._client, self._settings, self._sleep = client, settings, sleep
        self.where = where
        self._view_address = settings.address
        self._token = token_of(AddressKeys.of(settings.address).put_into(settings.address))
        self._hosts = list(settings.host_suffixes)
        if settings.allow_local:
            self._hosts += loopback_hosts([settings.address, settings.cluster])
        self._activity_id = str(uuid4())
        self.records: list[dict[str, Any]] = []
        self._api = self._find_api()

    def metadata(self) -> bytes:
        """Pages and visuals, and how fresh the data is."""
        path = f"/public/reports/{self._token.key}/modelsAndExploration"
        return self._ask("the metadata", f"{path}?preferReadOnlySession=true").content

    def schema(self, report: Report) -> bytes:
        """Tables and fields of the model."""
        body = {"modelIds": [report.model_id], "userPreferredLocale": "en-US"}
        return self._ask("the schema", _SCHEMA_PATH, body).content

    def query(
        self, report: Report, command: Mapping[str, Any], what: str, visual: str = ""
    ) -> tuple[bytes, Mapping[str, Any]]:
        """The answer to a query, and its data shape.

        `what` names the query in errors and records. Raises `QueryRefused` too, and `PllError` for
        an answer that is an error.
        """
        body = _query_body(report, command, visual)
        answer = self._ask(what, _QUERY_PATH, body)
        try:
            return answer.content, checked_data_shape(answer.content, self._place(what, answer))
        except NotAnswered:
            self._sleep(SECONDS_BEFORE_ANOTHER_TRY)
            answer = self._ask(what, _QUERY_PATH, body)
            return answer.content, checked_data_shape(answer.content, self._place(what, answer))

    def without_key(self, content: bytes) -> bytes:
        """The content as it may be kept."""
        return self._token.struck_from(content)

    def _place(self, what: str, answer: Answer) -> str:
        return f"{self.where}, {what}, request {answer.request_headers['RequestId']}"

    # --- where to ask

    def _find_api(self) -> str:
        """The API address: of the configured cluster, else of the one that the view page names."""
        with self._errors_without_key():
            cluster = self._settings.cluster or self._cluster_of_page()
            if not cluster:
                raise PllError(
                    "The view page does not name the report's cluster",
                    do="open the report in a browser: it may have been withdrawn; if it shows,"
                    " give fetch.cluster in the source file",
                )
            return api_of(cluster, self._hosts, allow_local=self._settings.allow_local)

    def _cluster_of_page(self) -> str | None:
        answer = self._recorded("the view page", self._client.get(self._view_address))
        page = answer.content.decode("utf-8", "replace")
        if cluster := cluster_of(page):
            return cluster
        routing = routing_address(
            page, self._token.tenant, self._hosts, allow_local=self._settings.allow_local
        )
        if routing is None:
            return None
        return cluster_of_record(self._recorded("the cluster", self._client.get(routing)).content)

    # --- how to ask

    def _ask(self, what: str, path: str, body: Any = None) -> Answer:
        """The answer to a request; it is made a second time where the report may have moved."""
        try:
            return self._ask_once(what, path, body)
        except Refused as refusal:
            if refusal.status != 401:
                raise self._failure(refusal, what) from None
            if path == _QUERY_PATH and "NotAuthorized" in refusal.headers.get(_ERROR_HEADER, ""):
                raise QueryRefused(
                    f"The report refuses the query for {what}", where=self.where, do=_COPY_ADDRESS
                ) from None
        # The report may have moved to another cluster after a cache kept its page.
        self._sleep(SECONDS_BEFORE_ANOTHER_TRY)
        self._api = self._find_api()
        try:
            return self._ask_once(what, path, body)
        except Refused as refusal:
            raise self._failure(refusal, what) from None

    def _ask_once(self, what: str, path: str, body: Any) -> Answer:
        self._sleep(self._settings.pause_seconds)
        headers = {
            _KEY_HEADER: self._token.key,
            "ActivityId": self._activity_id,
            "RequestId": str(uuid4()),
            "Accept": "application/json",
        }
        with self._errors_without_key():
            if body is None:
                answer = self._client.get(self._api + path, headers=headers)
            else:
                answer = self._client.post(self._api + path, json=body, headers=headers)
        if is_web_page(answer.content):
            raise PllError(
                f"The report answers with a web page instead of {what}",
                where=self.where,
                do="open the report in a browser: its cloud may be down; run again later",
            )
        return self._recorded(what, answer, body)

    def _failure(self, refusal: Refused, what: str) -> PllError:
        """What a refusal means at a report, whose interface has its own use of statuses."""
        info = refusal.headers.get(_ERROR_HEADER)
        status = f"{refusal.status}, {info[:100]}" if info else str(refusal.status)
        request_id = refusal.headers.get("requestid", "without a number")
        where = f"{self.where}, {what}, request {request_id}"
        if refusal.status in (404, 405, 410):
            return PllError(
                f"The report is withdrawn or moved: asked for {what}, it answers {status}",
                where=where,
                do=_COPY_ADDRESS,
            )
        if refusal.status == 401:
            return PllError(
                f"The report does not accept its key ({status}): it was withdrawn, or published"
                " anew",
                where=where,
                do=_COPY_ADDRESS,
            )
        return PllError(
            f"The report will not give {what} ({status})",
            where=where,
            do="open the report in a browser; if it shows its figures, its interface has changed"
            " and the program must follow",
        )

    # --- what may be written down

    @contextmanager
    def _errors_without_key(self) -> Iterator[None]:
        """Strike the key from errors: addresses contain it, and errors are written to logs."""
        try:
            yield
        except PllError as error:
            error.what = self._text_without_key(error.what)
            error.where = self._text_without_key(error.where or self.where)
            error.do = self._text_without_key(error.do)
            error.args = (error.paragraph(),)
            # The error that this one comes from contains the address as well.
            raise error from None

    def _text_without_key(self, text: str) -> str:
        return self.without_key(text.encode()).decode()

    def _recorded(self, what: str, answer: Answer, body: Any = None) -> Answer:
        record = json.loads(self._text_without_key(json.dumps(answer.record())))
        asked = {} if body is None else {"asked": body}
        self.records.append({"what": what, **record, **asked})
        return answer


def _query_body(report: Report, command: Mapping[str, Any], visual: str) -> dict[str, Any]:
    source = {"ReportId": report.report_id} | ({"VisualId": visual} if visual else {})
    query = {
        "Query": {"Commands": [{"SemanticQueryDataShapeCommand": command}]},
        "QueryId": "",
        "ApplicationContext": {"DatasetId": report.dataset_id, "Sources": [source]},
    }
    return {
        "version": "1.0.0",
        "queries": [query],
        "cancelQueries": [],
        "modelId": report.model_id,
    }
