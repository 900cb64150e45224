"""Semantic queries as a Power BI report's pages send them → the data they ask for.

A query is read strictly: what is not understood is refused, as the real server refuses what is malformed. Answered are
flat queries: columns, measures and columns summed up, filtered, ordered, a window at a time, with a grand total if
wanted; a query without groups gives totals. Not here: how an answer is written (`powerbi_answer.py`), keys and
addresses (`powerbi_report.py`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import reduce
from operator import and_, ge, gt, le, lt, or_
from typing import Annotated, Any, Literal

import polars as pl
from pydantic import BaseModel, ConfigDict, ValidationError, model_validator
from pydantic import Field as Key
from pydantic.alias_generators import to_pascal

from pll_pipeline.simulation.powerbi_answer import (
    Grouping,
    Node,
    Selected,
    Subtotal,
    TypeCode,
    Value,
    data_of,
    encode,
    literal,
)

MOST_ROWS = 30_000
ROWS_WHEN_IGNORED = 500
_ROWS_OF_A_LARGE_VOLUME = 3_500
_SMALL_VOLUME = 3
_IGNORED = {
    "Code": "IgnoredDataReductionAlgorithm",
    "Severity": "Warning",
    "Message": "A data reduction algorithm was specified but the corresponding grouping does not exist. The data reduction will be ignored.",
}


class QueryRefused(Exception):
    """The report cannot answer this query: the server's code and its text."""

    def __init__(
        self, message: str, code: str = "InvalidOrMalformedSemanticQueryDefinition"
    ) -> None:
        self.code, self.message = code, message
        super().__init__(message)


@dataclass(frozen=True)
class Field:
    """A column or measure of a model. `values` computes it from the report's table, a measure's by aggregating rows.

    `identity` is what survives a renaming.
    """

    identity: str
    entity: str
    property: str
    type_code: TypeCode
    values: pl.Expr
    is_measure: bool = False
    is_hidden: bool = False
    is_date_table: bool = False
    format: str | None = None

    @property
    def name(self) -> tuple[str, str]:
        return self.entity, self.property


# --- what a query may say -------------------------------------------------------------------------------------------


class _Node(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, alias_generator=to_pascal)


class _Choice(_Node):
    """Exactly one of the nodes it may hold is there."""

    @model_validator(mode="after")
    def _is_one(self) -> _Choice:
        if len(self._nodes) != 1:
            raise ValueError("exactly one kind is expected")
        return self

    @property
    def _nodes(self) -> list[Any]:
        return [value for _, value in self if isinstance(value, _Node)]

    @property
    def chosen(self) -> Any:
        return self._nodes[0]


class _SourceRef(_Node):
    source: str


class _Source(_Node):
    source_ref: _SourceRef


class _Property(_Node):
    expression: _Source
    property: str


class _OfColumn(_Node):
    column: _Property


class _Aggregation(_Node):
    expression: _OfColumn
    function: int


class _Expression(_Choice):
    column: _Property | None = None
    measure: _Property | None = None
    aggregation: _Aggregation | None = None


class _Selection(_Expression):
    name: str
    native_reference_name: str | None = None


class _Text(_Node):
    value: str


class _Literal(_Node):
    literal: _Text


class _In(_Node):
    expressions: list[_OfColumn] = Key(min_length=1)
    values: list[list[_Literal]]


class _Comparison(_Node):
    comparison_kind: Literal[0, 1, 2, 3, 4]
    left: _OfColumn
    right: _Literal


class _And(_Node):
    left: _Condition
    right: _Condition


class _Or(_Node):
    left: _Condition
    right: _Condition


class _Not(_Node):
    expression: _Condition


class _Condition(_Choice):
    in_: _In | None = Key(None, alias="In")
    comparison: _Comparison | None = None
    and_: _And | None = Key(None, alias="And")
    or_: _Or | None = Key(None, alias="Or")
    not_: _Not | None = Key(None, alias="Not")


class _Where(_Node):
    condition: _Condition


class _From(_Node):
    name: str
    entity: str
    type: Literal[0]


class _Order(_Node):
    direction: Literal[1, 2]
    expression: _Expression


class _Query(_Node):
    version: Literal[2]
    from_: list[_From] = Key(alias="From")
    select: list[_Selection] = Key(min_length=1)
    where: list[_Where] = []
    order_by: list[_Order] = []


class _Window(_Node):
    count: Annotated[int, Key(gt=0)] | None = None
    restart_tokens: Annotated[list[list[str]], Key(min_length=1, max_length=1)] | None = None


class _Top(_Node):
    count: Annotated[int, Key(gt=0)] | None = None


class _Reduction(_Choice):
    window: _Window | None = None
    top: _Top | None = None


class _DataReduction(_Node):
    data_volume: int = 3
    primary: _Reduction | None = None


class _Grouping(_Node):
    projections: list[int]
    subtotal: Subtotal = Subtotal.NONE


class _Axis(_Node):
    groupings: Annotated[list[_Grouping], Key(min_length=1, max_length=1)]


class _Binding(_Node):
    primary: _Axis
    data_reduction: _DataReduction = _DataReduction()
    include_empty_groups: bool = False
    version: Literal[1] = 1


class _Command(_Node):
    query: _Query
    binding: _Binding
    execution_metrics_kind: int = 1


# --- literals and conditions ----------------------------------------------------------------------------------------

_LITERALS: tuple[tuple[re.Pattern[str], TypeCode, Callable[[str], Value]], ...] = (
    (
        re.compile(r"'((?:[^']|'')*)'", re.DOTALL),
        TypeCode.TEXT,
        lambda text: text.replace("''", "'"),
    ),
    (re.compile(r"(-?\d{1,19})L", re.ASCII), TypeCode.INTEGER, lambda text: _of_64_bits(int(text))),
    (re.compile(r"(-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)D", re.ASCII), TypeCode.DOUBLE, float),
    (re.compile(r"(-?\d+(?:\.\d+)?)M", re.ASCII), TypeCode.DECIMAL, Decimal),
    (
        re.compile(r"datetime'(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,6})?)'", re.ASCII),
        TypeCode.DATETIME,
        datetime.fromisoformat,
    ),
    (re.compile("(true|false)"), TypeCode.BOOLEAN, lambda text: text == "true"),
)
_NUMBERS = frozenset({TypeCode.INTEGER, TypeCode.DOUBLE, TypeCode.DECIMAL})


def _of_64_bits(number: int) -> int:
    if not -(2**63) <= number < 2**63:
        raise ValueError("not a whole number of 64 bits")
    return number


def parsed_literal(text: str) -> tuple[TypeCode | None, Value]:
    """The type and value of a type-encoded literal; null has no type. Raises `QueryRefused`."""
    if text == "null":
        return None, None
    for pattern, type_code, convert in _LITERALS:
        match = pattern.fullmatch(text)
        if match:
            try:
                return type_code, convert(match[1])
            except ValueError:
                break
    raise QueryRefused("Encountered invalid literal. Failed to parse type encoded string")


def _comparable(type_code: TypeCode, written: str) -> pl.Expr:
    """The literal, to be compared with values of that type."""
    written_code, value = parsed_literal(written)
    if written_code not in (None, type_code) and not {written_code, type_code} <= _NUMBERS:
        raise QueryRefused(
            f"The literal {written[:60]} cannot be compared with values of type {type_code.name.lower()}"
        )
    return pl.lit(value)


_COMPARED: dict[int, Callable[[pl.Expr, pl.Expr], pl.Expr]] = {
    0: pl.Expr.eq_missing,
    1: gt,
    2: ge,
    3: lt,
    4: le,
}


class _Names:
    """The fields of the model by the names one query gives their entities."""

    def __init__(self, query: _Query, fields: Sequence[Field]) -> None:
        self._entities = {source.name: source.entity for source in query.from_}
        self._fields = {field.name: field for field in fields}
        unknown = set(self._entities.values()) - {field.entity for field in fields}
        if unknown or len(self._entities) != len(query.from_):
            raise QueryRefused(
                f"The query's sources are not all known, or one is named twice: {', '.join(sorted(unknown))}"
            )

    def field(self, reference: _Property, *, is_measure: bool = False) -> Field:
        entity = self._entities.get(reference.expression.source_ref.source)
        field = self._fields.get((entity or "", reference.property))
        if field is None or field.is_measure != is_measure:
            kind = "measure" if is_measure else "column"
            raise QueryRefused(f"There is no {kind} '{reference.property}' in '{entity}'")
        return field

    def filter(self, condition: _Condition) -> pl.Expr:
        match condition.chosen:
            case _And(left=left, right=right):
                return self.filter(left) & self.filter(right)
            case _Or(left=left, right=right):
                return self.filter(left) | self.filter(right)
            case _Not(expression=inside):
                return ~self.filter(inside)
            case _In(expressions=expressions, values=rows):
                return self._is_among(
                    [self.field(one.column) for one in expressions],
                    [[value.literal.value for value in row] for row in rows],
                )
            case compared:
                field = self.field(compared.left.column)
                right = _comparable(field.type_code, compared.right.literal.value)
                return _COMPARED[compared.comparison_kind](field.values, right).fill_null(False)

    def _is_among(self, fields: list[Field], rows: list[list[str]]) -> pl.Expr:
        if any(len(row) != len(fields) for row in rows):
            raise QueryRefused("A row of values does not fit the expressions of its condition")
        each = [
            _all_of(
                field.values.eq_missing(_comparable(field.type_code, written))
                for field, written in zip(fields, row, strict=True)
            )
            for row in rows
        ]
        return reduce(or_, each, pl.lit(False))


def _all_of(conditions: Iterable[pl.Expr]) -> pl.Expr:
    return reduce(and_, conditions, pl.lit(True))


# --- columns and measures -------------------------------------------------------------------------------------------


def _or_blank(summed: Callable[[pl.Expr], pl.Expr]) -> Callable[[pl.Expr], pl.Expr]:
    """Summing up nothing gives a blank, not zero."""
    return lambda values: pl.when(values.count() > 0).then(summed(values))


_FUNCTIONS: dict[int, tuple[Callable[[pl.Expr], pl.Expr], TypeCode | None]] = {
    0: (_or_blank(pl.Expr.sum), None),
    1: (pl.Expr.mean, TypeCode.DOUBLE),
    2: (_or_blank(lambda values: values.drop_nulls().n_unique()), TypeCode.INTEGER),
    3: (pl.Expr.min, None),
    4: (pl.Expr.max, None),
    5: (_or_blank(pl.Expr.count), TypeCode.INTEGER),
}
_OF_NUMBERS = (0, 1)
_DESCENDING = 2


@dataclass(frozen=True)
class _Chosen:
    """One selected expression: what it computes, what the answer says of it, and the expression to order by."""

    values: pl.Expr
    selected: Selected
    expression: _Expression
    entity: str


def _choose(names: _Names, selection: _Selection) -> _Chosen:
    expression = _Expression(
        Column=selection.column, Measure=selection.measure, Aggregation=selection.aggregation
    )
    if selection.aggregation:
        field = names.field(selection.aggregation.expression.column)
        function = selection.aggregation.function
        if function not in _FUNCTIONS or (
            function in _OF_NUMBERS and field.type_code not in _NUMBERS
        ):
            raise QueryRefused(
                f"The function {function} cannot sum up the column '{field.property}'"
            )
        summed, type_code = _FUNCTIONS[function]
        return _Chosen(
            summed(field.values),
            Selected(selection.name, type_code or field.type_code, None, field.format),
            expression,
            field.entity,
        )
    field = names.field(selection.chosen, is_measure=selection.measure is not None)
    source = None if field.is_measure else field.name
    return _Chosen(
        field.values,
        Selected(selection.name, field.type_code, source, field.format),
        expression,
        field.entity,
    )


# --- answering ------------------------------------------------------------------------------------------------------


def answer(command: Any, fields: Sequence[Field], table: pl.DataFrame, *, fact: str) -> Node:
    """What stands under `data` in the answer to one `SemanticQueryDataShapeCommand`; `fact` is the entity that joins all others.

    Raises `QueryRefused`.
    """
    try:
        asked = _Command.model_validate(command)
    except ValidationError as error:
        first = error.errors()[0]
        raise QueryRefused(
            f"The query is not understood: {first['msg']} at {'.'.join(map(str, first['loc'][:8]))}"
        ) from error
    return _Question(asked, fields, table, fact).data()


class _Question:
    """A command and the table it asks. Columns of its frames are called by their positions in the query's select."""

    def __init__(
        self, command: _Command, fields: Sequence[Field], table: pl.DataFrame, fact: str
    ) -> None:
        self._command, self._binding = command, command.binding
        self._names = _Names(command.query, fields)
        self._chosen = [_choose(self._names, selection) for selection in command.query.select]
        self._columns = [one.selected for one in self._chosen]
        self._refuse_contradictions(fact)
        self._groups = [
            position
            for position in self._grouping.projections
            if not self._columns[position].is_measure
        ]
        self._measures = [
            position for position, column in enumerate(self._columns) if column.is_measure
        ]
        self._table = table.filter(
            _all_of(self._names.filter(where.condition) for where in command.query.where)
        )

    @property
    def _grouping(self) -> _Grouping:
        return self._binding.primary.groupings[0]

    def _refuse_contradictions(self, fact: str) -> None:
        if len({column.name for column in self._columns}) != len(self._columns):
            raise QueryRefused("Two entries of Select have the same name")
        if sorted(self._grouping.projections) != list(range(len(self._columns))):
            raise QueryRefused("Every entry of Select must be projected once")
        entities = {one.entity for one in self._chosen}
        if len(entities) > 1 and fact not in entities:
            raise QueryRefused(
                "The columns belong to tables that nothing relates to each other",
                "InvalidUnconstrainedJoin",
            )

    def data(self) -> Node:
        reduction = self._binding.data_reduction.primary
        if not self._groups:
            encoded = encode(self._columns, [self._summed_up()], down=())
            return data_of(encoded, messages=[_IGNORED] if reduction else [])
        rows = self._rows()
        start = (
            self._start(rows, reduction.window.restart_tokens[0])
            if reduction and reduction.window and reduction.window.restart_tokens
            else 0
        )
        end = min(start + self._asked_count(reduction), rows.height)
        has_totals = self._grouping.subtotal != Subtotal.NONE
        totals = (
            {(): [self._summed_up()[position] for position in self._measures]} if has_totals else {}
        )
        page = rows[start:end]
        encoded = encode(
            self._columns,
            page.rows(),
            down=[Grouping(tuple(self._groups), self._grouping.subtotal)],
            totals=totals,
        )
        if reduction and reduction.top:
            limits = {"Primary": {"Id": "L0", "Top": {"Count": self._asked_count(reduction)}}}
            data = data_of(encoded, limits=limits)
            if end < rows.height:
                mark_as_cut(data["dsr"]["DS"][0])
            return data
        return data_of(
            encoded,
            restart=None
            if end == rows.height
            else [[literal(page.row(-1)[position]) for position in self._groups]],
        )

    def _asked_count(self, reduction: _Reduction | None) -> int:
        """A count beyond the largest is ignored, as the server does."""
        how = (reduction.window or reduction.top) if reduction else None
        if how and how.count:
            return how.count if how.count <= MOST_ROWS else ROWS_WHEN_IGNORED
        return (
            ROWS_WHEN_IGNORED
            if self._binding.data_reduction.data_volume <= _SMALL_VOLUME
            else _ROWS_OF_A_LARGE_VOLUME
        )

    def _summed_up(self) -> tuple[Value, ...]:
        row = self._table.select(
            self._chosen[position].values.alias(str(position)) for position in self._measures
        ).row(0, named=True)
        return tuple(row.get(str(position)) for position in range(len(self._columns)))

    def _rows(self) -> pl.DataFrame:
        """Every combination of the groups that has a value, in the order asked for and then by the groups."""
        groups = [self._chosen[position].values.alias(str(position)) for position in self._groups]
        rows = self._table.group_by(groups).agg(
            self._chosen[position].values.alias(str(position)) for position in self._measures
        )
        if self._measures and not self._binding.include_empty_groups:
            rows = rows.filter(
                pl.any_horizontal(
                    pl.col(str(position)).is_not_null() for position in self._measures
                )
            )
        is_descending = {
            str(self._position(one.expression)): one.direction == _DESCENDING
            for one in reversed(self._command.query.order_by)
        }
        order = dict(reversed(is_descending.items())) | {
            name: False for name in map(str, self._groups) if name not in is_descending
        }
        directions = list(order.values())
        return rows.sort(*order, descending=directions, nulls_last=directions).select(
            str(position) for position in range(len(self._columns))
        )

    def _position(self, expression: _Expression) -> int:
        found = [
            position for position, one in enumerate(self._chosen) if one.expression == expression
        ]
        if not found:
            raise QueryRefused("The rows are to be ordered by what is not selected")
        return found[0]

    def _start(self, rows: pl.DataFrame, token: Sequence[str]) -> int:
        """A page begins with the row its token points at."""
        if len(token) != len(self._groups):
            raise QueryRefused("The restart token does not fit the groups")
        values = [
            _comparable(self._columns[position].type_code, text)
            for position, text in zip(self._groups, token, strict=True)
        ]
        is_row = _all_of(
            pl.col(str(position)).eq_missing(value)
            for position, value in zip(self._groups, values, strict=True)
        )
        found = rows.select(is_row.arg_true()).to_series()
        if found.is_empty():
            raise QueryRefused("The restart token points at no row")
        return found[0]


def mark_as_cut(shape: Node) -> None:
    """Let a data shape say that a limit cut it."""
    for sign in ("HAD", "RT"):
        shape.pop(sign, None)
    shape |= {"IC": False, "DLEx": [{"Id": "L0"}]}
