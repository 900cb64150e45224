"""Norwegian text: numbers with units and hedges, periods, and the names of regions and actors. Read, and some written.

Pure functions on single texts. What cannot be read with one meaning only raises with the text itself; whether `1.234`
is a thousand or a decimal is decided by the convention passed in. Not here: files, tables, which publisher writes how
(`sources/`), which names exist (`codes.py`), whether a figure is plausible (`validation.py`).
"""

from __future__ import annotations

import difflib
import math
import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from functools import cache
from typing import Literal

from pll_pipeline.config import PllError

Unit = Literal["count", "share", "nok", "count_per_week"]
Qualifier = Literal["exact", "approx", "at_least", "at_most"]
Grain = Literal["day", "month", "quarter", "tertial", "half_year", "season", "year", "span"]


class UnreadableText(PllError):
    """A text that has no meaning here, or more than one. `text` is the text as it was given."""

    def __init__(self, text: str, meant_as: str, why: str, do: str) -> None:
        self.text = text
        super().__init__(f'"{text}" cannot be read as {meant_as}: {why}', do=do)


# --- text ---------------------------------------------------------------------------------------------------------

_INVISIBLE = dict.fromkeys((0x00AD, 0x2060, 0xFEFF))  # soft hyphen, word joiner, byte order mark: they separate nothing
_DASH = "-‐‑‒–—―"


def _with_plain_spaces(text: str) -> str:
    """Composed letters, every kind of space an ordinary one (their number is kept), none at the ends."""
    return re.sub(r"\s", " ", unicodedata.normalize("NFC", text.translate(_INVISIBLE))).strip()


def _one_of(words: Iterable[str]) -> str:
    """A pattern for the words, longest first, so that "godt over" is not taken for something before "over"."""
    return "|".join(re.escape(word).replace(r"\ ", " +") for word in sorted(words, key=len, reverse=True))


def _words(text: str) -> str:
    return " ".join(text.casefold().split())


# --- numbers ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class NumberConvention:
    """How a publisher prints numbers: `decimal` is "," or ".", `thousands` holds every mark allowed between groups of
    three digits (" ", ".", ","; "" for none). No mark may mean both: ValueError.
    """

    decimal: str
    thousands: str

    def __post_init__(self) -> None:
        if self.decimal not in (",", ".") or not set(self.thousands) <= set(" .,") or self.decimal in self.thousands:
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
        "over", "godt over", "litt over", "like over", "rett over", "langt over", "i overkant av", "mer enn", "meir enn",
        "flere enn", "fleire enn", "vel", "godt og vel", "minst", "minimum", "ikke mindre enn", "ikkje mindre enn",
        "drøyt", "drøye", "drygt", ">", "≥",
    ),
    "at_most": (
        "nær", "nærmere", "nærmare", "opp mot", "bortimot", "nesten", "snart", "snaut", "snaue", "knapt", "under",
        "godt under", "litt under", "like under", "rett under", "langt under", "i underkant av", "inntil", "opptil",
        "opp til", "færre enn", "mindre enn", "ikke mer enn", "ikkje meir enn", "høyst", "maks", "maks.", "maksimum",
        "maksimalt", "<", "≤",
    ),
    "approx": (
        "om lag", "omlag", "omtrent", "cirka", "circa", "sirka", "ca", "ca.", "rundt", "omkring", "kring", "et sted rundt",
        "ein stad rundt", "tilnærmet", "tilnærma", "anslagsvis", "~", "≈",
    ),
}  # fmt: skip
_QUALIFIER_OF = {hedge: qualifier for qualifier, hedges in _HEDGES.items() for hedge in hedges}
# a word ends at a space; a sign or an abbreviation with its point may stand right before the number
_WORDS_AND_SIGNS = (_one_of(hedge for hedge in _QUALIFIER_OF if hedge[-1].isalpha() is is_word) for is_word in (True, False))
_HEDGE = re.compile("(?:{})(?: +|$)|(?:{}) *".format(*_WORDS_AND_SIGNS), re.IGNORECASE)

_SCALES = {
    "tusen": 3, "m": 6, "mill": 6, "mill.": 6, "million": 6, "millioner": 6, "millionar": 6,
    "mrd": 9, "mrd.": 9, "milliard": 9, "milliarder": 9, "milliardar": 9,
}  # fmt: skip
_UNITS: dict[str, Unit] = {
    "%": "share", "prosent": "share", "% prosent": "share", "pst": "share", "pst.": "share",
    "kr": "nok", "kr.": "nok", "krone": "nok", "kroner": "nok", "nok": "nok",
    "per uke": "count_per_week", "pr uke": "count_per_week", "pr. uke": "count_per_week", "i uka": "count_per_week",
    "i uken": "count_per_week", "per veke": "count_per_week", "pr. veke": "count_per_week", "i veka": "count_per_week",
}  # fmt: skip
_UNIT = re.compile(
    rf" *(?P<scale>{_one_of(_SCALES.keys() - {'m'})}|m(?=nok))? *(?P<unit>{_one_of(_UNITS)})?", re.IGNORECASE
)
_CURRENCY_FIRST = re.compile(r"(kr\.?|m?nok) *(?=[-−0-9])(.+)", re.IGNORECASE)
_RANGE = re.compile(rf"mellom (.+) og (.+)|([^{_DASH}]+?)(?: *[{_DASH}] *| +til +)(.+)", re.IGNORECASE)
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

    qualifier, rest = read_hedge(_closed_up(_with_plain_spaces(text)))
    rest = _closed_up(rest)
    if ends := _RANGE.fullmatch(rest):
        low, high = (_term(part, convention) for part in ends.groups() if part)
        if not low or not high or low.sign:
            raise unreadable("not a range of two numbers")
        if qualifier != "exact":
            raise unreadable("a range with a hedge says neither a number nor firm bounds")
        lower, upper = _bounds(low, high)
        if lower is None or not math.isfinite(upper):
            raise unreadable("the two ends of the range do not go together, or can be read in more than one way")
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
    plain = _with_plain_spaces(text)
    if match := _HEDGE.match(plain):
        return _QUALIFIER_OF[_words(match[0])], plain[match.end() :]
    return "exact", plain


def write_number(value: float | Decimal, unit: Unit = "count", decimals: int | None = None) -> str:
    """A number as Norwegian print has it: `96 750`, `94,8 %` for the share 0.948, `1 250 kr`, `51 000 per uke`.

    No-break spaces, decimal comma, a real minus. Without `decimals` every digit of the value is written, so that
    `read_number` with `NORWEGIAN` gives it back; with it the number is rounded, halves away from zero.
    """
    from babel.numbers import format_decimal, get_minus_sign_symbol  # here: reading does not need it

    exact = Decimal(str(value))
    if not exact.is_finite():
        raise ValueError(f"{value!r} is not a number that can be written")
    if unit == "share":
        exact = exact.scaleb(2)
    if decimals is not None:
        exact = exact.quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP)
    pattern = "#,##0" + ("." + ("#" if decimals is None else "0" * decimals) if decimals != 0 else "")
    digits = format_decimal(abs(exact), format=pattern, locale="nb_NO", decimal_quantization=False)
    minus = get_minus_sign_symbol("nb_NO") if exact < 0 else ""
    after = {"count": "", "share": "\u00a0%", "nok": "\u00a0kr", "count_per_week": "\u00a0per\u00a0uke"}[unit]
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
    grouped = rf"[1-9][0-9]{{0,2}}(?P<mark>[{marks}])[0-9]{{3}}(?:(?P=mark)[0-9]{{3}})*|" if marks else ""
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
    unit = _UNITS[_words(after["unit"])] if after["unit"] else None
    if scale and unit == "share":
        return None
    sign = "-" if amount["sign"] else ""
    return _Term(sign, re.sub("[^0-9]", "", amount["whole"]), amount["decimals"] or "", scale, unit, not after[0].strip())


def _bounds(low: _Term, high: _Term) -> tuple[float | None, float]:
    """Both ends in whole units, the lower one None where the ends do not go together or have two readings."""
    upper = high.amount(high.scale, high.unit)
    if not low.is_bare and low.unit not in (None, high.unit):
        return None, upper
    lower = low.amount(high.scale if low.is_bare else low.scale, high.unit)
    # `10–12 000` is ten to twelve thousand to some and ten to 12 000 to others
    first, last = low.amount(0, None), high.amount(0, None)
    is_elliptic = low.is_bare and not low.decimals and 0 < first < 1000 and last % 1000 == 0 and first * 1000 <= last
    return (lower if lower < upper and not is_elliptic else None), upper


# --- periods ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Period:
    """A stretch of days, `start` and `end` both included. `grain` says what kind of period was named."""

    start: date
    end: date
    grain: Grain
    text: str = field(compare=False)


MONTHS = (
    "januar", "februar", "mars", "april", "mai", "juni", "juli", "august", "september", "oktober", "november", "desember",
)  # fmt: skip
_MONTH_NUMBERS = {name[:length]: number for number, name in enumerate(MONTHS, 1) for length in (3, None)} | {"sept": 9}
_PARTS: dict[str, tuple[Grain, int]] = {
    "q": ("quarter", 3), "k": ("quarter", 3), "kvartal": ("quarter", 3), "kv": ("quarter", 3), "kv.": ("quarter", 3),
    "t": ("tertial", 4), "tertial": ("tertial", 4), "h": ("half_year", 6), "halvår": ("half_year", 6),
}  # fmt: skip
_ORDINALS = {"første": 1, "fyrste": 1, "andre": 2, "annet": 2, "tredje": 3, "fjerde": 4}
_SEASONS = {"vår": 3, "sommer": 6, "sommar": 6, "høst": 9, "haust": 9}
_WRITTEN_SEASONS = {3: "våren", 6: "sommeren", 9: "høsten"}
_WRITTEN_PARTS = {"quarter": "kvartal", "tertial": "tertial", "half_year": "halvår"}

_YEAR = "((?:19|20)[0-9]{2})"
_MONTH = rf"({_one_of(_MONTH_NUMBERS)})\.?"
_LEAD_IN = re.compile(r"(?:per|pr\.?|i løpet av|i) ")
_POINT = re.compile(
    "(?:(?P<last>(?:ved )?utgangen av|ved slutten av|ultimo)|(?P<first>ved inngangen til|primo)|(?P<middle>medio)) (?:året )?"
)
_ISO = re.compile(rf"{_YEAR}-([0-9]{{2}})(?:-([0-9]{{2}}))?|{_YEAR}m([0-9]{{2}})")
_DAY = re.compile(rf"([0-9]{{1,2}})\. ?([0-9]{{1,2}})\. ?{_YEAR}|([0-9]{{1,2}})\.? ?{_MONTH} ?{_YEAR}")
_MONTH_OF_YEAR = re.compile(rf"{_MONTH} ?{_YEAR}")
_PART_OF_YEAR = re.compile(rf"(?:([1-4])\.|({_one_of(_ORDINALS)})) ({_one_of(p for p in _PARTS if len(p) > 1)}) {_YEAR}")
_SHORT_PART = re.compile(rf"([qkth])([1-4]) ?{_YEAR}|{_YEAR}[ -]?([qkth])([1-4])")
_SEASON = re.compile(rf"({_one_of(_SEASONS)})(?:en)? {_YEAR}")
_ACROSS = re.compile(rf"(vinter(?:en)?|(?:ved )?årsskiftet) {_YEAR} ?[/{_DASH}] ?((?:19|20)?[0-9]{{2}})")
_SPAN = re.compile(rf"{_YEAR} ?[{_DASH}] ?{_YEAR}")

_Days = tuple[date, date, Grain]


def read_period(text: str) -> Period:
    """The period a text names.

    Seasons are those of the Meteorological Institute: våren March–May, sommeren June–August, høsten
    September–November, vinteren 2024/2025 December–February. A point of the year becomes the month that holds it, as
    that is what a stock is filed under: utgangen av 2023, ultimo 2023 and årsskiftet 2023/24 December 2023, primo 2024
    January 2024, medio 2026 June 2026 (so the plan for PLL has it). Raises `UnreadableText` for anything else: month 13,
    day 32, two-digit years, `vinteren 2024`, `2024-25`, `innen 2027` (before it, or in it?).
    """
    plain = re.sub("[‐‑]", "-", _words(_with_plain_spaces(text)))
    if lead_in := _LEAD_IN.match(plain):
        plain = plain[lead_in.end() :]
    point = _POINT.match(plain)
    why = "not a form of date, month, part of a year or year that is known here"
    try:
        days = _month_at(point.lastgroup, _days(plain[point.end() :])) if point else _days(plain)
    except ValueError as error:  # from date(): month 13, day 32
        days, why = None, str(error)
    if days is None:
        do = "check the text at the publisher; if it is right, map it in the source file"
        raise UnreadableText(text, "a period", why, do)
    return Period(*days, text)


def write_period(period: Period) -> str:
    """The period in Norwegian words: `30. mai 2022`, `desember 2023`, `1. tertial 2025`, `vinteren 2024/2025`,
    `2024–2025`. `read_period` gives the same days and grain back.
    """
    start, year = period.start, period.start.year
    match period.grain:
        case "day":
            return f"{start.day}. {MONTHS[start.month - 1]} {year}"
        case "month":
            return f"{MONTHS[start.month - 1]} {year}"
        case "quarter" | "tertial" | "half_year":
            months = _PARTS[_WRITTEN_PARTS[period.grain]][1]
            return f"{start.month // months + 1}. {_WRITTEN_PARTS[period.grain]} {year}"
        case "season":
            return f"vinteren {year}/{year + 1}" if start.month == 12 else f"{_WRITTEN_SEASONS[start.month]} {year}"
        case "year":
            return str(year)
        case "span":
            return f"{year}–{period.end.year}"


def _months(year: int, first: int, count: int, grain: Grain) -> _Days:
    start, after = date(year, first, 1), year * 12 + first - 1 + count
    return start, date(after // 12, after % 12 + 1, 1) - timedelta(days=1), grain


def _days(plain: str) -> _Days | None:
    if re.fullmatch(_YEAR, plain):
        return _months(int(plain), 1, 12, "year")
    if match := _ISO.fullmatch(plain):
        year, month, day = (int(g) if g else 0 for g in (match[1] or match[4], match[2] or match[5], match[3]))
        return _one_day(year, month, day) if match[3] else _months(year, month, 1, "month")
    if match := _DAY.fullmatch(plain):
        month = int(match[2]) if match[2] else _MONTH_NUMBERS[match[5]]
        return _one_day(int(match[3] or match[6]), month, int(match[1] or match[4]))
    if match := _MONTH_OF_YEAR.fullmatch(plain):
        return _months(int(match[2]), _MONTH_NUMBERS[match[1]], 1, "month")
    if match := _PART_OF_YEAR.fullmatch(plain):
        return _part(match[3], int(match[1] or _ORDINALS[match[2]]), int(match[4]))
    if match := _SHORT_PART.fullmatch(plain):
        return _part(match[1] or match[5], int(match[2] or match[6]), int(match[3] or match[4]))
    if match := _SEASON.fullmatch(plain):
        return _months(int(match[2]), _SEASONS[match[1]], 3, "season")
    if match := _ACROSS.fullmatch(plain):
        year = int(match[2])
        if match[3] not in (str(year + 1), str(year + 1)[2:]):
            return None
        return _months(year, 12, 3, "season") if match[1].startswith("vinter") else _months(year, 12, 1, "month")
    if (match := _SPAN.fullmatch(plain)) and match[1] < match[2]:
        return date(int(match[1]), 1, 1), date(int(match[2]), 12, 31), "span"
    return None


def _one_day(year: int, month: int, day: int) -> _Days:
    return date(year, month, day), date(year, month, day), "day"


def _part(name: str, number: int, year: int) -> _Days:
    grain, months = _PARTS[name]
    return _months(year, (number - 1) * months + 1, months, grain)


def _month_at(point: str | None, days: _Days | None) -> _Days | None:
    """The month at the first, middle or last point of a period named by its months."""
    if days is None or days[2] in ("day", "season", "span"):
        return None
    start, end, grain = days
    if point == "middle":
        return _months(start.year, 6, 1, "month") if grain == "year" else days if grain == "month" else None
    month = start if point == "first" else end
    return _months(month.year, month.month, 1, "month")


# --- names --------------------------------------------------------------------------------------------------------

_OTHER_DASHES = re.compile(f" ?[{_DASH}−] ?")
_APOSTROPHES = re.compile("[’‘‛ʼʻʹ′´`]")
_KOMMUNE = re.compile("(?: (?:fylkes)?kommune)+$")
# What the two written forms of Norwegian call the actors. Only of known words, so that no place name is touched.
_TO_BOKMAL = tuple(
    (re.compile(nynorsk), bokmal)
    for nynorsk, bokmal in (
        (r"heime(?=teneste|sjukepleie|basert)", "hjemme"),
        (r"sjukeheimane\b", "sykehjemmene"),
        (r"sjukeheim(?:ar)?\b", "sykehjem"),
        (r"sjukehusa\b", "sykehusene"),
        (r"sjuke(?=hus|plei)", "syke"),
        (r"teneste", "tjeneste"),
        (r"(leg|pasient|spesialist|bandasjist|leverandør|kommun)ar\b", r"\1er"),
        (r"(leg|pasient|spesialist|bandasjist|leverandør|kommun)ane\b", r"\1ene"),
        (r"(innbygg|plei)j?arane\b", r"\1erne"),
        (r"(innbygg|plei)j?arar\b", r"\1ere"),
        (r"(innbygg|plei)j?ar\b", r"\1er"),
        (r"\bapoteka\b", "apotekene"),
        (r"føretak", "foretak"),
        (r"\bheile\b", "hele"),
        (r"\bnoreg\b", "norge"),
    )
)


def fold(text: str) -> str:
    """A name stripped of what print varies: case, kinds of spaces, dashes and apostrophes, a closing "kommune" or
    "fylkeskommune". Letters stay what they are: å is not a, č is not c.
    """
    cased = unicodedata.normalize("NFC", unicodedata.normalize("NFD", text.translate(_INVISIBLE)).casefold())
    spaced = " ".join(_APOSTROPHES.sub("'", cased).split())
    return _KOMMUNE.sub("", _OTHER_DASHES.sub("-", spaced))


def _matching_form(label: str) -> str:
    form = fold(label)
    for nynorsk, bokmal in _TO_BOKMAL:
        form = nynorsk.sub(bokmal, form)
    return form


@dataclass(frozen=True)
class Name:
    """What something is called: `label`, the `key` it stands for, its level, and when the name holds.

    `valid_to` is the first day it no longer holds; None is open.
    """

    label: str
    key: str
    level: str
    valid_from: date | None = None
    valid_to: date | None = None

    def holds_on(self, day: date) -> bool:
        """Whether the name is in use on the day."""
        return (self.valid_from is None or self.valid_from <= day) and (self.valid_to is None or day < self.valid_to)

    def __str__(self) -> str:
        since = f"from {self.valid_from}" if self.valid_from else ""
        until = f"before {self.valid_to}" if self.valid_to else ""
        return f"{self.label} ({', '.join(part for part in (self.level, self.key, since, until) if part)})"


class UnknownName(PllError):
    """No name fits. `candidates` are the nearest ones, at most five, best first."""

    def __init__(self, label: str, candidates: Sequence[Name], why: str) -> None:
        self.label, self.candidates = label, tuple(candidates)
        nearest = "; ".join(map(str, candidates)) or "none comes near"
        do = "check the name at the publisher; if it is right, add it to the codes or to the names in the source file"
        super().__init__(f'"{label}" is not a known name{why}. Nearest: {nearest}', do=do)


class AmbiguousName(PllError):
    """A name that stands for several things. `candidates` are all of them."""

    def __init__(self, label: str, candidates: Sequence[Name]) -> None:
        self.label, self.candidates = label, tuple(candidates)
        what = f'"{label}" may be any of: {"; ".join(map(str, candidates))}'
        super().__init__(what, do="say in the source file which level is meant, or map the name to one key")


class NameIndex:
    """Names of regions, or of actor types, found whichever way print and the two written forms of Norwegian vary them."""

    def __init__(self, names: Iterable[Name]) -> None:
        self._names: dict[str, list[Name]] = {}
        for name in dict.fromkeys(names):
            self._names.setdefault(_matching_form(name.label), []).append(name)

    def match(self, label: str, levels: Sequence[str] | None = None, on: date | None = None) -> str:
        """The key the label stands for, among names of `levels` (None: all) that hold `on` the day (None: ever held).

        A later level is tried only when no earlier one has the name. Raises `UnknownName`, or `AmbiguousName` when
        the name stands for several keys at one level.
        """
        called = self._names.get(_matching_form(label), [])
        for level in [None] if levels is None else levels:
            found = [name for name in called if _is_eligible(name, None if level is None else [level], on)]
            keys = {name.key for name in found}
            if len(keys) == 1:
                return keys.pop()
            if keys:
                raise AmbiguousName(label, found)
        among = f" among {', '.join(levels)}" if levels is not None else ""
        raise UnknownName(label, called[:5] or self._nearest(label, levels, on), among + (f" on {on}" if on else ""))

    def _nearest(self, label: str, levels: Sequence[str] | None, on: date | None) -> list[Name]:
        eligible = {form: [name for name in names if _is_eligible(name, levels, on)] for form, names in self._names.items()}
        close = difflib.get_close_matches(_matching_form(label), [form for form, names in eligible.items() if names], n=5)
        return [name for form in close for name in eligible[form]][:5]


def _is_eligible(name: Name, levels: Sequence[str] | None, on: date | None) -> bool:
    return (levels is None or name.level in levels) and (on is None or name.holds_on(on))
