"""Nights, rebuilds and small demos killed at random: what is published stays whole.

Each is killed by SIGKILL, which no process can refuse, and alone: what it started has to end by
itself. Not here: publishes killed at each step (`tests/night/test_release_killed.py`).
"""

from __future__ import annotations

import json
import os
import random
import shutil
import sqlite3
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

import psutil

from tests.night.world import ROOT, World, make_world

VERBS = {
    "nights": ("run", "--offline", "--again"),
    "rebuilds": ("rebuild",),
    "small demos": ("demo", "--scale", "0.02", "--months", "3"),
}
# What only an unfinished night leaves.
_UNFINISHED = (".writing-*", ".removing-*", "*.wal", "run-*-*", "parse-*-*")
_SECONDS_TO_END = 30


@dataclass
class Killed:
    """What became of one verb: how often it was started and killed in time, and every fault."""

    verb: str
    started: int = 0
    killed: int = 0
    next_nights: int = 0
    faults: list[str] = field(default_factory=list)


class Attack:
    """A data folder in which verbs are started and killed until the time is over."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.data = make_world(folder).data
        self.dice = random.Random(seed)  # noqa: S311 - moments of kills, no secret
        self.seconds: dict[str, float] = {}
        self.killed = {verb: Killed(verb) for verb in VERBS}

    def prepare(self) -> None:
        """One whole run of each verb, to know how long it takes."""
        for verb in VERBS:
            began = time.monotonic()
            code = self._start(verb).wait()
            self.seconds[verb] = time.monotonic() - began
            if code:
                raise SystemExit(f"attack: the first of the {verb} ended with exit code {code}")

    def run(self, until: float) -> Iterator[Killed]:
        """Kill one verb after the other; after each the next night must be clean."""
        while True:
            for verb in VERBS:
                if time.monotonic() + 2 * self.seconds[verb] > until:
                    return
                yield self._kill(verb)

    def _kill(self, verb: str) -> Killed:
        outcome = self.killed[verb]
        process = self._start(verb)
        outcome.started += 1
        try:
            process.wait(self.dice.uniform(0.2, self.seconds[verb]))
        except subprocess.TimeoutExpired:
            children = psutil.Process(process.pid).children(recursive=True)
            process.kill()
            process.wait()
            outcome.killed += 1
            outcome.faults += self._left_running(children)
        outcome.faults += self._not_whole(verb)
        if process.returncode < 0:
            outcome.next_nights += 1
            outcome.faults += self._next_night(verb)
        return outcome

    def _left_running(self, children: list[psutil.Process]) -> list[str]:
        _, alive = psutil.wait_procs(children, timeout=_SECONDS_TO_END)
        return [f"{child.pid} was left running" for child in alive]

    def _marts(self, verb: str) -> Path:
        return (self.data / "demo" if "demo" in VERBS[verb] else self.data) / "marts"

    def _not_whole(self, verb: str) -> list[str]:
        """Every file of the current release that is not what its manifest says."""
        release = self._marts(verb) / "current"
        manifest = json.loads((release / "release.json").read_bytes())
        return [
            f"{file['path']} is not whole"
            for file in manifest["files"]
            if sha256((release / file["path"]).read_bytes()).hexdigest() != file["sha256"]
        ]

    def _next_night(self, verb: str) -> list[str]:
        """The faults of a whole run after the kill."""
        code = self._start(verb).wait()
        faults = [f"the next ended with exit code {code}"] if code else []
        marts = self._marts(verb)
        faults += [
            f"{path.name} was left" for form in _UNFINISHED for path in marts.parent.rglob(form)
        ]
        return faults + self._not_whole(verb) + _runs_without_end(marts.parent)

    def _start(self, verb: str) -> subprocess.Popen[bytes]:
        environment = {**os.environ, "PLL_DATA": str(self.data)}
        with (self.data / "output.txt").open("ab") as output:
            return subprocess.Popen(
                [*World.command, *VERBS[verb]],
                cwd=ROOT,
                env=environment,
                stdout=output,
                stderr=output,
            )

    def clean_up(self) -> None:
        """Remove the folder, whose releases are read-only."""
        for path in self.data.rglob("*"):
            if path.is_dir() and not path.is_symlink():
                path.chmod(0o755)
        shutil.rmtree(self.data, ignore_errors=True)


def _runs_without_end(data: Path) -> list[str]:
    """Runs that died and are not marked as failed in Dagster's history."""
    runs = data / "dagster" / "history" / "runs.db"
    if not runs.exists():
        return []
    statement = "select run_id from runs where status in ('STARTED', 'CANCELING')"
    with closing(sqlite3.connect(runs)) as connection:
        return [f"run {run_id} has no end" for (run_id,) in connection.execute(statement)]
