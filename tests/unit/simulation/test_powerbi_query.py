"""The simulated report answers queries with what they ask for, and refuses the others."""

from __future__ import annotations

from datetime import date
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pll_pipeline.simulation.misbehaviour import Misbehaviour
from pll_pipeline.simulation.powerbi_model import PAGES
from pll_pipeline.simulation.powerbi_report import Report
from pll_pipeline.validated.readers.powerbi import IncompleteAnswer, QueryFailed, decode
from tests.unit.simulation.report_world import (
    COULD_USE,
    IN_USE,
    KEY,
    LEVEL,
    MODEL,
    MONTH,
    REFRESHED,
    REGION,
    TENANT,
    WHERE,
    a_report,
    a_table,
    among,
    ask,
    command,
    compared,
    post,
    reference,
    rows_of,
    shape_of,
    summed,
    where,
)

ELIGIBLE = {"Column": reference("b", "Antall som kan ta i bruk")}

# --- what queries mean


def test_the_whole_table_is_answered_as_it_is_shown() -> None:
    everything = MODEL.command(PAGES[1].visuals[0])
    assert sorted(rows_of(a_report(), everything), key=str) == sorted(a_table().rows(), key=str)


def test_columns_without_a_measure_are_their_combinations() -> None:
    assert rows_of(a_report(), command(LEVEL, REGION)) == [
        ("Fylke", "Oslo"),
        ("Fylke", "Troms"),
        ("Kommune", "Oslo"),
        ("Land", "Norge"),
    ]


def test_columns_that_nothing_relates_are_refused() -> None:
    with pytest.raises(QueryFailed, match="InvalidUnconstrainedJoin"):
        rows_of(a_report(), command(REGION, MONTH))


def test_a_combination_without_values_is_left_out_unless_asked_for() -> None:
    asked = command(LEVEL, REGION, COULD_USE)
    assert rows_of(a_report(), asked) == [
        ("Fylke", "Oslo", 400),
        ("Kommune", "Oslo", 400),
        ("Land", "Norge", 400),
    ]
    asked["Binding"]["IncludeEmptyGroups"] = True
    assert ("Fylke", "Troms", None) in rows_of(a_report(), asked)


def test_a_shown_text_is_blank_where_several_cells_meet() -> None:
    assert rows_of(a_report(), command(IN_USE, COULD_USE)) == [(None, 1200)]
    assert rows_of(a_report(), command(IN_USE)) == [(None,)]


@pytest.mark.parametrize(
    ("function", "value"), [(0, 1200), (1, 100.0), (2, 1), (3, 100), (4, 100), (5, 12)]
)
def test_a_column_is_summed_up_by_the_function_not_by_its_name(function: int, value: float) -> None:
    assert rows_of(a_report(), command(summed(function))) == [(value,)]


@pytest.mark.parametrize("function", [0, 1])
def test_texts_are_not_summed_up(function: int) -> None:
    with pytest.raises(QueryFailed, match="cannot sum up"):
        rows_of(a_report(), command(summed(function, "Tjeneste")))


@pytest.mark.parametrize(
    ("condition", "regions"),
    [
        (among(LEVEL, "'Fylke'", "'Land'"), ["Norge", "Oslo", "Troms"]),
        ({"Not": {"Expression": among(LEVEL, "'Fylke'")}}, ["Norge", "Oslo"]),
        (among({"Column": reference("r", "Region nummer")}, "null"), ["Norge"]),
        (compared(0, REGION, "'Troms'"), ["Troms"]),
        (
            {"Or": {"Left": compared(0, REGION, "'Troms'"), "Right": compared(0, LEVEL, "'Land'")}},
            ["Norge", "Troms"],
        ),
        (
            {"And": {"Left": compared(0, REGION, "'Oslo'"), "Right": compared(0, LEVEL, "'Land'")}},
            [],
        ),
        (compared(2, ELIGIBLE, "99.5D"), ["Norge", "Oslo"]),
        (compared(4, ELIGIBLE, "99.5M"), []),
        (compared(3, MONTH, "datetime'2026-01-01T00:00:00'"), []),
        (among(REGION, "'O''Hara'"), []),
    ],
)
def test_filters_mean_what_they_say(condition: dict[str, Any], regions: list[str]) -> None:
    assert [row[0] for row in rows_of(a_report(), command(REGION, **where(condition)))] == regions


def test_rows_come_in_the_order_asked_for_and_then_by_the_key() -> None:
    order = {"OrderBy": [{"Direction": 2, "Expression": MONTH}]}
    found = rows_of(a_report(), command(LEVEL, MONTH, COULD_USE, **order))
    assert [(row[1].month, row[0]) for row in found] == [
        (2, "Fylke"),
        (2, "Kommune"),
        (2, "Land"),
        (1, "Fylke"),
        (1, "Kommune"),
        (1, "Land"),
    ]


def test_a_grand_total_is_apart_from_the_rows() -> None:
    answer = decode([ask(a_report(), command(LEVEL, COULD_USE, subtotal=1)).content], where=WHERE)
    assert (len(answer.rows), [total.values for total in answer.totals]) == (3, [(None, 1200)])


def wrong(**change: Any) -> dict[str, Any]:
    asked = command(LEVEL, COULD_USE)
    return asked | {name: asked[name] | value for name, value in change.items()}


@pytest.mark.parametrize(
    "asked",
    [
        {},
        wrong(Query={"Version": 1}),
        wrong(Query={"Transform": []}),
        wrong(Query={"From": [{"Name": "r", "Entity": "Region", "Type": 2}]}),
        wrong(Query={"From": [{"Name": "r", "Entity": "Ukjent", "Type": 0}]}),
        wrong(Query={"Select": [{**LEVEL, **COULD_USE, "Name": "two"}]}),
        wrong(Query={"Select": [{"Name": "none"}]}),
        wrong(Query={"Where": [{"Condition": compared(0, COULD_USE, "1L")}]}),
        wrong(Query={"Where": [{"Condition": compared(0, LEVEL, "Fylke")}]}),
        wrong(Query={"Where": [{"Condition": compared(0, LEVEL, "1L")}]}),
        wrong(Query={"Where": [{"Condition": {"Contains": {}}}]}),
        wrong(Query={"OrderBy": [{"Direction": 1, "Expression": MONTH}]}),
        wrong(Binding={"Primary": {"Groupings": [{"Projections": [0]}]}}),
        wrong(Binding={"Primary": {"Groupings": [{"Projections": [0]}, {"Projections": [1]}]}}),
        wrong(Binding={"Secondary": {"Groupings": [{"Projections": [1]}]}}),
        wrong(Binding={"DataReduction": {"Primary": {"Sample": {}}}}),
        wrong(
            Binding={"DataReduction": {"Primary": {"Window": {"RestartTokens": [["'Ukjent'"]]}}}}
        ),
        wrong(
            Binding={
                "DataReduction": {"Primary": {"Window": {"RestartTokens": [["'Land'", "1L"]]}}}
            }
        ),
        wrong(Binding={"DataReduction": {"Primary": {"Window": {"RestartTokens": [["1L"]]}}}}),
        wrong(Query={"Where": [{"Condition": compared(0, ELIGIBLE, "9999999999999999999L")}]}),
        command({"Column": reference("b", "I bruk")}),
        command({"Measure": reference("b", "Tjeneste")}),
        command({"Column": reference("b", "Finnes ikke")}),
        command({"Column": reference("z", "Tjeneste")}),
    ],
)
def test_a_query_that_is_not_understood_is_refused_inside_the_answer(asked: dict[str, Any]) -> None:
    answer = ask(a_report(), asked)
    assert answer.status == 200
    with pytest.raises(QueryFailed, match="InvalidOrMalformedSemanticQueryDefinition"):
        decode([answer.content], where=WHERE)


def nested(depth: int) -> dict[str, Any]:
    condition = among(LEVEL, "'Land'")
    for _ in range(depth):
        condition = {"Not": {"Expression": condition}}
    return command(LEVEL, **where(condition))


def test_a_filter_nested_beyond_reason_is_refused() -> None:
    assert rows_of(a_report(), nested(100)) == [("Land",)]
    with pytest.raises(QueryFailed, match="not understood"):
        rows_of(a_report(), nested(300))


names = st.sampled_from(["Query", "Binding", "From", "Select", "Where", "Name", "In", "Values"])
json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(max_size=3)
    | st.sampled_from(["'Fylke'", "1L", "Region"]),
    lambda inside: st.lists(inside, max_size=3) | st.dictionaries(names, inside, max_size=3),
    max_leaves=8,
)


@given(
    st.sampled_from(
        [
            "Query",
            "Binding",
            "From",
            "Select",
            "Where",
            "OrderBy",
            "Expression",
            "Values",
            "Value",
            "Count",
            "Projections",
        ]
    ),
    json_values,
)
def test_whatever_is_asked_there_is_an_answer(key: str, anything: Any) -> None:
    def changed(node: Any) -> Any:
        if isinstance(node, dict):
            return {
                name: anything if name == key else changed(inside) for name, inside in node.items()
            }
        return [changed(inside) for inside in node] if isinstance(node, list) else node

    asked = command(
        LEVEL,
        COULD_USE,
        **where(among(LEVEL, "'Fylke'")),
        OrderBy=[{"Direction": 1, "Expression": LEVEL}],
    )
    for misbehaviour in (None, Misbehaviour.RESTART_LOOP, Misbehaviour.ONLY_SAVED_QUERIES):
        assert ask(a_report(misbehaviour=misbehaviour), changed(asked)).status in (200, 401)
    body = changed({"queries": anything, "modelId": anything})
    assert post(a_report(), "/public/reports/querydata", body).status == 400


# --- pages


def long_table(rows: int) -> pl.DataFrame:
    numbers = pl.int_range(rows, eager=True)
    return pl.select(
        pl.lit("E-resept").alias("Tjeneste"),
        pl.lit("Kommune").alias("Region nivå"),
        (numbers // 2).cast(pl.String).str.zfill(5).alias("Region nummer"),
        pl.lit("Sted").alias("Region"),
        (numbers % 2).cast(pl.String).alias("Aktørtype"),
        pl.lit(date(2026, 1, 1)).alias("Måned"),
        pl.lit("<5").alias("I bruk"),
        (numbers % 7).alias("Antall som kan ta i bruk"),
    )


NUMBER = {"Column": reference("r", "Region nummer")}
ACTOR_TYPE = {"Column": reference("a", "Aktørtype")}


def pages(report: Report, count: int) -> list[bytes]:
    found: list[bytes] = []
    window: dict[str, Any] = {"Count": count}
    while not found or "RestartTokens" in window:
        asked = command(NUMBER, ACTOR_TYPE, IN_USE, COULD_USE, window=window)
        found.append(ask(report, asked).content)
        shape = shape_of(found[-1])
        window = {"Count": count, **({"RestartTokens": shape["RT"]} if "RT" in shape else {})}
    return found


@given(st.integers(1, 40), st.integers(2, 12))
def test_all_pages_together_are_the_whole_table(rows: int, count: int) -> None:
    table = long_table(rows)
    report = Report(table, key=KEY, tenant=TENANT, last_refresh=REFRESHED)
    found = decode(pages(report, count), where=WHERE)
    assert [row[:2] for row in found.rows] == sorted(
        table.select("Region nummer", "Aktørtype").rows()
    )
    assert found.sum("c3") == table["Antall som kan ta i bruk"].sum()


def test_a_count_beyond_the_largest_is_ignored() -> None:
    report = Report(long_table(700), key=KEY, tenant=TENANT, last_refresh=REFRESHED)
    asked = command(NUMBER, ACTOR_TYPE, COULD_USE, window={"Count": 40_000})
    shape = shape_of(ask(report, asked).content)
    assert len(shape["PH"][0]["DM0"]) == 500
    assert (shape["IC"], shape["RT"]) == (False, [["'00249'", "'1'"]])


def test_a_top_that_cuts_says_so() -> None:
    asked = command(LEVEL, REGION)
    asked["Binding"]["DataReduction"]["Primary"] = {"Top": {"Count": 2}}
    with pytest.raises(IncompleteAnswer, match="DLEx"):
        rows_of(a_report(), asked)
