"""One writer at a time."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from pll_pipeline.errors import PllError
from pll_pipeline.lock import one_writer


def test_a_second_writer_is_refused_at_once_and_told_who_holds_the_lock(tmp_path: Path) -> None:
    lock = tmp_path / "night.lock"
    with (
        one_writer(lock, "a night"),
        pytest.raises(PllError, match=r"Another run is under way: a night, process \d+"),
        one_writer(lock, "a rollback"),
    ):
        pass


def test_the_lock_is_free_again_after_the_work_and_after_a_kill(tmp_path: Path) -> None:
    lock = tmp_path / "night.lock"
    killed = "import os, signal, sys, pathlib; from pll_pipeline.lock import one_writer\nwith one_writer(pathlib.Path(sys.argv[1]), 'x'): os.kill(os.getpid(), signal.SIGKILL)"
    assert subprocess.run([sys.executable, "-c", killed, str(lock)], check=False).returncode == -9
    for _ in range(2):
        with one_writer(lock, "a night"):
            assert "a night" in lock.read_text()
