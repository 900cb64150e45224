"""The house rules that hold in every file: who may import whom, who may speak to what, what each module says of itself."""

from __future__ import annotations

import ast
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "pll_pipeline"
MODULES = sorted(PACKAGE.rglob("*.py"))

# Each floor may import only floors below it: down, never up, never sideways.
FLOORS = (
    {"errors"},
    {"config"},
    {"lock", "vocabulary"},
    {"sources"},
    {"raw"},
    {"validated"},
    {"star"},
    {"published"},
    {"inspection", "simulation"},
    {"assets"},
    {"automation"},
    {"definitions"},
    {"cli"},
)
FLOOR_OF = {room: number for number, rooms in enumerate(FLOORS) for room in rooms}
ONLY = {
    "dagster": {"assets", "automation", "definitions"},
    "dagster_dbt": {"assets"},
    "requests": {"raw"},
    "duckdb": {"published"},
    "pandera": {"validated"},
    "typer": {"cli"},
    "rich": {"cli"},
}


def _room(path: Path) -> str:
    first = path.relative_to(PACKAGE).parts[0]
    return first.removesuffix(".py")


def _imports(path: Path) -> list[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    names = [
        alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.Import)
        for alias in node.names
    ]
    return names + [
        node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.module
    ]


def _name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("path", [p for p in MODULES if p != PACKAGE / "__init__.py"], ids=_name)
def test_a_module_imports_only_floors_below_its_own(path: Path) -> None:
    room = _room(path)
    inside = [name.split(".")[1] for name in _imports(path) if name.startswith("pll_pipeline.")]
    wrong = [other for other in inside if other != room and FLOOR_OF[other] >= FLOOR_OF[room]]
    assert wrong == []


@pytest.mark.parametrize("library", ONLY)
def test_a_library_is_spoken_to_in_its_rooms_only(library: str) -> None:
    rooms = {
        _room(path)
        for path in MODULES
        if any(name.split(".")[0] == library for name in _imports(path))
    }
    assert rooms <= ONLY[library]


@pytest.mark.parametrize("path", MODULES, ids=_name)
def test_a_module_says_what_it_holds_and_what_must_not_be_put_there(path: Path) -> None:
    docstring = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
    assert docstring.split("\n")[0].endswith((".", ",", ":")) or len(docstring) > 80
    if path.name not in ("__main__.py",) and path != PACKAGE / "__init__.py":
        assert re.search(r"\bNot here\b", docstring), "say what must not be put there"


def _tracked_texts() -> list[tuple[str, str]]:
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    ).stdout.split("\n")
    texts = []
    for name in filter(None, listed):
        try:
            texts.append((name, (ROOT / name).read_text(encoding="utf-8")))
        except (UnicodeDecodeError, FileNotFoundError, IsADirectoryError):
            continue
    return texts


def test_no_file_carries_a_path_of_a_machine() -> None:
    path = re.compile(r"(?<![\w./-])/(?:work|root|home|Users)/\w")
    assert [name for name, text in _tracked_texts() if path.search(text)] == []


def test_no_file_but_the_lock_names_a_package_registry() -> None:
    hosts = re.compile(r"\bpypi\.org|pythonhosted\.org|npmjs\.(?:org|com)|deb\.debian\.org")
    named = [name for name, text in _tracked_texts() if hosts.search(text)]
    assert [
        name for name in named if name not in ("uv.lock", "tests/agreement/test_directions.py")
    ] == []


def test_what_is_shipped_reports_nothing_to_anyone() -> None:
    for name in ("Makefile", "pll_pipeline/cli.py", "pll_pipeline/automation.py"):
        text = (ROOT / name).read_text(encoding="utf-8")
        assert "DO_NOT_TRACK" in text
        assert "DAGSTER_DISABLE_TELEMETRY" in text
