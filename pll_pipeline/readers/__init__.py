"""Readers: bytes → the table as published, every cell as text.

Pure functions, one module per form of publication, chosen by the `read.kind` of a source file. Not here: fetching
(`fetchers/`), meaning (`observations.py`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pll_pipeline.readers import delimited

if TYPE_CHECKING:
    import polars as pl

    from pll_pipeline.sources.model import Delimited

ROW_REFERENCE = "row_reference"


def read_table(content: bytes, how: Delimited, *, where: str) -> pl.DataFrame:
    """The table in `content`, one text column per published column, and `row_reference` (file and line).

    Raises `PllError` naming `where` when the bytes cannot be read the way the source file says.
    """
    return delimited.read(content, how, where=where)
