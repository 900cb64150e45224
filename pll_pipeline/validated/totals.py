"""The totals a publication states about itself, checked against its own rows and columns.

Not here: totals that a Power BI report answers (`readers/powerbi`), sums made by us (dbt).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import polars as pl

from pll_pipeline.errors import PllError
from pll_pipeline.sources.model import ObservationTable, Source, TotalColumn, TotalRows, Value
from pll_pipeline.validated.figures import Cell, FigureReader
from pll_pipeline.validated.readers.table import ROW_REFERENCE, PublishedTable
from pll_pipeline.validated.texts import Refused
from pll_pipeline.vocabulary import patterns
from pll_pipeline.vocabulary.norwegian.text import comparable, plain_letters

Bounds = tuple[float, float]
_DIGITS_OF_ROUNDING = 9


@dataclass(frozen=True)
class _WrongTotal:
    """A total that is not the sum of its parts: where it is, and both, as least and greatest."""

    row: int
    column: str
    total: Bounds
    parts: Bounds


def refuse_wrong_totals(source: Source, table: ObservationTable, published: PublishedTable) -> None:
    """Raise `PllError` where a stated total cannot be the sum of its parts, or is not there.

    Counts the wrong totals and names the first. A suppressed part counts with its bounds; a total
    with a part that is not known at all is not checked, nor one whose cells cannot be read.
    """
    if not table.total_rows and not table.total_columns:
        return
    amounts = _Amounts(source, table, published)
    wrong = [
        *(w for rule in table.total_rows for w in _wrong_rows(rule, table, published, amounts)),
        *(w for rule in table.total_columns for w in _wrong_columns(rule, published, amounts)),
    ]
    if not wrong:
        return
    first = min(wrong, key=lambda found: found.row)
    raise PllError(
        f"{len(wrong)} stated totals are not the sum of their parts; the first is"
        f" {_shown(first.total)} in {first.column!r}, and its parts add up to"
        f" {_shown(first.parts)}",
        where=str(published.frame[ROW_REFERENCE][first.row]),
        do="see whether rows are missing or counted twice, and ask the publisher; rounding is"
        " allowed for by `tolerance`",
    )


class _Amounts:
    """Least and greatest amount of each cell of the value columns, in published units."""

    def __init__(self, source: Source, table: ObservationTable, published: PublishedTable) -> None:
        self._source, self._table, self._published = source, table, published
        self._known: dict[str, list[Bounds | None]] = {}

    def of(self, column: str) -> list[Bounds | None]:
        """By row; None where the cell cannot be read."""
        if column not in self._known:
            self._known[column] = list(self._read(column))
        return self._known[column]

    def _read(self, column: str) -> Iterator[Bounds | None]:
        value = self._value_of(column)
        reader = FigureReader(value, column, value.numbers or self._source.numbers)
        frame, mark_column = self._published.frame, value.mark_column
        numbers = self._published.number_cells.get(
            column, pl.repeat(False, frame.height, eager=True)
        )
        beside = frame[mark_column] if mark_column else pl.repeat("", frame.height, eager=True)
        for text, is_number, mark in zip(frame[column], numbers, beside, strict=True):
            try:
                yield reader.bounds(Cell(text, is_number, mark, "", "count", "count"))
            except Refused:
                yield None

    def _value_of(self, column: str) -> Value:
        """The settings by which a column is read."""
        for value in self._table.values:
            if value.column == column or (
                value.columns and patterns.is_found(value.columns, column)
            ):
                return value
        return Value(column=column, measure="")


def _wrong_rows(
    rule: TotalRows, table: ObservationTable, published: PublishedTable, amounts: _Amounts
) -> Iterator[_WrongTotal]:
    frame = published.frame
    is_total = [patterns.is_found(rule.matches, plain_letters(text)) for text in frame[rule.column]]
    if not any(is_total):
        raise PllError(
            f"No row of column {rule.column!r} is a total as total_rows states: no text matches"
            f" {rule.matches!r}",
            where=table.file,
            do="see whether the publisher renamed or dropped the total, then correct total_rows",
        )
    groups: dict[tuple[str, ...], list[int]] = {}
    within = [[comparable(text) for text in frame[column]] for column in rule.within]
    keys = list(zip(*within, strict=True)) if within else [()] * frame.height
    for row, key in enumerate(keys):
        groups.setdefault(key, []).append(row)
    columns = rule.of or [value.column for value in table.values if value.column]
    for column in columns:
        bounds = amounts.of(column)
        for rows in groups.values():
            parts = [bounds[row] for row in rows if not is_total[row]]
            for row in rows:
                if is_total[row]:
                    yield from _compared(row, column, bounds[row], parts, rule.tolerance)


def _wrong_columns(
    rule: TotalColumn, published: PublishedTable, amounts: _Amounts
) -> Iterator[_WrongTotal]:
    totals = amounts.of(rule.column)
    parts = [amounts.of(column) for column in rule.parts]
    for row in range(published.frame.height):
        of_row = [bounds[row] for bounds in parts]
        yield from _compared(row, rule.column, totals[row], of_row, rule.tolerance)


def _compared(
    row: int, column: str, total: Bounds | None, parts: list[Bounds | None], tolerance: float
) -> Iterator[_WrongTotal]:
    known = [part for part in parts if part is not None]
    if total is None or not known or len(known) < len(parts):
        return
    lower = round(sum(part[0] for part in known), _DIGITS_OF_ROUNDING)
    upper = round(sum(part[1] for part in known), _DIGITS_OF_ROUNDING)
    if total[1] < lower - tolerance or total[0] > upper + tolerance:
        yield _WrongTotal(row, column, total, (lower, upper))


def _shown(bounds: Bounds) -> str:
    lower, upper = bounds
    return f"{lower:.12g}" if lower == upper else f"{lower:.12g} to {upper:.12g}"
