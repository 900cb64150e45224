"""Answers of DuckDB as Polars frames.

Not here: statements, connections. This module does not import duckdb on purpose, see `frame_of`.
"""

from __future__ import annotations

from typing import Protocol

import polars as pl


class ArrowStream(Protocol):
    """Anything that exports its rows as an Arrow stream, such as a DuckDB relation."""

    def __arrow_c_stream__(self, requested_schema: object | None = None, /) -> object:
        """The stream, as a capsule."""
        ...


class _Rows:
    """The rows of one relation, without its class."""

    def __init__(self, relation: ArrowStream) -> None:
        self._relation = relation

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        return self._relation.__arrow_c_stream__(requested_schema)


def frame_of(relation: ArrowStream) -> pl.DataFrame:
    """The rows of a DuckDB relation as a frame.

    Polars keeps the class of what it is given in a cache of its own until Python has ended. Given a
    relation, it keeps DuckDB's module alive too long, and DuckDB 2.0 then prints some forty lines
    about leaked objects. Given this module's class, it keeps this module, which has no DuckDB in
    it. DuckDB's own `relation.pl()` needs pyarrow, which this project does not install.
    Raises whatever DuckDB raises while it runs the statement.
    """
    return pl.DataFrame(_Rows(relation))
