"""The shell completes commands and names, in a real bash at a terminal of its own."""

from __future__ import annotations

import os
import pty
import re
import select
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

PLL = Path(sys.executable).with_name("pll")
_SECONDS = 60.0


@contextmanager
def _bash() -> Iterator[int]:
    """A bash at a terminal, with the completion of `pll` as the shell itself shows it."""
    bash = shutil.which("bash")
    assert bash, "apt install bash"
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [bash, "--norc", "--noprofile", "-i"],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env={**os.environ, "TERM": "dumb", "PS1": "READY ", "INPUTRC": "/dev/null"},
        start_new_session=True,
    )
    os.close(theirs)
    try:
        _typed(ours, f'eval "$({PLL} --show-completion)"; echo set"up"\n', "setup")
        yield ours
    finally:
        process.kill()
        process.wait()
        os.close(ours)


def _typed(terminal: int, keys: str, awaited: str) -> str:
    """What the terminal shows after some keys, up to a text that is awaited."""
    os.write(terminal, keys.encode())
    shown, end = "", time.monotonic() + _SECONDS
    while not re.search(awaited, shown) and time.monotonic() < end:
        if select.select([terminal], [], [], 0.1)[0]:
            shown += os.read(terminal, 65536).decode(errors="replace")
    return shown


@pytest.mark.parametrize(
    ("typed", "completed"),
    [
        ("sta", r"status "),
        ("sources rollout", r"rollout_facts "),
        ("tables mart_target", r"mart_target_status "),
        ("run --source apo", r"apotek "),
    ],
)
def test_bash_completes_commands_sources_and_tables(typed: str, completed: str) -> None:
    with _bash() as terminal:
        assert re.search(completed, _typed(terminal, f"{PLL} {typed}\t", completed))
