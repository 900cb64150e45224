"""What a publication holds, for whoever is about to write its source file: tables, columns, what they look like, and a starter file.

Guesses are allowed here and nowhere else: what this proposes becomes true only when a person confirms it in the source
file. Not here: reading for the night (`readers/`), asking publishers (`address.py`), printing (`cli.py`).
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

import yaml

from pll_pipeline.errors import PllError
from pll_pipeline.sources.model import Delimited, Html, JsonStat, PowerBi, ReaderSettings, Workbook
from pll_pipeline.validated.readers import ROW_REFERENCE, read_table
from pll_pipeline.validated.readers.decoding import refuse_other_form
from pll_pipeline.vocabulary.codes import Codes
from pll_pipeline.vocabulary.norwegian.numbers import (
    NORWEGIAN,
    NORWEGIAN_DOTTED,
    POINT,
    NumberConvention,
    read_number,
)
from pll_pipeline.vocabulary.norwegian.periods import read_period

if TYPE_CHECKING:
    import polars as pl

CONFIRM = "CONFIRM"
BY_HAND: Mapping[str, Any] = {"kind": "bundled"}
_CONVENTIONS = {"point": POINT, "norwegian": NORWEGIAN, "norwegian_dotted": NORWEGIAN_DOTTED}
_SAMPLE = 200
_MOST_HEADER_ROWS = 30
_ENOUGH = 0.8
# a workbook and a report know no months: their months are first days
_DAYS = {
    "days standing for months": (re.compile(r"\d{4}-\d\d-01(T00:00:00)?"), r"^(\d{4}-\d\d)"),
    "days": (re.compile(r"\d{4}-\d\d-\d\d(T00:00:00)?"), r"^(\d{4}-\d\d-\d\d)"),
}


@dataclass(frozen=True)
class ColumnSeen:
    """One column: up to three of its texts, how many different ones it has, and what it looks like.

    `looks_like` is region, period, actor_type, number, constant or text; `detail` says which level or number convention.
    """

    name: str
    examples: tuple[str, ...]
    distinct: int
    looks_like: str
    detail: str = ""


@dataclass(frozen=True)
class TableSeen:
    """One table: its title, how it was read, its columns, the number of rows, the file it is kept as and how that is fetched."""

    title: str
    reading: ReaderSettings
    columns: tuple[ColumnSeen, ...]
    rows: int
    file: str
    fetching: Mapping[str, Any]


@dataclass(frozen=True)
class Inspection:
    """What a publication is and holds, and what one should know before using it. `told` is shown line by line."""

    what: str
    tables: tuple[TableSeen, ...]
    warnings: tuple[str, ...] = ()
    told: tuple[str, ...] = ()


def inspect(
    content: bytes, file: str, codes: Codes, on: date, fetching: Mapping[str, Any] = BY_HAND
) -> Inspection:
    """What the bytes of a publication hold; region names are tried as of the day `on`.

    `fetching` is how a source file would say that the bytes are fetched.

    Raises `PllError` when nothing that can be read is found.
    """
    what, readings = _kinds(content, file)
    tables = []
    problems = []
    for title, reading in readings:
        try:
            table = read_table(content, reading, where=file).frame
        except PllError as error:
            problems.append(f"{title}: {error.paragraph()}")
        else:
            tables.append(
                TableSeen(title, reading, columns(table, codes, on), table.height, file, fetching)
            )
    if not tables:
        raise PllError(
            f"{what[0].upper()}{what[1:]}, but no table in it could be read. {' '.join(problems)}".strip(),
            where=file,
            do="see whether it is the file that was meant",
        )
    return Inspection(what, tuple(tables), tuple(problems))


def starter(table: TableSeen, name: str) -> str:
    """A source file for the table, every guess marked to be confirmed. It takes part in a night once `is_enabled` is true."""
    found = {
        kind: [c for c in table.columns if c.looks_like == kind]
        for kind in ("region", "period", "actor_type", "number")
    }
    conventions = Counter(c.detail for c in found["number"])
    region, period, actor = (
        found[kind][0] if found[kind] else None for kind in ("region", "period", "actor_type")
    )
    said: dict[str, Any] = {
        "name": name,
        "title": CONFIRM,
        "title_en": CONFIRM,
        "publisher": CONFIRM,
        "landing_page": "https://example.no/",
        "licence": CONFIRM,
        "attribution": CONFIRM,
        "cadence": "monthly",
        "max_age_days": 62,
        "is_enabled": False,
        "fetch": dict(table.fetching),
        "read": table.reading.model_dump(exclude_defaults=True) | {"kind": table.reading.kind},
        "numbers": conventions.most_common(1)[0][0] if conventions else "point",
        "tables": [
            {
                "holds": "observations",
                "file": table.file,
                "expected_columns": [c.name for c in table.columns],
                "rows": [max(1, table.rows // 2), table.rows * 3],
                "values": [{"column": c.name, "measure": CONFIRM} for c in found["number"]]
                or [{"column": CONFIRM, "measure": CONFIRM}],
                "region": {
                    "name": {"column": region.name},
                    "level": region.detail,
                    "levels": {region.detail: [region.detail]},
                }
                if region
                else {"name": "Norge", "level": "land", "levels": {"land": ["land"]}},
                "actor_type": {"column": actor.name} if actor else "alle",
                "period": {
                    "text": {"column": period.name}
                    | ({"pattern": _DAYS[period.detail][1]} if period.detail else {})
                    if period
                    else CONFIRM
                },
                "address": "https://example.no/",
            }
        ],
    }
    head = (
        "# A starter made by `pll inspect`. Every guess is to be confirmed: replace each CONFIRM, look at region, period and actor_type,\n"
        "# give each value its measure (a code of dbt_project/seeds/measure.csv) and its unit, then set is_enabled to true.\n"
    )
    return head + yaml.safe_dump(said, sort_keys=False, allow_unicode=True, width=160)


def _kinds(content: bytes, file: str) -> tuple[str, list[tuple[str, ReaderSettings]]]:
    """What the bytes are, and each table one may try to read, with its title."""
    refuse_other_form(content, where=file)
    if content.startswith(b"PK"):
        return "an Excel workbook", list(_sheets(content, file))
    start = content.lstrip(b"\xef\xbb\xbf \t\r\n")[:1]
    if start in (b"{", b"["):
        return _json_kind(content, file)
    if start == b"<":
        return "a web page", list(_tables_of_page(content, file))
    return "delimited text", [(file, _delimited(content, file))]


def _tables_of_page(content: bytes, file: str) -> Iterable[tuple[str, ReaderSettings]]:
    from pll_pipeline.validated.readers.html import headers

    encoding = _encoding(content, file)
    found = [(title, header) for title, header in headers(content, encoding, where=file) if header]
    if not found:
        raise PllError(
            "This is a web page without a table",
            where=file,
            do="say in the source file which sentence is meant (read.kind prose); `pll run --source` then shows what it finds",
        )
    for number, (title, header) in enumerate(found, 1):
        caption = (
            f"^{re.escape(title)}$" if title and sum(h == header for _, h in found) > 1 else None
        )
        yield (
            title or f"table {number}",
            Html(kind="html", encoding=encoding, header=header, caption=caption),
        )  # type: ignore[arg-type]


def _json_kind(content: bytes, file: str) -> tuple[str, list[tuple[str, ReaderSettings]]]:
    try:
        said = json.loads(content.decode("utf-8-sig"))
    except ValueError as error:
        raise PllError(
            f"This begins as JSON and is not: {error}",
            where=file,
            do="see whether the answer was cut off",
        ) from error
    if isinstance(said, dict) and ({"results", "pages"} & set(said)):
        return "a saved answer of a Power BI report", [(file, PowerBi(kind="powerbi"))]
    if isinstance(said, dict) and (said.get("class") == "dataset" or "dataset" in said):
        return "a JSON-stat dataset", [(str(said.get("label") or file), JsonStat(kind="jsonstat"))]
    keys = ", ".join(list(said)[:8]) if isinstance(said, dict) else "a list"
    raise PllError(
        f"This JSON is neither JSON-stat nor an answer of a Power BI report ({keys})",
        where=file,
        do="look for another form of the publication",
    )


def _delimited(content: bytes, file: str) -> Delimited:
    """The separator is what divides the first lines into equally many cells."""
    encoding = _encoding(content, file)
    head = "".join(content.decode(encoding).splitlines(keepends=True)[:50])
    width = {}
    for separator in (";", ",", "\t", "|"):
        widths = {len(row) for row in csv.reader(io.StringIO(head), delimiter=separator) if row}
        width[separator] = widths.pop() if len(widths) == 1 else 0
    return Delimited(
        kind="delimited", encoding=encoding, separator=max(width, key=lambda s: width[s])
    )  # type: ignore[arg-type]


def _encoding(content: bytes, file: str) -> str:
    for encoding in ("utf-8", "windows-1252"):
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


def _sheets(content: bytes, file: str) -> Iterable[tuple[str, ReaderSettings]]:
    from pll_pipeline.validated.readers.workbook import sheets

    for sheet in sheets(content, where=file):
        if sheet.grid is None:
            continue
        top = sheet.grid.top(_MOST_HEADER_ROWS)
        found = _header([[cell and (0 if cell[1] else cell[0]) for cell in row] for row in top])
        if found:
            header, rows = found
            yield (
                sheet.name,
                Workbook(
                    kind="workbook",
                    sheet=f"^{re.escape(sheet.name)}$",
                    header=header,
                    header_rows=rows,
                ),
            )


def _header(rows: list[list[Any]]) -> tuple[list[str], int] | None:
    """The first row of texts alone that is followed by a row as wide, most likely the header, and how many rows it spans.

    It spans two where the row below fills what it leaves empty and leaves empty what it fills, as merged headers do.
    """
    for above, below in zip(rows, rows[1:], strict=False):
        texts, below_texts = _texts(above), _texts(below)
        filled = sum(cell is not None for cell in above)
        if (
            len(texts) < 2
            or len(texts) != filled
            or sum(cell is not None for cell in below) < filled - 1
        ):
            continue
        gaps = [(up is None, down is None) for up, down in zip(above, below, strict=False)]
        if (
            (True, False) in gaps
            and (False, True) in gaps
            and len(below_texts) == sum(cell is not None for cell in below)
        ):
            return below_texts, 2
        return texts, 1
    return None


def _texts(row: list[Any]) -> list[str]:
    return [str(cell).strip() for cell in row if isinstance(cell, str) and cell.strip()]


def columns(table: pl.DataFrame, codes: Codes, on: date) -> tuple[ColumnSeen, ...]:
    """The columns of a table as published, each with what it looks like."""
    return tuple(
        _column(name, table[name].unique(maintain_order=True).to_list(), codes, on)
        for name in table.columns
        if name != ROW_REFERENCE
    )


def _column(name: str, distinct: list[str], codes: Codes, on: date) -> ColumnSeen:
    texts = [text for text in distinct if text.strip()][:_SAMPLE]
    looks_like, detail = _looks_like(texts, len(distinct), codes, on)
    return ColumnSeen(name, tuple(texts[:3]), len(distinct), looks_like, detail)


def _looks_like(texts: list[str], distinct: int, codes: Codes, on: date) -> tuple[str, str]:
    if not texts:
        return "text", "empty"
    levels = Counter(level for text in texts if (level := _region_level(text, codes, on)))
    if sum(levels.values()) >= _ENOUGH * len(texts):
        return "region", levels.most_common(1)[0][0]
    for detail, (form, _) in _DAYS.items():
        if all(form.fullmatch(text) for text in texts):
            return "period", detail
    if _most(texts, lambda text: read_period(text)):
        return "period", ""
    if _most(texts, lambda text: codes.actor_types.match(text)):
        return "actor_type", ""
    for convention, how in _CONVENTIONS.items():
        if _most(texts, lambda text, how=how: _number(text, how)):
            return "number", convention
    return ("constant", texts[0]) if distinct == 1 else ("text", "")


def _most(texts: list[str], reads: Any) -> bool:
    good = 0
    for text in texts:
        try:
            reads(text)
            good += 1
        except PllError:
            continue
    return good >= _ENOUGH * len(texts)


def _number(text: str, how: NumberConvention) -> None:
    read_number(text, how)


def _region_level(text: str, codes: Codes, on: date) -> str | None:
    for level in ("land", "fylke", "kommune", "hf", "rhf", "helsefellesskap", "bydel"):
        try:
            codes.regions.match(text, levels=[level], on=on)
        except PllError:
            continue
        return level
    return None
