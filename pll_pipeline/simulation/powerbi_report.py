"""A Power BI report published to the web, as its server answers, and how it misbehaves.

View page, metadata, schema and queries. Not here: the fields and visuals (`powerbi_model.py`), how
queries are understood (`powerbi_query.py`) and answers written (`powerbi_answer.py`), sockets
(`publisher.py`).
"""

from __future__ import annotations

import base64
import copy
import json
import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, Literal
from urllib.parse import quote
from uuid import UUID, uuid4

import polars as pl

from pll_pipeline.simulation.exchange import Request, Response
from pll_pipeline.simulation.misbehaviour import OF_A_REPORT, Misbehaviour
from pll_pipeline.simulation.powerbi_answer import envelope, failure
from pll_pipeline.simulation.powerbi_language import QueryRefused
from pll_pipeline.simulation.powerbi_model import FACT, FIELDS, Model, stable_id, with_row_numbers
from pll_pipeline.simulation.powerbi_query import Field, answer, mark_as_cut
from pll_pipeline.simulation.powerbi_values import Node

Layout = Literal["legacy", "pbir"]
TABLE_COLUMNS = (
    "Tjeneste",
    "Region nivå",
    "Region nummer",
    "Region",
    "Aktørtype",
    "Måned",
    "I bruk",
    "Antall som kan ta i bruk",
)
SERVICE_NAMES = {
    "e-resept": "E-resept",
    "kjernejournal": "Kjernejournal",
    "sfm": "Sentral forskrivningsmodul",
    "pll": "Pasientens legemiddelliste",
    "e-multidose": "E-multidose",
}
LEVEL_NAMES = {
    "land": "Land",
    "gruppe": "Gruppe",
    "rhf": "Regionalt helseforetak",
    "hf": "Helseforetak",
    "helsefellesskap": "Helsefellesskap",
    "fylke": "Fylke",
    "kommune": "Kommune",
    "bydel": "Bydel",
    "sykehus": "Sykehus",
    "svalbard": "Svalbard",
    "jan_mayen": "Jan Mayen",
    "uoppgitt": "Uoppgitt",
}

_HOST = re.compile(r"[A-Za-z0-9.-]{1,253}(:\d{1,5})?|\[[0-9A-Fa-f:]{2,45}\](:\d{1,5})?")
_EPOCH = datetime(1970, 1, 1)
_TITLE = "Innføring av legemiddellister"
_MODEL_ID = 4_711_001
_REPORT_ID = 4_711_002
_VIEW_PAGE = """<!DOCTYPE html>
<html xmlns="http://www.w3.org/1999/xhtml">
<head>
    <title>Microsoft Power BI</title>
    <script>
        var getExplorationUrl = '/public/';
        var getConceptualSchemaUrl = '/public/reports/conceptualschema';
        var queryDataUrl = '/public/reports/querydata';
        var routingUrl = '/public/routing/cluster/';
        var isAnonymousEmbed = true;
        var clusterAssignmentRecord = {record};
        var resolvedClusterUri = '{cluster}';
        var requestId = '{request}';
        var telemetrySessionId = '{session}';
            var resourceDescriptor = JSON.parse('{descriptor}');
    </script>
</head>
<body></body>
</html>
"""


_NOT_FOUND = Response(b"", status=404)
_NOT_AUTHORIZED = Response(
    b"", status=401, headers={"X-PowerBI-Error-Info": "PowerBINotAuthorizedException"}
)


class Report:
    """A publication (`Request → Response`) of one table, one row per cell, as a report shows it.

    `table` has the columns `TABLE_COLUMNS`: `Måned` a date or time, `I bruk` the text shown,
    `Antall som kan ta i bruk` a whole number or null. `misbehaviour` and `last_refresh` (UTC) may
    be set at any time.
    """

    def __init__(
        self,
        table: pl.DataFrame,
        *,
        key: UUID,
        tenant: UUID,
        last_refresh: datetime,
        layout: Layout = "legacy",
        misbehaviour: Misbehaviour | None = None,
    ) -> None:
        self._table = with_row_numbers(table.select(TABLE_COLUMNS))
        self.key, self.tenant, self.layout = key, tenant, layout
        self.last_refresh, self.misbehaviour = last_refresh, misbehaviour

    @classmethod
    def of(cls, cells: pl.DataFrame, *, key: UUID, tenant: UUID, last_refresh: datetime) -> Report:
        """The report of a simulated world's cells, after suppression.

        What is suppressed shows as its mark and counts nowhere.
        """
        is_shown = pl.col("eligible_text").str.contains(r"^\d")
        eligible = pl.when(is_shown).then(pl.col("eligible_count").cast(pl.Int64))
        table = cells.select(
            pl.col("service_code").replace(SERVICE_NAMES).alias("Tjeneste"),
            pl.col("region_level").replace(LEVEL_NAMES).alias("Region nivå"),
            pl.col("region_code").alias("Region nummer"),
            pl.col("region_name").alias("Region"),
            pl.col("actor_type_name").alias("Aktørtype"),
            pl.col("month").alias("Måned"),
            pl.col("in_use_text").alias("I bruk"),
            eligible.alias("Antall som kan ta i bruk"),
        )
        return cls(table, key=key, tenant=tenant, last_refresh=last_refresh)

    @property
    def misbehaviour(self) -> Misbehaviour | None:
        """How it misbehaves now. Setting it raises `ValueError` for what a report cannot do."""
        return self._misbehaviour

    @misbehaviour.setter
    def misbehaviour(self, misbehaviour: Misbehaviour | None) -> None:
        if misbehaviour is not None and misbehaviour not in OF_A_REPORT:
            raise ValueError(f"{misbehaviour.name} is no misbehaviour of a report")
        self._misbehaviour = misbehaviour

    def view_address(self, base: str) -> str:
        """The address people are given, at a server's `base` address."""
        fields = {"k": str(self.key), "t": str(self.tenant), "c": 8}
        token = base64.b64encode(_as_json(fields)).decode()
        return f"{base.rstrip('/')}/view?r={quote(token)}"

    def __call__(self, request: Request) -> Response:
        """The server's response, as a `Publication`."""
        if self.misbehaviour == Misbehaviour.WITHDRAWN:
            return _NOT_FOUND
        parts = request.path.strip("/").split("/")
        match request.method, parts:
            case "GET", ["view"]:
                return self._view_page(request)
            case "GET", ["public", "routing", "cluster", tenant] if tenant == str(self.tenant):
                return _cluster_record(request)
            case _, ["public", "reports", *rest]:
                return self._with_key(request, rest)
        return _NOT_FOUND

    def _with_key(self, request: Request, parts: list[str]) -> Response:
        """What a request gets that contains the key."""
        if request.headers.get("x-powerbi-resourcekey", "").lower() != str(self.key):
            return _NOT_AUTHORIZED
        match request.method, parts:
            case "GET", [key, "modelsAndExploration"] if key == str(self.key):
                return _json_response(request, _as_json(self._metadata()))
            case "GET", [key, "conceptualschema"] if key == str(self.key):
                return _json_response(request, _as_json(self._model.schema(_MODEL_ID)))
            case _, [_, "conceptualschema"]:
                return Response(b"", status=405)
            case "POST", ["conceptualschema"]:
                return self._schema(request)
            case "POST", ["querydata"]:
                return self._query_data(request)
        return _NOT_FOUND

    @property
    def _model(self) -> Model:
        match self.misbehaviour:
            case Misbehaviour.RENAMED_FIELD:
                return Model([_renamed(field) for field in FIELDS])
            case Misbehaviour.HIDDEN_FIELD:
                return Model([_hidden(field) for field in FIELDS])
        return Model()

    # --- the view page

    def _view_page(self, request: Request) -> Response:
        token = _token_in(request.query.get("r", [""])[0])
        cluster = _cluster(request)
        if cluster is None or token.get("k") != str(self.key):
            return _NOT_FOUND
        descriptor = _as_json({"k": str(self.key), "t": str(self.tenant)}).decode()
        values = {
            "record": _cluster_record(request).content.decode(),
            "cluster": cluster,
            "request": str(uuid4()),
            "session": str(uuid4()),
            "descriptor": descriptor.replace('"', '\\"'),
        }
        page = _VIEW_PAGE
        for name, value in values.items():
            page = page.replace(f"{{{name}}}", value)
        return Response(page.encode(), "text/html; charset=utf-8")

    # --- metadata

    def _metadata(self) -> Node:
        model = self._model
        report = {
            "id": _REPORT_ID,
            "modelId": _MODEL_ID,
            "objectId": stable_id("report", str(self.key)),
            "displayName": _TITLE,
            "isFromPbix": True,
        }
        exploration: Node = {"id": 4_711_003, "reportId": _REPORT_ID, "report": report}
        if self.layout == "legacy":
            exploration |= {"sections": model.legacy_sections(), "config": "{}", "filters": "[]"}
        else:
            exploration |= {
                "sections": model.pbir_sections(),
                "explorationContent": {"explorationDocument": model.pbir_document()},
            }
        return {"models": [self._model_entry()], "exploration": exploration}

    def _model_entry(self) -> Node:
        refreshed = self.last_refresh.astimezone(UTC).replace(tzinfo=None)
        return {
            "id": _MODEL_ID,
            "dbName": stable_id("dataset", str(self.key)),
            "displayName": _TITLE,
            "currentRefreshStartingTime": "",
            "refreshSchedule": {"refreshEnabled": True, "isDaily": True, "localTimeZoneId": "UTC"},
            "LastRefreshTime": refreshed.isoformat(timespec="milliseconds"),
            "lastRefreshTime": f"/Date({(refreshed - _EPOCH) // timedelta(milliseconds=1)})/",
            "NextRefreshTime": "9999-12-30T23:59:59.9999999",
            "nextRefreshTime": "/Date(253402214399999)/",
            "lastRefreshStatus": 0,
            "directQueryMode": False,
        }

    def _schema(self, request: Request) -> Response:
        body = _json_in(request.body)
        if not isinstance(body, dict) or body.get("modelIds") != [_MODEL_ID]:
            return _bad_request("the body does not name the report's model")
        return _json_response(request, _as_json(self._model.schema(_MODEL_ID)))

    # --- queries

    def _query_data(self, request: Request) -> Response:
        body = _json_in(request.body)
        commands = _commands_in(body)
        if commands is None or body.get("modelId") != _MODEL_ID:
            return _bad_request("the body is not a request for data of the report's model")
        if self.misbehaviour == Misbehaviour.ONLY_SAVED_QUERIES:
            saved = self._model.saved_commands
            if not all(_first_page(command) in saved for command in commands):
                return _NOT_AUTHORIZED
        content = envelope([self._answer(command) for command in commands])
        if self.misbehaviour == Misbehaviour.REFRESHED_BETWEEN_PAGES:
            self.last_refresh += timedelta(minutes=1)
        return _json_response(request, content)

    def _answer(self, command: Any) -> Node:
        if self.misbehaviour == Misbehaviour.ERROR_IN_ANSWER:
            text = "An error occurred while processing the data shape."
            return failure("rsDataShapeProcessingError", text)
        is_looping = self.misbehaviour == Misbehaviour.RESTART_LOOP
        asked = _first_page(command) if is_looping else command
        try:
            data = answer(asked, self._model.fields, self._table, fact=FACT)
        except QueryRefused as refused:
            return failure(refused.code, refused.message)
        shape = data["dsr"]["DS"][0]
        if is_looping and "Expressions" in data["descriptor"]:
            shape |= {"IC": False, "RT": shape.get("RT", [["'again'"]])}
            shape.pop("HAD", None)
        if self.misbehaviour == Misbehaviour.INCOMPLETE:
            _cut_in_half(shape)
        return data


def _renamed(field: Field) -> Field:
    """The measure `I bruk` under another name; any other field as it is."""
    return replace(field, property_name="Tatt i bruk") if field.identity == "in_use" else field


def _hidden(field: Field) -> Field:
    """The measure `I bruk` hidden; any other field as it is."""
    return replace(field, is_hidden=True) if field.identity == "in_use" else field


def _cut_in_half(shape: Node) -> None:
    mark_as_cut(shape)
    shape["PH"] = [
        {name: rows[: (len(rows) + 1) // 2] for name, rows in member.items()}
        for member in shape["PH"]
    ]


# --- what is asked


def _json_in(body: bytes) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def _token_in(token: str) -> Mapping[str, Any]:
    """The fields of a token in either alphabet of base64; empty where it has none."""
    url_alphabet = b"-_" if set(token) & set("-_") else None
    try:
        padded = token + "=" * (-len(token) % 4)
        fields = json.loads(base64.b64decode(padded, altchars=url_alphabet))
    except ValueError:
        return {}
    return fields if isinstance(fields, dict) else {}


def _commands_in(body: Any) -> list[Any] | None:
    """The command of every query of a request; None where the request is malformed."""
    try:
        commands = [query["Query"]["Commands"][0] for query in body["queries"]]
        return [command["SemanticQueryDataShapeCommand"] for command in commands]
    except (TypeError, KeyError, IndexError):
        return None


def _first_page(command: Any) -> Any:
    """The command without its restart token."""
    first = copy.deepcopy(command)
    with suppress(TypeError, KeyError, AttributeError):
        first["Binding"]["DataReduction"]["Primary"]["Window"].pop("RestartTokens", None)
    return first


def _uuid_in(text: str) -> str:
    try:
        return str(UUID(text))
    except ValueError:
        return str(uuid4())


def _cluster(request: Request) -> str | None:
    """The address that the request came in on; None where the header names no host."""
    host = request.headers.get("host", "")
    return f"http://{host}/" if _HOST.fullmatch(host) else None


# --- what is answered


def _json_response(request: Request, content: bytes) -> Response:
    """JSON, with the id of the request."""
    request_id = _uuid_in(request.headers.get("requestid", ""))
    headers = {"requestId": request_id}
    return Response(content, "application/json; charset=utf-8", headers=headers)


def _as_json(node: Node) -> bytes:
    return json.dumps(node, ensure_ascii=False, separators=(",", ":")).encode()


def _bad_request(why: str) -> Response:
    return Response(_as_json({"error": {"code": "BadRequest", "message": why}}), status=400)


def _cluster_record(request: Request) -> Response:
    cluster = _cluster(request)
    if cluster is None:
        return _NOT_FOUND
    record = {
        "FixedClusterUri": cluster,
        "TTLSeconds": 300,
        "RuleDescription": "",
        "Clients": [],
        "ClientServicesMetadata": None,
    }
    return Response(_as_json(record))
