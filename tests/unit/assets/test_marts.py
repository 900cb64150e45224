"""What a night says of a dbt build that failed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb
import pytest

from pll_pipeline.assets.marts import what_failed


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
