"""Text by its declared encoding, and other forms of file by their names."""

from __future__ import annotations

import pytest

from pll_pipeline.errors import PllError
from pll_pipeline.validated.readers.decoding import decode, other_form

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
XML = b'<?xml version="1.0"?>\n'


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (b"%PDF-1.7", "a PDF"),
        (b"\r\n%PDF-1.7", "a PDF"),
        (OLE + bytes(600), "a workbook of the old form (.xls)"),
        (OLE + "EncryptedPackage".encode("utf-16-le"), "locked with a password"),
        (OLE + "WordDocument".encode("utf-16-le"), "a Word document"),
        (OLE + "PowerPoint Document".encode("utf-16-le"), "a presentation"),
        (b"PAR1....", "a Parquet file"),
        (b"\x1f\x8b\x08", "packed with gzip"),
        (b"\x89PNG\r\n", "a picture"),
        (b"{\\rtf1", "rich text"),
        (b"MIME-Version: 1.0\n", "MHTML"),
        (b'CHARSET="ANSI";\n', "PC-Axis"),
        (XML + b'<Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet">', "Excel 2003"),
        (b"\xef\xbb\xbf" + XML + b"<rss/>", "an XML document"),
    ],
)
def test_a_form_that_is_not_read_has_a_name_and_a_way_on(content: bytes, name: str) -> None:
    form = other_form(content)
    assert form is not None
    assert name in form.name
    assert form.do
    with pytest.raises(PllError, match="The file is "):
        decode(content, "utf-8", where="fil")


@pytest.mark.parametrize(
    "content",
    [b"", b"Region;Antall\n", b"<!doctype html>", b'{"a": 1}', XML + b"<html>", b"PK\3\4"],
)
def test_text_and_zip_archives_have_no_other_form(content: bytes) -> None:
    assert other_form(content) is None


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "windows-1252", "iso-8859-1"])
def test_text_is_decoded_without_its_byte_order_mark(encoding: str) -> None:
    text = ("\ufeff" if encoding == "utf-8" else "") + "Tromsø"
    assert decode(text.encode(encoding), encoding, where="fil") == "Tromsø"


@pytest.mark.parametrize(
    ("content", "encoding", "expected"),
    [
        ("a\nø".encode("cp1252"), "utf-8", "The side is not utf-8: byte 2 .* line 2"),
        (b"a\rb\rc\xff", "utf-8", "line 3"),
        ("ø".encode("utf-16"), "windows-1252", "byte order mark of utf-16"),
        (b"a\nb\0", "utf-8", "value zero.* line 2"),
    ],
)
def test_bytes_that_are_not_in_the_encoding_name_their_line(
    content: bytes, encoding: str, expected: str
) -> None:
    with pytest.raises(PllError, match=expected):
        decode(content, encoding, where="fil", what="side")
