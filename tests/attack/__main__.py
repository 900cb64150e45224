"""`make attack`: everything that was tried against a night, how often, and what became of it.

`python -m tests.attack [--minutes N] [--kills N] [--seed N] [--folder DIR] [--write]` runs the
tests of each kind of attack, kills nights at random, and prints a table; `--write` puts it into
`docs/attack.md`. With `--folder` what was done is kept there, and the next run with it goes on:
tests that have run are not run again, and kills are counted together. Exit code 1 where anything
failed. Not here: the attacks.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from xml.etree import ElementTree

from tests.attack.kills import Attack, Killed, by_verb, clean_up, tally
from tests.attack.kinds import KILLS, KINDS, Kind

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "attack.md"
# What `tests/unit/validated/readers/test_hostile.py` takes as the sizes of its files.
LARGER_FILES = {"HOSTILE_SIZES": "larger"}
_TESTED = "tests.json"
_FILES_AT_ONCE = 6
_INTRODUCTION = """\
# What was tried against a night

Written by `make attack`, which anyone can run again. Each case of a test is one attempt; the tests
are listed by kind in `tests/attack/kinds.py` and run in `make test` too. Nights, rebuilds and demos
are killed by SIGKILL at a random moment of their time, in a world of few figures; a whole run
follows each kill. The column *at first* is what the same attacks did on 2026-11-24, before they
were tests.

{when}, seed {seed}: {tried} attempts, {failed} failed.

"""
Passed = dict[tuple[str, str], bool]


@dataclass(frozen=True)
class Row:
    """A line of the table."""

    title: str
    tried: int
    failed: tuple[str, ...]
    outcome: str
    at_first: str = ""


def run_tests(kinds: Iterable[Kind], folder: Path, until: float) -> Passed:
    """The cases of all tests of the kinds, by file and name, and whether each passed.

    Those that the folder has an outcome of are not run; no more are begun after `until`.
    """
    path = folder / _TESTED
    done: dict[str, dict[str, bool]] = json.loads(path.read_bytes()) if path.exists() else {}
    left = [file for file in sorted({f for kind in kinds for f in kind.files}) if file not in done]
    while left and time.monotonic() < until:
        batch, left = left[:_FILES_AT_ONCE], left[_FILES_AT_ONCE:]
        done |= _tested(batch, folder)
        path.write_text(json.dumps(done), encoding="utf-8")
    return {(file, name): passed for file, cases in done.items() for name, passed in cases.items()}


def _tested(files: list[str], folder: Path) -> dict[str, dict[str, bool]]:
    report = folder / "report.xml"
    options = ["-q", "-n", "2", "--dist", "loadfile", "-p", "no:cacheprovider"]
    options += ["-o", "junit_family=xunit1", f"--junitxml={report}"]
    command = [sys.executable, "-m", "pytest", *options, *files]
    subprocess.run(command, cwd=ROOT, check=False, env=os.environ | LARGER_FILES)
    outcomes: dict[str, dict[str, bool]] = {file: {} for file in files}
    for case in ElementTree.parse(report).iter("testcase"):  # noqa: S314 - pytest wrote it just now
        failed = any(part.tag in ("failure", "error") for part in case)
        outcomes.setdefault(case.get("file") or "", {})[case.get("name") or ""] = not failed
    return outcomes


def rows_of_tests(kinds: Iterable[Kind], passed: Passed) -> list[Row]:
    """A row per kind; each case counts for the first kind that it matches."""
    left = dict(passed)
    rows = []
    for kind in kinds:
        mine = {
            case: is_passed
            for case, is_passed in left.items()
            if case[0] in kind.files and re.search(kind.names, case[1])
        }
        for case in mine:
            del left[case]
        failed = tuple(name for (_, name), is_passed in mine.items() if not is_passed)
        rows.append(Row(kind.title, len(mine), failed, kind.outcome, kind.at_first))
    return rows


def rows_of_kills(killed: Iterable[Killed]) -> list[Row]:
    """Two rows per verb: the kills, and the whole runs after them."""
    rows = []
    for verb in killed:
        first, first_after = KILLS.get(verb.verb, ("", ""))
        title = f"{verb.verb} killed at a random moment ({verb.started} started)"
        whole = "the current release is whole, nothing is left running"
        rows.append(Row(title, verb.killed, verb.faults, whole, first))
        title = f"{verb.verb}: the next run after a kill"
        rows.append(Row(title, verb.next_nights, (), "clean, nothing left", first_after))
    return rows


def table(rows: Iterable[Row]) -> str:
    """The rows as a table in Markdown, failures named below."""
    rows = list(rows)
    lines = ["| tried | number | failed | expected outcome | at first |", "|---|--:|--:|---|---|"]
    lines += [
        f"| {row.title} | {row.tried} | {len(row.failed)} | {row.outcome} | {row.at_first} |"
        for row in rows
    ]
    failures = [f"- {row.title}: {name}" for row in rows for name in row.failed]
    return "\n".join([*lines, *([""] if failures else []), *failures]) + "\n"


def main() -> int:
    """Attack, print the table, and return the exit code."""
    parser = argparse.ArgumentParser(prog="make attack")
    parser.add_argument("--minutes", type=float, default=27, help="the whole time")
    parser.add_argument("--kills", type=int, help="so many, in place of all that the time allows")
    parser.add_argument("--seed", type=int, default=1, help="of the moments of the kills")
    parser.add_argument("--folder", type=Path, help="keep here what was done, and go on with it")
    parser.add_argument("--only-kills", action="store_true", help="run no more tests")
    parser.add_argument("--write", action="store_true", help="write docs/attack.md")
    options = parser.parse_args()
    until = time.monotonic() + 60 * options.minutes
    with _kept(options.folder) as folder:
        passed = run_tests(KINDS, folder, 0 if options.only_kills else until)
        kill(folder, until, options.kills, options.seed)
        rows = rows_of_tests(KINDS, passed) + rows_of_kills(by_verb(tally(folder)))
    failed = sum(len(row.failed) for row in rows)
    facts = {
        "when": f"{datetime.now(UTC):%Y-%m-%d}",
        "seed": options.seed,
        "tried": sum(row.tried for row in rows),
        "failed": failed,
    }
    text = _INTRODUCTION.format(**facts) + table(rows)
    sys.stdout.write(text)
    if options.write:
        PAGE.write_text(text, encoding="utf-8")
    return 1 if failed else 0


@contextmanager
def _kept(folder: Path | None) -> Iterator[Path]:
    """The folder of this run: one that is kept, or one that goes with it."""
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
        yield folder
        return
    own = Path(tempfile.mkdtemp(prefix="attack-"))
    try:
        yield own
    finally:
        clean_up(own)


def kill(folder: Path, until: float, most: int | None, seed: int) -> None:
    """Kill nights until the time is over, or so many are killed."""
    left = None if most is None else most - sum(outcome.is_killed for outcome in tally(folder))
    if left is not None and left <= 0:
        return
    attack = Attack(folder, seed)
    attack.prepare()
    for outcome in attack.run(until):
        sys.stdout.write(f"{outcome}\n")
        sys.stdout.flush()
        left = left if left is None else left - outcome.is_killed
        if left == 0:
            return


if __name__ == "__main__":
    raise SystemExit(main())
