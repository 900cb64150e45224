"""Dagster's home: damaged parts are made anew, dead runs marked, old runs forgotten."""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import dagster as dg
import pytest

from pll_pipeline import history
from pll_pipeline.config import CHECKOUT, Config
from pll_pipeline.errors import PllError
from pll_pipeline.history import open_store, tidy, use_dagster_home
from pll_pipeline.store import (
    copied_sqlite_fault,
    databases,
    settings_fault,
    settings_file,
    sqlite_fault,
)


@dg.asset
def figure() -> dg.MaterializeResult[None]:
    """An asset that every run makes."""
    return dg.MaterializeResult()


@dg.asset
def seldom() -> dg.MaterializeResult[None]:
    """An asset that only the first run makes."""
    return dg.MaterializeResult()


@dg.asset_check(asset=figure)
def is_right() -> dg.AssetCheckResult:
    """A check that every run makes."""
    return dg.AssetCheckResult(passed=True)


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Config:
    monkeypatch.setenv("DAGSTER_HOME", "")
    return Config(data=tmp_path / "min data ø", dbt_project=CHECKOUT / "dbt_project")


@pytest.fixture(scope="module")
def one_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with one run in its store, to be copied."""
    config = Config(tmp_path_factory.mktemp("home"), CHECKOUT / "dbt_project")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DAGSTER_HOME", "")
        with open_store(config) as instance:
            _run(instance)
    return config.dagster_home


def _run(instance: dg.DagsterInstance, *assets: dg.AssetsDefinition) -> str:
    result = dg.materialize([*(assets or [figure]), is_right], instance=instance)
    assert result.success
    return result.run_id


# settings


def test_dagsters_home_reports_nothing_and_keeps_what_a_person_set(config: Config) -> None:
    use_dagster_home(config)
    settings = settings_file(config.dagster_home)
    assert "telemetry:\n  enabled: false" in settings.read_text()
    settings.write_text("telemetry:\n  enabled: false\n# ours\n")
    use_dagster_home(config)
    assert "# ours" in settings.read_text()


@pytest.mark.parametrize(
    "content",
    [b"", b"telemetry:\n  enab", b"\x00\xff\xfe", b"- a\n- b", b"a: [", b"{{{", b"a: b: c"],
)
def test_settings_that_cannot_be_read_are_made_anew(config: Config, content: bytes) -> None:
    settings = settings_file(config.dagster_home)
    settings.parent.mkdir(parents=True)
    settings.write_bytes(content)
    assert settings_fault(config.dagster_home)
    use_dagster_home(config)
    assert settings_fault(config.dagster_home) is None
    assert "telemetry" in settings.read_text()
    assert [old.read_bytes() for old in settings.parent.glob("*.damaged-*")] == [content]


@pytest.mark.parametrize("content", ["telemetry:\n  enabled: perhaps\n", "no_such_key: 1\n"])
def test_settings_that_dagster_does_not_take_are_made_anew(config: Config, content: str) -> None:
    settings = settings_file(config.dagster_home)
    settings.parent.mkdir(parents=True)
    settings.write_text(content)
    with open_store(config) as instance:
        _run(instance)
    assert "nux" in settings.read_text()


def test_a_home_that_cannot_be_written_is_named(config: Config) -> None:
    config.data.parent.joinpath("file").write_text("")
    beside = Config(config.data.parent / "file", config.dbt_project)
    with pytest.raises(PllError, match=r"Dagster's home cannot be written: Not a directory"):
        use_dagster_home(beside)


# the store


def _noise(path: Path) -> None:
    path.write_bytes(os.urandom(20_000))


def _empty(path: Path) -> None:
    path.write_bytes(b"")


def _cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2 + 100])


def _hole(path: Path) -> None:
    content = path.read_bytes()
    path.write_bytes(content[:4096] + b"\xa5" * (len(content) - 8192) + content[-4096:])


def _folder(path: Path) -> None:
    path.unlink()
    path.mkdir()
    (path / "file").write_text("")


def _link_in_a_circle(path: Path) -> None:
    path.unlink()
    path.symlink_to(path.name)


def _foreign(path: Path) -> None:
    path.unlink()
    with sqlite3.connect(path) as connection:
        connection.execute("create table other (x)")
    connection.close()


def _log_of_noise(path: Path) -> None:
    path.with_name(f"{path.name}-wal").write_bytes(os.urandom(10_000))


def _log_is_folder(path: Path) -> None:
    path.with_name(f"{path.name}-wal").mkdir()


DAMAGES = (
    _noise,
    _empty,
    _cut,
    _hole,
    _folder,
    _link_in_a_circle,
    _foreign,
    _log_of_noise,
    _log_is_folder,
)
Damage = Callable[[Path], None]


@pytest.mark.parametrize("damage", DAMAGES, ids=lambda damage: damage.__name__)
@pytest.mark.parametrize(
    "name", ["history/runs.db", "history/runs/index.db", "schedules/schedules.db"]
)
def test_a_damaged_database_never_stops_a_run(
    config: Config, one_run: Path, damage: Damage, name: str
) -> None:
    shutil.copytree(one_run, config.dagster_home)
    damage(config.dagster_home / name)
    with open_store(config) as instance:
        tidy(config, instance)
        run_id = _run(instance)
        assert run_id in [run.run_id for run in instance.get_runs()]
    assert [database for database in databases(config.dagster_home) if sqlite_fault(database)] == []


@pytest.mark.parametrize("damage", DAMAGES[:6], ids=lambda damage: damage.__name__)
def test_the_damaged_database_of_an_old_run_is_put_away(
    config: Config, one_run: Path, damage: Damage
) -> None:
    shutil.copytree(one_run, config.dagster_home)
    (of_run,) = (config.dagster_home / "history" / "runs").glob("*-*.db")
    damage(of_run)
    with open_store(config) as instance:
        tidy(config, instance)
        _run(instance)
    every = databases(config.dagster_home, of_runs=True)
    assert [database for database in every if sqlite_fault(database)] == []


@pytest.mark.parametrize("name", ["history", "history/runs", "schedules", ""])
def test_a_file_in_place_of_a_folder_never_stops_a_run(
    config: Config, one_run: Path, name: str
) -> None:
    shutil.copytree(one_run, config.dagster_home)
    shutil.rmtree(config.dagster_home / name)
    (config.dagster_home / name).write_text("a file")
    with open_store(config) as instance:
        _run(instance)
        assert instance.get_runs(limit=1)[0].is_success


def test_a_whole_store_is_left_alone(config: Config, one_run: Path) -> None:
    shutil.copytree(one_run, config.dagster_home)
    with open_store(config) as instance:
        tidy(config, instance)
        assert len(instance.get_runs()) == 1
    assert list(config.dagster_home.rglob("*.damaged-*")) == []


def test_a_copy_is_examined_without_writing_beside_the_database(one_run: Path) -> None:
    before = sorted(path.name for path in (one_run / "history").iterdir())
    assert copied_sqlite_fault(one_run / "history" / "runs.db") is None
    assert sorted(path.name for path in (one_run / "history").iterdir()) == before


# runs


def _begin(instance: dg.DagsterInstance, status: dg.DagsterRunStatus, hours: int) -> str:
    job = dg.Definitions(assets=[figure]).resolve_implicit_global_asset_job_def()
    run = instance.create_run_for_job(job, run_id=str(uuid4()), status=status)
    then = (datetime.now(UTC) - timedelta(hours=hours)).replace(tzinfo=None)
    with sqlite3.connect(Path(instance.root_directory) / "history" / "runs.db") as connection:
        connection.execute(
            "update runs set create_timestamp = ? where run_id = ?",
            (then.isoformat(sep=" "), run.run_id),
        )
    connection.close()
    return run.run_id


def test_a_run_whose_process_was_killed_is_marked_as_failed(config: Config) -> None:
    status = dg.DagsterRunStatus
    with open_store(config) as instance:
        died = [_begin(instance, state, 3) for state in (status.STARTED, status.NOT_STARTED)]
        waiting = _begin(instance, status.STARTING, 0)
        own = _begin(instance, status.STARTED, 0)
        tidy(config, instance, own_run_id=own)
        now = {run.run_id: run.status for run in instance.get_runs()}
    assert [now[run_id] for run_id in died] == [status.FAILURE] * 2
    assert (now[waiting], now[own]) == (status.STARTING, status.STARTED)


def test_only_the_newest_runs_are_kept_and_those_with_the_newest_event_of_an_asset(
    config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(history, "RUNS_KEPT", 2)
    with open_store(config) as instance:
        first = _run(instance, seldom, figure)
        others = [_run(instance) for _ in range(4)]
        tidy(config, instance)
        assert set(instance.get_run_ids()) == {first, *others[-2:]}
    left = {first, *others[-2:]}
    assert _runs_with_checks(config) == left
    assert {path.stem for path in (config.dagster_home / "history/runs").glob("*-*.db")} == left
    assert {path.name for path in (config.dagster_home / "storage").glob("*-*")} <= left


def _runs_with_checks(config: Config) -> set[str]:
    connection = sqlite3.connect(config.dagster_home / "history" / "runs" / "index.db")
    rows = connection.execute("select run_id from asset_check_executions").fetchall()
    connection.close()
    return {run_id for (run_id,) in rows}


def test_a_log_that_has_grown_large_begins_anew(
    config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(history, "_LARGEST_LOG", 10)
    config.logs.mkdir(parents=True)
    (config.logs / "failures.log").write_text("a long line of text")
    (config.logs / "dbt.log").write_text("short")
    with open_store(config) as instance:
        tidy(config, instance)
    assert sorted(path.name for path in config.logs.iterdir()) == ["dbt.log", "failures.log.1"]
