"""A parser of the part of DAX that the model's measures are written in, by its published grammar.

It raises `DaxError` where DAX is not well formed: an unknown function, a wrong number of arguments,
a variable that is not defined. Not here: whether tables, columns and measures exist (the tests).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

ANY = 99
# function → the least and the most arguments it takes
FUNCTIONS = {
    "ABS": (1, 1),
    "CALCULATE": (1, ANY),
    "CALCULATETABLE": (1, ANY),
    "COUNTROWS": (1, 1),
    "DISTINCT": (1, 1),
    "DISTINCTCOUNT": (1, 1),
    "DIVIDE": (2, 3),
    "FALSE": (0, 0),
    "FILTER": (2, 2),
    "FORMAT": (2, 3),
    "HASONEVALUE": (1, 1),
    "IF": (2, 3),
    "INT": (1, 1),
    "ISBLANK": (1, 1),
    "ISFILTERED": (1, 1),
    "KEEPFILTERS": (1, 1),
    "MAX": (1, 2),
    "MAXX": (2, 3),
    "REMOVEFILTERS": (0, ANY),
    "SELECTEDVALUE": (1, 2),
    "SUM": (1, 1),
    "SUMX": (2, 2),
    "SWITCH": (3, ANY),
    "TRUE": (0, 0),
    "UNION": (2, ANY),
}
_TOKEN = re.compile(
    r"""\s*(?:
    (?P<text>"(?:[^"]|"")*")
    |(?P<table>'(?:[^']|'')+')
    |(?P<bracket>\[(?:[^\]]|\]\])+\])
    |(?P<number>\d+(?:\.\d+)?)
    |(?P<word>[^\W\d]\w*)
    |(?P<operator>\|\||&&|<>|<=|>=|[-+*/&=<>(),])
    )""",
    re.VERBOSE,
)
# Operators by how loosely they bind, the loosest first.
_LEVELS = (("||",), ("&&",), ("=", "<>", "<", ">", "<=", ">="), ("&",), ("+", "-"), ("*", "/"))


class DaxError(Exception):
    """What is not well formed."""


@dataclass
class Parsed:
    """What an expression refers to."""

    tables: set[str] = field(default_factory=set)
    columns: set[tuple[str, str]] = field(default_factory=set)
    measures: set[str] = field(default_factory=set)


def parse(dax: str) -> Parsed:
    """Read one expression to its end."""
    parser = _Parser(_tokens(dax))
    parser.expression(frozenset())
    if parser.rest:
        raise DaxError(f"more after the end: {parser.rest[0]}")
    return parser.parsed


def _tokens(dax: str) -> list[tuple[str, str]]:
    tokens, position = [], 0
    dax = dax.rstrip()
    while position < len(dax):
        match = _TOKEN.match(dax, position)
        if match is None:
            raise DaxError(f"not DAX: {dax[position : position + 20]}")
        tokens.append((str(match.lastgroup), str(match[str(match.lastgroup)])))
        position = match.end()
    return tokens


class _Parser:
    """Reads tokens from the left; `variables` are those defined around what is read."""

    def __init__(self, tokens: list[tuple[str, str]]) -> None:
        self.rest = tokens
        self.parsed = Parsed()

    def _next(self, *expected: str) -> tuple[str, str]:
        if not self.rest:
            raise DaxError("ends too early")
        kind, text = self.rest.pop(0)
        if expected and text.upper() not in expected:
            raise DaxError(f"{text} where {' or '.join(expected)} is expected")
        return kind, text

    def _is_next(self, *texts: str) -> bool:
        return bool(self.rest) and self.rest[0][1].upper() in texts

    def expression(self, variables: frozenset[str]) -> None:
        is_defining = self._is_next("VAR")
        while self._is_next("VAR"):
            self._next("VAR")
            kind, name = self._next()
            if kind != "word" or name.upper() in FUNCTIONS or name in variables:
                raise DaxError(f"no name of a new variable: {name}")
            self._next("=")
            self.expression(variables)
            variables |= {name}
        if is_defining:
            self._next("RETURN")
            self.expression(variables)
            return
        self._operation(variables, 0)

    def _operation(self, variables: frozenset[str], level: int) -> None:
        if level == len(_LEVELS):
            self._operand(variables)
            return
        self._operation(variables, level + 1)
        while self._is_next(*_LEVELS[level]):
            self._next()
            self._operation(variables, level + 1)

    def _operand(self, variables: frozenset[str]) -> None:
        kind, text = self._next()
        if text.upper() in ("NOT", "-"):
            self._operand(variables)
        elif text == "(":
            self.expression(variables)
            self._next(")")
        elif kind == "table":
            self._table(text)
        elif kind == "bracket":
            self.parsed.measures.add(_unquoted(text, "]"))
        elif kind == "word":
            self._word(text, variables)
        elif kind == "operator":
            raise DaxError(f"{text} where a value is expected")

    def _table(self, text: str) -> None:
        table = _unquoted(text, "'")
        if self.rest and self.rest[0][0] == "bracket":
            self.parsed.columns.add((table, _unquoted(self._next()[1], "]")))
        else:
            self.parsed.tables.add(table)

    def _word(self, word: str, variables: frozenset[str]) -> None:
        if not self._is_next("("):
            if word not in variables:
                raise DaxError(f"no variable {word}")
            return
        if word not in FUNCTIONS:
            raise DaxError(f"no function {word}")
        self._next("(")
        count = 0
        while not self._is_next(")"):
            if count:
                self._next(",")
            self.expression(variables)
            count += 1
        self._next(")")
        least, most = FUNCTIONS[word]
        if not least <= count <= most:
            raise DaxError(f"{word} with {count} arguments")


def _unquoted(text: str, quote: str) -> str:
    return text[1:-1].replace(quote * 2, quote)
