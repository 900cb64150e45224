"""Readers: bytes → the table as published, every cell as text.

Pure functions, one module per form of publication, chosen by the `read.kind` of a source file. Not here: fetching
(`fetchers/`), meaning (`observations.py`).
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import polars as pl

    from pll_pipeline.sources.model import Reading

ROW_REFERENCE = "row_reference"


def read_table(content: bytes, how: Reading, *, where: str) -> pl.DataFrame:
    """The table in `content`, one text column per published column, and `row_reference` (file, and where in it).

    Raises `PllError` naming `where` when the bytes cannot be read the way the source file says.
    """
    # a kind is a module of that name; what it needs is imported when a source of that kind is read
    return import_module(f"{__name__}.{how.kind}").read(content, how, where=where)
