"""Dagster's events in SQLite, with each database kept open while a night writes to it.

Dagster's own class opens the database and builds each statement anew for every event, which costs
more than all else in a night without news. The files are the same. Not here: when the store is
opened, what is put away, kept and forgotten (`history.py`).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import dagster as dg
import yaml
from dagster._core.instance.ref import InstanceRef
from dagster._core.storage.event_log import SqliteEventLogStorage
from dagster._serdes import ConfigurableClassData
from sqlalchemy import create_engine
from sqlalchemy.engine import Connection, Engine

from pll_pipeline.store import settings_file

_LONGEST_WAIT_SECONDS = 60
_STORAGES = {"storage", "run_storage", "event_log_storage", "schedule_storage"}


class EventsKeptOpen(SqliteEventLogStorage):
    """Dagster's events in SQLite: one database per run and one of all runs, each opened once."""

    def __init__(self, base_dir: str, inst_data: ConfigurableClassData | None = None) -> None:
        self._engines: dict[str, Engine] = {}
        super().__init__(base_dir, inst_data)

    @classmethod
    def from_config_value(
        cls, inst_data: ConfigurableClassData | None, config_value: Any
    ) -> EventsKeptOpen:
        """One from Dagster's settings."""
        return cls(inst_data=inst_data, **config_value)

    @contextmanager
    def _connect(self, shard: str) -> Iterator[Connection]:
        with self._db_lock:
            engine = self._engines.get(shard) or self._opened(shard)
            with engine.begin() as connection:
                yield connection

    def _opened(self, shard: str) -> Engine:
        timeout = {"timeout": _LONGEST_WAIT_SECONDS}
        engine = create_engine(self.conn_string_for_shard(shard), connect_args=timeout)
        if shard not in self._initialized_dbs:
            self._initdb(engine)
            self._initialized_dbs.add(shard)
        self._engines[shard] = engine
        return engine

    def dispose(self) -> None:
        """Close every database."""
        while self._engines:
            _, engine = self._engines.popitem()
            engine.dispose()
        super().dispose()


def store_of(home: Path) -> dg.DagsterInstance:
    """Dagster's store in its home; events are kept open unless its settings name another place."""
    kept_open = {
        "module": EventsKeptOpen.__module__,
        "class": EventsKeptOpen.__name__,
        "config": {"base_dir": str(home / "history" / "runs")},
    }
    settings = yaml.safe_load(settings_file(home).read_text(encoding="utf-8"))
    overrides = {} if _STORAGES & settings.keys() else {"event_log_storage": kept_open}
    return dg.DagsterInstance.from_ref(InstanceRef.from_dir(str(home), overrides=overrides))
