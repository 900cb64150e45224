"""Texts with fonts of their own: raised marks are no digits, struck texts are not there."""

from __future__ import annotations

import pytest

from pll_pipeline.validated.readers import PublishedTable
from tests.unit.validated.readers.workbook.books import HEADER, by_hand, not_read, rows, table

RAISED = '<vertAlign val="superscript"/>'
SUNK = '<vertAlign val="subscript"/>'
STRUCK = "<strike/>"
BOLD = "<b/>"
STYLES = (
    '<fonts><font/><font><strike/></font><font><strike val="0"/></font></fonts>'
    '<cellXfs><xf fontId="0"/><xf fontId="1"/><xf fontId="2"/></cellXfs>'
)


def run(text: str, font: str = "") -> str:
    properties = f"<rPr>{font}</rPr>" if font else ""
    return f'<r>{properties}<t xml:space="preserve">{text}</t></r>'


def content(*runs: str, style: int = 0) -> bytes:
    data = HEADER + f'<row r="2"><c t="s" s="{style}"><v>0</v></c><c><v>1</v></c></row>'
    return by_hand(data, shared=f"<si>{''.join(runs)}</si>", styles=STYLES)


def read(*runs: str, style: int = 0) -> PublishedTable:
    return table(content(*runs, style=style), "A")


@pytest.mark.parametrize(
    ("runs", "text"),
    [
        ([run("412"), run("1", RAISED)], "412"),
        ([run("412"), run("1)", RAISED)], "412"),
        ([run("412 ", BOLD), run("1, 2", RAISED)], "412 "),
        ([run("*", RAISED), run("412")], "412"),
        ([run("Oslo"), run("a", RAISED)], "Oslo"),
        ([run("412"), run("1", SUNK)], "412"),
        ([run("CO"), run("2", SUNK)], "CO2"),
        ([run("Areal, km"), run("2", RAISED)], "Areal, km²"),
        ([run("12", STRUCK), run("13")], "13"),
        ([run("4"), run("1", STRUCK), run("2")], "42"),
        ([run("412", BOLD), run(" kr")], "412 kr"),
        ([run("1", RAISED)], "1"),
        ([run("12", '<strike val="0"/>')], "12"),
        (['<t>412</t><rPh sb="0" eb="1"><t>les</t></rPh>'], "412"),
    ],
)
def test_a_text_is_what_a_reader_sees_of_its_runs(runs: list[str], text: str) -> None:
    assert read(*runs).frame["A"].to_list() == [text]


def test_a_raised_number_after_ten_is_a_power_or_a_mark() -> None:
    fault = "contains a raised '6' after a 10: a power, or a mark"
    assert read(run("2·10"), run("6", RAISED)).faults == {(0, "A"): fault}
    assert read(run("10"), run("6", RAISED)).faults == {(0, "A"): fault}
    assert read(run("110"), run("1", RAISED)).faults == {}


def test_marks_and_struck_texts_are_counted() -> None:
    assert not_read(content(run("412"), run("1", RAISED)), "A") == [
        ("sheet 'Tall'", "raised footnote marks", 1, "412 1")
    ]
    assert not_read(content(run("12", STRUCK), run("13")), "A") == [
        ("sheet 'Tall'", "texts struck out", 1, "12")
    ]


def test_runs_may_be_written_in_the_cell_itself() -> None:
    data = (
        '<row r="1"><c t="inlineStr"><is><t>A</t></is></c></row>'
        f'<row r="2"><c t="inlineStr"><is>{run("412")}{run("1", RAISED)}</is></c></row>'
    )
    assert rows(by_hand(data), "A") == [("412",)]


@pytest.mark.parametrize(("style", "text"), [(0, "412"), (1, ""), (2, "412")])
def test_a_cell_that_is_struck_out_is_empty(style: int, text: str) -> None:
    assert read("<t>412</t>", style=style).frame["A"].to_list() == [text]
    number = HEADER + f'<row r="2"><c s="{style}"><v>412</v></c><c><v>1</v></c></row>'
    assert rows(by_hand(number, styles=STYLES), "A") == [(text, "1")]


def test_a_struck_cell_whose_parts_have_fonts_is_a_fault() -> None:
    assert read(run("412"), run("1", BOLD), style=1).faults == {
        (0, "A"): "is struck out, with parts that have a font of their own"
    }
