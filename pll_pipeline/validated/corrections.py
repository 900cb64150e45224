"""Recorded corrections: exceptions that are records, not code.

Each names one cell of a publication that is known to be wrong, and what to read instead.
Not here: rules (`rules.py`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Annotated

import polars as pl
import yaml
from pydantic import BaseModel, ConfigDict, Field

from pll_pipeline.config import Config
from pll_pipeline.errors import PllError
from pll_pipeline.sources.model import Source
from pll_pipeline.validated.readers.table import ROW_REFERENCE, PublishedTable


class Correction(BaseModel):
    """A recorded exception: one cell that is known to be wrong, and what to read instead.

    `expect` is the wrong text as published; when it is gone, the publisher has corrected it and the
    record must go too. Without `use` the row goes to quarantine.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)

    file: str
    where: Annotated[
        dict[str, str],
        Field(min_length=1, description="Column → text; must point at exactly one row"),
    ]
    column: str
    expect: str
    use: str | None = None
    reason: str
    reported_to: str
    reported_on: date


def read_corrections(path: Path) -> list[Correction]:
    """The recorded corrections of a source; none when the file does not exist.

    Raises `PllError` for a bad record.
    """
    if not path.is_file():
        return []
    try:
        return [
            Correction.model_validate(record)
            for record in yaml.safe_load(path.read_text(encoding="utf-8")) or []
        ]
    except (yaml.YAMLError, ValueError, TypeError, OSError, RecursionError) as error:
        raise PllError(
            f"The recorded corrections cannot be read: {' '.join(str(error).split())}",
            where=str(path),
            do="correct the file; data/corrections/README.md shows the form",
        ) from error


def corrections_of(config: Config, source: Source) -> list[Correction]:
    """The recorded corrections of a source, of those days that count."""
    until = config.known_until
    return [
        correction
        for correction in read_corrections(config.corrections_of(source.name))
        if until is None or correction.reported_on < until.date()
    ]


def fault_of_corrections(config: Config, source: Source) -> str | None:
    """Why the recorded corrections of a source cannot be read; None where they can."""
    try:
        read_corrections(config.corrections_of(source.name))
    except PllError as error:
        return error.paragraph()
    return None


def correct(
    tables: Mapping[str, PublishedTable], corrections: Iterable[Correction], where: str
) -> tuple[dict[str, PublishedTable], list[tuple[str, Correction]]]:
    """The corrected tables, and the (row reference, correction) of rows that go to quarantine.

    Raises `PllError` when a correction no longer fits: its row is gone, or the publisher has
    corrected the cell.
    """
    corrected, quarantined = dict(tables), []
    for correction in corrections:
        table = corrected.get(correction.file)
        reference = _corrected_row(table, correction, where)
        if table is None:
            continue
        if correction.use is None:
            quarantined.append((reference, correction))
            corrected[correction.file] = table.filter(table.frame[ROW_REFERENCE] != reference)
        else:
            corrected[correction.file] = _with_text(table, reference, correction)
    return corrected, quarantined


def _corrected_row(table: PublishedTable | None, correction: Correction, where: str) -> str:
    """The reference of the row that a correction names. Raises `PllError` unless it is there."""
    names = {*correction.where, correction.column}
    found = "no such column"
    if table is not None and names <= set(table.frame.columns):
        conditions = (pl.col(column) == text for column, text in correction.where.items())
        rows = table.frame.filter(*conditions)
        if rows.height == 1 and rows[correction.column][0] == correction.expect:
            return str(rows[ROW_REFERENCE][0])
        one_row = rows.height == 1
        found = repr(rows[correction.column][0]) if one_row else f"{rows.height} such rows"
    raise PllError(
        f"A recorded correction expects {correction.expect!r} in {correction.column}"
        f" but finds {found}",
        where=f"{where}/{correction.file}, {correction.where}",
        do="the publisher may have corrected it: look, then remove or renew the record in"
        " data/corrections",
    )


def _with_text(table: PublishedTable, reference: str, correction: Correction) -> PublishedTable:
    """The table with the text of a correction in its cell."""
    text = (
        pl.when(pl.col(ROW_REFERENCE) == reference)
        .then(pl.lit(correction.use))
        .otherwise(pl.col(correction.column))
    )
    return replace(table, frame=table.frame.with_columns(text.alias(correction.column)))
