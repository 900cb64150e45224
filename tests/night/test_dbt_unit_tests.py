"""dbt's unit tests. They test code, so they run here and not in a night."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from pll_pipeline.assets.marts import DBT, dbt_environment, folder_options
from pll_pipeline.config import Config
from tests.night.world import ROOT, World

NIGHT, TESTS = "dbt-run", "dbt-unit-tests"


@pytest.fixture(scope="module")
def unit_tests(released: World, tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    """dbt's results of its unit tests, on a copy of the build file of a night."""
    build = tmp_path_factory.mktemp("unit-tests") / "build"
    shutil.copytree(released.data / "build", build)
    config = Config(data=build.parent, dbt_project=ROOT / "dbt_project")
    target = build / TESTS
    target.mkdir()
    shutil.copy(build / NIGHT / "partial_parse.msgpack", target)
    command = [str(DBT), "--quiet", "test", "--resource-type", "unit_test"]
    subprocess.run(
        [*command, *folder_options(config, target)],
        env={**os.environ, **dbt_environment(config), "PLL_BUILD_FILE": "build.duckdb"},
        cwd=build,
        capture_output=True,
        check=False,
    )
    return _results(target)


def _results(target: Path) -> list[dict[str, Any]]:
    results: list[dict[str, Any]] = json.loads((target / "run_results.json").read_bytes())[
        "results"
    ]
    return [result for result in results if not result["unique_id"].startswith("operation.")]


def test_every_unit_test_of_the_models_passes(unit_tests: list[dict[str, Any]]) -> None:
    failed = {
        result["unique_id"]: result["message"]
        for result in unit_tests
        if result["status"] != "pass"
    }
    assert failed == {}


def test_every_unit_test_of_the_project_was_run(
    released: World, unit_tests: list[dict[str, Any]]
) -> None:
    manifest = json.loads((released.data / "build" / NIGHT / "manifest.json").read_bytes())
    assert {result["unique_id"] for result in unit_tests} == set(manifest["unit_tests"])
    assert len(unit_tests) > 20


def test_a_night_runs_data_tests_and_no_unit_test(released: World) -> None:
    kinds = [
        result["unique_id"].split(".")[0] for result in _results(released.data / "build" / NIGHT)
    ]
    assert kinds.count("test") > 20
    assert kinds.count("unit_test") == 0
