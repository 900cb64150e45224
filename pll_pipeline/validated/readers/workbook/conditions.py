"""Conditional formats: rules by which a cell shows something else than its own format would.

Only what changes the text matters here: another number format, a strike through it, or a figure
that an icon or a bar replaces. A rule that can be decided from the cell alone is decided; a cell
under any other such rule has a fault, because what it shows is not known.
Not here: styles of cells (`styles.py`), rules that change colours.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property

from pll_pipeline.validated.readers.workbook.package import Attributes, is_true
from pll_pipeline.validated.readers.workbook.places import Area, areas_of
from pll_pipeline.validated.readers.workbook.styles import Difference

MOST_CONDITIONS = 20_000
_NUMBER = re.compile(r"-?\d+(\.\d+)?([eE][+-]?\d+)?", re.ASCII)
_TEXT = re.compile(r'"((?:[^"]|"")*)"')
_COMPARISONS: dict[str, Callable[[float, list[float]], bool]] = {
    "lessThan": lambda value, limits: value < limits[0],
    "lessThanOrEqual": lambda value, limits: value <= limits[0],
    "greaterThan": lambda value, limits: value > limits[0],
    "greaterThanOrEqual": lambda value, limits: value >= limits[0],
    "equal": lambda value, limits: value == limits[0],
    "notEqual": lambda value, limits: value != limits[0],
    "between": lambda value, limits: min(limits[:2]) <= value <= max(limits[:2]),
    "notBetween": lambda value, limits: not min(limits[:2]) <= value <= max(limits[:2]),
}
_LIMITS = {"between": 2, "notBetween": 2}


@dataclass
class Condition:
    """One rule on the cells of some areas.

    What it changes is `own_difference`, or that of the number `difference` among the styles.
    """

    areas: list[Area]
    kind: str
    operator: str
    priority: int
    difference: int | None
    formulas: list[str] = field(default_factory=list)
    hides_value: bool = False
    own_difference: Difference | None = None

    @cached_property
    def _limits(self) -> list[float]:
        """The formulas that are numbers; asked for when the sheet has been read whole."""
        return [float(text) for text in self.formulas if _NUMBER.fullmatch(text.strip())]

    def is_met_by(self, value: float | None) -> bool | None:
        """Whether a cell with this number (None: a text) fits the rule; None: that is not known."""
        if self.kind != "cellIs" or self.operator not in _COMPARISONS:
            return None
        limits = self._limits
        if len(limits) == len(self.formulas) == _LIMITS.get(self.operator, 1):
            # a text is greater than any number
            above = self.operator in ("greaterThan", "greaterThanOrEqual", "notEqual", "notBetween")
            return above if value is None else _COMPARISONS[self.operator](value, limits)
        is_text = len(self.formulas) == 1 and _TEXT.fullmatch(self.formulas[0].strip())
        return False if is_text and self.operator == "equal" and value is not None else None


class ConditionReader:
    """Takes the elements of a sheet that belong to conditional formats, in both of their forms."""

    def __init__(self) -> None:
        self.conditions: list[Condition] = []
        self._areas: list[Area] = []
        self._rules: list[Condition] = []
        self._texts: list[str] | None = None

    def start(self, name: str, attributes: Attributes) -> None:
        """An element begins."""
        name = name.rpartition(":")[2]
        if name == "conditionalFormatting":
            self._areas, self._rules = areas_of(attributes.get("sqref", "")), []
        elif name == "cfRule":
            self._begin_rule(attributes)
        elif name in ("iconSet", "dataBar") and self._rules:
            self._rules[-1].hides_value |= not is_true(attributes.get("showValue", "1"))
        elif name in ("numFmt", "strike") and self._rules:
            changed = self._rules[-1].own_difference or Difference()
            self._rules[-1].own_difference = changed.with_element(name, attributes)
        elif name in ("formula", "sqref", "f"):
            self._texts = []

    def _begin_rule(self, attributes: Attributes) -> None:
        if len(self.conditions) + len(self._rules) >= MOST_CONDITIONS:
            raise ValueError(f"it has more than {MOST_CONDITIONS} conditional formats")
        number = attributes.get("dxfId")
        priority = attributes.get("priority", "0")
        self._rules.append(
            Condition(
                self._areas,
                attributes.get("type", ""),
                attributes.get("operator", ""),
                int(priority),
                int(number) if number is not None else None,
            )
        )

    def text(self, text: str) -> None:
        """Text within an element."""
        if self._texts is not None:
            self._texts.append(text)

    def end(self, name: str) -> None:
        """An element ends."""
        name = name.rpartition(":")[2]
        if name in ("formula", "sqref", "f") and self._texts is not None:
            text, self._texts = "".join(self._texts), None
            if name == "sqref":
                self._areas += areas_of(text)
            elif self._rules:
                self._rules[-1].formulas.append(text)
        elif name == "conditionalFormatting":
            self.conditions += self._rules
            self._rules = []
