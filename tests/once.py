"""Expensive worlds are built once per test run, whichever worker asks first.

Not here: what a world contains.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable
from pathlib import Path

import pytest


def built_once(
    factory: pytest.TempPathFactory, name: str, build: Callable[[Path], str]
) -> tuple[Path, str]:
    """The folder of a world and what `build` returned about it.

    The first worker that asks builds the world in an empty folder; the others wait for it. No
    test may change the world.
    """
    base = factory.getbasetemp()
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    folder, note = shared / f"once-{name}", shared / f"once-{name}.txt"
    with (shared / f"once-{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not note.is_file():
            folder.mkdir()
            report = build(folder)
            note.write_text(report, encoding="utf-8")
    return folder, note.read_text(encoding="utf-8")
