"""The Power BI project, judged by Microsoft's own engine and parser where they can be had.

Not judged: whether Desktop draws the report as meant (it runs on Windows only; the page Kontroll is
for that), and DAX by an engine, which needs a running server. The names in DAX are checked. The
JSON schemas of PBIR are not in the package registries: the rules below are what they ask of the few
kinds of file we write.
"""

from __future__ import annotations

import itertools
import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pll_pipeline.published import powerbi
from pll_pipeline.published.draft import Draft
from pll_pipeline.published.powerbi import report
from pll_pipeline.published.powerbi.build import build
from pll_pipeline.published.powerbi.model import MEASURES, RELEASE_ID, TABLES, Measure, Model
from pll_pipeline.published.powerbi.tmdl import quoted
from tests.night.conftest import World
from tests.outputs.conftest import draft_of
from tests.tools import missing

PARSER = Path(__file__).resolve().parent / "powerquery.js"
TEXT_IN_DAX = re.compile(r'"(?:[^"]|"")*"')
COLUMN_IN_DAX = re.compile(r"'((?:[^']|'')+)'\[((?:[^\]]|\]\])+)\]")
MEASURE_IN_DAX = re.compile(r"\[([^\]]+)\]")
TABLE_IN_DAX = re.compile(r"'((?:[^']|'')+)'")
ENGINE = "@microsoft/powerbi-modeling-mcp-*/dist/powerbi-modeling-mcp*"
SCHEMA = re.compile(
    r"https://developer\.microsoft\.com/json-schemas/fabric/item/report/definition/"
    r"\w+/\d+\.\d+\.\d+/schema\.json"
)


@pytest.fixture(scope="module", params=["demo", "released"])
def world(request: pytest.FixtureRequest) -> World:
    world: World = request.getfixturevalue(request.param)
    return world


@pytest.fixture(scope="module")
def project(world: World) -> Path:
    return world.current / "powerbi"


@pytest.fixture(scope="module")
def draft(world: World) -> Iterator[Draft]:
    with draft_of(world) as draft:
        yield draft


@pytest.fixture(scope="module")
def model(draft: Draft) -> Model:
    return build(draft)


class Engine:
    """Microsoft's tabular object model, asked over its standard input."""

    def __init__(self, modules: Path) -> None:
        (binary,) = modules.glob(ENGINE)
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
    if not list(npm.glob(ENGINE)):
        missing("Microsoft's engine", "it is not made for this kind of machine")
    engine = Engine(npm)
    yield engine
    engine.process.kill()
    engine.process.wait()


def test_microsofts_engine_loads_the_model_with_everything_in_it(
    engine: Engine, project: Path, model: Model
) -> None:
    opened = engine.call(
        "connection_operations",
        operation="ConnectFolder",
        folderPath=str(project / "PLL.SemanticModel"),
    )
    assert opened["message"].startswith("Successfully loaded"), opened
    tables = {table["name"] for table in engine.call("table_operations", operation="List")["data"]}
    assert tables == {table.name for table in model.tables}
    measures = {
        measure["name"]
        for table in engine.call("measure_operations", operation="List")["data"]
        for measure in table["measures"]
    }
    assert measures == {measure.name for measure in _measures(model)}
    ends = ("fromTable", "fromColumn", "toTable", "toColumn")
    relationships = {
        tuple(relationship[end] for end in ends)
        for relationship in engine.call("relationship_operations", operation="List")["data"]
    }
    assert relationships == {
        (each.from_table, each.from_column, each.to_table, each.to_column)
        for each in model.relationships
    }


def _measures(model: Model) -> list[Measure]:
    return [measure for table in model.tables for measure in table.measures]


def test_microsofts_engine_refuses_a_broken_model(
    engine: Engine, project: Path, tmp_path: Path
) -> None:
    for path in (project / "PLL.SemanticModel").rglob("*"):
        if path.is_file():
            copy = tmp_path / path.relative_to(project)
            copy.parent.mkdir(parents=True, exist_ok=True)
            text = path.read_text(encoding="utf-8")
            broken = text.replace("toColumn: Region.", "toColumn: Ingensteds.")
            copy.write_text(broken, encoding="utf-8")
    folder = str(tmp_path / "PLL.SemanticModel")
    request = {"operation": "ConnectFolder", "folderPath": folder}
    call = {"name": "connection_operations", "arguments": {"request": request}}
    result = engine.ask("tools/call", call)["result"]
    text = result["content"][0]["text"].replace(" ", "").lower()
    assert result.get("isError") or '"success":false' in text


def test_every_m_text_is_accepted_by_microsofts_parser(
    npm: Path, model: Model, project: Path
) -> None:
    definition = project / "PLL.SemanticModel" / "definition"
    expressions = (definition / "expressions.tmdl").read_text(encoding="utf-8")
    parameter = re.search(r"expression \w+ = (.*) meta", expressions)
    assert parameter
    texts = [*(table.m for table in model.tables), parameter[1]]
    assert _refused(npm, texts) == []
    assert len(_refused(npm, ["let a = in a", texts[0] + ")"])) == 2


def _refused(npm: Path, texts: list[str]) -> list[Any]:
    """The M texts that Microsoft's parser cannot parse."""
    done = subprocess.run(
        ["node", str(PARSER), str(npm)],
        input=json.dumps(texts),
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    answer: list[Any] = json.loads(done.stdout)
    return answer


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
        if table.source:
            path = (world.current / "parquet" / f"{table.source}.parquet").as_posix()
            types = dict(row[:2] for row in world.ask(f"describe from read_parquet('{path}')"))
            for column in table.columns:
                if column.source == RELEASE_ID:
                    continue
                read += 1
                assert types[column.source] in fitting[column.type], (table.source, column.source)
    assert read > 100


def test_dax_names_only_what_there_is(model: Model) -> None:
    columns = {
        (table.name, column.name.replace("]", "]]"))
        for table in model.tables
        for column in table.columns
    }
    names = {measure.name for measure in _measures(model)}
    tables = {table.name for table in model.tables}
    for measure in _measures(model):
        dax = TEXT_IN_DAX.sub('""', measure.dax)
        assert set(COLUMN_IN_DAX.findall(dax)) <= columns, measure.name
        rest = COLUMN_IN_DAX.sub("", dax)
        assert set(MEASURE_IN_DAX.findall(rest)) <= names, measure.name
        assert set(TABLE_IN_DAX.findall(rest)) <= tables, measure.name
        assert "{" not in dax, "a placeholder that was not filled"
        assert dax.count("(") == dax.count(")"), measure.name
        assert measure.name not in MEASURE_IN_DAX.findall(rest), "a measure that asks itself"


def test_the_model_is_a_star(model: Model) -> None:
    pairs = [(each.from_table, each.to_table) for each in model.relationships]
    assert len(pairs) == len(set(pairs)), "two ways from one table to another"
    facts = {name for source, name in TABLES.items() if source.startswith("mart_")}
    assert {from_table for from_table, _ in pairs} <= facts
    assert not {to_table for _, to_table in pairs} & facts
    columns = {
        (table.name, column.name): column for table in model.tables for column in table.columns
    }
    for each in model.relationships:
        assert columns[each.to_table, each.to_column].is_key, each
        assert columns[each.from_table, each.from_column].is_hidden, each


def test_names_in_the_model_are_different(model: Model) -> None:
    for table in model.tables:
        names = [part.name.lower() for part in (*table.columns, *table.measures)]
        assert len(names) == len(set(names)), table.name
        assert sum(column.is_key for column in table.columns) <= 1
    measures = [measure.name.lower() for measure in _measures(model)]
    assert len(measures) == len(set(measures))


def _files(project: Path, name: str) -> dict[Path, Any]:
    return {path: json.loads(path.read_text(encoding="utf-8")) for path in project.rglob(name)}


def test_every_field_of_the_report_is_in_the_model(project: Path, model: Model) -> None:
    columns = {(table.name, column.name) for table in model.tables for column in table.columns}
    measures = {(MEASURES, measure.name) for measure in model.table(MEASURES).measures}
    bound = 0
    for path, visual in _files(project, "visual.json").items():
        for well in visual["visual"]["query"]["queryState"].values():
            for projection in well["projections"]:
                ((reference, field),) = projection["field"].items()
                name = (field["Expression"]["SourceRef"]["Entity"], field["Property"])
                assert name in (measures if reference == "Measure" else columns), (path.name, name)
                bound += 1
    assert bound > 50


def test_a_field_that_the_model_does_not_have_is_an_error(model: Model) -> None:
    with pytest.raises(LookupError, match=r"no column Region\[nothing\]"):
        report._projection(model, "Region[nothing]")


def test_every_file_of_the_report_names_its_schema(project: Path) -> None:
    files = _files(project / "PLL.Report" / "definition", "*.json")
    assert all(SCHEMA.fullmatch(content["$schema"]) for content in files.values())
    (settings,) = _files(project, "report.json").values()
    assert settings.keys() == {"$schema", "themeCollection", "settings"}


def test_pages_are_as_pbir_asks(project: Path) -> None:
    (pages,) = _files(project, "pages.json").values()
    assert pages["pageOrder"] == [
        "oversikt",
        "region",
        "aktortype",
        "plan",
        "datakvalitet",
        "kontroll",
    ]
    assert pages["activePageName"] in pages["pageOrder"]
    files = _files(project, "page.json")
    assert {path.parent.name for path in files} == set(pages["pageOrder"])
    keys = {"$schema", "name", "displayName", "displayOption", "height", "width"}
    for path, page in files.items():
        assert page.keys() == keys
        assert page["name"] == path.parent.name
        assert len(page["name"]) <= 50


def test_visuals_are_as_pbir_asks(project: Path) -> None:
    files = _files(project, "visual.json").values()
    for visual in files:
        assert visual.keys() == {"$schema", "name", "position", "visual"}
        assert 0 < len(visual["name"]) <= 50
        assert visual["visual"].keys() == {
            "visualType",
            "query",
            "visualContainerObjects",
            "drillFilterOtherVisuals",
        }
        for well in visual["visual"]["query"]["queryState"].values():
            references = [projection["queryRef"] for projection in well["projections"]]
            assert len(references) == len(set(references))
    names = [visual["name"] for visual in files]
    assert len(names) == len(set(names))


def test_visuals_are_inside_their_page(project: Path) -> None:
    width, height = report.definition()["size"]
    for visual in _files(project, "visual.json").values():
        position = visual["position"]
        assert position.keys() == {"x", "y", "z", "height", "width", "tabOrder"}
        assert 0 <= position["x"] <= width - position["width"]
        assert 0 <= position["y"] <= height - position["height"]


def test_visuals_of_a_page_do_not_overlap(project: Path) -> None:
    for page in (project / "PLL.Report" / "definition" / "pages").iterdir():
        boxes = [visual["position"] for visual in _files(page, "visual.json").values()]
        for box, other in itertools.combinations(boxes, 2):
            are_beside = any(
                first[start] + first[size] <= second[start]
                for start, size in (("x", "width"), ("y", "height"))
                for first, second in ((box, other), (other, box))
            )
            assert are_beside, (page.name, box, other)


def test_the_same_release_gives_the_same_project(
    draft: Draft, project: Path, tmp_path: Path
) -> None:
    powerbi.write(Draft(tmp_path, draft.connection, draft.tables, draft.info, None))
    again, before = (
        {path.relative_to(root): path.read_bytes() for path in root.rglob("*") if path.is_file()}
        for root in (tmp_path / "powerbi", project)
    )
    assert again == before


def test_the_control_totals_are_those_of_the_mart(world: World, model: Model) -> None:
    number = r"(null|[\d.e+-]+)"
    row = re.compile(rf'\{{"([^"]+)", "([^"]+)", (\d+), {number}, {number}, {number}\}}')
    rows = row.findall(model.table("Kontroll").m)
    totals = world.ask(
        """
        select measure_code, actor_type_code, count(*), sum(adoption_count), sum(eligible_count)
        from marts.mart_adoption_by_region_actor_month group by all
        """
    )
    assert {(row[0], row[1]): tuple(map(_number, row[2:5])) for row in rows} == {
        (row[0], row[1]): row[2:] for row in totals
    }
    newest = world.ask(
        """
        with newest as (
            select measure_code, max(month) as month
            from marts.mart_adoption_by_region_actor_month
            where adoption_share is not null group by measure_code
        )
        select measure_code, actor_type_code, adoption_share
        from marts.mart_adoption_by_region_actor_month join newest using (measure_code, month)
        where region_key = 'land:NO'
        """
    )
    shares = {(row[0], row[1]): row[2] for row in newest}
    assert {(row[0], row[1]): _number(row[5]) for row in rows} == {
        (row[0], row[1]): shares.get((row[0], row[1])) for row in rows
    }


def test_the_release_of_every_table_is_compared(world: World, model: Model) -> None:
    loaded = [table for table in model.tables if table.source]
    for table in loaded:
        (column,) = [column for column in table.columns if column.source == RELEASE_ID]
        assert column.is_hidden
    (count,) = [m for m in _measures(model) if m.name == "Utgaver i modellen"]
    compared = COLUMN_IN_DAX.findall(count.dax)
    assert sorted(compared) == sorted((table.name, "Utgave") for table in loaded)
    (text,) = [m for m in _measures(model) if m.name == "Er alt fra én utgave"]
    (release_id,) = world.ask("select release_id from meta.release")[0]
    assert f'"{release_id}"' in text.dax
    assert "Oppdater på nytt" in text.dax


def _number(text: str) -> float | None:
    return None if text == "null" else float(text)


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
