"""What lies on a sheet beside its cells, and what no reader sees in them, is counted."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import openpyxl
import pytest
import xlsxwriter
from openpyxl.chart import BarChart, Reference
from openpyxl.comments import Comment
from openpyxl.styles import Font

from pll_pipeline.validated.readers import workbook
from tests.unit.validated.readers.workbook.books import WHERE, how, saved


def _notes(content: bytes) -> list[tuple[str, int, str]]:
    table = workbook.read(content, how("Region", "Antall"), where=WHERE)
    return [(note.what, note.count, note.example) for note in table.not_read]


def _book(change: Callable[[Any], None]) -> bytes:
    made = openpyxl.Workbook()
    for row in (["Region", "Antall"], ["Oslo", 12], ["Troms", 5]):
        made.active.append(row)
    change(made.active)
    return saved(made)


def _commented(sheet: Any) -> None:
    sheet["B2"].comment = Comment("Foreløpig tall", "a")
    sheet["B3"].comment = Comment("Rettet", "a")


def _charted(sheet: Any) -> None:
    chart = BarChart()
    chart.add_data(Reference(sheet, min_col=2, min_row=1, max_row=3))
    sheet.add_chart(chart, "E2")


def _white(sheet: Any) -> None:
    sheet["B3"].font = Font(color="FFFFFFFF")


@pytest.mark.parametrize(
    ("change", "note"),
    [
        (_commented, ("comments on cells", 2, "Foreløpig tall")),
        (_charted, ("charts and other drawings", 1, "Chart 1")),
        (_white, ("texts in the colour of their ground", 1, "5")),
    ],
)
def test_what_is_not_read_is_counted(
    change: Callable[[Any], None], note: tuple[str, int, str]
) -> None:
    assert _notes(_book(change)) == [note]


def test_a_box_of_text_is_counted_with_its_text() -> None:
    content = io.BytesIO()
    made = xlsxwriter.Workbook(content)
    sheet = made.add_worksheet()
    sheet.write_row(0, 0, ["Region", "Antall"])
    sheet.write_row(1, 0, ["Oslo", 12])
    sheet.insert_textbox(3, 3, "Tall i tusen")
    made.close()
    assert _notes(content.getvalue()) == [("boxes of text and shapes", 1, "Tall i tusen")]


def test_a_sheet_of_one_chart_is_counted() -> None:
    made = openpyxl.Workbook()
    made.active.append(["Region", "Antall"])
    made.active.append(["Oslo", 12])
    made.create_chartsheet("Figur")
    assert _notes(saved(made)) == [("sheets of one chart", 1, "Figur")]


def test_white_text_in_a_table_with_a_style_of_its_own_is_read() -> None:
    def styled(sheet: Any) -> None:
        _white(sheet)
        sheet.add_table(openpyxl.worksheet.table.Table(displayName="T", ref="A1:B3"))

    table = workbook.read(_book(styled), how("Region", "Antall"), where=WHERE)
    assert table.frame["Antall"].to_list() == ["12", "5"]
