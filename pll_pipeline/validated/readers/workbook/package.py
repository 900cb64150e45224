"""The file of a workbook: a zip archive of parts, opened with care.

It is taken for hostile until its members have been looked at: how many, how large unpacked, none
encrypted; and each part is parsed without document types or entities. Both forms of Office Open
XML, the usual one and Strict, are read: elements and relations are known by their local names.
Not here: what the parts say (`styles.py`, `texts.py`, `sheet.py`).
"""

from __future__ import annotations

import io
import lzma
import posixpath
import struct
import zipfile
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import pairwise
from typing import Protocol
from xml.parsers import expat

from pll_pipeline.errors import PllError
from pll_pipeline.validated.readers.decoding import refuse_other_form

MOST_BYTES = 512 * 2**20
MOST_MEMBERS = 2000
MOST_RATIO = 200
SMALL_MEMBER = 2**20
_CHUNK = 2**16
_LEAST_HEADER = 30  # bytes before the name and content of a member
_USUAL_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
# A damaged archive fails in many ways.
_DAMAGE = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    struct.error,
    EOFError,
    OSError,
    RuntimeError,
    NotImplementedError,
    ValueError,
    OverflowError,
)
_ASK = (
    "see what the publisher changed, save the workbook as .xlsx without a password if need be, and"
    " archive it again"
)
REFUSED = "do not open the file; ask the publisher for a plain .xlsx workbook and archive that"
AGAIN = "fetch or archive it again, whole"
Attributes = dict[str, str]
Start = Callable[[str, Attributes], None]


class Handler(Protocol):
    """What takes the elements of a part, by their local names."""

    def start(self, name: str, attributes: Attributes) -> None:
        """An element begins."""

    def end(self, name: str) -> None:
        """An element ends."""

    def text(self, text: str) -> None:
        """Some text within an element."""


class _Declares(Exception):
    """The part declares a document type, and with it perhaps entities."""


class Package:
    """The parts of one workbook. `where` names the file in errors."""

    def __init__(self, archive: zipfile.ZipFile, where: str) -> None:
        self.where = where
        self._archive = archive
        self._members = {_part_name(member): member for member in archive.infolist()}

    def has(self, part: str) -> bool:
        """Whether there is such a part; names of parts differ by more than their letters' case."""
        return part.lower() in self._members

    def parse(self, part: str, handler: Handler) -> None:
        """Give the elements of a part to `handler` in order. Raises `PllError` for bad XML."""
        member = self._members.get(part.lower())
        if member is None:
            raise PllError(
                f"The workbook has no part {part!r}, which it refers to", where=self.where, do=AGAIN
            )
        parser = _parser(handler)
        try:
            for chunk in self._chunks(member):
                parser.Parse(chunk, False)
            parser.Parse(b"", True)
        except _Declares as error:
            raise PllError(
                f"{member.filename!r} in the workbook declares a document type or entities",
                where=self.where,
                do=REFUSED,
            ) from error
        # what a handler cannot make sense of is a number, a place or an index that is none
        except (expat.ExpatError, ValueError, LookupError, OverflowError) as error:
            raise PllError(
                f"The workbook cannot be read: {member.filename!r}: {error}".replace("\n", " "),
                where=self.where,
                do=AGAIN,
            ) from error

    def _chunks(self, member: zipfile.ZipInfo) -> Iterator[bytes]:
        try:
            with self._archive.open(member) as opened_member:
                while chunk := opened_member.read(_CHUNK):
                    yield chunk
        except _DAMAGE as error:
            raise _damaged(error, self.where) from error

    def related(self, part: str, kind: str) -> list[str]:
        """The parts that `part` refers to as a relation of this kind, such as `worksheet`."""
        return [target for of_kind, target in self.relations(part).values() if of_kind == kind]

    def relations(self, part: str) -> dict[str, tuple[str, str]]:
        """Id → kind and name of every part that `part` ("" for the package) refers to."""
        folder, name = posixpath.split(part)
        listed = posixpath.join(folder, "_rels", f"{name}.rels")
        if not self.has(listed):
            return {}
        relations = _Relations(folder)
        self.parse(listed, relations)
        return relations.targets


@contextmanager
def opened(content: bytes, where: str) -> Iterator[Package]:
    """The package of an .xlsx workbook. Raises `PllError` that names what the file is instead."""
    _refuse_other_forms(content, where)
    try:
        archive = zipfile.ZipFile(io.BytesIO(content))
    except _DAMAGE as error:
        raise _damaged(error, where) from error
    with archive:
        _refuse_explosive_members(archive.infolist(), where)
        _refuse_other_archives(archive, where)
        yield Package(archive, where)


def _damaged(error: Exception, where: str) -> PllError:
    return PllError(f"The workbook's archive is damaged: {error}", where=where, do=AGAIN)


def _refuse_other_forms(content: bytes, where: str) -> None:
    """Say what the file is when it is no zip archive."""
    if content.startswith(b"PK\x03\x04"):
        return
    refuse_other_form(content, where=where)
    start = content[:2048].removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    if start.startswith((b"<!doctype html", b"<html", b"<table")) or b"<html" in start:
        what = "The file is a web page, not a workbook; perhaps the publisher's error page"
    elif start.startswith(b"<?xml"):
        what = "The file is XML, not an .xlsx workbook"
    else:
        what = "The file is not an .xlsx workbook" if content else "The file is empty"
    raise PllError(what, where=where, do=_ASK)


def _refuse_other_archives(archive: zipfile.ZipFile, where: str) -> None:
    """Say what a zip archive is when it is no .xlsx workbook."""
    names = {name.replace("\\", "/").lower() for name in archive.namelist()}
    if "xl/workbook.bin" in names:
        what = "a binary workbook (.xlsb)"
    elif "content.xml" in names and "mimetype" in names:
        what = "an OpenDocument file, such as a spreadsheet of LibreOffice (.ods)"
    elif "word/document.xml" in names:
        what = "a Word document (.docx)"
    elif "ppt/presentation.xml" in names:
        what = "a presentation (.pptx)"
    elif "[content_types].xml" not in names:
        what = "a zip archive, but no workbook"
    else:
        return
    raise PllError(f"The file is {what}, not .xlsx", where=where, do=_ASK)


def _refuse_explosive_members(members: list[zipfile.ZipInfo], where: str) -> None:
    total = sum(member.file_size for member in members)
    what = ""
    if len(members) > MOST_MEMBERS:
        what = f"The workbook's archive has {len(members)} members, more than {MOST_MEMBERS}"
    elif total > MOST_BYTES:
        what = f"The workbook unpacks to {total} bytes, more than {MOST_BYTES}"
    if what:
        raise PllError(what, where=where, do=REFUSED)
    _refuse_shared_bytes(members, where)
    for member in members:
        if member.flag_bits & 0x1 or member.compress_type not in _USUAL_METHODS:
            how = "encrypted" if member.flag_bits & 0x1 else "packed in an unusual way"
            raise PllError(f"{member.filename!r} in the workbook is {how}", where=where, do=_ASK)
        if member.file_size > SMALL_MEMBER and member.file_size > MOST_RATIO * member.compress_size:
            raise PllError(
                f"{member.filename!r} in the workbook unpacks to {member.file_size} bytes from"
                f" {member.compress_size}, more than {MOST_RATIO} times as many",
                where=where,
                do=REFUSED,
            )


def _refuse_shared_bytes(members: list[zipfile.ZipInfo], where: str) -> None:
    """Raise `PllError` where two members have the same name, or the same bytes of the file."""
    what = ""
    names = Counter(_part_name(member) for member in members)
    if len(names) < len(members):
        what = f"{names.most_common(1)[0][0]!r} is in the workbook twice"
    in_order = sorted(members, key=lambda member: member.header_offset)
    for first, second in pairwise(in_order):
        if first.header_offset + _LEAST_HEADER + first.compress_size > second.header_offset:
            what = f"{first.filename!r} and {second.filename!r} in the workbook overlap"
            break
    if what:
        raise PllError(what, where=where, do=REFUSED)


def _part_name(member: zipfile.ZipInfo) -> str:
    """The name of a part as others refer to it; some programs write names of Windows."""
    return member.filename.replace("\\", "/").lower().lstrip("/")


class _Relations:
    """Reads a part of relationships."""

    def __init__(self, folder: str) -> None:
        self._folder = folder
        self.targets: dict[str, tuple[str, str]] = {}

    def start(self, name: str, attributes: Attributes) -> None:
        if name == "Relationship" and attributes.get("TargetMode") != "External":
            target = attributes.get("Target", "").replace("\\", "/")
            whole = posixpath.normpath(posixpath.join("/", self._folder, target)).lstrip("/")
            kind = attributes.get("Type", "").rsplit("/", 1)[-1]
            self.targets[attributes.get("Id", "")] = (kind, whole)

    def end(self, name: str) -> None:
        """Nothing ends that matters."""

    def text(self, text: str) -> None:
        """Relationships have no text."""


def _parser(handler: Handler) -> expat.XMLParserType:
    """A parser that gives elements to `handler` and refuses what could make them grow.

    The prefix of the outermost element is that of the part's own form, and is left out of names;
    names of other forms keep theirs, as `x14:cfRule`.
    """
    parser = expat.ParserCreate()

    def first(name: str, attributes: Attributes) -> None:
        prefix, colon, _ = name.rpartition(":")
        start, end = _without(prefix + colon, handler) if prefix else (handler.start, handler.end)
        parser.StartElementHandler, parser.EndElementHandler = start, end
        start(name, attributes)

    def refuse(*_: object) -> None:
        raise _Declares

    parser.buffer_text = True
    parser.StartElementHandler = first
    parser.CharacterDataHandler = handler.text
    parser.StartDoctypeDeclHandler = refuse
    parser.EntityDeclHandler = refuse
    return parser


def _without(prefix: str, handler: Handler) -> tuple[Start, Callable[[str], None]]:
    """The handlers of elements, for names without this prefix."""

    def start(name: str, attributes: Attributes) -> None:
        handler.start(name.removeprefix(prefix), attributes)

    def end(name: str) -> None:
        handler.end(name.removeprefix(prefix))

    return start, end


def attribute(attributes: Attributes, name: str) -> str | None:
    """The attribute of that local name, whatever its prefix."""
    if name in attributes:
        return attributes[name]
    return next((value for key, value in attributes.items() if key.endswith(f":{name}")), None)


def is_true(text: str | None) -> bool:
    """Whether an attribute of a flag is set."""
    return text is not None and text.strip().lower() in ("1", "true", "on")
