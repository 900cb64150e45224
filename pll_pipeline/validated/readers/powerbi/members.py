"""The members of an answer: the instances on its axes and the cells between them, in their order.

A member is one kind of instance: a level of groups, or the totals over one. Its values are read a
column at a time, and the values of a group are brought to the rows inside it by their index.
Not here: values and masks (`containers.py`), what is a row of the table (`answer_page.py`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import polars as pl

from pll_pipeline.validated.readers.powerbi.containers import Containers, Dictionaries
from pll_pipeline.validated.readers.powerbi.descriptor import Axis, Descriptor
from pll_pipeline.validated.readers.powerbi.errors import MalformedAnswer, UnsupportedAnswer
from pll_pipeline.validated.readers.powerbi.json_text import CutInstances, as_list, is_whole, pieces
from pll_pipeline.validated.readers.powerbi.values import Value

MOST_ROWS = 5_000_000
_ALONG = frozenset({"RF", "RK"})
_NONE = frozenset[str]()


@dataclass(eq=False)
class Member:
    """The instances of one member: their own values, and for each the index of the group it is in.

    `level` counts the groupings its values are divided by; a leaf has nothing inside; a line goes
    down, not across.
    """

    level: int
    is_total: bool
    is_leaf: bool
    is_line: bool
    containers: Containers
    above: Member | None
    indexes_above: list[int] = field(default_factory=list)

    @property
    def chain(self) -> list[Member]:
        """The member and those its instances are in, from the inside out."""
        return [self, *(self.above.chain if self.above else [])]

    @property
    def seen(self) -> frozenset[str]:
        """The ids of all values its instances have, their own or of a group they are in."""
        return frozenset[str]().union(*(member.containers.seen for member in self.chain))

    def column(self, value: str) -> pl.Series:
        """One value of every instance."""
        if self.above is None or value in self.containers.seen:
            return self.containers.column(value)
        return self.above.column(value).gather(self.indexes_above)

    def lists(self) -> dict[str, list[Value]]:
        """Every value of every instance as Python values."""
        inherited = self.above.lists() if self.above else {}
        return {
            value: [values[index] for index in self.indexes_above]
            for value, values in inherited.items()
        } | self.containers.lists()


@dataclass(frozen=True)
class Instance:
    """One instance, by its index in its member."""

    member: Member
    index: int


@dataclass
class Cells:
    """The cells of one member of the rows under one member of the columns.

    `at` has for each the index of its row and the position of its column.
    """

    containers: Containers
    at: list[tuple[int, int]] = field(default_factory=list)


class AnswerGrid:
    """All instances of an answer, noted along its axes and read.

    `columns` and `lines` are the innermost instances across and down, totals among them; where
    nothing goes across, there are no columns, and only totals are listed among the lines. `details`
    is the member of the detail rows.
    """

    def __init__(
        self, shape: Mapping[str, Any], descriptor: Descriptor, dictionaries: Dictionaries, at: str
    ) -> None:
        self.descriptor, self.at = descriptor, at
        self.is_matrix = bool(descriptor.across.members)
        self.members: dict[str, Member] = {}
        self.cells: dict[tuple[Member, Member], Cells] = {}
        self.columns: list[Instance] = []
        self.lines: list[Instance] = []
        self.closed_branches = 0
        self._dictionaries = dictionaries
        if self.is_matrix:
            self._walk(shape["SH"], descriptor.across, 0, None, self.columns)
        self.details_across = [
            position for position, column in enumerate(self.columns) if not column.member.is_total
        ]
        if descriptor.down.members:
            self._walk(shape.get("PH"), descriptor.down, 0, None, self.lines)
            self.details = self.members.get(descriptor.down.members[-1])
        else:
            self.details = self._walk_only_line(shape.get("PH"))
        self._refuse_values_twice()

    @property
    def width(self) -> int:
        """How many rows of the table one detail line is."""
        return len(self.details_across) if self.is_matrix else 1

    @property
    def containers(self) -> list[Containers]:
        """The containers of every kind."""
        return [member.containers for member in self.members.values()] + [
            cells.containers for cells in self.cells.values()
        ]

    def _walk(
        self, members: Any, axis: Axis, level: int, above: Instance | None, leaves: list[Instance]
    ) -> None:
        """Note all instances below these members; the outermost are read a piece at a time."""
        group, total = axis.members[level], axis.totals[level]
        seen = set()
        for name, instances in self._entries(members):
            if name not in (group, total) or name in seen:
                what = f"The member {name} is where {group} was expected, or is there twice"
                raise MalformedAnswer(what, where=self.at)
            seen.add(name)
            self.closed_branches += not instances and name == group and level > 0
            if name not in self.members:
                self.members[name] = self._member(name, axis, level, above)
            member = self.members[name]
            for piece in pieces(instances):
                for index, instance in self._note(member, piece, above, leaves):
                    if "M" not in instance:
                        raise member.containers.fail("A group does not list its members", index)
                    inside = Instance(member, index)
                    self._walk(instance["M"], axis, level + 1, inside, leaves)
                if above is None:
                    self._read()
        if group not in seen:
            raise MalformedAnswer(f"The member {group} is missing", where=self.at)

    def _walk_only_line(self, members: Any) -> Member:
        only = [
            (name, [instance for piece in pieces(instances) for instance in piece])
            for name, instances in self._entries(members)
        ]
        if len(only) != 1 or len(only[0][1]) != 1:
            raise MalformedAnswer(
                "An answer without groupings has exactly one row, this one has none or more",
                where=self.at,
            )
        ((name, instances),) = only
        keys = frozenset({"X"}) if self.is_matrix else _NONE
        containers = self._containers(
            f"member {name}", self.descriptor.of_rows, keys, may_be_bare=self.is_matrix
        )
        self.members[name] = Member(0, False, True, True, containers, None)
        list(self._note(self.members[name], instances, None, self.lines))
        self._read()
        return self.members[name]

    def _entries(self, members: Any) -> list[tuple[str, Any]]:
        """Names and instances of the members of an axis; large ones are not parsed yet."""
        members_of_axis = []
        for entry in as_list(members, "the members of an axis", self.at):
            if not isinstance(entry, dict) or len(entry) != 1:
                what = "An entry of an axis does not have exactly one member"
                raise MalformedAnswer(what, where=self.at)
            ((name, instances),) = entry.items()
            if not isinstance(instances, CutInstances):
                instances = as_list(instances, f"the member {name}", self.at)
            members_of_axis.append((name, instances))
        return members_of_axis

    def _member(self, name: str, axis: Axis, level: int, above: Instance | None) -> Member:
        is_total = name == axis.totals[level]
        is_leaf = is_total or level + 1 == len(axis.members)
        is_line = axis is self.descriptor.down
        ids = (
            self.descriptor.of_totals(None if self.is_matrix else level)
            if is_total
            else self.descriptor.of_rows
        )
        keys = {"M"} if not is_leaf else {"X"} if is_line and self.is_matrix else set()
        containers = self._containers(f"member {name}", ids, _ALONG | keys, may_be_bare=is_total)
        return Member(
            level + (not is_total),
            is_total,
            is_leaf,
            is_line,
            containers,
            above.member if above else None,
        )

    def _containers(
        self, name: str, ids: frozenset[str], keys: frozenset[str], *, may_be_bare: bool = False
    ) -> Containers:
        return Containers(name, self.at, self._dictionaries, ids, keys, may_be_bare=may_be_bare)

    def _note(
        self, member: Member, instances: list[Any], above: Instance | None, leaves: list[Instance]
    ) -> Iterator[tuple[int, dict[str, Any]]]:
        """Take note of instances; yields those that have something inside, with their indexes."""
        first = member.containers.noted
        member.containers.add(instances)
        member.indexes_above += [above.index] * len(instances) if above else []
        if member.is_line and member.containers.noted * self.width > MOST_ROWS:
            raise UnsupportedAnswer(f"The table has more than {MOST_ROWS} rows", where=self.at)
        if member.is_leaf and not member.is_total and not self.is_matrix:
            return
        for index, instance in enumerate(instances, first):
            if not isinstance(instance, dict):
                raise member.containers.fail("An entry is not an object", index)
            if not member.is_leaf:
                yield index, instance
                continue
            leaves.append(Instance(member, index))
            if member.is_line:
                self._note_cells(leaves[-1], instance)

    def _note_cells(self, line: Instance, instance: dict[str, Any]) -> None:
        position = -1
        for element in as_list(instance.get("X", []), "the cells of a row", self.at):
            jump = element.get("I", position + 1) if isinstance(element, dict) else None
            if not is_whole(jump) or not position < jump < len(self.columns):
                what = (
                    "A cell is at no column after the one before it"
                    f" ({jump!r} of {len(self.columns)}, after {position})"
                )
                raise line.member.containers.fail(what, line.index)
            position = jump
            key = line.member, self.columns[position].member
            if key not in self.cells:
                self.cells[key] = Cells(self._containers_of_cells(*key))
            self.cells[key].containers.add([element])
            self.cells[key].at.append((line.index, position))

    def _containers_of_cells(self, line: Member, column: Member) -> Containers:
        is_total = line.is_total or column.is_total
        ids = (
            self.descriptor.of_totals(line.level, column.level)
            if is_total
            else self.descriptor.of_rows
        )
        return self._containers(
            f"cells of {line.containers.name} under {column.containers.name}", ids, frozenset({"I"})
        )

    def _read(self) -> None:
        for containers in self.containers:
            containers.read()

    def _refuse_values_twice(self) -> None:
        for member in self.members.values():
            twice = member.containers.seen & (member.above.seen if member.above else _NONE)
            if twice:
                raise member.containers.fail(f"The value {min(twice)!r} is at two levels", 0)
        for (line, column), cells in self.cells.items():
            if cells.containers.seen & (line.seen | column.seen):
                raise cells.containers.fail(
                    "A cell gives a value its row or column gave already", 0
                )
