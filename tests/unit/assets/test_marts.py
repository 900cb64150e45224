"""What a night reports about a dbt project that does not parse, or a build that failed."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import dagster as dg
import duckdb
import pytest

from pll_pipeline.assets import marts
from pll_pipeline.assets.marts import (
    build_failure,
    errors_in_log,
    manifest,
    remove_left_overs,
    what_failed,
)
from pll_pipeline.config import CHECKOUT, Config
from pll_pipeline.engine.interface import Build
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
    assert build_failure(tmp_path, config.logs / "dbt.log").endswith(
        "dbt stopped before any model: Running IO Error: Could not set lock"
    )


# --- what dbt left, damaged -----------------------------------------------------------------------

LEFT = ("manifest.json", "partial_parse.msgpack", "manifest.of")


@pytest.fixture
def parsed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Config:
    """A project that was parsed, by a parser that takes no time."""
    project = tmp_path / "dbt_project"
    project.mkdir()
    (project / "model.sql").write_text("select 1")

    def parse(_: Config, folder: Path) -> None:
        (folder / "manifest.json").write_text('{"nodes": {}}')
        (folder / "partial_parse.msgpack").write_bytes(b"parsed")

    monkeypatch.setattr(marts, "_parse", parse)
    config = Config(data=tmp_path / "data", dbt_project=project)
    manifest(config)
    return config


def _nothing(path: Path) -> None:
    path.unlink()


def _noise(path: Path) -> None:
    path.write_bytes(b"\x00\xffnoise")


def _empty(path: Path) -> None:
    path.write_bytes(b"")


def _cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-3])


def _other_text(path: Path) -> None:
    path.write_text("[]")


def _folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def _circle(path: Path) -> None:
    path.unlink()
    path.symlink_to(path.name)


DAMAGES = (_nothing, _noise, _empty, _cut, _other_text, _folder, _circle)


@pytest.mark.parametrize("damage", DAMAGES, ids=lambda damage: damage.__name__)
@pytest.mark.parametrize("name", LEFT)
def test_what_dbt_left_is_made_anew_where_it_is_damaged(
    parsed: Config, name: str, damage: Callable[[Path], None]
) -> None:
    folder = parsed.build_file.parent / "dbt"
    whole = {left: (folder / left).read_bytes() for left in LEFT}
    damage(folder / name)
    assert manifest(parsed).read_bytes() == whole["manifest.json"]
    assert {left: (folder / left).read_bytes() for left in LEFT} == whole
    assert [path.name for path in folder.parent.iterdir()] == ["dbt"]


def test_a_file_in_place_of_the_folders_of_dbt_is_put_away(parsed: Config) -> None:
    for folder in (parsed.build_file.parent / "dbt", parsed.build_file.parent):
        shutil.rmtree(folder)
        folder.write_text("a file")
        assert manifest(parsed).is_file()


def test_a_project_is_parsed_again_only_when_it_has_changed(
    parsed: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    times = []
    parse = marts._parse
    monkeypatch.setattr(marts, "_parse", lambda *given: (times.append(1), parse(*given)))
    manifest(parsed)
    assert times == []
    (parsed.dbt_project / "model.sql").write_text("select 2")
    manifest(parsed)
    manifest(parsed)
    assert times == [1]


@pytest.mark.parametrize("damage", [_noise, _empty, _folder, _circle], ids=lambda d: d.__name__)
def test_a_damaged_build_file_is_put_away(tmp_path: Path, damage: Callable[[Path], None]) -> None:
    config = Config(data=tmp_path, dbt_project=CHECKOUT / "dbt_project")
    config.build_file.parent.mkdir()
    with duckdb.connect(str(config.build_file)) as connection:
        connection.execute("create table t as select 1")
    remove_left_overs(config)
    assert config.build_file.is_file()
    damage(config.build_file)
    remove_left_overs(config)
    assert not os.path.lexists(config.build_file)
    assert len(list(config.build_file.parent.glob("build.duckdb.damaged-*"))) == 1


def test_what_a_killed_run_left_is_removed(tmp_path: Path) -> None:
    config = Config(data=tmp_path, dbt_project=CHECKOUT / "dbt_project")
    for name in ("run-17-abc/target", "parse-17-abc"):
        (config.build_file.parent / name).mkdir(parents=True)
    config.build_file.write_bytes(b"")
    config.build_file.with_name("build.duckdb.wal").write_bytes(b"left")
    remove_left_overs(config)
    (left,) = config.build_file.parent.iterdir()
    assert left.name.startswith("build.duckdb.damaged-")


def test_a_table_without_an_output_is_a_model_run_here_or_stops_the_night(tmp_path: Path) -> None:
    nodes = {name: {"name": name, "language": "python"} for name in ("fit_curve",)}
    build = Build(tmp_path, tmp_path, {"nodes": nodes})
    fitted, table = dg.AssetKey(["star", "fit_curve"]), dg.AssetKey(["star", "dim_region"])
    assert marts._run_here({fitted}, build) == [fitted]
    assert marts._run_here(set(), build) == []
    with pytest.raises(PllError, match="The engine built no dim_region"):
        marts._run_here({fitted, table}, build)
