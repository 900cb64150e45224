"""The rules of the layers: imports, libraries, and what a module says of itself."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from tests.agreement.files import MODULES, PACKAGE, ROOT, name_of, tracked_texts

# A layer imports only layers above it in this list.
LAYERS = (
    {"errors"},
    {"config"},
    {"disposable", "lock", "store", "text_tables", "vocabulary"},
    {"sources"},
    {"raw"},
    {"validated"},
    {"star"},
    {"published"},
    {"engine", "inspection", "night", "simulation"},
    {"assets"},
    {"event_store"},
    {"history"},
    {"automation"},
    {"definitions"},
    {"console"},
    {"server"},
    {"cli"},
)
LAYER_OF = {folder: number for number, folders in enumerate(LAYERS) for folder in folders}
ONLY = {
    "dagster": (
        "assets/",
        "history.py",
        "event_store.py",
        "automation.py",
        "definitions.py",
        "server/page.py",
    ),
    "uvicorn": ("server/guard.py",),
    "dagster_dbt": ("assets/",),
    "requests": ("raw/",),
    "duckdb": ("published/", "engine/"),
    "pandera": ("validated/rules.py",),
    "typer": ("cli.py",),
    "rich": ("console.py", "text_tables.py"),
}


def _folder(path: Path) -> str:
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


@pytest.mark.parametrize("path", [p for p in MODULES if p != PACKAGE / "__init__.py"], ids=name_of)
def test_a_module_imports_only_layers_below_its_own(path: Path) -> None:
    folder = _folder(path)
    inside = [name.split(".")[1] for name in _imports(path) if name.startswith("pll_pipeline.")]
    wrong = [other for other in inside if other != folder and LAYER_OF[other] >= LAYER_OF[folder]]
    assert wrong == [], f"{folder}/ imports only layers below it; move the code or the import"


@pytest.mark.parametrize("library", ONLY)
def test_a_library_is_imported_in_its_folders_only(library: str) -> None:
    files = {
        path.relative_to(PACKAGE).as_posix()
        for path in MODULES
        if any(name.split(".")[0] == library for name in _imports(path))
    }
    elsewhere = [file for file in sorted(files) if not file.startswith(ONLY[library])]
    assert elsewhere == [], f"{library} is imported only in {', '.join(ONLY[library])}"


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_a_module_says_what_it_contains_and_what_must_not_be_put_there(path: Path) -> None:
    docstring = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
    assert docstring.split("\n")[0].endswith((".", ",", ":")) or len(docstring) > 80
    if path.name not in ("__main__.py",) and path != PACKAGE / "__init__.py":
        assert re.search(r"\bNot\s+here\b", docstring), "say what must not be put there"


def test_no_file_carries_a_path_of_a_machine() -> None:
    path = re.compile(r"(?<![\w./-])/(?:work|root|home|Users)/\w")
    assert [name for name, text in tracked_texts().items() if path.search(text)] == []


def test_no_file_but_the_lock_names_a_package_registry() -> None:
    hosts = re.compile(r"\bpypi\.org|pythonhosted\.org|npmjs\.(?:org|com)|deb\.debian\.org")
    named = [name for name, text in tracked_texts().items() if hosts.search(text)]
    assert [
        name for name in named if name not in ("uv.lock", "tests/agreement/test_layers.py")
    ] == []


def test_what_is_shipped_reports_nothing_to_anyone() -> None:
    for name in ("Makefile", "pll_pipeline/cli.py", "pll_pipeline/history.py"):
        text = (ROOT / name).read_text(encoding="utf-8")
        assert "DO_NOT_TRACK" in text
        assert "DAGSTER_DISABLE_TELEMETRY" in text
