"""How delimited text is written: encoding, separator, header, title lines, where its table ends.

Found by trying; what is found is proposed to a person. Not here: reading it for the night
(`validated/readers/delimited.py`, whose records and marks are used here too).
"""

from __future__ import annotations

import codecs
import re
from collections import Counter
from dataclasses import dataclass
from typing import get_args

from pll_pipeline.errors import PllError
from pll_pipeline.sources.model import Delimited, Encoding, Separator
from pll_pipeline.validated.readers.decoding import decode
from pll_pipeline.validated.readers.delimited import (
    FILTER_TEXT,
    SEPARATOR_LINE,
    Record,
    read_records,
)

_TRIED: tuple[Encoding, ...] = ("utf-8", "windows-1252")
_MOST_RECORDS = 200  # at the start of a file, and at its end
_MOST_CHARACTERS = 2**18
_NUMBER = re.compile(r"[<≤~]?\s*[-−+]?\d[\d\s.,\u00a0\u202f]*%?|[:.·\-–—]|\.{2,3}")
_YEAR = re.compile(r"(?:19|20)\d\d")
_LONGEST_WORD = 20


@dataclass(frozen=True)
class _Layout:
    """How the records of a file are divided with one separator."""

    separator: Separator
    width: int
    count: int
    records: list[Record]


def delimited_form(content: bytes, file: str) -> Delimited:
    """The settings that read the file. Raises `PllError` for bytes that are no text."""
    encoding = encoding_of(content, file)
    text = decode(content, encoding, where=file)
    layout = _layout(_start_of(text), file)
    settings: dict[str, object] = {
        "kind": "delimited",
        "encoding": encoding,
        "separator": layout.separator,
    }
    if layout.width > 1:
        settings |= _header(layout) | _end(text, layout, file)
    return Delimited.model_validate(settings)


def encoding_of(content: bytes, file: str) -> Encoding:
    """The encoding by the byte order mark, else the first in which the bytes are text."""
    has_zeros = content[:1000].count(0) > len(content[:1000]) // 4
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) or has_zeros:
        return "utf-16"
    for encoding in _TRIED:
        try:
            content.decode(encoding)
        except UnicodeDecodeError:
            continue
        return encoding
    raise PllError(
        "The text is neither UTF-8 nor Windows-1252",
        where=file,
        do="ask the publisher for the encoding",
    )


def _start_of(text: str) -> str:
    """The first lines of the text, whole."""
    if len(text) <= _MOST_CHARACTERS:
        return text
    start = text[:_MOST_CHARACTERS]
    return start[: max(start.rfind("\n"), start.rfind("\r")) + 1] or start


def _records(text: str, separator: str, file: str) -> list[Record]:
    """The first records of a text, up to a misplaced quote."""
    records: list[Record] = []
    try:
        for record in read_records(text, separator, file):
            if record.text:
                records.append(record)
            if len(records) == _MOST_RECORDS:
                break
    except PllError:
        pass
    return records


def _layout(text: str, file: str) -> _Layout:
    """The layout with the separator that gives most cells in records of one width."""
    first_line = re.split(r"[\r\n]", text, maxsplit=1)[0]
    declared = SEPARATOR_LINE.fullmatch(first_line)
    layouts = []
    for separator in get_args(Separator):
        records = _records(text, separator, file)
        widths = Counter(len(record.cells) for record in records if len(record.cells) > 1)
        width, count = max(widths.items(), key=lambda w: (w[1] * (w[0] - 1), w[0]), default=(1, 0))
        layouts.append(_Layout(separator, width, count, records))
        if declared and declared[1] == separator:
            return layouts[-1]
    # a semicolon where several are as good: exports of Norwegian programs have it
    return max(layouts, key=lambda one: (one.count * (one.width - 1), one.separator == ";"))


# --- header and end ---------------------------------------------------------------------------


def _header(layout: _Layout) -> dict[str, object]:
    """The texts of the header line where it is not the first, and how many lines it spans."""
    wide = [record for record in layout.records if len(record.cells) == layout.width]
    filled = [record for record in wide if any(cell.strip() for cell in record.cells[1:])]
    if not filled:
        return {}
    header, rows = filled[0], 1
    while rows < min(4, len(filled) - 1) and _has_gap(header) and _goes_on(header, filled[rows]):
        header = filled[rows]
        rows += 1
    settings: dict[str, object] = {"header_rows": rows} if rows > 1 else {}
    above = [r for r in layout.records if r.first_line < filled[0].first_line]
    if rows > 1 or any(not _is_read_over(record, layout) for record in above):
        settings["header"] = [cell for cell in header.cells if cell.strip()]
    unnamed = sum(not cell.strip() for cell in header.cells)
    if unnamed > 1 and rows == 1:
        settings["columns"] = [
            cell.strip() or f"column {number}" for number, cell in enumerate(header.cells, 1)
        ]
    return settings


def _has_gap(record: Record) -> bool:
    return any(not cell.strip() for cell in record.cells)


def _goes_on(header: Record, below: Record) -> bool:
    """Whether the line below belongs to the header too.

    It has no number but years, and no gap where the header has one.
    """
    pairs = [(up.strip(), down.strip()) for up, down in zip(header.cells, below.cells, strict=True)]
    texts = [down for _, down in pairs if down]
    is_named = all(up or down for up, down in pairs)
    return is_named and all(not _NUMBER.fullmatch(t) or _YEAR.fullmatch(t) for t in texts)


def _is_read_over(record: Record, layout: _Layout) -> bool:
    """Whether the reader leaves the record out by itself."""
    line = layout.separator.join(record.cells)
    is_separator_line = record.first_line == 1 and SEPARATOR_LINE.fullmatch(line)
    return bool(is_separator_line or FILTER_TEXT.match(record.text))


def _end(text: str, layout: _Layout, file: str) -> dict[str, object]:
    """The first word of the first line below the table, where there is one."""
    last = _last_records(text, layout.separator, file)
    below: list[Record] = []
    for record in reversed(last):
        is_row = len(record.cells) == layout.width
        if is_row and sum(map(bool, map(str.strip, record.cells))) > 1:
            break
        below.append(record)
    if not below or len(below) == len(last) or FILTER_TEXT.match(below[-1].text):
        return {}
    first = below[-1].cells[0].strip() or below[-1].text.strip()
    word = re.split(r"[\s:]", first)[0][:_LONGEST_WORD]
    rows = [record.cells[0].strip() for record in layout.records if record.first_line > 1]
    is_only_there = not any(row.startswith(word) for row in rows if row != first)
    start = word if word and is_only_there else first[: 2 * _LONGEST_WORD]
    return {"ends_at": f"^{re.escape(start)}"} if start else {}


def _last_records(text: str, separator: str, file: str) -> list[Record]:
    """The last records of a text; of a long one those that begin in its last lines."""
    if len(text) > _MOST_CHARACTERS:
        tail = text[-_MOST_CHARACTERS:]
        text = tail[min(i for i in (tail.find("\n"), tail.find("\r"), len(tail)) if i >= 0) :]
    try:
        return [record for record in read_records(text, separator, file) if record.text][
            -_MOST_RECORDS:
        ]
    except PllError:
        return []
