"""Saved filters of a report as conditions of a question of our own."""

from __future__ import annotations

import json
from typing import Any

import pytest

from pll_pipeline.errors import PllError
from pll_pipeline.raw.powerbi.question import saved_filters, table_command, totals_command
from pll_pipeline.sources.model import PowerBiTable

PROPERTIES = {"Bruk.I bruk": {"is_measure": True}, "Region.Navn": {"is_measure": False}}


def _column(source: dict[str, str], name: str) -> dict[str, Any]:
    return {"Column": {"Expression": {"SourceRef": source}, "Property": name}}


def _is_fylke(source: dict[str, str]) -> dict[str, Any]:
    values = [[{"Literal": {"Value": "'Fylke'"}}]]
    return {"In": {"Expressions": [_column(source, "Nivå")], "Values": values}}


def _saved(*tables: dict[str, Any]) -> str:
    where = [{"Condition": _is_fylke({"Source": "r"})}]
    container = {"name": "f1", "filter": {"Version": 2, "From": list(tables), "Where": where}}
    return json.dumps([container])


def _table(filters: list[dict[str, Any]]) -> PowerBiTable:
    return PowerBiTable.model_validate(
        {
            "groups": [{"entity": "Region", "property": "Navn"}],
            "values": [{"entity": "Bruk", "property": "I bruk"}],
            "filters": filters,
        }
    )


def test_a_saved_filter_is_a_condition_under_the_names_of_the_question() -> None:
    filters = saved_filters(_saved({"Name": "r", "Entity": "Region", "Type": 0}))
    query = table_command(_table(filters), PROPERTIES, 10)["Query"]
    assert query["From"] == [
        {"Name": "t0", "Entity": "Region", "Type": 0},
        {"Name": "t1", "Entity": "Bruk", "Type": 0},
    ]
    assert query["Where"] == [{"Condition": _is_fylke({"Source": "t0"})}]


def test_a_filter_on_another_table_brings_that_table_into_totals_too() -> None:
    filters = saved_filters(_saved({"Name": "r", "Entity": "Nivå", "Type": 0}))
    query = totals_command(_table(filters), PROPERTIES)["Query"]
    assert [source["Entity"] for source in query["From"]] == ["Bruk", "Nivå"]
    assert query["Where"] == [{"Condition": _is_fylke({"Source": "t1"})}]


def test_a_question_without_filters_has_no_condition() -> None:
    assert saved_filters("") == []
    assert "Where" not in table_command(_table([]), PROPERTIES, 10)["Query"]


def test_a_filter_for_the_largest_is_refused() -> None:
    subquery = {"Name": "s", "Type": 2, "Expression": {"Subquery": {}}}
    with pytest.raises(PllError, match=r"more than conditions on columns\. Where: f1"):
        saved_filters(_saved({"Name": "r", "Entity": "Region", "Type": 0}, subquery))
