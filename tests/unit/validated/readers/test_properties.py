"""Any table of figures comes back from text and pages as it is shown, or is refused.

A figure is made first and printed in a publisher's convention; then it is written in the ways that
files and pages vary. Never another figure comes back. What changes nothing that a reader sees must
come back; what may change it may be refused. `GENERATED_TABLES` sets how many tables each test
makes.
"""

from __future__ import annotations

import csv
import io
import os
from dataclasses import dataclass
from decimal import Decimal
from html import escape

from hypothesis import given, settings
from hypothesis import strategies as st

from pll_pipeline.errors import PllError
from pll_pipeline.sources.model import Delimited, Html, Prose
from pll_pipeline.validated.readers import delimited, html, prose
from pll_pipeline.validated.readers.table import PublishedTable
from pll_pipeline.vocabulary.norwegian.numbers import CONVENTIONS, read_number
from pll_pipeline.vocabulary.norwegian.text import UnreadableText

many = settings(max_examples=int(os.environ.get("GENERATED_TABLES", "100")), deadline=None)
GROUP_MARKS = {"point": " \u00a0", "norwegian": " \u00a0\u202f", "norwegian_dotted": ".\u00a0"}


@dataclass(frozen=True)
class Figure:
    """A figure and how it is printed."""

    value: Decimal
    text: str


@st.composite
def figures(draw: st.DrawFn, convention: str) -> Figure:
    """A figure as the convention prints it, in groups of three digits or not."""
    places = draw(st.integers(0, 3))
    value = Decimal(draw(st.integers(-(10**9), 10**9))).scaleb(-places)
    whole, _, decimals = f"{abs(value):f}".partition(".")
    mark = draw(st.sampled_from(["", *GROUP_MARKS[convention]]))
    if mark:
        whole = f"{int(whole):,}".replace(",", mark)
    sign = draw(st.sampled_from("-−")) if value < 0 else ""
    decimal_mark = CONVENTIONS[convention].decimal
    return Figure(value, sign + whole + (decimal_mark + decimals if decimals else ""))


@st.composite
def tables(draw: st.DrawFn) -> tuple[str, list[list[Figure]]]:
    """A convention, and rows of two figures printed in it."""
    convention = draw(st.sampled_from(sorted(CONVENTIONS)))
    pair = st.lists(figures(convention), min_size=2, max_size=2)
    return convention, draw(st.lists(pair, min_size=1, max_size=6))


def value_of(table: PublishedTable, row: int, column: str, convention: str) -> float | None:
    """The figure in a cell, None where it is refused."""
    joined = table.joined_cells.get(column)
    if (row, column) in table.faults or (joined is not None and joined[row]):
        return None
    try:
        figure = read_number(table.frame[column][row], CONVENTIONS[convention])
    except UnreadableText:
        return None
    assert figure.qualifier == "exact"
    return figure.value


# --- delimited text ---------------------------------------------------------------------------


@dataclass(frozen=True)
class File:
    """The bytes of a file, and the settings that describe how it is written."""

    content: bytes
    settings: Delimited


ABOVE = ("", "Bruk av PLL\n\n", "Bruk av PLL;\nper kommune\n", '"Brukte filtre:\nÅr er 2026"\n\n')
BELOW = ("", "Kilde: NHN\n", "\nKilde;\nSist endret 2026\n", "Brukte filtre: År er 2026\n", "\n\n")
ENCODINGS = {
    "utf-8": "utf-8",
    "utf-8-sig": "utf-8",
    "utf-16": "utf-16",
    "cp1252": "windows-1252",
    "latin-1": "iso-8859-1",
}


@st.composite
def files(draw: st.DrawFn, rows: list[list[str]]) -> File:
    """Rows written as a program may export them."""
    separator = draw(st.sampled_from(";,\t|"))
    written = io.StringIO(newline="")
    quoting = draw(st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]))
    writer = csv.writer(written, delimiter=separator, lineterminator="\n", quoting=quoting)
    writer.writerows(rows)
    above, below = draw(st.sampled_from(ABOVE)), draw(st.sampled_from(BELOW))
    text = draw(st.sampled_from(["", f"sep={separator}\n"])) + above + written.getvalue() + below
    if draw(st.booleans()):
        text = text.rstrip("\n")
    text = text.replace("\n", draw(st.sampled_from(["\n", "\r\n", "\r"])))
    able = [name for name in ENCODINGS if text.encode(name, "replace").decode(name) == text]
    encoding = draw(st.sampled_from(able))
    settings = {
        "kind": "delimited",
        "separator": separator,
        "encoding": ENCODINGS[encoding],
        "header": ["nr", "A"] if above else [],
        "ends_at": "^Kilde" if "Kilde" in below else None,
    }
    return File(text.encode(encoding), Delimited.model_validate(settings))


@many
@given(st.data(), tables())
def test_any_figures_in_delimited_text_come_back(
    data: st.DataObject, drawn: tuple[str, list[list[Figure]]]
) -> None:
    convention, rows = drawn
    texts = [[f"rad {n}", *(f.text for f in row)] for n, row in enumerate(rows)]
    file = data.draw(files([["nr", "A", "B"], *texts]))
    table = delimited.read(file.content, file.settings, where="tall.csv")
    assert table.frame["nr"].to_list() == [row[0] for row in texts]
    for index, row in enumerate(rows):
        found = [value_of(table, index, column, convention) for column in "AB"]
        assert found == [float(figure.value) for figure in row]


@many
@given(st.data(), tables())
def test_delimited_text_that_is_cut_off_or_damaged_gives_no_other_figure(
    data: st.DataObject, drawn: tuple[str, list[list[Figure]]]
) -> None:
    convention, rows = drawn
    texts = [[f"rad {n}", *(f.text for f in row), "slutt"] for n, row in enumerate(rows)]
    file = data.draw(files([["nr", "A", "B", "C"], *texts]))
    at = data.draw(st.integers(0, len(file.content) - 1))
    kept = file.content[at + 1 :] if data.draw(st.booleans()) else b""
    try:
        table = delimited.read(file.content[:at] + kept, file.settings, where="tall.csv")
    except PllError:
        return
    if kept or table.columns != ["nr", "A", "B", "C"]:
        return  # a digit that is missing is another figure; which bytes came is for raw to know
    for index, row in enumerate(rows[: table.frame.height]):
        found = [value_of(table, index, column, convention) for column in "AB"]
        assert found == [float(figure.value) for figure in row]


# --- pages ------------------------------------------------------------------------------------

STYLE = "<style>.borte { display: none } .strek { text-decoration: line-through }</style>"
# What a reader does not see, wherever it is put.
UNSEEN = (
    "<!-- 9 -->",
    "<span hidden>9</span>",
    "<span style='display:none'>000</span>",
    "<span style='visibility: hidden'>,5</span>",
    "<span class=borte>1</span>",
    "<i class='sr-only'>om lag </i>",
    "<script>9</script>",
    "<template>9</template>",
    "&shy;",
    "&#8203;",
    "<b></b>",
    "<wbr>",
)
AROUND = (("<b>", "</b>"), ("<span>", "</span>"), ("<em>", "</em>"), ("<font>", "</font>"))
# What is before or after a figure and no part of it.
BESIDE = (
    ("", "<sup>1</sup>"),
    ("", "<sup>1)</sup>"),
    ("", "<sup><a href='#n'>1</a></sup>"),
    ("", "<a href='#n'>[1]</a>"),
    ("<del>9</del> ", ""),
    ("<span class=strek>9</span> ", ""),
    ("<p>", "</p>"),
    (" \n ", "<br>"),
    ("<div>", "</div>"),
)
# What may change what a reader sees: the figure, or a refusal.
DOUBTFUL = (
    *("<br>", "<small>", "</small>", "<sub>9</sub>", "<small>9</small>", "<a href='/x'>9</a>"),
    *("<s>9</s>", "<sup>12</sup>", "<img src=x alt=9>", "<input value=9>", "<p>", "<li>"),
    *("<span class=x>", "</span>", "<table><tr><td>9</table>", "<math><mn>9</mn></math>"),
)


@st.composite
def marked_up(draw: st.DrawFn, figure: Figure, insertions: tuple[str, ...]) -> str:
    """The figure with some of its parts set apart, and insertions anywhere in it."""
    pieces = [escape(character) for character in figure.text]
    for _ in range(draw(st.integers(0, 2))):
        start = draw(st.integers(0, len(pieces)))
        end = draw(st.integers(start, len(pieces)))
        opening, closing = draw(st.sampled_from(AROUND))
        pieces = [*pieces[:start], opening, *pieces[start:end], closing, *pieces[end:]]
    for insertion in draw(st.lists(st.sampled_from(insertions), max_size=3)):
        pieces.insert(draw(st.integers(0, len(pieces))), insertion)
    return "".join(pieces)


def page_of(cells: list[list[str]]) -> bytes:
    rows = "".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>" for row in cells)
    head = "<tr><th>nr</th><th>A</th><th>B</th></tr>"
    return f"<!doctype html>{STYLE}<table>{head}{rows}</table>".encode()


def read_page(content: bytes) -> PublishedTable:
    return html.read(content, Html(kind="html", header=["nr", "A"]), where="side.html")


@many
@given(st.data(), tables())
def test_any_figures_in_a_page_come_back_whatever_is_unseen_or_beside_them(
    data: st.DataObject, drawn: tuple[str, list[list[Figure]]]
) -> None:
    convention, rows = drawn
    cells = []
    for number, row in enumerate(rows):
        cells.append([f"rad {number}"])
        for figure in row:
            before, after = data.draw(st.sampled_from([("", ""), *BESIDE]))
            # after "10" a raised number may be a power, and is refused
            after = "" if figure.text.endswith("10") and "<sup>1</sup>" in after else after
            cells[-1].append(before + data.draw(marked_up(figure, UNSEEN)) + after)
    table = read_page(page_of(cells))
    for index, row in enumerate(rows):
        found = [value_of(table, index, column, convention) for column in "AB"]
        assert found == [float(figure.value) for figure in row]


@many
@given(st.data(), tables())
def test_doubtful_marks_in_figures_of_a_page_are_refused_or_change_nothing(
    data: st.DataObject, drawn: tuple[str, list[list[Figure]]]
) -> None:
    convention, rows = drawn
    cells = [
        [f"rad {n}", *(data.draw(marked_up(f, (*UNSEEN, *DOUBTFUL))) for f in row)]
        for n, row in enumerate(rows)
    ]
    try:
        table = read_page(page_of(cells))
    except PllError:
        return
    numbers = [int(text.removeprefix("rad ")) for text in table.frame["nr"]]
    for index, number in enumerate(numbers):
        for column, figure in zip("AB", rows[number], strict=True):
            found = value_of(table, index, column, convention)
            assert found in (None, float(figure.value)), (cells[number], found)


@many
@given(st.data(), tables())
def test_joined_hidden_and_repeated_rows_give_no_other_figure(
    data: st.DataObject, drawn: tuple[str, list[list[Figure]]]
) -> None:
    convention, rows = drawn
    lines, expected = [], []
    for number, row in enumerate(rows):
        kind = data.draw(st.sampled_from(["plain", "hidden", "repeated header", "joined"]))
        texts = [f"rad {number}", *(figure.text for figure in row)]
        cells = "".join(f"<td>{text}</td>" for text in texts)
        if kind == "hidden":
            lines.append(f"<tr style='display:none'>{cells}</tr>")
        elif kind == "joined":
            lines.append(f"<tr><td>{texts[0]}</td><td colspan=2>{texts[1]}</td></tr>")
            expected.append([None, None])
        else:
            lines.append(f"<tr>{cells}</tr>")
            expected.append([float(figure.value) for figure in row])
        if kind == "repeated header":
            lines.append("<tr><th>nr</th><th>A</th><th>B</th></tr>")
    head = "<tr><th>nr</th><th>A</th><th>B</th></tr>"
    page = f"<table>{head}{''.join(lines)}</table>".encode()
    if not expected:
        return
    table = read_page(page)
    found = [
        [value_of(table, index, column, convention) for column in "AB"]
        for index in range(table.frame.height)
    ]
    assert found == expected


@many
@given(st.data(), st.sampled_from(sorted(CONVENTIONS)))
def test_a_figure_in_a_sentence_comes_back_or_is_refused(
    data: st.DataObject, convention: str
) -> None:
    figure = data.draw(figures(convention))
    inner = data.draw(marked_up(figure, (*UNSEEN, *DOUBTFUL)))
    before, after = data.draw(st.sampled_from([("", ""), *BESIDE[:6]]))
    page = f"{STYLE}<p>I 2026 var det {before}{inner}{after} resepter i Norge.</p>".encode()
    number = r"[-−]?\d[\d\s.,]*"
    wanted = {"name": "a", "near": "resepter", "pattern": rf"det (?P<value>{number})"}
    how = Prose.model_validate({"kind": "prose", "figures": [wanted]})
    try:
        table = prose.read(page, how, where="side.html")
    except PllError:
        return
    found = value_of(table, 0, "value", convention)
    assert found in (None, float(figure.value)), (page, table.frame["value"][0])


@many
@given(st.data(), st.sampled_from(sorted(CONVENTIONS)))
def test_a_figure_in_a_sentence_comes_back_whatever_is_unseen(
    data: st.DataObject, convention: str
) -> None:
    figure = data.draw(figures(convention))
    inner = data.draw(marked_up(figure, UNSEEN))
    page = f"{STYLE}<p>I 2026 var det {inner} resepter i Norge.</p>".encode()
    wanted = {"name": "a", "near": "resepter", "pattern": r"det (?P<value>\S.*) resepter"}
    how = Prose.model_validate({"kind": "prose", "figures": [wanted]})
    table = prose.read(page, how, where="side.html")
    assert value_of(table, 0, "value", convention) == float(figure.value)
