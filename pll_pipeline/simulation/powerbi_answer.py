"""Tables → answers of a Power BI report's server (`querydata`), as the server writes them.

A value like the one before it is left out and marked in a repeat mask, a null in a null mask, and a text is written
once and then by its number. Shares no code with the reader of such answers, so that no mistake can hide in both. Pure
functions. Not here: what a query asks for (`powerbi_query.py`), who is asked (`powerbi_report.py`).
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from enum import IntEnum
from itertools import count, groupby
from typing import Any
from uuid import uuid4

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
    """The types of values, by the codes answers and schemas use."""

    TEXT = 1
    DECIMAL = 2
    DOUBLE = 3
    INTEGER = 4
    BOOLEAN = 5
    DATETIME = 7


@dataclass(frozen=True)
class Selected:
    """One column asked for, by the name the query gives it. A group says which entity and property it is; a measure has no source."""

    name: str
    type_code: TypeCode
    source: tuple[str, str] | None = None
    format: str | None = None

    @property
    def is_measure(self) -> bool:
        return self.source is None


class Subtotal(IntEnum):
    """Where the total over a grouping stands."""

    NONE = 0
    BEFORE = 1
    AFTER = 2


@dataclass(frozen=True)
class Grouping:
    """One level of the rows: the positions of its columns among those selected."""

    groups: tuple[int, ...]
    subtotal: Subtotal = Subtotal.NONE


@dataclass(frozen=True)
class Encoded:
    """A table written down. `row_count` is what the engine says it counted: detail rows and totals."""

    descriptor: Node
    shape: Node
    dictionaries: Mapping[str, list[str]]
    row_count: int


def encode(
    columns: Sequence[Selected],
    rows: Iterable[Row],
    *,
    down: Sequence[Grouping],
    across: Sequence[int] = (),
    totals: Mapping[tuple[Value, ...], Row] | None = None,
    closed: frozenset[tuple[Value, ...]] = frozenset(),
) -> Encoded:
    """The table `rows`, each in the order of `columns`, those of a group beside each other.

    One grouping down makes a flat answer, several a nested one, `across` a matrix (cells whose measures are all null are
    not written), none at all an answer of totals, whose only row holds the measures. `totals` are the values of the
    measures by the groups they are still divided by, `()` for the grand total; `closed` are the groups folded away.
    Raises `ValueError` for a matrix with totals or without groups down, which no known answer shows.
    """
    if across and (not down or any(grouping.subtotal for grouping in down)):
        raise ValueError("a matrix has groups down, and no totals")
    return _Encoder(columns, down, tuple(across), totals or {}, closed).encoded(list(rows))


def data_of(
    encoded: Encoded,
    *,
    restart: list[list[str]] | None = None,
    limits: Node | None = None,
    messages: Sequence[Node] = (),
) -> Node:
    """What stands under `data`: complete, or with the token by which the answer goes on."""
    moment = datetime.now(UTC).replace(tzinfo=None)
    completeness: Node = {"IC": restart is None} | (
        {"HAD": True} if restart is None else {"RT": restart}
    )
    told: Node = ({"Msg": list(messages)} if messages else {}) | (
        {"ValueDicts": encoded.dictionaries} if encoded.dictionaries else {}
    )
    return {
        "timestamp": f"{moment.isoformat(timespec='milliseconds')}Z",
        "rootActivityId": str(uuid4()),
        "descriptor": {
            **encoded.descriptor,
            **({"Limits": limits} if limits else {}),
            "Version": 2,
        },
        "metrics": _metrics(moment, encoded.row_count),
        "fromCache": False,
        "dsr": {
            "Version": 2,
            "MinorVersion": 1,
            "DS": [{"N": "DS0", **encoded.shape, **completeness, **told}],
        },
    }


def failure(code: str, message: str) -> Node:
    """What stands under `data` where the query failed: errors are written with the long names."""
    told = [{"Code": code, "Severity": "Error", "Message": message}]
    values = [
        {"timestamp": f"{datetime.now(UTC).replace(tzinfo=None).isoformat()}Z"},
        {"additionalMessages": told},
    ]
    error = {
        "code": code,
        "source": "PowerBI",
        "message": {"lang": "en-US", "value": message},
        "azure:values": values,
    }
    return {"dsr": {"DataShapes": [{"odata.error": error}]}}


def envelope(data: Sequence[Node]) -> bytes:
    """The whole answer to the queries of one request."""
    jobs = [str(uuid4()) for _ in data]
    results = [{"jobId": job, "result": {"data": one}} for job, one in zip(jobs, data, strict=True)]
    return json.dumps(
        {"jobIds": jobs, "results": results},
        ensure_ascii=False,
        separators=(",", ":"),
        allow_nan=False,
    ).encode()


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


def _metrics(moment: datetime, row_count: int) -> Node:
    time = f"{moment.isoformat()}Z"
    query, engine = str(uuid4()), str(uuid4())
    whole = {
        "Id": query,
        "Name": "Execute Semantic Query",
        "Component": "DSE",
        "Start": time,
        "End": time,
    }
    counted = {
        "Id": engine,
        "ParentId": query,
        "Name": "Execute DAX Query",
        "Component": "DSE",
        "Start": time,
        "End": time,
    }
    return {"Version": "1.0.0", "Events": [whole, counted | {"Metrics": {"RowCount": row_count}}]}


# --- values ---------------------------------------------------------------------------------------------------------


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


_WRITTEN: dict[TypeCode, Callable[[Any], Any]] = {
    TypeCode.TEXT: str,
    TypeCode.DECIMAL: "{:f}".format,
    TypeCode.DOUBLE: _double,
    TypeCode.INTEGER: _integer,
    TypeCode.BOOLEAN: int,
    TypeCode.DATETIME: _datetime,
}


class _Dictionary:
    """The texts of a column: the first hundred by their number, later ones as they are."""

    def __init__(self) -> None:
        self.numbers: dict[str, int] = {}

    def written(self, text: str) -> int | str:
        number = self.numbers.get(text)
        if number is None and len(self.numbers) < DICTIONARY_ENTRIES:
            number = self.numbers[text] = len(self.numbers)
        return text if number is None else number


@dataclass(frozen=True)
class _Field:
    """A value of a container: the id it stands under, and whether its texts are written by number."""

    id: str
    type_code: TypeCode
    has_dictionary: bool


class _Container:
    """Containers of one kind: the first one written says the schema, each one what is new since the one before."""

    def __init__(self, fields: Sequence[_Field], dictionaries: dict[str, _Dictionary]) -> None:
        self._fields = fields
        self._dictionaries = dictionaries
        self._bits = [
            1 << position if position < MASKED_COLUMNS else 0 for position in range(len(fields))
        ]
        self._before: Sequence[Any] = [_UNWRITTEN] * len(fields)
        self._writers: list[Callable[[Any], Any]] = []

    def written(self, values: Row) -> Node:
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
            write = _WRITTEN[field.type_code]
            if field.has_dictionary:
                entry["DN"] = f"D{len(self._dictionaries)}"
                write = self._dictionaries.setdefault(entry["DN"], _Dictionary()).written
            schema.append(entry)
            self._writers.append(write)
        return schema


# --- the shape ------------------------------------------------------------------------------------------------------


class _Encoder:
    """Writes one table. Groups are numbered from the outermost in, measures as they are selected."""

    def __init__(
        self,
        columns: Sequence[Selected],
        down: Sequence[Grouping],
        across: tuple[int, ...],
        totals: Mapping[tuple[Value, ...], Row],
        closed: frozenset[tuple[Value, ...]],
    ) -> None:
        self._columns, self._down, self._across, self._totals, self._closed = (
            columns,
            down,
            across,
            totals,
            closed,
        )
        self._measures = [position for position, column in enumerate(columns) if column.is_measure]
        levels = [*(grouping.groups for grouping in down), *([across] if across else [])]
        groups = [position for level in levels for position in level]
        self._ids = {
            position: f"{letter}{number}"
            for letter, found in (("G", groups), ("M", self._measures))
            for number, position in enumerate(found)
        }
        derived = count()
        self._total_ids = {
            one: [f"A{next(derived)}" if grouping.subtotal else None for grouping in down]
            for one in self._measures
        }
        members = (f"DM{number}" for number in count())
        self._member_names = [
            (next(members) if grouping.subtotal else None, next(members)) for grouping in down
        ]
        self._member_across = next(members)
        self._dictionaries: dict[str, _Dictionary] = {}
        self._row_count = 0
        lines = [
            self._container(grouping.groups, may_repeat=depth > 0 or len(grouping.groups) > 1)
            for depth, grouping in enumerate(down)
        ]
        if not across:
            lines[-1:] = [
                self._container(
                    (*(down[-1].groups if down else ()), *self._measures),
                    may_repeat=len(groups) > 1,
                )
            ]
        self._lines, self._cells = lines, self._container(tuple(self._measures), may_repeat=True)
        self._subtotals = [self._total_container(depth) for depth in range(len(down))]

    def encoded(self, rows: list[Row]) -> Encoded:
        shape: Node = {}
        if self._across:
            columns = sorted(
                {self._picked(row, self._across) for row in rows},
                key=lambda one: [(value is not None, value) for value in one],
            )
            container = self._container(self._across, may_repeat=len(self._across) > 1)
            shape["SH"] = [{self._member_across: [container.written(column) for column in columns]}]
            self._places = {column: place for place, column in enumerate(columns)}
        shape["PH"] = (
            self._members(0, (), rows)
            if self._down
            else [{"DM0": [self._line(row, 0) for row in rows]}]
        )
        words = {name: list(dictionary.numbers) for name, dictionary in self._dictionaries.items()}
        return Encoded(self._descriptor(), shape, words, self._row_count)

    def _container(self, positions: Sequence[int], *, may_repeat: bool) -> _Container:
        """The only column of the outermost groups has every text once, so that no dictionary is worth its while."""
        kinds = [(self._ids[position], self._columns[position]) for position in positions]
        fields = [
            _Field(
                id_,
                one.type_code,
                one.type_code == TypeCode.TEXT and (may_repeat or one.is_measure),
            )
            for id_, one in kinds
        ]
        return _Container(fields, self._dictionaries)

    def _total_container(self, depth: int) -> _Container:
        kinds = [
            (self._total_ids[one][depth], self._columns[one].type_code) for one in self._measures
        ]
        return _Container(
            [_Field(id_, type_code, type_code == TypeCode.TEXT) for id_, type_code in kinds if id_],
            self._dictionaries,
        )

    def _picked(self, row: Row, positions: Sequence[int]) -> tuple[Value, ...]:
        return tuple([row[position] for position in positions])

    def _members(self, depth: int, above: tuple[Value, ...], rows: list[Row]) -> list[Node]:
        total, groups = self._member_names[depth]
        found = [
            {groups: [] if above in self._closed else list(self._instances(depth, above, rows))}
        ]
        if total is None:
            return found
        self._row_count += 1
        totals = [{total: [self._subtotals[depth].written(self._totals[above])]}]
        return totals + found if self._down[depth].subtotal == Subtotal.BEFORE else found + totals

    def _instances(self, depth: int, above: tuple[Value, ...], rows: list[Row]) -> Iterator[Node]:
        groups = self._down[depth].groups
        if depth + 1 == len(self._down) and not self._across:
            yield from (self._line(row, depth) for row in rows)
            return
        for values, inside in groupby(rows, key=lambda row: self._picked(row, groups)):
            instance = self._lines[depth].written(values)
            if depth + 1 < len(self._down):
                yield instance | {"M": self._members(depth + 1, (*above, *values), list(inside))}
            else:
                yield instance | {"X": list(self._intersections(inside))}

    def _line(self, row: Row, depth: int) -> Node:
        self._row_count += 1
        groups = self._down[depth].groups if self._down else ()
        return self._lines[depth].written(self._picked(row, (*groups, *self._measures)))

    def _intersections(self, rows: Iterable[Row]) -> Iterator[Node]:
        cells = {
            self._places[self._picked(row, self._across)]: self._picked(row, self._measures)
            for row in rows
        }
        following = 0
        for place in sorted(cells):
            self._row_count += 1
            if any(value is not None for value in cells[place]):
                yield ({"I": place} if place != following else {}) | self._cells.written(
                    cells[place]
                )
                following = place + 1

    # --- what the answer says of itself

    def _descriptor(self) -> Node:
        depths = {
            position: {"Depth": depth}
            for depth, grouping in enumerate(self._down)
            for position in grouping.groups
        }
        depths |= dict.fromkeys(self._across, {"SecondaryDepth": 0})
        select = [
            self._described(position, depths.get(position, {}))
            for position in range(len(self._columns))
        ]
        axes: Node = {}
        if self._down:
            named = zip(self._down, self._member_names, strict=True)
            axes["Primary"] = {
                "Groupings": [
                    self._grouping(grouping.groups, member, total)
                    for grouping, (total, member) in named
                ]
            }
        if self._across:
            axes["Secondary"] = {
                "Groupings": [self._grouping(self._across, self._member_across, None)]
            }
        return {"Select": select} | ({"Expressions": axes} if axes else {})

    def _described(self, position: int, depth: Node) -> Node:
        column, id_ = self._columns[position], self._ids[position]
        shown = {"Format": column.format} if column.format else {}
        if column.source:
            key = {"Source": _source(column), "Calc": id_, "IsSameAsSelect": True}
            return {
                "Kind": 1,
                **depth,
                "Value": id_,
                **shown,
                "GroupKeys": [key],
                "Name": column.name,
            }
        totals = self._total_ids[position]
        return {
            "Kind": 2,
            "Value": id_,
            **shown,
            **({"Subtotal": totals} if any(totals) else {}),
            "Name": column.name,
        }

    def _grouping(self, groups: Sequence[int], member: str, total: str | None) -> Node:
        keys = [
            {"Source": _source(self._columns[position]), "Select": position} for position in groups
        ]
        return {"Keys": keys, "Member": member} | ({"SubtotalMember": total} if total else {})


def _source(column: Selected) -> Node:
    entity, name = column.source or ("", "")
    return {"Entity": entity, "Property": name}
