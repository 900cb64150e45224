"""One page of an answer as a table: detail rows and totals.

Not here: which instances there are (`members.py`), whether the answer is whole (`completeness.py`),
several pages (`paging.py`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl

from pll_pipeline.validated.readers.powerbi.containers import VALUE_KEYS, Containers, Dictionaries
from pll_pipeline.validated.readers.powerbi.descriptor import Column, describe
from pll_pipeline.validated.readers.powerbi.envelope import data_of, data_shape_of
from pll_pipeline.validated.readers.powerbi.errors import MalformedAnswer, UnsupportedAnswer
from pll_pipeline.validated.readers.powerbi.json_text import as_list, as_object, entries, is_whole
from pll_pipeline.validated.readers.powerbi.members import AnswerGrid, Instance, Member
from pll_pipeline.validated.readers.powerbi.values import Value, text

MOST_COLUMNS = 5000
_SHAPE_KEYS = frozenset({"N", "PH", "SH", "IC", "HAD", "RT", "DLEx", "DW", "Msg", "ValueDicts"})


@dataclass(frozen=True)
class Total:
    """One row of totals.

    `level` is how many row groupings it is still divided by (0 is the grand total), `column_level`
    the same for the groupings across, None where nothing goes across. `values` are in the order of
    the columns.
    """

    level: int
    column_level: int | None
    values: tuple[Value, ...]


class AnswerPage:
    """One page, decoded: the result of that number, or the only one.

    `rows` are the detail rows, dense in a matrix, with a column `0`, `1`, … for every described
    column and then for every key that is never shown; each detail line is `grid.width` of them.
    `types` are the type codes of the columns, None where no row has one. Raises `QueryFailed`,
    `MalformedAnswer` or `UnsupportedAnswer`.
    """

    def __init__(self, answer: Any, at: str, result: int | None = None) -> None:
        self.at = at
        data = data_of(answer, at, result)
        self.shape = data_shape_of(data, at)
        self.described = as_object(data.get("descriptor"), "the descriptor", at)
        _refuse_many_columns(self.described, at)
        self.descriptor = describe(self.described, at)
        self.row_counts = _row_counts(data.get("metrics"))
        dictionaries = _dictionaries(self.shape.get("ValueDicts"), at)
        self.shape_level_values = _shape_level_values(self.shape, dictionaries, at)
        if bool(self.descriptor.across.members) != ("SH" in self.shape):
            raise MalformedAnswer(
                "The answer's columns across (SH) do not fit its description", where=at
            )
        self.grid = AnswerGrid(self.shape, self.descriptor, dictionaries, at)
        self.types = self._types()
        self.rows = self._rows()
        self._refuse_absent_columns()
        self.totals = list(self._totals())

    @property
    def lines(self) -> int:
        """How many detail lines there are: rows of a flat answer, of a matrix as one sees it."""
        return self.grid.details.containers.count if self.grid.details else 0

    @property
    def filled(self) -> int:
        """How many detail cells of a matrix have a value."""
        details = [
            cells.containers
            for members, cells in self.grid.cells.items()
            if not any(member.is_total for member in members)
        ]
        columns = [
            containers.column(value).alias(value).is_not_null()
            for containers in details
            for value in containers.seen
        ]
        if not columns:
            return 0
        return int(pl.DataFrame(columns).select(pl.any_horizontal(pl.all()).sum()).item())

    @property
    def across(self) -> list[dict[str, Value]]:
        """The values of the columns of a matrix themselves."""
        lists = {
            member: member.lists() for member in {column.member for column in self.grid.columns}
        }
        return [
            {value: values[column.index] for value, values in lists[column.member].items()}
            for column in self.grid.columns
        ]

    def _types(self) -> tuple[int | None, ...]:
        codes: dict[str, set[int]] = {}
        for containers in self.grid.containers:
            for value, type_code in containers.types.items():
                codes.setdefault(value, set()).add(type_code)
        of_columns = [codes.get(column.id, set()) for column in self.descriptor.columns]
        if any(len(code) > 1 for code in of_columns):
            raise MalformedAnswer("A column is of two types", where=self.at)
        return tuple(next(iter(code), None) for code in of_columns)

    # --- detail rows

    def _rows(self) -> pl.DataFrame:
        values = [column.id for column in self.descriptor.columns] + list(self.descriptor.keys)
        details, width = self.grid.details, self.grid.width
        if details is None or not self.lines * width:
            return pl.DataFrame(
                {str(number): pl.Series([], dtype=pl.Null) for number in range(len(values))}
            )
        across = (
            self.grid.columns[self.grid.details_across[0]].member if self.grid.is_matrix else None
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
        """A value of every detail row: of its line, of its column across, or of its cell."""
        if across is None:
            return details.column(value)
        grid = self.grid
        row = pl.int_range(self.lines * grid.width, eager=True)
        line, column = row // grid.width, row % grid.width
        if value in across.seen:
            indexes = [grid.columns[position].index for position in grid.details_across]
            return across.column(value).gather(indexes).gather(column)
        cells = grid.cells.get((details, across))
        if value in details.seen or cells is None:
            return details.column(value).gather(line)
        order = {position: number for number, position in enumerate(grid.details_across)}
        rows = [index * grid.width + order[position] for index, position in cells.at]
        written = pl.DataFrame({"row": rows, "value": cells.containers.column(value)})
        joined = pl.DataFrame({"row": row}).join(
            written, on="row", how="left", maintain_order="left"
        )
        return joined["value"]

    def _refuse_lacking(self, column: Column, members: list[Member]) -> None:
        """Raise where a detail row lacks the column; a cell that is not written is null."""
        containers = [member.containers for member in members]
        with_column = next((each for each in containers if column.id in each.seen), None)
        lacking = with_column.lacks(column.id) if with_column else 0
        if lacking is not None and not (self.grid.is_matrix and column.is_measure):
            what = f"The column {column.name!r} ({column.id}) has no value in this row"
            raise (with_column or containers[0]).fail(what, lacking)

    def _refuse_absent_columns(self) -> None:
        known = frozenset[str]().union(*(containers.seen for containers in self.grid.containers))
        absent = [column for column in self.descriptor.columns if column.id not in known]
        if absent and self.filled:
            raise MalformedAnswer(
                f"The column {absent[0].name!r} ({absent[0].id}) is described, but no row has it",
                where=self.at,
            )

    # --- totals

    def _totals(self) -> Iterator[Total]:
        """Every total in the order it is written.

        A total of a line is there under each column, one of a column in each line.
        """
        columns: list[Instance | None] = [*self.grid.columns] if self.grid.is_matrix else [None]
        if not any(each and each.member.is_total for each in (*self.grid.lines, *columns)):
            return
        lists = {member: member.lists() for member in self.grid.members.values()}
        cells = self._cells()
        for line in self.grid.lines:
            for position, column in enumerate(columns):
                if not line.member.is_total and not (column and column.member.is_total):
                    continue
                values: dict[str, Value] = {}
                for instance in (line, column):
                    if instance:
                        of_member = lists[instance.member]
                        values |= {
                            name: of_all[instance.index] for name, of_all in of_member.items()
                        }
                values |= cells.get((line.member, line.index, position), {})
                yield self._total(line, column, values)

    def _cells(self) -> dict[tuple[Member, int, int], dict[str, Value]]:
        """The values of every cell of a matrix, by member and index of its line and its column."""
        cells: dict[tuple[Member, int, int], dict[str, Value]] = {}
        for (line_member, _), written in self.grid.cells.items():
            lists = written.containers.lists()
            for number, (index, position) in enumerate(written.at):
                values = {name: of_all[number] for name, of_all in lists.items()}
                cells[line_member, index, position] = values
        return cells

    def _total(self, line: Instance, column: Instance | None, values: Mapping[str, Value]) -> Total:
        record: list[Value] = []
        for described in self.descriptor.columns:
            ids = dict.fromkeys(described.subtotals if described.is_measure else [described.id])
            totals = [values.get(name) for name in ids if name is not None]
            totals = [total for total in totals if total is not None]
            if len(totals) > 1:
                what = f"{described.name!r} has two totals in one row"
                raise line.member.containers.fail(what, line.index)
            record.append(totals[0] if totals else None)
        return Total(line.member.level, column.member.level if column else None, tuple(record))


def _refuse_many_columns(described: dict[str, Any], at: str) -> None:
    count = len(entries(described.get("Select")))
    if count > MOST_COLUMNS:
        what = f"The answer describes {count} columns, more than {MOST_COLUMNS}"
        raise UnsupportedAnswer(what, where=at)


def _shape_level_values(
    shape: dict[str, Any], dictionaries: Dictionaries, at: str
) -> dict[str, Value] | None:
    """Aggregates and counters on the data shape itself."""
    unknown = shape.keys() - _SHAPE_KEYS - VALUE_KEYS
    if unknown and not shape.keys() & VALUE_KEYS:
        raise UnsupportedAnswer(f"The data shape has the unknown part {min(unknown)!r}", where=at)
    containers = Containers("the data shape", at, dictionaries, None, _SHAPE_KEYS, may_be_bare=True)
    containers.add([shape])
    containers.read()
    return {value: values[0] for value, values in containers.lists().items()} or None


def _dictionaries(node: Any, at: str) -> dict[str, dict[int, str]]:
    lists = as_object({} if node is None else node, "the dictionaries (ValueDicts)", at)
    for name, words in lists.items():
        for word in as_list(words, f"the dictionary {name}", at):
            try:
                text(word)
            except ValueError as error:
                what = f"The dictionary {name} has an entry that is not text: {str(word)[:60]!r}"
                raise MalformedAnswer(what, where=at) from error
    return {name: dict(enumerate(words)) for name, words in lists.items()}


def _row_counts(metrics: Any) -> list[int]:
    """The engine's own counts of the rows it made."""
    events = entries(metrics.get("Events")) if isinstance(metrics, dict) else []
    measured = [event.get("Metrics") for event in events if isinstance(event, dict)]
    counts = [each.get("RowCount") for each in measured if isinstance(each, dict)]
    return [count for count in counts if is_whole(count)]
