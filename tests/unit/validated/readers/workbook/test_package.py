"""The file of a workbook: what is none is named, and nothing hostile is opened."""

from __future__ import annotations

import io
import zipfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pll_pipeline.errors import PllError
from pll_pipeline.validated.readers import workbook
from pll_pipeline.validated.readers.workbook import grid, package, sheet
from tests.unit.validated.readers.workbook.books import (
    SHEET_PART,
    archive,
    book,
    by_hand,
    by_xlsxwriter,
    how,
    refusal,
    rewritten,
    rows,
    with_sheet_xml,
)

OLD_FORM = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600
ONE_CELL = '<row r="1"><c r="A1" t="inlineStr"><is><t>A</t></is></c></row>'


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "The file is empty"),
        (
            b"\xef\xbb\xbf\n<!DOCTYPE html><html><body>Feil</body></html>",
            "a web page, not a workbook",
        ),
        (b"<html xmlns:x='urn:schemas-microsoft-com:office:excel'>", "a web page, not a workbook"),
        (b"<?xml version='1.0'?><Workbook/>", "an XML document, neither a workbook nor a web page"),
        (OLD_FORM, "a workbook of the old form (.xls)"),
        (OLD_FORM + "EncryptedPackage".encode("utf-16-le"), "locked with a password"),
        (OLD_FORM + "WordDocument".encode("utf-16-le"), "a Word document"),
        (b"%PDF-1.7\n", "a PDF"),
        (b"kode;tall\n0301;1\n", "not an .xlsx workbook"),
        (b"PK\x03\x04 avbrutt", "archive is damaged"),
    ],
)
def test_what_is_no_workbook_is_named(content: bytes, says: str) -> None:
    assert says in refusal(content)


@pytest.mark.parametrize(
    ("names", "says"),
    [
        (["a.txt"], "a zip archive, but no workbook"),
        (["[Content_Types].xml", "xl/workbook.bin"], "a binary workbook (.xlsb)"),
        (["mimetype", "content.xml"], "an OpenDocument file, such as a spreadsheet of LibreOffice"),
        (["[Content_Types].xml", "word/document.xml"], "a Word document (.docx)"),
        (["[Content_Types].xml", "ppt/presentation.xml"], "a presentation (.pptx)"),
    ],
)
def test_an_archive_that_is_no_xlsx_workbook_is_named(names: list[str], says: str) -> None:
    assert says in refusal(archive(dict.fromkeys(names, b"<x/>")))


def test_a_zip_bomb_is_not_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    bomb = archive({"[Content_Types].xml": b"<Types/>", SHEET_PART: b" " * (8 * 2**20)})
    assert len(bomb) < 2**15
    monkeypatch.setattr(zipfile.ZipFile, "open", lambda *_: pytest.fail("a member was unpacked"))
    assert f"'{SHEET_PART}' in the workbook unpacks to 8388608 bytes from" in refusal(bomb)
    monkeypatch.setattr(package, "MOST_BYTES", 2**20)
    assert "The workbook unpacks to 8388616 bytes, more than 1048576" in refusal(bomb)


def test_an_archive_of_very_many_members_is_refused() -> None:
    assert "has 2001 members, more than 2000" in refusal(
        archive({f"{n}.xml": b"" for n in range(2001)})
    )


def test_an_encrypted_member_is_refused() -> None:
    content = bytearray(archive({"[Content_Types].xml": b"<Types/>"}))
    content[content.index(b"PK\x01\x02") + 8] |= 1
    assert "'[Content_Types].xml' in the workbook is encrypted" in refusal(bytes(content))


def test_a_member_that_is_packed_otherwise_than_office_programs_do_is_refused() -> None:
    content = bytearray(archive({"[Content_Types].xml": b"<Types/>"}))
    content[content.index(b"PK\x01\x02") + 10] = zipfile.ZIP_LZMA
    assert "'[Content_Types].xml' in the workbook is packed in an unusual way" in refusal(
        bytes(content)
    )


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
@pytest.mark.parametrize(
    "member",
    [SHEET_PART, "xl/sharedStrings.xml", "xl/workbook.xml", "xl/styles.xml", "_rels/.rels"],
)
def test_an_entity_declaration_is_refused_in_any_part_and_encoding(
    member: str, encoding: str
) -> None:
    def change(name: str, xml: bytes) -> bytes:
        if name != member:
            return xml
        body = xml.decode().partition("?>")[2] if xml.startswith(b"<?xml") else xml.decode()
        entities = '<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>'
        return f'<?xml version="1.0" encoding="{encoding}"?>{entities}{body}'.encode(encoding)

    assert f"'{member}' in the workbook declares a document type or entities" in refusal(
        rewritten(by_xlsxwriter(["A"], ["x"]), change)
    )


def test_a_declaration_is_found_across_two_pieces_of_a_member() -> None:
    def change(name: str, xml: bytes) -> bytes:
        late = b" " * (2**16 - 4) + b"<!DOCTYPE x>" + b"x9" * 2**14
        return late if name == "xl/sharedStrings.xml" else xml

    assert "declares a document type" in refusal(rewritten(by_xlsxwriter(["A"], ["x"]), change))


def test_a_workbook_with_damaged_xml_is_refused() -> None:
    assert "cannot be read" in refusal(with_sheet_xml(b"</sheetData>", b"", book(["A"], [1])))
    assert "archive is damaged" in refusal(book(["A"], [1])[:-40])


@pytest.mark.parametrize(
    ("data", "says"),
    [
        ('<row r="2"><c r="A2"><v>1</v></c></row><row r="1"/>', "row 1 comes after row 2"),
        (
            '<row r="1"><c r="B1"><v>1</v></c><c r="A1"><v>1</v></c></row>',
            "the cell A1 comes after B",
        ),
        ('<row r="1"><c r="A1" t="s"><v>0</v></c></row>', "has the shared text 0"),
        ('<row r="1"><c r="A1" t="q"><v>0</v></c></row>', "of the unknown type 'q'"),
        ('<row r="en"><c r="A1"><v>0</v></c></row>', "cannot be read"),
        ('<row r="1"><c r="1"><v>0</v></c></row>', "a cell has no column"),
        ('<row r="1"><c r="A1" s="-2"><v>0</v></c></row>', "cannot be read"),
        ('<row r="1"><c r="A1" s="99999999999"><v>0</v></c></row>', "cannot be read"),
    ],
)
def test_a_sheet_that_no_program_would_write_is_refused(data: str, says: str) -> None:
    assert says in refusal(by_hand(data))


def test_a_workbook_that_refers_to_a_part_it_lacks_is_refused() -> None:
    content = rewritten(by_hand(ONE_CELL), lambda _, xml: xml.replace(b"sheet1.xml", b"no.xml"))
    assert "has no part 'xl/worksheets/no.xml'" in refusal(content)


def test_a_merge_over_the_whole_sheet_is_refused_and_does_not_fill_the_memory() -> None:
    wide = with_sheet_xml(
        b'ref="A1:Z1"',
        b'ref="A1:XFD1048576"',
        book(["A", *[None] * 25], range(26), merges=["A1:Z1"]),
    )
    assert "used range reaches to Z1048576" in refusal(wide)
    far = book(["A"], [1], change=lambda sheet: sheet.cell(200_000, 200, "x"))
    assert "used range reaches to GR200000, more than 25000000 cells" in refusal(far)


def test_merges_that_cover_each_other_are_refused() -> None:
    content = book(["A", "B"], *[[n, n] for n in range(50)], merges=["A2:B40"])
    again = with_sheet_xml(
        b'<mergeCell ref="A2:B40" />', b'<mergeCell ref="A2:B40" />' * 2, content
    )
    assert "joins the cells A2:B40 and A2:B40, which overlap" in refusal(again)


def test_more_merges_than_any_publication_has_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    content = book(["A", "B"], *[[n, n] for n in range(50)], merges=["A2:B20", "A21:B40"])
    monkeypatch.setattr(grid, "MOST_CELLS", 40)
    assert "joined cells cover more than 40 cells" in refusal(content)
    monkeypatch.setattr(grid, "MOST_JOINED", 1)
    assert "joins cells in 2 places, more than 1" in refusal(content)


def test_conditional_formats_over_very_many_cells_are_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rule = (
        '<conditionalFormatting sqref="A1:A9"><cfRule type="cellIs" operator="lessThan"'
        ' priority="1" dxfId="0"><formula>5</formula></cfRule></conditionalFormatting>'
    )
    styles = '<dxfs><dxf><numFmt numFmtId="164" formatCode="0"/></dxf></dxfs>'
    data = ONE_CELL + "".join(f'<row r="{n}"><c><v>{n}</v></c></row>' for n in range(2, 10))
    monkeypatch.setattr(grid, "MOST_CONDITIONAL", 8)
    assert "conditional formats cover more than 8 areas and cells" in refusal(
        by_hand(data, after=rule, styles=styles)
    )


@pytest.mark.parametrize(("row", "column"), [("1048577", "A"), ("2", "XFE")])
def test_a_cell_outside_any_sheet_is_refused(row: str, column: str) -> None:
    content = with_sheet_xml(
        b'<row r="2"><c r="A2"', f'<row r="{row}"><c r="{column}{row}"'.encode(), book(["A"], [1])
    )
    assert "is outside any sheet" in refusal(content)


def test_the_range_of_a_sheet_is_bounded_while_it_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sheet, "MOST_CELLS", 10)
    assert "used range reaches to B6, more than 10 cells" in refusal(
        book(["A", "B"], *[[1, 2]] * 9)
    )


# --- unusual, but valid ---------------------------------------------------------------------------


def test_rows_and_cells_without_their_places_follow_each_other() -> None:
    data = (
        '<row><c t="inlineStr"><is><t>A</t></is></c><c t="inlineStr"><is><t>B</t></is></c></row>'
        "<row><c><v>1</v></c><c><v>2</v></c></row><row><c/><c><v>4</v></c></row>"
    )
    assert rows(by_hand(data), "A") == [("1", "2"), ("", "4")]


def test_a_row_without_a_place_has_that_of_its_cells() -> None:
    data = (
        '<row><c r="B3" t="inlineStr"><is><t>A</t></is></c></row><row><c r="B4"><v>1</v></c></row>'
    )
    table = workbook.read(by_hand(data), how("A"), where="tall.xlsx")
    assert table.frame.rows() == [("1", "tall.xlsx:Tall!4")]


def test_elements_may_have_a_prefix_and_parts_a_folder_of_their_own() -> None:
    content = by_hand(ONE_CELL + '<row r="2"><c r="A2"><v>7</v></c></row>')

    def with_prefix(name: str, xml: bytes) -> bytes:
        if name.endswith(".rels"):
            return xml.replace(b"worksheets/sheet1.xml", b"/xl/worksheets/SHEET1.xml")
        if name == SHEET_PART:
            text = xml.decode().replace("</", "<\0").replace("<", "<x:").replace("<x:\0", "</x:")
            return text.replace("xmlns=", "xmlns:x=").encode()
        return xml

    assert rows(rewritten(content, with_prefix), "A") == [("7",)]


def test_names_of_windows_within_the_archive_are_read() -> None:
    content = by_hand(ONE_CELL + '<row r="2"><c r="A2"><v>7</v></c></row>')
    with zipfile.ZipFile(io.BytesIO(content)) as opened:
        members = {name.replace("/", "\\"): opened.read(name) for name in opened.namelist()}
    assert rows(archive(members), "A") == [("7",)]


def test_empty_attributes_and_values_are_none() -> None:
    data = ONE_CELL + '<row r="2"><c r="A2" s=""><v>7</v></c><c t="s"><v></v></c><c><v/></c></row>'
    assert rows(by_hand(data), "A") == [("7",)]


def test_strict_open_xml_is_read() -> None:
    def strict(_: str, xml: bytes) -> bytes:
        return xml.replace(
            b"http://schemas.openxmlformats.org/spreadsheetml/2006/main",
            b"http://purl.oclc.org/ooxml/spreadsheetml/main",
        ).replace(
            b"http://schemas.openxmlformats.org/officeDocument/2006/relationships",
            b"http://purl.oclc.org/ooxml/officeDocument/relationships",
        )

    assert rows(rewritten(by_xlsxwriter(["A", "B"], ["x", 1.5]), strict), "A") == [("x", "1.5")]


def test_the_extent_a_sheet_states_of_itself_is_not_believed() -> None:
    content = with_sheet_xml(b'<dimension ref="A1:B2"', b'<dimension ref="A1"', book("AB", [1, 2]))
    assert rows(content, "A") == [("1", "2")]


# --- damage ---------------------------------------------------------------------------------------

_SOUND = book(["Tittel", None], ["A", "B"], ["Nord", 1], [None, "2 %"], merges=["A1:B1", "A3:A4"])
_SHARED = by_xlsxwriter(["A", "B"], ["Nord", 1.5], ["Sør", "=1+1"], results=[2])


@settings(max_examples=200, deadline=None)
@given(
    st.sampled_from([_SOUND, _SHARED]),
    st.sampled_from(
        [
            SHEET_PART,
            "xl/sharedStrings.xml",
            "xl/workbook.xml",
            "xl/styles.xml",
            "xl/_rels/workbook.xml.rels",
        ]
    ),
    st.data(),
)
def test_any_damage_is_read_or_refused_in_words(
    sound: bytes, member: str, data: st.DataObject
) -> None:
    def change(name: str, xml: bytes) -> bytes:
        if name != member:
            return xml
        at = data.draw(st.integers(0, len(xml) - 1))
        inserted = data.draw(st.binary(max_size=3))
        return xml[:at] + inserted + xml[at + data.draw(st.integers(0, 20)) :]

    damaged = rewritten(sound, change)
    try:
        height, where = workbook.read(damaged, how("A"), where="tall.xlsx").frame.height, ""
    except PllError as refused:
        height, where = 0, refused.where
    assert height > 0 or where.startswith("tall.xlsx")
