"""Values of a Power BI report's answers: their types, how each is written, and what repeats.

Not here: how values make up an answer (`powerbi_answer.py`).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from enum import IntEnum
from typing import Any

Value = None | str | int | float | bool | datetime | Decimal
Row = Sequence[Value]
Node = dict[str, Any]

MASKED_COLUMNS = 53
DICTIONARY_ENTRIES = 100
_LONGEST_NUMBER = 15
_EXACT_IN_A_DOUBLE = 2**53
_EPOCH = datetime(1970, 1, 1)
_MILLISECOND = timedelta(milliseconds=1)
_UNWRITTEN = object()


class TypeCode(IntEnum):
    """The types of values, by the codes that answers and schemas use."""

    TEXT = 1
    DECIMAL = 2
    DOUBLE = 3
    INTEGER = 4
    BOOLEAN = 5
    DATETIME = 7


def literal(value: Value) -> str:
    """A value as queries and restart tokens write it."""
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case int():
            return f"{value}L"
        case float():
            return f"{value!r}D"
        case Decimal():
            return f"{value:f}M"
        case datetime():
            return f"datetime'{value.isoformat()}'"
    return "'" + value.replace("'", "''") + "'"


def _double(value: float) -> float | int | str:
    if not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    text = f"{value:.15G}"
    if float(text) != value:
        text = f"{value:.17G}"
    if len(text) > _LONGEST_NUMBER:
        return text
    return int(value) if value.is_integer() else value


def _integer(value: int) -> int | str:
    return value if -_EXACT_IN_A_DOUBLE <= value <= _EXACT_IN_A_DOUBLE else str(value)


def _datetime(value: datetime) -> int | str:
    since = value - _EPOCH
    return value.isoformat() if since % _MILLISECOND else since // _MILLISECOND


_WRITERS: dict[TypeCode, Callable[[Any], Any]] = {
    TypeCode.TEXT: str,
    TypeCode.DECIMAL: "{:f}".format,
    TypeCode.DOUBLE: _double,
    TypeCode.INTEGER: _integer,
    TypeCode.BOOLEAN: int,
    TypeCode.DATETIME: _datetime,
}


class Dictionary:
    """The texts of a column: the first hundred are written by number, later ones as they are."""

    def __init__(self) -> None:
        self.numbers: dict[str, int] = {}

    def written(self, text: str) -> int | str:
        """The number of a text, or the text."""
        number = self.numbers.get(text)
        if number is None and len(self.numbers) < DICTIONARY_ENTRIES:
            number = self.numbers[text] = len(self.numbers)
        return text if number is None else number


@dataclass(frozen=True)
class ContainerField:
    """A value of a container: its id, its type, and whether its texts are written by number."""

    id: str
    type_code: TypeCode
    has_dictionary: bool


class Container:
    """Writes the containers of one kind.

    The first has the schema; each has what is new since the one before.
    """

    def __init__(
        self, fields: Sequence[ContainerField], dictionaries: dict[str, Dictionary]
    ) -> None:
        self._fields = fields
        self._dictionaries = dictionaries
        self._bits = [
            1 << position if position < MASKED_COLUMNS else 0 for position in range(len(fields))
        ]
        self._before: Sequence[Any] = [_UNWRITTEN] * len(fields)
        self._writers: list[Callable[[Any], Any]] = []

    def written(self, values: Row) -> Node:
        """A container with these values, one per field."""
        container: Node = {} if self._writers or not self._fields else {"S": self._schema()}
        repeats = nulls = 0
        new = []
        for bit, write, value, before in zip(
            self._bits, self._writers, values, self._before, strict=True
        ):
            if bit and value == before:
                repeats |= bit
            elif bit and value is None:
                nulls |= bit
            else:
                new.append(None if value is None else write(value))
        self._before = values
        if len(values) > 1:
            container["C"] = new
        elif new:
            container[self._fields[0].id] = new[0]
        if repeats:
            container["R"] = repeats
        if nulls and len(values) > 1:
            container["Ø"] = nulls
        return container

    def _schema(self) -> list[Node]:
        schema = []
        for field in self._fields:
            entry: Node = {"N": field.id, "T": int(field.type_code)}
            write = _WRITERS[field.type_code]
            if field.has_dictionary:
                entry["DN"] = f"D{len(self._dictionaries)}"
                write = self._dictionaries.setdefault(entry["DN"], Dictionary()).written
            schema.append(entry)
            self._writers.append(write)
        return schema
