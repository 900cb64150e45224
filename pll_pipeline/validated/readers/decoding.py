"""Bytes → text by the declared encoding, and the names of other forms of file.

Not here: guessing an encoding (`inspection/`), reading tables (the other modules of this package).
"""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass

from pll_pipeline.errors import PllError

BYTE_ORDER_MARK = "\ufeff"
_DECLARE_ENCODING = (
    "ask whether the publisher changed the encoding, then declare it in the source file under"
    " read.encoding"
)
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_OLD_WORKBOOK_DO = (
    "open it in Excel or LibreOffice and save it as .xlsx, or ask the publisher for .xlsx or CSV"
)
_OTHER_FORM_DO = "look for the figures as a workbook (.xlsx), CSV or a table in a web page"


@dataclass(frozen=True)
class OtherForm:
    """A form of file that is not read here: its `name` with an article, and what to do."""

    name: str
    do: str


_OTHER_FORMS = (
    (
        b"%PDF-",
        OtherForm(
            "a PDF, which has no cells to read",
            "look for the same figures as .xlsx, CSV or a web page, or copy them by hand to a CSV"
            " file and archive that",
        ),
    ),
    (b"PAR1", OtherForm("a Parquet file", "export it as CSV first")),
    (b"SQLite format 3\0", OtherForm("a SQLite database", "export the table as CSV first")),
    (b"\x1f\x8b", OtherForm("packed with gzip", "unpack it, then read the file within")),
    (b"7z\xbc\xaf\x27\x1c", OtherForm("packed with 7-Zip", "unpack it, then read the file within")),
    (b"Rar!", OtherForm("packed with RAR", "unpack it, then read the file within")),
    (b"\x89PNG", OtherForm("a picture (PNG)", _OTHER_FORM_DO)),
    (b"\xff\xd8\xff", OtherForm("a picture (JPEG)", _OTHER_FORM_DO)),
    (b"GIF8", OtherForm("a picture (GIF)", _OTHER_FORM_DO)),
    (b"{\\rtf", OtherForm("a document in rich text (RTF)", _OTHER_FORM_DO)),
    (
        b"MIME-Version:",
        OtherForm("a web page saved as an archive (MHTML)", "save the page as HTML only"),
    ),
    (
        b"CHARSET=",
        OtherForm(
            "a PC-Axis file (.px) of a statistics bank",
            "ask the bank for JSON-stat (fetch.kind pxweb) or download the table as CSV",
        ),
    ),
)
_XML_START = re.compile(rb"\s*<\?xml\b")
_XML_WORKBOOK = b"urn:schemas-microsoft-com:office:spreadsheet"
_XML_HEAD = 4096  # bytes in which an XML document shows what it is
_OLE_START = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


def other_form(content: bytes) -> OtherForm | None:
    """The form of `content` by its first bytes; None where it may be text or a zip archive."""
    if content.startswith(_OLE_START):
        return _ole_form(content)
    if _XML_START.match(content[:_XML_HEAD].removeprefix(codecs.BOM_UTF8)):
        return _xml_form(content[:_XML_HEAD])
    start = content.lstrip(b"\r\n\t ")[:16] if content[:1].isspace() else content[:16]
    return next((form for mark, form in _OTHER_FORMS if start.startswith(mark)), None)


def _xml_form(head: bytes) -> OtherForm | None:
    """The form of an XML document by its first bytes; None for a web page written as XML."""
    if _XML_WORKBOOK in head:
        return OtherForm("a workbook in the XML form of Excel 2003", _OLD_WORKBOOK_DO)
    if re.search(rb"<html\b|<!doctype html", head, re.IGNORECASE):
        return None
    return OtherForm("an XML document, neither a workbook nor a web page", _OTHER_FORM_DO)


def _ole_form(content: bytes) -> OtherForm:
    """The form of a compound file: the container of old documents and of encrypted new ones."""

    def has_stream(name: str) -> bool:
        return name.encode("utf-16-le") in content

    if has_stream("EncryptedPackage"):
        return OtherForm(
            "a workbook that is locked with a password",
            "ask the publisher for a file without a password",
        )
    if has_stream("WordDocument"):
        return OtherForm("a Word document of the old form (.doc)", _OTHER_FORM_DO)
    if has_stream("PowerPoint Document"):
        return OtherForm("a presentation of the old form (.ppt)", _OTHER_FORM_DO)
    return OtherForm("a workbook of the old form (.xls)", _OLD_WORKBOOK_DO)


def refuse_other_form(content: bytes, *, where: str) -> None:
    """Raise `PllError` for a PDF, an old workbook, a picture or another form with a name."""
    if form := other_form(content):
        raise PllError(f"The file is {form.name}", where=where, do=form.do)


def decode(content: bytes, encoding: str, *, where: str, what: str = "file") -> str:
    """The text of `content` without its byte order mark.

    `what` is what errors call it: "file" or "page". Raises `PllError` for another form of file,
    a byte order mark of another encoding, bytes that the encoding does not have, and characters
    of value zero.
    """
    refuse_other_form(content, where=where)
    refuse_mark_of_other_encoding(content, encoding, where=where, what=what)
    try:
        text = content.decode(encoding).removeprefix(BYTE_ORDER_MARK)
    except UnicodeDecodeError as error:
        raise PllError(
            f"The {what} is not {encoding}: byte {error.start} cannot be read",
            where=f"{where}, line {_line_at(content[: error.start])}",
            do=_DECLARE_ENCODING,
        ) from error
    refuse_zero_characters(text.encode() if "\0" in text else b"", where=where, what=what)
    return text


def refuse_zero_characters(content: bytes, *, where: str, what: str = "file") -> None:
    """Raise `PllError` where bytes in UTF-8 contain a zero, which no text has."""
    position = content.find(b"\0")
    if position >= 0:
        raise PllError(
            f"The {what} contains a character of value zero",
            where=f"{where}, line {_line_at(content[:position])}",
            do="see whether it is UTF-16 and declare that under read.encoding; else it is damaged:"
            " fetch or archive it again, whole",
        )


def refuse_mark_of_other_encoding(
    content: bytes, encoding: str, *, where: str, what: str = "file"
) -> None:
    """Raise `PllError` where bytes start with the byte order mark of another encoding."""
    for mark, marked in _MARKS:
        if content.startswith(mark) and marked != encoding:
            raise PllError(
                f"The {what} is not {encoding}: it starts with the byte order mark of {marked}",
                where=where,
                do=_DECLARE_ENCODING,
            )


def _line_at(before: bytes) -> int:
    """The number of the line that the end of `before` is in, whatever ends the lines."""
    return max(before.count(b"\n"), before.count(b"\r")) + 1
