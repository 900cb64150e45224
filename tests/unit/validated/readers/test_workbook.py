"""Sheets of workbooks: every cell as a reader sees it, every fault named with sheet and cell, nothing hostile opened."""

from __future__ import annotations

import datetime as dt
import io
import random
import zipfile
from collections.abc import Callable, Iterable
from typing import Any

import openpyxl
import pytest
import xlsxwriter
from hypothesis import given, settings
from hypothesis import strategies as st

from pll_pipeline.errors import PllError
from pll_pipeline.sources.model import Workbook
from pll_pipeline.validated.readers import workbook


def _how(*header: str, **more: Any) -> Workbook:
    return Workbook(kind="workbook", header=list(header), **more)


def _book(
    *rows: Iterable[Any],
    merges: Iterable[str] = (),
    sheets: Iterable[str] = ("Tall",),
    change: Callable[[Any], None] | None = None,
) -> bytes:
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name in sheets:
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(list(row))
        for merge in merges:
            sheet.merge_cells(merge)
        if change:
            change(sheet)
    return _saved(book)


def _saved(book: Any) -> bytes:
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


def _rewritten(content: bytes, change: Callable[[str, bytes], bytes]) -> bytes:
    """The same archive with every member changed."""
    written = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(content)) as old,
        zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for member in old.infolist():
            new.writestr(member.filename, change(member.filename, old.read(member)))
    return written.getvalue()


def _with_xlsxwriter(header: list[str], *rows: list[Any], results: Iterable[Any] = ()) -> bytes:
    """A workbook with shared strings; formulas get the results in their order."""
    written, stored = io.BytesIO(), iter(results)
    with xlsxwriter.Workbook(written) as book:
        sheet = book.add_worksheet("Tall")
        for number, row in enumerate([header, *rows]):
            for column, value in enumerate(row):
                if str(value).startswith("="):
                    sheet.write_formula(number, column, value, None, next(stored))
                else:
                    sheet.write(number, column, value)
    # an office program says that an empty result is text
    return _rewritten(
        written.getvalue(), lambda _, xml: xml.replace(b'<c r="C2"><f>', b'<c r="C2" t="str"><f>')
    )


def _with_sheet_xml(old: bytes, new: bytes, content: bytes) -> bytes:
    def change(name: str, xml: bytes) -> bytes:
        assert name != "xl/worksheets/sheet1.xml" or old in xml
        return xml.replace(old, new) if name == "xl/worksheets/sheet1.xml" else xml

    return _rewritten(content, change)


def _rows(content: bytes, *header: str, **more: Any) -> list[tuple[str, ...]]:
    return [
        row[:-1]
        for row in workbook.read(content, _how(*header, **more), where="s/t/tall.xlsx").rows()
    ]


def _columns(content: bytes, *header: str, **more: Any) -> list[str]:
    return workbook.read(content, _how(*header, **more), where="s/t/tall.xlsx").columns[:-1]


def _refusal(content: bytes, *header: str, **more: Any) -> str:
    with pytest.raises(PllError) as refused:
        workbook.read(content, _how(*header or "A", **more), where="s/t/tall.xlsx")
    return str(refused.value)


def _cell(value: Any, number_format: str = "General") -> str:
    def write(sheet: Any) -> None:
        sheet["A2"] = value
        sheet["A2"].number_format = number_format

    return _rows(_book(["A", "B"], [None, "x"], change=write), "A")[0][0]


def test_every_cell_stays_text_and_every_row_knows_its_sheet_and_row() -> None:
    content = _book(["Tittel"], [], ["kode", "tall"], ["0301", 12.5], ["0101", None])
    assert workbook.read(content, _how("kode"), where="s/t/tall.xlsx").to_dicts() == [
        {"kode": "0301", "tall": "12.5", "row_reference": "tall.xlsx:Tall!4"},
        {"kode": "0101", "tall": "", "row_reference": "tall.xlsx:Tall!5"},
    ]


@pytest.mark.parametrize(
    ("value", "number_format", "text"),
    [
        ("0301", "General", "0301"),
        ("  007 ", "@", "  007 "),
        ("1\u00a0234", "General", "1\u00a0234"),
        ("en\nto", "General", "en\nto"),
        ("#N/A i fjor", "General", "#N/A i fjor"),
        (1234567, "# ##0", "1234567"),
        (0, "General", "0"),
        (12.0, "General", "12"),
        (0.1, "0.00", "0.1"),
        (-2.5, "General", "-2.5"),
        (0.25, "0 %", "0.25"),
        (True, "General", "TRUE"),
        (False, "General", "FALSE"),
        (dt.date(2024, 5, 1), "dd.mm.yyyy", "2024-05-01"),
        (dt.datetime(2024, 5, 1, 12, 30), "dd.mm.yyyy hh:mm", "2024-05-01T12:30:00"),
        (dt.time(12, 30), "hh:mm", "12:30:00"),
        (dt.timedelta(hours=25, minutes=30), "[h]:mm:ss", "25:30:00"),
    ],
)
def test_a_cell_says_what_a_reader_sees(value: Any, number_format: str, text: str) -> None:
    assert _cell(value, number_format) == text


def test_a_control_character_is_no_code() -> None:
    content = _with_sheet_xml(b"<t>en</t>", b"<t>en_x000D_ to_x0041_</t>", _book(["A"], ["en"]))
    assert _rows(content, "A") == [("en\r to_x0041_",)]


def test_a_whole_number_stored_with_a_decimal_point_has_none() -> None:
    content = _with_sheet_xml(b"<v>12</v>", b"<v>1.2E1</v>", _book(["A"], [12]))
    assert _rows(content, "A") == [("12",)]


def test_a_number_has_as_few_digits_as_give_it_again() -> None:
    content = _with_sheet_xml(
        b"<v>12</v>", b"<v>0.30000000000000004</v>", _book(["A", "B"], [12, 13])
    )
    assert _rows(_with_sheet_xml(b"<v>13</v>", b"<v>0.10000000000000001</v>", content), "A") == [
        ("0.30000000000000004", "0.1")
    ]


def test_the_stored_result_of_a_formula_is_read_and_the_formula_is_not() -> None:
    assert _rows(
        _with_xlsxwriter(["A", "B", "C"], ["=1+1", '=UPPER("y")', "=A1"], results=[2, "Y", ""]), "A"
    ) == [("2", "Y", "")]


def test_a_formula_without_a_stored_result_is_refused() -> None:
    assert (
        "formula whose result is not stored. Where: s/t/tall.xlsx, sheet 'Tall', cell B2"
        in _refusal(_book(["A", "B"], [1, "=A2+1"]))
    )


@pytest.mark.parametrize("error", ["#N/A", "#DIV/0!"])
def test_an_error_in_a_cell_of_the_table_is_refused_with_its_place(error: str) -> None:
    assert f"holds the error {error!r}. Where: s/t/tall.xlsx, sheet 'Tall', cell B3" in _refusal(
        _book(["A", "B"], [1, 2], [3, error])
    )


def test_an_error_outside_the_table_is_no_matter() -> None:
    assert _rows(_book(["#N/A"], ["A", "B"], [1, 2], [], ["#DIV/0!"]), "A") == [("1", "2")]


def test_a_merged_error_is_named_by_the_cell_it_reaches() -> None:
    assert "cell A2" in _refusal(_book(["A", "B"], ["#N/A", 1], [None, 2], merges=["A2:A3"]))


def test_the_sheet_is_found_by_its_name() -> None:
    content = _book(["A"], [1], sheets=["Innhold", "Tabell 2024"])
    assert workbook.read(content, _how("A", sheet=r"^Tabell \d{4}$"), where="tall.xlsx")[
        "row_reference"
    ].to_list() == ["tall.xlsx:Tabell 2024!2"]
    assert (
        "has 2 sheets: 'Innhold', 'Tabell 2024'. Where: s/t/tall.xlsx. What to do: say in the source file under read.sheet"
        in _refusal(content)
    )
    assert (
        "No sheets have a name that matches 'Ark'; the workbook has 'Innhold', 'Tabell 2024'"
        in _refusal(content, sheet="Ark")
    )
    assert "2 sheets have a name that matches" in _refusal(content, sheet="l")


def test_the_header_is_the_first_row_that_holds_all_its_texts_whatever_their_white_space() -> None:
    content = _book(
        ["Antall"], ["Region", "som"], [" Region ", "Antall\u00a0 \nbrukere", 2024], ["Oslo", 1, 2]
    )
    assert _columns(content, "Region", "Antall brukere", "2024") == [
        "Region",
        "Antall brukere",
        "2024",
    ]
    assert "No row of the sheet holds all of 'Region', 'Kommune'" in _refusal(
        content, "Region", "Kommune"
    )


def test_a_title_merged_over_several_columns_counts_for_each_of_them() -> None:
    content = _book(
        ["Region", 2023, None, 2024, None],
        [None, "Antall", "Andel", "Antall", "Andel"],
        ["Oslo", 1, 2, 3, 4],
        merges=["A1:A2", "B1:C1", "D1:E1"],
    )
    expected = ["Region", "2023 / Antall", "2023 / Andel", "2024 / Antall", "2024 / Andel"]
    assert _columns(content, "Region", "Antall", header_rows=2) == expected
    assert _columns(content, "Region", header_rows=2) == expected, (
        "a heading merged downwards reaches to its last row"
    )
    assert "'Antall' stands twice. Where: s/t/tall.xlsx, sheet 'Tall', columns B, D" in _refusal(
        content, "Region", "Antall"
    )


def test_a_header_of_more_rows_than_there_are_is_refused() -> None:
    assert "ends in row 1, so it cannot span 2 rows" in _refusal(_book(["A"], [1]), header_rows=2)


def test_columns_without_heading_and_values_are_left_out() -> None:
    content = _book(
        [None, "A", None, "B", None], [None, 1, None, 2, None], [None, 3, None, None, " "]
    )
    assert _rows(content, "A") == [("1", "2"), ("3", "")]


def test_a_title_that_is_wider_than_its_table_makes_no_columns() -> None:
    content = _book(
        ["Tittel"], ["A", "B"], [1, 2], [], [None, None, None, "Merk"], merges=["A1:D1"]
    )
    assert _columns(content, "A", header_rows=2) == ["Tittel / A", "Tittel / B"]


def test_one_column_may_have_no_heading_but_not_two() -> None:
    assert _columns(_book([None, "A"], ["Oslo", 1]), "A") == ["", "A"]
    assert (
        "Two columns have values but no heading. Where: s/t/tall.xlsx, sheet 'Tall', columns A, C"
        in _refusal(_book([None, "A", None], ["Oslo", 1, 2]))
    )


@pytest.mark.parametrize("name", ["A", "row_reference"])
def test_a_repeated_column_is_refused(name: str) -> None:
    assert f"'{name}' stands twice" in _refusal(_book(["A", f" {name}"], [1, 2]))


def test_rows_end_at_the_first_empty_row() -> None:
    assert _rows(_book(["A", "B"], [1, None], [None, 2], [None, " "], [3, 4]), "A") == [
        ("1", ""),
        ("", "2"),
    ]


def test_rows_end_where_the_first_cell_says_so() -> None:
    content = _book(
        [None, "A", "B"],
        [None, 1, "Kilde"],
        [None, 2, 3],
        [None, "Kilde: etaten"],
        [None, "1) Foreløpig"],
    )
    assert _rows(content, "A", ends_at="^Kilde") == [("1", "Kilde"), ("2", "3")]
    left = _book([None, "A", "B"], [None, 1, 2], ["Kilde: etaten"])
    assert _rows(left, "A", ends_at="^Kilde") == [("1", "2")], (
        "the note may stand to the left of the table"
    )


def test_a_table_without_rows_is_refused() -> None:
    assert "The table has no rows" in _refusal(_book(["A"], [], [1]))
    assert "The table has no rows" in _refusal(_book(["A"], ["Kilde"]), ends_at="Kilde")


def test_merged_cells_count_for_every_row_they_cover() -> None:
    content = _book(
        ["A", "B", "C"],
        ["Nord", 1, 2],
        [None, 3, None],
        [None, None, None],
        ["Sør", 4, 5],
        merges=["A2:A4", "B3:C3"],
    )
    assert _rows(content, "A") == [
        ("Nord", "1", "2"),
        ("Nord", "3", "3"),
        ("Nord", "", ""),
        ("Sør", "4", "5"),
    ]


def test_a_row_that_is_merged_with_the_one_above_in_every_column_is_no_row_of_its_own() -> None:
    content = _book(["A", "B"], ["Nord", 1], [None, None], ["Sør", 2], merges=["A2:A3", "B2:B3"])
    assert workbook.read(content, _how("A"), where="tall.xlsx").rows() == [
        ("Nord", "1", "tall.xlsx:Tall!2"),
        ("Sør", "2", "tall.xlsx:Tall!4"),
    ]


def test_a_merge_over_the_whole_sheet_is_refused_and_does_not_fill_the_memory() -> None:
    wide = _with_sheet_xml(
        b'ref="A1:Z1"',
        b'ref="A1:XFD1048576"',
        _book(["A", *[None] * 25], range(26), merges=["A1:Z1"]),
    )
    assert "used range reaches to Z1048576" in _refusal(wide)
    far = _book(["A"], [1], change=lambda sheet: sheet.cell(200_000, 200, "x"))
    assert "used range reaches to GR200000, more than 25000000 cells" in _refusal(far)


def test_merges_that_cover_each_other_again_and_again_are_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(workbook, "MOST_CELLS", 200)
    content = _book(["A", "B"], *[[n, n] for n in range(50)], merges=["A2:B40"])
    again = _with_sheet_xml(
        b'<mergeCell ref="A2:B40" />', b'<mergeCell ref="A2:B40" />' * 9, content
    )
    assert "merged cells cover more than 200 cells" in _refusal(again)


@pytest.mark.parametrize(("row", "column"), [("1048577", "A"), ("2", "XFE")])
def test_a_cell_outside_any_sheet_is_refused(row: str, column: str) -> None:
    content = _with_sheet_xml(
        b'<row r="2"><c r="A2"', f'<row r="{row}"><c r="{column}{row}"'.encode(), _book(["A"], [1])
    )
    assert "lies outside any sheet" in _refusal(content)


def test_a_number_that_is_too_large_is_refused() -> None:
    assert "too large" in _refusal(
        _with_sheet_xml(b"<v>12</v>", b"<v>1E999</v>", _book(["A"], [12]))
    )


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "The file is empty"),
        (
            b"\xef\xbb\xbf\n<!DOCTYPE html><html><body>Feil</body></html>",
            "a web page, not a workbook",
        ),
        (b"<html xmlns:x='urn:schemas-microsoft-com:office:excel'>", "a web page, not a workbook"),
        (b"<?xml version='1.0'?><Workbook/>", "XML, not an .xlsx"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "the old form .xls"),
        (b"\x09\x08\x10\x00\x00\x06\x05\x00", "the old form .xls"),
        (
            b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
            + b"\0" * 600
            + "EncryptedPackage".encode("utf-16-le"),
            "protected by a password",
        ),
        (b"kode;tall\n0301;1\n", "not an .xlsx workbook"),
        (b"PK\x03\x04 avbrutt", "archive is damaged"),
    ],
)
def test_what_is_no_workbook_is_named(content: bytes, says: str) -> None:
    assert says in _refusal(content)


@pytest.mark.parametrize(
    ("names", "says"),
    [
        (["a.txt"], "a zip archive, but no workbook"),
        (["[Content_Types].xml", "xl/workbook.bin"], "a binary workbook"),
    ],
)
def test_an_archive_that_is_no_xlsx_workbook_is_named(names: list[str], says: str) -> None:
    assert says in _refusal(_zip(dict.fromkeys(names, b"<x/>")))


def _zip(members: dict[str, bytes]) -> bytes:
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return written.getvalue()


def test_a_zip_bomb_is_not_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    bomb = _zip(
        {"[Content_Types].xml": b"<Types/>", "xl/worksheets/sheet1.xml": b" " * (8 * 2**20)}
    )
    assert len(bomb) < 2**15
    monkeypatch.setattr(zipfile.ZipFile, "open", lambda *_: pytest.fail("a member was unpacked"))
    assert "'xl/worksheets/sheet1.xml' in the workbook unpacks to 8388608 bytes from" in _refusal(
        bomb
    )
    monkeypatch.setattr(workbook, "MOST_BYTES", 2**20)
    assert "The workbook unpacks to 8388616 bytes, more than 1048576" in _refusal(bomb)


def test_an_archive_of_very_many_members_is_refused() -> None:
    assert "has 2001 members, more than 2000" in _refusal(
        _zip({f"{n}.xml": b"" for n in range(2001)})
    )


def test_an_encrypted_member_is_refused() -> None:
    content = bytearray(_zip({"[Content_Types].xml": b"<Types/>"}))
    content[content.index(b"PK\x01\x02") + 8] |= 1
    assert "'[Content_Types].xml' in the workbook is encrypted" in _refusal(bytes(content))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
@pytest.mark.parametrize(
    "member",
    ["xl/worksheets/sheet1.xml", "xl/sharedStrings.xml", "xl/workbook.xml", "[Content_Types].xml"],
)
def test_an_entity_declaration_is_refused_in_any_member_and_encoding(
    member: str, encoding: str
) -> None:
    def change(name: str, xml: bytes) -> bytes:
        if name != member:
            return xml
        body = xml.decode().partition("?>")[2] if xml.startswith(b"<?xml") else xml.decode()
        return f'<?xml version="1.0" encoding="{encoding}"?><!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>{body}'.encode(
            encoding
        )

    assert f"'{member}' in the workbook declares a document type or entities" in _refusal(
        _rewritten(_with_xlsxwriter(["A"], ["x"]), change)
    )


def test_a_declaration_is_found_across_two_pieces_of_a_member() -> None:
    def change(name: str, xml: bytes) -> bytes:
        return (
            b" " * (2**20 - 4) + b"<!DOCTYPE x>" + random.Random(0).randbytes(2**15)
            if name == "xl/sharedStrings.xml"
            else xml
        )

    assert "declares a document type" in _refusal(
        _rewritten(_with_xlsxwriter(["A"], ["x"]), change)
    )


def test_a_workbook_with_damaged_xml_is_refused() -> None:
    assert "cannot be read" in _refusal(_with_sheet_xml(b"</sheetData>", b"", _book(["A"], [1])))
    assert "archive is damaged" in _refusal(_book(["A"], [1])[:-40])


_LETTERS = st.characters(
    codec="utf-8", exclude_categories=("Cc", "Cs", "Zs", "Zl", "Zp", "Co", "Cn")
)
_TEXTS = st.text(_LETTERS, max_size=8).filter(
    lambda text: "_x" not in text and text[:1] not in ("=", "#")
)
_VALUES = st.one_of(
    _TEXTS.map(lambda text: (text, text)),
    st.integers(-(10**15) + 1, 10**15 - 1).map(lambda number: (number, str(number))),
    st.decimals(-(10**6), 10**6, places=4)
    .map(float)
    .filter(lambda number: not number.is_integer())
    .map(lambda number: (number, repr(number))),
    st.booleans().map(lambda truth: (truth, str(truth).upper())),
    st.dates(dt.date(1901, 1, 1), dt.date(2199, 12, 31)).map(lambda day: (day, day.isoformat())),
)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.lists(_VALUES, min_size=2, max_size=2), min_size=1, max_size=8))
def test_any_table_written_to_a_workbook_is_read_back(cells: list[list[tuple[Any, str]]]) -> None:
    content = _book(
        ["nr", "A", "B"],
        *([row, *(value for value, _ in values)] for row, values in enumerate(cells, 1)),
    )
    assert _rows(content, "nr") == [
        (str(row), *(text for _, text in values)) for row, values in enumerate(cells, 1)
    ]


@settings(max_examples=20, deadline=None)
@given(st.lists(_TEXTS, min_size=1, max_size=8))
def test_any_shared_string_is_read_back(texts: list[str]) -> None:
    cells = [[row, text] for row, text in enumerate(texts, 1)]
    written = io.BytesIO()
    with xlsxwriter.Workbook(written) as book:
        sheet = book.add_worksheet("Tall")
        sheet.write_row(0, 0, ["nr", "A"])
        for row, text in cells:
            sheet.write_number(row, 0, row)
            sheet.write_string(row, 1, text)
    assert _rows(written.getvalue(), "nr", "A") == [(str(row), text) for row, text in cells]


_SOUND = _book(
    ["Tittel", None],
    ["A", "B"],
    ["Nord", 1],
    [None, dt.date(2024, 5, 1)],
    merges=["A1:B1", "A3:A4"],
)


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from(
        [
            "xl/worksheets/sheet1.xml",
            "xl/sharedStrings.xml",
            "xl/workbook.xml",
            "xl/styles.xml",
            "[Content_Types].xml",
        ]
    ),
    st.data(),
)
def test_any_damage_is_read_or_refused_in_words(member: str, data: st.DataObject) -> None:
    def change(name: str, xml: bytes) -> bytes:
        if name != member:
            return xml
        place = data.draw(st.integers(0, len(xml) - 1))
        return (
            xml[:place]
            + data.draw(st.binary(max_size=3))
            + xml[place + data.draw(st.integers(0, 20)) :]
        )

    damaged = _rewritten(_SOUND, change)
    try:
        assert workbook.read(damaged, _how("A"), where="tall.xlsx").height > 0
    except PllError as refused:
        assert refused.where.startswith("tall.xlsx")
