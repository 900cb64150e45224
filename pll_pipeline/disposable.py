"""Files that can be made anew: what is damaged is put away under another name.

A damaged file keeps its bytes as `<name>.damaged-<time>` beside it, so that one can see what
happened; of each name the newest few are kept. Not here: what is damaged (the module that reads
a file knows), making it anew.
"""

from __future__ import annotations

import json
import logging
import os
import shutil
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pll_pipeline.errors import PllError

# The progress of a night: shown in the terminal, and kept by Dagster, whose home names this logger.
LOG = logging.getLogger("pll")
MARK = ".damaged-"
_MOST_KEPT = 3
_FOLDERS = (
    "build",
    "build/dbt",
    "build/dbt-run",
    "validated",
    "marts",
    "marts/releases",
    "marts/manifests",
    "logs",
)


def put_away(path: Path, why: str) -> Path:
    """Rename a damaged file, folder or link, say so in the night's log, and return the new path.

    `why` completes the sentence "<path> …". Raises `PllError` when it cannot be renamed.
    """
    time = datetime.now(UTC).strftime("%Y-%m-%dT%H%M%S.%fZ")
    renamed = path.with_name(f"{path.name}{MARK}{time}")
    try:
        os.rename(path, renamed)
    except OSError as error:
        raise PllError(
            f"{path.name} {why}, and cannot be renamed: {error.strerror}",
            where=str(path),
            do="give write access to its folder, or delete it; it is made anew by itself",
        ) from error
    LOG.warning("%s %s; it is made anew, the old is kept as %s", path, why, renamed.name)
    _drop_oldest(path)
    return renamed


def require_folder(path: Path) -> None:
    """Put away what has the name of a folder and is none."""
    if _is_there(path) and not path.is_dir():
        put_away(path, "is no folder")


def require_file(path: Path) -> None:
    """Put away what has the name of a file and is none."""
    if _is_there(path) and not path.is_file():
        put_away(path, "is no file")


def misplaced(data: Path) -> list[tuple[Path, str]]:
    """What has the name of a derived file or folder of a data folder and is not one.

    With what is wrong, as the end of a sentence.
    """
    folders = [data / name for name in _FOLDERS]
    validated = _below(data / "validated")
    files = [data / "build" / "build.duckdb", *(data / "logs").glob("*.log")]
    files += [path for path in validated if path.suffix]
    sources = [path for path in validated if not path.suffix]
    snapshots = [path for source in sources for path in _below(source)]
    files += [path for snapshot in snapshots for path in _below(snapshot)]
    folders += [*sources, *snapshots]
    return [
        *((path, "is no folder") for path in folders if _is_there(path) and not path.is_dir()),
        *((path, "is no file") for path in files if _is_there(path) and not path.is_file()),
    ]


def put_misplaced_away(data: Path) -> None:
    """Put away what has the name of a derived file or folder and is not one."""
    for path, fault in misplaced(data):
        put_away(path, fault)


def _below(folder: Path) -> list[Path]:
    entries = sorted(folder.iterdir()) if folder.is_dir() else []
    return [path for path in entries if not _is_set_apart(path)]


def _is_set_apart(path: Path) -> bool:
    return path.name.startswith(".") or MARK in path.name


def _is_there(path: Path) -> bool:
    """Also a link that leads nowhere is there."""
    return os.path.lexists(path)


def read_json(path: Path) -> Any:
    """The content of a JSON file; None where there is none that can be read."""
    try:
        return json.loads(path.read_bytes())
    except (OSError, ValueError):
        return None


def write_whole(path: Path, content: str) -> None:
    """Write a text file that appears whole, by rename, or not at all, and is on disk then."""
    path.parent.mkdir(parents=True, exist_ok=True)
    require_file(path)
    unfinished = path.with_name(f".writing-{path.name}")
    with unfinished.open("w", encoding="utf-8") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    os.replace(unfinished, path)


def _drop_oldest(path: Path) -> None:
    """Delete all but the newest of what was put away under this name."""
    beside = path.parent.iterdir()
    kept = sorted(old for old in beside if old.name.startswith(f"{path.name}{MARK}"))
    for old in kept[:-_MOST_KEPT]:
        with suppress(OSError):
            if old.is_dir() and not old.is_symlink():
                shutil.rmtree(old)
            else:
                old.unlink()
