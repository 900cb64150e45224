"""The table as published: what every reader returns, and what the mapping and `pll inspect` take.

A reader sees the publication as a person does. What it cannot give as text is kept beside the
frame, cell by cell. Not here: reading bytes (the other modules of this package), meaning
(`validated/mapping.py`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from pll_pipeline.errors import PllError

if TYPE_CHECKING:
    import polars as pl

ROW_REFERENCE = "row_reference"
# Of all cells together. A text that many cells share, or that is repeated, counts for each of them.
MOST_CHARACTERS = 2**29


def refuse_long_texts(characters: int, where: str) -> None:
    """Raise `PllError` for a table with more characters than any publication has."""
    if characters > MOST_CHARACTERS:
        raise PllError(
            f"The cells of the table have more than {MOST_CHARACTERS} characters together",
            where=where,
            do="look at the publication: it has become another, or was made to do harm",
        )


@dataclass(frozen=True)
class NotRead:
    """Something in the publication that was not read: where, what, how many, the first text of it.

    `where` reads "sheet 'Tall', rows 9–12". `what` reads "hidden rows", "rows below the table",
    "columns beside the table", "lines above the header", "left out by the source file". `count` is
    the number of rows, columns, sheets, lines or elements, whichever `what` names.
    `may_belong`: rows that look like those of the table, so that leaving them out may be wrong.
    Such a snapshot is refused until the source file says where the table ends.
    """

    where: str
    what: str
    count: int
    example: str = ""
    may_belong: bool = False


@dataclass(frozen=True)
class PublishedTable:
    """One published table and what its cells say of themselves.

    - `frame`: one text column per published column, as a reader of the publication sees it (""
      where empty), and `row_reference` (file, and where in it).
    - `number_cells`: column → mask of its rows. True: the cell is a number of a workbook or of
      JSON, not a text. Its text is in point form ("1234.5", "94.8 %", "1.2e-05") and is never read
      by a source's text convention.
    - `joined_cells`: column → mask of its rows. True: the text comes from a cell that covers
      several rows or columns. A label may be spread so; a figure is refused.
    - `faults`: (row index, column) → why the shown text cannot be known, as a clause: "contains a
      formula whose result is not stored". A row whose mapping uses the cell is refused; a fault in
      an unused column harms nothing.
    - `units`: value column → the unit the publication states for each row ("1 000 personer"); null
      where it states none.
    - `not_read`: what the publication contains besides the table.
    - `texts_around`: title lines, caption and notes of the table, which may state its unit.

    Every mask and series has the length of `frame`; a column that is missing from a mapping has
    nothing to say.
    """

    frame: pl.DataFrame
    number_cells: Mapping[str, pl.Series] = field(default_factory=dict)
    joined_cells: Mapping[str, pl.Series] = field(default_factory=dict)
    faults: Mapping[tuple[int, str], str] = field(default_factory=dict)
    units: Mapping[str, pl.Series] = field(default_factory=dict)
    not_read: tuple[NotRead, ...] = ()
    texts_around: tuple[str, ...] = ()

    @property
    def columns(self) -> list[str]:
        """The published columns, without `row_reference`."""
        return [column for column in self.frame.columns if column != ROW_REFERENCE]

    def filter(self, keep: pl.Series) -> PublishedTable:
        """The rows where the mask `keep` is true, with what is known of their cells."""
        new_index = {old: new for new, old in enumerate(keep.arg_true().to_list())}
        return replace(
            self,
            frame=self.frame.filter(keep),
            number_cells={column: mask.filter(keep) for column, mask in self.number_cells.items()},
            joined_cells={column: mask.filter(keep) for column, mask in self.joined_cells.items()},
            faults={
                (new_index[row], column): why
                for (row, column), why in self.faults.items()
                if row in new_index
            },
            units={column: units.filter(keep) for column, units in self.units.items()},
        )
