"""Delimited text (CSV and its kin) → the table as published.

Encoding and separator are the source's own declaration. Not here: sniffing, numbers, dates, codes.
"""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

from pll_pipeline.config import PllError

if TYPE_CHECKING:
    import polars as pl

    from pll_pipeline.sources.model import Delimited


def read(content: bytes, how: Delimited, *, where: str) -> pl.DataFrame:
    """One row per record, every published column as text ("" where empty), plus `row_reference` as file:line.

    Raises `PllError` for bytes in another encoding, a file without rows, a repeated column, a record with too few or
    too many cells, and a last record cut off in the middle.
    """
    import polars as pl

    try:
        text = content.decode(how.encoding)
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise PllError(
            f"The file is not {how.encoding}: byte {error.start} cannot be read",
            where=f"{where}, line {line}",
            do="ask whether the publisher changed the encoding, then say so in the source file under read.encoding",
        ) from error
    text = text.removeprefix("\ufeff")
    if text and not text.endswith(("\n", "\r")):
        raise PllError(
            "The file ends in the middle of a line, so it was probably cut off",
            where=f"{where}, line {text.count(chr(10)) + 1}",
            do="fetch or archive it again, whole",
        )
    records = csv.reader(io.StringIO(text, newline=""), delimiter=how.separator, strict=True)
    rows: list[list[str]] = []
    lines: list[int] = []
    try:
        header = next(records, [])
        start = records.line_num + 1
        for record in records:
            if record:
                if len(record) != len(header):
                    raise PllError(
                        f"The row has {len(record)} cells, the header {len(header)}",
                        where=f"{where}, line {start}",
                        do="see whether the file was cut off or the separator changed, then archive it again",
                    )
                rows.append(record)
                lines.append(start)
            start = records.line_num + 1
    except csv.Error as error:
        raise PllError(f"The file is not well-formed: {error}", where=f"{where}, line {records.line_num}", do="fetch or archive it again, whole") from error
    repeated = {name for name in header if header.count(name) > 1}
    if repeated or not rows:
        problem = f"The column {sorted(repeated)[0]!r} stands twice" if repeated else "The file has no rows"
        raise PllError(problem, where=where, do="look at the publication and archive it again")
    file = where.rsplit("/", 1)[-1]
    frame = pl.DataFrame(rows, schema={name: pl.String for name in header}, orient="row")
    return frame.with_columns(pl.Series("row_reference", [f"{file}:{line}" for line in lines]))
