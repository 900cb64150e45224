"""Nights, rebuilds and demos killed at random moments: is `current` whole, is the next night clean?

`python -m tests.kills --times 30 --minutes 20` kills that many, or as many as there is time for.
Not here: the moments of a publish one by one (`tests/night/test_release_killed.py`).
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from pll_pipeline.config import CHECKOUT, Config
from pll_pipeline.inspection.doctor import examine
from pll_pipeline.published.current_release import file_fault, link_fault
from pll_pipeline.sources.register import register
from tests.night.world import World, make_deletable, make_world

NIGHT = ("run", "--offline", "--again")
REBUILD = ("rebuild",)
DEMO = ("demo", "--scale", "0.02", "--months", "3")
COMMANDS = (NIGHT, REBUILD, DEMO)
# What a process that was killed leaves, and the next night removes.
LEFT_OVERS = (".writing-*", ".removing-*", "run-*-*", "parse-*-*", "*.wal")
_NIGHTS_BETWEEN = 3
_CLEAN = (0, 3)


@dataclass(frozen=True)
class Kill:
    """One command that was killed: when, and what was wrong afterwards.

    `faults` are those of `current`, `next_faults` those of the next night; None where none was run.
    """

    command: str
    after_seconds: float
    was_killed: bool
    faults: tuple[str, ...]
    next_faults: tuple[str, ...] | None


@dataclass
class Report:
    """The kills so far."""

    kills: list[Kill] = field(default_factory=list)

    @property
    def is_clean(self) -> bool:
        """True where every release was whole and every next night clean."""
        return not any(kill.faults or kill.next_faults for kill in self.kills)

    def lines(self) -> Iterator[str]:
        """One line per command, then one per fault."""
        for command in dict.fromkeys(kill.command for kill in self.kills):
            of_command = [kill for kill in self.kills if kill.command == command]
            count = Counter(
                killed=sum(kill.was_killed for kill in of_command),
                whole=sum(not kill.faults for kill in of_command),
                next=sum(kill.next_faults is not None for kill in of_command),
                clean=sum(kill.next_faults == () for kill in of_command),
            )
            yield (
                f"{command}: {len(of_command)} started, {count['killed']} killed in time, current "
                f"whole {count['whole']} of {len(of_command)}, next night clean {count['clean']} "
                f"of {count['next']}"
            )
        for kill in self.kills:
            for fault in (*kill.faults, *(kill.next_faults or ())):
                yield f"{kill.command} killed after {kill.after_seconds:.2f} s: {fault}"


def kill_nights(
    folder: Path, *, times: int, minutes: float, seed: int, commands: Sequence[tuple[str, ...]]
) -> Report:
    """Kill commands in a world in `folder`, each at a random moment of its usual time.

    Ends after so many times, or before the next where the minutes have passed. After every third
    kill, and the last, a night (or demo) is let run to its end.
    """
    began, moments = time.monotonic(), random.Random(seed)  # noqa: S311 - no secret
    world, report = make_world(folder), Report()
    usual = {command: _seconds_of(world, command) for command in commands}
    for number in range(1, times + 1):
        if time.monotonic() - began > 60 * minutes:
            break
        command = commands[number % len(commands)]
        after = moments.uniform(0, usual[command])
        was_killed = _start_and_kill(world, command, after)
        faults = tuple(_faults_of_current(world, command))
        is_night = number % _NIGHTS_BETWEEN == 0 or number == times
        next_faults = tuple(_faults_of_next(world, command)) if is_night else None
        report.kills.append(Kill(" ".join(command), after, was_killed, faults, next_faults))
    make_deletable(world)
    return report


def _seconds_of(world: World, command: tuple[str, ...]) -> float:
    began = time.monotonic()
    done = world.pll(*command)
    if done.returncode not in _CLEAN:
        raise RuntimeError(f"{command} fails even where it is not killed: {done.stderr}")
    return time.monotonic() - began


def _start_and_kill(world: World, command: tuple[str, ...], after: float) -> bool:
    """Start a command, and kill its process alone: what it started has to end by itself."""
    with subprocess.Popen(
        [*world.command, *command],
        env=world.environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        try:
            process.wait(timeout=after)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            process.wait()
            return True
    return False


def _config_of(world: World, command: tuple[str, ...]) -> Config:
    data = world.data / "demo" if command[0] == "demo" else world.data
    return Config(data=data, dbt_project=CHECKOUT / "dbt_project")


def _faults_of_current(world: World, command: tuple[str, ...]) -> Iterator[str]:
    """What is wrong with the release that readers see after a kill."""
    marts = _config_of(world, command).marts
    for fault in (link_fault(marts), file_fault(marts)):
        if fault:
            yield f"current is not whole: {fault}"


def _faults_of_next(world: World, command: tuple[str, ...]) -> Iterator[str]:
    """What is wrong after the next night, or demo, has ended by itself."""
    done = world.pll(*(DEMO if command[0] == "demo" else ("run", "--offline")))
    config = _config_of(world, command)
    if done.returncode not in _CLEAN:
        yield f"the next night ends with {done.returncode}: {done.stderr.strip()}"
    yield from _faults_of_current(world, command)
    for pattern in LEFT_OVERS:
        yield from (f"{path} is left" for path in config.data.rglob(pattern))
    if command[0] != "demo":
        damages = examine(config, register(config.own_sources)).damages
        yield from (f"{damage.part}: {damage.what}" for damage in damages)
    yield from _runs_without_end(config)


def _runs_without_end(config: Config) -> Iterator[str]:
    with closing(sqlite3.connect(config.dagster_home / "history" / "runs.db")) as connection:
        statement = "select run_id from runs where status in ('STARTED', 'CANCELING')"
        for (run_id,) in connection.execute(statement):
            yield f"run {run_id} is still under way in Dagster's history"


def main() -> None:
    """Kill in a temporary folder, print the counts, and fail where anything was not clean."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=30)
    parser.add_argument("--minutes", type=float, default=20)
    parser.add_argument("--seed", type=int, default=int.from_bytes(os.urandom(4), "big"))
    given = parser.parse_args()
    print(f"seed {given.seed}", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        report = kill_nights(
            Path(folder),
            times=given.times,
            minutes=given.minutes,
            seed=given.seed,
            commands=COMMANDS,
        )
    print("\n".join(report.lines()))
    sys.exit(0 if report.is_clean else 1)


if __name__ == "__main__":
    main()
