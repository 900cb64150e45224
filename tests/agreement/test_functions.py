"""Plain code: short functions, the formatter always on, a reason beside each exception."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.agreement.files import HELPERS, MODULES, PACKAGE, name_of, tracked_texts

MOST_LINES = 40
# `
EXCEPTION = re.compile(
    r"#\s*(noqa|type:\s*ignore)(?P<rule>:\s*[A-Z]+[0-9]+|\[[\w, -]+\])?(?P<rest>.*)"
)


def functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    """The functions and methods of a module, nested ones too."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


@pytest.mark.parametrize("path", [*MODULES, *HELPERS], ids=name_of)
def test_a_function_fits_on_a_screen_or_says_why_not(path: Path) -> None:
    lines = path.read_text(encoding="utf-8").splitlines()
    long = []
    for node in functions(path):
        length = (node.end_lineno or node.lineno) - node.lineno + 1
        first = min([node.lineno, *(d.lineno for d in node.decorator_list)])
        if length > MOST_LINES and not lines[first - 2].lstrip().startswith("# Long because "):
            long.append(f"{node.name}: {length} lines")
    assert long == [], (
        f"Split the function by what it does, or write '# Long because …' above it "
        f"(at most {MOST_LINES} lines)."
    )


def test_the_formatter_is_never_switched_off() -> None:
    switch = re.compile(r"#\s*fmt:\s*(skip|off)")
    python = {n: t for n, t in tracked_texts().items() if n.endswith(".py")}
    assert [name for name, text in python.items() if switch.search(text)] == []


def test_each_exception_from_a_rule_names_the_rule_and_its_reason() -> None:
    unexplained = []
    for name, text in tracked_texts().items():
        if not name.endswith(".py") or name == "tests/agreement/test_functions.py":
            continue
        for number, line in enumerate(text.splitlines(), 1):
            exception = EXCEPTION.search(line)
            if exception is None:
                continue
            reason = re.sub(r"^(?:,\s*[A-Z]+[0-9]+)*", "", exception["rest"]).strip(" -–—#:")
            if not exception["rule"] or len(reason) < 10:
                unexplained.append(f"{name}:{number}")
    assert unexplained == []


def test_no_line_is_long_because_of_its_exception() -> None:
    """The linter lets a line be longer than 100 characters where a comment names a rule."""
    long = [
        f"{name}:{number}"
        for name, text in tracked_texts().items()
        if name.endswith(".py")
        for number, line in enumerate(text.splitlines(), 1)
        if len(line) > 100
    ]
    assert long == []


def test_the_package_is_typed() -> None:
    assert (PACKAGE / "py.typed").is_file()
