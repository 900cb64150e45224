"""`csv-excel/<mart>.csv`: the marts as Norwegian Excel opens them from the folder.

Semicolon, decimal comma, a byte order mark, SANN and USANN, times without a zone. A cell of text
that Excel would run as a formula begins with an apostrophe; numbers are never changed so. A mart
with more rows than a sheet has is left out, and named in `datapackage.json`.
Not here: the plain set, whose cells are as published (`csv.py`).
"""

from __future__ import annotations

from collections.abc import Iterable

from pll_pipeline.published.draft import Draft
from pll_pipeline.published.duckdb import LOAD_TIME, Column, Table
from pll_pipeline.published.sql import Sql, listed, literal, quoted, statement

FOLDER = "csv-excel"
DELIMITER, DECIMAL_CHAR = ";", ","
# The rows of a sheet, one of them the heading.
MOST_ROWS = 1_048_576 - 1
_MARK = "\ufeff"
# What Excel takes for the start of a formula, also in full width; tab and line ends come before one
_BEGINS_FORMULA = r"^[=+\-@＝＋－＠\t\r\n]"
# A negative number is no formula.
_NUMBER = r"^-[0-9][0-9 \x{00A0}\x{202F}]*([.,][0-9]+)?( ?[%‰])?$"


def write(draft: Draft) -> None:
    """Write every mart that fits a sheet, in the order of its rows."""
    folder = draft.folder / FOLDER
    folder.mkdir()
    for mart in fitting(draft.tables):
        draft.connection.execute(
            statement(
                "copy (select {columns} from {mart}) to {file} "
                "(format csv, header, delimiter {delimiter})",
                columns=listed(
                    _shown(column, is_first=number == 0)
                    for number, column in enumerate(mart.columns)
                ),
                mart=mart.within("release"),
                file=literal(folder / f"{mart.name}.csv"),
                delimiter=literal(DELIMITER),
            )
        )


def fitting(tables: Iterable[Table]) -> list[Table]:
    """The marts that fit a sheet."""
    return [table for table in _marts(tables) if table.rows <= MOST_ROWS]


def left_out(tables: Iterable[Table]) -> list[Table]:
    """The marts that do not."""
    return [table for table in _marts(tables) if table.rows > MOST_ROWS]


def _marts(tables: Iterable[Table]) -> list[Table]:
    return [table for table in tables if table.schema == "marts"]


def _shown(column: Column, *, is_first: bool) -> Sql:
    """The column as Excel reads it; the name of the first begins with the mark of the file."""
    name = quoted(column.name)
    shown = {
        "VARCHAR": _guarded(name),
        "DOUBLE": statement(
            r"replace(regexp_replace(cast({name} as varchar), '\.0$', ''), '.', ',')", name=name
        ),
        "BOOLEAN": statement("if({name}, 'SANN', 'USANN')", name=name),
        LOAD_TIME: statement("strftime({name}, '%Y-%m-%d %H:%M:%S')", name=name),
    }.get(column.type, name)
    if column.type == "BOOLEAN":
        shown = statement("case when {name} is not null then {shown} end", name=name, shown=shown)
    heading = quoted(_MARK + column.name if is_first else column.name)
    return statement("{shown} as {heading}", shown=shown, heading=heading)


def _guarded(name: Sql) -> Sql:
    """The text, behind an apostrophe where Excel would run it."""
    return statement(
        "case when regexp_matches({name}, {begins}) and not regexp_matches({name}, {number}) "
        "then '''' || {name} else {name} end",
        name=name,
        begins=literal(_BEGINS_FORMULA),
        number=literal(_NUMBER),
    )
