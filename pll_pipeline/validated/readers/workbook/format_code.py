"""A number format code → its sections, read into parts.

The code is what an .xlsx file stores ("0.0%", `[<5]"<5";#,##0`, "mmm yyyy"), in the form of
ECMA-376 part 1, 18.8.31.
Not here: applying a format (`shown_numbers.py`), which cell has which format (`styles.py`).
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto
from typing import NamedTuple

LONGEST_CODE = 500
_COLOURS = re.compile(r"black|blue|cyan|green|magenta|red|white|yellow|colou?r ?\d+", re.IGNORECASE)
_CONDITION = re.compile(r"(<=|>=|<>|<|>|=)\s*(-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)")
_CURRENCY = re.compile(r"\$([^-\]]*)(?:-[^\]]*)?")
_ELAPSED = re.compile(r"h+|m+|s+", re.IGNORECASE)
_DATE_LETTERS = re.compile(r"y+|m+|d+|h+|s+|am/pm|a/p", re.IGNORECASE)
_EXPONENT = re.compile(r"[eE][+-]")
_SECTION_PIECE = re.compile(r'"[^"]*"|\\.|\[[^\]]*\]|[_*].|[^;]', re.DOTALL)
_OPERATORS: dict[str, Callable[[float, float], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "=": operator.eq,
    "<>": operator.ne,
}


class FormatNotUnderstood(Exception):
    """The code has a part whose meaning is not known here, or that has none."""


class Kind(Enum):
    """What a part of a section prints."""

    LITERAL = auto()
    INTEGER = auto()  # placeholders before the decimal point
    DECIMALS = auto()  # placeholders after it
    POINT = auto()
    PERCENT = auto()
    EXPONENT = auto()  # the sign of it, as E+ or E-
    GENERAL = auto()
    TEXT = auto()  # the text of the cell
    DATE = auto()
    ELAPSED = auto()  # hours, minutes or seconds beyond a day, an hour, a minute


class Part(NamedTuple):
    """One part of a section: a literal text, a run of placeholders, or letters of a date."""

    kind: Kind
    text: str


@dataclass(frozen=True)
class Condition:
    """What a section is for where the code states it, as `[<5]`."""

    sign: str
    operand: float

    def is_met_by(self, value: float) -> bool:
        """Whether the section shows this value."""
        return _OPERATORS[self.sign](value, self.operand)


@dataclass(frozen=True)
class Section:
    """The parts of one section in their order.

    `thousands` counts the commas that divide by a thousand each; `percents` the signs that multiply
    by a hundred.
    """

    parts: tuple[Part, ...]
    condition: Condition | None = None
    thousands: int = 0

    @property
    def percents(self) -> int:
        """How many times the value is multiplied by a hundred."""
        return sum(part.kind is Kind.PERCENT for part in self.parts)

    def has(self, *kinds: Kind) -> bool:
        """Whether any part is of one of these kinds."""
        return any(part.kind in kinds for part in self.parts)


def sections_of(code: str) -> tuple[Section, ...]:
    """The sections of a format code, at most four. Raises `FormatNotUnderstood`."""
    if len(code) > LONGEST_CODE:
        raise FormatNotUnderstood("it is too long")
    sections = tuple(_section(text) for text in _split(code))
    if len(sections) > 4:
        raise FormatNotUnderstood("it has more than four sections")
    return sections


def _split(code: str) -> list[str]:
    """The texts of the sections; a semicolon in quotes or after a backslash does not part them."""
    texts, end = [""], 0
    for piece in _SECTION_PIECE.finditer(code):
        texts += [""] * code[end : piece.start()].count(";")
        texts[-1] += piece[0]
        end = piece.end()
    return texts + [""] * code[end:].count(";")


def _section(text: str) -> Section:
    reader = _SectionReader(text)
    while reader.rest:
        reader.step()
    return reader.section()


class _SectionReader:
    """Reads one section from left to right."""

    def __init__(self, text: str) -> None:
        self.rest = text
        self.parts: list[Part] = []
        self.condition: Condition | None = None
        self.commas = 0

    def step(self) -> None:
        """Read the next part."""
        character = self.rest[0]
        if character in '"\\_*[':
            self._quoted(character)
        elif self.rest[:7].lower() == "general":
            self._add(Kind.GENERAL, "General", 7)
        elif match := _EXPONENT.match(self.rest):
            self._add(Kind.EXPONENT, match[0], 2)
        elif match := _DATE_LETTERS.match(self.rest):
            self._add(Kind.DATE, match[0].lower(), match.end())
        elif character in "0#?":
            self._placeholder(character)
        elif character == ",":
            self._comma()
        elif character in ".%@":
            kind = {".": Kind.POINT, "%": Kind.PERCENT, "@": Kind.TEXT}[character]
            self._add(kind, character, 1)
        elif character.isascii() and character.isalpha():
            raise FormatNotUnderstood(f"the letter {character!r} has no meaning in it")
        else:
            self._literal(character, 1)

    def section(self) -> Section:
        """What was read. Raises `FormatNotUnderstood` for parts that do not go together."""
        section = Section(tuple(_merged(self.parts)), self.condition, self.commas)
        is_date = section.has(Kind.DATE, Kind.ELAPSED)
        if is_date and section.has(Kind.PERCENT, Kind.GENERAL, Kind.TEXT, Kind.EXPONENT):
            raise FormatNotUnderstood("it mixes a date with something else")
        if [part.kind for part in section.parts].count(Kind.POINT) > 1 and not is_date:
            raise FormatNotUnderstood("it has two decimal points")
        return section

    def _add(self, kind: Kind, text: str, length: int) -> None:
        self.parts.append(Part(kind, text))
        self.rest = self.rest[length:]

    def _literal(self, text: str, length: int) -> None:
        self._add(Kind.LITERAL, text, length)

    def _placeholder(self, character: str) -> None:
        is_decimal = any(part.kind is Kind.POINT for part in self.parts)
        is_exponent = any(part.kind is Kind.EXPONENT for part in self.parts)
        kind = Kind.DECIMALS if is_decimal and not is_exponent else Kind.INTEGER
        # commas before a further placeholder group its digits, they divide nothing
        self.commas = 0
        self._add(kind, character, 1)

    def _comma(self) -> None:
        """A comma between placeholders groups digits, after the last one it divides by 1000."""
        if self.parts and self.parts[-1].kind in (Kind.INTEGER, Kind.DECIMALS):
            self.commas += len(self.rest) - len(self.rest.lstrip(","))
            self.rest = self.rest.lstrip(",")
        else:
            self._literal(",", 1)

    def _quoted(self, character: str) -> None:
        if character == '"':
            end = self.rest.find('"', 1)
            if end < 0:
                raise FormatNotUnderstood("a quote in it has no end")
            self._literal(self.rest[1:end], end + 1)
        elif character == "[":
            end = self.rest.find("]")
            if end < 0:
                raise FormatNotUnderstood("a bracket in it has no end")
            self._bracket(self.rest[1:end], end + 1)
        elif len(self.rest) < 2:
            raise FormatNotUnderstood(f"nothing follows {character!r}")
        elif character == "\\":
            self._literal(self.rest[1], 2)
        else:  # room as wide as a character, or a character that fills the cell
            self._literal(" ", 2)

    def _bracket(self, text: str, length: int) -> None:
        """A condition, a colour, a currency with its locale, or a time beyond a day."""
        if condition := _CONDITION.fullmatch(text.strip()):
            self.condition = Condition(condition[1], float(condition[2]))
        elif currency := _CURRENCY.fullmatch(text):
            self._literal(currency[1], 0)
        elif _ELAPSED.fullmatch(text):
            self._add(Kind.ELAPSED, text.lower(), 0)
        elif not _COLOURS.fullmatch(text.strip()):
            raise FormatNotUnderstood(f"[{text}] has no meaning in it")
        self.rest = self.rest[length:]


def _merged(parts: list[Part]) -> list[Part]:
    """Neighbours of the same kind as one part; empty literals are left out."""
    merged: list[Part] = []
    runs = (Kind.LITERAL, Kind.INTEGER, Kind.DECIMALS)
    for part in parts:
        if part.kind is Kind.LITERAL and not part.text:
            continue
        if merged and part.kind is merged[-1].kind and part.kind in runs:
            merged[-1] = Part(part.kind, merged[-1].text + part.text)
        else:
            merged.append(part)
    return merged
