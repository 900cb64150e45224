"""Hostile workbooks (.xlsx).

Not here: what a case is (`case.py`), how it is tried (`reading.py`).
"""

from __future__ import annotations

import io
import struct
import zipfile
from collections.abc import Iterable
from functools import partial

from pll_pipeline.sources.model import Workbook
from tests.hostile.case import HEADER, ROW, Case
from tests.unit.validated.readers.workbook.books import SHEET_PART, archive, by_hand

BOOK = Workbook(kind="workbook", header=["metric", "value"])
book_case = partial(Case, how=BOOK)
_SHARED, _STYLES = "xl/sharedStrings.xml", "xl/styles.xml"


def _row(number: int, cells: Iterable[str], attributes: str = "") -> str:
    texts = "".join(f'<c t="inlineStr"{attributes}><is><t>{cell}</t></is></c>' for cell in cells)
    return f'<row r="{number}">{texts}</row>'


_DATA = _row(1, HEADER) + _row(2, ROW)


def _book(data: str = "", after: str = "", before: str = "", **parts: str) -> bytes:
    return by_hand(_DATA + data, after=after, before=before, **parts)


def _members(content: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(content)) as opened:
        return {name: opened.read(name) for name in opened.namelist()}


def _with(**more: bytes) -> bytes:
    return archive(
        _members(_book()) | {name.replace("__", "/"): part for name, part in more.items()}
    )


def _changed(name: str, old: bytes, new: bytes) -> bytes:
    members = _members(_book())
    assert old in members[name]
    return archive(members | {name: members[name].replace(old, new, 1)})


def _stored(members: dict[str, bytes], method: int = zipfile.ZIP_STORED) -> bytes:
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", method) as opened:
        for name, content in members.items():
            opened.writestr(name, content)
    return written.getvalue()


def _overlapping(count: int) -> bytes:
    """An archive whose directory lists the same packed bytes many times, under other names."""
    content = _stored(_members(_book()) | {"xl/media/zeros": b"0" * 10_000}, zipfile.ZIP_DEFLATED)
    end = content.rindex(b"PK\5\6")
    size, offset = struct.unpack("<LL", content[end + 12 : end + 20])
    directory = content[offset : offset + size]
    entry = directory[directory.rindex(b"PK\1\2") :]
    copies = [entry.replace(b"zeros", f"{number:05}".encode()) for number in range(count)]
    listed = directory + b"".join(copies)
    entries = min(len(_members(_book())) + 1 + count, 65535)
    tail = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, entries, entries, len(listed), offset, 0)
    return content[:offset] + listed + tail


def _claimed(size: int) -> bytes:
    """A sheet whose directory claims another size than it unpacks to."""
    content = bytearray(_changed(SHEET_PART, b"<sheetData>", b"<sheetData>" + b" " * size))
    entry = content.rindex(SHEET_PART.encode()) - 46
    content[entry + 24 : entry + 28] = struct.pack("<L", 10)
    return bytes(content)


def _encoded(declared: str, encoding: str) -> bytes:
    sheet = _members(_book())[SHEET_PART].decode()
    doctype = f'<?xml version="1.0" encoding="{declared}"?><!DOCTYPE a [<!ENTITY e "e">]>'
    return archive(_members(_book()) | {SHEET_PART: (doctype + sheet).encode(encoding)})


def _entities(count: int) -> bytes:
    lol = "".join(f'<!ENTITY l{n + 1} "&l{n};&l{n};&l{n};&l{n};">' for n in range(count))
    doctype = f'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY l0 "lol">{lol}]>'.encode()
    sheet = _members(_book())[SHEET_PART].replace(b"1001", f"&l{count};".encode())
    return archive(_members(_book()) | {SHEET_PART: doctype + sheet})


def _texts(count: int, text: str = "x") -> str:
    return "".join(f"<si><t>{text}{number}</t></si>" for number in range(count))


def _shared_cells(rows: int, length: int) -> bytes:
    cells = "".join(
        f'<row r="{n}"><c t="s"><v>0</v></c><c t="s"><v>0</v></c></row>' for n in range(3, rows + 3)
    )
    return _book(cells, shared="<si><t>" + "x" * length + "</t></si>")


def _cell(column: str, row: int) -> str:
    return f'<row r="{row}"><c r="{column}{row}"><v>1</v></c></row>'


def _at(column: str, row: int) -> bytes:
    return _book(_cell(column, row))


def _merges(references: Iterable[str]) -> str:
    listed = "".join(f'<mergeCell ref="{reference}"/>' for reference in references)
    return f"<mergeCells>{listed}</mergeCells>"


def _rules(count: int, area: str = "A1:D9") -> str:
    rule = (
        '<cfRule type="cellIs" operator="lessThan" dxfId="0" priority="1">'
        "<formula>5</formula></cfRule>"
    )
    return f'<conditionalFormatting sqref="{area}">{rule * count}</conditionalFormatting>'


_DIFFERENCES = '<dxfs><dxf><numFmt formatCode="&quot;&lt;5&quot;"/></dxf></dxfs>'


def _formats(code: str) -> bytes:
    styles = (
        f'<numFmts><numFmt numFmtId="200" formatCode="{code}"/></numFmts>'
        '<cellXfs><xf numFmtId="0"/><xf numFmtId="200"/></cellXfs>'
    )
    return _book(
        '<row r="3">' + '<c s="1"><v>1</v></c>' * 4 + "</row>",
        styles=styles,
    )


def _number(text: str, kind: str = "n") -> bytes:
    first, second, _, last = (f'<c t="inlineStr"><is><t>{cell}</t></is></c>' for cell in ROW)
    return by_hand(
        _row(1, HEADER) + f'<row r="2">{first}{second}<c t="{kind}"><v>{text}</v></c>{last}</row>'
    )


def _nested(depth: int) -> bytes:
    within = b"0" * 1000
    for number in range(depth):
        within = _stored({f"{number}.zip": within})
    return _with(xl__media__a=within)


def _flagged(bit: int) -> bytes:
    content = bytearray(_book())
    content[content.index(b"PK\1\2") + 8] |= bit
    return bytes(content)


def _twice() -> bytes:
    content = _stored(_members(_book()) | {"xl/worksheets/sheetX.xml": b"<worksheet/>"})
    return content.replace(b"sheetX.xml", b"sheet1.xml")


def _commented(length: int) -> bytes:
    written = io.BytesIO(_book())
    with zipfile.ZipFile(written, "a") as opened:
        opened.comment = b"x" * length
    return written.getvalue()


def _letters(column: int) -> str:
    first, second = divmod(column - 1, 26)
    above, first = divmod(first - 1, 26) if first else (0, -1)
    return "".join(chr(64 + part) for part in (above, first + 1) if part) + chr(65 + second)


def _relations(kind: str, target: str, count: int = 1) -> bytes:
    listed = "".join(
        f'<Relationship Id="rId{number}" Type="x/{kind}" Target="{target}"/>'
        for number in range(count)
    )
    return f"<Relationships>{listed}</Relationships>".encode()


def _marked(row: int) -> str:
    raised = '<r><rPr><vertAlign val="superscript"/></rPr><t>2</t></r>'
    return f'<row r="{row}"><c t="inlineStr"><is><r><t>1</t></r>{raised}</is></c></row>'


_OUTSIDE = b'Target="https://169.254.169.254/" TargetMode="External"'

WORKBOOK_CASES = (
    # the archive
    book_case(
        "a part that unpacks to many times its size",
        content=lambda n: _with(xl__media__a=b"\0" * n),
        size=3 * 10**6,
        larger_size=4 * 10**8,
        words="times as many",
        megabytes=300,
    ),
    book_case(
        "a sheet that unpacks to many times its size",
        content=lambda n: _book(" " * n),
        size=3 * 10**6,
        larger_size=4 * 10**8,
        words="times as many",
        megabytes=300,
    ),
    book_case(
        "many small parts that unpack to many times their size",
        content=lambda n: archive(
            _members(_book()) | {f"xl/media/{i}": b"\0" * 2**20 for i in range(n)}
        ),
        size=30,
        larger_size=600,
        words="^$|unpacks",
    ),
    book_case(
        "many parts",
        content=lambda n: _stored(_members(_book()) | {f"xl/media/{i}": b"" for i in range(n)}),
        size=2500,
        larger_size=60_000,
        words="members, more than",
    ),
    book_case("archives within archives", content=_nested, size=5, larger_size=200, words=""),
    book_case(
        "entries that overlap",
        content=_overlapping,
        size=1000,
        larger_size=50_000,
        words="overlap|members|times",
    ),
    book_case(
        "a size that is not the one claimed",
        content=_claimed,
        size=1000,
        larger_size=10**8,
        words="damaged|times|read",
    ),
    book_case(
        "a part with a password",
        content=lambda _: _flagged(1),
        size=1,
        larger_size=1,
        words="encrypted",
    ),
    book_case(
        "a part packed in an unusual way",
        content=lambda _: _stored(_members(_book()), zipfile.ZIP_LZMA),
        size=1,
        larger_size=1,
        words="unusual",
    ),
    book_case(
        "names that lead out",
        content=lambda n: archive(_members(_book()) | {"../" * n + "etc/passwd": b"x"}),
        size=10,
        larger_size=1000,
        words="",
    ),
    book_case(
        "a name with a zero",
        content=lambda _: archive(_members(_book()) | {"xl/a\0b": b"x"}),
        size=1,
        larger_size=1,
        words="",
    ),
    book_case("one name twice", content=lambda _: _twice(), size=1, larger_size=1, words="twice"),
    book_case(
        "a comment without end",
        content=_commented,
        size=1000,
        larger_size=60_000,
        words="",
    ),
    book_case("cut off", content=lambda n: _book()[:-n], size=30, larger_size=300, words="damaged"),
    book_case(
        "only the mark of an archive",
        content=lambda n: b"PK\3\4" * n,
        size=1000,
        larger_size=10**7,
        words="damaged",
    ),
    book_case(
        "no archive", content=lambda n: b"x" * n, size=1000, larger_size=10**7, words="not an .xlsx"
    ),
    # XML
    book_case(
        "entities in UTF-8",
        content=_entities,
        size=10,
        larger_size=30,
        words="document type or entities",
    ),
    book_case(
        "entities in UTF-16",
        content=lambda _: _encoded("UTF-16", "utf-16"),
        size=1,
        larger_size=1,
        words="document type or entities",
    ),
    book_case(
        "entities in Latin-1",
        content=lambda _: _encoded("ISO-8859-1", "latin-1"),
        size=1,
        larger_size=1,
        words="document type or entities",
    ),
    book_case(
        "entities in UTF-7",
        content=lambda _: _encoded("UTF-7", "utf-7"),
        size=1,
        larger_size=1,
        words="cannot be read|entities",
    ),
    book_case(
        "entities in EBCDIC",
        content=lambda _: _encoded("IBM037", "cp037"),
        size=1,
        larger_size=1,
        words="cannot be read|entities",
    ),
    book_case(
        "an entity from elsewhere",
        content=lambda _: _changed(
            SHEET_PART, b"<worksheet", b'<!DOCTYPE a SYSTEM "file:///etc/passwd"><worksheet'
        ),
        size=1,
        larger_size=1,
        words="document type or entities",
    ),
    book_case(
        "deep XML",
        content=lambda n: _book(after="<a>" * n + "</a>" * n),
        size=10**4,
        larger_size=10**6,
        words="^$|within each other",
    ),
    book_case(
        "deep styles",
        content=lambda n: _book(styles="<a>" * n + "</a>" * n),
        size=10**4,
        larger_size=10**6,
        words="^$|within each other",
    ),
    book_case(
        "many attributes",
        content=lambda n: _book(after="<a " + " ".join(f'a{i}="1"' for i in range(n)) + "/>"),
        size=10**4,
        larger_size=3 * 10**5,
        words="",
    ),
    book_case(
        "an attribute without end",
        content=lambda n: _book(after='<a b="' + "x " * n + '"/>'),
        size=10**5,
        larger_size=3 * 10**6,
        words="",
    ),
    book_case(
        "a name without end",
        content=lambda n: _book(after="<" + "a" * n + "/>"),
        size=10**5,
        larger_size=10**7,
        words="^$|times",
    ),
    book_case(
        "comments",
        content=lambda n: _book(after="".join(f"<!--{i}-->" for i in range(n))),
        size=10**4,
        larger_size=10**6,
        words="",
    ),
    book_case(
        "pieces of text",
        content=lambda n: _number("".join(f"<![CDATA[{i % 10}]]>" for i in range(n))),
        size=10**4,
        larger_size=3 * 10**5,
        words="cannot be used",
    ),
    book_case(
        "references to characters",
        content=lambda n: _number("&#57;" * n),
        size=10**4,
        larger_size=10**5,
        words="cannot be used",
    ),
    # texts
    book_case(
        "many shared texts",
        content=lambda n: _book(shared=_texts(n)),
        size=20_000,
        larger_size=2 * 10**6,
        words="^$|texts",
        megabytes=800,
        seconds=30,
    ),
    book_case(
        "one long text of many cells",
        content=lambda n: _shared_cells(n, 20_000),
        size=500,
        larger_size=100_000,
        words="characters|cannot be used|rows|have values but no|not belong|read",
        megabytes=800,
        seconds=30,
    ),
    book_case(
        "a text of many runs",
        content=lambda n: _book(
            shared="<si>" + "<r><rPr><strike/></rPr><t>1</t></r><r><t>2</t></r>" * n + "</si>"
        ),
        size=5000,
        larger_size=10**6,
        words="^$|runs|times",
        seconds=30,
        megabytes=800,
    ),
    book_case(
        "a text of many pieces",
        content=lambda n: _book(shared="<si>" + "".join(f"<t>{i}</t>" for i in range(n)) + "</si>"),
        size=5000,
        larger_size=10**6,
        words="^$|runs",
        seconds=30,
    ),
    book_case(
        "marks of many cells",
        content=lambda n: _book("".join(_marked(i) for i in range(3, n + 3))),
        size=2000,
        larger_size=10**5,
        words="cannot be used|rows|^$",
        seconds=30,
        megabytes=800,
    ),
    book_case(
        "a shared text that is not there",
        content=lambda n: _number("9" * n, "s"),
        size=5,
        larger_size=4000,
        words="shared text",
    ),
    book_case(
        "a shared text of a number without end",
        content=lambda n: _number("".join(str(i) for i in range(n)), "s"),
        size=2000,
        larger_size=10**5,
        words="shared text|cannot be read",
    ),
    book_case(
        "control characters",
        content=lambda n: _number("_x001B_" * n, "str"),
        size=1000,
        larger_size=10**4,
        words="cannot be used",
    ),
    # the sheet
    book_case(
        "a wrong dimension",
        content=lambda _: _book(before='<dimension ref="A1:XFD1048576"/>'),
        size=1,
        larger_size=1,
        words="",
    ),
    book_case(
        "17 billion cells",
        content=lambda n: _book(f'<row r="{n}"><c r="XFD{n}"><v>1</v></c></row>'),
        size=1_048_576,
        larger_size=1_048_576,
        words="used range",
    ),
    book_case(
        "a row beyond any sheet",
        content=lambda n: _book(f'<row r="{10**n}"><c><v>1</v></c></row>'),
        size=9,
        larger_size=300,
        words="outside|cannot be read",
    ),
    book_case(
        "a row before the first",
        content=lambda n: _book(f'<row r="-{n}"><c><v>1</v></c></row>'),
        size=1,
        larger_size=10**9,
        words="comes after",
    ),
    book_case(
        "a column beyond any sheet",
        content=lambda n: _at("Z" * n, 3),
        size=4,
        larger_size=10**5,
        words="outside|cannot be read",
    ),
    book_case(
        "many columns",
        content=lambda n: _book('<row r="3">' + "<c><v>1</v></c>" * n + "</row>"),
        size=16_384,
        larger_size=16_384,
        words="no heading",
        megabytes=600,
        seconds=30,
    ),
    book_case(
        "many empty columns of many rows",
        content=lambda n: _book(
            "".join(_cell("AAA" if i % 2 else "A", i) for i in range(3, n + 3))
        ),
        size=1500,
        larger_size=30_000,
        words="used range|cannot be used|^$",
        megabytes=600,
        seconds=30,
    ),
    book_case(
        "a diagonal",
        content=lambda n: _book("".join(_cell(_letters(i), i) for i in range(3, n + 3))),
        size=1000,
        larger_size=4500,
        words="^$|cannot|below|used",
        megabytes=1500,
        seconds=60,
    ),
    book_case(
        "many rows without cells",
        content=lambda n: _book("".join(f'<row r="{i}"/>' for i in range(3, n + 3))),
        size=20_000,
        larger_size=10**6,
        words="",
        megabytes=600,
    ),
    book_case(
        "many hidden columns",
        content=lambda n: _book(
            before="<cols>" + '<col min="9" max="16384" hidden="1"/>' * n + "</cols>"
        ),
        size=16_000,
        larger_size=10**6,
        words="^$|hides more",
    ),
    book_case(
        "many hidden rows",
        content=lambda n: _book(
            "".join(f'<row r="{i}" hidden="1"><c><v>1</v></c></row>' for i in range(3, n + 3))
        ),
        size=10_000,
        larger_size=5 * 10**5,
        words="^$",
        megabytes=600,
        seconds=30,
    ),
    # areas, styles, conditions
    book_case(
        "all cells joined",
        content=lambda _: _book(after=_merges(["A3:XFD1048576"])),
        size=1,
        larger_size=1,
        words="^$|cannot",
    ),
    book_case(
        "all cells joined, and filled",
        content=lambda n: _book(
            '<row r="3"><c r="A3"><v>1</v></c><c r="XFD3"><v>1</v></c></row>',
            after=_merges([f"A3:XFD{n}"]),
        ),
        size=2000,
        larger_size=1_048_576,
        words="used range|joined cells|beside",
    ),
    book_case(
        "many joined areas",
        content=lambda n: _book(after=_merges(f"A{i}:B{i}" for i in range(3, n + 3))),
        size=10_000,
        larger_size=10**6,
        words="^$|joins cells",
    ),
    book_case(
        "joined areas that overlap",
        content=lambda n: _book(after=_merges(["A1:D2"] * n)),
        size=10_000,
        larger_size=190_000,
        words="overlap",
    ),
    book_case(
        "a list of areas without end",
        content=lambda n: _book(after=_merges([" ".join(f"A{i}:D{i}" for i in range(3, n + 3))])),
        size=10_000,
        larger_size=10**6,
        words="^$|joins cells",
    ),
    book_case(
        "many styles",
        content=lambda n: _book(
            styles="<cellXfs>" + '<xf numFmtId="0" fontId="1"/>' * n + "</cellXfs>"
        ),
        size=20_000,
        larger_size=10**6,
        words="^$|styles",
        seconds=30,
        megabytes=600,
    ),
    book_case(
        "many number formats",
        content=lambda n: _book(
            styles="<numFmts>"
            + "".join(f'<numFmt numFmtId="{i}" formatCode="0"/>' for i in range(n))
            + "</numFmts>"
        ),
        size=20_000,
        larger_size=10**6,
        words="^$|styles",
        seconds=30,
        megabytes=600,
    ),
    book_case(
        "a number format without end",
        content=lambda n: _formats("0," * n),
        size=2000,
        larger_size=10**6,
        words="cannot be used",
    ),
    book_case(
        "quotes of a number format",
        content=lambda n: _formats("&quot;" * n),
        size=2001,
        larger_size=10**5 + 1,
        words="cannot be used",
    ),
    book_case(
        "brackets of a number format",
        content=lambda n: _formats("[" * n),
        size=2000,
        larger_size=10**5,
        words="cannot be used",
    ),
    book_case(
        "places of a number format",
        content=lambda n: _formats("0." + "0" * n),
        size=2000,
        larger_size=10**5,
        words="cannot be used",
    ),
    book_case(
        "a style that is not there",
        content=lambda n: _book(f'<row r="3"><c s="{n}"><v>1</v></c></row>'),
        size=10**6,
        larger_size=4 * 10**9,
        words="cannot|^$|below",
    ),
    book_case(
        "a style below zero",
        content=lambda n: _book(f'<row r="3"><c s="-{n}"><v>1</v></c></row>'),
        size=1,
        larger_size=10**9,
        words="cannot be read",
    ),
    book_case(
        "many conditions",
        content=lambda n: _book(after=_rules(n), styles=_DIFFERENCES),
        size=5000,
        larger_size=10**5,
        words="^$|conditional formats",
        seconds=30,
    ),
    book_case(
        "conditions of many areas",
        content=lambda n: _book(
            "".join(_row(i, ROW) for i in range(3, 300)),
            after=_rules(n, " ".join(f"A{i}:D{i}" for i in range(1, n))),
            styles=_DIFFERENCES,
        ),
        size=200,
        larger_size=15_000,
        words="cannot|^$|conditional formats",
        seconds=60,
    ),
    book_case(
        "a condition without end",
        content=lambda n: _book(
            after=_rules(1).replace("<formula>5", "<formula>" + "5" * n), styles=_DIFFERENCES
        ),
        size=10**4,
        larger_size=10**5,
        words="cannot|^$",
    ),
    # relations
    book_case(
        "relations in a circle",
        content=lambda _: archive(
            _members(_book()) | {"_rels/.rels": _relations("officeDocument", "/_rels/.rels")}
        ),
        size=1,
        larger_size=1,
        words="sheets: none|cannot be read|has 0",
    ),
    book_case(
        "a relation to elsewhere",
        content=lambda _: _changed(
            "xl/_rels/workbook.xml.rels", b'Target="worksheets/sheet1.xml"', _OUTSIDE
        ),
        size=1,
        larger_size=1,
        words="sheets: none|has 0",
    ),
    book_case(
        "a relation out of the archive",
        content=lambda n: _changed(
            "xl/_rels/workbook.xml.rels", b"worksheets/sheet1.xml", b"../" * n + b"etc/passwd"
        ),
        size=10,
        larger_size=1000,
        words="no part",
    ),
    book_case(
        "many relations",
        content=lambda n: _changed(
            "xl/_rels/workbook.xml.rels",
            b"</Relationships>",
            b"".join(b'<Relationship Id="x%d" Type="a/b" Target="c%d"/>' % (i, i) for i in range(n))
            + b"</Relationships>",
        ),
        size=5000,
        larger_size=10**5,
        words="",
    ),
    book_case(
        "many sheets of one part",
        content=lambda n: _changed(
            "xl/workbook.xml",
            b"</sheets>",
            b"".join(
                b'<sheet name="s%d" sheetId="%d" r:id="rId1"/>' % (i, i) for i in range(2, n + 2)
            )
            + b"</sheets>",
        ),
        size=3000,
        larger_size=10**5,
        words="sheets",
    ),
    book_case(
        "one drawing many times",
        content=lambda n: archive(
            _members(_book())
            | {
                "xl/worksheets/_rels/sheet1.xml.rels": b"<Relationships>"
                + b"".join(
                    b'<Relationship Id="x%d" Type="a/drawing" Target="d.xml"/>' % i
                    for i in range(n)
                )
                + b"</Relationships>",
                "xl/worksheets/d.xml": b"<d>" + b"<sp/>" * 1000 + b"</d>",
            }
        ),
        size=300,
        larger_size=30_000,
        words="^$|drawings|parts",
        seconds=30,
        megabytes=600,
    ),
    book_case(
        "many drawings and comments",
        content=lambda n: archive(
            _members(_book())
            | {
                "xl/worksheets/_rels/sheet1.xml.rels": _relations("comments", "c.xml"),
                "xl/worksheets/c.xml": b"<c>"
                + b"".join(b'<comment ref="A%d"><t>x</t></comment>' % i for i in range(n))
                + b"</c>",
            }
        ),
        size=5000,
        larger_size=5 * 10**5,
        words="",
        seconds=30,
        megabytes=600,
    ),
    # values
    book_case(
        "digits without end",
        content=lambda n: _number("".join(str(i) for i in range(n))),
        size=10**4,
        larger_size=10**5,
        words="cannot",
    ),
    book_case(
        "an exponent",
        content=lambda n: _number("1e" + "9" * n),
        size=3,
        larger_size=30,
        words="cannot",
    ),
    book_case(
        "a large number",
        content=lambda n: _number(f"1e{n}"),
        size=300,
        larger_size=308,
        words="no figure is larger",
    ),
    book_case("no number", content=lambda _: _number("NaN"), size=1, larger_size=1, words="cannot"),
    book_case(
        "a type that is unknown",
        content=lambda n: _number("1", "x" * n),
        size=1,
        larger_size=10**5,
        words="unknown type",
    ),
    book_case(
        "a date beyond any",
        content=lambda n: _number("9" * n + "-01-01", "d"),
        size=9,
        larger_size=10**5,
        words="cannot",
    ),
)
