"""What a publication contains, for writing its source file: tables, columns, what is not read.

It is opened by the readers of the night, with settings that are found by trying. Not here: asking
publishers (`address.py`), what columns look like (`columns.py`), the starter source file
(`starter.py`), printing (`console.py`).
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from pll_pipeline.errors import PllError
from pll_pipeline.inspection.columns import ColumnSeen, columns_seen, names_of
from pll_pipeline.inspection.delimited_form import delimited_form, encoding_of
from pll_pipeline.inspection.headings import HeadingGroup, heading_groups
from pll_pipeline.inspection.prose_form import prose_form, units_of_figures
from pll_pipeline.inspection.workbook_form import workbook_forms
from pll_pipeline.sources.model import Delimited, Html, JsonStat, PowerBi, Prose, ReaderSettings
from pll_pipeline.validated.readers import read_table
from pll_pipeline.validated.readers.decoding import refuse_other_form
from pll_pipeline.validated.readers.table import NotRead, PublishedTable
from pll_pipeline.vocabulary.codes import Codes

BY_HAND: Mapping[str, Any] = {"kind": "bundled"}
MOST_TABLES = 50  # of one publication that are opened
SECONDS_OF_TABLES = 30.0  # for opening them
# Most rows that a visual of Power BI and other programs export; as many are probably cut off.
EXPORT_LIMITS = (1_000, 10_000, 30_000, 50_000, 65_535, 100_000, 150_000, 1_048_575)


@dataclass(frozen=True)
class TableSeen:
    """One table: its title, the settings that read it, its columns, and the number of its rows.

    `file`: the file it is kept as. `fetching`: how that is fetched, as a source file says it.
    `groups`: value columns with a period in the heading. `not_read`: what is beside the table.
    `units`: of running text, the name of each figure → the unit it is written in.
    """

    title: str
    reading: ReaderSettings
    columns: tuple[ColumnSeen, ...]
    rows: int
    file: str
    fetching: Mapping[str, Any]
    groups: tuple[HeadingGroup, ...] = ()
    not_read: tuple[NotRead, ...] = ()
    units: Mapping[str, str] = field(default_factory=dict)

    @property
    def notes(self) -> list[str]:
        """What a person should know before using the table, line by line."""
        lines = [f"{column.name}: {note}" for column in self.columns for note in column.notes]
        lines += [f"periods in headings: {', '.join(group.columns[:3])}" for group in self.groups]
        lines += [line_of(part) for part in self.not_read]
        if isinstance(self.reading, Delimited) and self.reading.header:
            lines.append(f"the header is the line with {', '.join(self.reading.header)}")
        if self.rows in EXPORT_LIMITS:
            lines.append(
                f"exactly {self.rows} rows, as many as some programs export at most: it may be cut"
                " off"
            )
        return lines


@dataclass(frozen=True)
class Inspection:
    """What a publication is and contains.

    `warnings`: what one should know before using it. `notes`: what it contains, line by line.
    """

    what: str
    tables: tuple[TableSeen, ...]
    warnings: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def inspect(
    content: bytes, file: str, codes: Codes, on: date, fetching: Mapping[str, Any] = BY_HAND
) -> Inspection:
    """What the bytes of a publication contain; region names are tried as of the day `on`.

    `fetching` is how a source file would say that the bytes are fetched. Raises `PllError` for a
    form of file that is not read here, and where nothing in it can be read.
    """
    what, forms = _forms(content, file)
    tables = []
    problems = []
    ends_at = time.monotonic() + SECONDS_OF_TABLES
    for number, (title, reading) in enumerate(forms):
        if number >= MOST_TABLES or time.monotonic() > ends_at:
            problems.append(f"{len(forms) - number} more tables were not opened.")
            break
        try:
            table = read_table(content, reading, where=file)
        except PllError as error:
            problems.append(f"{title}: {error.paragraph()}")
        else:
            tables.append(table_seen(title, reading, table, file, fetching, codes, on))
    if not tables:
        reasons = f" {' '.join(problems)}" if problems else ""
        raise PllError(
            f"{what[0].upper()}{what[1:]}, but no table in it could be read.{reasons}",
            where=file,
            do="see whether it is the file that was meant",
        )
    return Inspection(what, tuple(tables), tuple(problems))


def table_seen(
    title: str,
    reading: ReaderSettings,
    table: PublishedTable,
    file: str,
    fetching: Mapping[str, Any],
    codes: Codes,
    on: date,
) -> TableSeen:
    """A table that has been read, with what its columns look like."""
    columns = columns_seen(table, codes, on)
    numbers = names_of(columns, "number")
    others = [column.name for column in columns if column.name not in numbers]
    return TableSeen(
        title,
        reading,
        columns,
        table.frame.height,
        file,
        fetching,
        tuple(heading_groups(numbers, codes, others)),
        table.not_read,
        units_of_figures(table) if isinstance(reading, Prose) else {},
    )


def line_of(part: NotRead) -> str:
    """What was not read, where, how much of it, and the first text of it."""
    example = f", the first {part.example!r}" if part.example else ""
    return f"not read: {part.what} ({part.count}), {part.where}{example}"


# --- forms of publication ---------------------------------------------------------------------


def _forms(content: bytes, file: str) -> tuple[str, Sequence[tuple[str, ReaderSettings]]]:
    """What the bytes are, and each table one may try to read, with its title."""
    refuse_other_form(content, where=file)
    if content.startswith(b"PK"):
        return "an Excel workbook", list(workbook_forms(content, file))
    start = content.lstrip(b"\xef\xbb\xbf \t\r\n")[:1]
    if start in (b"{", b"["):
        return _json_form(content, file)
    if start == b"<":
        return "a web page", list(_page_forms(content, file))
    return "delimited text", [(file, delimited_form(content, file))]


def _page_forms(content: bytes, file: str) -> Iterator[tuple[str, Html | Prose]]:
    """The tables of a page, or where it has none the figures in its sentences."""
    from pll_pipeline.validated.readers.html import headers

    encoding = encoding_of(content, file)
    found = headers(content, encoding, where=file)
    if not found:
        prose = prose_form(content, encoding, file)
        if prose is None:
            raise PllError(
                "This is a web page without a table, and without a figure in its sentences",
                where=file,
                do="open it in a browser: figures put there by a script are published elsewhere,"
                " as in a file the page loads or a report it embeds",
            )
        yield "figures in its sentences", prose
    for number, (title, header) in enumerate(found, 1):
        # those that are opened only: a page may have thousands of tables
        is_shared = number <= MOST_TABLES and _fits_several(header, found)
        settings: dict[str, Any] = {"kind": "html", "encoding": encoding, "header": header}
        if title and is_shared:
            settings["caption"] = f"^{re.escape(title)}$"
        yield title or f"table {number}", Html.model_validate(settings)


def _fits_several(header: list[str], found: Sequence[tuple[str, list[str]]]) -> bool:
    """Whether several tables have all the headings of one, and differ by their captions only."""
    return sum(set(header) <= set(other) for _, other in found) > 1


def _results(content: bytes, file: str) -> Iterator[tuple[str, PowerBi]]:
    """Every result of a saved answer, with the filters that were saved with it."""
    from pll_pipeline.validated.readers.powerbi import saved

    answer = saved(content, where=file)
    settings: dict[str, Any] = {"kind": "powerbi", "filters": list(answer.filters)}
    if answer.results < 2:
        yield file, PowerBi.model_validate(settings)
        return
    for number in range(1, answer.results + 1):
        yield f"result {number}", PowerBi.model_validate(settings | {"result": number})


def _json_form(content: bytes, file: str) -> tuple[str, list[tuple[str, ReaderSettings]]]:
    try:
        document = json.loads(content.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise PllError(
            f"This begins as JSON and is not: {error}",
            where=file,
            do="see whether the answer was cut off",
        ) from error
    keys = set(document) if isinstance(document, dict) else set()
    if keys & {"results", "pages"}:
        return "a saved answer of a Power BI report", list(_results(content, file))
    if keys and (document.get("class") == "dataset" or "dataset" in keys):
        title = str(document.get("label") or file)
        return "a JSON-stat dataset", [(title, JsonStat(kind="jsonstat"))]
    shown = ", ".join(list(document)[:8]) if keys else "a list"
    raise PllError(
        f"This JSON is neither JSON-stat nor an answer of a Power BI report ({shown})",
        where=file,
        do="look for another form of the publication",
    )
