"""`pll tables`: the public tables of a release, from their own descriptions.

Not here: the descriptions (`dbt_project/tables/`, `vocabulary/columns.py`), printing
(`console.py`).
"""

from __future__ import annotations

import re
from difflib import get_close_matches

from pll_pipeline.errors import PllError
from pll_pipeline.star.model_files import DBT_PROJECT, Table, tables
from pll_pipeline.vocabulary.columns import Column

# Marts first: they are what most questions are about.
LAYERS = ("marts", "star")
# The unit of a column by its name; the first that fits.
_UNITS = (
    (re.compile(r"share|percentile|interval_level"), "share from 0 to 1"),
    (re.compile(r"^(months_|within_months)|_months(_|$)|months_away"), "months"),
    (re.compile(r"^change_\d+m$"), "change in share"),
    (re.compile(r"count"), "count"),
    (re.compile(r"^pace_"), "unit of the measure, per month"),
    (re.compile(r"value|_bound$|^(sum|difference|distance)"), "unit of the measure"),
)
_NUMBERS = ("double", "integer", "bigint")


class NoSuchTable(PllError):
    """No public table has the name."""


def public_tables() -> dict[str, Table]:
    """The tables by `schema.name`: marts, then star, in the order of their descriptions."""
    return {
        f"{layer}.{name}": table
        for layer in LAYERS
        for name, table in tables(DBT_PROJECT, layer).items()
    }


def find_table(name: str) -> tuple[str, Table]:
    """A table by its name, with or without its schema. Raises `NoSuchTable` with like names."""
    every = public_tables()
    for full_name, table in every.items():
        if name.lower() in (full_name, full_name.partition(".")[2]):
            return full_name, table
    short = {full_name.partition(".")[2]: full_name for full_name in every}
    part = name.lower().rpartition(".")[2]
    like = [short[other] for other in short if part and part in other]
    like = like or [short[other] for other in get_close_matches(part, short)]
    hint = f"did you mean {', '.join(like)}? " if like else ""
    raise NoSuchTable(
        f"There is no public table {name!r}", do=f"{hint}`pll tables` lists all of them"
    )


def unit_of(column: Column) -> str:
    """The unit of a column's values; empty where it has none."""
    if column.type == "timestamp with time zone":
        return "in UTC"
    if column.type == "date":
        is_month = column.name == "month" or column.name.endswith("_month")
        return "first day of the month" if is_month else ""
    if column.type not in _NUMBERS:
        return ""
    return next((unit for pattern, unit in _UNITS if pattern.search(column.name)), "")
