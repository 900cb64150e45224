"""A night that is killed or takes too long is heard, and ends with exit code 1."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from pll_pipeline.config import CHECKOUT, Config
from pll_pipeline.errors import PllError
from pll_pipeline.lock import one_writer
from pll_pipeline.night.hearing import heard
from pll_pipeline.night.record import read

NIGHT = """
import re, sys, time
from pll_pipeline.config import Config
from pll_pipeline.lock import one_writer
from pll_pipeline.night.hearing import heard
config = Config.from_environment()
with heard(config, "night") as hearing:
    with one_writer(config.lock_file, "a night"), hearing.recording():
        print("begun", flush=True)
        {work}
"""
# A pattern that no thread of Python can interrupt.
HANG = "re.match(r'(a+)+$', 'a' * 60 + 'b')"
SLEEP = "time.sleep(60)"


def _start(data: Path, work: str, **settings: str) -> subprocess.Popen[str]:
    night = subprocess.Popen(
        [sys.executable, "-c", NIGHT.format(work=work)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=CHECKOUT,
        env=os.environ | {"PLL_DATA": str(data)} | settings,
    )
    assert night.stdout is not None
    assert night.stdout.readline() == "begun\n"
    return night


def _record(data: Path) -> dict[str, Any]:
    record: dict[str, Any] = json.loads((data / "night.json").read_text(encoding="utf-8"))
    return record


def _log(data: Path) -> str:
    return (data / "logs" / "failures.log").read_text(encoding="utf-8")


@pytest.mark.parametrize("ending", [signal.SIGKILL, signal.SIGTERM])
def test_a_night_that_is_killed_is_recorded_and_reported_at_once(
    ending: signal.Signals, tmp_path: Path
) -> None:
    night = _start(tmp_path, SLEEP)
    night.send_signal(ending)
    _, err = night.communicate(timeout=20)
    assert "was interrupted" in err
    assert (_record(tmp_path)["exit"], "was interrupted" in _record(tmp_path)["paragraph"]) == (
        1,
        True,
    )
    assert f"process {night.pid}" in _log(tmp_path)


def test_a_night_that_hangs_where_no_thread_runs_ends_with_exit_code_1(tmp_path: Path) -> None:
    began = time.monotonic()
    night = _start(tmp_path, HANG, PLL_LONGEST_NIGHT_HOURS="0.0003")
    _, err = night.communicate(timeout=20)
    assert night.returncode == 1
    assert time.monotonic() - began < 10
    assert "the longest a night may take" in err
    assert "the longest a night may take" in _log(tmp_path)
    assert _record(tmp_path)["exit"] == 1
    trace = (tmp_path / "logs" / "longest_night.txt").read_text(encoding="utf-8")
    assert "in match" in trace, "it says what the night was doing"


def test_a_night_that_ends_leaves_no_process_and_no_trace(tmp_path: Path) -> None:
    night = _start(tmp_path, "hearing.ended(0, 'Nothing new.', {})")
    _, err = night.communicate(timeout=20)
    assert (night.returncode, err) == (0, "")
    assert _record(tmp_path)["paragraph"] == "Nothing new."
    assert list((tmp_path / "logs").iterdir()) == []


def test_the_next_night_begins_and_ends_well_after_a_kill(tmp_path: Path) -> None:
    night = _start(tmp_path, SLEEP)
    night.kill()
    night.wait()
    after = _start(tmp_path, "hearing.ended(0, 'Nothing new.', {})")
    after.communicate(timeout=20)
    night.communicate(timeout=20)
    assert after.returncode == 0
    assert _record(tmp_path)["paragraph"] == "Nothing new."
    assert _log(tmp_path).count("was interrupted") == 1, "by the watcher or by the next night"


# --- nights that never began ----------------------------------------------------------------------


def _refused(config: Config) -> None:
    with pytest.raises(PllError), heard(config, "night"):
        raise PllError("The source file is not right", where="a.yaml", do="correct it")


def test_a_night_that_could_not_begin_is_recorded_and_reported_once(tmp_path: Path) -> None:
    config = Config(data=tmp_path, dbt_project=CHECKOUT / "dbt_project")
    _refused(config)
    _refused(config)
    assert _log(tmp_path).count("The source file is not right. Where: a.yaml.") == 1
    assert _record(tmp_path)["exit"] == 1


def test_a_night_that_finds_the_lock_taken_is_reported_and_changes_no_record(
    tmp_path: Path,
) -> None:
    config = Config(data=tmp_path, dbt_project=CHECKOUT / "dbt_project")
    with (
        one_writer(config.lock_file, "a test"),
        pytest.raises(PllError, match="Another run"),
        heard(config, "night"),
        one_writer(config.lock_file, "a night"),
    ):
        pass
    assert "Another run is under way: a test" in _log(tmp_path)
    assert read(config) is None
