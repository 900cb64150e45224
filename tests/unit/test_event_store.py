"""Dagster's events with databases kept open: the same files, and the operator's settings count."""

from __future__ import annotations

from pathlib import Path

import dagster as dg
import pytest
from dagster._core.storage.event_log import SqliteEventLogStorage

from pll_pipeline.config import CHECKOUT, Config
from pll_pipeline.event_store import EventsKeptOpen, store_of
from pll_pipeline.history import use_dagster_home


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A Dagster home with our settings."""
    monkeypatch.setenv("DAGSTER_HOME", "")
    config = Config(data=tmp_path, dbt_project=CHECKOUT / "dbt_project")
    use_dagster_home(config)
    return config.dagster_home


def _run_one_asset(instance: dg.DagsterInstance) -> str:
    @dg.asset
    def figures() -> dg.MaterializeResult[None]:
        return dg.MaterializeResult(metadata={"rows": 3})

    return dg.materialize([figures], instance=instance).run_id


def test_dagster_reads_the_events_as_it_would_have_written_them(home: Path) -> None:
    with store_of(home) as instance:
        run_id = _run_one_asset(instance)
    with dg.DagsterInstance.get() as plain:
        assert type(plain.event_log_storage) is SqliteEventLogStorage
        event = plain.get_latest_materialization_event(dg.AssetKey("figures"))
        assert event is not None
        assert event.run_id == run_id
        kinds = [record.event_log_entry.dagster_event_type for record in _events(plain, run_id)]
    with dg.DagsterInstance.get() as plain:
        other = _run_one_asset(plain)
        assert [r.event_log_entry.dagster_event_type for r in _events(plain, other)] == kinds


def _events(instance: dg.DagsterInstance, run_id: str) -> list[dg.EventLogRecord]:
    return list(instance.get_records_for_run(run_id).records)


def test_a_deleted_run_leaves_the_store_usable(home: Path) -> None:
    with store_of(home) as instance:
        first = _run_one_asset(instance)
        instance.delete_run(first)
        second = _run_one_asset(instance)
        assert [run.run_id for run in instance.get_runs()] == [second]
        assert not _events(instance, first)


def test_each_database_is_opened_once(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []
    open_shard = EventsKeptOpen._opened

    def recorded(store: EventsKeptOpen, shard: str) -> object:
        opened.append(shard)
        return open_shard(store, shard)

    monkeypatch.setattr(EventsKeptOpen, "_opened", recorded)
    with store_of(home) as instance:
        run_id = _run_one_asset(instance)
    assert sorted(opened) == sorted(["index", run_id])


def test_an_operator_may_keep_events_elsewhere(home: Path, tmp_path: Path) -> None:
    settings = home / "dagster.yaml"
    elsewhere = tmp_path / "elsewhere"
    settings.write_text(
        settings.read_text(encoding="utf-8") + f"storage:\n  sqlite:\n    base_dir: {elsewhere}\n",
        encoding="utf-8",
    )
    with store_of(home) as instance:
        assert type(instance.event_log_storage) is SqliteEventLogStorage
        _run_one_asset(instance)
    assert list(elsewhere.rglob("*.db"))
