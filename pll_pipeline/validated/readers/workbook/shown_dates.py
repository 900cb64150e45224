"""A date or time under a section of a number format → the text a reader sees.

Only what the format shows is written, in a form that is read with one meaning: a whole date as
`2026-03-01`, a month as `mars 2026` or `2026-03`, a year as `2026`; years with four digits and
months with their whole Norwegian names, also where the format shortens them.
Not here: numbers (`shown_numbers.py`), the codes of formats (`format_code.py`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import pairwise

from pll_pipeline.validated.readers.workbook.format_code import Kind, Part, Section
from pll_pipeline.vocabulary.norwegian.periods import MONTHS

LAST_SERIAL = 2_958_466  # the day after 9999-12-31
_LEAP_DAY_THAT_NEVER_WAS = 60  # a workbook counts 29 February 1900
_WEEKDAYS = ("mandag", "tirsdag", "onsdag", "torsdag", "fredag", "lørdag", "søndag")
_ONLY_SEPARATORS = re.compile(r"[\s.,/:'’\-–]*T?[\s.,/:'’\-–]*")
_MINUTE = "i"  # set apart from the letter of months


class NoSuchDate(Exception):
    """No date or time has this number; a workbook shows #### in its place."""


def shown_date(serial: float, section: Section, *, starts_in_1904: bool) -> str:
    """The text of a day number and its fraction of a day. Raises `NoSuchDate`."""
    tokens = _with_minutes(section.parts)
    if section.has(Kind.ELAPSED):
        return _elapsed(serial, tokens)
    letters = {part.text[0] for part in tokens if part.kind is Kind.DATE}
    has_fraction = section.has(Kind.DECIMALS)
    moment = _moment(serial, starts_in_1904, needs_day=bool(letters & set("ymd")))
    moment = _rounded(moment, 1000 if has_fraction else 1)
    return _as_usual(moment, tokens) or "".join(_written(moment, tokens))


def serial_of(moment: datetime, *, starts_in_1904: bool) -> float:
    """The day number of a moment: how a workbook would store it as a number."""
    start = datetime(1904, 1, 1) if starts_in_1904 else datetime(1899, 12, 30)
    return (moment - start) / timedelta(days=1)


def _moment(serial: float, starts_in_1904: bool, *, needs_day: bool) -> datetime:
    if not 0 <= serial < LAST_SERIAL:
        raise NoSuchDate
    if starts_in_1904:
        return datetime(1904, 1, 1) + timedelta(days=serial)
    is_odd = serial < 1 or _LEAP_DAY_THAT_NEVER_WAS <= serial < _LEAP_DAY_THAT_NEVER_WAS + 1
    if needs_day and is_odd:
        raise NoSuchDate
    start = datetime(1899, 12, 31 if serial < _LEAP_DAY_THAT_NEVER_WAS else 30)
    return start + timedelta(days=serial)


def _rounded(moment: datetime, parts_of_second: int) -> datetime:
    """To the nearest second, or to the nearest thousandth of one."""
    step = 1_000_000 // parts_of_second
    late = moment.microsecond % step
    change = step - late if 2 * late >= step else -late
    try:
        return moment + timedelta(microseconds=change)
    except OverflowError as error:
        raise NoSuchDate from error


def _with_minutes(parts: tuple[Part, ...]) -> list[Part]:
    """The parts, with `m` after hours or before seconds marked as minutes."""
    tokens = list(parts)
    places = [n for n, part in enumerate(parts) if part.kind in (Kind.DATE, Kind.ELAPSED)]
    for first, second in pairwise(places):
        before, after = parts[first], parts[second]
        if after.text in ("m", "mm") and before.text[0] == "h":
            tokens[second] = Part(Kind.DATE, _MINUTE)
        if before.text in ("m", "mm") and before.kind is Kind.DATE and after.text[0] == "s":
            tokens[first] = Part(Kind.DATE, _MINUTE)
    return tokens


def _as_usual(moment: datetime, tokens: list[Part]) -> str | None:
    """A date, a month or a year in the form this project reads; None for anything else."""
    codes = [part.text for part in tokens if part.kind is Kind.DATE]
    letters = {code[0] for code in codes}
    between = "".join(part.text for part in tokens if part.kind in (Kind.LITERAL, Kind.POINT))
    months = [code for code in codes if code[0] == "m"]
    is_usual = _ONLY_SEPARATORS.fullmatch(between) and len(months) < 2 and "mmmmm" not in months
    if not is_usual or "y" not in letters:
        return None
    if letters == {"y"}:
        return f"{moment.year:04}"
    if letters == {"y", "m"}:
        name = f"{MONTHS[moment.month - 1]} {moment.year:04}"
        return name if len(months[0]) > 2 else f"{moment.year:04}-{moment.month:02}"
    if {"y", "m", "d"} <= letters and any(code in ("d", "dd") for code in codes):
        has_time = "h" in letters
        return moment.isoformat() if has_time else moment.date().isoformat()
    return None


def _written(moment: datetime, tokens: list[Part]) -> Iterator[str]:
    """Part by part, where the format shows some other choice of parts, or words between them."""
    has_noon = any(part.text in ("am/pm", "a/p") for part in tokens)
    for part in tokens:
        if part.kind is Kind.DATE:
            yield _field(moment, part.text, has_noon=has_noon)
        elif part.kind is Kind.DECIMALS:
            yield f"{moment.microsecond // 1000:03}"[: len(part.text)]
        else:
            yield part.text


def _field(moment: datetime, code: str, *, has_noon: bool) -> str:
    hour = (moment.hour % 12 or 12) if has_noon else moment.hour
    numbers = {"d": moment.day, "m": moment.month, "h": hour, "s": moment.second}
    names = {
        "mmm": MONTHS[moment.month - 1],
        "mmmm": MONTHS[moment.month - 1],
        "mmmmm": MONTHS[moment.month - 1][0],
        "ddd": _WEEKDAYS[moment.weekday()],
        "dddd": _WEEKDAYS[moment.weekday()],
        "am/pm": "AM" if moment.hour < 12 else "PM",
        "a/p": "A" if moment.hour < 12 else "P",
        _MINUTE: f"{moment.minute:02}",
    }
    if code in names:
        return names[code]
    if code[0] == "y":
        return f"{moment.year:04}"
    return f"{numbers[code[0]]:0{min(len(code), 2)}}"


def _elapsed(serial: float, tokens: list[Part]) -> str:
    """A length of time: its largest unit in full, the others within the one above them."""
    if not 0 <= serial < LAST_SERIAL:
        raise NoSuchDate
    seconds = round(serial * 86400)
    within = {"h": seconds // 3600 % 24, _MINUTE: seconds // 60 % 60, "s": seconds % 60}
    in_full = {"h": seconds // 3600, "m": seconds // 60, "s": seconds}
    texts = []
    for part in tokens:
        letter = part.text[:1]
        if part.kind is Kind.ELAPSED:
            texts.append(f"{in_full[letter]:0{len(part.text)}}")
        elif part.kind is Kind.DATE:
            if letter not in within:
                raise NoSuchDate
            texts.append(f"{within[letter]:02}")
        else:
            texts.append(part.text)
    return "".join(texts)
