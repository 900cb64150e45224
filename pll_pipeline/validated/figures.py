"""One cell of a value column → value, bounds, qualifier and status, or a refusal with its reason.

What a cell states of itself (a unit, a bound, a mark) is compared with what the source file states
of its column. Not here: which measure, region and period the cell is of (`mapping.py`), the forms
of numbers (`vocabulary/norwegian/numbers.py`).
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from typing import Literal

from pll_pipeline.sources.consistency import SHARE_LIKE
from pll_pipeline.sources.model import UNIT_FACTORS, Footnote, Value
from pll_pipeline.validated.texts import Refused, quoted
from pll_pipeline.vocabulary.norwegian.numbers import (
    CONVENTIONS,
    FIRM_UPPER_BOUNDS,
    POINT,
    STRICT_UPPER_BOUNDS,
    Figure,
    read_number,
)
from pll_pipeline.vocabulary.norwegian.text import (
    INVISIBLE,
    UnreadableText,
    comparable_mark,
    composed,
    words_of,
)

# A bound or a range of counts below this is how publishers withhold small numbers.
SMALL_COUNT = 20
_PRINTED_SCALES = {"thousand": 3, "million": 6}
# The units that statistics banks state: "1 000 personer", but not the rate "per 1 000 innbyggere"
_STATED_UNITS = (
    ("milliard", re.compile(r"(?<!per )\b(?:mrd\b|milliard)")),
    ("million", re.compile(r"(?<!per )\b(?:1[ .,]?000[ .,]?000\b|mill\b|millio|mio\b)")),
    ("thousand", re.compile(r"(?<!per )\b(?:1[ .,]?000\b|tusen\b|thousands?\b)")),
    ("percent", re.compile(r"(?:^|[ (])(?:%|prosent|pst|per ?cent)(?:$|[ ).,])")),
    ("per_mille", re.compile(r"(?:^|[ (])(?:‰|promille|per mille)(?:$|[ ).,])")),
    ("kroner", re.compile(r"(?:^|[ (])(?:kr|kroner|nok)(?:$|[ ).,])")),
)
# A unit in a heading, as "Antall (i tusen)" or "Andel i %", and not a size: "over 50 %"
_OF_SCALE = (
    r"(?:\bi (?:hele )?|\(|, ?|/ ?)(?:{})(?:[ -](?:tall|kr\.?|kroner|nok|stk\.?|personer))?"
    r"\)?(?=$| ?/|,|\))"
)
_HEADING_UNITS = (
    ("per_mille", re.compile(r"(?<![0-9])(?<![0-9] )(?:‰|\bpromille\b)")),
    ("percent", re.compile(r"(?<![0-9])(?<![0-9] )(?:%|\b(?:prosent(?:andel)?|pst|percent)\b)")),
    ("million", re.compile(_OF_SCALE.format(r"mill(?:ion(?:er|ar))?\.?|mio\.?|1[ .]000[ .]000"))),
    ("thousand", re.compile(_OF_SCALE.format(r"tusen|1[ .]?000"))),
    ("milliard", re.compile(_OF_SCALE.format(r"mrd\.?|milliard(?:er|ar)?"))),
)
# A whole per cent is rounded: half a point either way. A source file may state `rounded_to`.
_HALF_A_POINT = 0.005
_DECIMALS = re.compile(r"[.,][0-9]")
# Marks that may touch the number they are before; others need a space.
_TOUCHING = frozenset("*†‡§#⁰¹²³⁴⁵⁶⁷⁸⁹")

Kind = Literal["suppressed", "zero", "missing", "footnote"]


@dataclass(frozen=True)
class Cell:
    """What is known of a cell and its column. `stated_unit` is the publication's own, "" for none.

    `is_number`: a number of a workbook or of JSON, in point form. `beside` is the text of the mark
    column.
    """

    text: str
    is_number: bool
    beside: str
    stated_unit: str
    unit: str
    measure_unit: str


@dataclass(frozen=True)
class CellFigure:
    """A figure in the measure's own unit. `printed_unit` is the unit in the cell, "" for none."""

    value: float | None
    lower: float | None
    upper: float | None
    qualifier: str
    status: str
    note: str = ""
    printed_unit: str = ""


@dataclass(frozen=True)
class _Meaning:
    """What a mark means."""

    kind: Kind
    mark: str
    bounds: tuple[float, float | None] = (0.0, None)
    footnote: Footnote | None = None


@dataclass
class FigureReader:
    """Reads the cells of one value column, named `column`, under its settings.

    `has_shown_heading`: the column's name is the heading that readers of the publication see, and
    not a name of the model below it.
    """

    value: Value
    column: str
    convention: str
    has_shown_heading: bool = True
    _heading_unit: str | None = field(init=False)
    _meanings: dict[str, _Meaning] = field(init=False)

    def __post_init__(self) -> None:
        """Look up the marks by the form in which texts are compared."""
        value = self.value
        self._heading_unit = unit_of_heading(self.column) if self.has_shown_heading else None
        meanings = [
            *(_Meaning("zero", mark) for mark in value.zero),
            *(_Meaning("missing", mark) for mark in value.missing),
            *(
                _Meaning("zero" if bounds == (0, 0) else "suppressed", mark, bounds)
                for mark, bounds in value.suppressed.items()
            ),
            *(
                _Meaning("footnote", mark, footnote=footnote)
                for mark, footnote in value.footnotes.items()
            ),
        ]
        self._meanings = {comparable_mark(meaning.mark): meaning for meaning in meanings}

    def read(self, cell: Cell, qualifier: str, rounded_to: str, status: str) -> CellFigure:
        """The figure of a cell; `qualifier` and `status` are those of its row.

        `rounded_to` is what an exact figure was rounded to, as a number, or "". Raises `Refused`
        where the cell has no meaning, or not the one the source file states.
        """
        number, meanings = self._split(cell)
        footnotes = [m.footnote for m in meanings if m.footnote]
        note = "; ".join(f.note for f in footnotes if f.note)
        status = next((f.status for f in footnotes if f.status), status)
        qualifier = next((f.qualifier for f in footnotes if f.qualifier), qualifier)
        marked = next((m for m in meanings if m.kind != "footnote"), None)
        if marked is not None:
            self._refuse_contradiction(cell, number, meanings)
            if marked.kind == "zero":
                return CellFigure(0.0, 0.0, 0.0, qualifier, status, note)
            lower, upper = marked.bounds if marked.kind == "suppressed" else (None, None)
            return CellFigure(None, lower, upper, qualifier, marked.kind, note)
        if not number:
            return CellFigure(None, None, None, qualifier, "missing", note)
        return self._number(cell, number, qualifier, rounded_to, status, note)

    def bounds(self, cell: Cell) -> tuple[float, float]:
        """Least and greatest number of a cell in published units; infinite where not known.

        Raises `Refused` as `read` does for a text that has no meaning.
        """
        number, meanings = self._split(cell)
        marked = next((m for m in meanings if m.kind != "footnote"), None)
        if marked is not None and marked.kind != "missing":
            lower, upper = (0.0, 0.0) if marked.kind == "zero" else marked.bounds
            return lower, math.inf if upper is None else upper
        if marked is not None or not number:
            return -math.inf, math.inf
        figure = self._readable(cell, number)
        lower = -math.inf if figure.lower is None else figure.lower
        return lower, math.inf if figure.upper is None else figure.upper

    def _number(
        self,
        cell: Cell,
        number: str,
        qualifier: str,
        rounded_to: str,
        status: str,
        note: str,
    ) -> CellFigure:
        figure = self._readable(cell, number)
        self._refuse_small_bound(cell, figure)
        factor = self._factor(cell, figure)
        if figure.qualifier != "exact":
            qualifier = figure.qualifier
        printed_unit = figure.printed_unit or ""
        if figure.value is None:
            lower, upper = (_scaled(figure.lower, factor), _scaled(figure.upper, factor))
            return CellFigure(None, lower, upper, qualifier, status, note, printed_unit)
        value = round(figure.value * factor, 9)
        if figure.value and not value:
            reason = (
                "it is smaller than the smallest figure that is kept, 0.000000001, and not zero"
            )
            raise Refused("number_is_readable", self.column, cell.text, reason)
        if qualifier == "exact":
            half = self._rounding(rounded_to) * factor / 2
            if not rounded_to and _is_whole_percent(cell, number, printed_unit):
                half = _HALF_A_POINT
            lower, upper = round(value - half, 9), round(value + half, 9)
            if cell.measure_unit == "share":
                lower, upper = max(lower, min(value, 0.0)), min(upper, max(value, 1.0))
        else:
            lower = value if qualifier == "at_least" else None
            upper = value if qualifier == "at_most" else None
        return CellFigure(value, lower, upper, qualifier, status, note, printed_unit)

    def _rounding(self, rounded_to: str) -> float:
        if not rounded_to:
            return 0.0
        try:
            return read_number(rounded_to, POINT).value or 0.0
        except UnreadableText as error:
            raise Refused("number_is_readable", "rounded_to", rounded_to, error.what) from error

    def _readable(self, cell: Cell, number: str) -> Figure:
        convention = POINT if cell.is_number else CONVENTIONS[self.convention]
        try:
            return read_number(number, convention)
        except UnreadableText as error:
            reason = f"{error.what}. {_mark_line(number)}"
            raise Refused("number_is_readable", self.column, cell.text, reason) from error

    # --- marks

    def _split(self, cell: Cell) -> tuple[str, list[_Meaning]]:
        """The number in a cell, "" where there is none, and what the marks at it mean."""
        number, at_number = self._without_marks(cell.text)
        beside = [self._beside(cell, mark) for mark in _marks_of(cell.beside, self._meanings)]
        if not number and at_number and all(m.kind == "footnote" for m in at_number):
            reason = f"a footnote mark alone is no figure. {_mark_line(cell.text.strip())}"
            raise Refused("mark_is_declared", self.column, cell.text, reason)
        return number, [*at_number, *beside]

    def _beside(self, cell: Cell, mark: str) -> _Meaning:
        if mark in self._meanings:
            return self._meanings[mark]
        name = self.value.mark_column or "status"
        reason = f"the mark {mark!r} is not in the source file. {_mark_line(mark)}"
        raise Refused("mark_is_declared", name, cell.beside, reason)

    def _without_marks(self, text: str) -> tuple[str, list[_Meaning]]:
        rest = composed(text.translate(INVISIBLE)).strip()
        found: list[_Meaning] = []
        if not rest and "" in self._meanings:
            return "", [self._meanings[""]]
        while rest:
            whole = self._meanings.get(comparable_mark(rest))
            if whole is not None:
                return "", [*found, whole]
            at_number = ((m, _without(rest, m)) for m in self._meanings.values() if m.mark.strip())
            taken = next(((m, left) for m, left in at_number if left is not None), None)
            if taken is None:
                return rest, found
            meaning, rest = taken
            found.append(meaning)
        return rest, found

    def _refuse_contradiction(self, cell: Cell, number: str, meanings: list[_Meaning]) -> None:
        """A cell whose marks contradict each other, or the number beside them."""
        marked = [m for m in meanings if m.kind != "footnote"]
        kinds = sorted({m.kind for m in marked})
        if len(kinds) > 1:
            reason = f"its marks contradict each other: {' and '.join(kinds)}"
            raise Refused("mark_fits_number", self.column, cell.text, reason)
        if number and self._readable(cell, number).value != 0:
            reason = (
                f"it has the number {number} and the mark {marked[0].mark!r}, which means"
                f" {kinds[0]}; ask the publisher which is right, or correct the source file"
            )
            raise Refused("mark_fits_number", self.column, cell.text, reason)

    # --- bounds and units

    def _refuse_small_bound(self, cell: Cell, figure: Figure) -> None:
        """A strict bound is never the value, and a small bound of a count is a suppressed cell."""
        upper = figure.upper
        is_bound = figure.qualifier == "at_most" and figure.words in FIRM_UPPER_BOUNDS
        is_small = upper is not None and upper < SMALL_COUNT and figure.printed_unit is None
        is_strict = figure.words in STRICT_UPPER_BOUNDS
        if not (is_strict or ((is_bound or figure.words == "range") and is_small)):
            return
        reason = (
            f"{cell.text.strip()!r} is a bound and not a value; if the publisher writes it for"
            " withheld numbers, declare it with the least and the greatest value it may stand for."
            f" Line to add in the source file: {_suppressed_line(cell, figure)}"
        )
        raise Refused("bound_is_declared", self.column, cell.text, reason)

    def _factor(self, cell: Cell, figure: Figure) -> float:
        """What the number in a cell is multiplied with. Raises `Refused` for another unit."""
        unit = cell.unit
        if unit not in UNIT_FACTORS:
            reason = f"the unit {unit!r} is not one of {', '.join(UNIT_FACTORS)}"
            raise Refused("unit_is_known", self.column, unit, reason)
        self._refuse_stated_unit(cell)
        printed = figure.printed_unit
        if printed in ("percent", "per_mille"):
            is_right = cell.measure_unit in SHARE_LIKE and unit in ("count", printed)
            return self._as_printed(cell, printed, is_right)
        if printed is not None:
            return self._as_printed(cell, printed, unit == "count" and cell.measure_unit == printed)
        if figure.printed_scale:
            is_right = unit == "count" or _PRINTED_SCALES.get(unit) == figure.printed_scale
            return self._as_printed(cell, f"10^{figure.printed_scale}", is_right)
        if unit in ("percent", "per_mille") and cell.measure_unit not in SHARE_LIKE:
            return self._as_printed(cell, unit, False)
        if self._heading_unit not in (None, unit) and figure.value != 0:
            raise Refused("unit_is_the_headings", self.column, cell.text, self._heading_line(unit))
        return UNIT_FACTORS[unit]

    def _heading_line(self, unit: str) -> str:
        stated = "plain numbers" if unit == "count" else unit
        line = (
            f"Line to add in the source file: unit: {self._heading_unit}"
            if self._heading_unit in UNIT_FACTORS
            else "no unit of a source file is so large; ask the publisher for other figures"
        )
        return (
            f"the heading {self.column!r} states {self._heading_unit}, the source file {stated}."
            f" {line}; if the numbers are {stated} all the same, name the columns under"
            " read.columns"
        )

    def _as_printed(self, cell: Cell, printed: str, is_right: bool) -> float:
        if is_right:
            return 1.0
        declared = "plain numbers" if cell.unit == "count" else cell.unit
        reason = (
            f"{cell.text.strip()!r} is in {printed}, but the source file states {declared} of a"
            f" measure in {cell.measure_unit}; correct `measure` or `unit` of this column, or leave"
            " the row out"
        )
        raise Refused("unit_is_the_columns", self.column, cell.text, reason)

    def _refuse_stated_unit(self, cell: Cell) -> None:
        """The unit that the publication states for the cell is the one of the source file."""
        stated = unit_stated_by(cell.stated_unit)
        if stated is None or stated == cell.unit:
            return
        reason = (
            f"the publication states the unit {cell.stated_unit!r}."
            f" Line to add in the source file: unit: {stated}"
            if stated in UNIT_FACTORS
            else f"the publication states the unit {cell.stated_unit!r}, which no source file can"
            " state; leave the rows out, or ask the publisher for other figures"
        )
        raise Refused("unit_is_the_publications", self.column, cell.text, reason)


def unit_of_heading(heading: str) -> str | None:
    """The unit that the heading of a column states, as "Antall (tusen)"."""
    words = words_of(heading)
    return next((unit for unit, form in _HEADING_UNITS if form.search(words)), None)


def unit_stated_by(text: str) -> str | None:
    """The unit of a source file that a publication's own words state, as "1 000 personer"."""
    words = words_of(text)
    return next((unit for unit, pattern in _STATED_UNITS if pattern.search(words)), None)


def _is_whole_percent(cell: Cell, number: str, printed_unit: str) -> bool:
    """Whether a share is printed in per cent without decimals, so exact to half a point only."""
    is_percent = cell.measure_unit in SHARE_LIKE and "percent" in (cell.unit, printed_unit)
    return is_percent and not _DECIMALS.search(number)


def _scaled(bound: float | None, factor: float) -> float | None:
    return None if bound is None else round(bound * factor, 9)


def _marks_of(text: str, known: dict[str, _Meaning]) -> list[str]:
    """The marks in a mark column: the whole text, or its parts between spaces and commas."""
    whole = comparable_mark(text)
    if not whole or whole in known:
        return [whole] if whole else []
    parts = [part for part in re.split(r"[ ,;]+", whole) if part]
    return parts if all(part in known for part in parts) else [whole]


def _without(text: str, meaning: _Meaning) -> str | None:
    """The text without the mark at its end or start; None where the mark is not there."""
    mark, is_footnote = meaning.mark, meaning.kind == "footnote"
    if text.endswith(mark):
        before = text[: -len(mark)]
        is_part = mark[0].isalpha() and before[-1:].isalpha()
        is_digit = mark[0].isdecimal() and before[-1:].isdecimal()
        if before[-1:].isspace() or (is_footnote and not is_part and not is_digit):
            return before.strip()
    if text.startswith(mark):
        after = text[len(mark) :]
        if after[:1].isspace() or (is_footnote and set(mark) <= _TOUCHING):
            return after.strip()
    return None


def _mark_line(text: str) -> str:
    """The line to add to a source file for a text that is not a number."""
    shown = quoted(text)
    if re.search("[0-9]", text):
        return (
            "If the cell is a mark of the publisher, lines to add in the source file:"
            f" suppressed: {{{shown}: [0, 4]}}, or for a footnote mark at a number"
            ' footnotes: {"*": {status: provisional}}'
        )
    return (
        "If it is a mark of the publisher, line to add in the source file:"
        f" zero: [{shown}], missing: [{shown}] or suppressed: {{{shown}: [0, 4]}}"
    )


def _suppressed_line(cell: Cell, figure: Figure) -> str:
    """`suppressed: {"<5": [0, 4]}` for the text of a cell."""
    factor = (
        1.0 if figure.printed_unit or figure.printed_scale else UNIT_FACTORS.get(cell.unit, 1.0)
    )
    least = (figure.lower or 0.0) * factor
    greatest = (figure.upper or 0.0) * factor
    if figure.words in STRICT_UPPER_BOUNDS and cell.measure_unit == "count":
        greatest = math.ceil(greatest) - 1
    return f'suppressed: {{"{cell.text.strip()}": [{least:g}, {greatest:g}]}}'
