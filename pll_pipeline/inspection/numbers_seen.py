"""How the numbers of a column are written: convention, marks in place of numbers, units, readings.

Not here: what a text means (`vocabulary/norwegian/numbers.py`), columns without numbers.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from pll_pipeline.vocabulary.norwegian.numbers import CONVENTIONS, Figure, read_number
from pll_pipeline.vocabulary.norwegian.text import UnreadableText

# Which details a number column can have besides the name of a convention.
WHOLE = "whole"
CELLS = "cells"
TWO_READINGS = "two readings"
# The convention that refuses a number with two readings, by its mark.
_REFUSING = {".": "norwegian", ",": "point"}
_MARK = re.compile(
    r"[:.·*\-–—−…]|\.{2,3}|x{1,3}|n/?a\.?|i\.?a\.?|null|nan|skjult|prikket|mangler"
    r"|ikke (?:tilgjengelig|publisert|oppgitt)|ikkje (?:tilgjengeleg|publisert|oppgitt)",
    re.IGNORECASE,
)
_FEWER_THAN = re.compile(r"(?:[<≤]|færre enn|mindre enn|under)\s*\d+", re.IGNORECASE)
_AMOUNT = re.compile(r"\d[\d.,]*\d|\d")
_THREE_DIGITS = re.compile(r"[1-9]\d{0,2}([.,])\d{3}")
_FOOTNOTE_MARK = r"[*†‡§#]+|[¹²³⁰⁴-⁹]+|\(?[1-9a-e]\)"
_WITH_FOOTNOTE = re.compile(
    rf"(?P<number>.*\d(?: ?%)?) ?(?P<mark>{_FOOTNOTE_MARK})|(?P<before>[*†‡§#]+) ?(?P<after>\d.*)"
)
_SHARE = re.compile(r"%|‰|\bprosent\b|\bpst\b", re.IGNORECASE)


@dataclass(frozen=True)
class NumbersSeen:
    """How numbers are written.

    `convention`: the name of one, `WHOLE` where every one reads them alike, `CELLS` where they are
    numbers of a workbook or of JSON, or `TWO_READINGS`, as `two_readings` shows one. `marks`: text
    in place of a number → how often. `unread`: texts that are neither. `has_share_sign`: cells
    have a per cent sign of their own. `footnotes`: mark beside a number → how often.
    """

    convention: str
    marks: Mapping[str, int]
    unread: Mapping[str, int]
    two_readings: str = ""
    has_share_sign: bool = False
    footnotes: Mapping[str, int] = field(default_factory=dict)

    @property
    def shows_convention(self) -> bool:
        """Whether the numbers show how the publisher writes decimals or thousands."""
        return self.convention not in (WHOLE, TWO_READINGS, CELLS)

    @property
    def readable_convention(self) -> str:
        """The convention for a source file; of two readings the one that refuses such numbers."""
        if self.convention == TWO_READINGS:
            mark = _THREE_DIGITS.search(self.two_readings)
            return _REFUSING[mark[1] if mark else "."]
        return {WHOLE: "norwegian", CELLS: "point"}.get(self.convention, self.convention)


def is_mark(text: str) -> bool:
    """Whether the text takes the place of a number: withheld, missing, zero or fewer than some."""
    return bool(_MARK.fullmatch(text) or _FEWER_THAN.fullmatch(text))


def numbers_seen(
    counts: Mapping[str, int], number_cells: Iterable[str], enough: float
) -> NumbersSeen | None:
    """How the numbers among the texts of a column are written; None where too few are numbers.

    `counts`: each text that is not empty → how often. `number_cells`: the texts of cells that are
    numbers by their type. `enough`: the share of the texts, marks apart, that must be numbers.
    """
    typed = set(number_cells)
    marks = {text: count for text, count in counts.items() if is_mark(text.strip())}
    texts = [text for text in counts if text not in marks and text not in typed]
    read = {name: {text for text in texts if _reads(text, name)} for name in CONVENTIONS}
    most = max(map(len, read.values()))
    if not (texts or typed) or most + len(typed) < enough * (len(texts) + len(typed)):
        return None
    fitting = [name for name, good in read.items() if len(good) == most]
    two_readings = _two_readings(texts)
    if two_readings:
        convention = TWO_READINGS
    elif not texts:
        convention = CELLS
    else:
        convention = fitting[0] if len(fitting) < len(CONVENTIONS) else WHOLE
    good = set().union(*(read[name] for name in fitting))
    return NumbersSeen(
        convention,
        marks,
        {text: counts[text] for text in texts if text not in good},
        two_readings,
        any(_SHARE.search(text) for text in [*texts, *typed]),
        _footnotes({text: counts[text] for text in texts}),
    )


def _footnotes(counts: Mapping[str, int]) -> dict[str, int]:
    """The marks beside numbers, each with how often it occurs."""
    footnotes: dict[str, int] = {}
    for text, count in counts.items():
        if parts := _WITH_FOOTNOTE.fullmatch(text.strip()):
            mark = parts["mark"] or parts["before"]
            footnotes[mark] = footnotes.get(mark, 0) + count
    return footnotes


def _without_footnote(text: str) -> str:
    parts = _WITH_FOOTNOTE.fullmatch(text.strip())
    return (parts["number"] or parts["after"]) if parts else text


def figure_of(text: str) -> Figure | None:
    """The number, with or without qualifier and unit, in the first convention that reads it."""
    for convention in CONVENTIONS.values():
        try:
            return read_number(text, convention)
        except UnreadableText:
            continue
    return None


def _reads(text: str, convention: str) -> bool:
    """Whether the convention reads the text, apart from a footnote mark beside it."""
    try:
        read_number(_without_footnote(text), CONVENTIONS[convention])
    except UnreadableText:
        return False
    return True


def _two_readings(texts: Sequence[str]) -> str:
    """The first number whose mark is a thousand's or a decimal's, "" where one is certain.

    It is uncertain where every mark of the column is followed by three digits.
    """
    marked = [
        amount for text in texts for amount in _AMOUNT.findall(text) if re.search("[.,]", amount)
    ]
    is_uncertain = len({re.sub(r"\d", "", amount) for amount in marked}) == 1 and all(
        _THREE_DIGITS.fullmatch(amount) for amount in marked
    )
    return marked[0] if marked and is_uncertain else ""
