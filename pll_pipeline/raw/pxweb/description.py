"""What a statistics bank says of itself and of a table: limits, variables, codes and labels.

Not here: which codes are asked for (`selection.py`), making requests (`__init__.py`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from pydantic import BaseModel, Field, ValidationError, model_validator

from pll_pipeline.errors import PllError
from pll_pipeline.raw.http.body import is_web_page
from pll_pipeline.raw.http.client import Answer

# The lowest limit that a national bank is known to set, Statistics Sweden's.
USUAL_MAX_CELLS = 150_000
USUAL_PAUSE_SECONDS = 1.0
LONGEST_PAUSE_SECONDS = 10.0
BYTE_ORDER_MARK = b"\xef\xbb\xbf"

_Document = TypeVar("_Document", bound=BaseModel)


@dataclass(frozen=True)
class Variable:
    """A variable of a table, with its codes in the bank's order and their labels.

    One that can be eliminated may be left out of a request; the bank then sums over it.
    """

    name: str
    codes: Sequence[str]
    is_time: bool = False
    can_be_eliminated: bool = False
    labels: Mapping[str, str] = field(default_factory=dict)


class _Category(BaseModel):
    index: dict[str, int] | list[str] = Field(default_factory=list)
    label: dict[str, str] = Field(default_factory=dict)

    @property
    def codes(self) -> list[str]:
        """The codes in order. JSON-stat may leave the index out where there is one category."""
        if isinstance(self.index, dict):
            return sorted(self.index, key=self.index.__getitem__)
        return self.index or list(self.label)


class _DimensionExtension(BaseModel):
    elimination: bool = False


class _Dimension(BaseModel):
    category: _Category
    extension: _DimensionExtension = Field(default_factory=_DimensionExtension)


class _Role(BaseModel):
    time: list[str] = Field(default_factory=list)


class TableDescription(BaseModel):
    """A table as JSON-stat 2 describes it, with its cells or without."""

    id: list[str] = Field(min_length=1)
    dimension: dict[str, _Dimension]
    role: _Role = Field(default_factory=_Role)
    updated: str | None = None

    @model_validator(mode="after")
    def _describes_its_dimensions(self) -> TableDescription:
        if not self.dimension.keys() >= set(self.id):
            raise ValueError("a dimension is named and not described")
        return self

    def variables(self) -> list[Variable]:
        """The variables in the table's order."""
        return [self._variable(name) for name in self.id]

    def _variable(self, name: str) -> Variable:
        dimension = self.dimension[name]
        return Variable(
            name,
            codes=dimension.category.codes,
            is_time=name in self.role.time,
            can_be_eliminated=dimension.extension.elimination,
            labels=dimension.category.label,
        )


class Limits(BaseModel):
    """The bank's limits, as its `/config` states them; without arguments, those assumed instead.

    Assumed are at most `USUAL_MAX_CELLS` cells in one answer and `USUAL_PAUSE_SECONDS` between
    requests. A limit of 0 calls means that there is none.
    """

    most_cells: int = Field(default=USUAL_MAX_CELLS, ge=1, alias="maxDataCells")
    most_calls: int = Field(default=0, alias="maxCallsPerTimeWindow")
    window_seconds: int = Field(default=0, alias="timeWindow")

    @property
    def pause_seconds(self) -> float:
        """The pause before each request for cells."""
        if self.most_calls <= 0 or self.window_seconds <= 0:
            return USUAL_PAUSE_SECONDS
        return min(self.window_seconds / self.most_calls, LONGEST_PAUSE_SECONDS)


def read_document(answer: Answer, document_type: type[_Document]) -> _Document:
    """The answer as a document of a type. Raises `PllError` where it is none."""
    if is_web_page(answer.content):
        raise PllError(
            "The statistics bank answers with a web page instead of data",
            where=answer.url,
            do="open the address in a browser: the bank may be closed for a while, or have moved",
        )
    try:
        return document_type.model_validate_json(answer.content.removeprefix(BYTE_ORDER_MARK))
    except ValidationError as error:
        first = error.errors()[0]
        path = ".".join(str(part) for part in first["loc"])
        reason = f"{first['msg']} ({path})" if path else first["msg"]
        begins = answer.content[:200].decode("utf-8", "replace")
        raise PllError(
            f"The statistics bank's answer is not what was asked for: {reason};"
            f" it begins {begins!r}",
            where=answer.url,
            do="open the address in a browser and see what the bank says",
        ) from error
