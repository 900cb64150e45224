"""What the documents promise: queries and answers, the schedule's files, tables and files."""

from __future__ import annotations

import configparser
import re
import shlex
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from dagster._utils.schedules import is_valid_cron_schedule
from typer.core import TyperGroup
from typer.main import get_command

from pll_pipeline import cli
from pll_pipeline.config import Config
from pll_pipeline.night.record import MOST_HOURS
from pll_pipeline.raw.http import webhook
from pll_pipeline.raw.http.client import CONNECT_SECONDS, MOST_TRIES
from pll_pipeline.raw.http.failures import LONGEST_WAIT_SECONDS
from pll_pipeline.sources.model import PoliteFetch
from tests.night.conftest import ROOT, World

README = (ROOT / "README.md").read_text(encoding="utf-8")
OPERATIONS = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
DECISIONS = ROOT / "docs" / "decisions"
DOCUMENTS = [
    "README.md",
    "CHANGELOG.md",
    *(path.relative_to(ROOT).as_posix() for path in sorted((ROOT / "docs").glob("*.md"))),
    "data/raw/README.md",
    "data/marts/README.md",
    "data/corrections/README.md",
]


def _blocks(language: str, document: str = README) -> list[str]:
    """The code blocks of a document in a language."""
    blocks = re.findall(r"^```(\w*)\n(.*?)^```$", document, flags=re.DOTALL | re.MULTILINE)
    return [text for name, text in blocks if name == language]


def test_the_readme_is_a_front_door_of_at_most_120_lines() -> None:
    assert len(README.splitlines()) <= 120


def test_the_query_of_the_readme_gives_the_answer_of_the_readme(released: World) -> None:
    asked = next(block for block in _blocks("sh") if "pll query" in block)
    sql = re.search(r'"(.*)"', asked, flags=re.DOTALL)
    assert sql is not None
    answer = next(block for block in _blocks("") if block.startswith("region_name  "))
    done = subprocess.run(
        [*released.command, "query", sql.group(1)],
        env=released.environment() | {"COLUMNS": "80"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == answer.strip()


# Commands that ask a publisher or take a night, and the file in which a test runs each.
RUN_ELSEWHERE = {
    "demo": "tests/outputs/conftest.py",
    "discover": "tests/night/second_night.py",
    "inspect": "tests/night/second_night.py",
    "check": "tests/night/test_check.py",
    "run": "tests/night/second_night.py",
}


def _commands() -> list[list[str]]:
    """Every `pll` command in the shell blocks of the README, as words."""
    texts = []
    for block in _blocks("sh"):
        whole = re.sub(r"\\\n", " ", block)
        texts += re.findall(r'\.venv/bin/pll((?:[^\n"#)]|"[^"]*")*)', whole)
    return [shlex.split(text) for text in texts]


def test_each_command_of_the_readme_is_run_by_a_test(
    released: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    monkeypatch.setenv("SHELL", "/bin/bash")
    commands = [words for words in _commands() if words != ["--help"]]
    assert len(commands) > 8
    group = get_command(cli.app)
    assert isinstance(group, TyperGroup)
    for words in commands:
        if words[0] in RUN_ELSEWHERE:
            context = group.make_context("pll", list(words))
            name, command, rest = group.resolve_command(context, list(words))
            assert command is not None
            command.make_context(name, rest, parent=context)
            text = (ROOT / RUN_ELSEWHERE[words[0]]).read_text(encoding="utf-8")
            assert f'"{words[0]}"' in text, words
        elif words != ["--show-completion"]:  # tests/unit/test_completion.py, in a real bash
            done = released.quick(*words)
            assert (done.returncode, done.stderr) == (0, ""), words
            assert done.stdout.strip(), words


@pytest.mark.parametrize("document", DOCUMENTS)
def test_each_verb_that_a_document_names_is_one(document: str) -> None:
    group = get_command(cli.app)
    assert isinstance(group, TyperGroup)
    text = (ROOT / document).read_text(encoding="utf-8")
    named = set(re.findall(r"`(?:\.venv/bin/)?pll ([a-z]+)", text))
    assert named - group.commands.keys() == set()


def test_each_target_of_make_in_the_readme_is_one() -> None:
    targets = re.findall(r"^make (\w+)", "\n".join(_blocks("sh")), flags=re.MULTILINE)
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert targets
    assert [name for name in targets if f"\n{name}:" not in makefile] == []


def test_the_python_of_the_readme_runs_on_the_release(
    released: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    (code,) = _blocks("python")
    monkeypatch.chdir(released.data.parent)
    names: dict[str, Any] = {}
    exec(code, names)  # noqa: S102 - the code is our own README's
    assert len(names["rows"]) == 7


def test_every_table_of_the_release_is_named_in_the_readme_and_the_guide_of_the_folder(
    released: World,
) -> None:
    guide = (ROOT / "data" / "marts" / "README.md").read_text(encoding="utf-8")
    for (table,) in released.ask(
        "select table_name from duckdb_tables() where schema_name in ('star', 'marts')"
    ):
        assert f"{table}`" in README, table
    for file in released.current.iterdir():
        assert file.name in guide, file.name


def test_the_unit_for_systemd_is_one(tmp_path: Path) -> None:
    (unit,) = [block for block in _blocks("ini", OPERATIONS) if "[Service]" in block]
    parser = configparser.RawConfigParser(strict=True, comment_prefixes=("#",))
    parser.optionxform = str  # type: ignore[assignment,method-assign]  # as its documentation shows
    parser.read_string(unit)
    assert parser.sections() == ["Unit", "Service", "Install"]
    assert parser["Service"]["ExecStart"].split()[1:] == ["serve"]
    assert parser["Service"]["ExecStart"].startswith(parser["Service"]["WorkingDirectory"])
    if analyze := shutil.which("systemd-analyze"):
        text = (
            unit.replace(parser["Service"]["ExecStart"], "/bin/true")
            .replace(parser["Service"]["WorkingDirectory"], "/")
            .replace("User=pll", "User=root")
        )
        (tmp_path / "pll.service").write_text(text, encoding="utf-8")
        checked = subprocess.run(
            [analyze, "verify", "--man=no", str(tmp_path / "pll.service")],
            capture_output=True,
            text=True,
            check=False,
        )
        assert checked.returncode == 0, checked.stderr


def test_the_timer_runs_the_night_at_the_time_of_the_schedule_in_norway() -> None:
    (text,) = _blocks("systemd", OPERATIONS)
    service, timer = text.split("# /etc/systemd/system/pll-night.timer")
    assert "ExecStart=/srv/pll-pipeline/.venv/bin/pll run\n" in service
    assert "SuccessExitStatus=3\n" in service, "a source that is behind is no failed service"
    assert "Environment=DO_NOT_TRACK=1 DAGSTER_DISABLE_TELEMETRY=1\n" in service
    assert "OnCalendar=*-*-* 03:00:00 Europe/Oslo\n" in timer
    assert "Persistent=true\n" in timer, "a night that was missed is made up for"


def test_the_operations_guide_states_each_limit_as_the_code_has_it() -> None:
    defaults = PoliteFetch()
    for stated in (
        f"| {CONNECT_SECONDS:.0f} s | none |",
        f"| {defaults.total_seconds:.0f} s | `fetch.total_seconds` of the source |",
        f"| {defaults.source_seconds / 60:.0f} min | `fetch.source_seconds` of the source |",
        f"with {MOST_TRIES} tries each",
        f"(each up to {LONGEST_WAIT_SECONDS:.0f} s)",
        f"| {webhook.TRY_SECONDS:.0f} s per try, {webhook.ALL_SECONDS:.0f} s in all | none |",
        f"| {Config.longest_night_hours:.0f} h | `PLL_LONGEST_NIGHT_HOURS` |",
        f"more than {MOST_HOURS} hours ago",
    ):
        assert stated in OPERATIONS, stated
    for setting in ("PLL_DATA", "PLL_ALERT_WEBHOOK", "PLL_PING_URL", "PLL_LONGEST_NIGHT_HOURS"):
        assert f"| `{setting}` |" in OPERATIONS


def test_the_line_for_cron_is_one_that_debian_knows() -> None:
    (table,) = _blocks("cron", OPERATIONS)
    (line,) = table.strip().split("\n")
    *when, user, command = re.split(r"\s+", line, maxsplit=6)
    assert is_valid_cron_schedule(" ".join(when))
    assert user == "pll"
    assert "%" not in command, "cron would take it for a line break"
    assert subprocess.run(["sh", "-n", "-c", command], check=False).returncode == 0


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_file_a_document_names_is_there(document: str) -> None:
    text = (ROOT / document).read_text(encoding="utf-8")
    named = re.findall(
        r"`((?:pll_pipeline|dbt_project|tests|data/(?:raw|corrections|marts)/README)[\w./-]*)`",
        text,
    )
    assert [name for name in named if "<" not in name and not (ROOT / name).exists()] == []


def test_every_link_of_a_document_leads_to_a_file() -> None:
    broken = []
    for path in [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]:
        for target in re.findall(r"\]\(([^)#:]+)\)", path.read_text(encoding="utf-8")):
            if not (path.parent / target).exists():
                broken.append(f"{path.relative_to(ROOT)}: {target}")
    assert broken == []


def test_each_decision_has_a_number_of_its_own_a_date_and_a_status() -> None:
    files = sorted(DECISIONS.glob("[0-9]*.md"))
    index = (DECISIONS / "README.md").read_text(encoding="utf-8")
    numbers = [path.name[:4] for path in files]
    assert len(numbers) == len(set(numbers)) > 50
    heading = re.compile(r"^Date: \d{4}-\d\d-\d\d · Status: (accepted|amended|superseded)", re.M)
    for path in files:
        assert heading.search(path.read_text(encoding="utf-8")), path.name
        assert f"({path.name})" in index, path.name


def test_the_guide_of_raw_names_licence_and_attribution_of_every_source(
    released: World,
) -> None:
    guide = (ROOT / "data" / "raw" / "README.md").read_text(encoding="utf-8")
    for name, publisher in released.ask("select source_name, publisher from star.dim_source"):
        assert f"`{name}`" in guide, name
        assert publisher
