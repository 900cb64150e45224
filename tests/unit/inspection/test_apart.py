"""What is looked at in a process of its own cannot hang, fill or kill the command."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from functools import partial
from typing import Any

import pytest

from pll_pipeline.errors import PllError
from pll_pipeline.inspection.apart import done_apart
from pll_pipeline.sources.register import BadSourceFile
from pll_pipeline.validated.limits import TooMuch

GO_ON = """
import os, resource, sys, time
from pll_pipeline.errors import PllError
from pll_pipeline.inspection.apart import go_on_apart
parent = os.getpid()
try:
    go_on_apart("tall.csv", seconds={seconds}, memory_bytes=2**28)
    assert os.getppid() == parent
    print("reading")
    sys.stdout.flush()
    {reading}
except PllError as error:
    print(error.paragraph())
    raise SystemExit(1)
"""


def _ends(reading: str, seconds: float = 30.0) -> tuple[int, str]:
    done = subprocess.run(
        [sys.executable, "-c", GO_ON.format(reading=reading, seconds=seconds)],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    return done.returncode, done.stdout


def test_a_command_ends_as_its_reading_does() -> None:
    assert _ends("sys.exit(0)") == (0, "reading\n")
    assert _ends("sys.exit(2)") == (2, "reading\n")


def test_a_reading_that_dies_is_named_with_how() -> None:
    code, shown = _ends("os.abort()")
    assert code == 1
    assert "The process of the reading died: it was ended by signal 6" in shown
    assert "Where: tall.csv" in shown


def test_a_reading_that_takes_too_long_is_ended() -> None:
    began = time.monotonic()
    code, shown = _ends("time.sleep(50)", seconds=0.5)
    assert code == 1
    assert "not done in 0.5 seconds. Where: tall.csv" in shown
    assert time.monotonic() - began < 30


def test_a_reading_cannot_have_more_memory_than_its_limit() -> None:
    code, shown = _ends("bytearray(2**29)")
    assert code == 1
    assert shown == "reading\n"


def test_what_a_task_gives_or_refuses_comes_back() -> None:
    assert done_apart(partial(sorted, [2, 1]), "x", 30) == [1, 2]
    refusal = partial(_refuse, "it is none")
    with pytest.raises(PllError, match=r"it is none\. Where: line 3\. What to do: see"):
        done_apart(refusal, "x", 30)


def _refuse(what: str) -> None:
    raise BadSourceFile(what, where="line 3", do="see")


@pytest.mark.parametrize(
    ("task", "says"),
    [
        (partial(time.sleep, 50), r"not done in 0\.5 seconds\. Where: tall\.csv"),
        (partial(os.abort), r"died: it was ended by signal 6 .*Where: tall\.csv"),
        (partial(os._exit, 7), r"it ended by itself with exit code 7"),
        (partial(bytearray, 2**33), r"more memory than"),
        (partial(int, "x"), r"Not foreseen: ValueError"),
    ],
)
def test_a_task_that_hangs_dies_or_fails_is_a_refusal(task: partial[Any], says: str) -> None:
    seconds = 0.5 if task.func is time.sleep else 30.0
    with pytest.raises(PllError, match=says):
        done_apart(task, "tall.csv", seconds)


def test_a_task_that_is_late_is_a_refusal_of_its_own_kind() -> None:
    with pytest.raises(TooMuch):
        done_apart(partial(time.sleep, 50), "tall.csv", 0.2)
