"""Nights, rebuilds and small demos killed at random: what is published stays whole.

Each is killed by SIGKILL, which no process can refuse, and alone: what it started has to end by
itself. The world has few figures, so that a kill is cheap; every step of a night is in it. What
became of each kill is a line of a file, so that a later run goes on. Not here: publishes killed at
each step (`tests/night/test_release_killed.py`).
"""

from __future__ import annotations

import json
import os
import random
import shutil
import sqlite3
import subprocess
import time
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

import psutil

from tests.night.few_figures import SOURCE, make_few_figures, publish_more
from tests.night.world import ROOT, World


@dataclass(frozen=True)
class Verb:
    """What is started and killed, and what is run whole after a kill.

    `weight` is how often it is chosen; with `brings_new` the publisher has published more figures
    before it starts.
    """

    name: str
    words: tuple[str, ...]
    words_after: tuple[str, ...]
    weight: int
    brings_new: bool = False


_NEXT_NIGHT = ("run", "--offline")
_DEMO = ("demo", "--scale", "0.02", "--months", "3")
VERBS = (
    Verb("nights with nothing new", (*_NEXT_NIGHT, "--again"), _NEXT_NIGHT, 8),
    Verb("nights with new figures", _NEXT_NIGHT, _NEXT_NIGHT, 2, brings_new=True),
    Verb("rebuilds", ("rebuild",), _NEXT_NIGHT, 2),
    Verb("small demos", _DEMO, _DEMO, 1),
)
TALLY = "kills.jsonl"
# What only an unfinished night leaves.
_UNFINISHED = (".writing-*", ".removing-*", "*.wal", "run-*-*", "parse-*-*")
_SECONDS_TO_END = 30


@dataclass(frozen=True)
class Outcome:
    """What became of one start: after how many of how many seconds it was killed, every fault.

    `has_next` is whether a whole run followed. One that ended before its moment was not killed.
    """

    verb: str
    after_seconds: float
    of_seconds: float
    is_killed: bool
    has_next: bool
    faults: tuple[str, ...]


@dataclass(frozen=True)
class Killed:
    """What became of one verb: how often it was started and killed in time, and every fault."""

    verb: str
    started: int = 0
    killed: int = 0
    next_nights: int = 0
    faults: tuple[str, ...] = ()


def tally(folder: Path) -> list[Outcome]:
    """What became of every start in this folder so far."""
    path = folder / TALLY
    if not path.exists():
        return []
    lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    return [Outcome(**line | {"faults": tuple(line["faults"])}) for line in lines]


def by_verb(outcomes: Iterable[Outcome]) -> list[Killed]:
    """The sums per verb, in the order of the verbs."""
    outcomes = list(outcomes)
    sums = []
    for verb in dict.fromkeys([*(verb.name for verb in VERBS), *(o.verb for o in outcomes)]):
        mine = [outcome for outcome in outcomes if outcome.verb == verb]
        faults = tuple(fault for outcome in mine for fault in outcome.faults)
        killed = sum(outcome.is_killed for outcome in mine)
        sums.append(Killed(verb, len(mine), killed, sum(o.has_next for o in mine), faults))
    return sums


class Attack:
    """A data folder in which verbs are started and killed."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.folder = folder
        self.data = folder / "data"
        if not self.data.exists():
            make_few_figures(folder)
        done = len(tally(folder))
        self.dice = random.Random(f"{seed}-{done}")  # noqa: S311 - moments of kills, no secret
        self.seconds: dict[str, float] = {}

    def prepare(self) -> None:
        """One whole run of each verb, to know how long it takes."""
        path = self.folder / "seconds.json"
        if path.exists():
            self.seconds = json.loads(path.read_bytes())
            return
        for verb in VERBS:
            if code := self._whole(verb, verb.words):
                raise SystemExit(
                    f"attack: the first of the {verb.name} ended with exit code {code}"
                )
        path.write_text(json.dumps(self.seconds), encoding="utf-8")

    def run(self, until: float) -> Iterator[Outcome]:
        """Kill one verb after the other until then; after each the next night must be clean."""
        while fitting := [verb for verb in VERBS if self._fits(verb, until)]:
            (verb,) = self.dice.choices(fitting, [verb.weight for verb in fitting])
            outcome = self._kill(verb)
            with (self.folder / TALLY).open("a", encoding="utf-8") as file:
                file.write(json.dumps(asdict(outcome)) + "\n")
            yield outcome

    def _fits(self, verb: Verb, until: float) -> bool:
        """Whether there is time to kill the verb and to run it whole after that."""
        return time.monotonic() + 2.5 * self.seconds[verb.name] < until

    def _whole(self, verb: Verb, words: tuple[str, ...]) -> int:
        """Run to the end; what it took is the time in which the next of the verb is killed."""
        began = time.monotonic()
        if verb.brings_new and words == verb.words:
            publish_more(self.data)
        code = self._start(words).wait()
        if words == verb.words:
            self.seconds[verb.name] = time.monotonic() - began
        return code

    def _kill(self, verb: Verb) -> Outcome:
        faults: list[str] = []
        of_seconds = self.seconds[verb.name]
        if verb.brings_new:
            publish_more(self.data)
        process = self._start(verb.words)
        moment = self.dice.uniform(0.2, of_seconds)
        try:
            process.wait(moment)
        except subprocess.TimeoutExpired:
            children = psutil.Process(process.pid).children(recursive=True)
            process.kill()
            process.wait()
            faults += self._left_running(children)
        is_killed = process.returncode < 0
        if process.returncode > 0:
            faults.append(f"ended by itself with exit code {process.returncode}")
        faults += self._not_whole(verb)
        if is_killed:
            faults += self._next_night(verb)
        return Outcome(
            verb.name, round(moment, 1), round(of_seconds, 1), is_killed, is_killed, tuple(faults)
        )

    def _left_running(self, children: list[psutil.Process]) -> list[str]:
        _, alive = psutil.wait_procs(children, timeout=_SECONDS_TO_END)
        return [f"{child.pid} was left running" for child in alive]

    def _marts(self, verb: Verb) -> Path:
        return (self.data / "demo" if "demo" in verb.words else self.data) / "marts"

    def _not_whole(self, verb: Verb) -> list[str]:
        """Every file of the current release that is not what its manifest says."""
        release = self._marts(verb) / "current"
        manifest = json.loads((release / "release.json").read_bytes())
        return [
            f"{file['path']} is not whole"
            for file in manifest["files"]
            if sha256((release / file["path"]).read_bytes()).hexdigest() != file["sha256"]
        ]

    def _next_night(self, verb: Verb) -> list[str]:
        """The faults of a whole run after the kill."""
        code = self._whole(verb, verb.words_after)
        faults = [f"the next ended with exit code {code}"] if code else []
        marts = self._marts(verb)
        faults += [
            f"{path.name} was left" for form in _UNFINISHED for path in marts.parent.rglob(form)
        ]
        if not code and marts.parent == self.data:
            faults += self._not_newest()
        return faults + self._not_whole(verb) + _runs_without_end(marts.parent)

    def _not_newest(self) -> list[str]:
        """Whether the current release is not of the newest snapshot."""
        manifest = json.loads((self.data / "marts" / "current" / "release.json").read_bytes())
        (snapshot,) = manifest["snapshots"]
        newest = max(path.name for path in (self.data / "raw" / SOURCE).glob("[0-9]*Z"))
        used = datetime.fromisoformat(snapshot["snapshot_at"]).astimezone(UTC)
        return [] if f"{used:%Y-%m-%dT%H%M%SZ}" == newest else [f"{newest} is not published"]

    def _start(self, words: tuple[str, ...]) -> subprocess.Popen[bytes]:
        environment = {**os.environ, "PLL_DATA": str(self.data)}
        with (self.folder / "output.txt").open("ab") as output:
            return subprocess.Popen(
                [*World.command, *words], cwd=ROOT, env=environment, stdout=output, stderr=output
            )


def clean_up(folder: Path) -> None:
    """Remove a folder whose releases are read-only."""
    for path in folder.rglob("*"):
        if path.is_dir() and not path.is_symlink():
            path.chmod(0o755)
    shutil.rmtree(folder, ignore_errors=True)


def _runs_without_end(data: Path) -> list[str]:
    """Runs that died and are not marked as failed in Dagster's history."""
    runs = data / "dagster" / "history" / "runs.db"
    if not runs.exists():
        return []
    statement = "select run_id from runs where status in ('STARTED', 'CANCELING')"
    with closing(sqlite3.connect(runs)) as connection:
        return [f"run {run_id} has no end" for (run_id,) in connection.execute(statement)]
