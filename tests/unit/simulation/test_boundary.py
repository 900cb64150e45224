"""A night of published figures never imports the simulated publisher."""

from __future__ import annotations

import ast

from tests.agreement.files import MODULES, PACKAGE

SIMULATION = "pll_pipeline.simulation"


def _imports(tree: ast.AST) -> set[str]:
    """The modules that a tree imports, at whatever depth."""
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            names |= {node.module or "", *(f"{node.module}.{alias.name}" for alias in node.names)}
        elif isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
    return {name for name in names if name.startswith(SIMULATION)}


def test_only_the_demo_command_imports_the_simulation_when_it_runs() -> None:
    importing = {}
    for path in MODULES:
        if path.is_relative_to(PACKAGE / "simulation"):
            continue
        tree = ast.parse(path.read_text(encoding="utf-8"))
        if _imports(tree):
            statements = [n for n in tree.body if isinstance(n, ast.Import | ast.ImportFrom)]
            at_the_top = _imports(ast.Module(statements, type_ignores=[]))
            importing[path.relative_to(PACKAGE).as_posix()] = at_the_top
    assert importing == {"cli.py": set()}
