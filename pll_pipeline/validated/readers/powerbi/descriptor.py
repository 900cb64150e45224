"""What an answer states about itself: its columns, and the ids and members of their values.

Nothing is derived from the place or the number of an id.
Not here: the values (`containers.py`), the rows (`answer_page.py`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from pll_pipeline.validated.readers.powerbi.errors import MalformedAnswer, UnsupportedAnswer
from pll_pipeline.validated.readers.powerbi.json_text import as_list, as_object, entries, is_whole

DEEPEST_GROUPING = 32


@dataclass(frozen=True)
class Column:
    """A column of the table; `subtotals` are the ids of its totals, by level if more than one."""

    name: str
    id: str
    is_measure: bool
    subtotals: tuple[str | None, ...]


@dataclass(frozen=True)
class Axis:
    """Names of members from the outermost grouping inwards: of the groups, and of their totals."""

    members: tuple[str, ...]
    totals: tuple[str | None, ...]


@dataclass(frozen=True)
class Descriptor:
    """What the ids in the rows mean.

    `keys` are sort and identity keys: compared between pages, never shown.
    """

    columns: tuple[Column, ...]
    down: Axis
    across: Axis
    keys: tuple[str, ...]
    derived: frozenset[str]

    @property
    def of_rows(self) -> frozenset[str]:
        """The ids a detail row may have."""
        return frozenset(column.id for column in self.columns) | set(self.keys) | self.derived

    def of_totals(self, level: int | None = None, column_level: int = 0) -> frozenset[str]:
        """The ids totals of that level may have; without a level, of any."""
        ids: set[str | None] = set()
        deepest_down, deepest_across = len(self.down.members), len(self.across.members)
        for column in self.columns:
            if level is None or len(column.subtotals) < 2:
                ids.update(column.subtotals)
            else:
                position = level + (deepest_across - column_level) * (deepest_down + 1)
                ids.update(column.subtotals[position : position + 1])
        named = frozenset(name for name in ids if name is not None)
        return named | set(self.keys) | self.derived


def describe(node: Any, at: str) -> Descriptor:
    """What the answer's `descriptor` states. Raises `MalformedAnswer` or `UnsupportedAnswer`."""
    node = as_object(node, "the descriptor", at)
    if node.get("Version", 2) != 2:
        raise UnsupportedAnswer(
            f"The descriptor is in the unsupported version {node['Version']}", where=at
        )
    selects = [
        as_object(entry, "a column's description", at)
        for entry in as_list(node.get("Select"), "descriptor.Select", at)
        if entry is not None
    ]
    columns = tuple(_column(entry, at) for entry in selects)
    names = [column.name for column in columns]
    if not columns or len(set(names)) != len(names):
        raise MalformedAnswer("The answer describes no column, or two of the same name", where=at)
    expressions = as_object(node.get("Expressions") or {}, "descriptor.Expressions", at)
    down, down_keys = _axis(expressions.get("Primary"), at)
    across, across_keys = _axis(expressions.get("Secondary"), at)
    members = [name for axis in (down, across) for name in (*axis.members, *axis.totals) if name]
    if len(set(members)) != len(members):
        raise MalformedAnswer("Two groupings claim the same member", where=at)
    ids = {column.id for column in columns}
    keys = {
        *down_keys,
        *across_keys,
        *(key for entry in selects for key in _calculations(entry.get("GroupKeys"), at)),
    } - ids
    derived = {name for entry in selects for name in _derived(entry)} - ids
    return Descriptor(columns, down, across, tuple(sorted(keys)), frozenset(derived))


def _column(entry: dict[str, Any], at: str) -> Column:
    name, calculation, kind = entry.get("Name"), entry.get("Value"), entry.get("Kind")
    if not isinstance(name, str) or not name or not isinstance(calculation, str) or not calculation:
        raise MalformedAnswer(
            "A column's description lacks its name or the id of its values"
            f" (Name {name!r}, Value {calculation!r})",
            where=at,
        )
    if kind not in (1, 2) or not is_whole(kind):
        raise UnsupportedAnswer(f"The column {name!r} is of the unknown kind {kind!r}", where=at)
    try:
        name.encode()
    except UnicodeEncodeError as error:
        raise MalformedAnswer("The name of a column has half a character", where=at) from error
    subtotals = as_list(entry.get("Subtotal") or [], "the ids of a column's totals", at)
    if not all(isinstance(name, str | None) for name in subtotals):
        raise MalformedAnswer(f"The ids of the totals of {name!r} are not ids", where=at)
    return Column(name, calculation, kind == 2, tuple(subtotals))


def _axis(node: Any, at: str) -> tuple[Axis, list[str]]:
    groupings = as_list(
        as_object(node or {}, "an axis of the descriptor", at).get("Groupings", []),
        "the groupings",
        at,
    )
    if len(groupings) > DEEPEST_GROUPING:
        raise UnsupportedAnswer(
            f"The answer nests {len(groupings)} groupings, at most {DEEPEST_GROUPING} are read",
            where=at,
        )
    members, totals, keys = [], [], []
    for grouping in groupings:
        member = as_object(grouping, "a grouping", at).get("Member")
        total = grouping.get("SubtotalMember")
        if not isinstance(member, str) or not isinstance(total, (str, type(None))):
            raise MalformedAnswer("A grouping does not name its member", where=at)
        members.append(member)
        totals.append(total)
        keys += _calculations(grouping.get("Keys"), at)
    return Axis(tuple(members), tuple(totals)), keys


def _calculations(keys: Any, at: str) -> list[str]:
    calculations = [
        as_object(key, "a key of a grouping", at).get("Calc")
        for key in as_list(keys or [], "the keys of a grouping", at)
    ]
    return [name for name in calculations if isinstance(name, str)]


def _derived(entry: dict[str, Any]) -> Iterator[str]:
    """Ids of values worked out from a column that are neither the column nor its totals."""
    aggregates = entries(entry.get("Aggregates"))
    of_aggregates = (each.get("Ids") for each in aggregates if isinstance(each, dict))
    for ids in (entry.get("Min"), entry.get("Max"), entry.get("Count"), *of_aggregates):
        yield from (name for name in entries(ids) if isinstance(name, str))
    highlight = entry.get("Highlight")
    if isinstance(highlight, dict) and isinstance(highlight.get("Value"), str):
        yield highlight["Value"]
