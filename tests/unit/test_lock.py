"""One writer at a time."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from pll_pipeline.errors import PllError
from pll_pipeline.lock import one_writer


def test_a_second_writer_is_refused_at_once_with_the_name_of_the_first(tmp_path: Path) -> None:
    lock = tmp_path / "night.lock"
    with (
        one_writer(lock, "a night"),
        pytest.raises(PllError, match=r"Another run is under way: a night, process \d+"),
        one_writer(lock, "a rollback"),
    ):
        pass


def test_the_lock_is_free_again_after_the_work_and_after_a_kill(tmp_path: Path) -> None:
    lock = tmp_path / "night.lock"
    killed = """
import os, pathlib, signal, sys
from pll_pipeline.lock import one_writer
with one_writer(pathlib.Path(sys.argv[1]), "x"):
    os.kill(os.getpid(), signal.SIGKILL)
"""
    assert subprocess.run([sys.executable, "-c", killed, str(lock)], check=False).returncode == -9
    for _ in range(2):
        with one_writer(lock, "a night"):
            assert "a night" in lock.read_text()


def test_a_lock_that_cannot_be_opened_is_an_error_with_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file where the folder should be")
    with (
        pytest.raises(PllError, match=r"cannot be opened.*give write access to the data folder"),
        one_writer(tmp_path / "data" / "night.lock", "a night"),
    ):
        pass
