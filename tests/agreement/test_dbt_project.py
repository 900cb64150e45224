"""The rules of the dbt project: layers, portable SQL, names, types, contracts, descriptions."""

from __future__ import annotations

import csv
import re
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml
from jinja2 import Environment

from pll_pipeline.sources.register import SCHEMA_FILE, json_schema
from pll_pipeline.star.forecasting import FORECAST
from pll_pipeline.star.model_files import generated, tables
from pll_pipeline.vocabulary.columns import COLUMNS, REFUSALS

ROOT = Path(__file__).resolve().parents[2]
PROJECT = ROOT / "dbt_project"
PORTABLE = sorted(
    path
    for layer in ("star", "marts", "page")
    for path in (PROJECT / "models" / layer).glob("*.sql")
)

# The layers whose tables a model of each layer may read: the one below, or its own.
READS = {
    "staging": {"validated"},
    "star": {"staging", "codes", "star"},
    "marts": {"star", "marts"},
    "page": {"star", "marts", "page"},
}
# A statement that copies columns of one table, so has no rule that a unit test could show.
COPY = re.compile(r"select[\w,\s]+from\s+\{\{ ref\('\w+'\) \}\}\s*")
# What other engines do not run, or run differently.
NOT_PORTABLE = {
    "qualify": r"\bqualify\b",
    "a cast by colons": r"::",
    "generate_series": r"\bgenerate_series\b|\brange\s*\(",
    "a list literal": r"(?<![\w'\"])\[[^\]]*\]",
    "exclude": r"\bexclude\b",
    "group by all": r"\bgroup\s+by\s+all\b|\border\s+by\s+all\b",
    "a filtered aggregate": r"\)\s*filter\s*\(",
    "arg_max": r"\barg_(?:max|min)\b|\b(?:max|min)_by\b",
    "using": r"\busing\s*\(",
    "an integer division": r"(?<!/)//(?!/)",
    "a lambda": r"->",
    "a text of a group": r"\b(?:string_agg|listagg|group_concat)\s*\(",
    "a recursive query": r"\bwith\s+recursive\b",
    # in another order, doubles add up to another number; `exact_sum` is the sum of doubles
    "a sum of doubles": r"(?<!cast\()\bsum\((?![^()]*\)\s*over\b)",
    # engines differ in which doubles are halves; `rounded_share` is the round of a share
    "a round of doubles": r"\bround\((?:[^()]|\((?:[^()]|\([^()]*\))*\))*,\s*\d",
}
# Functions of dbt that go through timestamps of the session's time zone.
OF_A_TIME_ZONE = ("dbt.dateadd", "dbt.datediff")

Manifest = dict[str, Any]


def _models(manifest: Manifest) -> list[dict[str, Any]]:
    return [node for node in manifest["nodes"].values() if node["resource_type"] == "model"]


def _public(manifest: Manifest) -> list[dict[str, Any]]:
    """The models that are published: of star and marts, and not private to a group."""
    return [
        node
        for node in _models(manifest)
        if node["schema"] in ("star", "marts") and node["config"]["access"] != "private"
    ]


def _sql(path: Path) -> str:
    """The statement without comments and template marks."""
    text = re.sub(
        r"\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}", " ", path.read_text(encoding="utf-8"), flags=re.DOTALL
    )
    return re.sub(r"--[^\n]*", " ", text)


def test_a_model_reads_the_layer_below_it_or_its_own(manifest: Manifest) -> None:
    layer_of = {
        name: node["schema"] for name, node in (manifest["nodes"] | manifest["sources"]).items()
    }
    wrong = [
        f"{node['name']} reads {layer_of[parent]}.{parent.split('.')[-1]}"
        for node in _models(manifest)
        for parent in manifest["parent_map"][node["unique_id"]]
        if layer_of[parent] not in READS[node["schema"]]
    ]
    assert wrong == [], "what several layers need is a table of the lowest of them"


def test_a_private_model_is_read_in_its_layer_only(manifest: Manifest) -> None:
    private = [node for node in _models(manifest) if node["config"]["access"] == "private"]
    assert [node["name"] for node in private if node["language"] != "python"] == []
    for node in private:
        readers = [manifest["nodes"][n] for n in manifest["child_map"][node["unique_id"]]]
        assert {reader["schema"] for reader in readers} == {node["schema"]}
        assert all(reader["config"]["contract"]["enforced"] for reader in readers)


@pytest.mark.parametrize("path", PORTABLE, ids=lambda p: p.stem)
def test_star_and_marts_are_written_in_sql_that_other_engines_run(path: Path) -> None:
    sql = _sql(path).lower()
    assert [what for what, pattern in NOT_PORTABLE.items() if re.search(pattern, sql)] == []


@pytest.mark.parametrize("what", NOT_PORTABLE)
def test_the_rule_of_portable_sql_would_catch_it(what: str) -> None:
    examples = {
        "qualify": "select 1 from t qualify x = 1",
        "a cast by colons": "select x::integer",
        "generate_series": "from generate_series(1, 2)",
        "a list literal": "select [1, 2]",
        "exclude": "select * exclude (x)",
        "group by all": "group by all",
        "a filtered aggregate": "count(*) filter (where x)",
        "arg_max": "arg_max(x, y)",
        "using": "join t using (x)",
        "an integer division": "select 7 // 2",
        "a lambda": "x -> x + 1",
        "a text of a group": "string_agg(x, '; ' order by x)",
        "a recursive query": "with recursive t as (",
        "a sum of doubles": "select sum(value) as value from t",
        "a round of doubles": "select round(case when f(a, g(b)) then 1 end / 3, 6)",
    }
    assert re.search(NOT_PORTABLE[what], examples[what])


def test_months_are_counted_without_a_time_zone() -> None:
    written = {path: path.read_text(encoding="utf-8") for path in PROJECT.rglob("*.sql")}
    assert [
        f"{path.name} uses {function}"
        for path, sql in written.items()
        for function in OF_A_TIME_ZONE
        if function in sql
    ] == []


def test_only_macros_know_which_engine_builds() -> None:
    knowing = [
        path.relative_to(PROJECT).as_posix()
        for pattern in ("models/**/*.sql", "models/**/*.py", "models/**/*.yml", "dbt_project.yml")
        for path in PROJECT.glob(pattern)
        if re.search(r"\btarget\.type\b|\bspark\b|\bvarchar\b", _code(path))
    ]
    assert knowing == [], "what engines do differently is a macro, chosen by `adapter.dispatch`"


def _code(path: Path) -> str:
    """The text of a file that an engine reads: unit tests and types of columns are DuckDB's."""
    if path.name.endswith("_unit_tests.yml"):
        return ""
    text = re.sub(r"data_type: varchar\b", "", path.read_text(encoding="utf-8"))
    return re.sub(r"\{#.*?#\}|--[^\n]*", " ", text, flags=re.DOTALL)


def test_the_settings_that_the_profile_asks_spark_for_are_read_back() -> None:
    profile = yaml.safe_load((PROJECT / "profiles.yml").read_text(encoding="utf-8"))
    asked = profile["pll"]["outputs"]["spark"]["server_side_parameters"]
    macros = (PROJECT / "macros" / "spark.sql").read_text(encoding="utf-8")
    read_back = dict(re.findall(r"'(spark\.[\w.]+)': '(\w+)'", macros))
    assert all(name.startswith("set:hiveconf:") for name in asked)
    asked = {name.removeprefix("set:hiveconf:"): value for name, value in asked.items()}
    # no figure depends on it, and most versions of Spark do not know it
    assert asked.pop("spark.sql.codegen.wholeStage.union.enabled") == "false"
    assert asked == read_back


@pytest.mark.parametrize(("macro", "digits"), [("rounded_share", 6), ("rounded_amount", 9)])
def test_halves_are_rounded_away_from_zero_although_no_double_is_one(
    macro: str, digits: int
) -> None:
    writer = Environment(autoescape=False)  # noqa: S701 - it writes SQL
    macros = writer.from_string(
        (PROJECT / "macros" / "shares.sql").read_text(encoding="utf-8"),
        globals={"type_double": lambda: "double"},
    )
    rounded = getattr(macros.module, macro)("i / power(10, $digits + 1)")
    halves = duckdb.execute(
        f"select i, {rounded}, -1 * {rounded} from range(5, 1000000, 10) as t (i)",
        {"digits": digits},
    ).fetchall()
    assert [
        (i, up) for i, up, down in halves if (up, down) != ((i + 5) / 10 / 10**digits, -up)
    ] == []


@pytest.mark.parametrize(
    ("seed", "key", "next_key", "limit"),
    [
        ("region", "region_key", "successor_key", "longest_succession"),
        ("actor_type", "actor_type_code", "parent_code", "deepest_actor_type"),
    ],
)
def test_no_chain_of_codes_is_longer_than_the_models_follow(
    seed: str, key: str, next_key: str, limit: str
) -> None:
    with (PROJECT / "seeds" / f"{seed}.csv").open(encoding="utf-8", newline="") as file:
        following = {row[key]: row[next_key] for row in csv.DictReader(file)}

    def length(code: str) -> int:
        return 1 + length(following[code]) if following[code] else 0

    variables = yaml.safe_load((PROJECT / "dbt_project.yml").read_text(encoding="utf-8"))["vars"]
    assert 0 < max(map(length, following)) <= variables[limit]


def test_every_public_table_has_an_enforced_contract_and_persisted_comments(
    manifest: Manifest,
) -> None:
    assert _public(manifest)
    for node in _public(manifest):
        assert node["config"]["contract"]["enforced"], node["name"]
        assert node["config"]["persist_docs"] == {"relation": True, "columns": True}, node["name"]
        assert node["config"]["materialized"] == "table", node["name"]


def test_every_private_table_of_the_page_has_an_enforced_contract(manifest: Manifest) -> None:
    private = [node for node in _models(manifest) if node["schema"] == "page"]
    assert private
    for node in private:
        assert node["config"]["contract"]["enforced"], node["name"]
        assert all(column["data_type"] for column in node["columns"].values()), node["name"]


def test_every_column_has_the_type_and_the_words_of_the_vocabulary(manifest: Manifest) -> None:
    for node in _public(manifest):
        for name, column in node["columns"].items():
            assert (column["data_type"], column["description"]) == (
                COLUMNS[name].type,
                COLUMNS[name].description,
            ), f"{node['name']}.{name}"


def test_every_column_of_the_vocabulary_is_in_a_table(manifest: Manifest) -> None:
    used = {name for node in manifest["nodes"].values() for name in node.get("columns", {})}
    assert set(COLUMNS) - used == set()


def test_a_column_refers_to_the_key_of_a_public_dimension() -> None:
    grain = {name: table.grain for name, table in tables(PROJECT, "star").items()}
    for column in COLUMNS.values():
        if column.refers_to:
            dimension, key = column.refers_to.split(".")
            assert grain[dimension] == (key,), column.name


def test_every_description_starts_with_the_grain_in_both_languages(manifest: Manifest) -> None:
    for node in _public(manifest):
        english, norwegian = node["description"].split(" | ")
        assert english.startswith("One row per "), node["name"]
        assert norwegian.startswith("Én rad per "), node["name"]


def test_every_table_has_one_test_of_its_grain_and_its_rules(manifest: Manifest) -> None:
    tests = [node for node in manifest["nodes"].values() if node["resource_type"] == "test"]
    assert {node["test_metadata"]["name"] for node in tests} == {"keeps_its_rules"}
    of_errors = [n for n in tests if n["config"]["severity"].lower() == "error"]
    tested = [n["attached_node"] for n in of_errors]
    assert len(set(tested)) == len(tested)
    assert {node["unique_id"] for node in _public(manifest)} <= set(tested)


def test_every_code_list_types_and_describes_every_column(manifest: Manifest) -> None:
    for node in manifest["nodes"].values():
        if node["resource_type"] == "seed":
            path = PROJECT / "seeds" / f"{node['name']}.csv"
            with path.open(encoding="utf-8", newline="") as file:
                header = next(csv.reader(file))
            assert list(node["config"]["column_types"]) == header, node["name"]
            described = [
                c for c, column in node["columns"].items() if " | " in column["description"]
            ]
            assert described == header, node["name"]


def test_the_name_of_a_table_says_what_it_is(manifest: Manifest) -> None:
    prefixes = {
        "star": ("dim_", "fct_", "bridge_", "fit_"),
        "marts": ("mart_",),
        "staging": ("stg_",),
        "page": ("page_",),
    }
    for node in _models(manifest):
        assert node["name"].startswith(prefixes[node["schema"]])
        assert re.fullmatch(r"[a-z][a-z0-9_]*", node["name"])
        assert node["name"].startswith("fit_") == (node["config"]["access"] == "private")


def test_every_table_and_column_that_users_depend_on_is_there(manifest: Manifest) -> None:
    there = {(node["schema"], node["name"]): set(node["columns"]) for node in _public(manifest)}
    promised = yaml.safe_load((Path(__file__).parent / "public_columns.yml").read_text("utf-8"))
    for schema, described in promised.items():
        for table, columns in described.items():
            assert set(columns.split(", ")) - there[schema, table] == set(), table


def test_every_table_that_is_no_copy_has_a_unit_test(manifest: Manifest) -> None:
    tested = {test["model"] for test in manifest["unit_tests"].values()}
    untested = [node for node in _public(manifest) if node["name"] not in tested]
    assert [n["name"] for n in untested if not COPY.fullmatch(n["raw_code"].strip())] == []


def test_each_refusal_of_the_forecast_has_words_in_the_code_list() -> None:
    with (PROJECT / "seeds" / "forecast_refusal.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert tuple(row["refusal_code"] for row in rows) == REFUSALS
    for row in rows:
        named = set(re.findall(r"\{(\w+)\}", row["refusal"]))
        assert named == set(re.findall(r"\{(\w+)\}", row["refusal_en"])), row["refusal_code"]
        assert bool(named) == bool(row["threshold"]), "a threshold is in the words"
        assert ("within_months" in named) == bool(row["within_months"])


def test_the_refusal_of_a_sum_of_few_parts_names_the_share_that_represents_a_region() -> None:
    variables = yaml.safe_load((PROJECT / "dbt_project.yml").read_text(encoding="utf-8"))["vars"]
    with (PROJECT / "seeds" / "forecast_refusal.csv").open(encoding="utf-8", newline="") as file:
        thresholds = {row["refusal_code"]: row["threshold"] for row in csv.DictReader(file)}
    assert float(thresholds["few_reported"]) == variables["least_reported_share"]


def test_the_columns_of_the_forecast_are_those_python_returns(manifest: Manifest) -> None:
    (fact,) = (n for n in _public(manifest) if n["name"] == "fct_adoption_forecast")
    added = {"qualifier", "source_name", "snapshot_at"}
    assert set(fact["columns"]) == set(FORECAST) | added


@pytest.mark.parametrize("path", generated(PROJECT))
def test_a_generated_file_is_as_generated(path: str) -> None:
    written = (PROJECT / path).read_text(encoding="utf-8")
    assert written == generated(PROJECT)[path], "run `make generated`, and change what it reads"


def test_the_schema_of_source_files_is_as_generated() -> None:
    assert SCHEMA_FILE.read_text(encoding="utf-8") == json_schema(), "run `make generated`"
