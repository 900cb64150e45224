"""What the columns of a published table look like: regions, periods, actor types, numbers, text.

Guesses are allowed here and nowhere else: what is proposed becomes true only when a person confirms
it in a source file. Not here: reading tables (`validated/readers/`), writing source files
(`starter.py`).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import partial
from typing import TYPE_CHECKING, Literal

from pll_pipeline.errors import PllError
from pll_pipeline.inspection.numbers_seen import NumbersSeen, is_mark, numbers_seen
from pll_pipeline.validated.readers.table import PublishedTable
from pll_pipeline.vocabulary.codes import Codes
from pll_pipeline.vocabulary.norwegian.periods import read_period

if TYPE_CHECKING:
    import polars as pl

LooksLike = Literal["region", "period", "actor_type", "number", "constant", "text"]
# The last days before the reforms of kommuner and fylker.
_LAST_DAYS_OF_CODES = (date(2023, 12, 31), date(2019, 12, 31), date(2017, 12, 31))

MOST_TEXTS = 200  # of a column that are looked at
ENOUGH = 0.8  # of a column's texts that must be of a kind
# A workbook and a report know no months: their months are first days. Kind → form, and the pattern
# that takes the period out of it.
DAYS = {
    "days in place of months": (re.compile(r"\d{4}-\d\d-01(T00:00:00)?"), r"^(\d{4}-\d\d)"),
    "days": (re.compile(r"\d{4}-\d\d-\d\d(T00:00:00)?"), r"^(\d{4}-\d\d-\d\d)"),
}
_LEVELS = ("land", "fylke", "kommune", "hf", "rhf", "helsefellesskap", "bydel")


@dataclass(frozen=True)
class ColumnSeen:
    """One column: up to three of its texts, how many different ones, and what it looks like.

    `detail`: which level, how numbers are written (`numbers_seen.py`), or which form of days.
    `unit`: the unit the publication states for it. `marks`: text → how often, in a column of marks
    alone, as the status of a statistics bank. `notes`: what a person should know, as clauses.
    """

    name: str
    examples: tuple[str, ...]
    distinct: int
    looks_like: LooksLike
    detail: str = ""
    numbers: NumbersSeen | None = None
    unit: str = ""
    empty_after_first: int = 0
    marks: Mapping[str, int] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


def columns_seen(table: PublishedTable, codes: Codes, on: date) -> tuple[ColumnSeen, ...]:
    """The columns of a table, each with what it looks like; region names as of the day `on`."""
    return tuple(_column(table, name, codes, on) for name in table.columns)


def _column(table: PublishedTable, name: str, codes: Codes, on: date) -> ColumnSeen:
    series = table.frame[name]
    counts = _counts(series)
    texts = [text for text in counts if text.strip()][:MOST_TEXTS]
    mask = table.number_cells.get(name)
    typed = series.filter(mask).unique().to_list() if mask is not None else []
    numbers = None
    kind, detail = _kind_of_labels(texts, codes, on) if texts else ("text", "empty")
    if kind is None:
        numbers = numbers_seen({text: counts[text] for text in texts}, typed, ENOUGH)
        kind, detail = _kind_of_others(numbers, texts, len(counts))
    unit = _unit(table, name)
    marks = _marks_beside({text: counts[text] for text in texts}) if numbers is None else {}
    return ColumnSeen(
        name,
        tuple(texts[:3]),
        len(counts),
        kind,
        detail,
        numbers,
        unit,
        _empty_after_first(series),
        marks,
        tuple(_notes(table, name, numbers, unit, marks)),
    )


def _marks_beside(counts: dict[str, int]) -> dict[str, int]:
    """The texts of a column of nothing but marks; none where it has another text."""
    return counts if all(is_mark(text.strip()) for text in counts) else {}


def _counts(series: pl.Series) -> dict[str, int]:
    """Each text in the order of its first row → how often it occurs."""
    counted = series.to_frame("text").group_by("text", maintain_order=True).len()
    return dict(counted.iter_rows())


def _empty_after_first(series: pl.Series) -> int:
    """How many cells are empty below a first one that is not, as labels written once per group."""
    return int((series == "").sum()) if len(series) and series[0] else 0


def _unit(table: PublishedTable, name: str) -> str:
    units = table.units.get(name)
    stated = units.drop_nulls().unique(maintain_order=True).to_list() if units is not None else []
    return " · ".join(stated)


# --- kinds ------------------------------------------------------------------------------------


def _kind_of_labels(texts: list[str], codes: Codes, on: date) -> tuple[LooksLike | None, str]:
    """Region, period or actor type, with its detail; None where the texts are none of them."""
    labels = [text for text in texts if not is_mark(text.strip())] or texts
    levels = Counter(level for text in labels if (level := _region_level(text, codes, on)))
    if sum(levels.values()) >= ENOUGH * len(labels):
        return "region", levels.most_common(1)[0][0]
    for detail, (form, _) in DAYS.items():
        if all(form.fullmatch(text) for text in labels):
            return "period", detail
    if _are_mostly(labels, read_period):
        return "period", ""
    known = [text for text in labels if codes.actor_types.has(text)]
    if len(known) >= ENOUGH * len(labels) and _are_mostly(labels, codes.actor_types.match):
        return "actor_type", ""
    return None, ""


def _kind_of_others(
    numbers: NumbersSeen | None, texts: list[str], distinct: int
) -> tuple[LooksLike, str]:
    if numbers is not None:
        return "number", numbers.convention
    return ("constant", texts[0]) if distinct == 1 else ("text", "")


def _are_mostly(texts: list[str], read: Callable[[str], object]) -> bool:
    return sum(is_read(text, read) for text in texts) >= ENOUGH * len(texts)


def is_read(text: str, read: Callable[[str], object]) -> bool:
    """Whether `read` takes the text without an error."""
    try:
        read(text)
    except PllError:
        return False
    return True


def _region_level(text: str, codes: Codes, on: date) -> str | None:
    # most texts are no name, and to say which are near takes long
    if not codes.regions.has(text):
        return None
    # a long series names the regions of its time; a number may be any former code
    is_name = any(character.isalpha() for character in text)
    for day in (on, *_LAST_DAYS_OF_CODES) if is_name else (on,):
        for level in _LEVELS:
            if is_read(text, partial(codes.regions.match, levels=[level], on=day)):
                return level
    return None


# --- notes ------------------------------------------------------------------------------------


def _notes(
    table: PublishedTable,
    name: str,
    numbers: NumbersSeen | None,
    unit: str,
    marks: Mapping[str, int],
) -> Iterator[str]:
    """What a person should know of the column before using it."""
    if marks:
        yield f"marks beside the figures: {listed(marks)}"
    if unit:
        yield f"the publication states the unit {unit!r}"
    if numbers is not None:
        yield from _notes_of_numbers(numbers)
        joined = table.joined_cells.get(name)
        if joined is not None:
            yield f"{int(joined.sum())} cells are joined, and a figure in such a cell is refused"
    faults = [why for (_, column), why in table.faults.items() if column == name]
    if faults:
        yield f"{_cells(len(faults))} cannot be known; the first {faults[0]}"


def _notes_of_numbers(numbers: NumbersSeen) -> Iterator[str]:
    if numbers.two_readings:
        yield (
            f"{numbers.two_readings!r} has two readings, a thousand or a decimal: every mark is"
            " followed by three digits"
        )
    if numbers.marks:
        yield f"marks in place of numbers: {listed(numbers.marks)}"
    if numbers.footnotes:
        yield f"footnote marks at numbers: {listed(numbers.footnotes)}"
    if numbers.unread:
        yield f"no numbers: {listed(numbers.unread)}"
    if numbers.has_share_sign:
        yield "cells have a per cent sign"


def listed(counts: Mapping[str, int], most: int = 6) -> str:
    """Texts with how often each occurs, in words."""
    parts = [f"{text!r} in {_cells(count)}" for text, count in list(counts.items())[:most]]
    rest = len(counts) - most
    return ", ".join(parts) + (f" and {rest} more" if rest > 0 else "")


def _cells(count: int) -> str:
    return "1 cell" if count == 1 else f"{count} cells"


def names_of(columns: Iterable[ColumnSeen], looks_like: LooksLike) -> list[str]:
    """The names of the columns that look like something."""
    return [column.name for column in columns if column.looks_like == looks_like]
