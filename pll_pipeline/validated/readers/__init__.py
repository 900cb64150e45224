"""Readers: bytes → the table as published, every cell as text.

Pure functions, one module per form of publication, chosen by the type of the settings under `read`
in a source file. Not here: fetching (`raw/`), meaning (`validated/mapping.py`).
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from pll_pipeline.errors import PllError
from pll_pipeline.sources.model import Delimited, Html, JsonStat, PowerBi, Prose, Workbook
from pll_pipeline.validated.readers.table import (
    ROW_REFERENCE,
    NotRead,
    PublishedTable,
    refuse_long_texts,
)
from pll_pipeline.vocabulary.norwegian.text import comparable

if TYPE_CHECKING:
    from collections.abc import Callable

    from pll_pipeline.sources.model import ReaderSettings

__all__ = ["ROW_REFERENCE", "NotRead", "PublishedTable", "read_table"]


def read_table(content: bytes, how: ReaderSettings, *, where: str) -> PublishedTable:
    """The table in `content`, one text column per published column, and what its cells state.

    Raises `PllError` naming `where` when the bytes cannot be read the way the source file says.
    """
    table = _READERS[type(how)](content, how, where)
    refuse_long_texts(_characters(table), where)
    return _with_comparable_names(table, where)


def _characters(table: PublishedTable) -> int:
    """How long the texts of all cells are together."""
    import polars as pl

    lengths = table.frame.select(pl.sum_horizontal(pl.all().str.len_bytes().sum()))
    return int(lengths.item() or 0)


def _with_comparable_names(table: PublishedTable, where: str) -> PublishedTable:
    """The table with its names in the form in which names are compared."""
    names = {column: comparable(column) for column in table.columns}
    if all(name == column for column, name in names.items()):
        return table
    if len(set(names.values())) < len(names):
        raise PllError(
            f"Two columns have names that look the same: {', '.join(map(repr, names))}",
            where=where,
            do="ask the publisher for columns with names of their own",
        )
    return replace(
        table,
        frame=table.frame.rename(names),
        number_cells={names[column]: mask for column, mask in table.number_cells.items()},
        joined_cells={names[column]: mask for column, mask in table.joined_cells.items()},
        faults={(row, names[column]): why for (row, column), why in table.faults.items()},
        units={names[column]: units for column, units in table.units.items()},
    )


# Each reader is imported when a source of its form is read: their libraries cost start time.


def _delimited(content: bytes, how: Delimited, where: str) -> PublishedTable:
    from pll_pipeline.validated.readers import delimited

    return delimited.read(content, how, where=where)


def _workbook(content: bytes, how: Workbook, where: str) -> PublishedTable:
    from pll_pipeline.validated.readers import workbook

    return workbook.read(content, how, where=where)


def _html(content: bytes, how: Html, where: str) -> PublishedTable:
    from pll_pipeline.validated.readers import html

    return html.read(content, how, where=where)


def _prose(content: bytes, how: Prose, where: str) -> PublishedTable:
    from pll_pipeline.validated.readers import prose

    return prose.read(content, how, where=where)


def _jsonstat(content: bytes, how: JsonStat, where: str) -> PublishedTable:
    from pll_pipeline.validated.readers import jsonstat

    return jsonstat.read(content, how, where=where)


def _powerbi(content: bytes, how: PowerBi, where: str) -> PublishedTable:
    from pll_pipeline.validated.readers import powerbi

    return powerbi.read(content, how, where=where)


_READERS: dict[type, Callable[..., PublishedTable]] = {
    Delimited: _delimited,
    Workbook: _workbook,
    Html: _html,
    Prose: _prose,
    JsonStat: _jsonstat,
    PowerBi: _powerbi,
}
