"""Answers of public Power BI reports (`querydata`), as saved → the table the report shows.

The form is no published contract, so it is read strictly: an answer that is cut off, contradicts
itself or contains anything unknown raises and never becomes a table. Pure functions: bytes in,
values out. The modules, from the bytes up: `json_text`, `saved_file` and `envelope` find the data,
`descriptor` describes what ids mean, `values` and `containers` read columns, `members` and
`answer_page` make one table, `completeness` and `paging` see that it is whole.
Not here: asking a report (`raw/powerbi`), what a column means (`sources/`, `validated/mapping.py`).
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

import polars as pl

from pll_pipeline.validated.readers.powerbi.answer_page import Total
from pll_pipeline.validated.readers.powerbi.errors import (
    IncompleteAnswer,
    MalformedAnswer,
    PowerBiError,
    QueryFailed,
    UnsupportedAnswer,
)
from pll_pipeline.validated.readers.powerbi.json_text import parse
from pll_pipeline.validated.readers.powerbi.paging import Decoded, decode_answers, page_names
from pll_pipeline.validated.readers.powerbi.saved_file import SavedAnswer, saved_answer
from pll_pipeline.validated.readers.powerbi.values import (
    DECIMAL,
    DOUBLE,
    INTEGER,
    Value,
    as_text,
    as_texts,
)
from pll_pipeline.validated.readers.table import ROW_REFERENCE, NotRead, PublishedTable

if TYPE_CHECKING:
    from pll_pipeline.sources.model import PowerBi

__all__ = [
    "Decoded",
    "IncompleteAnswer",
    "MalformedAnswer",
    "PowerBiError",
    "QueryFailed",
    "SavedAnswer",
    "Total",
    "UnsupportedAnswer",
    "Value",
    "as_csv",
    "decode",
    "read",
    "saved",
]

_NUMBERS = frozenset({DECIMAL, DOUBLE, INTEGER})
_TOLERANCE = 1e-9
_AT_A_TIME = 2**16


def decode(pages: Sequence[bytes], *, where: str) -> Decoded:
    """The table in one answer, or in the pages of one answer in their order.

    Raises `QueryFailed`, `IncompleteAnswer`, `MalformedAnswer` or `UnsupportedAnswer`, naming
    `where`, page, member and row.
    """
    names = page_names(where, len(pages))
    answers = [parse(page, at) for page, at in zip(pages, names, strict=True)]
    return decode_answers(answers, where=where)


def saved(content: bytes, *, where: str) -> SavedAnswer:
    """What a file with saved answers contains: pages, totals, filters, and how many results.

    Raises `MalformedAnswer` for a file that is no saved answer.
    """
    return saved_answer(parse(content, where), where)


def decode_saved(contents: Sequence[bytes], *, where: str, result: int | None = None) -> Decoded:
    """The table of saved answers in their order; of an answer with several results the chosen one.

    Raises what `decode` raises, and `UnsupportedAnswer` where a result must be chosen or is not
    there.
    """
    names = page_names(where, len(contents))
    answers = [saved(content, where=at) for content, at in zip(contents, names, strict=True)]
    pages = [page for answer in answers for page in answer.pages]
    return decode_answers(pages, where=where, result=result)


def as_csv(decoded_columns: Sequence[str], rows: Iterable[Sequence[Value]]) -> str:
    r"""The table as text: comma, line feed, quotes where RFC 4180 wants them, null as \N.

    Values are as `values.py` writes them.
    """
    lines = [decoded_columns, *([as_text(value) for value in row] for row in rows)]
    alone = len(decoded_columns) == 1
    return "".join(",".join(_quoted(cell, alone=alone) for cell in line) + "\n" for line in lines)


def read(content: bytes, how: PowerBi, *, where: str) -> PublishedTable:
    """One row per detail row, all columns as text ("" where null); `row_reference` as file:row.

    `content` is a saved answer as `saved_file.py` describes it. Where it has totals, the sum of
    each column of `how.additive` must be its total, to a relative 1e-9, whole numbers exactly.
    Totals within the answer are never rows; they are counted among what is not read. Raises what
    `decode` raises, and for an answer without rows, a sum that is not the total, and filters other
    than those that the source file names.
    """
    answer = saved(content, where=where)
    _refuse_other_filters(answer, how, where)
    decoded = _checked(answer, how, where)
    if ROW_REFERENCE in decoded.columns:
        what = f"A column is called {ROW_REFERENCE!r}, which is the pipeline's own name"
        raise UnsupportedAnswer(what, where=where)
    notes = tuple(_not_read(decoded, answer))
    del answer
    numbers = {
        name: decoded.table[name].is_not_null()
        for name, code in zip(decoded.columns, decoded.column_type_codes, strict=True)
        if code in _NUMBERS
    }
    parts = list(decoded.table.iter_slices(_AT_A_TIME))
    del decoded
    frame = _texts(parts, where.rsplit("/", 1)[-1])
    return PublishedTable(frame, number_cells=numbers, not_read=notes)


def _texts(parts: list[pl.DataFrame], file: str) -> pl.DataFrame:
    """The rows as text. Each part is let go once it is text, so that little is in memory twice."""
    texts, first = [], 1
    while parts:
        part = parts.pop(0)
        number = pl.int_range(first, first + part.height, eager=True).cast(pl.String)
        reference = (f"{file}:row " + number).alias(ROW_REFERENCE)
        columns = (as_texts(values).fill_null("") for values in part.get_columns())
        texts.append(pl.DataFrame([*columns, reference]))
        first += part.height
    return pl.concat(texts)


def _checked(answer: SavedAnswer, how: PowerBi, where: str) -> Decoded:
    """The typed table of a saved answer, compared with its totals."""
    decoded = decode_answers(answer.pages, where=where, result=how.result)
    if decoded.table.is_empty():
        raise IncompleteAnswer(
            "The answer has no rows",
            where=where,
            do="look at the report: was the page emptied, or the filter too narrow?",
        )
    totals = None
    if answer.totals is not None:
        totals = decode_answers([answer.totals], where=f"{where}, totals")
    for name in how.additive:
        _refuse_other_sum(decoded, totals, name, where)
    return decoded


def _refuse_other_sum(decoded: Decoded, totals: Decoded | None, name: str, where: str) -> None:
    if totals is None or not {decoded.type_of(name), totals.type_of(name)} <= _NUMBERS:
        raise IncompleteAnswer(
            f"The source file states that {name!r} adds up, but the snapshot has no such column of"
            " numbers with a total",
            where=where,
            do="correct `additive` in the source file, or ask for totals too (`check_totals`)",
        )
    summed, total = decoded.sum(name), totals.sum(name)
    is_close = isinstance(summed, float) and math.isclose(summed, total, rel_tol=_TOLERANCE)
    if summed != total and not is_close:
        raise IncompleteAnswer(
            f"The rows of {name!r} add up to {summed}, but the report's total is {total}",
            where=where,
            do="fetch again; if it stays like this, the column does not add up: take it out of"
            " `additive`",
        )


def _refuse_other_filters(answer: SavedAnswer, how: PowerBi, where: str) -> None:
    """Figures under another filter are other figures."""
    if not how.filters or set(how.filters) == set(answer.filters):
        return
    saved_with = "; ".join(answer.filters) or "no filter"
    raise UnsupportedAnswer(
        f"The answer was saved with other filters than the source file names: {saved_with}",
        where=where,
        do="see what the report filters now, then correct read.filters in the source file",
    )


def _not_read(decoded: Decoded, answer: SavedAnswer) -> Iterator[NotRead]:
    """What the answer contains besides the rows, and what its rows were chosen by."""
    place = "the answer"
    if decoded.totals:
        texts = (as_text(value) for value in decoded.totals[0].values)
        example = ", ".join(text for text in texts if text)
        yield NotRead(place, "rows of totals", len(decoded.totals), example)
    if decoded.closed_branches:
        yield NotRead(place, "groups folded away, whose rows it lacks", decoded.closed_branches)
    if answer.results > 1:
        yield NotRead(place, "other results", answer.results - 1)
    if answer.filters:
        yield NotRead(place, "saved filters", len(answer.filters), answer.filters[0])


def _quoted(cell: str | None, *, alone: bool) -> str:
    if cell is None:
        return r"\N"
    if re.search(r'[",\r\n]', cell) or cell == r"\N" or (alone and not cell):
        return '"' + cell.replace('"', '""') + '"'
    return cell
