"""What is wrong with Dagster's settings and with its SQLite databases, found by reading alone.

Not here: putting it right (`history.py`), Dagster itself.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import tempfile
from contextlib import closing
from pathlib import Path

import yaml

SETTINGS = """\
telemetry:
  enabled: false
nux:
  enabled: false
python_logs:
  managed_python_loggers: [pll]
  python_log_level: INFO
retention:
  schedule:
    purge_after_days: 30
"""
_LONGEST_WAIT_SECONDS = 5
_BUSY = ("locked", "busy")


def settings_file(home: Path) -> Path:
    """Dagster's settings."""
    return home / "dagster.yaml"


def settings_fault(home: Path) -> str | None:
    """What is wrong with the settings; None where they can be read, or there are none."""
    path = settings_file(home)
    if not os.path.lexists(path):
        return None
    if not path.is_file():
        return "is no file"
    try:
        text = path.read_text(encoding="utf-8")
        content = yaml.safe_load(text)
    except (OSError, ValueError, yaml.YAMLError):
        return "cannot be read"
    if text != SETTINGS and SETTINGS.startswith(text.rstrip()):
        return "is cut"
    return None if isinstance(content, dict) else "has no settings"


def databases(home: Path, *, of_runs: bool = False) -> list[Path]:
    """The databases of the store that are there; those of single runs only when asked for."""
    shared = [
        home / "history" / "runs.db",
        home / "history" / "runs" / "index.db",
        home / "schedules" / "schedules.db",
    ]
    single = (home / "history" / "runs").glob("*-*.db") if of_runs else ()
    return [path for path in [*shared, *sorted(single)] if os.path.lexists(path)]


def sqlite_fault(database: Path) -> str | None:
    """What is wrong with a database; None where it is whole, or another process has it locked.

    Raises nothing.
    """
    if not database.is_file():
        return "is no file"
    address = f"{database.absolute().as_uri()}?mode=ro"
    try:
        with closing(sqlite3.connect(address, uri=True, timeout=_LONGEST_WAIT_SECONDS)) as opened:
            answer = opened.execute("pragma quick_check(1)").fetchone()[0]
    except sqlite3.Error as error:
        is_busy = any(word in str(error) for word in _BUSY)
        return None if is_busy else f"is damaged: {error}"
    return None if answer == "ok" else f"is damaged: {answer}"


def copied_sqlite_fault(database: Path) -> str | None:
    """The same of a copy: nothing beside the database is written, and none of it is locked."""
    if not database.is_file():
        return "is no file"
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "copy.db"
        log = database.with_name(f"{database.name}-wal")
        try:
            shutil.copyfile(database, copy)
            if os.path.lexists(log):
                shutil.copyfile(log, copy.with_name("copy.db-wal"))
        except OSError as error:
            return f"cannot be read: {error.strerror}"
        return sqlite_fault(copy)
