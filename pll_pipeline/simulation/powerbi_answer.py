"""Tables → answers of a Power BI report's server (`querydata`), as the server writes them.

A value like the one before it is left out and marked in a repeat mask, a null in a null mask, and a
text is written once and then by its number. Shares no code with the reader of such answers, so that
no mistake can hide in both. Pure functions. Not here: the values themselves (`powerbi_values.py`),
what a query asks for (`powerbi_query.py`), addresses and keys (`powerbi_report.py`).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import IntEnum
from itertools import count, groupby
from uuid import uuid4

from pll_pipeline.simulation.powerbi_values import (
    Container,
    ContainerField,
    Dictionary,
    Node,
    Row,
    TypeCode,
    Value,
)


@dataclass(frozen=True)
class Selected:
    """One column asked for, by the name that the query gives it.

    `source` is the entity and property of a group; a measure has none.
    """

    name: str
    type_code: TypeCode
    source: tuple[str, str] | None = None
    format: str | None = None

    @property
    def is_measure(self) -> bool:
        """Whether it is a measure, or a column summed up."""
        return self.source is None


class Subtotal(IntEnum):
    """Where the total over a grouping is written."""

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
    """A table written down.

    `row_count` is what the engine says it counted: detail rows and totals.
    """

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

    One grouping down makes a flat answer, several a nested one, `across` a matrix (cells whose
    measures are all null are not written), none at all an answer of totals with one row of
    measures. `totals` are the values of the measures by the groups they are still divided by, `()`
    for the grand total; `closed` are the groups that are folded together. Raises `ValueError` for a
    matrix with totals or without groups down, which no known answer shows.
    """
    if across and (not down or any(grouping.subtotal for grouping in down)):
        raise ValueError("a matrix has groups down, and no totals")
    names = _Names(columns, down, tuple(across))
    return _Encoder(names, totals or {}, closed).encoded(list(rows))


def data_of(
    encoded: Encoded,
    *,
    restart: list[list[str]] | None = None,
    limits: Node | None = None,
    messages: Sequence[Node] = (),
) -> Node:
    """What an answer has under `data`: complete, or with the token to continue from."""
    moment = datetime.now(UTC).replace(tzinfo=None)
    shape: Node = {"N": "DS0", **encoded.shape, "IC": restart is None}
    shape |= {"HAD": True} if restart is None else {"RT": restart}
    if messages:
        shape["Msg"] = list(messages)
    if encoded.dictionaries:
        shape["ValueDicts"] = encoded.dictionaries
    descriptor = {**encoded.descriptor, **({"Limits": limits} if limits else {}), "Version": 2}
    return {
        "timestamp": f"{moment.isoformat(timespec='milliseconds')}Z",
        "rootActivityId": str(uuid4()),
        "descriptor": descriptor,
        "metrics": _metrics(moment, encoded.row_count),
        "fromCache": False,
        "dsr": {"Version": 2, "MinorVersion": 1, "DS": [shape]},
    }


def failure(code: str, message: str) -> Node:
    """What an answer has under `data` where the query failed; errors have the long names."""
    details = [{"Code": code, "Severity": "Error", "Message": message}]
    values = [
        {"timestamp": f"{datetime.now(UTC).replace(tzinfo=None).isoformat()}Z"},
        {"additionalMessages": details},
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
    results = [
        {"jobId": job, "result": {"data": each}} for job, each in zip(jobs, data, strict=True)
    ]
    document = {"jobIds": jobs, "results": results}
    text = json.dumps(document, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return text.encode()


def _metrics(moment: datetime, row_count: int) -> Node:
    time = f"{moment.isoformat()}Z"
    query_id, engine_id = str(uuid4()), str(uuid4())
    query = {
        "Id": query_id,
        "Name": "Execute Semantic Query",
        "Component": "DSE",
        "Start": time,
        "End": time,
    }
    engine = {
        "Id": engine_id,
        "ParentId": query_id,
        "Name": "Execute DAX Query",
        "Component": "DSE",
        "Start": time,
        "End": time,
        "Metrics": {"RowCount": row_count},
    }
    return {"Version": "1.0.0", "Events": [query, engine]}


class _Names:
    """The ids of everything in one answer.

    Groups are numbered from the outermost in (G0, G1, …), measures as they are selected (M0, …),
    their totals (A0, …), and members (DM0, …).
    """

    def __init__(
        self, columns: Sequence[Selected], down: Sequence[Grouping], across: tuple[int, ...]
    ) -> None:
        self.columns, self.down, self.across = columns, down, across
        self.measures = [index for index, column in enumerate(columns) if column.is_measure]
        levels = [*(grouping.groups for grouping in down), *([across] if across else [])]
        self.groups = [position for level in levels for position in level]
        self.ids = {
            **{position: f"G{number}" for number, position in enumerate(self.groups)},
            **{position: f"M{number}" for number, position in enumerate(self.measures)},
        }
        numbers = count()
        self.total_ids = {
            measure: [f"A{next(numbers)}" if grouping.subtotal else None for grouping in down]
            for measure in self.measures
        }
        members = (f"DM{number}" for number in count())
        self.members = [
            (next(members) if grouping.subtotal else None, next(members)) for grouping in down
        ]
        self.member_across = next(members)

    # --- what the answer says of itself

    def descriptor(self) -> Node:
        """The columns and groupings, under `descriptor`."""
        depths: dict[int, Node] = {
            position: {"Depth": depth}
            for depth, grouping in enumerate(self.down)
            for position in grouping.groups
        }
        depths |= {position: {"SecondaryDepth": 0} for position in self.across}
        select = [
            self._column(position, depths.get(position, {}))
            for position in range(len(self.columns))
        ]
        axes: Node = {}
        if self.down:
            axes["Primary"] = {
                "Groupings": [
                    self._grouping(grouping.groups, member, total)
                    for grouping, (total, member) in zip(self.down, self.members, strict=True)
                ]
            }
        if self.across:
            grouping = self._grouping(self.across, self.member_across, None)
            axes["Secondary"] = {"Groupings": [grouping]}
        return {"Select": select} | ({"Expressions": axes} if axes else {})

    def _column(self, position: int, depth: Node) -> Node:
        column, id_ = self.columns[position], self.ids[position]
        described: Node = {"Kind": 1, **depth} if column.source else {"Kind": 2}
        described["Value"] = id_
        if column.format:
            described["Format"] = column.format
        if column.source:
            key = {"Source": _source(column), "Calc": id_, "IsSameAsSelect": True}
            described["GroupKeys"] = [key]
        elif any(self.total_ids[position]):
            described["Subtotal"] = self.total_ids[position]
        return {**described, "Name": column.name}

    def _grouping(self, groups: Sequence[int], member: str, total: str | None) -> Node:
        keys = [
            {"Source": _source(self.columns[position]), "Select": position} for position in groups
        ]
        return {"Keys": keys, "Member": member} | ({"SubtotalMember": total} if total else {})


def _source(column: Selected) -> Node:
    entity, name = column.source or ("", "")
    return {"Entity": entity, "Property": name}


class _Encoder:
    """Writes the rows of one table."""

    def __init__(
        self,
        names: _Names,
        totals: Mapping[tuple[Value, ...], Row],
        closed: frozenset[tuple[Value, ...]],
    ) -> None:
        self._names, self._totals, self._closed = names, totals, closed
        self._down, self._across, self._measures = names.down, names.across, names.measures
        self._dictionaries: dict[str, Dictionary] = {}
        self._row_count = 0
        self._index_across: dict[tuple[Value, ...], int] = {}
        self._lines = self._line_containers()
        self._cells = self._container(tuple(self._measures), may_repeat=True)
        self._subtotals = [self._total_container(depth) for depth in range(len(self._down))]

    def encoded(self, rows: list[Row]) -> Encoded:
        shape: Node = {}
        if self._across:
            shape["SH"] = [{self._names.member_across: self._headings(rows)}]
        if self._down:
            shape["PH"] = self._members(0, (), rows)
        else:
            shape["PH"] = [{"DM0": [self._line(row, 0) for row in rows]}]
        texts = {name: list(dictionary.numbers) for name, dictionary in self._dictionaries.items()}
        return Encoded(self._names.descriptor(), shape, texts, self._row_count)

    # --- containers

    def _line_containers(self) -> list[Container]:
        """One per grouping down; without groups across, the innermost has the measures too."""
        containers = [
            self._container(grouping.groups, may_repeat=depth > 0 or len(grouping.groups) > 1)
            for depth, grouping in enumerate(self._down)
        ]
        if not self._across:
            innermost = self._down[-1].groups if self._down else ()
            positions = (*innermost, *self._measures)
            may_repeat = len(self._names.groups) > 1
            containers[-1:] = [self._container(positions, may_repeat=may_repeat)]
        return containers

    def _container(self, positions: Sequence[int], *, may_repeat: bool) -> Container:
        """A container of columns; texts that cannot repeat get no dictionary.

        The only column of the outermost groups has every text once.
        """
        fields = []
        for position in positions:
            column = self._names.columns[position]
            is_text = column.type_code == TypeCode.TEXT
            has_dictionary = is_text and (may_repeat or column.is_measure)
            fields.append(
                ContainerField(self._names.ids[position], column.type_code, has_dictionary)
            )
        return Container(fields, self._dictionaries)

    def _total_container(self, depth: int) -> Container:
        fields = []
        for measure in self._measures:
            type_code, id_ = (
                self._names.columns[measure].type_code,
                self._names.total_ids[measure][depth],
            )
            if id_:
                fields.append(ContainerField(id_, type_code, type_code == TypeCode.TEXT))
        return Container(fields, self._dictionaries)

    # --- rows

    def _headings(self, rows: list[Row]) -> list[Node]:
        """The distinct columns of a matrix, in order, with nulls first."""
        headings = sorted(
            {_picked(row, self._across) for row in rows},
            key=lambda heading: [(value is not None, value) for value in heading],
        )
        container = self._container(self._across, may_repeat=len(self._across) > 1)
        self._index_across = {heading: index for index, heading in enumerate(headings)}
        return [container.written(heading) for heading in headings]

    def _members(self, depth: int, above: tuple[Value, ...], rows: list[Row]) -> list[Node]:
        total, groups = self._names.members[depth]
        is_closed = above in self._closed
        members = [{groups: [] if is_closed else list(self._instances(depth, above, rows))}]
        if total is None:
            return members
        self._row_count += 1
        totals = [{total: [self._subtotals[depth].written(self._totals[above])]}]
        is_before = self._down[depth].subtotal == Subtotal.BEFORE
        return totals + members if is_before else members + totals

    def _instances(self, depth: int, above: tuple[Value, ...], rows: list[Row]) -> Iterator[Node]:
        groups = self._down[depth].groups
        is_innermost = depth + 1 == len(self._down)
        if is_innermost and not self._across:
            yield from (self._line(row, depth) for row in rows)
            return
        for values, inside in groupby(rows, key=lambda row: _picked(row, groups)):
            instance = self._lines[depth].written(values)
            if is_innermost:
                yield instance | {"X": list(self._intersections(inside))}
            else:
                yield instance | {"M": self._members(depth + 1, (*above, *values), list(inside))}

    def _line(self, row: Row, depth: int) -> Node:
        self._row_count += 1
        groups = self._down[depth].groups if self._down else ()
        return self._lines[depth].written(_picked(row, (*groups, *self._measures)))

    def _intersections(self, rows: Iterable[Row]) -> Iterator[Node]:
        """The cells of a line of a matrix that are not empty; `I` where one does not follow."""
        cells = {
            self._index_across[_picked(row, self._across)]: _picked(row, self._measures)
            for row in rows
        }
        following = 0
        for index in sorted(cells):
            self._row_count += 1
            if any(value is not None for value in cells[index]):
                skipped = {"I": index} if index != following else {}
                yield skipped | self._cells.written(cells[index])
                following = index + 1


def _picked(row: Row, positions: Sequence[int]) -> tuple[Value, ...]:
    return tuple([row[position] for position in positions])
