"""`make attack`: everything that was tried against a night, how often, and what became of it.

`python -m tests.attack [--minutes N] [--seed N] [--write]` runs the tests of each kind of attack,
kills nights at random for what is left of the minutes, and prints a table; `--write` puts it into
`docs/attack.md`. Exit code 1 where anything failed. Not here: the attacks.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from xml.etree import ElementTree

from tests.attack.kills import Attack, Killed
from tests.attack.kinds import KINDS, Kind

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "attack.md"
# What `tests/unit/validated/readers/test_hostile.py` takes as the sizes of its files.
LARGER_FILES = {"HOSTILE_SIZES": "larger"}
_INTRODUCTION = """\
# What was tried against a night

Written by `make attack`, which anyone can run again. Each case of a test is one attempt; the tests
are listed by kind in `tests/attack/kinds.py` and run in `make test` too. Nights, rebuilds and demos
are killed by SIGKILL at random moments, with two processors, until {minutes} minutes are over.

{when}, seed {seed}: {tried} attempts, {failed} failed.

"""


@dataclass(frozen=True)
class Row:
    """A line of the table."""

    title: str
    tried: int
    failed: tuple[str, ...]
    outcome: str


def run_tests(kinds: Iterable[Kind]) -> dict[tuple[str, str], bool]:
    """The cases of all tests of the kinds, by file and name, and whether each passed."""
    files = sorted({file for kind in kinds for file in kind.files})
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder, "report.xml")
        options = ["-q", "-n", "2", "--dist", "loadfile", "-p", "no:cacheprovider"]
        options += ["-o", "junit_family=xunit1", f"--junitxml={report}"]
        command = [sys.executable, "-m", "pytest", *options, *files]
        subprocess.run(command, cwd=ROOT, check=False, env=os.environ | LARGER_FILES)
        cases = ElementTree.parse(report).iter("testcase")  # noqa: S314 - pytest wrote it just now
        return {
            (case.get("file") or "", case.get("name") or ""): not any(
                part.tag in ("failure", "error") for part in case
            )
            for case in cases
        }


def rows_of_tests(kinds: Iterable[Kind], passed: dict[tuple[str, str], bool]) -> list[Row]:
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
        rows.append(Row(kind.title, len(mine), failed, kind.outcome))
    return rows


def rows_of_kills(killed: Iterable[Killed]) -> list[Row]:
    """Two rows per verb: the kills, and the whole runs after them."""
    rows = []
    for verb in killed:
        title = f"{verb.verb} killed at a random moment ({verb.started} started)"
        rows.append(Row(title, verb.killed, tuple(verb.faults), "the current release is whole"))
        rows.append(
            Row(f"{verb.verb} straight after a kill", verb.next_nights, (), "clean, nothing left")
        )
    return rows


def table(rows: Iterable[Row]) -> str:
    """The rows as a table in Markdown, failures named below."""
    rows = list(rows)
    lines = ["| tried | number | failed | expected outcome |", "|---|--:|--:|---|"]
    lines += [f"| {row.title} | {row.tried} | {len(row.failed)} | {row.outcome} |" for row in rows]
    failures = [f"- {row.title}: {name}" for row in rows for name in row.failed]
    return "\n".join([*lines, *([""] if failures else []), *failures]) + "\n"


def main() -> int:
    """Attack, print the table, and return the exit code."""
    parser = argparse.ArgumentParser(prog="make attack")
    parser.add_argument("--minutes", type=float, default=27, help="the whole time")
    parser.add_argument("--seed", type=int, default=1, help="of the moments of the kills")
    parser.add_argument("--write", action="store_true", help="write docs/attack.md")
    options = parser.parse_args()
    until = time.monotonic() + 60 * options.minutes
    rows = rows_of_tests(KINDS, run_tests(KINDS)) + kill(until, options.seed)
    failed = sum(len(row.failed) for row in rows)
    facts = {
        "minutes": f"{options.minutes:g}",
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


def kill(until: float, seed: int) -> list[Row]:
    """Kill nights until the time is over."""
    with tempfile.TemporaryDirectory(prefix="attack-", ignore_cleanup_errors=True) as folder:
        attack = Attack(Path(folder), seed)
        try:
            attack.prepare()
            for verb in attack.run(until):
                sys.stdout.write(f"{verb.verb}: {verb.killed} killed, {len(verb.faults)} faults\n")
                sys.stdout.flush()
        finally:
            attack.clean_up()
        return rows_of_kills(attack.killed.values())


if __name__ == "__main__":
    raise SystemExit(main())
