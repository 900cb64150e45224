"""Norwegian numbers with units and qualifiers.

A text without exactly one meaning raises an error with the text itself. Whether `1.234` is a
thousand or a decimal is decided by the convention passed in. Not here: periods, names, files.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from functools import cache
from typing import Literal

from pll_pipeline.vocabulary.norwegian.text import (
    DASHES,
    LONGEST_TEXT,
    UnreadableText,
    any_of,
    with_group_spaces,
    words_of,
)

Unit = Literal["count", "share", "nok", "count_per_week"]
PrintedUnit = Literal["percent", "per_mille", "nok", "count_per_week"]
Qualifier = Literal["exact", "approx", "at_least", "at_most"]


@dataclass(frozen=True)
class NumberConvention:
    """How a publisher prints numbers.

    `decimal` is "," or "."; `thousands` has every mark allowed between groups of three digits
    (" ", ".", ","; "" for none). No mark may mean both: ValueError.
    """

    decimal: str
    thousands: str

    def __post_init__(self) -> None:
        """Refuse a mark with two meanings."""
        if (
            self.decimal not in (",", ".")
            or not set(self.thousands) <= set(" .,")
            or self.decimal in self.thousands
        ):
            marks = f"the decimal mark {self.decimal!r} and the thousands marks {self.thousands!r}"
            raise ValueError(f"no convention has {marks}")

    def __str__(self) -> str:
        """In words, as errors name it."""
        names = {",": "comma", ".": "point", " ": "space"}
        thousands = " or ".join(names[mark] for mark in self.thousands) or "unmarked"
        return f"decimal {names[self.decimal]}, thousands {thousands}"


NORWEGIAN = NumberConvention(",", " ")
NORWEGIAN_DOTTED = NumberConvention(",", " .")
POINT = NumberConvention(".", " ")
# By the name a source file uses
CONVENTIONS = {"point": POINT, "norwegian": NORWEGIAN, "norwegian_dotted": NORWEGIAN_DOTTED}


@dataclass(frozen=True)
class Figure:
    """A number as a text states it, in whole units: counts, kroner, shares as 0–1.

    - exact: lower = value = upper. at_least: lower = value, no upper. at_most: upper = value, no
      lower. approx: no bounds, or, for a printed range, both bounds and no value.
    - `unit` is "count" where no unit is printed; `printed_unit` is None then. What is counted,
      and whether in per cent, is for the source's mapping to say.
    - `printed_scale` is the power of ten of a printed word: 6 for "2,6 millioner".
    - `words` are the words of the qualifier in lower case, as "færre enn"; "range" for a range.
    """

    value: float | None
    unit: Unit
    qualifier: Qualifier
    lower: float | None
    upper: float | None
    text: str = field(compare=False)
    printed_unit: PrintedUnit | None = field(default=None, compare=False)
    printed_scale: int = field(default=0, compare=False)
    words: str = field(default="", compare=False)


_QUALIFIERS: dict[Qualifier, tuple[str, ...]] = {
    "at_least": (
        "over",
        "godt over",
        "litt over",
        "like over",
        "rett over",
        "langt over",
        "i overkant av",
        "mer enn",
        "meir enn",
        "flere enn",
        "fleire enn",
        "vel",
        "godt og vel",
        "minst",
        "minimum",
        "ikke mindre enn",
        "ikkje mindre enn",
        "drøyt",
        "drøye",
        "drygt",
        ">",
        "≥",
    ),
    "at_most": (
        "nær",
        "nærmere",
        "nærmare",
        "opp mot",
        "bortimot",
        "nesten",
        "snart",
        "snaut",
        "snaue",
        "knapt",
        "under",
        "godt under",
        "litt under",
        "like under",
        "rett under",
        "langt under",
        "i underkant av",
        "inntil",
        "opptil",
        "opp til",
        "færre enn",
        "mindre enn",
        "ikke mer enn",
        "ikkje meir enn",
        "høyst",
        "maks",
        "maks.",
        "maksimum",
        "maksimalt",
        "<",
        "≤",
    ),
    "approx": (
        "om lag",
        "omlag",
        "omtrent",
        "cirka",
        "circa",
        "sirka",
        "ca",
        "ca.",
        "rundt",
        "omkring",
        "kring",
        "et sted rundt",
        "ein stad rundt",
        "tilnærmet",
        "tilnærma",
        "anslagsvis",
        "~",
        "≈",
    ),
}
_QUALIFIER_OF = {
    words: qualifier for qualifier, all_words in _QUALIFIERS.items() for words in all_words
}
# A word ends at a space. A sign or an abbreviation with its point may touch the number.
_WORDS_AND_SIGNS = (
    any_of(words for words in _QUALIFIER_OF if words[-1].isalpha() is is_word)
    for is_word in (True, False)
)
_QUALIFIER = re.compile("(?:{})(?: +|$)|(?:{}) *".format(*_WORDS_AND_SIGNS), re.IGNORECASE)
_QUALIFIER_AT_END = re.compile(
    rf"(?:^|(?<![\w<>≤≥~≈]))({any_of([*_QUALIFIER_OF, 'mellom'])}) *$", re.IGNORECASE
)
# The number itself is excluded: "<5" is at most 4 of a count.
STRICT_UPPER_BOUNDS = frozenset(
    {
        "<",
        "under",
        "godt under",
        "litt under",
        "like under",
        "rett under",
        "langt under",
        "færre enn",
        "mindre enn",
    }
)
# The number is included, and is a bound rather than a rough size as "nær 5 000".
FIRM_UPPER_BOUNDS = frozenset(
    {
        "≤",
        "inntil",
        "opptil",
        "opp til",
        "ikke mer enn",
        "ikkje meir enn",
        "høyst",
        "maks",
        "maks.",
        "maksimum",
        "maksimalt",
    }
)

_SCALES = {
    "tusen": 3,
    "m": 6,
    "mill": 6,
    "mill.": 6,
    "million": 6,
    "millioner": 6,
    "millionar": 6,
    "mrd": 9,
    "mrd.": 9,
    "milliard": 9,
    "milliarder": 9,
    "milliardar": 9,
}
_PRINTED_UNITS: dict[PrintedUnit, tuple[str, ...]] = {
    "percent": ("%", "prosent", "% prosent", "pst", "pst."),
    "per_mille": ("‰", "promille"),
    "nok": ("kr", "kr.", "krone", "kroner", "nok"),
    "count_per_week": (
        "per uke",
        "pr uke",
        "pr. uke",
        "i uka",
        "i uken",
        "per veke",
        "pr. veke",
        "i veka",
    ),
}
_PRINTED_UNIT_OF = {word: unit for unit, words in _PRINTED_UNITS.items() for word in words}
_UNIT_OF: dict[PrintedUnit, Unit] = {
    "percent": "share",
    "per_mille": "share",
    "nok": "nok",
    "count_per_week": "count_per_week",
}
_PARTS_OF_ONE: dict[PrintedUnit | None, int] = {"percent": 2, "per_mille": 3}
_UNIT = re.compile(
    rf" *(?P<scale>{any_of(_SCALES.keys() - {'m'})}|m(?=nok))?"
    rf" *(?P<unit>{any_of(_PRINTED_UNIT_OF)})?",
    re.IGNORECASE,
)
_UNIT_AT_START = re.compile(rf"{_UNIT.pattern}(?!\w)", re.IGNORECASE)
_CURRENCY_FIRST = re.compile(r"(kr\.?|m?nok) *(?=[-−0-9])(.+)", re.IGNORECASE)
_RANGE = re.compile(
    rf"mellom (.+) og (.+)|([^{DASHES}]+?)(?: *[{DASHES}] *| +til +)(.+)", re.IGNORECASE
)
_LETTER = re.compile(r"[^\W_][,.]?|[,.%]")
_GROUPS_OF_THREE = re.compile(r"[0-9]( [0-9]){0,2}( {2,}[0-9] [0-9] [0-9])+")
_RAISED = str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789")
# `1,2E+05`, `1,2 · 10⁵`, `1,2 x 10^5`
_POWER = (
    r"e(?P<exponent>[+-]?[0-9]{1,3})"
    r"| ?[·⋅×x*] ?10(?:(?P<raised>⁻?[⁰¹²³⁴⁵⁶⁷⁸⁹]{1,3})|\^(?P<caret>-?[0-9]{1,3}))"
)


@dataclass(frozen=True)
class _Term:
    """One number with what is printed after it. `is_bare`: nothing is."""

    sign: str
    whole: str
    decimals: str
    exponent: int
    scale: int
    printed_unit: PrintedUnit | None
    is_bare: bool

    @property
    def unit(self) -> Unit:
        return _UNIT_OF[self.printed_unit] if self.printed_unit else "count"

    @property
    def is_above_zero(self) -> bool:
        return not {"0"}.issuperset(self.whole + self.decimals)

    def amount(self, scale: int, printed_unit: PrintedUnit | None) -> float:
        # Put together as text, so that the result is the double nearest to what is printed:
        # 94,8 % is 0.948.
        power = self.exponent + scale - _PARTS_OF_ONE.get(printed_unit, 0)
        return float(f"{self.sign}{self.whole}.{self.decimals or '0'}e{power}") + 0.0


def read_number(text: str, convention: NumberConvention) -> Figure:
    """The figure a text states: a qualifier, a number or a range, a unit, and nothing else.

    `2,6 millioner` · `94,8 %` · `over 33 millioner` · `1,25 mrd kr` · `85–90 prosent` ·
    `1,2E+05` · `1,2 · 10⁶` · `7 1 5 4` (letter-spaced print). Shares come as 0–1.

    Raises `UnreadableText` for anything else, and for every text with two readings: marks of
    another convention, groups that are not three digits, digits on two lines, two figures,
    leading zeros (`0301` is a code), `10⁶` (a power or a footnote), `10–12 000`, a range with a
    qualifier.
    """
    if _PLAIN_DIGITS.fullmatch(text):
        value = float(text)
        return Figure(value, "count", "exact", value, value, text)
    if len(text) > LONGEST_TEXT:
        why = f"it has {len(text)} characters, more than {LONGEST_TEXT}"
        raise _unreadable(f"{text[:100]}…", why, convention)
    return _read(text, convention)


_PLAIN_DIGITS = re.compile("(?:0|[1-9][0-9]{0,14})", re.ASCII)


def _read(text: str, convention: NumberConvention) -> Figure:
    qualifier, words, rest = _split_qualifier(_closed_up(with_group_spaces(text)))
    rest = _closed_up(rest)
    term = _term(rest, convention)
    if term is None and (ends := _RANGE.fullmatch(rest)):
        low, high = (part for part in ends.groups() if part)
        return _range(text, qualifier, _term(low, convention), _term(high, convention), convention)
    if term is None:
        raise _unreadable(text, "not one number with a known unit", convention)
    value = term.amount(term.scale, term.printed_unit)
    if not math.isfinite(value):
        raise _unreadable(text, "too large", convention)
    if not value and term.is_above_zero:
        raise _unreadable(text, "too small to differ from zero here", convention)
    lower = value if qualifier in ("exact", "at_least") else None
    upper = value if qualifier in ("exact", "at_most") else None
    return Figure(
        value, term.unit, qualifier, lower, upper, text, term.printed_unit, term.scale, words
    )


def _range(
    text: str,
    qualifier: Qualifier,
    low: _Term | None,
    high: _Term | None,
    convention: NumberConvention,
) -> Figure:
    if not low or not high or low.sign:
        raise _unreadable(text, "not a range of two numbers", convention)
    if qualifier != "exact":
        why = "a range with a qualifier states neither a number nor firm bounds"
        raise _unreadable(text, why, convention)
    lower, upper = _bounds(low, high)
    if lower is None or not math.isfinite(upper):
        why = "the ends of the range do not go together, or can be read in more than one way"
        raise _unreadable(text, why, convention)
    return Figure(
        None, high.unit, "approx", lower, upper, text, high.printed_unit, high.scale, "range"
    )


def qualifier_at_end(text: str) -> str:
    """The words of a qualifier that a text ends with, right before a number; "" for none."""
    found = _QUALIFIER_AT_END.search(with_group_spaces(text + "0")[:-1])
    return found[1].strip() if found else ""


def size_at_start(text: str) -> str:
    """The words of scale and unit that a text begins with, right after a number; "" for none."""
    found = _UNIT_AT_START.match(with_group_spaces("0" + text)[1:])
    return found[0].strip() if found else ""


def _unreadable(text: str, why: str, convention: NumberConvention) -> UnreadableText:
    do = (
        "check the text at the publisher; if it is right, declare in the source file the number"
        " convention of this column, or what the mark means"
    )
    return UnreadableText(text, "a number", f"{why} (convention: {convention})", do)


def _split_qualifier(plain: str) -> tuple[Qualifier, str, str]:
    """The qualifier before a number, its words in lower case, and the text after them.

    "nær" and "nærmere" are at_most: the publishers use them for numbers not quite reached.
    """
    if match := _QUALIFIER.match(plain):
        words = words_of(match[0])
        return _QUALIFIER_OF[words], words, plain[match.end() :]
    return "exact", "", plain


def _closed_up(text: str) -> str:
    """`5 8, 5   M I L L I O N E R` as `58,5 MILLIONER`; other text as it is.

    Only where the whole text is so spaced and has one reading: `7 1` may be two numbers.
    """
    words = [word.split(" ") for word in re.split(" {2,}", text)]
    if not all(_LETTER.fullmatch(sign) for word in words for sign in word):
        return text
    longest = max(sum(sign[0].isalnum() for sign in word) for word in words)
    has_letters = any(sign[0].isalpha() or sign == "%" for word in words for sign in word)
    is_one_figure = (
        longest >= 3
        if has_letters or _GROUPS_OF_THREE.fullmatch(text)
        else longest >= 4 and len(words) == 1 and text.replace(" ", "").isdigit()
    )
    return " ".join("".join(word) for word in words) if is_one_figure else text


@cache
def _amount_pattern(convention: NumberConvention) -> re.Pattern[str]:
    marks = re.escape(convention.thousands)
    grouped = (
        rf"[1-9][0-9]{{0,2}}(?P<mark>[{marks}])[0-9]{{3}}(?:(?P=mark)[0-9]{{3}})*|" if marks else ""
    )
    decimals = rf"(?:{re.escape(convention.decimal)}(?P<decimals>[0-9]+))?"
    return re.compile(
        rf"(?P<sign>[-−]?)(?P<whole>{grouped}0|[1-9][0-9]*){decimals}(?:{_POWER})?", re.IGNORECASE
    )


def _term(text: str, convention: NumberConvention) -> _Term | None:
    if currency := _CURRENCY_FIRST.fullmatch(text):
        text = f"{currency[2]} {currency[1]}"
    amount = _amount_pattern(convention).match(text)
    # No unit begins with a digit or a mark: what is left of a number that was not read to its
    # end is refused here.
    after = amount and _UNIT.fullmatch(text[amount.end() :])
    if not amount or not after:
        return None
    scale = _SCALES[after["scale"].casefold()] if after["scale"] else 0
    printed_unit = _PRINTED_UNIT_OF[words_of(after["unit"])] if after["unit"] else None
    if scale and printed_unit in _PARTS_OF_ONE:
        return None
    power = amount["exponent"] or amount["caret"] or (amount["raised"] or "").translate(_RAISED)
    return _Term(
        "-" if amount["sign"] else "",
        re.sub("[^0-9]", "", amount["whole"]),
        amount["decimals"] or "",
        int(power or 0),
        scale,
        printed_unit,
        not after[0].strip(),
    )


def _bounds(low: _Term, high: _Term) -> tuple[float | None, float]:
    """Both ends in whole units; the lower one None where they do not go together."""
    upper = high.amount(high.scale, high.printed_unit)
    if not low.is_bare and low.printed_unit not in (None, high.printed_unit):
        return None, upper
    lower = low.amount(high.scale if low.is_bare else low.scale, high.printed_unit)
    # `10–12 000` is ten to twelve thousand to some and ten to 12 000 to others
    first, last = low.amount(0, None), high.amount(0, None)
    is_elliptic = (
        low.is_bare
        and not low.decimals
        and 0 < first < 1000
        and last % 1000 == 0
        and first * 1000 <= last
    )
    return (lower if lower < upper and not is_elliptic else None), upper
