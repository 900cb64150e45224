"""The keys of the public tables: what identifies a row, and which columns refer to a dimension.

Not here: the tests that the keys are right (dbt runs them each night from the same descriptions).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from pll_pipeline.config import CHECKOUT
from pll_pipeline.star.model_files import tables

_LAYERS = ("star", "marts")


@dataclass(frozen=True)
class Keys:
    """`unique`: the columns that identify a row, () where none do.

    `is_primary`: none of them is ever empty. `foreign`: column → the table and column it refers to.
    """

    unique: tuple[str, ...]
    is_primary: bool
    foreign: dict[str, tuple[str, str]]


@cache
def keys() -> dict[str, Keys]:
    """The keys of every public table by its name."""
    found = {}
    for layer in _LAYERS:
        for name, table in tables(CHECKOUT / "dbt_project", layer).items():
            foreign = {}
            for column in map(table.column, table.names):
                to, _, field = column.refers_to.partition(".")
                if to and (to, field) != (name, column.name) and column.name not in table.unrelated:
                    foreign[column.name] = (to, field)
            is_primary = bool(table.grain) and {*table.grain} <= {*table.required}
            found[name] = Keys(table.grain, is_primary, foreign)
    return found
