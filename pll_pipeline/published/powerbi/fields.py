"""Fields of the model as the report refers to them, and filters on them.

Not here: which visual has which field (`report.yaml`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from pll_pipeline.published.powerbi.model import MEASURES, Model, tag

_COLUMN = re.compile(r"(?P<table>[^\[\]]+)\[(?P<column>[^\[\]]+)\]")
_KNOWN = "measure_is_known"  # in `report.yaml`: a filter on a measure that is not blank
_EQUAL = 0  # the kind of comparison
_SOURCE = "s"  # what a filter calls the table it is on


def literal(value: str | bool) -> dict[str, Any]:
    """A value as an expression: a text, or true or false."""
    written = (
        str(value).lower() if isinstance(value, bool) else "'" + value.replace("'", "''") + "'"
    )
    return {"Literal": {"Value": written}}


@dataclass(frozen=True)
class Fields:
    """The fields of a model: a measure by its name, a column as `Table[column of the release]`.

    Each method raises `LookupError` for a column or a measure that the model does not have.
    """

    model: Model

    def reference(self, field: str) -> dict[str, Any]:
        """The field as an expression."""
        kind, table, name = self._names(field)
        return _expression(kind, {"Entity": table}, name)

    def projection(self, field: str) -> dict[str, Any]:
        """The field as a well of a visual has it."""
        _, table, name = self._names(field)
        return {
            "field": self.reference(field),
            "queryRef": f"{table}.{name}",
            "nativeQueryRef": name,
        }

    def chosen(self, field: str, value: str | bool) -> dict[str, Any]:
        """The filter that a column has one value."""
        kind, table, name = self._names(field)
        columns = [_expression(kind, {"Source": _SOURCE}, name)]
        values = [[literal(value)]]
        return _filter(table, {"In": {"Expressions": columns, "Values": values}})

    def limited(self, visual: str, only: dict[str, Any]) -> dict[str, Any]:
        """The filters of a visual: columns and their values, or a measure that is not blank."""
        filters = []
        for field, value in only.items():
            target, kind = (value, "Advanced") if field == _KNOWN else (field, "Categorical")
            condition = self._known(value) if field == _KNOWN else self.chosen(field, value)
            filters.append(
                {
                    "name": tag("filter", visual, target).replace("-", "")[:20],
                    "field": self.reference(target),
                    "type": kind,
                    "filter": condition,
                }
            )
        return {"filters": filters}

    def _known(self, measure: str) -> dict[str, Any]:
        """The filter that a measure is not blank."""
        kind, table, name = self._names(measure)
        comparison = {
            "ComparisonKind": _EQUAL,
            "Left": _expression(kind, {"Source": _SOURCE}, name),
            "Right": {"Literal": {"Value": "null"}},
        }
        return _filter(table, {"Not": {"Expression": {"Comparison": comparison}}})

    def _names(self, field: str) -> tuple[str, str, str]:
        """Whether a field is a measure or a column, its table, and its name in the model."""
        match = _COLUMN.fullmatch(field)
        if match:
            return "Column", match["table"], self._column(match["table"], match["column"])
        if field not in {measure.name for measure in self.model.table(MEASURES).measures}:
            raise LookupError(f"the model has no measure {field}")
        return "Measure", MEASURES, field

    def _column(self, table: str, source: str) -> str:
        """The name that the model gives a column of the release."""
        for column in self.model.table(table).columns:
            if column.source == source:
                return column.name
        raise LookupError(f"the model has no column {table}[{source}]")


def _expression(kind: str, source: dict[str, str], name: str) -> dict[str, Any]:
    return {kind: {"Expression": {"SourceRef": source}, "Property": name}}


def _filter(table: str, condition: dict[str, Any]) -> dict[str, Any]:
    """A filter with one condition on one table."""
    return {
        "Version": 2,
        "From": [{"Name": _SOURCE, "Entity": table, "Type": 0}],
        "Where": [{"Condition": condition}],
    }
