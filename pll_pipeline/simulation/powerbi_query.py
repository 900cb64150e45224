"""Semantic queries → the data they ask for, out of the report's table.

Answered are flat queries: columns, measures and columns summed up, filtered, ordered, a window at a
time, with a grand total if wanted; a query without groups gives totals. Not here: the language
(`powerbi_language.py`), how an answer is written (`powerbi_answer.py`), keys and addresses
(`powerbi_report.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import and_, ge, gt, le, lt, or_
from typing import Any

import polars as pl

from pll_pipeline.simulation.powerbi_answer import Grouping, Selected, Subtotal, data_of, encode
from pll_pipeline.simulation.powerbi_language import (
    NUMBERS,
    Aggregation,
    And,
    Command,
    Comparison,
    Condition,
    Expression,
    GroupingOfRows,
    In,
    Not,
    Or,
    Property,
    Query,
    QueryRefused,
    Reduction,
    Selection,
    parsed_literal,
    read_command,
)
from pll_pipeline.simulation.powerbi_values import Node, TypeCode, Value, literal

MOST_ROWS = 30_000
ROWS_WHEN_IGNORED = 500
_ROWS_OF_A_LARGE_VOLUME = 3_500
_SMALL_VOLUME = 3
_DESCENDING = 2
_IGNORED = {
    "Code": "IgnoredDataReductionAlgorithm",
    "Severity": "Warning",
    "Message": "A data reduction algorithm was specified but the corresponding grouping does not"
    " exist. The data reduction will be ignored.",
}


@dataclass(frozen=True)
class Field:
    """A column or measure of a model; `identity` survives a renaming.

    `values` computes it from the report's table, a measure by aggregating rows.
    """

    identity: str
    entity: str
    property_name: str
    type_code: TypeCode
    values: pl.Expr
    is_measure: bool = False
    is_hidden: bool = False
    is_date_table: bool = False
    format: str | None = None

    @property
    def name(self) -> tuple[str, str]:
        """Entity and property, by which queries name it."""
        return self.entity, self.property_name


def answer(command: Any, fields: Sequence[Field], table: pl.DataFrame, *, fact: str) -> Node:
    """What the answer to one `SemanticQueryDataShapeCommand` has under `data`.

    `fact` is the entity that joins all others. Raises `QueryRefused`.
    """
    return _Question(read_command(command), fields, table, fact).data()


def mark_as_cut(shape: Node) -> None:
    """Let a data shape say that a limit cut it."""
    for sign in ("HAD", "RT"):
        shape.pop(sign, None)
    shape |= {"IC": False, "DLEx": [{"Id": "L0"}]}


# --- conditions


def _comparable(type_code: TypeCode, text: str) -> pl.Expr:
    """A literal, to be compared with values of a type."""
    literal_code, value = parsed_literal(text)
    is_same = literal_code in (None, type_code)
    if not is_same and not {literal_code, type_code} <= NUMBERS:
        type_name = type_code.name.lower()
        raise QueryRefused(
            f"The literal {text[:60]} cannot be compared with values of type {type_name}"
        )
    return pl.lit(value)


_COMPARISONS: dict[int, Callable[[pl.Expr, pl.Expr], pl.Expr]] = {
    0: pl.Expr.eq_missing,
    1: gt,
    2: ge,
    3: lt,
    4: le,
}


class _Names:
    """The fields of the model by the names that one query gives their entities."""

    def __init__(self, query: Query, fields: Sequence[Field]) -> None:
        self._entities = {source.name: source.entity for source in query.from_}
        self._fields = {field.name: field for field in fields}
        unknown = set(self._entities.values()) - {field.entity for field in fields}
        if unknown or len(self._entities) != len(query.from_):
            names = ", ".join(sorted(unknown))
            raise QueryRefused(
                f"The query's sources are not all known, or one is named twice: {names}"
            )

    def field(self, reference: Property, *, is_measure: bool = False) -> Field:
        entity = self._entities.get(reference.expression.source_ref.source)
        field = self._fields.get((entity or "", reference.property))
        if field is None or field.is_measure != is_measure:
            wanted = "measure" if is_measure else "column"
            raise QueryRefused(f"There is no {wanted} '{reference.property}' in '{entity}'")
        return field

    def filter(self, condition: Condition) -> pl.Expr:
        match condition.chosen:
            case And() as both:
                return self.filter(both.left) & self.filter(both.right)
            case Or() as either:
                return self.filter(either.left) | self.filter(either.right)
            case Not() as negated:
                return ~self.filter(negated.expression)
            case In() as membership:
                return self._is_among(membership)
            case comparison:
                return self._compared(comparison)

    def _compared(self, comparison: Comparison) -> pl.Expr:
        field = self.field(comparison.left.column)
        right = _comparable(field.type_code, comparison.right.literal.value)
        return _COMPARISONS[comparison.comparison_kind](field.values, right).fill_null(False)

    def _is_among(self, membership: In) -> pl.Expr:
        fields = [self.field(expression.column) for expression in membership.expressions]
        if any(len(row) != len(fields) for row in membership.values):
            raise QueryRefused("A row of values does not fit the expressions of its condition")
        rows = [
            _all_of(
                field.values.eq_missing(_comparable(field.type_code, value.literal.value))
                for field, value in zip(fields, row, strict=True)
            )
            for row in membership.values
        ]
        return reduce(or_, rows, pl.lit(False))


def _all_of(conditions: Iterable[pl.Expr]) -> pl.Expr:
    return reduce(and_, conditions, pl.lit(True))


# --- columns and measures


def _or_blank(aggregate: Callable[[pl.Expr], pl.Expr]) -> Callable[[pl.Expr], pl.Expr]:
    """Summing up nothing gives a blank, not zero."""
    return lambda values: pl.when(values.count() > 0).then(aggregate(values))


def _distinct(values: pl.Expr) -> pl.Expr:
    return values.drop_nulls().n_unique()


# By its number, a function and the type of its result; None for the type of the column.
_FUNCTIONS: dict[int, tuple[Callable[[pl.Expr], pl.Expr], TypeCode | None]] = {
    0: (_or_blank(pl.Expr.sum), None),
    1: (pl.Expr.mean, TypeCode.DOUBLE),
    2: (_or_blank(_distinct), TypeCode.INTEGER),
    3: (pl.Expr.min, None),
    4: (pl.Expr.max, None),
    5: (_or_blank(pl.Expr.count), TypeCode.INTEGER),
}
_FUNCTIONS_OF_NUMBERS = (0, 1)


@dataclass(frozen=True)
class _SelectedExpression:
    """A selected expression: what it computes, and how the answer describes it."""

    values: pl.Expr
    column: Selected
    expression: Expression
    entity: str


def _selected(names: _Names, selection: Selection) -> _SelectedExpression:
    if selection.aggregation:
        return _aggregated(names, selection, selection.aggregation)
    field = names.field(selection.chosen, is_measure=selection.measure is not None)
    source = None if field.is_measure else field.name
    column = Selected(selection.name, field.type_code, source, field.format)
    return _SelectedExpression(field.values, column, selection, field.entity)


def _aggregated(
    names: _Names, selection: Selection, aggregation: Aggregation
) -> _SelectedExpression:
    field = names.field(aggregation.expression.column)
    function = aggregation.function
    needs_numbers = function in _FUNCTIONS_OF_NUMBERS
    if function not in _FUNCTIONS or (needs_numbers and field.type_code not in NUMBERS):
        raise QueryRefused(
            f"The function {function} cannot sum up the column '{field.property_name}'"
        )
    aggregate, type_code = _FUNCTIONS[function]
    column = Selected(selection.name, type_code or field.type_code, None, field.format)
    return _SelectedExpression(aggregate(field.values), column, selection, field.entity)


# --- answering


class _Question:
    """A command and the table it asks.

    Columns of its frames are named by their positions in the query's select.
    """

    def __init__(
        self, command: Command, fields: Sequence[Field], table: pl.DataFrame, fact: str
    ) -> None:
        self._query, self._binding = command.query, command.binding
        names = _Names(command.query, fields)
        self._selected = [_selected(names, selection) for selection in command.query.select]
        self._columns = [each.column for each in self._selected]
        self._refuse_contradictions(fact)
        self._groups = [
            position
            for position in self._grouping.projections
            if not self._columns[position].is_measure
        ]
        self._measures = [
            position for position, column in enumerate(self._columns) if column.is_measure
        ]
        filters = [names.filter(where.condition) for where in command.query.where]
        self._table = table.filter(_all_of(filters))

    @property
    def _grouping(self) -> GroupingOfRows:
        return self._binding.primary.groupings[0]

    def _refuse_contradictions(self, fact: str) -> None:
        if len({column.name for column in self._columns}) != len(self._columns):
            raise QueryRefused("Two entries of Select have the same name")
        if sorted(self._grouping.projections) != list(range(len(self._columns))):
            raise QueryRefused("Every entry of Select must be projected once")
        entities = {each.entity for each in self._selected}
        if len(entities) > 1 and fact not in entities:
            raise QueryRefused(
                "The columns belong to tables that nothing relates to each other",
                "InvalidUnconstrainedJoin",
            )

    def data(self) -> Node:
        """What the answer has under `data`."""
        reduction = self._binding.data_reduction.primary
        if not self._groups:
            encoded = encode(self._columns, [self._totals()], down=())
            return data_of(encoded, messages=[_IGNORED] if reduction else [])
        rows = self._rows()
        start = self._start(rows, reduction)
        end = min(start + self._asked_count(reduction), rows.height)
        page = rows[start:end]
        encoded = encode(
            self._columns,
            page.rows(),
            down=[Grouping(tuple(self._groups), self._grouping.subtotal)],
            totals=self._grand_total(),
        )
        is_end = end == rows.height
        if reduction and reduction.top:
            limits = {"Primary": {"Id": "L0", "Top": {"Count": self._asked_count(reduction)}}}
            data = data_of(encoded, limits=limits)
            if not is_end:
                mark_as_cut(data["dsr"]["DS"][0])
            return data
        return data_of(encoded, restart=None if is_end else [self._token(page)])

    def _asked_count(self, reduction: Reduction | None) -> int:
        """How many rows are asked for; one beyond the largest is ignored, as the server does."""
        limit = (reduction.window or reduction.top) if reduction else None
        if limit and limit.count:
            return limit.count if limit.count <= MOST_ROWS else ROWS_WHEN_IGNORED
        is_small = self._binding.data_reduction.data_volume <= _SMALL_VOLUME
        return ROWS_WHEN_IGNORED if is_small else _ROWS_OF_A_LARGE_VOLUME

    def _computed(self, positions: Iterable[int]) -> list[pl.Expr]:
        return [self._selected[position].values.alias(str(position)) for position in positions]

    def _totals(self) -> tuple[Value, ...]:
        """The measures over all rows; null for the groups."""
        row = self._table.select(self._computed(self._measures)).row(0, named=True)
        return tuple(row.get(str(position)) for position in range(len(self._columns)))

    def _grand_total(self) -> dict[tuple[Value, ...], Sequence[Value]]:
        if self._grouping.subtotal == Subtotal.NONE:
            return {}
        totals = self._totals()
        return {(): [totals[position] for position in self._measures]}

    def _rows(self) -> pl.DataFrame:
        """Every combination of the groups that has a value, ordered as asked, then by group."""
        rows = self._table.group_by(self._computed(self._groups)).agg(
            self._computed(self._measures)
        )
        if self._measures and not self._binding.include_empty_groups:
            has_value = [pl.col(str(position)).is_not_null() for position in self._measures]
            rows = rows.filter(pl.any_horizontal(has_value))
        is_descending = self._directions()
        directions = list(is_descending.values())
        return rows.sort(*is_descending, descending=directions, nulls_last=directions).select(
            str(position) for position in range(len(self._columns))
        )

    def _directions(self) -> dict[str, bool]:
        """The columns to order by, and whether descending; one named twice counts once, first."""
        is_descending: dict[str, bool] = {}
        for order in self._query.order_by:
            name = str(self._position(order.expression))
            is_descending.setdefault(name, order.direction == _DESCENDING)
        for position in self._groups:
            is_descending.setdefault(str(position), False)
        return is_descending

    def _position(self, expression: Expression) -> int:
        for position, each in enumerate(self._selected):
            if each.expression.is_same_as(expression):
                return position
        raise QueryRefused("The rows are to be ordered by what is not selected")

    def _token(self, page: pl.DataFrame) -> list[str]:
        """The restart token after a page: the groups of its last row."""
        last = page.row(-1)
        return [literal(last[position]) for position in self._groups]

    def _start(self, rows: pl.DataFrame, reduction: Reduction | None) -> int:
        """The row that the restart token names; a page begins with it."""
        window = reduction.window if reduction else None
        if window is None or not window.restart_tokens:
            return 0
        token = window.restart_tokens[0]
        if len(token) != len(self._groups):
            raise QueryRefused("The restart token does not fit the groups")
        is_row = _all_of(
            pl.col(str(position)).eq_missing(_comparable(self._columns[position].type_code, text))
            for position, text in zip(self._groups, token, strict=True)
        )
        indexes = rows.select(is_row.arg_true()).to_series()
        if indexes.is_empty():
            raise QueryRefused("The restart token points at no row")
        return int(indexes[0])
