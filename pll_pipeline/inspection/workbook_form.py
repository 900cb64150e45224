"""Where the tables of a workbook are: the sheets that a reader sees, and their header rows.

What is found is proposed to a person. Not here: what a sheet shows (`validated/readers/workbook/`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

from pll_pipeline.sources.model import Workbook

_MOST_HEADER_ROWS = 30
_MOST_ROWS_OF_A_HEADER = 4
_YEAR = re.compile(r"(?:19|20)\d\d")
# A cell as the grid gives it: its text, and whether it is a number.
_Cell = tuple[str, bool] | None


def workbook_forms(content: bytes, file: str) -> Iterator[tuple[str, Workbook]]:
    """Each sheet with something like a table: its name, and the settings that read it.

    Raises `PllError` for anything but a sound .xlsx workbook.
    """
    from pll_pipeline.validated.readers.workbook import sheets

    for sheet in sheets(content, where=file):
        header = _header(sheet.grid.top(_MOST_HEADER_ROWS)) if sheet.grid is not None else None
        if header:
            texts, rows, names = header
            settings = {
                "kind": "workbook",
                "sheet": f"^{re.escape(sheet.name)}$",
                "header": texts,
                "header_rows": rows,
                "columns": names,
            }
            yield sheet.name, Workbook.model_validate(settings)


def _header(rows: list[list[_Cell]]) -> tuple[list[str], int, list[str]] | None:
    """The texts of the header, how many rows it spans, and names where columns have none.

    It is the first row of texts alone that is followed by a row as wide. It goes on where the row
    below fills what it leaves empty and leaves empty what it fills, as merged headings do.
    """
    for number, (above, below) in enumerate(pairwise(rows)):
        texts = _texts(above)
        filled = _filled(above)
        unnamed = _unnamed(above, below)
        least = 1 if len(unnamed) > 1 else 2
        if len(texts) < least or len(texts) != filled or _filled(below) < filled - 1:
            continue
        last = number
        while last + 1 < len(rows) and _goes_on(rows[last], rows[last + 1]):
            last += 1
        span = min(last - number + 1, _MOST_ROWS_OF_A_HEADER)
        names = _names(above, unnamed) if span == 1 and len(unnamed) > 1 else []
        return _texts(rows[number + span - 1]), span, names
    return None


def _unnamed(header: list[_Cell], row: list[_Cell]) -> list[int]:
    """The columns before the last heading that have texts and no heading."""
    last = max((n for n, cell in enumerate(header) if cell), default=0)
    pairs = enumerate(zip(header[:last], row[:last], strict=True))
    return [n for n, (heading, cell) in pairs if heading is None and cell and not cell[1]]


def _names(header: list[_Cell], unnamed: list[int]) -> list[str]:
    """A name for each column of the table: its heading, or its number."""
    named = [(n, cell[0].strip()) for n, cell in enumerate(header) if cell]
    places = {**dict(named), **{n: f"column {n + 1}" for n in unnamed}}
    return [places[n] for n in sorted(places)]


def _goes_on(above: list[_Cell], below: list[_Cell]) -> bool:
    """Whether the row below is a header row too, by the places that each of them fills."""
    gaps = [(up is None, down is None) for up, down in zip(above, below, strict=False)]
    is_interlocked = (True, False) in gaps and (False, True) in gaps
    return is_interlocked and len(_texts(below)) == _filled(below)


def _filled(row: list[_Cell]) -> int:
    return sum(cell is not None for cell in row)


def _texts(row: list[_Cell]) -> list[str]:
    """The texts of the row; a number that is a year may be a heading too."""
    cells = [(cell[0].strip(), cell[1]) for cell in row if cell]
    return [text for text, is_number in cells if text and (not is_number or _YEAR.fullmatch(text))]
