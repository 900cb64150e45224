"""Writing files of `data/validated/`: each appears whole, by rename, or not at all.

What was written is on the disk before it gets its name, so that a power cut leaves the old file or
the new one. Not here: what is written (`verdicts.py`, `gathering.py`).
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import polars as pl

_WRITING = ".writing-"
_REMOVING = ".removing-"


def write_parquet(frame: pl.DataFrame, path: Path) -> None:
    """Write a frame as a Parquet file."""
    _replace(path, frame.write_parquet)


def write_json(value: Any, path: Path) -> None:
    """Write a value as a JSON file."""
    write_text(json.dumps(value, ensure_ascii=False, indent=2), path)


def write_text(text: str, path: Path) -> None:
    """Write a text as a file in UTF-8."""
    write_bytes(text.encode(), path)


def write_bytes(content: bytes, path: Path) -> None:
    """Write bytes as a file."""
    _replace(path, lambda unfinished: unfinished.write_bytes(content))


def unfinished_folder(folder: Path) -> Path:
    """An empty folder beside `folder`, to be filled and given to `put_in_place`."""
    writing = folder.with_name(_WRITING + folder.name)
    shutil.rmtree(writing, ignore_errors=True)
    writing.mkdir(parents=True)
    return writing


def put_in_place(folder: Path) -> None:
    """Rename the unfinished folder of `folder` to it; what had the name before is removed."""
    writing = folder.with_name(_WRITING + folder.name)
    removing = folder.with_name(_REMOVING + folder.name)
    _sync(writing)
    shutil.rmtree(removing, ignore_errors=True)
    if folder.exists():
        os.replace(folder, removing)
    os.replace(writing, folder)
    _sync(folder.parent)
    shutil.rmtree(removing, ignore_errors=True)


def remove_unfinished(parent: Path) -> None:
    """Remove what an interrupted night left unfinished among the folders in `parent`."""
    for folder in _unfinished(parent):
        shutil.rmtree(folder, ignore_errors=True)


def _unfinished(parent: Path) -> Iterable[Path]:
    return [path for mark in (_WRITING, _REMOVING) for path in parent.glob(f"{mark}*")]


def _replace(path: Path, write: Callable[[Path], object]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(_WRITING + path.name)
    write(unfinished)
    _sync(unfinished)
    os.replace(unfinished, path)
    _sync(path.parent)


def _sync(path: Path) -> None:
    """Wait until a file, or the names in a folder, are on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
