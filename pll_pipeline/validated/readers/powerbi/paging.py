"""The pages of one answer → one table: what two pages share is there once, and nothing is missing.

Not here: one page alone (`answer_page.py`), asking for the next one (`raw/powerbi`).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import Any

import polars as pl

from pll_pipeline.validated.readers.powerbi.answer_page import AnswerPage, Total
from pll_pipeline.validated.readers.powerbi.completeness import (
    messages,
    refuse_incomplete,
    refuse_other_count,
    refuse_signs_of_loss,
)
from pll_pipeline.validated.readers.powerbi.errors import (
    IncompleteAnswer,
    MalformedAnswer,
    UnsupportedAnswer,
)
from pll_pipeline.validated.readers.powerbi.members import MOST_ROWS
from pll_pipeline.validated.readers.powerbi.values import DECIMAL, Value, as_texts, python_values


@dataclass(frozen=True, eq=False)
class Decoded:
    """A complete answer.

    `table` has the detail rows in the server's order, typed, decimals as text; a matrix is dense,
    one row for every crossing. `closed_branches` counts the groups whose rows the report had folded
    away: they are in `totals` only. `server_row_count` is the engine's own count, None where it
    gave none and for an answer of several pages.
    """

    table: pl.DataFrame
    totals: tuple[Total, ...]
    column_type_codes: tuple[int | None, ...]
    shape_level_values: Mapping[str, Value] | None
    server_row_count: int | None
    has_all_data: bool
    messages: tuple[str, ...]
    closed_branches: int
    pages: int

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of the columns."""
        return tuple(self.table.columns)

    @cached_property
    def rows(self) -> tuple[tuple[Value, ...], ...]:
        """The detail rows as Python values."""
        columns = zip(self.table.get_columns(), self.column_type_codes, strict=True)
        return tuple(zip(*(python_values(values, code) for values, code in columns), strict=True))

    def type_of(self, name: str) -> int | None:
        """The type code of a column, None where no row has one or there is no such column."""
        return dict(zip(self.columns, self.column_type_codes, strict=True)).get(name)

    def sum(self, name: str) -> int | float | Decimal:
        """The sum of a column of numbers, exact but for doubles."""
        values = self.table[name].drop_nulls()
        if self.type_of(name) == DECIMAL:
            return sum(Decimal(digits) for digits in values.to_list())
        if values.dtype.is_float():
            return float(values.sum())
        return sum(int(value) for value in values.to_list())


def decode_answers(answers: Sequence[Any], *, where: str, result: int | None = None) -> Decoded:
    """The table in the parsed pages of one answer, in their order.

    `result` is the number of the result that is meant, where the answer has several. Raises
    `PowerBiError`.
    """
    if not answers:
        raise IncompleteAnswer("There is no answer at all", where=where)
    names_of_pages = page_names(where, len(answers))
    pages = [
        AnswerPage(answer, at, result) for answer, at in zip(answers, names_of_pages, strict=True)
    ]
    for page in pages:
        refuse_signs_of_loss(page)
    _refuse_broken_chain(pages)
    refuse_incomplete(pages[-1])
    first = pages[0]
    is_counted = len(pages) == 1 and len(first.row_counts) == 1
    server_row_count = first.row_counts[0] if is_counted else None
    if server_row_count is not None:
        refuse_other_count(first, server_row_count)
    names = [column.name for column in first.descriptor.columns]
    columns = {str(number): name for number, name in enumerate(names)}
    return Decoded(
        table=_joined(pages)[:, : len(names)].rename(columns),
        totals=tuple(_joined_totals(pages)),
        column_type_codes=_joined_types(pages),
        shape_level_values=first.shape_level_values,
        server_row_count=server_row_count,
        has_all_data=pages[-1].shape.get("HAD") is True,
        messages=tuple(code for page in pages for code, _, _ in messages(page)),
        closed_branches=sum(page.grid.closed_branches for page in pages),
        pages=len(pages),
    )


def page_names(where: str, pages: int) -> list[str]:
    """What to call each page in an error."""
    return [where] if pages == 1 else [f"{where}, page {number}" for number in range(1, pages + 1)]


def _refuse_broken_chain(pages: Sequence[AnswerPage]) -> None:
    """Raise unless every page but the last points onwards, and all describe the same table."""
    tokens = set()
    for page in pages[:-1]:
        token = page.shape.get("RT")
        if not isinstance(token, list) or not token:
            what = "Another page was given after this one, but this one does not point onwards (RT)"
            raise IncompleteAnswer(what, where=page.at)
        text = json.dumps(token, default=str)
        if text in tokens:
            what = "The page points to the same place as one before it, so paging does not move on"
            raise IncompleteAnswer(what, where=page.at)
        tokens.add(text)
    for page in pages[1:]:
        if page.descriptor != pages[0].descriptor or page.across != pages[0].across:
            raise MalformedAnswer(
                "The page describes other columns than the first one",
                where=page.at,
                do="the report changed between the pages: fetch all of them again",
            )


def _joined(pages: Sequence[AnswerPage]) -> pl.DataFrame:
    """The detail rows of all pages; what a page repeats of the one before it is there once."""
    parts = [pages[0].rows]
    for page in pages[1:]:
        fresh = page.rows[_overlap(parts, page) :]
        if fresh.is_empty():
            raise IncompleteAnswer("The page adds no row to those before it", where=page.at)
        parts.append(fresh)
    rows = pl.concat(parts, how="vertical_relaxed")
    if rows.height > MOST_ROWS:
        raise UnsupportedAnswer(f"The table has more than {MOST_ROWS} rows", where=pages[-1].at)
    if len(pages) > 1:
        _refuse_rows_again(rows, parts, pages)
    return rows


def _refuse_rows_again(
    rows: pl.DataFrame, parts: Sequence[pl.DataFrame], pages: Sequence[AnswerPage]
) -> None:
    """Raise where a row of one page is there again on a later one."""
    page_of = pl.concat(
        [pl.repeat(number, part.height, eager=True) for number, part in enumerate(parts)]
    )
    alike = (
        rows.with_columns(page_of.alias("page"))
        .group_by(rows.columns)
        .agg(first=pl.min("page"), last=pl.max("page"))
    )
    later = alike.filter(pl.col("first") < pl.col("last"))["last"].to_list()
    if later:
        raise MalformedAnswer(
            "The page brings rows again that came on an earlier page",
            where=pages[min(later)].at,
            do="the report changed between the pages, or paging runs in circles: fetch all of them"
            " again",
        )


def _overlap(before: Sequence[pl.DataFrame], page: AnswerPage) -> int:
    """How many rows at the head of the page are those that the pages before it end with.

    One line in a flat answer, the longest match in a nested one.
    """
    width = page.grid.width or 1
    longest = page.rows.height if len(page.descriptor.down.members) > 1 else width
    ended = _as_tuples(pl.concat(before, how="vertical_relaxed").tail(longest))
    begins = _as_tuples(page.rows.head(longest))
    for start in range(0, len(ended), width):
        is_alike = begins[:width] == ended[start : start + width]
        if is_alike and begins[: len(ended) - start] == ended[start:]:
            return len(ended) - start
    raise MalformedAnswer(
        "The page does not begin with the row the page before ended with, so rows may be missing"
        " between them",
        where=page.at,
        do="fetch all pages again, ordered by the full key",
    )


def _as_tuples(rows: pl.DataFrame) -> list[tuple[str | None, ...]]:
    return list(zip(*(as_texts(values).to_list() for values in rows.get_columns()), strict=True))


def _joined_totals(pages: Sequence[AnswerPage]) -> list[Total]:
    columns = pages[0].descriptor.columns
    totals: dict[tuple[Any, ...], Total] = {}
    for page in pages:
        of_page: dict[tuple[Any, ...], Total] = {}
        for total in page.totals:
            groups = (
                value
                for column, value in zip(columns, total.values, strict=True)
                if not column.is_measure
            )
            key = (total.level, total.column_level, *groups)
            if key in of_page or totals.get(key, total) != total:
                what = "A total is there twice, or differs between two pages"
                raise MalformedAnswer(what, where=page.at)
            of_page[key] = total
        totals |= of_page
    return list(totals.values())


def _joined_types(pages: Sequence[AnswerPage]) -> tuple[int | None, ...]:
    codes: list[int | None] = list(pages[0].types)
    for page in pages[1:]:
        for position, code in enumerate(page.types):
            if codes[position] is None or codes[position] == 0:
                codes[position] = code
            elif code not in (None, 0, codes[position]):
                what = "A column is of another type than on the pages before"
                raise MalformedAnswer(what, where=page.at)
    return tuple(codes)
