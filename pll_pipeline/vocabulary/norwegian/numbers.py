"""Norwegian numbers with units and hedges, read and written.

What cannot be read with one meaning only raises with the text itself; whether `1.234` is a thousand or a decimal is
decided by the convention passed in. Not here: periods, names, files.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from functools import cache
from typing import Literal

from pll_pipeline.vocabulary.norwegian.text import (
    DASHES,
    UnreadableText,
    any_of,
    with_plain_spaces,
    words_of,
)

Unit = Literal["count", "share", "nok", "count_per_week"]
Qualifier = Literal["exact", "approx", "at_least", "at_most"]


@dataclass(frozen=True)
class NumberConvention:
    """How a publisher prints numbers: `decimal` is "," or ".", `thousands` holds every mark allowed between groups of
    three digits (" ", ".", ","; "" for none). No mark may mean both: ValueError.
    """

    decimal: str
    thousands: str

    def __post_init__(self) -> None:
        if (
            self.decimal not in (",", ".")
            or not set(self.thousands) <= set(" .,")
            or self.decimal in self.thousands
        ):
            marks = f"the decimal mark {self.decimal!r} and the thousands marks {self.thousands!r}"
            raise ValueError(f"no convention has {marks}")

    def __str__(self) -> str:
        names = {",": "comma", ".": "point", " ": "space"}
        return f"decimal {names[self.decimal]}, thousands {' or '.join(names[m] for m in self.thousands) or 'unmarked'}"


NORWEGIAN = NumberConvention(",", " ")
NORWEGIAN_DOTTED = NumberConvention(",", " .")
POINT = NumberConvention(".", " ")


@dataclass(frozen=True)
class Figure:
    """A number as somebody stated it, in whole units: counts, kroner, shares as 0–1.

    exact: lower = value = upper. at_least: lower = value, no upper. at_most: upper = value, no lower. approx: no bounds,
    or, when a range was printed, both bounds and no value. `unit` is "count" where no unit is printed: what is counted,
    and whether in per cent, is then for the source's mapping to say.
    """

    value: float | None
    unit: Unit
    qualifier: Qualifier
    lower: float | None
    upper: float | None
    text: str = field(compare=False)


_HEDGES: dict[Qualifier, tuple[str, ...]] = {
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
_QUALIFIER_OF = {hedge: qualifier for qualifier, hedges in _HEDGES.items() for hedge in hedges}
# a word ends at a space; a sign or an abbreviation with its point may stand right before the number
_WORDS_AND_SIGNS = (
    any_of(hedge for hedge in _QUALIFIER_OF if hedge[-1].isalpha() is is_word)
    for is_word in (True, False)
)
_HEDGE = re.compile("(?:{})(?: +|$)|(?:{}) *".format(*_WORDS_AND_SIGNS), re.IGNORECASE)

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
_UNITS: dict[str, Unit] = {
    "%": "share",
    "prosent": "share",
    "% prosent": "share",
    "pst": "share",
    "pst.": "share",
    "kr": "nok",
    "kr.": "nok",
    "krone": "nok",
    "kroner": "nok",
    "nok": "nok",
    "per uke": "count_per_week",
    "pr uke": "count_per_week",
    "pr. uke": "count_per_week",
    "i uka": "count_per_week",
    "i uken": "count_per_week",
    "per veke": "count_per_week",
    "pr. veke": "count_per_week",
    "i veka": "count_per_week",
}
_UNIT = re.compile(
    rf" *(?P<scale>{any_of(_SCALES.keys() - {'m'})}|m(?=nok))? *(?P<unit>{any_of(_UNITS)})?",
    re.IGNORECASE,
)
_CURRENCY_FIRST = re.compile(r"(kr\.?|m?nok) *(?=[-−0-9])(.+)", re.IGNORECASE)
_RANGE = re.compile(
    rf"mellom (.+) og (.+)|([^{DASHES}]+?)(?: *[{DASHES}] *| +til +)(.+)", re.IGNORECASE
)
_LETTER = re.compile(r"[^\W_][,.]?|[,.%]")


@dataclass(frozen=True)
class _Term:
    """One number with what is printed after it. `is_bare`: nothing is."""

    sign: str
    whole: str
    decimals: str
    scale: int
    unit: Unit | None
    is_bare: bool

    def amount(self, scale: int, unit: Unit | None) -> float:
        # put together as text, so that the result is the double nearest to what is printed: 94,8 % is 0.948
        power = scale - (2 if unit == "share" else 0)
        return float(f"{self.sign}{self.whole}.{self.decimals or '0'}e{power}") + 0.0


def read_number(text: str, convention: NumberConvention) -> Figure:
    """The figure a text states: a hedge, a number or a range, a unit, and nothing else.

    `2,6 millioner` · `94,8 %` · `over 33 millioner` · `1,25 mrd kr` · `85–90 prosent` · `7 1 5 4` (letter-spaced print).
    Shares come as 0–1. Raises `UnreadableText` for anything else, and for every text with two readings: marks of another
    convention, groups that are not three digits, leading zeros (`0301` is a code), `10–12 000`, a hedged range.
    """

    def unreadable(why: str) -> UnreadableText:
        do = "check the text at the publisher; if it is right, declare the number convention of this column in the source file"
        return UnreadableText(text, "a number", f"{why} (convention: {convention})", do)

    qualifier, rest = read_hedge(_closed_up(with_plain_spaces(text)))
    rest = _closed_up(rest)
    if ends := _RANGE.fullmatch(rest):
        low, high = (_term(part, convention) for part in ends.groups() if part)
        if not low or not high or low.sign:
            raise unreadable("not a range of two numbers")
        if qualifier != "exact":
            raise unreadable("a range with a hedge says neither a number nor firm bounds")
        lower, upper = _bounds(low, high)
        if lower is None or not math.isfinite(upper):
            raise unreadable(
                "the two ends of the range do not go together, or can be read in more than one way"
            )
        return Figure(None, high.unit or "count", "approx", lower, upper, text)
    term = _term(rest, convention)
    if not term:
        raise unreadable("not one number with a known unit")
    value = term.amount(term.scale, term.unit)
    if not math.isfinite(value):
        raise unreadable("too large")
    lower = value if qualifier in ("exact", "at_least") else None
    upper = value if qualifier in ("exact", "at_most") else None
    return Figure(value, term.unit or "count", qualifier, lower, upper, text)


def read_hedge(text: str) -> tuple[Qualifier, str]:
    """What the words before a number say of it, and the text after them; "exact" and the whole text without such words.

    "nær" and "nærmere" are at_most: the publishers use them for numbers not quite reached.
    """
    plain = with_plain_spaces(text)
    if match := _HEDGE.match(plain):
        return _QUALIFIER_OF[words_of(match[0])], plain[match.end() :]
    return "exact", plain


def write_number(value: float | Decimal, unit: Unit = "count", decimals: int | None = None) -> str:
    """A number as Norwegian print has it: `96 750`, `94,8 %` for the share 0.948, `1 250 kr`, `51 000 per uke`.

    No-break spaces, decimal comma, a real minus. Without `decimals` every digit of the value is written, so that
    `read_number` with `NORWEGIAN` gives it back; with it the number is rounded, halves away from zero.
    """
    from babel.numbers import (
        format_decimal,
        get_minus_sign_symbol,
    )  # here: reading does not need it

    exact = Decimal(str(value))
    if not exact.is_finite():
        raise ValueError(f"{value!r} is not a number that can be written")
    if unit == "share":
        exact = exact.scaleb(2)
    if decimals is not None:
        exact = exact.quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP)
    pattern = "#,##0" + (
        "." + ("#" if decimals is None else "0" * decimals) if decimals != 0 else ""
    )
    digits = format_decimal(abs(exact), format=pattern, locale="nb_NO", decimal_quantization=False)
    minus = get_minus_sign_symbol("nb_NO") if exact < 0 else ""
    after = {
        "count": "",
        "share": "\u00a0%",
        "nok": "\u00a0kr",
        "count_per_week": "\u00a0per\u00a0uke",
    }[unit]
    return f"{minus}{digits}{after}"


def _closed_up(text: str) -> str:
    """`5 8, 5   M I L L I O N E R` as `58,5 MILLIONER`; other text as it is.

    Only where the whole text is so spaced, and somewhere three signs in a row: `7 1` may be two numbers.
    """
    words = [word.split(" ") for word in re.split(" {2,}", text)]
    is_spaced = all(_LETTER.fullmatch(sign) for word in words for sign in word)
    if not is_spaced or max(sum(sign[0].isalnum() for sign in word) for word in words) < 3:
        return text
    return " ".join("".join(word) for word in words)


@cache
def _amount_pattern(convention: NumberConvention) -> re.Pattern[str]:
    marks = re.escape(convention.thousands)
    grouped = (
        rf"[1-9][0-9]{{0,2}}(?P<mark>[{marks}])[0-9]{{3}}(?:(?P=mark)[0-9]{{3}})*|" if marks else ""
    )
    decimals = rf"(?:{re.escape(convention.decimal)}(?P<decimals>[0-9]+))?"
    return re.compile(rf"(?P<sign>[-−]?)(?P<whole>{grouped}0|[1-9][0-9]*){decimals}")


def _term(text: str, convention: NumberConvention) -> _Term | None:
    if currency := _CURRENCY_FIRST.fullmatch(text):
        text = f"{currency[2]} {currency[1]}"
    amount = _amount_pattern(convention).match(text)
    # no unit begins with a digit or a mark: what is left of a number that was not read to its end is refused here
    after = amount and _UNIT.fullmatch(text[amount.end() :])
    if not amount or not after:
        return None
    scale = _SCALES[after["scale"].casefold()] if after["scale"] else 0
    unit = _UNITS[words_of(after["unit"])] if after["unit"] else None
    if scale and unit == "share":
        return None
    sign = "-" if amount["sign"] else ""
    return _Term(
        sign,
        re.sub("[^0-9]", "", amount["whole"]),
        amount["decimals"] or "",
        scale,
        unit,
        not after[0].strip(),
    )


def _bounds(low: _Term, high: _Term) -> tuple[float | None, float]:
    """Both ends in whole units, the lower one None where the ends do not go together or have two readings."""
    upper = high.amount(high.scale, high.unit)
    if not low.is_bare and low.unit not in (None, high.unit):
        return None, upper
    lower = low.amount(high.scale if low.is_bare else low.scale, high.unit)
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
