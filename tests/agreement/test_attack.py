"""`make attack`: its table has every kind with the tests that are there, and counts each case once.

The attacks themselves are tests, and run with all others.
"""

from __future__ import annotations

import ast
import json
import re
import sys
import time
from hashlib import sha256
from pathlib import Path

import pytest

from tests.agreement.files import ROOT
from tests.attack import kills
from tests.attack.__main__ import Row, rows_of_kills, rows_of_tests, table
from tests.attack.kills import Attack, Killed
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
    assert "| redirects | 2 | 1 | refused |" in shown
    assert "- redirects: test_a_redirect[2]" in shown


def test_a_kill_has_two_rows_and_its_faults() -> None:
    first, second = rows_of_kills([Killed("nights", 5, 4, 4, ["a is not whole"])])
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
    monkeypatch.setattr(kills, "VERBS", {"nights": ("-c", "")})
    monkeypatch.setattr(kills, "_SECONDS_TO_END", 0.2)
    attack = Attack(tmp_path, seed=1)
    release = attack.data / "marts" / "current"
    release.mkdir(parents=True)
    file = {"path": "a", "sha256": sha256(b"right").hexdigest()}
    (release / "release.json").write_text(json.dumps({"files": [file]}), encoding="utf-8")
    code = VERB.format(outlives=outlives, file=str(release / "a"), text=text)
    monkeypatch.setattr(kills.World, "command", (sys.executable,))
    monkeypatch.setattr(kills, "VERBS", {"nights": ("-c", code)})
    attack.prepare()
    (release / "a").unlink()
    monkeypatch.setattr(attack.dice, "uniform", lambda *_: _as_soon_as(release / "a"))
    outcome = next(attack.run(time.monotonic() + 60))
    assert outcome.killed == 1
    kinds_of_faults = {re.sub(r"^\S+ ", "", fault) for fault in outcome.faults}
    expected = {"was left running"} if outlives else set()
    assert kinds_of_faults == expected | ({"is not whole"} if text == "wrong" else set())
    attack.clean_up()
    assert not attack.data.exists()
