"""A small simulated report, requests to it, and the parts of its queries.

Not here: what is expected of it; each test says that itself.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import polars as pl

from pll_pipeline.simulation.exchange import Request, Response
from pll_pipeline.simulation.powerbi_model import Model
from pll_pipeline.simulation.powerbi_report import TABLE_COLUMNS, Report
from pll_pipeline.validated.readers.powerbi import decode

WHERE = "report/answer.json"
KEY = UUID("11111111-2222-3333-4444-555555555555")
TENANT = UUID("aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee")
REFRESHED = datetime(2026, 11, 23, 3, 4, 5, 678000, tzinfo=UTC)
HEADERS = {"x-powerbi-resourcekey": str(KEY), "host": "127.0.0.1:8080"}
MODEL = Model()


def a_table() -> pl.DataFrame:
    months = [datetime(2026, 1, 1), datetime(2026, 2, 1)]
    regions = [
        ("Land", None, "Norge"),
        ("Fylke", "03", "Oslo"),
        ("Fylke", "55", "Troms"),
        ("Kommune", "0301", "Oslo"),
    ]
    rows = [
        (
            "Kjernejournal",
            *region,
            actor_type,
            month,
            "<5" if region[1] == "55" else str(10 * position + number),
            None if region[1] == "55" else 100,
        )
        for position, region in enumerate(regions)
        for actor_type in ("Fastlege", "Sykehus")
        for number, month in enumerate(months)
    ]
    types = [pl.String] * 5 + [pl.Datetime("us"), pl.String, pl.Int64]
    schema = dict(zip(TABLE_COLUMNS, types, strict=True))
    return pl.DataFrame(rows, schema=schema, orient="row")


def a_report(**options: Any) -> Report:
    return Report(a_table(), key=KEY, tenant=TENANT, last_refresh=REFRESHED, **options)


def get(report: Report, path: str, headers: dict[str, str] = HEADERS, **query: str) -> Response:
    return report(Request("GET", path, {name: [value] for name, value in query.items()}, headers))


def post(report: Report, path: str, body: Any, headers: dict[str, str] = HEADERS) -> Response:
    return report(Request("POST", path, {}, headers, json.dumps(body).encode()))


def metadata(report: Report) -> dict[str, Any]:
    return json.loads(get(report, f"/public/reports/{KEY}/modelsAndExploration").content)


def ask(report: Report, command: dict[str, Any]) -> Response:
    queries = [{"Query": {"Commands": [{"SemanticQueryDataShapeCommand": command}]}, "QueryId": ""}]
    body = {
        "version": "1.0.0",
        "queries": queries,
        "cancelQueries": [],
        "modelId": metadata(a_report())["models"][0]["id"],
    }
    return post(report, "/public/reports/querydata", body)


def rows_of(report: Report, command: dict[str, Any]) -> list[tuple[Any, ...]]:
    return list(decode([ask(report, command).content], where=WHERE).rows)


def shape_of(content: bytes) -> dict[str, Any]:
    """The data shape of an answer to one query."""
    shape: dict[str, Any] = json.loads(content)["results"][0]["result"]["data"]["dsr"]["DS"][0]
    return shape


def reference(alias: str, name: str) -> dict[str, Any]:
    return {"Expression": {"SourceRef": {"Source": alias}}, "Property": name}


LEVEL = {"Column": reference("r", "Region nivå")}
REGION = {"Column": reference("r", "Region")}
MONTH = {"Column": reference("d", "Måned")}
IN_USE = {"Measure": reference("b", "I bruk")}
COULD_USE = {"Measure": reference("b", "Kan ta i bruk")}


def summed(function: int, name: str = "Antall som kan ta i bruk") -> dict[str, Any]:
    return {"Aggregation": {"Expression": {"Column": reference("b", name)}, "Function": function}}


def command(
    *select: dict[str, Any], window: dict[str, Any] | None = None, subtotal: int = 0, **more: Any
) -> dict[str, Any]:
    sources = {"b": "Bruk", "r": "Region", "a": "Aktørtype", "d": "Dato"}
    query = {
        "Version": 2,
        "From": [{"Name": alias, "Entity": entity, "Type": 0} for alias, entity in sources.items()],
        "Select": [
            {**expression, "Name": f"c{number}"} for number, expression in enumerate(select)
        ],
        **more,
    }
    reduction = {"DataVolume": 4, "Primary": {"Window": window or {"Count": 30000}}}
    grouping = {
        "Projections": list(range(len(select))),
        **({"Subtotal": subtotal} if subtotal else {}),
    }
    return {
        "Query": query,
        "Binding": {"Primary": {"Groupings": [grouping]}, "DataReduction": reduction, "Version": 1},
        "ExecutionMetricsKind": 1,
    }


def where(condition: dict[str, Any]) -> dict[str, Any]:
    return {"Where": [{"Condition": condition}]}


def among(expression: dict[str, Any], *literals: str) -> dict[str, Any]:
    return {
        "In": {
            "Expressions": [expression],
            "Values": [[{"Literal": {"Value": text}}] for text in literals],
        }
    }


def compared(kind: int, expression: dict[str, Any], text: str) -> dict[str, Any]:
    return {
        "Comparison": {
            "ComparisonKind": kind,
            "Left": expression,
            "Right": {"Literal": {"Value": text}},
        }
    }
