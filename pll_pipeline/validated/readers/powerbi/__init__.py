"""Answers of public Power BI reports (`querydata`), as saved → the table the report shows.

The form is nobody's published contract, so it is read strictly: an answer that is cut off, contradicts itself or holds
anything unknown raises and never becomes a table. Pure functions: bytes in, values out. The rooms, from the bytes up:
`json_text` and `answer` find the data, `descriptor` says what ids mean, `values` and `containers` read columns,
`members` and `page` make one table, `completeness` and `pages` see that it is whole. Not here: asking a report
(`fetchers/`), building queries, what a column means (`sources/`, `observations.py`).
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import polars as pl

from pll_pipeline.validated.readers.powerbi.errors import (
    IncompleteAnswer,
    MalformedAnswer,
    PowerBiError,
    QueryFailed,
    UnsupportedAnswer,
)
from pll_pipeline.validated.readers.powerbi.json_text import as_list, parse
from pll_pipeline.validated.readers.powerbi.page import Total
from pll_pipeline.validated.readers.powerbi.pages import Decoded, decode_answers, places
from pll_pipeline.validated.readers.powerbi.values import (
    DECIMAL,
    DOUBLE,
    INTEGER,
    Value,
    as_text,
    as_texts,
)

if TYPE_CHECKING:
    from pll_pipeline.sources.model import PowerBi

__all__ = [
    "Decoded",
    "IncompleteAnswer",
    "MalformedAnswer",
    "PowerBiError",
    "QueryFailed",
    "Total",
    "UnsupportedAnswer",
    "Value",
    "as_csv",
    "decode",
    "read",
]

_ROW_REFERENCE = "row_reference"
_TOLERANCE = 1e-9
_AT_A_TIME = 2**16


def decode(pages: Sequence[bytes], *, where: str) -> Decoded:
    """The table in one answer, or in the pages of one answer in their order.

    Raises `QueryFailed`, `IncompleteAnswer`, `MalformedAnswer` or `UnsupportedAnswer`, naming `where`, page, member and row.
    """
    if isinstance(pages, (bytes, bytearray, str)):
        raise TypeError("decode takes a sequence of pages, not one page")
    return decode_answers(
        [parse(page, at) for page, at in zip(pages, places(where, len(pages)), strict=True)],
        where=where,
    )


def as_csv(decoded_columns: Sequence[str], rows: Iterable[Sequence[Value]]) -> str:
    r"""The table as text: comma, line feed, quotes where RFC 4180 wants them, null as \N, values as `values.py` writes them."""
    lines = [decoded_columns, *([as_text(value) for value in row] for row in rows)]
    alone = len(decoded_columns) == 1
    return "".join(",".join(_quoted(cell, alone=alone) for cell in line) + "\n" for line in lines)


def read(content: bytes, how: PowerBi, *, where: str) -> pl.DataFrame:
    """One row per detail row, every column as text ("" where null), plus `row_reference` as file:row.

    `content` is one answer, or `{"pages": [answer, …], "totals": answer}` with the pages of one, and with the same values
    asked for without groups: then the sum of each column of `how.additive` must be its total, to a relative 1e-9, whole
    numbers to the last digit. Raises what `decode` raises, and for an answer without rows or a sum that is not the total.
    """
    table = _checked(parse(content, where), how, where)
    if _ROW_REFERENCE in table.columns:
        raise UnsupportedAnswer(
            f"A column is called {_ROW_REFERENCE!r}, which is the pipeline's own name", where=where
        )
    file, texts, first = where.rsplit("/", 1)[-1], [], 1
    parts = list(table.iter_slices(_AT_A_TIME))
    del table
    while parts:  # each part is let go once it is text, so that little stands in memory twice
        part = parts.pop(0)
        number = pl.int_range(first, first + part.height, eager=True).cast(pl.String)
        reference = (f"{file}:row " + number).alias(_ROW_REFERENCE)
        texts.append(
            pl.DataFrame(
                [*(as_texts(values).fill_null("") for values in part.get_columns()), reference]
            )
        )
        first += part.height
    return pl.concat(texts)


def _checked(saved: object, how: PowerBi, where: str) -> pl.DataFrame:
    """The typed table of a saved answer, held against its totals."""
    pages, totals = [saved], None
    if isinstance(saved, dict) and "pages" in saved:
        if saved.keys() - {"pages", "totals"}:
            raise MalformedAnswer(
                "Saved pages have nothing but totals beside them, but these have", where=where
            )
        pages, totals = as_list(saved["pages"], "the saved pages", where), saved.get("totals")
    decoded = decode_answers(pages, where=where)
    if decoded.table.is_empty():
        raise IncompleteAnswer(
            "The answer has no rows",
            where=where,
            do="look at the report: was the page emptied, or the filter too narrow?",
        )
    expected = decode_answers([totals], where=f"{where}, totals") if totals is not None else None
    for name in how.additive:
        _refuse_other_sum(decoded, expected, name, where)
    return decoded.table


def _refuse_other_sum(decoded: Decoded, totals: Decoded | None, name: str, where: str) -> None:
    if totals is None or not {decoded.type_of(name), totals.type_of(name)} <= {
        DECIMAL,
        DOUBLE,
        INTEGER,
    }:
        told = f"The source file says that {name!r} adds up, but the snapshot has no such column of numbers with a total"
        raise IncompleteAnswer(
            told,
            where=where,
            do="correct `additive` in the source file, or ask for totals too (`check_totals`)",
        )
    summed, total = decoded.sum(name), totals.sum(name)
    if summed != total and not (
        isinstance(summed, float) and math.isclose(summed, total, rel_tol=_TOLERANCE)
    ):
        told = f"The rows of {name!r} add up to {summed}, but the report's total is {total}"
        raise IncompleteAnswer(
            told,
            where=where,
            do="fetch again; if it stays like this, the column does not add up: take it out of `additive`",
        )


def _quoted(cell: str | None, *, alone: bool) -> str:
    if cell is None:
        return r"\N"
    if re.search(r'[",\r\n]', cell) or cell == r"\N" or (alone and not cell):
        return '"' + cell.replace('"', '""') + '"'
    return cell
