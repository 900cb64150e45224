"""Writing files of `data/validated/`: each appears whole, by rename, or not at all.

Not here: what is written (`verdicts.py`, `gathering.py`).
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl


def write_parquet(frame: pl.DataFrame, path: Path) -> None:
    """Write a frame as a Parquet file."""
    _replace(path, frame.write_parquet)


def write_json(value: Any, path: Path) -> None:
    """Write a value as a JSON file."""
    write_text(json.dumps(value, ensure_ascii=False, indent=2), path)


def write_text(text: str, path: Path) -> None:
    """Write a text as a file in UTF-8."""
    _replace(path, lambda unfinished: unfinished.write_text(text, encoding="utf-8"))


def _replace(path: Path, write: Callable[[Path], object]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".writing-{path.name}")
    write(unfinished)
    os.replace(unfinished, path)
