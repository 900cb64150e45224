"""Styles of a workbook: which number format and which font each cell has.

Read with tolerance, because many programs write them in their own way: what is missing is plain.
Not here: applying a format (`shown_numbers.py`), rules that change it (`conditions.py`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from pll_pipeline.validated.readers.workbook.package import Attributes, Package, is_true

# Formats that a file names by number only: ECMA-376 part 1, 18.8.30.
BUILT_IN: Mapping[int, str] = {
    0: "General",
    1: "0",
    2: "0.00",
    3: "#,##0",
    4: "#,##0.00",
    5: '"kr" #,##0;\\-"kr" #,##0',
    6: '"kr" #,##0;[Red]\\-"kr" #,##0',
    7: '"kr" #,##0.00;\\-"kr" #,##0.00',
    8: '"kr" #,##0.00;[Red]\\-"kr" #,##0.00',
    9: "0%",
    10: "0.00%",
    11: "0.00E+00",
    12: "# ?/?",
    13: "# ??/??",
    14: "dd.mm.yyyy",
    15: "d-mmm-yy",
    16: "d-mmm",
    17: "mmm-yy",
    18: "h:mm AM/PM",
    19: "h:mm:ss AM/PM",
    20: "h:mm",
    21: "h:mm:ss",
    22: "dd.mm.yyyy h:mm",
    37: "#,##0;-#,##0",
    38: "#,##0;[Red]-#,##0",
    39: "#,##0.00;-#,##0.00",
    40: "#,##0.00;[Red]-#,##0.00",
    41: '_(* #,##0_);_(* -#,##0_);_(* "-"_);_(@_)',
    42: '_("kr"* #,##0_);_("kr"* -#,##0_);_("kr"* "-"_);_(@_)',
    43: '_(* #,##0.00_);_(* -#,##0.00_);_(* "-"??_);_(@_)',
    44: '_("kr"* #,##0.00_);_("kr"* -#,##0.00_);_("kr"* "-"??_);_(@_)',
    45: "mm:ss",
    46: "[h]:mm:ss",
    47: "mm:ss.0",
    48: "##0.0E+0",
    49: "@",
}


WHITE = "FFFFFF"
# Colours that a file names by number: 18.8.27; and the first two of a theme, light and dark.
_INDEXED = {"0": "000000", "1": WHITE, "8": "000000", "9": WHITE, "64": "", "65": WHITE}
_THEME = {"0": WHITE, "1": "000000"}


class CellStyle(NamedTuple):
    """The format code of a cell, whether its font is struck out, and its colours.

    `colour` of the font and `ground` of the cell are "" where they are not known, as that of a
    pattern; `ground` is None where the cell is not filled.
    """

    code: str = "General"
    is_struck: bool = False
    colour: str = ""
    ground: str | None = None

    @property
    def is_filled_alike(self) -> bool:
        """Whether the cell is filled with the colour of its font."""
        return bool(self.colour) and self.colour == self.ground

    @property
    def is_white_on_nothing(self) -> bool:
        """Whether the font is white and the cell is not filled by its own style."""
        return self.colour == WHITE and self.ground is None


class Difference(NamedTuple):
    """What a conditional format changes: the format code, None where not, a strike, a white font.

    `fills`: it fills the cell too.
    """

    code: str | None = None
    strikes: bool = False
    whitens: bool = False
    fills: bool = False

    @property
    def is_nothing(self) -> bool:
        """Whether it leaves the text of a cell as it is."""
        return self.code is None and not self.strikes and not self.hides_on_white

    @property
    def hides_on_white(self) -> bool:
        """Whether a text on no ground of its own is not seen."""
        return self.whitens and not self.fills

    def with_element(self, name: str, attributes: Attributes) -> Difference:
        """The difference with what an element (`numFmt` or `strike`) adds to it."""
        if name == "numFmt":
            return self._replace(code=attributes.get("formatCode", "General"))
        return self._replace(strikes=is_true(attributes.get("val", "1")))


@dataclass
class Styles:
    """Styles of cells and differences of conditional formats, by their numbers."""

    cells: list[CellStyle] = field(default_factory=lambda: [CellStyle()])
    differences: list[Difference] = field(default_factory=list)


def styles_of(package: Package, parts: list[str]) -> Styles:
    """The styles of a workbook; plain ones where it has no such part."""
    reader = _StylesReader()
    for part in parts[:1]:
        package.parse(part, reader)
    return reader.styles()


class _StylesReader:
    """Reads the part of styles; `inside` is the path of the elements that are open."""

    def __init__(self) -> None:
        self._inside: list[str] = []
        self._codes = dict(BUILT_IN)
        self._struck_fonts: list[bool] = []
        self._font_colours: list[str] = []
        self._grounds: list[str | None] = []
        self._formats: list[tuple[int, int, int]] = []
        self._differences: list[Difference] = []
        self._is_solid = False

    def start(self, name: str, attributes: Attributes) -> None:
        """An element begins, within those that are open."""
        within = self._inside[1] if len(self._inside) > 1 else ""
        if within == "dxfs":
            self._difference(name, attributes)
        elif name == "numFmt" and within == "numFmts":
            number = _whole_number(attributes.get("numFmtId"))
            self._codes[number] = attributes.get("formatCode", "General")
        elif within == "fonts":
            self._font(name, attributes)
        elif within == "fills":
            self._fill(name, attributes)
        elif name == "xf" and within == "cellXfs":
            of_cell = ("numFmtId", "fontId", "fillId")
            number, font, fill = (_whole_number(attributes.get(key)) for key in of_cell)
            self._formats.append((number, font, fill))
        self._inside.append(name)

    def _font(self, name: str, attributes: Attributes) -> None:
        if name == "font":
            self._struck_fonts.append(False)
            self._font_colours.append("")
        elif name == "strike" and self._struck_fonts:
            self._struck_fonts[-1] = is_true(attributes.get("val", "1"))
        elif name == "color" and self._font_colours:
            self._font_colours[-1] = colour_of(attributes)

    def _fill(self, name: str, attributes: Attributes) -> None:
        if name == "fill":
            self._grounds.append("")
        elif name == "patternFill" and attributes.get("patternType", "none") == "none":
            self._grounds[-1] = None
        elif name == "fgColor" and self._grounds[-1] == "" and self._is_solid:
            self._grounds[-1] = colour_of(attributes)
        self._is_solid = name == "patternFill" and attributes.get("patternType") == "solid"

    def _difference(self, name: str, attributes: Attributes) -> None:
        if name == "dxf":
            self._differences.append(Difference())
        elif name in ("numFmt", "strike"):
            self._differences[-1] = self._differences[-1].with_element(name, attributes)
        elif name == "color" and self._inside[-1] == "font":
            is_white = colour_of(attributes) == WHITE
            self._differences[-1] = self._differences[-1]._replace(whitens=is_white)
        elif name == "fill":
            self._differences[-1] = self._differences[-1]._replace(fills=True)

    def end(self, name: str) -> None:
        """An element ends."""
        if self._inside[-1] == name:
            self._inside.pop()

    def text(self, text: str) -> None:
        """Styles have no text."""

    def styles(self) -> Styles:
        """What was read; a format without a code is one that is not understood."""
        cells = [
            CellStyle(
                self._codes.get(number, f"number {number}"),
                font < len(self._struck_fonts) and self._struck_fonts[font],
                self._font_colours[font] if font < len(self._font_colours) else "",
                self._grounds[fill] if fill < len(self._grounds) else None,
            )
            for number, font, fill in self._formats
        ]
        return Styles(cells or [CellStyle()], self._differences)


def _whole_number(text: str | None) -> int:
    return int(text) if text is not None and text.isascii() and text.isdigit() else 0


def colour_of(attributes: Attributes) -> str:
    """A colour as six hexadecimal digits; "" where it depends on the theme or on the program."""
    if "rgb" in attributes:
        return attributes["rgb"][-6:].upper()
    if float(attributes.get("tint", "0")):
        return ""
    if "theme" in attributes:
        return _THEME.get(attributes["theme"], "")
    return _INDEXED.get(attributes.get("indexed", ""), "")
