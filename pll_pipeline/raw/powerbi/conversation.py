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
from pll_pipeline.raw.powerbi.access import access_to
from pll_pipeline.raw.powerbi.answer_check import checked_data_shape
from pll_pipeline.raw.powerbi.report import Report
from pll_pipeline.sources.model import PowerBiReport

SECONDS_BEFORE_ANOTHER_TRY = 5.0
_ERROR_HEADER = "x-powerbi-error-info"
_QUERY_PATH = "/querydata?synchronous=true"


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
        self._client, self._settings, self._sleep = client, settings, sleep
        self.where = where
        self._access = access_to(client, settings, where)
        self._activity_id = str(uuid4())
        self.records: list[dict[str, Any]] = []
        self._api = self._find_api()

    def metadata(self) -> bytes:
        """Pages and visuals, and how fresh the data is."""
        return self._ask("the metadata", self._access.metadata_path).content

    def schema(self, report: Report) -> bytes:
        """Tables and fields of the model."""
        body = {"modelIds": [report.model_id], "userPreferredLocale": "en-US"}
        return self._ask("the schema", "/conceptualschema", body).content

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
        return self._access.without_key(content)

    def _place(self, what: str, answer: Answer) -> str:
        return f"{self.where}, {what}, request {answer.request_headers['RequestId']}"

    # --- where to ask

    def _find_api(self) -> str:
        """Where the report is asked, by its way in."""
        with self._errors_without_key():
            return self._access.enter(self._recorded)

    # --- how to ask

    def _ask(self, what: str, path: str, body: Any = None) -> Answer:
        """The answer to a request; it is made a second time where the report may have moved."""
        try:
            return self._ask_once(what, path, body)
        except Refused as refusal:
            if refusal.status not in self._access.expired_statuses:
                raise self._failure(refusal, what) from None
            if self._is_query_refused(refusal, path):
                raise QueryRefused(
                    f"The report refuses the query for {what}",
                    where=self.where,
                    do=self._access.advice,
                ) from None
        # The report may have moved to another cluster after a cache kept its page, or the token of
        # a page has expired.
        self._sleep(SECONDS_BEFORE_ANOTHER_TRY)
        self._api = self._find_api()
        try:
            return self._ask_once(what, path, body)
        except Refused as refusal:
            raise self._failure(refusal, what) from None

    def _is_query_refused(self, refusal: Refused, path: str) -> bool:
        """Whether the key is accepted and the query is not. A token may have expired instead."""
        info = refusal.headers.get(_ERROR_HEADER, "")
        return path == _QUERY_PATH and "NotAuthorized" in info and not self._access.has_token

    def _ask_once(self, what: str, path: str, body: Any) -> Answer:
        self._sleep(self._settings.pause_seconds)
        headers = {
            **self._access.headers,
            "ActivityId": self._activity_id,
            "RequestId": str(uuid4()),
            "Accept": "application/json",
        }
        address = self._api + self._access.paths + path
        with self._errors_without_key():
            if body is None:
                answer = self._client.get(address, headers=headers)
            else:
                answer = self._client.post(address, json=body, headers=headers)
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
                do=self._access.advice,
            )
        if refusal.status in self._access.expired_statuses:
            return PllError(
                f"The report does not accept its key ({status}): it was withdrawn, or published"
                " anew",
                where=where,
                do=self._access.advice,
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
