"""The Power BI project, judged by Microsoft's own engine and parser where they can be had.

Not judged: whether Desktop draws the report as meant (it runs on Windows only; the page Kontroll is
for that), and DAX by an engine, which needs a running server. DAX is parsed by its grammar, and its
names, functions and variables are checked. Each JSON file is valid by the schema that it names, as
Microsoft publishes it (`microsoft_schemas/`).
"""

from __future__ import annotations

import graphlib
import itertools
import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft7Validator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT7

from pll_pipeline.published import powerbi
from pll_pipeline.published.draft import Draft
from pll_pipeline.published.page.colours import GRAPHIC, LIGHT, contrast
from pll_pipeline.published.powerbi import report
from pll_pipeline.published.powerbi.build import build
from pll_pipeline.published.powerbi.fields import Fields
from pll_pipeline.published.powerbi.model import MEASURES, RELEASE_ID, TABLES, Measure, Model
from pll_pipeline.published.powerbi.tmdl import quoted
from pll_pipeline.vocabulary.code_labels import labels_of
from pll_pipeline.vocabulary.columns import COLUMNS
from tests.night.conftest import World
from tests.outputs import dax
from tests.outputs.conftest import draft_of
from tests.tools import missing

PARSER = Path(__file__).resolve().parent / "powerquery.js"
SCHEMAS = Path(__file__).resolve().parent / "microsoft_schemas"
SCHEMA_BASE = "https://developer.microsoft.com/json-schemas/"
SCHEMA_FILES = sorted(SCHEMAS.rglob("schema*.json"))
ENGINE = "@microsoft/powerbi-modeling-mcp-*/dist/powerbi-modeling-mcp*"


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
                if column.source not in types:
                    assert f'"{column.source}", each ' in table.m, "neither read nor added"
                    continue
                read += 1
                assert types[column.source] in fitting[column.type], (table.source, column.source)
    assert read > 100


def test_dax_is_well_formed_and_names_only_what_there_is(model: Model) -> None:
    columns = {(table.name, column.name) for table in model.tables for column in table.columns}
    measures = _measures(model)
    names = {measure.name for measure in measures}
    tables = {table.name for table in model.tables}
    for measure in measures:
        parsed = dax.parse(measure.dax)
        assert parsed.columns <= columns, measure.name
        assert parsed.measures <= names, measure.name
        assert parsed.tables <= tables, measure.name
    assert len(measures) > 30


def test_no_measure_asks_itself_through_others(model: Model) -> None:
    asked = {measure.name: dax.parse(measure.dax).measures for measure in _measures(model)}
    ordered = list(graphlib.TopologicalSorter(asked).static_order())  # raises for a circle
    assert set(ordered) == set(asked)


@pytest.mark.parametrize(
    "wrong",
    [
        "",
        "SUM('A'[b]",
        "SUM('A'[b]))",
        "SUMM('A'[b])",
        "SUM('A'[b], 1)",
        "VAR x = 1 RETURN y",
        "VAR x = 1 VAR x = 2 RETURN x",
        "VAR x = 1",
        "IF(1 = )",
        "1 2",
        "{use[month]}",
        "FILTER('A')",
    ],
)
def test_dax_that_is_not_well_formed_is_refused(wrong: str) -> None:
    with pytest.raises(dax.DaxError):
        dax.parse(wrong)


def test_the_model_is_a_star(model: Model) -> None:
    pairs = [(each.from_table, each.to_table) for each in model.relationships]
    assert len(pairs) == len(set(pairs)), "two ways from one table to another"
    facts = {name for source, name in TABLES.items() if not source.startswith("dim_")}
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
        for well in _wells(visual):
            for projection in well["projections"]:
                ((reference, field),) = projection["field"].items()
                name = (field["Expression"]["SourceRef"]["Entity"], field["Property"])
                assert name in (measures if reference == "Measure" else columns), (path.name, name)
                bound += 1
    assert bound > 50


def _wells(visual: dict[str, Any]) -> list[dict[str, Any]]:
    query = visual["visual"].get("query", {"queryState": {}})
    return list(query["queryState"].values())


@pytest.mark.parametrize(
    ("field", "reason"),
    [("Region[nothing]", r"no column Region\[nothing\]"), ("Nothing", "no measure Nothing")],
)
def test_a_field_that_the_model_does_not_have_is_an_error(
    model: Model, field: str, reason: str
) -> None:
    with pytest.raises(LookupError, match=reason):
        Fields(model).projection(field)


@pytest.fixture(scope="module")
def schemas() -> Registry[Any]:
    """Microsoft's schemas by their addresses."""
    resources = (
        (
            SCHEMA_BASE + path.relative_to(SCHEMAS).as_posix(),
            Resource.from_contents(
                json.loads(path.read_text(encoding="utf-8"))
                | {"$id": SCHEMA_BASE + path.relative_to(SCHEMAS).as_posix()},
                DRAFT7,
            ),
        )
        for path in SCHEMA_FILES
    )
    return Registry().with_resources(resources)


def _errors(schemas: Registry[Any], content: dict[str, Any]) -> list[str]:
    validator = Draft7Validator({"$ref": content["$schema"]}, registry=schemas)
    return [f"{error.json_path}: {error.message}" for error in validator.iter_errors(content)]


def test_every_json_file_is_valid_by_microsofts_schema(
    schemas: Registry[Any], project: Path
) -> None:
    suffixes = (".json", ".pbip", ".pbir", ".pbism")
    files = [path for path in project.rglob("*") if path.suffix in suffixes]
    contents = {path: json.loads(path.read_text(encoding="utf-8")) for path in files}
    themes = [path.name for path, content in contents.items() if "$schema" not in content]
    assert themes == ["PLL.json"], "every file but the theme names its schema"
    judged = {path: content for path, content in contents.items() if path.name != "PLL.json"}
    assert {path: errors for path, c in judged.items() if (errors := _errors(schemas, c))} == {}
    kinds = {content["$schema"] for content in judged.values()}
    assert len(kinds) == 8
    assert kinds <= {SCHEMA_BASE + path.relative_to(SCHEMAS).as_posix() for path in SCHEMA_FILES}


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("visual.json", {"visual": {"query": {}}}),
        ("visual.json", {"positions": {}}),
        ("page.json", {"type": "Drill"}),
        ("report.json", {"themeCollection": {"customTheme": {"name": "x"}}}),
    ],
)
def test_microsofts_schemas_refuse_what_is_wrong(
    schemas: Registry[Any], project: Path, name: str, change: dict[str, Any]
) -> None:
    content = next(iter(_files(project, name).values()))
    assert _errors(schemas, content) == []
    assert _errors(schemas, content | change) != []


def test_the_pages_are_those_in_their_order(project: Path) -> None:
    (pages,) = _files(project, "pages.json").values()
    assert pages["activePageName"] == pages["pageOrder"][0] == "oversikt"
    files = _files(project, "page.json")
    assert {path.parent.name for path in files} == set(pages["pageOrder"])
    assert all(page["name"] == path.parent.name for path, page in files.items())


def test_visuals_have_names_of_their_own(project: Path) -> None:
    visuals = _files(project, "visual.json").values()
    for visual in visuals:
        for well in _wells(visual):
            references = [projection["queryRef"] for projection in well["projections"]]
            assert len(references) == len(set(references))
    names = [visual["name"] for visual in visuals]
    assert len(names) == len(set(names))


def _slicers(project: Path) -> dict[tuple[str, str], dict[str, Any]]:
    """Page and name of the folder → the visual, for each slicer."""
    return {
        (path.parents[2].name, path.parent.name): content["visual"]
        for path, content in _files(project, "visual.json").items()
        if content["visual"]["visualType"] == "slicer"
    }


def _chosen(slicer: dict[str, Any]) -> tuple[str, str]:
    """The column that a slicer filters at first, and the value."""
    (general,) = slicer["objects"]["general"]
    (where,) = general["properties"]["filter"]["filter"]["Where"]
    condition = where["Condition"]["In"]
    ((column,),) = ([each["Column"]["Property"] for each in condition["Expressions"]],)
    return column, condition["Values"][0][0]["Literal"]["Value"].strip("'").replace("''", "'")


def test_one_measure_and_one_actor_type_that_have_figures_are_chosen_at_first(
    world: World, project: Path
) -> None:
    chosen = {
        name: _chosen(slicer)
        for (page, name), slicer in _slicers(project).items()
        if page == "oversikt"
    }
    assert chosen.keys() == {"maltall", "aktortype"}
    measure, actor_type = chosen["maltall"][1], chosen["aktortype"][1]
    rows = world.ask(
        "select count(*) from marts.mart_adoption_by_region_actor_month where measure_name = "
        f"'{measure}' and actor_type_name = '{actor_type}' and region_level = 'land'"
    )
    assert rows[0][0] > 0


def test_slicers_with_a_default_are_single_select_and_in_step_on_every_page(project: Path) -> None:
    slicers = _slicers(project)
    for name in ("maltall", "aktortype", "niva"):
        same = [slicer for (_, each), slicer in slicers.items() if each == name]
        assert len(same) > 1
        for slicer in same:
            assert slicer == same[0]
            assert slicer["syncGroup"] == {
                "groupName": name,
                "fieldChanges": True,
                "filterChanges": True,
            }
            (selection,) = slicer["objects"]["selection"]
            value = selection["properties"]["strictSingleSelect"]["expr"]["Literal"]["Value"]
            assert value == "true"


def test_no_slicer_is_on_a_page_whose_visuals_show_what_it_would_hide(project: Path) -> None:
    (page,) = (
        page
        for path, page in _files(project, "page.json").items()
        if path.parent.name == "oversikt"
    )
    names = {
        path.parent.name: visual["name"]
        for path, visual in _files(project, "visual.json").items()
        if path.parents[2].name == "oversikt"
    }
    assert page["visualInteractions"] == [
        {"source": names[slicer], "target": names["tjenester"], "type": "NoFilter"}
        for slicer in ("maltall", "aktortype")
    ]


def test_a_page_of_one_region_is_opened_by_drill_through(project: Path, model: Model) -> None:
    (page,) = (page for page in _files(project, "page.json").values() if "pageBinding" in page)
    (drilled,) = page["filterConfig"]["filters"]
    (parameter,) = page["pageBinding"]["parameters"]
    assert page["type"] == page["pageBinding"]["type"] == drilled["howCreated"] == "Drillthrough"
    assert parameter["boundFilter"] == drilled["name"]
    assert parameter["fieldExpr"] == drilled["field"]
    assert drilled["field"]["Column"]["Property"] == _name(model, "Region", "region_label")
    assert page["pageBinding"]["acceptsFilterContext"] == "None"


def _name(model: Model, table: str, source: str) -> str:
    return next(column.name for column in model.table(table).columns if column.source == source)


def test_a_region_is_named_by_a_label_that_no_other_has(
    world: World, project: Path, model: Model
) -> None:
    ((rows, labels),) = world.ask(
        "select count(*), count(distinct region_label) from star.dim_region"
    )
    assert rows == labels
    name = f"Region.{_name(model, 'Region', 'region_name')}"
    used = [
        projection["queryRef"]
        for visual in _files(project, "visual.json").values()
        for well in _wells(visual)
        for projection in well["projections"]
    ]
    assert name not in used
    assert f"Region.{_name(model, 'Region', 'region_label')}" in used


def test_kommuner_are_opened_by_fylke_and_by_helsefellesskap(project: Path, model: Model) -> None:
    levels = {
        hierarchy.name: [level.source for level in hierarchy.levels]
        for hierarchy in model.table("Region").hierarchies
    }
    assert levels == {
        "Fylke og kommune": ["kommune_fylke_name", "kommune_label"],
        "Helsefellesskap og kommune": ["kommune_helsefellesskap_name", "kommune_label"],
    }
    text = (project / "PLL.SemanticModel" / "definition" / "tables" / "Region.tmdl").read_text(
        "utf-8"
    )
    assert text.count("\thierarchy ") == 2


def test_codes_are_hidden_and_have_their_words_beside_them(model: Model, project: Path) -> None:
    coded = 0
    for table in model.tables:
        sources = {column.source: column for column in table.columns}
        for source, column in sources.items():
            if column.source and labels_of_known(source):
                coded += 1
                assert column.is_hidden
                words = sources[f"{source}_nb"]
                assert not words.is_hidden
                for label in labels_of(source).values():
                    assert f'"{label.nb}"' in table.m
    assert coded > 15
    for visual in _files(project, "visual.json").values():
        for well in _wells(visual):
            assert not any("(kode)" in each["queryRef"] for each in well["projections"])


def labels_of_known(source: str) -> bool:
    return source in COLUMNS and bool(labels_of(source))


def test_the_theme_has_the_colours_of_the_page(project: Path) -> None:
    (report_file,) = _files(project, "report.json").values()
    name = report_file["themeCollection"]["customTheme"]["name"]
    folder = project / "PLL.Report" / "StaticResources" / "RegisteredResources"
    theme = json.loads((folder / name).read_text(encoding="utf-8"))
    assert theme["foreground"] == LIGHT["ink"]
    assert theme["tableAccent"] == LIGHT["accent"]
    for colour in theme["dataColors"]:
        assert contrast(colour, theme["background"]) >= GRAPHIC
    (package,) = report_file["resourcePackages"]
    assert package["items"] == [{"name": name, "path": name, "type": "CustomTheme"}]


def test_areas_are_counted_once(model: Model) -> None:
    counts = [measure for measure in _measures(model) if measure.name.startswith("Områder")]
    assert len(counts) == 2
    key = ("Innføring", _name(model, "Innføring", "region_key"))
    for measure in counts:
        assert key in dax.parse(measure.dax).columns
        assert "DISTINCTCOUNT(" in measure.dax
        assert "COUNTROWS" not in measure.dax


def test_the_newest_month_is_that_of_a_count_too(model: Model) -> None:
    (newest,) = [measure for measure in _measures(model) if measure.name == "Nyeste måned"]
    sources = {
        column.source
        for column in model.table("Bruk").columns
        if ("Bruk", column.name) in dax.parse(newest.dax).columns
    }
    assert sources == {"month", "is_representative"}, "no share is asked for"
    assert "[Utgaver i modellen] = 1" in newest.dax, "no figure of two releases"


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
            select measure_code, actor_type_code, max(month) as month
            from marts.mart_adoption_by_region_actor_month
            where region_level = 'land' and is_representative group by all
        )
        select measure_code, actor_type_code, adoption_share
        from marts.mart_adoption_by_region_actor_month
        join newest using (measure_code, actor_type_code, month)
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
    compared = dax.parse(count.dax).columns
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
