"""dbt ends with the process that started it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from pll_pipeline.assets import dbt_process

SCRIPT = str(Path(dbt_process.__file__))
# The platform is changed in the child alone; there the kernel is not asked.
CHILD = """
import os, runpy, sys, time
sys.platform = sys.argv[1]
runpy.run_path(sys.argv[2])["end_with"](os.getppid())
print(os.getpid(), flush=True)
time.sleep(60)
"""
PARENT = """
import subprocess, sys, time
subprocess.Popen([sys.executable, "-c", sys.argv[3], *sys.argv[1:3]])
time.sleep(60)
"""


@pytest.mark.parametrize("platform", ["linux", "darwin"])
def test_dbt_ends_with_a_parent_that_was_killed(platform: str) -> None:
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT, platform, SCRIPT, CHILD], stdout=subprocess.PIPE, text=True
    )
    assert parent.stdout
    with parent:
        child = int(parent.stdout.readline())
        assert _is_alive(child)
        parent.send_signal(signal.SIGKILL)
        until = time.monotonic() + 10
        while _is_alive(child) and time.monotonic() < until:
            time.sleep(0.02)
    assert not _is_alive(child)


def _is_alive(process_id: int) -> bool:
    try:
        state = Path(f"/proc/{process_id}/stat").read_text(encoding="utf-8")
    except OSError:
        return _answers(process_id)
    return state.rpartition(")")[2].split()[0] != "Z"


def _answers(process_id: int) -> bool:
    try:
        os.kill(process_id, 0)
    except OSError:
        return False
    return True


def test_dbt_runs_in_a_folder_of_its_own(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-P", SCRIPT, str(os.getpid()), str(tmp_path), "--version"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "installed" in done.stdout
