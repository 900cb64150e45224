"""One answer as a table: detail rows and totals.

Not here: which instances there are (`members.py`), whether the answer is whole (`completeness.py`), several answers
(`pages.py`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl

from pll_pipeline.validated.readers.powerbi.answer import data_of, data_shape_of
from pll_pipeline.validated.readers.powerbi.containers import VALUE_KEYS, Containers, Dictionaries
from pll_pipeline.validated.readers.powerbi.descriptor import Column, describe
from pll_pipeline.validated.readers.powerbi.errors import MalformedAnswer, UnsupportedAnswer
from pll_pipeline.validated.readers.powerbi.json_text import as_list, as_object, entries, is_whole
from pll_pipeline.validated.readers.powerbi.members import Instance, Member, Picture
from pll_pipeline.validated.readers.powerbi.values import Value, text

_SHAPE_KEYS = frozenset({"N", "PH", "SH", "IC", "HAD", "RT", "DLEx", "DW", "Msg", "ValueDicts"})


@dataclass(frozen=True)
class Total:
    """One row of totals. `level` is how many row groupings it is still divided by (0 is the grand total), `column_level`
    the same for the groupings across, None where nothing goes across. `values` are in the order of the columns.
    """

    level: int
    column_level: int | None
    values: tuple[Value, ...]


class Page:
    """One answer, decoded. Raises `QueryFailed`, `MalformedAnswer` or `UnsupportedAnswer`.

    `rows` are the detail rows, dense in a matrix, with a column `0`, `1`, … for every described column and then for every
    key nobody sees; each detail line is `picture.width` of them.
    `types` are the type codes of the columns, None where no row says.
    """

    def __init__(self, answer: Any, at: str) -> None:
        self.at = at
        data = data_of(answer, at)
        self.shape = data_shape_of(data, at)
        self.described = as_object(data.get("descriptor"), "the descriptor", at)
        self.descriptor = describe(self.described, at)
        self.row_counts = _row_counts(data.get("metrics"))
        dictionaries = _dictionaries(self.shape.get("ValueDicts"), at)
        self.shape_level_values = _shape_level_values(self.shape, dictionaries, at)
        if bool(self.descriptor.across.members) != ("SH" in self.shape):
            raise MalformedAnswer(
                "The answer's columns across (SH) do not fit its description", where=at
            )
        self.picture = Picture(self.shape, self.descriptor, dictionaries, at)
        self.types = self._types()
        self.rows = self._rows()
        self._refuse_absent_columns()
        self.totals = list(self._totals())

    @property
    def lines(self) -> int:
        """How many detail lines there are: rows of a flat answer, of a matrix as one sees it."""
        return self.picture.details.containers.count if self.picture.details else 0

    @property
    def filled(self) -> int:
        """How many detail cells of a matrix hold a value."""
        details = [
            cells.containers
            for members, cells in self.picture.cells.items()
            if not any(member.is_total for member in members)
        ]
        columns = [
            containers.column(value).alias(value).is_not_null()
            for containers in details
            for value in containers.seen
        ]
        return (
            pl.DataFrame(columns).select(pl.any_horizontal(pl.all()).sum()).item() if columns else 0
        )

    @property
    def across(self) -> list[dict[str, Value]]:
        """What the columns of a matrix say of themselves."""
        lists = {
            member: member.lists() for member in {column.member for column in self.picture.columns}
        }
        return [
            {value: values[column.place] for value, values in lists[column.member].items()}
            for column in self.picture.columns
        ]

    def _types(self) -> tuple[int | None, ...]:
        found: dict[str, set[int]] = {}
        for containers in self.picture.containers:
            for value, type_code in containers.types.items():
                found.setdefault(value, set()).add(type_code)
        codes = [found.get(column.id, set()) for column in self.descriptor.columns]
        if any(len(code) > 1 for code in codes):
            raise MalformedAnswer("A column is of two types", where=self.at)
        return tuple(next(iter(code), None) for code in codes)

    # --- detail rows

    def _rows(self) -> pl.DataFrame:
        values = [column.id for column in self.descriptor.columns] + list(self.descriptor.keys)
        details, width = self.picture.details, self.picture.width
        if details is None or not self.lines * width:
            return pl.DataFrame(
                {str(number): pl.Series([], dtype=pl.Null) for number in range(len(values))}
            )
        across = (
            self.picture.columns[self.picture.details_across[0]].member
            if self.picture.is_matrix
            else None
        )
        for column in self.descriptor.columns:
            self._refuse_lacking(column, [*details.chain, *(across.chain if across else [])])
        return pl.DataFrame(
            {
                str(number): self._column(value, details, across)
                for number, value in enumerate(values)
            }
        )

    def _column(self, value: str, details: Member, across: Member | None) -> pl.Series:
        if across is None:
            return details.column(value)
        row = pl.int_range(self.lines * self.picture.width, eager=True)
        line, column = row // self.picture.width, row % self.picture.width
        if value in across.seen:
            return (
                across.column(value)
                .gather(
                    [
                        self.picture.columns[position].place
                        for position in self.picture.details_across
                    ]
                )
                .gather(column)
            )
        cells = self.picture.cells.get((details, across))
        if value in details.seen or cells is None:
            return details.column(value).gather(line)
        order = {position: number for number, position in enumerate(self.picture.details_across)}
        rows = [place * self.picture.width + order[position] for place, position in cells.places]
        written = pl.DataFrame({"row": rows, "value": cells.containers.column(value)})
        return pl.DataFrame({"row": row}).join(
            written, on="row", how="left", maintain_order="left"
        )["value"]

    def _refuse_lacking(self, column: Column, holders: list[Member]) -> None:
        """Raise where a detail row has no value of the column; a cell that is not written is null."""
        holder = next((one.containers for one in holders if column.id in one.containers.seen), None)
        lacking = holder.lacks(column.id) if holder else 0
        if lacking is not None and not (self.picture.is_matrix and column.is_measure):
            raise (holder or holders[0].containers).fail(
                f"The column {column.name!r} ({column.id}) has no value in this row", lacking
            )

    def _refuse_absent_columns(self) -> None:
        known = frozenset[str]().union(*(containers.seen for containers in self.picture.containers))
        absent = [column for column in self.descriptor.columns if column.id not in known]
        if absent and self.filled:
            raise MalformedAnswer(
                f"The column {absent[0].name!r} ({absent[0].id}) is described, but no row has it",
                where=self.at,
            )

    # --- totals

    def _totals(self) -> Iterator[Total]:
        """Every total in the order it is written, a total of a line under each column and of each line under a total."""
        columns: list[Instance | None] = (
            [*self.picture.columns] if self.picture.is_matrix else [None]
        )
        if not any(one and one.member.is_total for one in (*self.picture.lines, *columns)):
            return
        lists = {member: member.lists() for member in self.picture.members.values()}
        cells: dict[tuple[Member, int, int], dict[str, Value]] = {}
        for (line_member, _), found in self.picture.cells.items():
            values = found.containers.lists()
            cells |= {
                (line_member, *place): {value: all_[number] for value, all_ in values.items()}
                for number, place in enumerate(found.places)
            }
        for line in self.picture.lines:
            for position, column in enumerate(columns):
                if line.member.is_total or (column and column.member.is_total):
                    own = [(lists[one.member], one.place) for one in (line, column) if one]
                    values = {
                        value: all_[place] for by_id, place in own for value, all_ in by_id.items()
                    }
                    yield self._total(
                        line, column, values | cells.get((line.member, line.place, position), {})
                    )

    def _total(self, line: Instance, column: Instance | None, values: Mapping[str, Value]) -> Total:
        record: list[Value] = []
        for described in self.descriptor.columns:
            ids = (
                dict.fromkeys(described.subtotals) if described.is_measure else {described.id: None}
            )
            found = [values[one] for one in ids if one is not None and values.get(one) is not None]
            if len(found) > 1:
                raise line.member.containers.fail(
                    f"{described.name!r} has two totals in one row", line.place
                )
            record.append(found[0] if found else None)
        return Total(line.member.level, column.member.level if column else None, tuple(record))


def _shape_level_values(
    shape: dict[str, Any], dictionaries: Dictionaries, at: str
) -> dict[str, Value] | None:
    """Aggregates and counters that stand on the data shape itself."""
    unknown = shape.keys() - _SHAPE_KEYS - VALUE_KEYS
    if unknown and not shape.keys() & VALUE_KEYS:
        raise UnsupportedAnswer(f"The data shape has the unknown part {min(unknown)!r}", where=at)
    containers = Containers("the data shape", at, dictionaries, None, _SHAPE_KEYS, may_be_bare=True)
    containers.add([shape])
    containers.read()
    return {value: values[0] for value, values in containers.lists().items()} or None


def _dictionaries(node: Any, at: str) -> dict[str, dict[int, str]]:
    found = as_object({} if node is None else node, "the dictionaries (ValueDicts)", at)
    for name, words in found.items():
        for word in as_list(words, f"the dictionary {name}", at):
            try:
                text(word)
            except ValueError as error:
                raise MalformedAnswer(
                    f"The dictionary {name} has an entry that is not text: {str(word)[:60]!r}",
                    where=at,
                ) from error
    return {name: dict(enumerate(words)) for name, words in found.items()}


def _row_counts(metrics: Any) -> list[int]:
    """The engine's own counts of the rows it made."""
    events = entries(metrics.get("Events")) if isinstance(metrics, dict) else []
    measured = [event.get("Metrics") for event in events if isinstance(event, dict)]
    counts = [one.get("RowCount") for one in measured if isinstance(one, dict)]
    return [count for count in counts if is_whole(count)]
