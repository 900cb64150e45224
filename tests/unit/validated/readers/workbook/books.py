"""Workbooks for tests: made by openpyxl or XlsxWriter, or written part by part."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Iterable
from typing import Any

import openpyxl
import pytest
import xlsxwriter

from pll_pipeline.errors import PllError
from pll_pipeline.sources.model import Workbook
from pll_pipeline.validated.readers import PublishedTable, workbook

WHERE = "s/t/tall.xlsx"
HEADER = (
    '<row r="1"><c t="inlineStr"><is><t>A</t></is></c><c t="inlineStr"><is><t>B</t></is></c></row>'
)
SHEET_PART = "xl/worksheets/sheet1.xml"
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships"


def how(*header: str, **more: Any) -> Workbook:
    """Settings for a sheet with this header."""
    return Workbook(kind="workbook", header=list(header), **more)


def book(
    *rows: Iterable[Any],
    merges: Iterable[str] = (),
    sheets: Iterable[str] = ("Tall",),
    change: Callable[[Any], None] | None = None,
) -> bytes:
    """A workbook of openpyxl whose sheets all have these rows; `change` may change each sheet."""
    made = openpyxl.Workbook()
    made.remove(made.active)
    for name in sheets:
        sheet = made.create_sheet(name)
        for row in rows:
            sheet.append(list(row))
        for merge in merges:
            sheet.merge_cells(merge)
        if change:
            change(sheet)
    return saved(made)


def saved(made: Any) -> bytes:
    """The bytes of a workbook of openpyxl."""
    content = io.BytesIO()
    made.save(content)
    return content.getvalue()


def rewritten(content: bytes, change: Callable[[str, bytes], bytes]) -> bytes:
    """The same archive with every member changed."""
    written = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(content)) as old,
        zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for member in old.infolist():
            new.writestr(member.filename, change(member.filename, old.read(member)))
    return written.getvalue()


def with_sheet_xml(old: bytes, new: bytes, content: bytes) -> bytes:
    """The same workbook with a text of its sheet replaced."""

    def change(name: str, xml: bytes) -> bytes:
        assert name != SHEET_PART or old in xml
        return xml.replace(old, new) if name == SHEET_PART else xml

    return rewritten(content, change)


def by_xlsxwriter(header: list[str], *rows: list[Any], results: Iterable[Any] = ()) -> bytes:
    """A workbook with shared texts; formulas get the results in their order."""
    written, stored = io.BytesIO(), iter(results)
    with xlsxwriter.Workbook(written) as made:
        sheet = made.add_worksheet("Tall")
        for number, row in enumerate([header, *rows]):
            for column, value in enumerate(row):
                if str(value).startswith("="):
                    sheet.write_formula(number, column, value, None, next(stored))
                else:
                    sheet.write(number, column, value)
    # an office program states that an empty result is text
    return rewritten(
        written.getvalue(), lambda _, xml: xml.replace(b'<c r="C2"><f>', b'<c r="C2" t="str"><f>')
    )


def archive(members: dict[str, bytes]) -> bytes:
    """A zip archive."""
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as opened:
        for name, content in members.items():
            opened.writestr(name, content)
    return written.getvalue()


def by_hand(
    data: str,
    *,
    after: str = "",
    before: str = "",
    styles: str = "",
    shared: str = "",
    workbook_xml: str = "",
) -> bytes:
    """A workbook whose parts are written out.

    `data` is what `sheetData` contains, `before` and `after` what the sheet has around it; `styles`
    and `shared` are the contents of those parts, left out where empty.
    """
    space = f'xmlns="{_MAIN}" xmlns:r="{_RELATIONS}"'
    sheet = f"<worksheet {space}>{before}<sheetData>{data}</sheetData>{after}</worksheet>"
    listed = '<sheets><sheet name="Tall" sheetId="1" r:id="rId1"/></sheets>'
    kinds = {"rId1": ("worksheet", "worksheets/sheet1.xml")}
    members = {
        "[Content_Types].xml": "<Types/>",
        "_rels/.rels": _relations({"rId1": ("officeDocument", "xl/workbook.xml")}),
        "xl/workbook.xml": f"<workbook {space}>{listed}{workbook_xml}</workbook>",
        SHEET_PART: sheet,
    }
    if styles:
        kinds["rId2"] = ("styles", "styles.xml")
        members["xl/styles.xml"] = f"<styleSheet {space}>{styles}</styleSheet>"
    if shared:
        kinds["rId3"] = ("sharedStrings", "sharedStrings.xml")
        members["xl/sharedStrings.xml"] = f"<sst {space}>{shared}</sst>"
    members["xl/_rels/workbook.xml.rels"] = _relations(kinds)
    return archive({name: text.encode() for name, text in members.items()})


def _relations(kinds: dict[str, tuple[str, str]]) -> str:
    listed = "".join(
        f'<Relationship Id="{name}" Type="{_RELATIONS}/{kind}" Target="{target}"/>'
        for name, (kind, target) in kinds.items()
    )
    return f'<Relationships xmlns="{_PACKAGE}">{listed}</Relationships>'


def table(content: bytes, *header: str, **more: Any) -> PublishedTable:
    """The table of a workbook with this header."""
    return workbook.read(content, how(*header, **more), where=WHERE)


def rows(content: bytes, *header: str, **more: Any) -> list[tuple[str, ...]]:
    """The rows of the table, without references."""
    return [row[:-1] for row in table(content, *header, **more).frame.rows()]


def columns(content: bytes, *header: str, **more: Any) -> list[str]:
    """The names of the columns of the table."""
    return table(content, *header, **more).columns


def refusal(content: bytes, *header: str, **more: Any) -> str:
    """The message about a workbook that is refused."""
    with pytest.raises(PllError) as refused:
        workbook.read(content, how(*header or "A", **more), where=WHERE)
    return str(refused.value)


def not_read(content: bytes, *header: str, **more: Any) -> list[tuple[str, str, int, str]]:
    """What the table says was not read: where, what, how many, example."""
    notes = table(content, *header, **more).not_read
    return [(note.where, note.what, note.count, note.example) for note in notes]
