"""The Power BI project, judged by Microsoft's own engine and parser where they can be had, and by what holds it together.

Not judged: whether Desktop draws it as meant (nobody here has one; the page Kontroll is for that), and DAX by an engine: it needs a running
server. DAX is held to what it names. The published JSON schemas of PBIR are on neither PyPI, npm nor Debian: the rules below are what they ask of the
few kinds of file we write.
"""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pll_pipeline.published import duckdb as release_of
from pll_pipeline.published import powerbi
from pll_pipeline.published.powerbi.model import MEASURES, TABLES, Model, build
from pll_pipeline.published.powerbi.pages import HEIGHT, WIDTH
from pll_pipeline.published.powerbi.tmdl import quoted
from tests.night.conftest import World

PARSER = Path(__file__).resolve().parent / "powerquery.js"


@pytest.fixture(scope="module", params=["demo", "released"])
def world(request: pytest.FixtureRequest) -> World:
    found: World = request.getfixturevalue(request.param)
    return found


@pytest.fixture(scope="module")
def project(world: World) -> Path:
    return world.current / "powerbi"


@pytest.fixture(scope="module")
def model(world: World) -> Model:
    with release_of.opened(world.current.resolve()) as (connection, tables):
        return build(connection, tables)


class Engine:
    """Microsoft's tabular object model, spoken to over its standard input."""

    def __init__(self, modules: Path) -> None:
        (binary,) = modules.glob("@microsoft/powerbi-modeling-mcp-*/dist/powerbi-modeling-mcp*")
        self.process = subprocess.Popen(
            [str(binary), "--start"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            encoding="utf-8",
        )
        self.number = 0
        self.ask(
            "initialize",
            {
                "protocolVersion": "2024-11-05",
                "capabilities": {},
                "clientInfo": {"name": "tests", "version": "1"},
            },
        )
        self._send({"jsonrpc": "2.0", "method": "notifications/initialized"})

    def _send(self, message: dict[str, Any]) -> None:
        assert self.process.stdin
        self.process.stdin.write(json.dumps(message) + "\n")
        self.process.stdin.flush()

    def ask(self, method: str, parameters: dict[str, Any]) -> dict[str, Any]:
        self.number += 1
        self._send({"jsonrpc": "2.0", "id": self.number, "method": method, "params": parameters})
        assert self.process.stdout
        for line in self.process.stdout:
            answer: dict[str, Any] = json.loads(line)
            if answer.get("id") == self.number:
                return answer
        raise AssertionError("the engine stopped")

    def call(self, tool: str, **request: Any) -> Any:
        answer = self.ask("tools/call", {"name": tool, "arguments": {"request": request}})
        assert "result" in answer, answer
        text = answer["result"]["content"][0]["text"]
        assert not answer["result"].get("isError"), text
        return json.loads(text) if text.lstrip().startswith(("{", "[")) else text


@pytest.fixture(scope="module")
def engine(npm: Path) -> Iterator[Engine]:
    if not list(npm.glob("@microsoft/powerbi-modeling-mcp-*/dist/powerbi-modeling-mcp*")):
        pytest.skip("Microsoft's engine is not made for this kind of machine")
    engine = Engine(npm)
    yield engine
    engine.process.kill()
    engine.process.wait()


def test_microsofts_engine_loads_the_model_and_finds_in_it_what_we_put_there(
    engine: Engine, project: Path, model: Model
) -> None:
    opened = engine.call(
        "connection_operations",
        operation="ConnectFolder",
        folderPath=str(project / "PLL.SemanticModel"),
    )
    assert opened["message"].startswith("Successfully loaded"), opened
    tables = {
        table["name"]: table for table in engine.call("table_operations", operation="List")["data"]
    }
    assert set(tables) == {table.name for table in model.tables}
    measures = {
        measure["name"]
        for of_table in engine.call("measure_operations", operation="List")["data"]
        for measure in of_table["measures"]
    }
    assert measures == {measure.name for table in model.tables for measure in table.measures}
    relationships = engine.call("relationship_operations", operation="List")["data"]
    assert {
        (one["fromTable"], one["fromColumn"], one["toTable"], one["toColumn"])
        for one in relationships
    } == {
        (one.from_table, one.from_column, one.to_table, one.to_column)
        for one in model.relationships
    }


def test_microsofts_engine_refuses_a_broken_model(
    engine: Engine, project: Path, tmp_path: Path
) -> None:
    for path in (project / "PLL.SemanticModel").rglob("*"):
        if path.is_file():
            copy = tmp_path / path.relative_to(project)
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_text(
                path.read_text(encoding="utf-8").replace(
                    "toColumn: Region.", "toColumn: Ingensteds."
                ),
                encoding="utf-8",
            )
    answer = engine.ask(
        "tools/call",
        {
            "name": "connection_operations",
            "arguments": {
                "request": {
                    "operation": "ConnectFolder",
                    "folderPath": str(tmp_path / "PLL.SemanticModel"),
                }
            },
        },
    )
    assert (
        answer["result"].get("isError")
        or '"success":false' in answer["result"]["content"][0]["text"].replace(" ", "").lower()
    )


def test_every_m_text_is_what_microsofts_parser_takes(
    npm: Path, model: Model, project: Path
) -> None:
    parameter = re.search(
        r"expression \w+ = (.*) meta",
        (project / "PLL.SemanticModel" / "definition" / "expressions.tmdl").read_text(
            encoding="utf-8"
        ),
    )
    assert parameter
    texts = [table.m for table in model.tables] + [parameter[1]]

    def refused(texts: list[str]) -> list[Any]:
        said = subprocess.run(
            ["node", str(PARSER), str(npm)],
            input=json.dumps(texts),
            capture_output=True,
            text=True,
            timeout=120,
            check=True,
        )
        answer: list[Any] = json.loads(said.stdout)
        return answer

    assert refused(texts) == []
    assert len(refused(["let a = in a", texts[0] + ")"])) == 2


def test_every_column_read_is_in_the_parquet_with_a_fitting_type(
    world: World, model: Model
) -> None:
    fitting = {
        "string": {"VARCHAR"},
        "int64": {"INTEGER", "BIGINT"},
        "double": {"DOUBLE"},
        "boolean": {"BOOLEAN"},
        "dateTime": {"DATE", "TIMESTAMP WITH TIME ZONE"},
    }
    read = 0
    for table in model.tables:
        if not table.source:
            continue
        there = dict(
            row[:2]
            for row in world.ask(
                f"describe from read_parquet('{(world.current / 'parquet' / f'{table.source}.parquet').as_posix()}')"
            )
        )
        for column in table.columns:
            read += 1
            assert there[column.source] in fitting[column.type], (table.source, column.source)
    assert read > 100


def test_dax_names_only_what_there_is(model: Model) -> None:
    columns = {
        (table.name, column.name.replace("]", "]]"))
        for table in model.tables
        for column in table.columns
    }
    measures = {measure.name for table in model.tables for measure in table.measures}
    for measure in (measure for table in model.tables for measure in table.measures):
        dax = re.sub(r'"(?:[^"]|"")*"', '""', measure.dax)
        named = re.findall(r"'((?:[^']|'')+)'\[((?:[^\]]|\]\])+)\]", dax)
        assert set(named) <= columns, measure.name
        rest = re.sub(r"'(?:[^']|'')+'\[(?:[^\]]|\]\])+\]", "", dax)
        assert set(re.findall(r"\[([^\]]+)\]", rest)) <= measures, measure.name
        assert set(re.findall(r"'((?:[^']|'')+)'", rest)) <= {
            table.name for table in model.tables
        }, measure.name
        assert dax.count("(") == dax.count(")")
        assert measure.name not in re.findall(r"\[([^\]]+)\]", rest), "a measure that asks itself"


def test_the_model_is_a_star(model: Model) -> None:
    pairs = [(one.from_table, one.to_table) for one in model.relationships]
    assert len(pairs) == len(set(pairs)), "two ways from one table to another"
    facts = {TABLES[name][0] for name in TABLES if name.startswith("mart_")}
    assert {one for one, _ in pairs} <= facts
    assert not {other for _, other in pairs} & facts
    for one in model.relationships:
        key = next(
            column for column in model.table(one.to_table).columns if column.name == one.to_column
        )
        assert key.is_key, one
        assert next(
            column
            for column in model.table(one.from_table).columns
            if column.name == one.from_column
        ).is_hidden, one
    for table in model.tables:
        names = [column.name.lower() for column in table.columns] + [
            measure.name.lower() for measure in table.measures
        ]
        assert len(names) == len(set(names)), table.name
    every = [measure.name.lower() for table in model.tables for measure in table.measures]
    assert len(every) == len(set(every))
    assert all(sum(column.is_key for column in table.columns) <= 1 for table in model.tables)


def test_every_field_of_the_report_is_in_the_model(project: Path, model: Model) -> None:
    columns = {(table.name, column.name) for table in model.tables for column in table.columns}
    measures = {(MEASURES, measure.name) for measure in model.table(MEASURES).measures}
    bound = 0
    for path in project.rglob("visual.json"):
        for well in json.loads(path.read_text(encoding="utf-8"))["visual"]["query"][
            "queryState"
        ].values():
            for projection in well["projections"]:
                ((kind, field),) = projection["field"].items()
                found = (field["Expression"]["SourceRef"]["Entity"], field["Property"])
                assert found in (measures if kind == "Measure" else columns), (path.name, found)
                bound += 1
    assert bound > 50


def test_pages_and_visuals_are_as_pbir_asks(project: Path) -> None:
    definition = project / "PLL.Report" / "definition"
    read = {
        path: json.loads(path.read_text(encoding="utf-8")) for path in definition.rglob("*.json")
    }
    for path, told in read.items():
        assert re.fullmatch(
            r"https://developer\.microsoft\.com/json-schemas/fabric/item/report/definition/\w+/\d+\.\d+\.\d+/schema\.json",
            told["$schema"],
        ), path
    pages = read[definition / "pages" / "pages.json"]
    assert pages["pageOrder"] == [
        "oversikt",
        "region",
        "aktortype",
        "plan",
        "datakvalitet",
        "kontroll",
    ]
    assert pages["activePageName"] in pages["pageOrder"]
    assert {path.parent.name for path in read if path.name == "page.json"} == set(
        pages["pageOrder"]
    )
    for path, told in read.items():
        if path.name == "page.json":
            assert told.keys() == {
                "$schema",
                "name",
                "displayName",
                "displayOption",
                "height",
                "width",
            }
            assert told["name"] == path.parent.name and len(told["name"]) <= 50
        if path.name == "visual.json":
            assert (
                told.keys() == {"$schema", "name", "position", "visual"}
                and 0 < len(told["name"]) <= 50
            )
            place = told["position"]
            assert place.keys() == {"x", "y", "z", "height", "width", "tabOrder"}
            assert (
                place["x"] >= 0
                and place["x"] + place["width"] <= WIDTH
                and place["y"] >= 0
                and place["y"] + place["height"] <= HEIGHT
            )
            assert told["visual"].keys() == {
                "visualType",
                "query",
                "visualContainerObjects",
                "drillFilterOtherVisuals",
            }
            for well in told["visual"]["query"]["queryState"].values():
                references = [projection["queryRef"] for projection in well["projections"]]
                assert len(references) == len(set(references))
    assert set(read[definition / "report.json"]) == {"$schema", "themeCollection", "settings"}
    names = [told["name"] for path, told in read.items() if path.name == "visual.json"]
    assert len(names) == len(set(names))


def test_visuals_of_a_page_do_not_lie_on_each_other(project: Path) -> None:
    for page in (project / "PLL.Report" / "definition" / "pages").iterdir():
        boxes = [
            json.loads(path.read_text(encoding="utf-8"))["position"]
            for path in page.rglob("visual.json")
        ]
        for place, one in enumerate(boxes):
            for other in boxes[place + 1 :]:
                apart = (
                    one["x"] + one["width"] <= other["x"]
                    or other["x"] + other["width"] <= one["x"]
                    or one["y"] + one["height"] <= other["y"]
                    or other["y"] + other["height"] <= one["y"]
                )
                assert apart, (page.name, one, other)


def test_the_same_release_gives_the_same_project(
    world: World, project: Path, tmp_path: Path
) -> None:
    with release_of.opened(world.current.resolve()) as (connection, tables):
        powerbi.write(tmp_path, connection, tables)
    again = {
        path.relative_to(tmp_path / "powerbi"): path.read_bytes()
        for path in (tmp_path / "powerbi").rglob("*")
        if path.is_file()
    }
    assert again == {
        path.relative_to(project): path.read_bytes()
        for path in project.rglob("*")
        if path.is_file()
    }


def test_the_control_totals_are_those_of_the_mart(world: World, model: Model) -> None:
    rows = re.findall(
        r'\{"([^"]+)", "([^"]+)", ([\d.]+), (null|[\d.e+]+), (null|[\d.e+]+), (null|[\d.e-]+)\}',
        model.table("Kontroll").m,
    )
    counted = {
        row[:2]: row[2]
        for row in world.ask(
            "select measure_code, actor_type_code, count(*) from marts.mart_adoption_by_region_actor_month group by all"
        )
    }
    assert {row[:2]: int(row[2]) for row in rows} == counted
    for measure_code, actor, _, _, _, share in rows:
        told = world.ask(
            """select adoption_share from marts.mart_adoption_by_region_actor_month where measure_code = ? and actor_type_code = ? and region_key = 'land:NO'
               and month = (select max(month) from marts.mart_adoption_by_region_actor_month where measure_code = ? and adoption_share is not null)""",
            measure_code,
            actor,
            measure_code,
        )
        expected = told[0][0] if told else None
        assert (None if share == "null" else float(share)) == expected


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("Region", "Region"),
        ("Mål og frister", "'Mål og frister'"),
        ("Alle's", "'Alle''s'"),
        ("År", "År"),
        ("2026", "'2026'"),
        ("Andel (x)", "'Andel (x)'"),
    ],
)
def test_a_name_is_quoted_where_tmdl_needs_it(name: str, written: str) -> None:
    assert quoted(name) == written
