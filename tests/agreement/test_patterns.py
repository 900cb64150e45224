"""Every regular expression of the package is linear or bounded, tried on repeated pieces.

Collected are all compiled patterns that modules have, and all patterns given to a function of `re`;
each runs on pieces of its own and on pieces that publishers like to repeat. Not here: patterns of
source files, which run on an engine of their own (`vocabulary/patterns.py`).
"""

from __future__ import annotations

import ast
import builtins
import importlib
import re
import signal
from collections.abc import Iterator
from pathlib import Path
from re import _constants as sre
from re import _parser as parser
from typing import Any

import pytest

from pll_pipeline.vocabulary.norwegian.text import LONGEST_TEXT
from tests.agreement.files import MODULES, PACKAGE

_RUN = ("match", "search", "fullmatch", "findall", "finditer", "sub", "subn", "split", "compile")
# These write patterns of escaped words and digits themselves, for a draft that a person reads.
_WRITES_PATTERNS = {"prose_form.py"}
_PIECES = (" ", "\u00a0", "a", "a.", "0", "0 ", "0.", "-", "(", "[", '"', "<!---->", "/*", "\x1d")
_FEW, _MANY = 22, 3000
_MOST_SECONDS = 0.5


def _module(path: Path) -> Any:
    relative = path.relative_to(PACKAGE.parent).with_suffix("")
    return importlib.import_module(".".join(relative.parts).removesuffix(".__init__"))


def _within(value: Any, depth: int = 0) -> Iterator[re.Pattern[Any]]:
    """The compiled patterns in a value of a module."""
    if isinstance(value, re.Pattern):
        yield value
    elif depth < 4 and type(value) is dict:
        for inner in (*value.keys(), *value.values()):
            yield from _within(inner, depth + 1)
    elif depth < 4 and type(value) in (list, tuple, set, frozenset):
        for inner in value:
            yield from _within(inner, depth + 1)


def _calls(path: Path) -> Iterator[ast.Call]:
    """The calls of `re` within functions; what others compile, the module has."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    functions = (n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef))
    for node in (inner for function in functions for inner in ast.walk(function)):
        function = getattr(node, "func", None)
        if (
            isinstance(node, ast.Call)
            and isinstance(function, ast.Attribute)
            and isinstance(function.value, ast.Name)
            and function.value.id == "re"
            and function.attr in _RUN
        ):
            yield node


class _Names(dict[str, Any]):
    """The names of a module; one of a function's own is an example of a text."""

    def __missing__(self, name: str) -> Any:
        if hasattr(builtins, name):
            raise KeyError(name)
        return "x"


def _given(path: Path, module: Any) -> Iterator[re.Pattern[Any]]:
    """The patterns given to functions of `re`. One from elsewhere may be anything, and fails."""
    names = _Names(vars(module))
    for call in _calls(path):
        first, *others = call.args
        is_known = not isinstance(first, ast.Name) or hasattr(module, first.id)
        if not is_known and path.name in _WRITES_PATTERNS:
            continue
        assert is_known, f"{path.name}: {ast.unparse(call)} runs a pattern from elsewhere"
        flags = [other for other in others if ast.unparse(other).startswith("re.")]
        flags += [keyword.value for keyword in call.keywords if keyword.arg == "flags"]
        codes = [compile(ast.Expression(part), str(path), "eval") for part in (first, *flags)]
        pattern, *values = [
            eval(code, {}, names)  # noqa: S307 - the package's own patterns, in a test
            for code in codes
        ]
        yield re.compile(pattern, *(flag for flag in values if isinstance(flag, re.RegexFlag)))


def _collected() -> dict[str, re.Pattern[Any]]:
    found = {}
    for path in MODULES:
        module = _module(path)
        name = path.relative_to(PACKAGE).as_posix()
        for value in vars(module).values():
            for pattern in _within(value):
                found[f"{name} {pattern.pattern!r}"[:150]] = pattern
        for pattern in _given(path, module):
            found[f"{name} {pattern.pattern!r}"[:150]] = pattern
    return found


PATTERNS = _collected()


# --- texts that a pattern begins to match --------------------------------------------------------


def _sample(parsed: Any) -> str:
    """A short text that the parsed pattern matches, as far as that is easily known."""
    return "".join(_of_node(operator, argument) for operator, argument in parsed)


def _of_node(operator: Any, argument: Any) -> str:
    if operator is sre.LITERAL:
        return chr(argument)
    if operator is sre.NOT_LITERAL:
        return "a" if argument != ord("a") else "b"
    if operator is sre.IN:
        return _of_set(argument)
    if operator in (sre.MAX_REPEAT, sre.MIN_REPEAT, sre.POSSESSIVE_REPEAT):
        least, _, inner = argument
        return _sample(inner) * max(1, min(least, 4))
    if operator is sre.SUBPATTERN:
        return _sample(argument[3])
    if operator is sre.ATOMIC_GROUP:
        return _sample(argument)
    if operator is sre.BRANCH:
        return _sample(argument[1][0])
    return "a" if operator is sre.ANY else ""


def _of_set(items: Any) -> str:
    is_negated = items[0][0] is sre.NEGATE
    if is_negated:
        return next((c for c in "a0 .-" if not re.fullmatch(_as_class(items[1:]), c)), "å")
    operator, argument = items[0]
    if operator is sre.LITERAL:
        return chr(argument)
    if operator is sre.RANGE:
        return chr(argument[0])
    return {sre.CATEGORY_DIGIT: "0", sre.CATEGORY_SPACE: " "}.get(argument, "a")


def _as_class(items: Any) -> str:
    texts = {sre.CATEGORY_DIGIT: r"\d", sre.CATEGORY_SPACE: r"\s", sre.CATEGORY_WORD: r"\w"}
    parts = []
    for operator, argument in items:
        if operator is sre.LITERAL:
            parts.append(re.escape(chr(argument)))
        elif operator is sre.RANGE:
            parts.append(f"{re.escape(chr(argument[0]))}-{re.escape(chr(argument[1]))}")
        else:
            parts.append(texts.get(argument, r"\W"))
    return f"[{''.join(parts)}]"


def _bodies(parsed: Any) -> Iterator[Any]:
    """Everything in a pattern that repeats, and the pattern itself."""
    yield parsed
    for operator, argument in parsed:
        if operator in (sre.MAX_REPEAT, sre.MIN_REPEAT, sre.POSSESSIVE_REPEAT):
            yield from _bodies(argument[2])
        elif operator is sre.SUBPATTERN:
            yield from _bodies(argument[3])
        elif operator is sre.ATOMIC_GROUP:
            yield from _bodies(argument)
        elif operator is sre.BRANCH:
            for branch in argument[1]:
                yield from _bodies(branch)


def _texts(pattern: re.Pattern[Any], longest: int) -> Iterator[str]:
    parsed = parser.parse(pattern.pattern, pattern.flags & ~re.TEMPLATE)
    start = _sample(parsed)
    own = dict.fromkeys(filter(None, map(_sample, _bodies(parsed))))
    for piece in dict.fromkeys((*own, *_PIECES)):
        for times in (_FEW, longest // len(piece)):
            yield piece * times + "!"
            yield start + piece * times + "\0"


class _TooLong(Exception):
    """A pattern was stopped."""


def _stop(*_: object) -> None:
    raise _TooLong


def text_that_takes_too_long(pattern: re.Pattern[Any], longest: int = _MANY) -> str | None:
    """The start of the first text that the pattern takes too much processor time for."""
    previous = signal.signal(signal.SIGVTALRM, _stop)
    try:
        for text in _texts(pattern, longest):
            is_bytes = isinstance(pattern.pattern, bytes)
            subject = text.encode("latin-1", "replace") if is_bytes else text
            signal.setitimer(signal.ITIMER_VIRTUAL, _MOST_SECONDS)
            try:
                pattern.fullmatch(subject)
                pattern.search(subject)
            except _TooLong:
                return text[:40]
            finally:
                signal.setitimer(signal.ITIMER_VIRTUAL, 0)
    finally:
        signal.signal(signal.SIGVTALRM, previous)
    return None


@pytest.mark.parametrize("name", PATTERNS)
def test_a_pattern_takes_time_by_the_length_of_the_text_only(name: str) -> None:
    # numbers and names are refused where they are longer
    longest = LONGEST_TEXT if name.startswith("vocabulary/norwegian/") else _MANY
    text = text_that_takes_too_long(PATTERNS[name], longest)
    assert text is None, f"more than {_MOST_SECONDS} s for {text!r}…"


def test_the_test_finds_patterns_that_take_too_long() -> None:
    for pattern in (r"\s*(<!--.*?-->\s*)*<html", r"(a|aa)+$", r"(\d+)*x", r"(\s*a?\s*)*z"):
        assert text_that_takes_too_long(re.compile(pattern, re.DOTALL)) is not None, pattern
