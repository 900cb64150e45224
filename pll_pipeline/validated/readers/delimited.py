"""Delimited text (CSV and its kin) → the table as published.

Encoding and separator are the source's own declaration. Not here: sniffing, numbers, dates, codes.
"""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

from pll_pipeline.errors import PllError

if TYPE_CHECKING:
    import polars as pl

    from pll_pipeline.sources.model import Delimited


def read(content: bytes, how: Delimited, *, where: str) -> pl.DataFrame:
    """One row per record, every published column as text ("" where empty), plus `row_reference` as file:line.

    Raises `PllError` for bytes in another encoding, a file without rows, a repeated column, a record with too few or
    too many cells, and a last record cut off in the middle.
    """
    import polars as pl

    header, rows, lines = _at_once(content, how) or _one_by_one(
        _text(content, how, where), how.separator, where
    )
    repeated = {name for name in header if header.count(name) > 1}
    if repeated or not len(lines):
        problem = (
            f"The column {sorted(repeated)[0]!r} stands twice"
            if repeated
            else "The file has no rows"
        )
        raise PllError(problem, where=where, do="look at the publication and archive it again")
    frame = (
        rows
        if isinstance(rows, pl.DataFrame)
        else pl.DataFrame(rows, schema={name: pl.String for name in header}, orient="row")
    )
    file = where.rsplit("/", 1)[-1]
    numbers = (
        pl.int_range(lines.start, lines.stop, eager=True)
        if isinstance(lines, range)
        else pl.Series(lines)
    )
    return frame.with_columns((pl.lit(f"{file}:") + numbers.cast(pl.String)).alias("row_reference"))


def _at_once(content: bytes, how: Delimited) -> tuple[list[str], pl.DataFrame, range] | None:
    """Header, rows and their lines where every line is a record: nothing quoted, no empty line, all of one width. Else None."""
    import polars as pl

    if how.encoding != "utf-8":
        try:
            content = content.decode(how.encoding).encode()
        except UnicodeError:
            return None
    plain = content.removeprefix(b"\xef\xbb\xbf")
    if b"\r" in plain:
        plain = plain.replace(b"\r\n", b"\n")
    if (
        b'"' in plain
        or b"\r" in plain
        or b"\n\n" in plain
        or plain.startswith(b"\n")
        or not plain.endswith(b"\n")
    ):
        return None
    header = plain[: plain.index(b"\n")].decode("utf-8", "replace").split(how.separator)
    try:
        rows = pl.read_csv(
            plain,
            separator=how.separator,
            quote_char=None,
            infer_schema=False,
            empty_string_is_null=False,
            extra_columns="raise",
        )
    except pl.exceptions.PolarsError:
        return None
    # as many separators as all lines need, and no line has more: so none has fewer
    is_whole = rows.columns == header and plain.count(how.separator.encode()) == (
        rows.height + 1
    ) * (len(header) - 1)
    return (header, rows, range(2, rows.height + 2)) if is_whole else None


def _text(content: bytes, how: Delimited, where: str) -> str:
    """The text of the file, whole. Raises `PllError` for another encoding and a last line without an end."""
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
    return text


def _one_by_one(
    text: str, separator: str, where: str
) -> tuple[list[str], list[list[str]], list[int]]:
    """Header, rows and the line each begins on, by the rules of quoting. Raises `PllError` for a row of another width."""
    records = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
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
        raise PllError(
            f"The file is not well-formed: {error}",
            where=f"{where}, line {records.line_num}",
            do="fetch or archive it again, whole",
        ) from error
    return header, rows, lines
