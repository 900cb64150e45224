"""Any table of figures comes back from a workbook as it is shown, or is refused.

What is shown is described here on its own, from the figure a publisher wants to show: the stored
value is made from the shown one, with noise that the format hides. Never another figure comes back.
`GENERATED_TABLES` sets how many tables each test makes.
"""

from __future__ import annotations

import datetime as dt
import io
import os
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import openpyxl
import xlsxwriter
from hypothesis import given, settings
from hypothesis import strategies as st

from pll_pipeline.validated.readers import PublishedTable, workbook
from pll_pipeline.vocabulary.norwegian.numbers import POINT, read_number
from pll_pipeline.vocabulary.norwegian.periods import MONTHS, read_period
from tests.unit.validated.readers.workbook.books import WHERE, how

many = settings(max_examples=int(os.environ.get("GENERATED_TABLES", "100")), deadline=None)
LETTERS = st.characters(
    codec="utf-8", exclude_categories=("Cc", "Cs", "Zs", "Zl", "Zp", "Co", "Cn")
)
TEXTS = st.text(LETTERS, max_size=8).filter(
    lambda text: "_x" not in text and text[:1] not in ("=", "#")
)


@dataclass(frozen=True)
class Figure:
    """A cell: what is stored under which format, and the figure or the text a reader sees.

    `is_refused`: the cell must have a fault, and no text is expected of it.
    """

    stored: float | int | str | dt.date
    code: str
    number: Decimal | None = None
    text: str | None = None
    is_refused: bool = False


@st.composite
def rounded(draw: st.DrawFn, places: int, most: int = 10**6) -> tuple[Decimal, Decimal]:
    """A number of so many decimals, and one that is rounded to it."""
    shown = Decimal(draw(st.integers(0, most))).scaleb(-places)
    noise = Decimal(draw(st.integers(-49, 49))).scaleb(-places - 2)
    return shown, max(shown + noise, Decimal(0))


@st.composite
def plain(draw: st.DrawFn) -> Figure:
    places = draw(st.integers(0, 3))
    shown, stored = draw(rounded(places))
    code = "0" + ("." + "0" * places if places else "")
    before = draw(st.sampled_from(["", "#,##", "# ##"]))
    return Figure(float(stored), before + code, shown)


@st.composite
def general(draw: st.DrawFn) -> Figure:
    value = draw(
        st.integers(-(10**14), 10**14)
        | st.decimals(-(10**6), 10**6, places=4)
        | st.decimals(0, 1, places=9)
    )
    return Figure(float(value), "General", Decimal(value))


@st.composite
def per_cent(draw: st.DrawFn) -> Figure:
    places = draw(st.integers(0, 2))
    shown, stored = draw(rounded(places, most=10**4))
    digits = "0" + ("." + "0" * places if places else "")
    if draw(st.booleans()):
        sign = draw(st.sampled_from([r"\%", '" %"', '"%"']))
        return Figure(float(stored), digits + sign, shown / 100)
    code = draw(st.sampled_from([digits + "%", digits + " %", f"{digits}%;[Red]-{digits}%"]))
    return Figure(float(stored / 100), code, shown / 100)


@st.composite
def thousands(draw: st.DrawFn) -> Figure:
    value = draw(st.integers(0, 10**8))
    return Figure(value, draw(st.sampled_from(["0,", "#,##0,", "0.0,,"])), is_refused=True)


@st.composite
def few(draw: st.DrawFn) -> Figure:
    value = draw(st.integers(0, 9))
    code = draw(st.sampled_from(['[<5]"<5";0', '[<5]"<5"', '[>=5]#,##0;"<5"']))
    return Figure(value, code, text="<5") if value < 5 else Figure(value, code, Decimal(value))


@st.composite
def unseen(draw: st.DrawFn) -> Figure:
    value = draw(st.integers(0, 1000))
    return Figure(value, draw(st.sampled_from([";;;", '"";"";""', ";;;@"])), text="")


@st.composite
def zero_as_dash(draw: st.DrawFn) -> Figure:
    value = draw(st.integers(0, 3))
    code = '_(* #,##0_);_(* (#,##0);_(* "-"_);_(@_)'
    return Figure(value, code, Decimal(value)) if value else Figure(0, code, text="-")


@st.composite
def period(draw: st.DrawFn) -> Figure:
    day = draw(st.dates(dt.date(1990, 1, 1), dt.date(2050, 12, 31)))
    month = MONTHS[day.month - 1]
    code, text = draw(
        st.sampled_from(
            [
                ("yyyy", f"{day.year}"),
                ("mmm yyyy", f"{month} {day.year}"),
                ("mmm\\-yy", f"{month} {day.year}"),
                ("[$-414]mmmm\\ yyyy", f"{month} {day.year}"),
                ("yyyy\\-mm", f"{day.year}-{day.month:02}"),
                ("dd.mm.yyyy", day.isoformat()),
                ("d/m/yy", day.isoformat()),
                ("d.\\ mmmm\\ yyyy", day.isoformat()),
            ]
        )
    )
    return Figure(day, code, text=text)


def written(draw: st.DrawFn) -> Figure:
    return Figure(text := draw(TEXTS), draw(st.sampled_from(["General", "@", "0%"])), text=text)


FIGURES = st.one_of(
    plain(),
    general(),
    per_cent(),
    thousands(),
    few(),
    unseen(),
    zero_as_dash(),
    period(),
    st.composite(written)(),
)
TABLES = st.lists(st.lists(FIGURES, min_size=3, max_size=3), min_size=1, max_size=6)


def by_openpyxl(table: list[list[Figure]]) -> bytes:
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.append(["nr", "A", "B", "C"])
    for row, figures in enumerate(table, 2):
        sheet.cell(row, 1, f"rad {row}")
        for column, figure in enumerate(figures, 2):
            cell = sheet.cell(row, column, figure.stored)
            cell.number_format = figure.code
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


def by_xlsxwriter(table: list[list[Figure]]) -> bytes:
    content = io.BytesIO()
    with xlsxwriter.Workbook(content) as book:
        sheet = book.add_worksheet("Tall")
        sheet.write_row(0, 0, ["nr", "A", "B", "C"])
        for row, figures in enumerate(table, 1):
            sheet.write_string(row, 0, f"rad {row}")
            for column, figure in enumerate(figures, 1):
                look = book.add_format({"num_format": figure.code})
                _write(sheet, row, column, figure.stored, look)
    return content.getvalue()


def _write(sheet: Any, row: int, column: int, stored: Any, look: Any) -> None:
    if isinstance(stored, str):
        sheet.write_string(row, column, stored, look)
    elif isinstance(stored, dt.date):
        sheet.write_datetime(row, column, stored, look)
    else:
        sheet.write_number(row, column, stored, look)


def compare(read: PublishedTable, table: list[list[Figure]]) -> None:
    assert read.frame.height == len(table)
    for index, figures in enumerate(table):
        for name, figure in zip("ABC", figures, strict=True):
            if name not in read.columns:
                assert figure.text == "", "only a column that shows nothing is no column"
                continue
            fault = read.faults.get((index, name))
            text = read.frame[name][index]
            is_number = name in read.number_cells and read.number_cells[name][index]
            assert (fault is not None) == figure.is_refused, (figure, fault)
            if figure.number is not None:
                assert is_number, figure
                assert read_number(text, POINT).value == float(figure.number), (figure, text)
            elif figure.text is not None:
                assert (text, is_number) == (figure.text, False), figure


@many
@given(TABLES)
def test_any_table_written_by_openpyxl_is_read_as_it_is_shown(table: list[list[Figure]]) -> None:
    compare(workbook.read(by_openpyxl(table), how("nr"), where=WHERE), table)


@many
@given(TABLES)
def test_any_table_written_by_xlsxwriter_is_read_as_it_is_shown(table: list[list[Figure]]) -> None:
    compare(workbook.read(by_xlsxwriter(table), how("nr"), where=WHERE), table)


@many
@given(st.lists(period(), min_size=1, max_size=10))
def test_a_period_is_read_as_far_as_its_cell_shows_it(cells: list[Figure]) -> None:
    table = [[cell, cell, cell] for cell in cells]
    read = workbook.read(by_openpyxl(table), how("nr"), where=WHERE)
    for text, cell in zip(read.frame["A"], cells, strict=True):
        assert isinstance(cell.stored, dt.date)
        found = read_period(text)
        assert found.start <= cell.stored <= found.end
        letters = {letter for letter in cell.code.split("]")[-1] if letter in "ymd"}
        assert found.grain == {1: "year", 2: "month", 3: "day"}[len(letters)]


@dataclass(frozen=True)
class Row:
    """A row of a sheet: its figure, and what is done to it.

    `way` is plain, hidden, struck, raised (a footnote mark after the figure), uncalculated, or
    joined with the next row; `gap` says whether an empty row is above it.
    """

    figure: int
    way: str
    gap: bool


ROWS = st.lists(
    st.builds(
        Row,
        st.integers(0, 10**6),
        st.sampled_from(["plain", "plain", "hidden", "struck", "raised", "uncalculated", "joined"]),
        st.sampled_from([False, False, True]),
    ),
    min_size=1,
    max_size=8,
)


def sheet_of(table: list[Row]) -> tuple[bytes, list[tuple[str, Row]]]:
    """A sheet with these rows, and the rows that a reader sees of it, each with its label.

    The first row is plain, so that what follows an empty row can be known as of its kind.
    """
    content = io.BytesIO()
    seen: list[tuple[str, Row]] = []
    with xlsxwriter.Workbook(content) as book:
        raised = book.add_format({"font_script": 1})
        struck = book.add_format({"font_strikeout": True})
        sheet = book.add_worksheet("Tall")
        sheet.write_row(0, 0, ["nr", "A"])
        at = 0
        for row in [Row(1, "plain", False), *table]:
            at += 1 + row.gap
            label = f"rad {at}"
            sheet.write_string(at, 0, label)
            if row.way == "joined":
                sheet.merge_range(at, 1, at + 1, 1, row.figure)
                sheet.write_string(at + 1, 0, f"rad {at + 1}")
                seen += [(label, row), (f"rad {at + 1}", row)]
                at += 1
                continue
            if row.way == "raised":
                sheet.write_rich_string(at, 1, str(row.figure), raised, "1")
            elif row.way == "uncalculated":
                sheet.write_formula(at, 1, "=1+1")
            else:
                sheet.write_number(at, 1, row.figure, struck if row.way == "struck" else None)
            if row.way == "hidden":
                sheet.set_row(at, None, None, {"hidden": True})
            else:
                seen.append((label, row))
    return content.getvalue(), seen


@many
@given(ROWS)
def test_a_sheet_is_read_as_a_reader_sees_it_whatever_is_done_to_its_rows(table: list[Row]) -> None:
    content, seen = sheet_of(table)
    read = workbook.read(content, how("nr", "A"), where=WHERE)
    labels = dict(seen)
    assert read.frame["nr"].to_list() == [
        label for label in labels if label in set(read.frame["nr"])
    ]
    for index, (label, text) in enumerate(read.frame.select("nr", "A").iter_rows()):
        row = labels[label]
        is_joined = "A" in read.joined_cells and read.joined_cells["A"][index]
        assert is_joined == (row.way == "joined")
        assert ((index, "A") in read.faults) == (row.way == "uncalculated")
        if row.way == "struck":
            assert text == ""
        elif row.way != "uncalculated":
            assert text == str(row.figure)
    left = set(labels) - set(read.frame["nr"])
    below = [note for note in read.not_read if note.what == "rows below the table"]
    assert bool(left) == bool(below)
    assert sum(note.count for note in below) == len(left)
    hidden = sum(row.way == "hidden" for row in table)
    counted = [note.count for note in read.not_read if note.what == "hidden rows"]
    assert counted == ([hidden] if hidden else [])
