"""Dagster's home: its settings, its store of runs, and how both are kept small and whole.

All of it may be lost: a damaged part is put away and made anew, and never stops a night. Not here:
what a night does (`assets/`), when it runs (`automation.py`).
"""

from __future__ import annotations

import os
import re
import shutil
import sqlite3
from collections.abc import Collection, Iterator
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import dagster as dg

from pll_pipeline.config import Config
from pll_pipeline.disposable import LOG, put_away, require_folder, write_whole
from pll_pipeline.errors import PllError, paragraph_of
from pll_pipeline.event_store import store_of
from pll_pipeline.store import SETTINGS, databases, settings_fault, settings_file, sqlite_fault

RUNS_KEPT = 30
_LARGEST_LOG = 4 * 2**20
# of a run that is not yet under way, there may be a process that is about to begin it
_BEGUN = [dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.CANCELING]
_WAITING = [dg.DagsterRunStatus.NOT_STARTED, dg.DagsterRunStatus.STARTING]
_LONGEST_WAIT = timedelta(minutes=5)
_RUN_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def use_dagster_home(config: Config) -> None:
    """Point Dagster at its home under the data folder, with telemetry off.

    Settings that cannot be read are put away and written anew. Raises `PllError` when the home
    cannot be written.
    """
    home, settings = config.dagster_home, settings_file(config.dagster_home)
    try:
        require_folder(home)
        home.mkdir(parents=True, exist_ok=True)
        fault = settings_fault(home)
        if fault:
            put_away(settings, fault)
        if not settings.exists():
            write_whole(settings, SETTINGS)
    except OSError as error:
        raise PllError(
            f"Dagster's home cannot be written: {error.strerror}",
            where=str(home),
            do="give write access to the data folder, or make room",
        ) from error
    os.environ.update(DAGSTER_HOME=str(home), DAGSTER_DISABLE_TELEMETRY="1", DO_NOT_TRACK="1")


@contextmanager
def open_store(config: Config) -> Iterator[dg.DagsterInstance]:
    """Dagster's store, whole: what is damaged of it is put away and made anew."""
    use_dagster_home(config)
    put_damaged_databases_away(config.dagster_home)
    with _opened(config) as instance:
        yield instance


def put_damaged_databases_away(home: Path) -> None:
    """Put away each database of the store that SQLite cannot use, with the files beside it."""
    for folder in ("history", "history/runs", "schedules", "storage"):
        require_folder(home / folder)
    for database in databases(home, of_runs=True):
        fault = sqlite_fault(database)
        if fault:
            put_away(database, fault)
            for beside in (f"{database.name}-wal", f"{database.name}-shm"):
                if os.path.lexists(database.with_name(beside)):
                    put_away(database.with_name(beside), "belongs to a damaged database")


@contextmanager
def _opened(config: Config) -> Iterator[dg.DagsterInstance]:
    """Dagster's store; where Dagster cannot use it, a new one in its place."""
    try:
        instance = store_of(config.dagster_home)
        _look_at(instance)
    except Exception as error:
        if _is_of_the_disk(error):
            raise
        LOG.warning("Dagster cannot use its home. %s", paragraph_of(error))
        instance = _made_anew(config)
    with instance:
        yield instance


def _made_anew(config: Config) -> dg.DagsterInstance:
    """Dagster's store with our settings; where it is not those, with nothing else either."""
    for path in (settings_file(config.dagster_home), config.dagster_home):
        put_away(path, "cannot be used by Dagster")
        use_dagster_home(config)
        with suppress(Exception):
            instance = store_of(config.dagster_home)
            _look_at(instance)
            return instance
    return dg.DagsterInstance.get()


def _look_at(instance: dg.DagsterInstance) -> None:
    """Read a little from each database of the store, so that a damaged one is found."""
    instance.get_runs(limit=1)
    instance.get_asset_keys(limit=1)
    instance.all_instigator_state()


def _is_of_the_disk(error: BaseException) -> bool:
    """Whether the disk, or another process, is the reason, and not the content of the store."""
    reasons = ("disk is full", "database is locked", "No space left")
    return any(reason in str(error) for reason in reasons)


def tidy(config: Config, instance: dg.DagsterInstance, own_run_id: str = "") -> None:
    """Mark runs that died, forget all but the newest, and keep logs small.

    Under the lock no other run can be under way. The run that has the newest event of an asset
    is kept, however old it is: the age of a publication is read from it. Nothing here fails a
    night: what goes wrong is stated in its log.
    """
    try:
        _mark_dead(instance, own_run_id)
        _forget_old(config, instance, own_run_id)
        _turn_logs(config.logs)
    except Exception as error:
        LOG.warning("Dagster's store could not be tidied. %s", paragraph_of(error))


def _mark_dead(instance: dg.DagsterInstance, own_run_id: str) -> None:
    waiting = dg.RunsFilter(statuses=_WAITING, created_before=datetime.now(UTC) - _LONGEST_WAIT)
    for runs in (dg.RunsFilter(statuses=_BEGUN), waiting):
        for run in instance.get_runs(filters=runs):
            if run.run_id != own_run_id:
                instance.report_run_failed(run, "The process of this run ended before the run did.")
                LOG.info("run %s, whose process was ended, is marked as failed", run.run_id[:8])


def _forget_old(config: Config, instance: dg.DagsterInstance, own_run_id: str) -> None:
    run_ids = instance.get_run_ids()
    kept = {*run_ids[:RUNS_KEPT], *_runs_of_newest_events(instance), own_run_id}
    home = config.dagster_home
    for run_id in run_ids:
        if run_id not in kept:
            instance.delete_run(run_id)
    _forget_checks(home, kept)
    # what Dagster leaves of a run: its own database, and what its steps printed
    for path in [*(home / "storage").glob("*"), *(home / "history" / "runs").glob("*.db*")]:
        run_id = path.name.partition(".")[0]
        if _RUN_ID.fullmatch(run_id) and run_id not in kept:
            _delete(path)


def _forget_checks(home: Path, kept: Collection[str]) -> None:
    """Delete the results of checks of other runs, which Dagster keeps when it deletes a run."""
    index = home / "history" / "runs" / "index.db"
    with closing(sqlite3.connect(index, timeout=5)) as connection, connection:
        runs = connection.execute("select distinct run_id from asset_check_executions").fetchall()
        old = [run for run in runs if run[0] and run[0] not in kept]
        connection.executemany("delete from asset_check_executions where run_id = ?", old)


def _runs_of_newest_events(instance: dg.DagsterInstance) -> set[str]:
    """The runs that the newest materialisation of each asset is from."""
    events = instance.get_latest_materialization_events(instance.get_asset_keys())
    return {event.run_id for event in events.values() if event}


def _delete(path: Path) -> None:
    with suppress(OSError):
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink()


def _turn_logs(logs: Path) -> None:
    """Begin a new file where a log has grown large; the one before is kept as `<name>.1`."""
    for log in logs.glob("*.log"):
        if log.stat().st_size > _LARGEST_LOG:
            os.replace(log, log.with_name(f"{log.name}.1"))
