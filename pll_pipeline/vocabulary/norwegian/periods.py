"""Norwegian periods: days, months, quarters, seasons and years, read and written.

Not here: numbers, and which period a publisher means by a column (`validated/mapping.py`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Literal

from pll_pipeline.vocabulary.norwegian.text import (
    DASHES,
    UnreadableText,
    any_of,
    with_plain_spaces,
    words_of,
)

Grain = Literal["day", "month", "quarter", "tertial", "half_year", "season", "year", "span"]


@dataclass(frozen=True)
class Period:
    """A stretch of days, `start` and `end` both included. `grain` says what kind of period was named."""

    start: date
    end: date
    grain: Grain
    text: str = field(compare=False)


MONTHS = (
    "januar",
    "februar",
    "mars",
    "april",
    "mai",
    "juni",
    "juli",
    "august",
    "september",
    "oktober",
    "november",
    "desember",
)
_MONTH_NUMBERS = {
    name[:length]: number for number, name in enumerate(MONTHS, 1) for length in (3, None)
} | {"sept": 9}
_PARTS: dict[str, tuple[Grain, int]] = {
    "q": ("quarter", 3),
    "k": ("quarter", 3),
    "kvartal": ("quarter", 3),
    "kv": ("quarter", 3),
    "kv.": ("quarter", 3),
    "t": ("tertial", 4),
    "tertial": ("tertial", 4),
    "h": ("half_year", 6),
    "halvår": ("half_year", 6),
}
_ORDINALS = {"første": 1, "fyrste": 1, "andre": 2, "annet": 2, "tredje": 3, "fjerde": 4}
_SEASONS = {"vår": 3, "sommer": 6, "sommar": 6, "høst": 9, "haust": 9}
_WRITTEN_SEASONS = {3: "våren", 6: "sommeren", 9: "høsten"}
_WRITTEN_PARTS = {"quarter": "kvartal", "tertial": "tertial", "half_year": "halvår"}

_YEAR = "((?:19|20)[0-9]{2})"
_MONTH = rf"({any_of(_MONTH_NUMBERS)})\.?"
_LEAD_IN = re.compile(r"(?:per|pr\.?|i løpet av|i) ")
_POINT = re.compile(
    "(?:(?P<last>(?:ved )?utgangen av|ved slutten av|ultimo)|(?P<first>ved inngangen til|primo)|(?P<middle>medio)) (?:året )?"
)
_ISO = re.compile(rf"{_YEAR}-([0-9]{{2}})(?:-([0-9]{{2}}))?|{_YEAR}m([0-9]{{2}})")
_DAY = re.compile(
    rf"([0-9]{{1,2}})\. ?([0-9]{{1,2}})\. ?{_YEAR}|([0-9]{{1,2}})\.? ?{_MONTH} ?{_YEAR}"
)
_MONTH_OF_YEAR = re.compile(rf"{_MONTH} ?{_YEAR}")
_PART_OF_YEAR = re.compile(
    rf"(?:([1-4])\.|({any_of(_ORDINALS)})) ({any_of(p for p in _PARTS if len(p) > 1)}) {_YEAR}"
)
_SHORT_PART = re.compile(rf"([qkth])([1-4]) ?{_YEAR}|{_YEAR}[ -]?([qkth])([1-4])")
_SEASON = re.compile(rf"({any_of(_SEASONS)})(?:en)? {_YEAR}")
_ACROSS = re.compile(
    rf"(vinter(?:en)?|(?:ved )?årsskiftet) {_YEAR} ?[/{DASHES}] ?((?:19|20)?[0-9]{{2}})"
)
_SPAN = re.compile(rf"{_YEAR} ?[{DASHES}] ?{_YEAR}")

_Days = tuple[date, date, Grain]


def read_period(text: str) -> Period:
    """The period a text names.

    Seasons are those of the Meteorological Institute: våren March–May, sommeren June–August, høsten
    September–November, vinteren 2024/2025 December–February. A point of the year becomes the month that holds it, as
    that is what a stock is filed under: utgangen av 2023, ultimo 2023 and årsskiftet 2023/24 December 2023, primo 2024
    January 2024, medio 2026 June 2026 (so the plan for PLL has it). Raises `UnreadableText` for anything else: month 13,
    day 32, two-digit years, `vinteren 2024`, `2024-25`, `innen 2027` (before it, or in it?).
    """
    plain = re.sub("[‐‑]", "-", words_of(with_plain_spaces(text)))
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
            return (
                f"vinteren {year}/{year + 1}"
                if start.month == 12
                else f"{_WRITTEN_SEASONS[start.month]} {year}"
            )
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
        year, month, day = (
            int(g) if g else 0 for g in (match[1] or match[4], match[2] or match[5], match[3])
        )
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
        return (
            _months(year, 12, 3, "season")
            if match[1].startswith("vinter")
            else _months(year, 12, 1, "month")
        )
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
        return (
            _months(start.year, 6, 1, "month")
            if grain == "year"
            else days
            if grain == "month"
            else None
        )
    month = start if point == "first" else end
    return _months(month.year, month.month, 1, "month")
