"""The simulated report describes itself as real ones do, and misbehaves as it is asked to."""

from __future__ import annotations

import base64
import json
from datetime import date, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import polars as pl
import pytest

from pll_pipeline.simulation.exchange import Request
from pll_pipeline.simulation.misbehaviour import Misbehaviour
from pll_pipeline.simulation.powerbi_model import PAGES, stable_id
from pll_pipeline.simulation.powerbi_report import Report
from pll_pipeline.validated.readers.powerbi import IncompleteAnswer, QueryFailed, decode
from tests.unit.simulation.report_world import (
    COULD_USE,
    HEADERS,
    IN_USE,
    KEY,
    LEVEL,
    MODEL,
    REFRESHED,
    REGION,
    TENANT,
    WHERE,
    a_report,
    among,
    ask,
    command,
    get,
    metadata,
    post,
    reference,
    rows_of,
    shape_of,
    summed,
)


def test_the_view_page_says_where_the_report_is_served() -> None:
    report = a_report()
    address = urlsplit(report.view_address("http://127.0.0.1:8080/"))
    token = parse_qs(address.query)["r"][0]
    assert json.loads(base64.b64decode(token)) == {"k": str(KEY), "t": str(TENANT), "c": 8}
    page = get(report, address.path, {"host": "127.0.0.1:8080"}, r=token).content.decode()
    assert "resolvedClusterUri = 'http://127.0.0.1:8080/'" in page
    assert r"JSON.parse('{\"k\":\"11111111-2222-3333-4444-555555555555\"" in page
    assert get(report, f"/public/routing/cluster/{TENANT}").content.startswith(
        b'{"FixedClusterUri":"http://127.0.0.1:8080/"'
    )


@pytest.mark.parametrize("host", ["", "127.0.0.1';alert(1)//", "a b", "x" * 300])
def test_a_host_that_is_none_is_not_written_into_the_view_page(host: str) -> None:
    report = a_report()
    token = parse_qs(urlsplit(report.view_address("http://x")).query)["r"][0]
    assert get(report, "/view", {"host": host}, r=token).status == 404
    assert get(report, f"/public/routing/cluster/{TENANT}", {"host": host}).status == 404


@pytest.mark.parametrize("token", ["", "x", "W10=", base64.b64encode(b'{"k":"other"}').decode()])
def test_a_view_address_of_another_report_is_not_found(token: str) -> None:
    assert get(a_report(), "/view", r=token).status == 404


@pytest.mark.parametrize(
    "path",
    [f"/public/reports/{KEY}/modelsAndExploration", f"/public/reports/{KEY}/conceptualschema"],
)
@pytest.mark.parametrize("key", ["", "00000000-0000-0000-0000-000000000000"])
def test_without_the_key_everything_is_refused(path: str, key: str) -> None:
    answer = get(a_report(), path, {"x-powerbi-resourcekey": key})
    assert (answer.status, answer.headers) == (
        401,
        {"X-PowerBI-Error-Info": "PowerBINotAuthorizedException"},
    )


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("POST", f"/public/reports/{KEY}/modelsAndExploration", 404),
        ("POST", f"/public/reports/{KEY}/conceptualschema", 405),
        ("GET", "/public/reports/querydata", 404),
        ("GET", "/public/reports/other/modelsAndExploration", 404),
        ("POST", "/view", 404),
        ("GET", "/", 404),
        ("POST", "/public/reports/querydata", 400),
        ("POST", "/public/reports/conceptualschema", 400),
    ],
)
def test_other_requests_are_refused(method: str, path: str, status: int) -> None:
    assert a_report()(Request(method, path, {}, HEADERS, b"{")).status == status


def test_the_metadata_says_when_the_data_was_refreshed() -> None:
    model = metadata(a_report())["models"][0]
    assert model["LastRefreshTime"] == "2026-11-23T03:04:05.678"
    assert model["lastRefreshTime"] == f"/Date({int(REFRESHED.timestamp() * 1000)})/"


def references(node: Any) -> set[tuple[str, str]]:
    """Every entity and property that a visual's definition names."""
    if isinstance(node, list):
        return {pair for inside in node for pair in references(inside)}
    if not isinstance(node, dict):
        return set()
    found = references(list(node.values()))
    expression = node.get("Expression")
    if isinstance(expression, dict) and "SourceRef" in expression:
        found.add((expression["SourceRef"].get("Entity", ""), node["Property"]))
    return found


def test_both_layouts_describe_the_same_visuals() -> None:
    sections = metadata(a_report())["exploration"]["sections"]
    configs = [
        json.loads(visual["config"])
        for section in sections
        for visual in section["visualContainers"]
    ]
    exploration = metadata(a_report(layout="pbir"))["exploration"]
    document = json.loads(exploration["explorationContent"]["explorationDocument"])
    contents = [
        visual["content"]
        for page in document["pages"]["pages"]
        for visual in page["visualContainers"]
    ]
    assert [(config["name"], config["singleVisual"]["visualType"]) for config in configs] == [
        (content["name"], content["visual"]["visualType"]) for content in contents
    ]
    shells = [
        visual for section in exploration["sections"] for visual in section["visualContainers"]
    ]
    assert all(
        shell.keys() == {"id", "x", "y", "z", "width", "height", "objectName"} for shell in shells
    )
    for legacy, content in zip(configs, contents, strict=True):
        query = legacy["singleVisual"].get("prototypeQuery", {"From": [], "Select": []})
        state = content["visual"].get("query", {"queryState": {}})["queryState"]
        shown = [field for role in state.values() for field in role["projections"]]
        assert [select["Name"] for select in query["Select"]] == [
            field["queryRef"] for field in shown
        ]
        assert {entity for entity, _ in references(state)} == {
            source["Entity"] for source in query["From"]
        }
        assert len(references(state)) == len(shown)


def test_one_visual_has_its_query_and_its_filter_saved() -> None:
    sections = metadata(a_report())["exploration"]["sections"]
    containers = [visual for section in sections for visual in section["visualContainers"]]
    (saved,) = [visual for visual in containers if "query" in visual]
    assert "Where" not in json.loads(saved["config"])["singleVisual"]["prototypeQuery"]
    assert json.loads(saved["filters"])[0]["filter"]["Where"] == [
        {"Condition": among(LEVEL, "'Fylke'")}
    ]
    query = json.loads(saved["query"])["Commands"][0]["SemanticQueryDataShapeCommand"]
    assert {row[1] for row in rows_of(a_report(), query)} == {"Fylke"}


@pytest.mark.parametrize(
    "visual",
    [visual for page in PAGES for visual in page.visuals if visual.roles],
    ids=lambda visual: visual.title,
)
def test_every_visual_can_be_answered(visual: Any) -> None:
    assert rows_of(a_report(), MODEL.command(visual))


def test_the_schema_is_the_same_whichever_way_it_is_asked_for() -> None:
    report = a_report()
    keyed = get(report, f"/public/reports/{KEY}/conceptualschema").content
    asked = {"modelIds": [metadata(report)["models"][0]["id"]], "userPreferredLocale": "en-US"}
    assert post(report, "/public/reports/conceptualschema", asked).content == keyed


def entities_of(report: Report) -> dict[str, Any]:
    """The entities of the schema by name."""
    content = get(report, f"/public/reports/{KEY}/conceptualschema").content
    entities = json.loads(content)["schemas"][0]["schema"]["Entities"]
    return {entity["Name"]: entity for entity in entities}


def test_the_schema_has_what_real_models_have_and_visuals_do_not_use() -> None:
    entities = entities_of(a_report())
    properties = [
        (name, field, entity.get("Private"))
        for name, entity in entities.items()
        for field in entity["Properties"]
    ]
    hidden = [
        (name, field["Name"])
        for name, field, is_private in properties
        if field.get("Hidden") and not is_private
    ]
    assert hidden == [("Bruk", "Radnummer")]
    (dates,) = [name for name, entity in entities.items() if entity.get("Private")]
    assert dates.startswith("LocalDateTable_")
    exploration = metadata(a_report(layout="pbir"))["exploration"]
    used = references(json.loads(exploration["explorationContent"]["explorationDocument"]))
    shown = {(name, field["Name"]) for name, field, _ in properties if not field.get("Hidden")}
    assert shown - used == {("Dato", "År")}


# --- misbehaviour


def test_an_incomplete_answer_says_so() -> None:
    with pytest.raises(IncompleteAnswer, match="DLEx"):
        rows_of(a_report(misbehaviour=Misbehaviour.INCOMPLETE), command(LEVEL, COULD_USE))


def test_a_restart_loop_gives_the_same_page_for_ever() -> None:
    report = a_report(misbehaviour=Misbehaviour.RESTART_LOOP)
    first = ask(report, command(LEVEL, REGION, window={"Count": 2})).content
    shape = shape_of(first)
    window = {"Count": 2, "RestartTokens": shape["RT"]}
    second = ask(report, command(LEVEL, REGION, window=window)).content
    assert shape_of(second) == shape
    with pytest.raises(IncompleteAnswer, match="paging does not move on"):
        decode([first, second, second], where=WHERE)


def test_an_error_comes_inside_a_good_answer() -> None:
    answer = ask(a_report(misbehaviour=Misbehaviour.ERROR_IN_ANSWER), command(LEVEL))
    assert answer.status == 200
    with pytest.raises(QueryFailed, match="rsDataShapeProcessingError"):
        decode([answer.content], where=WHERE)


def schema_of(report: Report, stable: str) -> dict[str, Any]:
    """The description of the field of a stable name."""
    entities = entities_of(report).values()
    fields = [field for entity in entities for field in entity["Properties"]]
    return next(field for field in fields if field["StableName"] == stable)


def test_a_renamed_field_keeps_its_stable_name() -> None:
    report, stable = a_report(misbehaviour=Misbehaviour.RENAMED_FIELD), stable_id("field", "in_use")
    assert schema_of(a_report(), stable)["Name"] == "I bruk"
    assert schema_of(report, stable)["Name"] == "Tatt i bruk"
    assert "Bruk.I bruk" not in json.dumps(metadata(report), ensure_ascii=False)
    assert rows_of(report, command({"Measure": reference("b", "Tatt i bruk")})) == [(None,)]
    with pytest.raises(QueryFailed, match="no measure"):
        rows_of(report, command(IN_USE))


def test_a_hidden_field_is_marked_in_the_schema() -> None:
    stable = stable_id("field", "in_use")
    assert "Hidden" not in schema_of(a_report(), stable)
    assert schema_of(a_report(misbehaviour=Misbehaviour.HIDDEN_FIELD), stable)["Hidden"] is True


def test_data_can_be_refreshed_between_two_pages() -> None:
    report = a_report(misbehaviour=Misbehaviour.REFRESHED_BETWEEN_PAGES)
    before = metadata(report)["models"][0]["LastRefreshTime"]
    ask(report, command(LEVEL))
    assert metadata(report)["models"][0]["LastRefreshTime"] > before
    assert report.last_refresh - REFRESHED == timedelta(minutes=1)


def test_only_a_saved_query_and_its_pages_may_be_accepted() -> None:
    report = a_report(misbehaviour=Misbehaviour.ONLY_SAVED_QUERIES)
    refused = ask(report, command(LEVEL))
    assert (refused.status, refused.headers["X-PowerBI-Error-Info"]) == (
        401,
        "PowerBINotAuthorizedException",
    )
    (saved,) = MODEL.saved_commands
    assert {row[1] for row in rows_of(report, saved)} == {"Fylke"}


def test_a_withdrawn_report_is_nowhere() -> None:
    report = a_report(misbehaviour=Misbehaviour.WITHDRAWN)
    token = parse_qs(urlsplit(report.view_address("http://x")).query)["r"][0]
    assert get(report, "/view", r=token).status == 404
    assert get(report, f"/public/reports/{KEY}/modelsAndExploration").status == 404
    assert ask(report, command(LEVEL)).status == 404


def test_what_goes_wrong_on_the_way_is_no_misbehaviour_of_a_report() -> None:
    with pytest.raises(ValueError, match="SLOW is no misbehaviour of a report"):
        a_report(misbehaviour=Misbehaviour.SLOW)


# --- from the simulated world


def test_what_is_suppressed_shows_as_its_mark_and_counts_nowhere() -> None:
    cells = pl.DataFrame(
        {
            "service_code": ["pll", "pll"],
            "region_key": ["fylke:03", "fylke:55"],
            "region_level": ["fylke", "fylke"],
            "region_code": ["03", "55"],
            "region_name": ["Oslo", "Troms"],
            "actor_type_code": ["fastlege", "fastlege"],
            "actor_type_name": ["Fastlege", "Fastlege"],
            "month": [date(2026, 1, 1), date(2026, 1, 1)],
            "in_use_count": [12, 3],
            "eligible_count": [40, 4],
            "in_use_text": ["12", "<5"],
            "eligible_text": ["40", ":"],
            "is_suppressed": [False, True],
        }
    )
    report = Report.of(cells, key=KEY, tenant=TENANT, last_refresh=REFRESHED)
    service, level = "Pasientens legemiddelliste", "Fylke"
    month = datetime(2026, 1, 1)
    assert rows_of(report, MODEL.command(PAGES[1].visuals[1])) == [
        (service, level, "03", "Oslo", "Fastlege", month, "12", 40),
        (service, level, "55", "Troms", "Fastlege", month, "<5", None),
    ]
    assert rows_of(report, command(summed(0), summed(4))) == [(40, 40)]
