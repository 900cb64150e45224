"""How the numbers of a column are written: convention, marks in place of numbers, units, readings.

Not here: what a text means (`vocabulary/norwegian/numbers.py`), columns without numbers.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from pll_pipeline.vocabulary.norwegian.numbers import CONVENTIONS, read_number
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
_SHARE = re.compile(r"%|‰|\bprosent\b|\bpst\b", re.IGNORECASE)


@dataclass(frozen=True)
class NumbersSeen:
    """How numbers are written.

    `convention`: the name of one, `WHOLE` where every one reads them alike, `CELLS` where they are
    numbers of a workbook or of JSON, or `TWO_READINGS`, as `two_readings` shows one. `marks`: text
    in place of a number → how often. `unread`: texts that are neither. `has_share_sign`: cells
    have a per cent sign of their own.
    """

    convention: str
    marks: Mapping[str, int]
    unread: Mapping[str, int]
    two_readings: str = ""
    has_share_sign: bool = False

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
    )


def _reads(text: str, convention: str) -> bool:
    try:
        read_number(text, CONVENTIONS[convention])
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
