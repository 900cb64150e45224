"""Rows of the page's tables as mappings from column to value, and the few questions asked of them.

Not here: where rows come from (`data.py`), what is drawn of them (`sections/`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

Row = dict[str, Any]


def where(rows: Iterable[Row], **values: object) -> list[Row]:
    """The rows whose columns have these values, in their order."""
    return [row for row in rows if all(row[column] == value for column, value in values.items())]


def grouped(rows: Iterable[Row], *columns: str) -> dict[tuple[Any, ...], list[Row]]:
    """The rows by their values of some columns; groups and rows in their order."""
    groups: dict[tuple[Any, ...], list[Row]] = {}
    for row in rows:
        groups.setdefault(tuple(row[column] for column in columns), []).append(row)
    return groups


def distinct(rows: Iterable[Row], column: str) -> list[Any]:
    """The values of a column, each once, in their order."""
    return list(dict.fromkeys(row[column] for row in rows))


def known(rows: Iterable[Row], column: str = "adoption_share") -> list[Row]:
    """The rows that have a value in a column, in their order."""
    return [row for row in rows if row[column] is not None]


def without(rows: Sequence[Row], *columns: str) -> list[Row]:
    """The rows without some of their columns."""
    return [{name: row[name] for name in row if name not in columns} for row in rows]
