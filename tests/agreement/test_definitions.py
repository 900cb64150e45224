"""What Dagster shows: one lineage from the publications to the release, with groups and checks.

Not here: what a night does (`tests/unit/assets/`, `tests/night/`).
"""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
import yaml

from pll_pipeline.assets import LOCK
from pll_pipeline.config import CHECKOUT
from pll_pipeline.published.outputs import OUTPUTS
from pll_pipeline.sources.register import register

ROOT = Path(__file__).resolve().parents[2]
LAYERS = ("raw", "validated", "codes", "staging", "star", "marts", "page", "published")


@pytest.fixture(scope="session")
def graph(definitions: dg.Definitions) -> dg.AssetGraph:
    return definitions.resolve_asset_graph()


def _keys(graph: dg.AssetGraph) -> set[str]:
    return {key.to_user_string() for key in graph.get_all_asset_keys()}


def test_the_assets_are_the_sources_the_gathered_tables_dbts_nodes_and_the_outputs_of_a_release(
    graph: dg.AssetGraph, manifest: dict[str, Any]
) -> None:
    sources = register()
    expected = {f"{layer}/{name}" for layer in ("raw", "validated") for name in sources}
    expected |= {f"validated/{table['name']}" for table in manifest["sources"].values()}
    expected |= {
        f"{node['schema']}/{node['name']}"
        for node in manifest["nodes"].values()
        if node["resource_type"] in ("model", "seed")
    }
    expected |= {f"published/{output.name}" for output in OUTPUTS}
    assert _keys(graph) == expected


def test_the_group_of_an_asset_is_its_layer_and_every_asset_has_a_description(
    graph: dg.AssetGraph,
) -> None:
    for key in graph.get_all_asset_keys():
        node = graph.get(key)
        assert key.path[0] in LAYERS
        assert node.group_name == key.path[0], key
        assert node.description, key


def test_the_lineage_runs_unbroken_from_every_publication_to_the_release(
    graph: dg.AssetGraph,
) -> None:
    for source in register():
        seen, ahead = set(), [dg.AssetKey(["raw", source])]
        while ahead:
            key = ahead.pop()
            seen.add(key.path[0])
            ahead += graph.get(key).child_keys
        assert seen == set(LAYERS) - {"codes"}, source


def test_no_asset_depends_on_a_later_layer(graph: dg.AssetGraph) -> None:
    for key in graph.get_all_asset_keys():
        for parent in graph.get(key).parent_keys:
            assert LAYERS.index(parent.path[0]) <= LAYERS.index(key.path[0]), (parent, key)


def test_every_source_has_checks_and_freshness_by_its_own_cadence(graph: dg.AssetGraph) -> None:
    checks = {(c.asset_key.to_user_string(), c.name) for c in graph.asset_check_keys}
    for name, source in register().items():
        assert {
            (f"raw/{name}", "publisher_answered"),
            (f"raw/{name}", "is_recent"),
            (f"validated/{name}", "rules_are_kept"),
        } <= checks
        policy = graph.get(dg.AssetKey(["raw", name])).freshness_policy
        assert policy is not None
        assert policy.fail_window.to_timedelta().days == source.max_age_days


def test_every_dbt_test_is_a_check(graph: dg.AssetGraph, manifest: dict[str, Any]) -> None:
    tests = [node for node in manifest["nodes"].values() if node["resource_type"] == "test"]
    shown = [c for c in graph.asset_check_keys if c.asset_key.path[0] in ("codes", "star", "marts")]
    assert len(shown) == len(tests) >= 40


def test_the_night_runs_every_asset_in_one_process_at_three_in_norway(
    definitions: dg.Definitions, graph: dg.AssetGraph
) -> None:
    job = definitions.resolve_job_def("night")
    assert job.executor_def is dg.in_process_executor
    assert job.asset_layer.selected_asset_keys == graph.get_all_asset_keys()
    (schedule,) = definitions.schedules or []
    assert isinstance(schedule, dg.ScheduleDefinition)
    assert (schedule.job_name, schedule.cron_schedule, schedule.execution_timezone) == (
        "night",
        "0 3 * * *",
        "Europe/Oslo",
    )
    assert schedule.default_status is dg.DefaultScheduleStatus.RUNNING


def _steps(definitions: dg.Definitions) -> dict[str, dg.OpDefinition]:
    """The steps of the night by name."""
    nodes = definitions.resolve_job_def("night").all_node_defs
    return {node.name: node for node in nodes if isinstance(node, dg.OpDefinition)}


def test_a_source_is_asked_again_after_an_input_output_error(definitions: dg.Definitions) -> None:
    steps = _steps(definitions)
    for name in register():
        policy = steps[f"ask_{name}"].retry_policy
        assert policy is not None
        assert (policy.max_retries, policy.backoff) == (2, dg.Backoff.EXPONENTIAL)
        assert steps[f"judge_{name}"].retry_policy is None


def test_no_step_hands_its_result_to_an_io_manager(definitions: dg.Definitions) -> None:
    """A step that is not annotated so pickles its return value."""
    for name, step in _steps(definitions).items():
        if name != "dbt_build":
            outputs = {output.dagster_type.kind.name for output in step.output_defs}
            assert outputs <= {"NOTHING", "ANY"}, name


def test_every_step_works_under_the_lock(definitions: dg.Definitions) -> None:
    for name, step in _steps(definitions).items():
        assert LOCK in step.required_resource_keys, name


def test_no_check_of_dbt_gates_the_release(definitions: dg.Definitions) -> None:
    """A gating check without a result, as in a night that builds nothing, is warned of."""
    tables = definitions.resolve_assets_def(dg.AssetKey(["star", "dim_service"]))
    assert not any(check.blocking for check in tables.check_specs)


def test_the_workspace_loads(tmp_path: Path) -> None:
    command = [
        str(Path(sys.executable).with_name("dagster")),
        "definitions",
        "validate",
        "-w",
        "workspace.yaml",
    ]
    environment = {
        "PLL_DATA": str(tmp_path),
        "DAGSTER_HOME": "",
        "DO_NOT_TRACK": "1",
        "DAGSTER_DISABLE_TELEMETRY": "1",
        "PATH": "/usr/bin:/bin",
    }
    done = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "All code locations passed validation" in done.stdout + done.stderr


def test_the_project_block_loads(tmp_path: Path) -> None:
    command = [str(Path(sys.executable).with_name("dg")), "check", "defs"]
    environment = {
        "PLL_DATA": str(tmp_path),
        "HOME": str(tmp_path),
        "DO_NOT_TRACK": "1",
        "DAGSTER_DISABLE_TELEMETRY": "1",
        "PATH": "/usr/bin:/bin",
    }
    done = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "All definitions loaded successfully" in done.stdout + done.stderr


def test_the_project_block_names_the_same_definitions_as_the_workspace() -> None:
    block = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["dg"]
    (location,) = yaml.safe_load((ROOT / "workspace.yaml").read_text(encoding="utf-8"))["load_from"]
    assert block["directory_type"] == "project"
    assert (
        block["project"]["code_location_target_module"]
        == location["python_module"]["module_name"]
        == "pll_pipeline.definitions"
    )
    assert (CHECKOUT / block["project"]["root_module"]).is_dir()
