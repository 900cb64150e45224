"""SQL statements made from templates, with every name and text quoted.

A template is a constant of this package. What is put into it is `Sql`: made by `quoted`, `literal`,
`listed` or `statement` itself, so that the type checker refuses a plain text.
Not here: statements about single tables (the modules that run them).
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import LiteralString, NewType

Sql = NewType("Sql", str)


def quoted(name: str) -> Sql:
    """A name as an SQL identifier."""
    return Sql('"' + name.replace('"', '""') + '"')


def literal(text: str | Path) -> Sql:
    """A text as an SQL string."""
    return Sql("'" + str(text).replace("'", "''") + "'")


def listed(parts: Iterable[Sql], separator: LiteralString = ", ") -> Sql:
    """Several pieces of SQL as one, with commas between them or another separator."""
    return Sql(separator.join(parts))


def statement(template: LiteralString, **parts: Sql | int | float) -> Sql:
    """The template with its `{placeholders}` filled; a brace of the SQL itself is doubled."""
    return Sql(template.format(**parts))
