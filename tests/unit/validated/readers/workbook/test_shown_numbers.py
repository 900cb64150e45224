"""What a cell shows under its number format is what is read of it."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from pll_pipeline.validated.readers.workbook.shown_numbers import NumberFormat, Shown
from tests.unit.validated.readers.workbook.books import (
    HEADER,
    book,
    by_hand,
    by_xlsxwriter,
    rows,
    table,
    with_sheet_xml,
)


def shown(stored: str, code: str, **more: bool) -> Shown:
    return NumberFormat(code, starts_in_1904=False, **more).of_number(stored)


@pytest.mark.parametrize(
    ("stored", "code", "text"),
    [
        ("1234567", "General", "1234567"),
        ("0", "General", "0"),
        ("-2.5", "General", "-2.5"),
        ("5.0000000000000002E-5", "General", "0.00005"),
        ("0.30000000000000004", "General", "0.3"),
        ("1.2E1", "General", "12"),
        ("1e-30", "General", "1e-30"),
        ("0.123", "0%", "12 %"),
        ("0.123", "0.0%", "12.3 %"),
        ("0.285", "0%", "29 %"),
        ("94.8", r"0.0\%", "94.8 %"),
        ("87.1", '0.0" %"', "87.1 %"),
        ("1234567.5", "#,##0", "1234568"),
        ("1234567", "# ##0", "1234567"),
        ("-0.4", "0", "0"),
        ("-3", "0;-0", "-3"),
        ("12", "0.0", "12.0"),
        ("12", "0.##", "12"),
        ("0.5", ".00", "0.50"),
        ("301", "0000", "0301"),
        ("5", '0 "kr"', "5 kr"),
        ("5000", "[$kr-414] #,##0", "kr 5000"),
        ("5", "[Red]0", "5"),
        ("1234.5", '_(* #,##0.00_);_(* "-"??_);_(@_)', "1234.50"),
        ("123456", "0.00E+00", "1.23e5"),
        ("9.999", "0.00E+00", "1.00e1"),
        ("7", '[<5]"<5"', "7"),
        ("7.6", '[<5]"<5";0', "8"),
        ("123", '"ca. "0', "ca. 123"),
        ("12", "0.0*x", "12.0"),
        ("5", "@", "5"),
        ("5", 'General" stk"', "5 stk"),
        ("1250000", '0.0,," mill."', "1.3 mill."),
        ("12000", '0," tusen"', "12 tusen"),
    ],
)
def test_a_number_is_shown_as_its_format_says(stored: str, code: str, text: str) -> None:
    assert shown(stored, code) == Shown(text, is_number=True)


@pytest.mark.parametrize(
    ("stored", "code", "text"),
    [
        ("3", '[<5]"<5"', "<5"),
        ("3", '"under 5"', "under 5"),
        ("5", ";;;", ""),
        ("0", "0;-0;;@", ""),
        ("0", "#", ""),
        ("0", '_(* #,##0_);_(* -#,##0_);_(* "-"??_);_(@_)', "-"),
        ("202603", r"0000\-00", "2026-03"),
    ],
)
def test_a_format_may_show_something_else_than_the_number(
    stored: str, code: str, text: str
) -> None:
    assert shown(stored, code) == Shown(text)


@pytest.mark.parametrize(
    ("code", "text"),
    [
        ("yyyy", "2026"),
        ("yy", "2026"),
        ("mmm yyyy", "mars 2026"),
        ("mmm-yy", "mars 2026"),
        ("[$-414]mmmm yyyy", "mars 2026"),
        ("mm.yyyy", "2026-03"),
        ("dd.mm.yyyy", "2026-03-01"),
        ("m/d/yy", "2026-03-01"),
        ("[$-F800]dddd, mmmm dd, yyyy", "2026-03-01"),
        ("dd.mm.yyyy hh:mm", "2026-03-01T13:30:00"),
        ("hh:mm", "13:30"),
        ("h:mm AM/PM", "1:30 PM"),
        ('"per "d.m.yyyy', "per 1.3.2026"),
        ('yyyy"-T1"', "2026-T1"),
        ("mmmm", "mars"),
        ("d. mmm", "1. mars"),
        ("mm:ss.0", "30:00.0"),
    ],
)
def test_a_date_is_shown_as_far_as_its_format_goes(code: str, text: str) -> None:
    assert shown("46082.5625", code) == Shown(text)


@pytest.mark.parametrize(
    ("value", "code", "text"),
    [
        (dt.timedelta(hours=25, minutes=30), "[h]:mm:ss", "25:30:00"),
        (dt.timedelta(minutes=90), "[mm]:ss", "90:00"),
        (dt.date(1900, 2, 28), "yyyy-mm-dd", "1900-02-28"),
        (dt.date(1900, 3, 1), "yyyy-mm-dd", "1900-03-01"),
        (dt.date(9999, 12, 31), "yyyy-mm-dd", "9999-12-31"),
        (dt.datetime(2024, 5, 1, 23, 59, 59), "yyyy-mm-dd hh:mm:ss", "2024-05-01T23:59:59"),
    ],
)
def test_dates_of_other_programs_come_back(value: Any, code: str, text: str) -> None:
    def write(sheet: Any) -> None:
        sheet["A2"] = value
        sheet["A2"].number_format = code

    assert rows(book(["A", "B"], [None, "x"], change=write), "A")[0][0] == text


@pytest.mark.parametrize(
    ("stored", "code", "fault"),
    [
        ("1E999", "General", "contains a number that is too large"),
        ("en", "General", "contains 'en' in the place of a number"),
        ("12345", "0,", "is shown in thousands, as '12' (the number format '0,')"),
        ("12345678", "#,##0,,", "is shown in millions, as '12'"),
        ("0.5", "# ?/?", "whose text is not known: it prints other signs between the digits"),
        ("412", '0"1"', "it prints digits beside the number"),
        ("123456", r"000\.000", "it prints other signs between the digits"),
        ("5", "##0.0E+0", "its digits cannot be placed"),
        ("5", "0 k", "not understood: the letter 'k' has no meaning in it"),
        ("5", '0"', "a quote in it has no end"),
        ("5", "[DBNum1]0", "[DBNum1] has no meaning in it"),
        ("5", "[Red0", "a bracket in it has no end"),
        ("5", "0%0", "its digits cannot be placed"),
        ("5", "[h]yyyy", "no date has the number 5"),
        ("2958465.9999999999", "yyyy", "no date has the number 2958466"),
        ("5", "0;0;0;0;0", "more than four sections"),
        ("5", "0" * 600, "it is too long"),
        ("5", "yyyy%", "it mixes a date with something else"),
        ("5", "0\\", "nothing follows"),
        ("5", "0.0.0", "two decimal points"),
        ("5", "[<5]0;0;0", "only some of its sections have a condition"),
        ("-5", "[<5]0;0", "it has conditions, and the number is negative"),
        ("9", '[<5]"a";[<7]"b"', "shows ####"),
        ("60", "yyyy-mm-dd", "no date has the number 60"),
        ("0", "yyyy", "no date has the number 0"),
        ("-1", "yyyy", "no date has the number -1"),
        ("2958466", "yyyy", "no date has the number 2958466"),
        ("-1", "[h]:mm", "no date has the number -1"),
    ],
)
def test_a_number_whose_shown_text_is_not_known_is_a_fault(
    stored: str, code: str, fault: str
) -> None:
    assert fault in shown(stored, code).fault


def test_figures_in_thousands_are_read_where_the_source_file_says_so() -> None:
    assert shown("12345", "#,##0,", reads_scaled=True) == Shown("12", is_number=True)
    content = by_hand(
        HEADER + '<row r="2"><c s="1"><v>12345</v></c><c><v>1</v></c></row>',
        styles='<numFmts><numFmt numFmtId="164" formatCode="0,"/></numFmts>'
        '<cellXfs><xf numFmtId="0"/><xf numFmtId="164"/></cellXfs>',
    )
    assert "is shown in thousands" in table(content, "A").faults[0, "A"]
    read = table(content, "A", scaled_numbers="as_shown")
    assert (read.frame["A"].to_list(), read.faults) == (["12"], {})


def test_dates_are_counted_from_1904_where_the_workbook_says_so() -> None:
    data = HEADER + '<row r="2"><c s="1"><v>1</v></c><c s="1" t="d"><v>2026-03-01</v></c></row>'
    styles = '<cellXfs><xf numFmtId="0"/><xf numFmtId="14"/></cellXfs>'
    assert rows(by_hand(data, styles=styles), "A") == [("1900-01-01", "2026-03-01")]
    early = by_hand(data, styles=styles, workbook_xml='<workbookPr date1904="1"/>')
    assert rows(early, "A") == [("1904-01-02", "2026-03-01")]


def test_a_text_under_a_format_for_texts_is_shown_as_that_says() -> None:
    styles = (
        '<numFmts><numFmt numFmtId="164" formatCode=";;;"/>'
        '<numFmt numFmtId="165" formatCode="0;-0;0;@&quot; *&quot;"/></numFmts>'
        '<cellXfs><xf numFmtId="0"/><xf numFmtId="164"/><xf numFmtId="165"/></cellXfs>'
    )
    data = HEADER + (
        '<row r="2"><c s="1" t="str"><v>x</v></c><c s="2" t="str"><v>y</v></c></row>'
        '<row r="3"><c><v>1</v></c><c s="2"><v>2</v></c></row>'
    )
    assert rows(by_hand(data, styles=styles), "A") == [("", "y *"), ("1", "2")]


def test_general_is_the_text_where_a_format_has_it_for_texts() -> None:
    styles = (
        '<numFmts><numFmt numFmtId="164" formatCode="[&gt;2]0;[&lt;1]0;0;General"/></numFmts>'
        '<cellXfs><xf numFmtId="0"/><xf numFmtId="164"/></cellXfs>'
    )
    data = HEADER + '<row r="2"><c s="1" t="str"><v>x</v></c><c><v>1</v></c></row>'
    assert rows(by_hand(data, styles=styles), "A") == [("x", "1")]


def test_a_format_without_a_code_is_general() -> None:
    assert shown("1.5", "") == Shown("1.5", is_number=True)


def test_dates_and_times_may_be_stored_as_texts() -> None:
    styles = '<cellXfs><xf numFmtId="21"/><xf numFmtId="14"/></cellXfs>'
    data = HEADER + (
        '<row r="2"><c t="d"><v>10:30:00</v></c>'
        '<c s="1" t="d"><v>2026-03-01T10:30:00Z</v></c></row>'
        '<row r="3"><c t="d"><v>i morgen</v></c><c><v>1</v></c></row>'
    )
    read = table(by_hand(data, styles=styles), "A")
    assert read.frame.row(0)[:2] == ("10:30:00", "2026-03-01")
    assert read.faults == {(1, "A"): "contains 'i morgen' in the place of a number"}


def test_a_sheet_may_show_no_zeros() -> None:
    data = HEADER + '<row r="2"><c><v>0</v></c><c><v>0.5</v></c></row>'
    content = by_hand(
        data, before='<sheetViews><sheetView showZeros="0" workbookViewId="0"/></sheetViews>'
    )
    assert rows(content, "A") == [("", "0.5")]


@pytest.mark.parametrize(
    ("styles", "text"),
    [
        ("", "0.5"),
        ('<fills count="1"><fill/></fills><cellXfs><xf numFmtId="9"/></cellXfs>', "50 %"),
        ("<cellXfs><xf/></cellXfs>", "0.5"),
        ("<cellXfs/>", "0.5"),
    ],
)
def test_styles_may_be_missing_or_empty(styles: str, text: str) -> None:
    data = HEADER + '<row r="2"><c s="0"><v>0.5</v></c><c><v>0.5</v></c></row>'
    assert rows(by_hand(data, styles=styles), "A")[0][0] == text


def test_a_format_number_without_a_code_is_a_fault() -> None:
    data = HEADER + '<row r="2"><c><v>1</v></c><c s="1"><v>2</v></c></row>'
    styles = '<cellXfs><xf numFmtId="0"/><xf numFmtId="30"/></cellXfs>'
    assert (
        "'number 30', which is not understood"
        in table(by_hand(data, styles=styles), "A").faults[0, "B"]
    )


# --- formulas -------------------------------------------------------------------------------------


def test_the_stored_result_of_a_formula_is_read_and_the_formula_is_not() -> None:
    assert rows(
        by_xlsxwriter(["A", "B", "C"], ["=1+1", '=UPPER("y")', "=A1"], results=[2, "Y", ""]), "A"
    ) == [("2", "Y", "")]


@pytest.mark.parametrize("kind", ["", 't="str"', 't="b"', 't="e"', 't="s"'])
def test_a_formula_without_a_stored_result_is_a_fault_whatever_its_type(kind: str) -> None:
    content = by_hand(HEADER + f'<row r="2"><c {kind}><f>1+1</f></c><c><v>1</v></c></row>')
    assert table(content, "A").faults == {(0, "A"): "contains a formula whose result is not stored"}


@pytest.mark.parametrize("result", ["0", "0.0", "-0"])
def test_a_result_of_zero_in_a_file_that_asks_to_be_calculated_is_a_fault(result: str) -> None:
    data = (
        HEADER + f'<row r="2"><c><f>200+212</f><v>{result}</v></c><c><f>1+1</f><v>2</v></c></row>'
    )
    asking = '<calcPr calcId="124519" fullCalcOnLoad="1"/>'
    read = table(by_hand(data, workbook_xml=asking), "A")
    assert read.faults == {
        (0, "A"): "contains a formula that was not calculated: its stored result is 0"
    }
    assert table(by_hand(data), "A").faults == {}


def test_a_zero_that_is_no_formula_is_zero() -> None:
    data = HEADER + '<row r="2"><c><v>0</v></c><c><v>1</v></c></row>'
    asking = '<calcPr calcId="124519" fullCalcOnLoad="1"/>'
    assert rows(by_hand(data, workbook_xml=asking), "A") == [("0", "1")]


# --- other cells ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("0301", "0301"),
        ("  007 ", "  007 "),
        ("1\u00a0234", "1\u00a0234"),
        ("en\nto", "en\nto"),
        ("#N/A i fjor", "#N/A i fjor"),
        (True, "TRUE"),
        (False, "FALSE"),
    ],
)
def test_texts_and_truths_are_read_as_they_are(value: Any, text: str) -> None:
    assert rows(book(["A", "B"], [value, "x"]), "A")[0][0] == text


def test_a_control_character_is_no_code() -> None:
    content = with_sheet_xml(b"<t>en</t>", b"<t>en_x000D_ to_x0041_</t>", book(["A"], ["en"]))
    assert rows(content, "A") == [("en\r to_x0041_",)]
    formula = HEADER + '<row r="2"><c t="str"><f>A1</f><v>en_x000D_</v></c><c><v>1</v></c></row>'
    assert rows(by_hand(formula), "A") == [("en\r", "1")]
