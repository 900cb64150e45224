"""What a night reports about a dbt project that does not parse, or a build that failed."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import duckdb
import pytest

from pll_pipeline.assets.marts import build_failure, errors_in_log, manifest, what_failed
from pll_pipeline.config import CHECKOUT, Config
from pll_pipeline.errors import PllError


@pytest.fixture
def build_file(tmp_path: Path) -> Path:
    path = tmp_path / "build.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute("create table t as select * from (values ('a', 2), ('b', 3)) as v(k, n)")
    return path


def _result(unique_id: str, status: str, message: str, code: str = "") -> dict[str, Any]:
    return {"unique_id": unique_id, "status": status, "message": message, "compiled_code": code}


def test_a_failed_test_names_the_rule_the_number_of_rows_and_a_row(build_file: Path) -> None:
    sql = "select 'n <= 1' as rule, count(*) as row_count, min(k) as example from t where n > 1"
    failed = _result("test.pll.t_keeps_its_rules.0123", "fail", "Got 2 results", sql)
    assert what_failed([failed], build_file) == (
        "The warehouse could not be built: t_keeps_its_rules: n <= 1: 2 rows, such as a"
    )


def test_a_failed_model_gives_its_message_and_more_than_five_are_counted(build_file: Path) -> None:
    failed = [_result(f"model.pll.m{n}", "error", "no such\n  column") for n in range(7)]
    passed = _result("model.pll.fine", "success", "OK")
    text = what_failed([passed, *failed], build_file)
    assert text.startswith("The warehouse could not be built: m0: no such column; m1: ")
    assert text.endswith("m4: no such column (and 2 more)")


def test_a_build_that_stopped_before_any_model_says_so(build_file: Path) -> None:
    assert what_failed([], build_file).endswith("dbt stopped before any model")


def test_a_project_that_does_not_parse_is_reported_with_the_file_and_without_a_traceback(
    tmp_path: Path,
) -> None:
    project = tmp_path / "dbt_project"
    by_products = shutil.ignore_patterns("target", "logs")
    shutil.copytree(CHECKOUT / "dbt_project", project, ignore=by_products)
    model = project / "models" / "star" / "dim_service.sql"
    model.write_text("select {{ ref('no_such_seed') }", encoding="utf-8")
    with pytest.raises(PllError, match=r"does not parse: .*dim_service") as caught:
        manifest(Config(data=tmp_path / "data", dbt_project=project))
    assert "Traceback" not in caught.value.paragraph()
    assert "\n" not in caught.value.paragraph()


def test_errors_are_taken_from_dbts_log_without_their_traceback() -> None:
    message = "Traceback (most recent call last):\\n  File x\\nOSError: No space left on device"
    lines = [
        '{"info": {"level": "info", "msg": "fine"}}',
        "no json",
        f'{{"info": {{"level": "error", "msg": "{message}"}}}}',
    ]
    assert errors_in_log("\n".join(lines)) == "OSError: No space left on device"
    assert errors_in_log("") == "dbt gave no reason"


def test_a_build_without_results_is_explained_by_the_end_of_dbts_log(tmp_path: Path) -> None:
    config = Config(data=tmp_path, dbt_project=CHECKOUT / "dbt_project")
    config.logs.mkdir()
    (config.logs / "dbt.log").write_text("Running\nIO Error: Could not set lock\n")
    assert build_failure(config).endswith(
        "dbt stopped before any model: Running IO Error: Could not set lock"
    )
