"""The language of semantic queries, as the pages of a Power BI report send them.

A command is read strictly: what is not understood is refused, as the real server refuses what is
malformed. The class names are those of the language. Not here: what a query is answered with
(`powerbi_query.py`).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from pydantic.alias_generators import to_pascal

from pll_pipeline.simulation.powerbi_answer import Subtotal
from pll_pipeline.simulation.powerbi_values import TypeCode, Value

NUMBERS = frozenset({TypeCode.INTEGER, TypeCode.DOUBLE, TypeCode.DECIMAL})


class QueryRefused(Exception):
    """The report cannot answer this query: the server's code and its text."""

    def __init__(
        self, message: str, code: str = "InvalidOrMalformedSemanticQueryDefinition"
    ) -> None:
        self.code, self.message = code, message
        super().__init__(message)


class _Node(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, alias_generator=to_pascal)


class _Choice(_Node):
    """Contains exactly one of the nodes it may contain."""

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
        """The node that is there."""
        return self._nodes[0]


class SourceRef(_Node):
    """The name that the query gives an entity."""

    source: str


class Source(_Node):
    """An entity of the query."""

    source_ref: SourceRef


class Property(_Node):
    """A property of an entity."""

    expression: Source
    property: str


class OfColumn(_Node):
    """A column, where nothing else may be used."""

    column: Property


class Aggregation(_Node):
    """A column summed up by a numbered function."""

    expression: OfColumn
    function: int


class Expression(_Choice):
    """A column, a measure, or a column summed up."""

    column: Property | None = None
    measure: Property | None = None
    aggregation: Aggregation | None = None

    def is_same_as(self, other: Expression) -> bool:
        """Whether both compute the same, under whatever names."""
        return (self.column, self.measure, self.aggregation) == (
            other.column,
            other.measure,
            other.aggregation,
        )


class Selection(Expression):
    """An expression with the name that the answer gives it."""

    name: str
    native_reference_name: str | None = None


class LiteralText(_Node):
    """A type-encoded text, as `5L` or `'Bergen'`."""

    value: str


class LiteralNode(_Node):
    """A literal."""

    literal: LiteralText


class In(_Node):
    """Columns, and the rows of values that they may have."""

    expressions: list[OfColumn] = Field(min_length=1)
    values: list[list[LiteralNode]]


class Comparison(_Node):
    """A column compared with a literal: = > ≥ < ≤ by number."""

    comparison_kind: Literal[0, 1, 2, 3, 4]
    left: OfColumn
    right: LiteralNode


class And(_Node):
    """Two conditions that both apply."""

    left: Condition
    right: Condition


class Or(_Node):
    """Two conditions of which one applies."""

    left: Condition
    right: Condition


class Not(_Node):
    """A condition that does not apply."""

    expression: Condition


class Condition(_Choice):
    """One condition on rows."""

    in_: In | None = Field(default=None, alias="In")
    comparison: Comparison | None = None
    and_: And | None = Field(default=None, alias="And")
    or_: Or | None = Field(default=None, alias="Or")
    not_: Not | None = Field(default=None, alias="Not")


class Where(_Node):
    """One of the filters of a query."""

    condition: Condition


class From(_Node):
    """An entity, and its name in the query."""

    name: str
    entity: str
    type: Literal[0]


class Order(_Node):
    """An expression to order by: 1 ascending, 2 descending."""

    direction: Literal[1, 2]
    expression: Expression


class Query(_Node):
    """What is selected from what, filtered and ordered how."""

    version: Literal[2]
    from_: list[From] = Field(alias="From")
    select: list[Selection] = Field(min_length=1)
    where: list[Where] = []
    order_by: list[Order] = []


class Window(_Node):
    """A page of rows, from the beginning or from a restart token."""

    count: Annotated[int, Field(gt=0)] | None = None
    restart_tokens: Annotated[list[list[str]], Field(min_length=1, max_length=1)] | None = None


class Top(_Node):
    """The first rows only."""

    count: Annotated[int, Field(gt=0)] | None = None


class Reduction(_Choice):
    """How many rows are answered."""

    window: Window | None = None
    top: Top | None = None


class DataReduction(_Node):
    """The reduction, and a volume from 1 to 6 for queries without one."""

    data_volume: int = 3
    primary: Reduction | None = None


class GroupingOfRows(_Node):
    """The selected expressions of the rows, and where their total is written."""

    projections: list[int]
    subtotal: Subtotal = Subtotal.NONE


class Axis(_Node):
    """The rows, in one grouping."""

    groupings: Annotated[list[GroupingOfRows], Field(min_length=1, max_length=1)]


class Binding(_Node):
    """How the answer is arranged."""

    primary: Axis
    data_reduction: DataReduction = DataReduction()
    include_empty_groups: bool = False
    version: Literal[1] = 1


class Command(_Node):
    """A `SemanticQueryDataShapeCommand`."""

    query: Query
    binding: Binding
    execution_metrics_kind: int = 1


def read_command(command: Any) -> Command:
    """The command that a request contains. Raises `QueryRefused` where it is not understood."""
    try:
        return Command.model_validate(command)
    except ValidationError as error:
        first = error.errors()[0]
        path = ".".join(map(str, first["loc"][:8]))
        raise QueryRefused(f"The query is not understood: {first['msg']} at {path}") from error


def _unquoted(text: str) -> str:
    return text.replace("''", "'")


def _integer(text: str) -> int:
    number = int(text)
    if not -(2**63) <= number < 2**63:
        raise ValueError("not a whole number of 64 bits")
    return number


def _is_true(text: str) -> bool:
    return text == "true"


_LITERALS: tuple[tuple[re.Pattern[str], TypeCode, Callable[[str], Value]], ...] = (
    (re.compile(r"'((?:[^']|'')*)'", re.DOTALL), TypeCode.TEXT, _unquoted),
    (re.compile(r"(-?\d{1,19})L", re.ASCII), TypeCode.INTEGER, _integer),
    (re.compile(r"(-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)D", re.ASCII), TypeCode.DOUBLE, float),
    (re.compile(r"(-?\d+(?:\.\d+)?)M", re.ASCII), TypeCode.DECIMAL, Decimal),
    (
        re.compile(r"datetime'(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,6})?)'", re.ASCII),
        TypeCode.DATETIME,
        datetime.fromisoformat,
    ),
    (re.compile("(true|false)"), TypeCode.BOOLEAN, _is_true),
)


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
