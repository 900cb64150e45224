"""What the documents promise: the query and its answer, the schedule's files, the tables, the files and the words they name."""

from __future__ import annotations

import configparser
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from dagster._utils.schedules import is_valid_cron_schedule

from tests.night.conftest import ROOT, World

README = (ROOT / "README.md").read_text(encoding="utf-8")


def _blocks(kind: str) -> list[str]:
    return [
        text
        for found, text in re.findall(
            r"^```(\w*)\n(.*?)^```$", README, flags=re.DOTALL | re.MULTILINE
        )
        if found == kind
    ]


def test_the_query_of_the_readme_gives_the_answer_of_the_readme(released: World) -> None:
    asked = next(block for block in _blocks("sh") if "pll query" in block)
    sql = re.search(r'"(.*)"', asked, flags=re.DOTALL)
    assert sql is not None
    answer = next(block for block in _blocks("") if "┃" in block)
    done = subprocess.run(
        [*released.command, "query", sql.group(1)],
        env=released.environment() | {"COLUMNS": "120"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == answer.strip()


def test_the_python_of_the_readme_runs_on_the_release(
    released: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    (code,) = _blocks("python")
    monkeypatch.chdir(released.data.parent)
    *setting, frame, rows = code.strip().split("\n")
    names: dict[str, object] = {}
    exec("\n".join(setting), names)
    assert eval(frame, names).height > 9_000
    assert len(eval(rows, names)) == 7


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
    (unit,) = [block for block in _blocks("ini") if "[Service]" in block]
    parser = configparser.RawConfigParser(strict=True, comment_prefixes=("#",))
    parser.optionxform = str  # type: ignore[assignment,method-assign]
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


def test_the_line_for_cron_is_one() -> None:
    (table,) = _blocks("cron")
    zone, line = table.strip().split("\n")
    assert zone == "CRON_TZ=Europe/Oslo"
    *when, user, command = re.split(r"\s+", line, maxsplit=6)
    assert is_valid_cron_schedule(" ".join(when))
    assert user == "pll"
    assert "%" not in command, "cron would take it for a line break"
    assert subprocess.run(["sh", "-n", "-c", command], check=False).returncode == 0


@pytest.mark.parametrize(
    "document",
    [
        "README.md",
        "DECISIONS.md",
        "CHANGELOG.md",
        "data/raw/README.md",
        "data/marts/README.md",
        "data/corrections/README.md",
    ],
)
def test_every_file_a_document_names_is_there(document: str) -> None:
    text = (ROOT / document).read_text(encoding="utf-8")
    named = re.findall(
        r"`((?:pll_pipeline|dbt_project|tests|data/(?:raw|corrections|marts)/README)[\w./-]*)`",
        text,
    )
    assert [name for name in named if "<" not in name and not (ROOT / name).exists()] == []


def test_the_decisions_are_numbered_without_a_gap() -> None:
    numbers = [
        int(n)
        for n in re.findall(
            r"^## (\d+)\. ", (ROOT / "DECISIONS.md").read_text(encoding="utf-8"), flags=re.MULTILINE
        )
    ]
    assert numbers == list(range(1, len(numbers) + 1))


def test_every_source_tells_its_licence_and_attribution_in_the_guide_of_raw(
    released: World,
) -> None:
    guide = (ROOT / "data" / "raw" / "README.md").read_text(encoding="utf-8")
    for name, publisher in released.ask("select source_name, publisher from star.dim_source"):
        assert f"`{name}`" in guide, name
        assert publisher
