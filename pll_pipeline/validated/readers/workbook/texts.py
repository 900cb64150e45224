"""Texts of cells: shared by many cells or written in one, plain or of runs with fonts of their own.

What a reader sees counts: a struck run is not there, and a raised digit is the mark of a footnote,
no digit of the number before it.
Not here: number formats (`shown_numbers.py`), fonts of whole cells (`styles.py`).
"""

from __future__ import annotations

import re
from itertools import pairwise
from typing import NamedTuple

from pll_pipeline.validated.readers.workbook.package import Attributes, Package, is_true
from pll_pipeline.validated.readers.workbook.styles import WHITE, colour_of

# How a workbook writes a character that XML has no room for, mostly in line ends.
_CONTROL = re.compile(r"_x(00[01][0-9A-Fa-f])_")
_SIGN = r"(?:[0-9]{1,3}|[a-zA-Z]|[*†‡§#]{1,3})"
_MARK = re.compile(rf"[(\[]?{_SIGN}(?:[,; ]+{_SIGN})*[)\].]*")
_POWER_OF_TEN = re.compile(r"(?<![0-9])10\s*$")
_UNIT_OF_AREA = re.compile(r"(?<![^\W\d_])(?:[kcdm]?m)$")
_TAIL = 50  # characters before a mark that decide what it is
_USUAL_SIZE = 11.0
# A digit that is smaller than the digit beside it by this much may be the mark of a footnote
_LEAST_OF_SIZE = 0.8
_SQUARED = {"2": "²", "3": "³"}


class CellText(NamedTuple):
    """The text a reader sees, and what was taken out of it: raised marks, and what is struck out.

    `has_fonts`: runs have fonts of their own, so that the font of the cell is not that of its text.
    `fault` is a clause about the cell where what it shows is not known.
    """

    text: str
    marks: tuple[str, ...] = ()
    struck: str = ""
    has_fonts: bool = False
    fault: str = ""

    @property
    def is_plain(self) -> bool:
        """Whether the text is all there is to know."""
        return self[1:] == _NOTHING_ELSE


_NOTHING_ELSE = CellText("")[1:]


class _Run:
    """A stretch of text with one font."""

    __slots__ = (
        "has_font",
        "is_raised",
        "is_struck",
        "is_sunk",
        "is_white",
        "pieces",
        "size",
        "text",
    )

    def __init__(self) -> None:
        self.text = ""
        self.pieces: list[str] = []
        self.size = _USUAL_SIZE
        self.is_white = False
        self.has_font = self.is_raised = self.is_sunk = self.is_struck = False


class RunReader:
    """Reads the elements of one text (`si` or `is`), then gives what a reader sees of it."""

    def __init__(self) -> None:
        self._runs: list[_Run] = []
        self._takes_text = False
        self._is_reading_aid = False

    def start(self, name: str, attributes: Attributes) -> None:
        """An element within the text begins."""
        if name == "r":
            self._runs.append(_Run())
        elif name == "t":
            self._takes_text = not self._is_reading_aid
            if not self._runs:
                self._runs.append(_Run())
        elif name == "rPh":
            self._is_reading_aid = True
        elif self._runs and name in ("rPr", "vertAlign", "strike", "sz", "color"):
            self._font(self._runs[-1], name, attributes)

    def _font(self, run: _Run, name: str, attributes: Attributes) -> None:
        run.has_font = True
        if name == "vertAlign":
            run.is_raised = attributes.get("val") == "superscript"
            run.is_sunk = attributes.get("val") == "subscript"
        elif name == "strike":
            run.is_struck = is_true(attributes.get("val", "1"))
        elif name == "sz":
            run.size = float(attributes.get("val", _USUAL_SIZE))
        elif name == "color":
            run.is_white = colour_of(attributes) == WHITE

    def end(self, name: str) -> None:
        """An element within the text ends."""
        if name == "t":
            self._takes_text = False
        elif name == "rPh":
            self._is_reading_aid = False

    def text(self, text: str) -> None:
        """Text; what is not within `t` is white space of the file."""
        if self._takes_text:
            self._runs[-1].pieces.append(text)

    def result(self) -> CellText:
        """What a reader sees; the next text begins."""
        runs, self._runs = self._runs, []
        for run in runs:
            run.text = "".join(run.pieces)
        if len(runs) == 1 and not runs[0].has_font:
            return CellText(decoded(runs[0].text))
        return _shown(runs)


class SharedTexts:
    """The texts that cells refer to by number, as `Package.parse` gives them."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self.special: dict[int, CellText] = {}
        self._reader = RunReader()
        self.text = self._reader.text

    def start(self, name: str, attributes: Attributes) -> None:
        """An element begins."""
        self._reader.start(name, attributes)

    def end(self, name: str) -> None:
        """An element ends."""
        if name != "si":
            self._reader.end(name)
            return
        seen = self._reader.result()
        if not seen.is_plain:
            self.special[len(self.texts)] = seen
        self.texts.append(seen.text)


def shared_texts(package: Package, parts: list[str]) -> SharedTexts:
    """The shared texts of a workbook; none where it has no such part."""
    shared = SharedTexts()
    for part in parts[:1]:
        package.parse(part, shared)
    return shared


def decoded(text: str) -> str:
    """A stored text with its control characters, which XML has no room for."""
    if "_x" not in text:
        return text
    return _CONTROL.sub(lambda code: chr(int(code[1], 16)), text)


def _shown(runs: list[_Run]) -> CellText:
    """The text of runs with fonts: without what is struck, and without raised marks."""
    text, marks = "", list[str]()
    visible = [run for run in runs if not run.is_struck]
    fault = _fault_of_fonts([run for run in visible if run.text.strip()])
    is_all_raised = all(run.is_raised for run in visible if run.text.strip())
    for run in visible:
        written = decoded(run.text)
        is_mark = run.is_raised and not is_all_raised and _MARK.fullmatch(written.strip())
        is_sunk_mark = run.is_sunk and text[-1:].isdigit() and _MARK.fullmatch(written.strip())
        if not is_mark and not is_sunk_mark:
            text += written
        elif _POWER_OF_TEN.search(text[-_TAIL:]) and is_mark:
            fault = f"contains a raised {written.strip()!r} after a 10: a power, or a mark"
        elif _UNIT_OF_AREA.search(text[-_TAIL:]) and written.strip() in _SQUARED:
            text += _SQUARED[written.strip()]
        else:
            marks.append(written.strip())
    return CellText(
        text,
        tuple(marks),
        struck="".join(run.text for run in runs if run.is_struck).strip(),
        has_fonts=any(run.has_font for run in runs),
        fault=fault,
    )


def _fault_of_fonts(runs: list[_Run]) -> str:
    """Why the runs are not one text to a reader: some are white, or digits differ in size."""
    white = [run.text for run in runs if run.is_white]
    if len(white) < len(runs) and any(map(str.isdigit, "".join(white))):
        return f"contains {white[0].strip()!r} in white"
    for first, second in pairwise(run for run in runs if not (run.is_raised or run.is_sunk)):
        are_digits = first.text[-1:].isdigit() and second.text[:1].isdigit()
        sizes = sorted((first.size, second.size))
        if are_digits and sizes[0] < sizes[1] * _LEAST_OF_SIZE:
            return f"contains {second.text.strip()!r} in another size than the digit before it"
    return ""
