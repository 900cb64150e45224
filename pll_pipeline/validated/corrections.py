"""Recorded corrections: exceptions that are records, not code.

Each names one cell of a publication that is known to be wrong, and what to read instead. Not here: rules (`rules.py`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Annotated

import polars as pl
import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from pll_pipeline.errors import PllError
from pll_pipeline.validated.readers.table import ROW_REFERENCE, PublishedTable


class Correction(BaseModel):
    """A recorded exception: one cell of a publication that we know to be wrong, and what to read instead.

    `expect` is the wrong text as published; when it is no longer there the publisher has mended it and the record
    must go. `use` empty means: set the row aside.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

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
    """The recorded corrections of a source; none when the file does not exist. Raises `PllError` for a bad record."""
    if not path.is_file():
        return []
    try:
        return [
            Correction.model_validate(said)
            for said in yaml.safe_load(path.read_text(encoding="utf-8")) or []
        ]
    except (yaml.YAMLError, ValidationError, TypeError) as error:
        raise PllError(
            f"The recorded corrections cannot be read: {' '.join(str(error).split())}",
            where=str(path),
            do="mend the file; data/corrections/README.md shows the form",
        ) from error


def correct(
    tables: Mapping[str, PublishedTable], corrections: Iterable[Correction], where: str
) -> tuple[dict[str, PublishedTable], list[tuple[str, Correction]]]:
    """The tables with the corrections applied, and the (row reference, correction) of rows to set aside.

    Raises `PllError` when a correction no longer fits: its row is gone, or the publisher has mended the cell.
    """
    corrected, aside = dict(tables), []
    for correction in corrections:
        table = corrected.get(correction.file)
        known = table is not None and {*correction.where, correction.column} <= set(
            table.frame.columns
        )
        hit = (
            table.frame.filter(*(pl.col(c) == text for c, text in correction.where.items()))
            if known
            else None
        )
        if hit is None or hit.height != 1 or hit[correction.column][0] != correction.expect:
            found = (
                "no such column"
                if hit is None
                else f"{hit.height} such rows"
                if hit.height != 1
                else f"{hit[correction.column][0]!r}"
            )
            raise PllError(
                f"A recorded correction expects {correction.expect!r} in {correction.column} but finds {found}",
                where=f"{where}/{correction.file}, {correction.where}",
                do="the publisher may have mended it: look, then remove or renew the record in data/corrections",
            )
        reference = hit[ROW_REFERENCE][0]
        here = pl.col(ROW_REFERENCE) == reference
        if correction.use is None:
            aside.append((reference, correction))
            corrected[correction.file] = table.filter(table.frame[ROW_REFERENCE] != reference)
        else:
            frame = table.frame.with_columns(
                pl.when(here)
                .then(pl.lit(correction.use))
                .otherwise(pl.col(correction.column))
                .alias(correction.column)
            )
            corrected[correction.file] = replace(table, frame=frame)
    return corrected, aside
