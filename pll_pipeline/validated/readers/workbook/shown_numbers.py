"""A cell's value under its number format → the text a reader of the workbook sees.

Numbers come in point form, without marks between groups of digits: `1234.5`, `94.8 %`, `1.2e-05`.
They are rounded as the format rounds them, halves away from zero, from 15 significant digits, which
is as many as a workbook shows of any number.
Not here: the codes of formats (`format_code.py`), which cell has which format (`styles.py`).
"""

from __future__ import annotations

import re
from decimal import ROUND_HALF_UP, Context, Decimal
from typing import NamedTuple

from pll_pipeline.validated.readers.workbook.format_code import (
    FormatNotUnderstood,
    Kind,
    Part,
    Section,
    sections_of,
)
from pll_pipeline.validated.readers.workbook.shown_dates import NoSuchDate, shown_date

_DIGITS = Context(prec=700, rounding=ROUND_HALF_UP)
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)
_PLACEHOLDERS = (Kind.INTEGER, Kind.DECIMALS)
_TEXT_KINDS = (Kind.TEXT, Kind.GENERAL)
_SCALES = {1: "thousands", 2: "millions", 3: "billions"}
_SCALE_WORDS = {
    1: re.compile(r"\b(tusen|thousand)", re.IGNORECASE),
    2: re.compile(r"\b(mill\b|millio)", re.IGNORECASE),
    3: re.compile(r"\b(mrd\b|milliard)", re.IGNORECASE),
}
_BETWEEN_DIGITS = re.compile(r"[-: ]*")


class Shown(NamedTuple):
    """What a reader sees in a cell. `fault` is a clause about the cell where that is not known.

    `left_out` says what of the stored text a reader does not see as text, with an example.
    """

    text: str
    is_number: bool = False
    fault: str = ""
    left_out: tuple[str, str] | None = None


class NumberFormat:
    """A number format, ready to be applied. `reads_scaled`: figures in thousands are read."""

    def __init__(self, code: str, *, starts_in_1904: bool, reads_scaled: bool = False) -> None:
        self.code = code
        self._starts_in_1904 = starts_in_1904
        self._reads_scaled = reads_scaled
        self._fault = ""
        try:
            sections = sections_of(code)
        except FormatNotUnderstood as problem:
            self._fault = f"has the number format {code!r}, which is not understood: {problem}"
            sections = ()
        has_text_section = len(sections) == 4 or bool(sections and sections[-1].has(Kind.TEXT))
        self._text_section = sections[-1] if has_text_section else None
        self._sections = sections[:-1] if has_text_section and len(sections) > 1 else sections
        self._layouts: dict[int, _Layout] = {}
        self._has_conditions = any(section.condition for section in self._sections)

    @property
    def keeps_text(self) -> bool:
        """Whether a text is shown as it is stored."""
        section = self._text_section
        return section is None or [part.kind in _TEXT_KINDS for part in section.parts] == [True]

    def of_text(self, text: str) -> Shown:
        """What a cell with this text shows."""
        if self._text_section is None:
            return Shown(text)
        parts = self._text_section.parts
        return Shown("".join(text if part.kind in _TEXT_KINDS else part.text for part in parts))

    def of_number(self, stored: str) -> Shown:
        """What a cell with this number shows."""
        if not _NUMBER.fullmatch(stored):
            return Shown(stored, fault=f"contains {stored[:40]!r} in the place of a number")
        value = float(stored)
        if value in (float("inf"), float("-inf")):
            return Shown(stored, fault="contains a number that is too large")
        if self._fault:
            return Shown(stored, fault=self._fault)
        if ambiguity := self._ambiguity(value):
            return Shown(stored, fault=self._not_shown(ambiguity))
        section = self._section_for(value)
        if section is None:
            return Shown(stored, fault=f"shows #### (the number format {self.code!r})")
        # the second section of two or three is for negative numbers, and prints their sign itself
        has_own_sign = len(self._sections) > 1 and section is self._sections[1]
        return self._under(section, value, is_negative=value < 0 and not has_own_sign)

    def _section_for(self, value: float) -> Section | None:
        """The section that shows this value; None where none does."""
        sections = self._sections
        if not self._has_conditions:
            if len(sections) == 3 and value == 0:
                return sections[2]
            return sections[1] if len(sections) > 1 and value < 0 else sections[0]
        for section in sections:
            if section.condition is None or section.condition.is_met_by(value):
                return section
        return _GENERAL if len(sections) == 1 else None

    def _ambiguity(self, value: float) -> str:
        """Why programs may differ in what they show; "" where they do not."""
        if not self._has_conditions:
            return ""
        if value < 0:
            return "it has conditions, and the number is negative"
        if any(section.condition is None for section in self._sections[:-1]):
            return "only some of its sections have a condition"
        return ""

    def _under(self, section: Section, value: float, *, is_negative: bool) -> Shown:
        if id(section) in self._layouts:
            return self._in_placeholders(section, value, is_negative=is_negative)
        if section.has(Kind.DATE, Kind.ELAPSED):
            return self._date(section, value)
        if section.has(*_TEXT_KINDS) or (not section.parts and len(self._sections) == 1):
            return self._general(section, value, is_negative=is_negative)
        if not section.has(*_PLACEHOLDERS):
            return Shown(_tidied("".join(part.text for part in section.parts)))
        return self._in_placeholders(section, value, is_negative=is_negative)

    def _date(self, section: Section, value: float) -> Shown:
        try:
            return Shown(shown_date(value, section, starts_in_1904=self._starts_in_1904).strip())
        except NoSuchDate:
            shown = f"shows #### (no date has the number {value:.15g})"
            return Shown(f"{value:.15g}", fault=shown)

    def _general(self, section: Section, value: float, *, is_negative: bool) -> Shown:
        before, _, after = _around(section.parts or _GENERAL.parts, _TEXT_KINDS)
        number = general(abs(value))
        return self._joined(before, f"-{number}" if is_negative else number, after)

    def _in_placeholders(self, section: Section, value: float, *, is_negative: bool) -> Shown:
        layout = self._layouts.get(id(section))
        if layout is None:
            layout = self._layouts[id(section)] = _Layout(section)
        exact = Decimal(f"{abs(value):.15g}")
        if layout.shift:
            exact = exact.scaleb(layout.shift, _DIGITS)
        if layout.has_signs_between:
            return self._between_digits(layout, exact)
        digits = layout.digits(exact)
        if digits is None:
            return Shown(general(value), fault=self._not_shown("its digits cannot be placed"))
        if not digits:
            return Shown(_tidied(layout.before + layout.after))
        number = f"-{digits}" if is_negative and digits.strip("0.") else digits
        shown = self._joined(layout.before, number, layout.after)
        if shown.fault or not section.thousands:
            return shown
        return self._scaled(shown, section.thousands, layout.before + layout.after)

    def _joined(self, before: str, number: str, after: str) -> Shown:
        if not before and not after:
            return Shown(number, is_number=True)
        if re.search(r"\d", before + after):
            return Shown(number, fault=self._not_shown("it prints digits beside the number"))
        return Shown(_tidied(before + number + after), is_number=True)

    def _between_digits(self, layout: _Layout, exact: Decimal) -> Shown:
        """Digits with signs between them, as 2026-03 for 202603: a text, no number any more."""
        core = layout.core
        literals = "".join(part.text for part in core if part.kind is Kind.LITERAL)
        is_plain = _BETWEEN_DIGITS.fullmatch(literals) and exact == exact.to_integral_value()
        if not is_plain or not {part.kind for part in core} <= {Kind.INTEGER, Kind.LITERAL}:
            fault = self._not_shown("it prints other signs between the digits")
            return Shown(format(exact, "f"), fault=fault)
        width = sum(len(part.text) for part in core if part.kind is Kind.INTEGER)
        digits = format(exact.to_integral_value(), "f").rjust(width, "0")
        texts = []
        for part in reversed(core[1:]):
            if part.kind is Kind.INTEGER:
                texts.append(digits[-len(part.text) :])
                digits = digits[: -len(part.text)]
            else:
                texts.append(part.text)
        return Shown(_tidied(layout.before + digits + "".join(reversed(texts)) + layout.after))

    def _scaled(self, shown: Shown, scale: int, words: str) -> Shown:
        """A figure shown in thousands is refused unless its format, or the source file, says so."""
        named = _SCALE_WORDS.get(scale)
        if self._reads_scaled or (named and named.search(words)):
            return shown
        unit = _SCALES.get(scale, "another scale")
        fault = f"is shown in {unit}, as {shown.text!r} (the number format {self.code!r})"
        do = f"under read `scaled_numbers: as_shown`, with a unit in {unit} for the value"
        return Shown(shown.text, fault=f"{fault}. To read it so, add to the source file {do}")

    def _not_shown(self, why: str) -> str:
        return f"has the number format {self.code!r}, whose text is not known: {why}"


class _Layout:
    """How a section with placeholders arranges its digits, worked out once.

    `before` and `after` are the texts around the digits, `core` the parts from the first
    placeholder to the last, `shift` the power of ten that multiplies the value.
    """

    def __init__(self, section: Section) -> None:
        self.before, self.core, self.after = _around(section.parts, _PLACEHOLDERS)
        self.shift = 2 * section.percents - 3 * section.thousands
        self._has_exponent = section.has(Kind.EXPONENT)
        literals = "".join(part.text for part in self.core if part.kind is Kind.LITERAL)
        self.has_signs_between = bool(literals.strip()) and not self._has_exponent
        self._has_percent_between = any(part.kind is Kind.PERCENT for part in self.core)
        whole = "".join(part.text for part in self.core if part.kind is Kind.INTEGER)
        decimals = "".join(part.text for part in self.core if part.kind is Kind.DECIMALS)
        self._least_digits = len(whole) - whole.index("0") if "0" in whole else 0
        self._least_decimals = decimals.rfind("0") + 1
        self._step = Decimal(1).scaleb(-len(decimals))

    def digits(self, exact: Decimal) -> str | None:
        """The digits; "" where the section shows none, None where they cannot be placed."""
        if self._has_percent_between:
            return None
        if self._has_exponent:
            return _with_exponent(exact, self.core)
        rounded = format(exact.quantize(self._step, context=_DIGITS), "f")
        whole, _, decimals = rounded.partition(".")
        whole = whole.lstrip("0").rjust(self._least_digits, "0")
        always = self._least_decimals
        decimals = decimals[:always] + decimals[always:].rstrip("0")
        return f"{whole or '0'}.{decimals}" if decimals else whole


_GENERAL = Section((Part(Kind.GENERAL, "General"),))


def general(value: float) -> str:
    """A number without a format of its own: up to 15 significant digits, no needless zeros."""
    text = f"{value:.15g}"
    if "e" not in text:
        return text
    exact = Decimal(text)
    return format(exact, "f") if -10 <= exact.adjusted() <= 20 else text


def _around(parts: tuple[Part, ...], kinds: tuple[Kind, ...]) -> tuple[str, list[Part], str]:
    """The text before the parts of these kinds, the parts up to the last one, the text after."""
    places = [place for place, part in enumerate(parts) if part.kind in kinds]
    first, last = places[0], places[-1]
    if first and parts[first - 1].kind is Kind.POINT:
        first -= 1
    before = "".join(part.text for part in parts[:first])
    after = "".join(part.text for part in parts[last + 1 :] if part.kind is not Kind.POINT)
    return before, list(parts[first : last + 1]), after


def _with_exponent(exact: Decimal, core: list[Part]) -> str | None:
    """As 1.23e5: only for a format with one digit before the point."""
    kinds = [part.kind for part in core]
    end = kinds.index(Kind.EXPONENT)
    mantissa = [part for part in core[:end] if part.kind is Kind.INTEGER]
    if [len(part.text) for part in mantissa] != [1] or Kind.LITERAL in kinds:
        return None
    places = sum(len(part.text) for part in core[:end] if part.kind is Kind.DECIMALS)
    power = exact.adjusted() if exact else 0
    step = Decimal(1).scaleb(-places)
    digits = exact.scaleb(-power).quantize(step, context=_DIGITS)
    if digits >= 10:
        power += 1
        digits = exact.scaleb(-power).quantize(step, context=_DIGITS)
    return f"{digits:f}e{power}"


def _tidied(text: str) -> str:
    """One space between words, and before a per cent sign; none at the ends."""
    return re.sub(r"(?<=\d)%", " %", " ".join(text.split()))
