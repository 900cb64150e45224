"""`make attack`: its table has every kind with the tests that are there, and counts each case once.

The attacks themselves are tests, and run with all others.
"""

from __future__ import annotations

import ast
import json
import re
import sys
import time
from dataclasses import asdict
from hashlib import sha256
from pathlib import Path

import pytest

from tests.agreement.files import ROOT
from tests.attack import __main__ as attack_program
from tests.attack import kills
from tests.attack.__main__ import Row, rows_of_kills, rows_of_tests, table
from tests.attack.kills import Attack, Outcome, Verb, by_verb, tally
from tests.attack.kinds import KINDS, Kind


def _tests_of(file: str) -> list[str]:
    tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
    names = (node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef))
    return [name for name in names if name.startswith("test_")]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.title)
def test_a_kind_of_attack_has_tests_in_each_of_its_files(kind: Kind) -> None:
    for file in kind.files:
        assert [name for name in _tests_of(file) if re.search(kind.names, name)], file


def test_each_case_counts_for_one_kind_and_failures_are_named() -> None:
    kinds = (Kind("redirects", "refused", ("a.py",), "redirect"), Kind("rest", "fine", ("a.py",)))
    passed = {
        ("a.py", "test_a_redirect[1]"): True,
        ("a.py", "test_a_redirect[2]"): False,
        ("a.py", "test_else"): True,
        ("b.py", "test_else"): True,
    }
    first, rest = rows_of_tests(kinds, passed)
    assert first == Row("redirects", 2, ("test_a_redirect[2]",), "refused")
    assert rest == Row("rest", 1, (), "fine")
    shown = table([first, rest])
    assert "| redirects | 2 | 1 | refused |  |" in shown
    assert "- redirects: test_a_redirect[2]" in shown


def test_a_kill_has_two_rows_and_its_faults() -> None:
    outcomes = [Outcome("nights", 1.0, 2.0, True, True, ())] * 3
    outcomes += [Outcome("nights", 1.0, 2.0, True, True, ("a is not whole",))]
    outcomes += [Outcome("nights", 1.0, 2.0, False, False, ())]
    (killed,) = (killed for killed in by_verb(outcomes) if killed.verb == "nights")
    first, second = rows_of_kills([killed])
    assert (first.tried, first.failed) == (4, ("a is not whole",))
    assert second.tried == 4
    assert "5 started" in first.title


# A verb that takes a while, starts a child that may outlive it, and publishes a file.
VERB = """
import subprocess, sys, time
from pathlib import Path
if {outlives}:
    subprocess.Popen([sys.executable, "-c", "import time; time.sleep(5)"])
Path({file!r}).write_text({text!r})
time.sleep(0.6)
"""


def _as_soon_as(file: Path) -> float:
    """Wait until a verb has written its file: the moment to kill it."""
    until = time.monotonic() + 30
    while not file.exists():
        assert time.monotonic() < until
        time.sleep(0.01)
    return 0.01


@pytest.mark.parametrize(
    ("outlives", "text"), [(True, "right"), (False, "wrong"), (False, "right")]
)
def test_what_a_kill_leaves_is_found(
    outlives: bool, text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kills, "_SECONDS_TO_END", 0.2)
    monkeypatch.setattr(kills.World, "command", (sys.executable,))
    release = tmp_path / "data" / "demo" / "marts" / "current"
    release.mkdir(parents=True)
    file = {"path": "a", "sha256": sha256(b"right").hexdigest()}
    (release / "release.json").write_text(json.dumps({"files": [file]}), encoding="utf-8")
    code = VERB.format(outlives=outlives, file=str(release / "a"), text=text)
    verb = Verb("demos", ("-c", code, "demo"), ("-c", code, "demo"), 1)
    monkeypatch.setattr(kills, "VERBS", (verb,))
    attack = Attack(tmp_path, seed=1)
    attack.prepare()
    (release / "a").unlink()
    monkeypatch.setattr(attack.dice, "uniform", lambda *_: _as_soon_as(release / "a"))
    outcome = next(attack.run(time.monotonic() + 60))
    assert outcome.is_killed
    assert tally(tmp_path) == [outcome]
    kinds_of_faults = {re.sub(r"^\S+ ", "", fault) for fault in outcome.faults}
    expected = {"was left running"} if outlives else set()
    assert kinds_of_faults == expected | ({"is not whole"} if text == "wrong" else set())


def test_kills_are_counted_over_several_runs_until_there_are_as_many_as_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    outcome = Outcome("nights with nothing new", 1.0, 2.0, True, True, ())
    (tmp_path / kills.TALLY).write_text((json.dumps(asdict(outcome)) + "\n") * 2, encoding="utf-8")
    monkeypatch.setattr(attack_program, "Attack", lambda *_: pytest.fail("a third was killed"))
    attack_program.kill(tmp_path, time.monotonic() + 60, 2, seed=1)
    assert by_verb(tally(tmp_path))[0].killed == 2


def test_tests_whose_outcome_is_kept_are_not_run_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run: list[list[str]] = []

    def tested(files: list[str], _: Path) -> dict[str, dict[str, bool]]:
        run.append(files)
        return {file: {"test_a": True} for file in files}

    monkeypatch.setattr(attack_program, "_tested", tested)
    kinds = (Kind("first", "fine", ("a.py",)), Kind("second", "fine", ("a.py", "b.py")))
    until = time.monotonic() + 60
    assert attack_program.run_tests(kinds[:1], tmp_path, until) == {("a.py", "test_a"): True}
    assert len(attack_program.run_tests(kinds, tmp_path, until)) == 2
    assert run == [["a.py"], ["b.py"]]
