"""Norwegian periods: days, months, quarters, seasons, years and intervals.

Not here: numbers, and which period a publisher means by a column (`validated/mapping.py`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Literal
from zoneinfo import ZoneInfo

from pll_pipeline.vocabulary.norwegian.text import (
    DASHES,
    LONGEST_TEXT,
    UnreadableText,
    any_of,
    with_plain_spaces,
    words_of,
)

if TYPE_CHECKING:
    from collections.abc import Callable

OSLO = ZoneInfo("Europe/Oslo")
Grain = Literal["day", "month", "quarter", "tertial", "half_year", "season", "year", "span"]
IntervalEnd = Literal["included", "excluded"]


@dataclass(frozen=True)
class Period:
    """Consecutive days, `start` and `end` both included, and the kind of period that was named."""

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

_YEAR = "((?:19|20)[0-9]{2})"
_MONTH = rf"({any_of(_MONTH_NUMBERS)})\.?"
_LEAD_IN = re.compile(r"(?:per|pr\.?|i løpet av|i) ")
_POINT = re.compile(
    "(?:(?P<last>(?:ved )?utgangen av|ved slutten av|ultimo)"
    "|(?P<first>ved inngangen til|primo)"
    "|(?P<middle>medio)) (?:året )?"
)
# A date that a program wrote as a time: midnight, in whatever zone it names
_MIDNIGHT = re.compile(r"[t ]00:00(?::00(?:[.,]0+)?)?(?:z|[+-][0-9]{2}:?[0-9]{2})?$")
_ISO = re.compile(rf"{_YEAR}-([0-9]{{2}})(?:-([0-9]{{2}}))?|{_YEAR}m([0-9]{{2}})")
_ISO_BASIC = re.compile(rf"{_YEAR}([0-9]{{2}})([0-9]{{2}})")
_DAY = re.compile(
    rf"([0-9]{{1,2}})\. ?([0-9]{{1,2}})\. ?{_YEAR}|([0-9]{{1,2}})\.? ?{_MONTH} ?{_YEAR}"
)
_MONTH_OF_YEAR = re.compile(rf"{_MONTH} ?{_YEAR}|{_YEAR} {_MONTH}")
# 1/2026 may be the first report of the year too, 2011/12 two years
_MONTH_NUMBER = re.compile(rf"(0[1-9]|1[0-2])[./]{_YEAR}")
_WORD_PART = any_of(part for part in _PARTS if len(part) > 1)
_PART_OF_YEAR = re.compile(
    rf"(?:([1-4])\.? ?|({any_of(_ORDINALS)}) )({_WORD_PART}) {_YEAR}"
    rf"|{_YEAR} (?:([1-4])\.? ?|({any_of(_ORDINALS)}) )({_WORD_PART})"
)
_SHORT_PART = re.compile(rf"([qkth])([1-4])[ -]?{_YEAR}|{_YEAR}[ -]?([qkth])([1-4])")
_WEEK = re.compile(
    rf"(?:uke|veke) ?([0-9]{{1,2}})[ /]{_YEAR}|{_YEAR}(?:-?[wu]| uke | veke )([0-9]{{1,2}})"
)
_SEASON = re.compile(rf"({any_of(_SEASONS)})(?:en)? {_YEAR}")
_ACROSS = re.compile(
    rf"(vinter(?:en)?|(?:ved )?årsskiftet) {_YEAR} ?[{DASHES}/] ?((?:19|20)?[0-9]{{2}})"
)
_ISO_DATE = r"[0-9]{4}-[0-9]{2}(?:-[0-9]{2}(?:[t ]00:00[^/ ]*)?)?"
_ISO_INTERVAL = re.compile(rf"({_ISO_DATE}) ?/ ?({_ISO_DATE})")
_YEARS = re.compile(rf"{_YEAR} ?[{DASHES}] ?{_YEAR}")
_FROM = re.compile("fra (?:og med )?")
_TO = re.compile(rf" ?[{DASHES}] ?| (?:til(?: og med)?|t\.o\.m\.) ")

_Days = tuple[date, date, Grain]
# How many months each part of the year has; it begins where a number of them has passed
_GRAINS: dict[int, Grain] = {
    1: "month",
    3: "quarter",
    4: "tertial",
    6: "half_year",
    12: "year",
}


def day_in_oslo(moment: datetime) -> date:
    """The calendar day in Norway at a moment."""
    return moment.astimezone(OSLO).date()


def read_period(text: str, interval_end: IntervalEnd | None = None) -> Period:
    """The period a text names.

    Seasons are those of the Meteorological Institute: våren March–May, sommeren June–August,
    høsten September–November, vinteren 2024/2025 December–February. A point of the year becomes
    the month that contains it, because a stock is filed under that month: utgangen av 2023,
    ultimo 2023 and årsskiftet 2023/24 are December 2023, primo 2024 is January 2024, medio 2026 is
    June 2026 (as in the plan for PLL). A date with the time of midnight is that date.

    An interval has both its ends, as in ISO 8601-2, unless `interval_end` is `excluded`. One that
    is exactly a day, month, quarter, tertial, half-year or year is that; any other is a span, as
    is a week (ISO 8601: from Monday to Sunday).

    Raises `UnreadableText` for anything else: month 13, day 32, two-digit years, `vinteren 2024`,
    `2024-25`, `2024/2025` (a school year?), `1/2026` (a month, or a report?), `innen 2027` (before
    it, or in it?), and `2025-01-01/2026-01-01` without an `interval_end`: a year, or a year and a
    day?
    """
    plain = re.sub("[‐‑]", "-", words_of(with_plain_spaces(text)))
    plain = plain.replace(", ", " ")
    if lead_in := _LEAD_IN.match(plain):
        plain = plain[lead_in.end() :]
    point = _POINT.match(plain)
    why = "not a form of date, month, part of a year or year that is known here"
    try:
        if len(text) > LONGEST_TEXT:
            days, why = None, f"it has {len(text)} characters, more than {LONGEST_TEXT}"
        elif point:
            days = _month_at(point.lastgroup, _days(plain[point.end() :]))
        else:
            days = _days(plain) or _days_from_to(plain, interval_end)
    except ValueError as error:  # from date(): month 13, day 32
        days, why = None, str(error)
    if days is None:
        do = "check the text at the publisher; if it is right, map it in the source file"
        raise UnreadableText(text, "a period", why, do)
    return Period(*days, text)


def _months(year: int, first: int, count: int, grain: Grain) -> _Days:
    start, after = date(year, first, 1), year * 12 + first - 1 + count
    return start, date(after // 12, after % 12 + 1, 1) - timedelta(days=1), grain


def _days(plain: str) -> _Days | None:
    if midnight := _MIDNIGHT.search(plain):
        days = _days(plain[: midnight.start()])
        return days if days and days[2] == "day" else None
    for pattern, read in _FORMS:
        if match := pattern.fullmatch(plain):
            return read(match)
    return None


def _year(match: re.Match[str]) -> _Days:
    return _months(int(match[1]), 1, 12, "year")


def _iso(match: re.Match[str]) -> _Days:
    year, month = int(match[1] or match[4]), int(match[2] or match[5])
    return _one_day(year, month, int(match[3])) if match[3] else _months(year, month, 1, "month")


def _day(match: re.Match[str]) -> _Days:
    month = int(match[2]) if match[2] else _MONTH_NUMBERS[match[5]]
    return _one_day(int(match[3] or match[6]), month, int(match[1] or match[4]))


def _iso_basic(match: re.Match[str]) -> _Days:
    return _one_day(int(match[1]), int(match[2]), int(match[3]))


def _month_of_year(match: re.Match[str]) -> _Days:
    return _months(int(match[2] or match[3]), _MONTH_NUMBERS[match[1] or match[4]], 1, "month")


def _month_number(match: re.Match[str]) -> _Days:
    return _months(int(match[2]), int(match[1]), 1, "month")


def _part_of_year(match: re.Match[str]) -> _Days:
    number = int(match[1] or match[6] or _ORDINALS[match[2] or match[7]])
    return _part(match[3] or match[8], number, int(match[4] or match[5]))


def _week(match: re.Match[str]) -> _Days:
    monday = date.fromisocalendar(int(match[2] or match[3]), int(match[1] or match[4]), 1)
    return monday, monday + timedelta(days=6), "span"


def _short_part(match: re.Match[str]) -> _Days:
    return _part(match[1] or match[5], int(match[2] or match[6]), int(match[3] or match[4]))


def _season(match: re.Match[str]) -> _Days:
    return _months(int(match[2]), _SEASONS[match[1]], 3, "season")


def _turn_of_year(match: re.Match[str]) -> _Days | None:
    """Winter, or the turn of the year; None where the second year is not the next."""
    year = int(match[2])
    if match[3] not in (str(year + 1), str(year + 1)[2:]):
        return None
    is_winter = match[1].startswith("vinter")
    return _months(year, 12, 3, "season") if is_winter else _months(year, 12, 1, "month")


def _years(match: re.Match[str]) -> _Days | None:
    first, last = int(match[1]), int(match[2])
    return (date(first, 1, 1), date(last, 12, 31), "span") if first < last else None


def _days_from_to(plain: str, interval_end: IntervalEnd | None) -> _Days | None:
    """An interval, by the one place where it can be cut into two periods of the same kind."""
    if interval := _ISO_INTERVAL.fullmatch(plain):
        return _interval(interval[1], interval[2], interval_end)
    plain = _FROM.sub("", plain) if _FROM.match(plain) else plain
    cuts = [(plain[: cut.start()], plain[cut.end() :]) for cut in _TO.finditer(plain)]
    read = [_interval(first, last, interval_end) for first, last in cuts]
    found = {days for days in read if days}
    return found.pop() if len(found) == 1 else None


def _interval(first_text: str, last_text: str, interval_end: IntervalEnd | None) -> _Days | None:
    """The days from the first of one period to the last of another of the same grain."""
    last = _days(last_text)
    first = _first_days(first_text, last_text, last) if last else None
    if not first or not last or first[2] != last[2] or last[2] == "span":
        return None
    start, end, day_before = first[0], last[1], last[0] - timedelta(days=1)
    if interval_end == "excluded":
        return _of_days(start, day_before)
    included = _of_days(start, end)
    if interval_end is None and last[2] == "day" and included[2] == "span":
        excluded = _of_days(start, day_before)
        if excluded[2] != "span":
            raise ValueError(_two_readings(excluded))
    return included


def _first_days(text: str, last_text: str, last: _Days) -> _Days | None:
    """The first period of an interval, which may lack words of the last: 1.–31. mars 2026."""
    endings = [last_text[space.start() :] for space in re.finditer(" ", last_text)]
    endings = ["", *endings, str(last[1].year), f" {last[1].year}"]
    return next((days for ending in endings if (days := _days(text + ending))), None)


def _two_readings(excluded: _Days) -> str:
    return (
        f"without its last day it is exactly a {excluded[2].replace('_', '-')}, and with it it is"
        " not. Line to add in the source file, under period: interval_end: excluded, or"
        " interval_end: included"
    )


def _of_days(start: date, end: date) -> _Days:
    """The days from start to end, as the period they fill exactly, else as a span.

    Raises `ValueError` where the end is before the start.
    """
    if end < start:
        raise ValueError("it ends before it starts")
    after = end + timedelta(days=1)
    months = after.year * 12 + after.month - start.year * 12 - start.month
    is_whole = start.day == after.day == 1 and months in _GRAINS
    if start == end:
        return start, end, "day"
    if is_whole and (start.month - 1) % months == 0:
        return start, end, _GRAINS[months]
    return start, end, "span"


_FORMS: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], _Days | None]], ...] = (
    (re.compile(_YEAR), _year),
    (_ISO, _iso),
    (_ISO_BASIC, _iso_basic),
    (_DAY, _day),
    (_MONTH_OF_YEAR, _month_of_year),
    (_MONTH_NUMBER, _month_number),
    (_PART_OF_YEAR, _part_of_year),
    (_SHORT_PART, _short_part),
    (_WEEK, _week),
    (_SEASON, _season),
    (_ACROSS, _turn_of_year),
    (_YEARS, _years),
)


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
