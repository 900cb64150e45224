"""The simulated report: what it writes is what real servers write, and says what was asked for; its bad days are as bad as announced."""

from __future__ import annotations

import base64
import json
import math
from datetime import UTC, date, datetime, timedelta
from itertools import groupby
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pll_pipeline.simulation.exchange import Request, Response
from pll_pipeline.simulation.powerbi_answer import (
    Encoded,
    Grouping,
    Row,
    Selected,
    Subtotal,
    TypeCode,
    data_of,
    encode,
    envelope,
    literal,
)
from pll_pipeline.simulation.powerbi_model import PAGES, Model, stable_id
from pll_pipeline.simulation.powerbi_query import QueryRefused, parsed_literal
from pll_pipeline.simulation.powerbi_report import TABLE_COLUMNS, Misbehaviour, Report
from pll_pipeline.validated.readers.powerbi import IncompleteAnswer, QueryFailed, decode

CAPTURES = Path(__file__).resolve().parents[4] / "shared" / "powerbi" / "captures"
WHERE = "report/answer.json"


# --- answers: written and read again --------------------------------------------------------------------------------

VALUES = {
    TypeCode.TEXT: st.text(max_size=4) | st.sampled_from(["", " ", "null", "Ø", "'", "a\nb"]),
    TypeCode.DECIMAL: st.decimals(
        allow_nan=False, allow_infinity=False, places=3, min_value=-(10**12), max_value=10**12
    ),
    TypeCode.DOUBLE: st.floats() | st.integers(-3, 3).map(float),
    TypeCode.INTEGER: st.integers(-(2**63), 2**63 - 1) | st.integers(-2, 2),
    TypeCode.BOOLEAN: st.booleans(),
    TypeCode.DATETIME: st.datetimes()
    | st.dates().map(lambda day: datetime(day.year, day.month, day.day)),
}
TYPES = st.sampled_from(list(TypeCode))


def group(number: int, type_code: TypeCode = TypeCode.TEXT) -> Selected:
    return Selected(f"t.g{number}", type_code, ("t", f"g{number}"))


def measure(number: int, type_code: TypeCode = TypeCode.INTEGER) -> Selected:
    return Selected(f"t.m{number}", type_code)


def comparable(rows: Any) -> list[tuple[Any, ...]]:
    return [
        tuple("NaN" if isinstance(value, float) and math.isnan(value) else value for value in row)
        for row in rows
    ]


def written(encoded: Encoded, **how: Any) -> bytes:
    return envelope([data_of(encoded, **how)])


@st.composite
def tables(draw: st.DrawFn) -> tuple[list[Selected], list[Row]]:
    kinds = draw(st.lists(st.tuples(st.booleans(), TYPES), max_size=6))
    columns = [
        group(0, draw(TYPES)),
        *(
            group(n, one) if is_group else measure(n, one)
            for n, (is_group, one) in enumerate(kinds, 1)
        ),
    ]
    row = st.tuples(*(st.none() | VALUES[column.type_code] for column in columns))
    pool = draw(st.lists(row, max_size=5))
    rows = draw(st.lists(st.sampled_from(pool) | row, max_size=12)) if pool else []
    order = draw(st.permutations(range(len(columns))))
    return [columns[place] for place in order], [
        tuple(row[place] for place in order) for row in rows
    ]


def flat(columns: list[Selected], rows: list[Row], **more: Any) -> Encoded:
    groups = tuple(place for place, column in enumerate(columns) if not column.is_measure)
    return encode(
        columns, rows, down=[Grouping(groups, Subtotal.BEFORE if more else Subtotal.NONE)], **more
    )


@given(tables())
def test_a_flat_table_is_read_as_it_was_written(table: tuple[list[Selected], list[Row]]) -> None:
    columns, rows = table
    answer = decode([written(flat(columns, rows))], where=WHERE)
    assert answer.columns == tuple(column.name for column in columns)
    assert comparable(answer.rows) == comparable(rows)
    assert answer.server_row_count == len(rows)


@given(st.lists(st.lists(st.none() | st.integers(0, 3), min_size=56, max_size=56), max_size=6))
def test_columns_beyond_the_masks_are_read_as_they_were_written(
    rows: list[list[int | None]],
) -> None:
    columns = [group(number, TypeCode.INTEGER) for number in range(56)]
    assert list(decode([written(flat(columns, rows))], where=WHERE).rows) == [
        tuple(row) for row in rows
    ]


def test_only_the_first_hundred_texts_of_a_column_have_a_number() -> None:
    rows = [(f"text {number % 130}", number) for number in range(260)]
    encoded = flat([group(0), group(1, TypeCode.INTEGER)], rows)
    assert encoded.dictionaries == {"D0": [f"text {number}" for number in range(100)]}
    assert encoded.shape["PH"][0]["DM0"][230]["C"] == ["text 100", 230]
    assert list(decode([written(encoded)], where=WHERE).rows) == rows


def test_numbers_and_times_are_written_as_servers_write_them() -> None:
    kinds = (TypeCode.DOUBLE, TypeCode.DOUBLE, TypeCode.INTEGER, TypeCode.BOOLEAN)
    columns = [
        group(0, TypeCode.DATETIME),
        *(measure(number, one) for number, one in enumerate(kinds)),
    ]
    rows = [
        (datetime(1969, 12, 31), 0.1 + 0.2, 11700.0, 2**53 + 2, True),
        (datetime(2024, 5, 1, 0, 0, 0, 7), math.inf, -1.5, -7, False),
    ]
    first, second = flat(columns, rows).shape["PH"][0]["DM0"]
    assert first["C"] == [-86400000, "0.30000000000000004", 11700, "9007199254740994", 1]
    assert second["C"] == ["2024-05-01T00:00:00.000007", "Infinity", -1.5, -7, 0]


nested_rows = st.dictionaries(
    st.tuples(*[st.sampled_from(["a", "b", "c"])] * 3), st.integers(-2, 2) | st.none(), min_size=1
)


@given(nested_rows, st.lists(st.sampled_from(Subtotal), min_size=3, max_size=3), st.booleans())
def test_a_nested_table_with_its_totals_is_read_as_it_was_written(
    cells: dict[Any, Any], subtotals: list[Subtotal], folds_one: bool
) -> None:
    columns = [measure(0), group(2), group(0), group(1)]
    down = [
        Grouping((place,), subtotal) for place, subtotal in zip((2, 3, 1), subtotals, strict=True)
    ]
    rows = [
        (value, third, first, second) for (first, second, third), value in sorted(cells.items())
    ]
    prefixes = [key[:depth] for key in cells for depth in range(3)]
    totals = {
        prefix: (sum(value or 0 for key, value in cells.items() if key[: len(prefix)] == prefix),)
        for prefix in prefixes
    }
    closed = frozenset({min(cells)[:2]} if folds_one else ())
    answer = decode(
        [written(encode(columns, rows, down=down, totals=totals, closed=closed))], where=WHERE
    )
    assert list(answer.rows) == [row for row in rows if (row[2], row[3]) not in closed]
    assert answer.closed_branches == len(closed)
    expected = {
        (len(prefix), totals[prefix][0], None, *(*prefix, None, None)[:2])
        for prefix in prefixes
        if subtotals[len(prefix)]
    }
    assert len(answer.totals) == len(expected)
    assert {(total.level, *total.values) for total in answer.totals} == expected


crossings = st.tuples(st.integers(0, 3), st.sampled_from("abc"), st.sampled_from("xyz"))


@given(
    st.dictionaries(
        crossings, st.tuples(st.none() | st.integers(0, 2), st.none() | st.floats(0, 1)), min_size=1
    )
)
def test_a_matrix_is_read_as_it_was_written(cells: dict[Any, Any]) -> None:
    columns = [
        group(0, TypeCode.INTEGER),
        measure(0),
        group(1),
        group(2),
        measure(1, TypeCode.DOUBLE),
    ]
    rows = [
        (line, values[0], across, below, values[1])
        for (line, below, across), values in sorted(cells.items())
    ]
    encoded = encode(columns, rows, down=[Grouping((0,)), Grouping((3,))], across=(2,))
    lines, acrosses = (
        dict.fromkeys((line, below) for line, below, _ in sorted(cells)),
        sorted({across for _, _, across in cells}),
    )
    dense = [
        (line, across, below, *cells.get((line, below, across), (None, None)))
        for line, below in lines
        for across in acrosses
    ]
    assert list(decode([written(encoded)], where=WHERE).rows) == [
        (line, one, across, below, two) for line, across, below, one, two in dense
    ]


@given(st.lists(st.tuples(TYPES, st.booleans()), min_size=1, max_size=5), st.data())
def test_totals_alone_are_read_as_they_were_written(
    kinds: list[tuple[TypeCode, bool]], data: st.DataObject
) -> None:
    columns = [measure(number, one) for number, (one, _) in enumerate(kinds)]
    row = tuple(None if is_blank else data.draw(VALUES[one]) for one, is_blank in kinds)
    assert comparable(
        decode([written(encode(columns, [row], down=()))], where=WHERE).rows
    ) == comparable([row])


@given(
    st.sets(st.tuples(st.text(max_size=2), st.integers(0, 30)), min_size=3, max_size=40),
    st.integers(2, 7),
)
def test_pages_that_share_a_row_are_read_as_one_table(
    keys: set[tuple[str, int]], size: int
) -> None:
    columns, rows = (
        [group(0), group(1, TypeCode.INTEGER), measure(0)],
        [(*key, number) for number, key in enumerate(sorted(keys))],
    )
    starts = [*range(0, len(rows) - 1, size - 1)]
    pages = []
    for start in starts:
        page = rows[start : start + size]
        restart = None if start == starts[-1] else [[literal(value) for value in page[-1][:2]]]
        pages.append(written(flat(columns, page), restart=restart))
    assert list(decode(pages, where=WHERE).rows) == rows


def test_a_matrix_with_totals_is_not_made_up() -> None:
    with pytest.raises(ValueError, match="no totals"):
        encode(
            [group(0), group(1), measure(0)], [], down=[Grouping((0,), Subtotal.AFTER)], across=(1,)
        )


@given(
    st.one_of(
        st.none(),
        *(strategy for code, strategy in VALUES.items() if code != TypeCode.DOUBLE),
        st.floats(allow_nan=False, allow_infinity=False),
    )
)
def test_a_literal_is_read_as_it_was_written(value: Any) -> None:
    assert parsed_literal(literal(value))[1] == value


@pytest.mark.parametrize(
    "text", ["'O'Hara'", "12", "1.5", "datetime'2024-13-01T00:00:00'", "١L", "1L; drop", "", "NaND"]
)
def test_a_literal_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(QueryRefused, match="type encoded"):
        parsed_literal(text)


# --- answers: as real servers write them ----------------------------------------------------------------------------


def captured(name: str) -> dict[str, Any]:
    file = CAPTURES / name / "response.json"
    if not file.exists():
        pytest.skip(
            "the captures of real answers (shared/powerbi/captures) are not beside this checkout"
        )
    return json.loads(file.read_bytes())["results"][0]["result"]["data"]


def written_again(name: str) -> tuple[dict[str, Any], Encoded]:
    """A real answer, and the table in it written by us."""
    data = captured(name)
    table = decode([(CAPTURES / name / "response.json").read_bytes()], where=name)
    select = data["descriptor"]["Select"]
    sources = [
        tuple(one["GroupKeys"][0]["Source"].values()) if one["Kind"] == 1 else None
        for one in select
    ]
    columns = [
        Selected(one["Name"], TypeCode(code or TypeCode.TEXT), source, one.get("Format"))
        for one, code, source in zip(select, table.column_type_codes, sources, strict=True)
    ]
    axes = data["descriptor"]["Expressions"]
    down = [
        Grouping(
            tuple(key["Select"] for key in one["Keys"]),
            Subtotal.BEFORE if "SubtotalMember" in one else Subtotal.NONE,
        )
        for one in axes["Primary"]["Groupings"]
    ]
    across = [
        key["Select"]
        for one in axes.get("Secondary", {"Groupings": []})["Groupings"]
        for key in one["Keys"]
    ]
    levels = [
        [place for grouping in down[:depth] for place in grouping.groups]
        for depth in range(len(down))
    ]
    measures = [place for place, column in enumerate(columns) if column.is_measure]
    totals = {
        tuple(total.values[place] for place in levels[total.level]): tuple(
            total.values[place] for place in measures
        )
        for total in table.totals
    }
    rows, closed = list(table.rows), frozenset()
    if table.closed_branches:
        deepest = [key for key in totals if len(key) == len(levels[-1])]
        inside = {
            key: list(found)
            for key, found in groupby(
                rows, key=lambda row: tuple(row[place] for place in levels[-1])
            )
        }
        folded = {
            key: [
                tuple(
                    key[levels[-1].index(place)] if place in levels[-1] else None
                    for place in range(len(columns))
                )
            ]
            for key in deepest
        }
        rows, closed = (
            [row for key in deepest for row in (inside.get(key) or folded[key])],
            frozenset(deepest) - inside.keys(),
        )
    return data, encode(columns, rows, down=down, across=across, totals=totals, closed=closed)


@pytest.mark.parametrize(
    "name",
    [
        "p01-flat-datetime-int",
        "p02-flat-dict-null-repeat",
        "p03-flat-with-grand-total",
        "p05-nested-three-levels-subtotals",
        "p08-single-group-slicer",
        "p14-flat-doubles-null-literals",
    ],
)
def test_the_table_of_a_real_answer_is_written_as_the_real_server_wrote_it(name: str) -> None:
    data, encoded = written_again(name)
    shape = data["dsr"]["DS"][0]
    assert encoded.shape["PH"] == shape["PH"]
    assert encoded.dictionaries == shape.get("ValueDicts", {})
    assert encoded.descriptor == {key: data["descriptor"][key] for key in ("Select", "Expressions")}


def test_the_table_of_a_real_matrix_is_written_as_the_real_server_wrote_it() -> None:
    data, encoded = written_again("p04-matrix-sparse-columns")
    shape = data["dsr"]["DS"][0]
    # the real server introduced the cells with an empty one that holds the schema only
    first = shape["PH"][0]["DM0"][0]["X"]
    assert first.pop(0).keys() == {"S"}
    assert encoded.shape["PH"][0]["DM0"][0]["X"][0].pop("S") == [{"N": "M0", "T": 3}]
    assert (encoded.shape["SH"], encoded.shape["PH"]) == (shape["SH"], shape["PH"])


# --- the report -----------------------------------------------------------------------------------------------------

KEY, TENANT = (
    UUID("11111111-2222-3333-4444-555555555555"),
    UUID("aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee"),
)
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
            actor,
            month,
            "<5" if region[1] == "55" else str(10 * place + number),
            None if region[1] == "55" else 100,
        )
        for place, region in enumerate(regions)
        for actor in ("Fastlege", "Sykehus")
        for number, month in enumerate(months)
    ]
    return pl.DataFrame(
        rows,
        schema=dict(
            zip(
                TABLE_COLUMNS,
                [pl.String] * 5 + [pl.Datetime("us"), pl.String, pl.Int64],
                strict=True,
            )
        ),
        orient="row",
    )


def a_report(**how: Any) -> Report:
    return Report(a_table(), key=KEY, tenant=TENANT, last_refresh=REFRESHED, **how)


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
            "Values": [[{"Literal": {"Value": one}}] for one in literals],
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
def test_without_the_key_nothing_is_told(path: str, key: str) -> None:
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
    """Every entity and property a visual's definition names."""
    if isinstance(node, list):
        return set().union(*map(references, node)) if node else set()
    if not isinstance(node, dict):
        return set()
    inside = set().union(*map(references, node.values())) if node else set()
    source = (
        node.get("Expression", {}).get("SourceRef", {})
        if isinstance(node.get("Expression"), dict)
        else {}
    )
    return inside | ({(source.get("Entity", ""), node["Property"])} if source else set())


def test_both_layouts_tell_of_the_same_visuals() -> None:
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
    assert [(one["name"], one["singleVisual"]["visualType"]) for one in configs] == [
        (one["name"], one["visual"]["visualType"]) for one in contents
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
        shown = [one for role in state.values() for one in role["projections"]]
        assert [one["Name"] for one in query["Select"]] == [one["queryRef"] for one in shown]
        assert {entity for entity, _ in references(state)} == {
            one["Entity"] for one in query["From"]
        }
        assert len(references(state)) == len(shown)


def test_one_visual_has_its_query_and_its_filter_saved() -> None:
    containers = [
        one
        for section in metadata(a_report())["exploration"]["sections"]
        for one in section["visualContainers"]
    ]
    (saved,) = [one for one in containers if "query" in one]
    assert "Where" not in json.loads(saved["config"])["singleVisual"]["prototypeQuery"]
    assert json.loads(saved["filters"])[0]["filter"]["Where"] == [
        {"Condition": among(LEVEL, "'Fylke'")}
    ]
    found = rows_of(
        a_report(), json.loads(saved["query"])["Commands"][0]["SemanticQueryDataShapeCommand"]
    )
    assert {row[1] for row in found} == {"Fylke"}


@pytest.mark.parametrize(
    "visual",
    [one for page in PAGES for one in page.visuals if one.roles],
    ids=lambda one: one.title,
)
def test_every_visual_can_be_answered(visual: Any) -> None:
    assert rows_of(a_report(), MODEL.command(visual))


def test_the_schema_is_the_same_whichever_way_it_is_asked_for() -> None:
    report = a_report()
    keyed = get(report, f"/public/reports/{KEY}/conceptualschema").content
    asked = {"modelIds": [metadata(report)["models"][0]["id"]], "userPreferredLocale": "en-US"}
    assert post(report, "/public/reports/conceptualschema", asked).content == keyed


def test_the_schema_has_what_real_models_have_and_visuals_do_not_use() -> None:
    entities = {
        one["Name"]: one
        for one in json.loads(get(a_report(), f"/public/reports/{KEY}/conceptualschema").content)[
            "schemas"
        ][0]["schema"]["Entities"]
    }
    hidden = [
        (name, one["Name"])
        for name, entity in entities.items()
        for one in entity["Properties"]
        if one.get("Hidden") and not entity.get("Private")
    ]
    assert hidden == [("Bruk", "Radnummer")]
    (dates,) = [name for name, entity in entities.items() if entity.get("Private")]
    assert dates.startswith("LocalDateTable_")
    used = references(
        json.loads(
            metadata(a_report(layout="pbir"))["exploration"]["explorationContent"][
                "explorationDocument"
            ]
        )
    )
    shown = {
        (name, one["Name"])
        for name, entity in entities.items()
        for one in entity["Properties"]
        if not one.get("Hidden")
    }
    assert shown - used == {("Dato", "År")}


# --- what queries mean ----------------------------------------------------------------------------------------------


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
        (
            compared(2, {"Column": reference("b", "Antall som kan ta i bruk")}, "99.5D"),
            ["Norge", "Oslo"],
        ),
        (compared(4, {"Column": reference("b", "Antall som kan ta i bruk")}, "99.5M"), []),
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


def test_a_grand_total_stands_apart_from_the_rows() -> None:
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
        wrong(
            Query={
                "Where": [
                    {
                        "Condition": compared(
                            0,
                            {"Column": reference("b", "Antall som kan ta i bruk")},
                            "9999999999999999999L",
                        )
                    }
                ]
            }
        ),
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
def test_whatever_is_asked_there_is_an_answer(place: str, anything: Any) -> None:
    def changed(node: Any) -> Any:
        if isinstance(node, dict):
            return {
                name: anything if name == place else changed(inside)
                for name, inside in node.items()
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
    assert (
        post(
            a_report(),
            "/public/reports/querydata",
            changed({"queries": anything, "modelId": anything}),
        ).status
        == 400
    )


# --- pages ----------------------------------------------------------------------------------------------------------


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
ACTOR = {"Column": reference("a", "Aktørtype")}


def pages(report: Report, count: int) -> list[bytes]:
    found: list[bytes] = []
    window: dict[str, Any] = {"Count": count}
    while not found or "RestartTokens" in window:
        found.append(ask(report, command(NUMBER, ACTOR, IN_USE, COULD_USE, window=window)).content)
        shape = json.loads(found[-1])["results"][0]["result"]["data"]["dsr"]["DS"][0]
        window = {"Count": count, **({"RestartTokens": shape["RT"]} if "RT" in shape else {})}
    return found


@given(st.integers(1, 40), st.integers(2, 12))
def test_all_pages_together_are_the_whole_table(rows: int, count: int) -> None:
    table = long_table(rows)
    found = decode(
        pages(Report(table, key=KEY, tenant=TENANT, last_refresh=REFRESHED), count), where=WHERE
    )
    assert [row[:2] for row in found.rows] == sorted(
        table.select("Region nummer", "Aktørtype").rows()
    )
    assert found.sum("c3") == table["Antall som kan ta i bruk"].sum()


def test_a_count_beyond_the_largest_is_ignored() -> None:
    report = Report(long_table(700), key=KEY, tenant=TENANT, last_refresh=REFRESHED)
    shape = json.loads(
        ask(report, command(NUMBER, ACTOR, COULD_USE, window={"Count": 40_000})).content
    )["results"][0]["result"]["data"]["dsr"]["DS"][0]
    assert (len(shape["PH"][0]["DM0"]), shape["IC"], shape["RT"]) == (
        500,
        False,
        [["'00249'", "'1'"]],
    )


def test_a_top_that_cuts_says_so() -> None:
    asked = command(LEVEL, REGION)
    asked["Binding"]["DataReduction"]["Primary"] = {"Top": {"Count": 2}}
    with pytest.raises(IncompleteAnswer, match="DLEx"):
        rows_of(a_report(), asked)


# --- bad days -------------------------------------------------------------------------------------------------------


def test_an_incomplete_answer_says_so() -> None:
    with pytest.raises(IncompleteAnswer, match="DLEx"):
        rows_of(a_report(misbehaviour=Misbehaviour.INCOMPLETE), command(LEVEL, COULD_USE))


def test_a_restart_loop_gives_the_same_page_for_ever() -> None:
    report = a_report(misbehaviour=Misbehaviour.RESTART_LOOP)
    first = ask(report, command(LEVEL, REGION, window={"Count": 2})).content
    shape = json.loads(first)["results"][0]["result"]["data"]["dsr"]["DS"][0]
    second = ask(
        report, command(LEVEL, REGION, window={"Count": 2, "RestartTokens": shape["RT"]})
    ).content
    assert json.loads(second)["results"][0]["result"]["data"]["dsr"]["DS"][0] == shape
    with pytest.raises(IncompleteAnswer, match="paging does not move on"):
        decode([first, second, second], where=WHERE)


def test_an_error_comes_inside_a_good_answer() -> None:
    answer = ask(a_report(misbehaviour=Misbehaviour.ERROR_IN_ANSWER), command(LEVEL))
    assert answer.status == 200
    with pytest.raises(QueryFailed, match="rsDataShapeProcessingError"):
        decode([answer.content], where=WHERE)


def schema_of(report: Report, stable: str) -> dict[str, Any]:
    entities = json.loads(get(report, f"/public/reports/{KEY}/conceptualschema").content)[
        "schemas"
    ][0]["schema"]["Entities"]
    return next(
        one for entity in entities for one in entity["Properties"] if one["StableName"] == stable
    )


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


# --- from the simulated world ---------------------------------------------------------------------------------------


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
    assert rows_of(report, MODEL.command(PAGES[1].visuals[1])) == [
        (
            "Pasientens legemiddelliste",
            "Fylke",
            "03",
            "Oslo",
            "Fastlege",
            datetime(2026, 1, 1),
            "12",
            40,
        ),
        (
            "Pasientens legemiddelliste",
            "Fylke",
            "55",
            "Troms",
            "Fastlege",
            datetime(2026, 1, 1),
            "<5",
            None,
        ),
    ]
    assert rows_of(report, command(summed(0), summed(4))) == [(40, 40)]
