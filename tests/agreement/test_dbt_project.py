"""The house rules of the dbt project: floors, portable SQL, names, types, contracts, descriptions."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from pll_pipeline.sources.register import SCHEMA_FILE, json_schema
from pll_pipeline.star.model_files import generated
from pll_pipeline.vocabulary.columns import COLUMNS

ROOT = Path(__file__).resolve().parents[2]
PROJECT = ROOT / "dbt_project"
PORTABLE = sorted(
    [*(PROJECT / "models" / "star").glob("*.sql"), *(PROJECT / "models" / "marts").glob("*.sql")]
)

# What a model may read: one floor down.
# `stg_adoption_forecast` goes back up: fitted in Python, which can have no contract, it is private, and `mart_adoption_forecast` shows it.
FITTED = {
    ("stg_adoption_forecast", "mart_adoption_by_region_actor_month"),
    ("mart_adoption_forecast", "stg_adoption_forecast"),
}
FLOORS = {
    "staging": {"validated"},
    "star": {"staging", "codes", "star"},
    "marts": {"star", "codes", "marts"},
}
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
}

CONTRACT = {
    "star": {
        "dim_month": "month year tertial quarter month_number month_name month_label is_latest",
        "dim_region": "region_key region_level region_code region_name region_name_parallel valid_from valid_to is_current fylke_key helsefellesskap_key hf_key rhf_key successor_key current_region_key",
        "dim_region_part": "relation whole_key part_key part_level part_share part_quality valid_from valid_to",
        "dim_actor_type": "actor_type_code actor_type_name actor_type_name_en parent_code care_level official_code official_code_system",
        "dim_service": "service_code service_name service_name_en service_description since_date",
        "dim_measure": "measure_code service_code measure_name measure_name_en unit time_kind adds_over_regions adds_over_actor_types adds_over_time numerator_code denominator_code is_adoption definition definition_url owner reviewed_on",
        "dim_source": "source_name title publisher landing_page licence attribution cadence is_simulated",
        "fct_observation": "measure_code region_key actor_type_code source_name period_start period_end period_grain month value lower_bound upper_bound qualifier status published_text snapshot_at revision_number row_reference",
        "fct_observation_revision": "measure_code region_key actor_type_code source_name period_start period_end period_grain month value lower_bound upper_bound qualifier status published_text snapshot_at revision_number row_reference known_from known_to",
        "fct_target": "measure_code region_key actor_type_code due_start due_end value",
        "fct_milestone": "service_code region_key area_name actor_type_code phase starts_on ends_on starts_on_precision ends_on_precision source_name",
    },
    "marts": {
        "mart_adoption_by_region_actor_month": "service_code service_name measure_code measure_name region_key region_code region_name actor_type_code actor_type_name month adoption_count adoption_count_lower adoption_count_upper eligible_count adoption_share share_lower share_upper qualifier status basis reported_share change_1m change_12m rank_in_level source_name snapshot_at",
        "mart_adoption_by_current_region_actor_month": "measure_code region_key region_of_month_key actor_type_code month adoption_count eligible_count adoption_share share_lower share_upper qualifier basis",
        "mart_adoption_forecast": "measure_code region_key actor_type_code month expected_share share_low share_high passes_25_month passes_50_month passes_80_month passes_95_month refusal",
        "mart_reconciliation": "measure_code region_key actor_type_code period_start period_end part_level published_value sum_value sum_lower sum_upper difference reconciliation_status",
        "mart_adoption_latest": "measure_code region_key actor_type_code month adoption_share months_since",
        "mart_key_figures": "measure_name region_name actor_type_name period_label value qualifier_label status published_text definition definition_url source_name snapshot_at",
        "mart_rollout_by_area_month": "service_code region_key actor_type_code month planned_phase planned_basis observed_phase observed_basis observed_share reported_phase lag_months is_behind_plan",
        "mart_revisions": "measure_code region_key actor_type_code period_start period_end period_grain change_kind changed_at value_before value_after value_change source_name",
        "mart_target_status": "measure_code region_key actor_type_code due_end target_value newest_value newest_basis distance pace_needed_per_month pace_per_month is_pace_sufficient",
        "mart_coverage_by_source_month": "source_name service_code month expected_count published_count suppressed_count missing_count quarantined_count",
    },
}


def _public(manifest: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        node
        for node in manifest["nodes"].values()
        if node["resource_type"] == "model" and node["schema"] in ("star", "marts")
    ]


def _sql(path: Path) -> str:
    """The statement without comments and template marks."""
    text = re.sub(
        r"\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}", " ", path.read_text(encoding="utf-8"), flags=re.DOTALL
    )
    return re.sub(r"--[^\n]*", " ", text)


def test_a_model_reads_one_floor_down(manifest: dict[str, Any]) -> None:
    layer = {
        name: node["schema"] for name, node in (manifest["nodes"] | manifest["sources"]).items()
    }
    reads = [
        (node["name"], parent)
        for name, node in manifest["nodes"].items()
        if node["resource_type"] == "model"
        for parent in manifest["parent_map"][name]
        if layer[parent] not in FLOORS[node["schema"]]
    ]
    assert {(name, parent.split(".")[-1]) for name, parent in reads} == FITTED


# A table made of tables of its own floor, because it is a part of them or what they come to.
MADE_OF_ITS_OWN_FLOOR = {
    "fct_observation": {"fct_observation_revision", "dim_region"},
    "fct_eligible": {"fct_observation", "dim_measure", "dim_month"},
    "fct_adoption": {"fct_observation", "fct_eligible", "dim_measure"},
    "fct_adoption_sum": {
        "fct_adoption",
        "fct_eligible",
        "dim_region_part",
        "dim_measure",
        "dim_actor_type",
        "dim_month",
    },
    "mart_adoption_latest": {"mart_adoption_by_region_actor_month"},
    "mart_adoption_by_current_region_actor_month": {"mart_adoption_by_region_actor_month"},
    "mart_adoption_forecast": {"mart_adoption_latest"},
    "mart_rollout_by_area_month": {"mart_adoption_by_region_actor_month"},
    "mart_target_status": {"mart_adoption_by_region_actor_month"},
}


def test_only_what_is_a_part_of_other_tables_or_comes_of_them_is_made_of_its_own_floor(
    manifest: dict[str, Any],
) -> None:
    floor = {
        name: node["schema"]
        for name, node in manifest["nodes"].items()
        if node["resource_type"] == "model" and node["schema"] in ("star", "marts")
    }
    found = {
        name.split(".")[-1]: {
            p.split(".")[-1] for p in manifest["parent_map"][name] if floor.get(p) == floor[name]
        }
        for name in floor
    }
    assert {name: made_of for name, made_of in found.items() if made_of} == MADE_OF_ITS_OWN_FLOOR


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
    }
    assert re.search(NOT_PORTABLE[what], examples[what])


def test_every_public_table_has_an_enforced_contract_and_persisted_comments(
    manifest: dict[str, Any],
) -> None:
    assert _public(manifest)
    for node in _public(manifest):
        assert node["config"]["contract"]["enforced"], node["name"]
        assert node["config"]["persist_docs"] == {"relation": True, "columns": True}, node["name"]
        assert node["config"]["materialized"] == "table", node["name"]


def test_every_column_has_the_type_and_the_words_of_the_vocabulary(
    manifest: dict[str, Any],
) -> None:
    for node in _public(manifest):
        for name, column in node["columns"].items():
            assert (column["data_type"], column["description"]) == (
                COLUMNS[name].type,
                COLUMNS[name].description,
            ), f"{node['name']}.{name}"


def test_the_vocabulary_holds_no_word_that_no_table_uses(manifest: dict[str, Any]) -> None:
    used = {name for node in manifest["nodes"].values() for name in node.get("columns", {})}
    assert set(COLUMNS) - used == set()


def test_every_table_says_its_grain_in_both_languages(manifest: dict[str, Any]) -> None:
    for node in _public(manifest):
        english, norwegian = node["description"].split(" | ")
        assert english.startswith("One row per "), node["name"]
        assert norwegian.startswith("Én rad per "), node["name"]


def test_every_table_has_one_test_of_its_rules_and_of_its_grain(manifest: dict[str, Any]) -> None:
    tests = [node for node in manifest["nodes"].values() if node["resource_type"] == "test"]
    assert {node["test_metadata"]["name"] for node in tests} == {"keeps_its_rules"}
    of_errors = [n for n in tests if n["config"]["severity"].lower() == "error"]
    tested = {n["attached_node"]: n["test_metadata"]["kwargs"] for n in of_errors}
    assert len(tested) == len(of_errors)
    public = {node["unique_id"]: node["name"] for node in _public(manifest)}
    assert public.keys() <= tested.keys()
    without_grain = [name for key, name in public.items() if not tested[key].get("grain")]
    assert without_grain == ["fct_quarantine"], "a row may break the same rule twice"


def test_every_seed_types_and_describes_every_column(manifest: dict[str, Any]) -> None:
    for node in manifest["nodes"].values():
        if node["resource_type"] == "seed":
            header = (
                (PROJECT / "seeds" / f"{node['name']}.csv")
                .read_text(encoding="utf-8")
                .split("\n", 1)[0]
                .strip()
                .split(",")
            )
            assert sorted(node["config"]["column_types"]) == sorted(header), node["name"]
            assert sorted(
                c for c, column in node["columns"].items() if " | " in column["description"]
            ) == sorted(header), node["name"]


def test_names_tell_what_a_table_is(manifest: dict[str, Any]) -> None:
    prefixes = {"star": ("dim_", "fct_"), "marts": ("mart_",), "staging": ("stg_",)}
    for node in manifest["nodes"].values():
        if node["resource_type"] == "model":
            assert node["name"].startswith(prefixes[node["schema"]])
            assert re.fullmatch(r"[a-z][a-z0-9_]*", node["name"])


def test_every_table_and_column_users_hold_on_to_is_there(manifest: dict[str, Any]) -> None:
    there = {(node["schema"], node["name"]): set(node["columns"]) for node in _public(manifest)}
    for schema, tables in CONTRACT.items():
        for table, columns in tables.items():
            assert set(columns.split()) - there[schema, table] == set(), table


def test_every_rule_of_meaning_has_a_unit_test(manifest: dict[str, Any]) -> None:
    tested = {test["model"] for test in manifest["unit_tests"].values()}
    trivial = {"dim_service", "dim_actor_type", "dim_measure", "dim_source"}
    assert {node["name"] for node in _public(manifest)} - tested == trivial, (
        "these copy a code list and have no rule"
    )


@pytest.mark.parametrize("path", generated(PROJECT))
def test_a_generated_file_is_as_generated(path: str) -> None:
    written = (PROJECT / path).read_text(encoding="utf-8")
    assert written == generated(PROJECT)[path], "run `make generated`, and change what it reads"


def test_the_schema_of_source_files_is_as_generated() -> None:
    assert SCHEMA_FILE.read_text(encoding="utf-8") == json_schema(), "run `make generated`"
