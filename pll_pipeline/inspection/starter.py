"""A starter source file for a table that was inspected, with every guess marked to be confirmed.

What a person must decide is `CONFIRM`, and an enabled source with a `CONFIRM` in it is refused.
What was found and may be wrong has a comment with CONFIRM above it.
Not here: what a table looks like (`columns.py`), which keys a source file has (`sources/model.py`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import yaml

from pll_pipeline.inspection.columns import DAYS, ColumnSeen, listed
from pll_pipeline.inspection.headings import HeadingGroup
from pll_pipeline.inspection.measures import best_measures
from pll_pipeline.inspection.numbers_seen import NumbersSeen
from pll_pipeline.inspection.publication import EXPORT_LIMITS, TableSeen, line_of
from pll_pipeline.sources.addresses import with_variables
from pll_pipeline.sources.model import CONFIRM, UNIT_FACTORS, JsonStat, Prose
from pll_pipeline.validated.figures import unit_of_heading, unit_stated_by
from pll_pipeline.vocabulary.codes import Codes

_HEAD = """\
# A starter made by `pll inspect`. Replace each CONFIRM, look at region, period and actor_type, give
# each value its measure (`pll measures WORD` searches them) and its unit, then set is_enabled to
# true. `pll check NAME` reads it in seconds and shows what comes out.
"""
_DECLARE = (
    "Declare each: suppressed: {mark: [least, greatest or null]}, missing: [mark] or zero: [mark]"
)
_ONE_LINE = 10_000
_ADDRESS = "https://example.no/"


@dataclass
class _Commented:
    """A value of the source file with the comments above it."""

    value: Any
    comments: list[str] = field(default_factory=list)


def starter(
    table: TableSeen,
    name: str,
    codes: Codes,
    *,
    landing_page: str = _ADDRESS,
    is_simulated: bool = False,
) -> str:
    """The text of a source file for the table. It takes part in a night once it is enabled.

    `is_simulated` where the sources beside it are.
    """
    reading = table.reading.model_dump(exclude_defaults=True) | {"kind": table.reading.kind}
    source: dict[str, Any] = {
        "name": name,
        "title": _Commented(CONFIRM, [f"the publication calls it: {_one_line(table.title)}"]),
        "title_en": CONFIRM,
        "publisher": CONFIRM,
        "landing_page": landing_page,
        "licence": CONFIRM,
        "attribution": CONFIRM,
        "cadence": "monthly",
        "max_age_days": 62,
        **({"is_simulated": True} if is_simulated else {}),
        "is_enabled": False,
        "fetch": _without_keys(table.fetching, name),
        "read": _Commented(reading, list(_comments_of_reading(table))),
        "numbers": _numbers(table),
        "tables": [_table(table, codes) | {"address": landing_page}],
    }
    return _HEAD + "\n".join(_lines(source)) + "\n"


def _without_keys(fetching: Mapping[str, Any], name: str) -> dict[str, Any]:
    """How the bytes are fetched, with a variable for each key in an address."""
    files = fetching.get("files", {})
    keyless = {file: with_variables(address, name) for file, address in files.items()}
    return dict(fetching) | ({"files": keyless} if files else {})


def _comments_of_reading(table: TableSeen) -> Iterator[str]:
    """What is not read, which the person may want read."""
    return map(_one_line, map(line_of, table.not_read))


# --- numbers ----------------------------------------------------------------------------------


def _number_columns(table: TableSeen) -> list[ColumnSeen]:
    return [column for column in table.columns if column.numbers is not None]


def _numbers(table: TableSeen) -> _Commented:
    """The convention of most columns that show one, and why it may be wrong."""
    columns = _number_columns(table)
    numbers = [column.numbers for column in columns if column.numbers]
    conventions = Counter(n.readable_convention for n in numbers if n.shows_convention)
    if conventions:
        return _Commented(conventions.most_common(1)[0][0], _doubts(columns))
    found = [n.readable_convention for n in numbers]
    comments = _doubts(columns) or [f"{CONFIRM}: no figure shows how decimals are written"]
    return _Commented(found[0] if found else "norwegian", comments)


def _doubts(columns: list[ColumnSeen]) -> list[str]:
    """The columns with numbers that have two readings."""
    return [
        f"{CONFIRM}: {c.name} has {c.numbers.two_readings!r}, a thousand (norwegian_dotted reads a"
        " point so) or a decimal (point, or norwegian for a comma); as it is, such are refused"
        for c in columns
        if c.numbers and c.numbers.two_readings
    ]


# --- the table --------------------------------------------------------------------------------


def _table(table: TableSeen, codes: Codes) -> dict[str, Any]:
    grouped = {name for group in table.groups for name in group.columns}
    described: dict[str, Any] = {
        "holds": "observations",
        "file": table.file,
        "expected_columns": [c.name for c in table.columns if c.name not in grouped],
        "rows": [max(1, table.rows // 2), table.rows * 3],
    }
    if table.rows in EXPORT_LIMITS:
        described["row_limit"] = _Commented(
            table.rows,
            [f"{CONFIRM}: {table.rows} rows are the limit of some exports; is the table whole?"],
        )
    as_above = [c.name for c in table.columns if _is_label(c) and c.empty_after_first]
    if as_above:
        comment = f"{CONFIRM}: empty cells; is the label above meant? as_above: {_flow(as_above)}"
        described["expected_columns"] = _Commented(described["expected_columns"], [comment])
    described["values"] = list(_values(table, codes))
    described |= {"region": _region(table), "actor_type": _actor_type(table)}
    described |= {"period": _period(table)}
    return described


def _is_label(column: ColumnSeen) -> bool:
    return column.looks_like in ("region", "period", "actor_type", "text")


def _first(table: TableSeen, looks_like: str) -> ColumnSeen | None:
    return next((c for c in table.columns if c.looks_like == looks_like), None)


def _region(table: TableSeen) -> _Commented:
    column = _first(table, "region")
    level = column.detail if column else "land"
    name = {"column": column.name} if column else "Norge"
    comment = (
        f"{CONFIRM}: most of its texts are of the level {level}"
        if column
        else f"{CONFIRM}: no column looks like a region, so the whole country is proposed"
    )
    return _Commented({"name": name, "level": level, "levels": {level: [level]}}, [comment])


def _actor_type(table: TableSeen) -> _Commented:
    column = _first(table, "actor_type")
    if column:
        return _Commented({"column": column.name}, [f"{CONFIRM}: the texts name actor types"])
    if table.groups and all(group.has_actor_type for group in table.groups):
        return _Commented({"heading": "actor_type"}, [f"{CONFIRM}: the headings name actor types"])
    return _Commented("alle", [f"{CONFIRM}: no column looks like an actor type"])


def _period(table: TableSeen) -> _Commented:
    column = _first(table, "period")
    if column:
        pattern = {"pattern": DAYS[column.detail][1]} if column.detail in DAYS else {}
        comment = f"{CONFIRM}: {column.detail}" if pattern else f"{CONFIRM}: its texts are periods"
        return _Commented({"text": {"column": column.name} | pattern}, [comment])
    if table.groups:
        return _Commented({"text": {"heading": "period"}}, [f"{CONFIRM}: periods in the headings"])
    return _Commented({"text": CONFIRM}, ["no column looks like a period"])


# --- values -----------------------------------------------------------------------------------


def _values(table: TableSeen, codes: Codes) -> Iterator[_Commented]:
    """Each column of numbers, and each group of columns with a period in the heading."""
    groups = {name: group for group in table.groups for name in group.columns}
    columns = _number_columns(table)
    if isinstance(table.reading, Prose):
        yield _value_of_sentences(table.reading, table, codes)
        return
    if not columns:
        yield _Commented({"column": CONFIRM, "measure": CONFIRM}, ["no column looks like numbers"])
    seen: list[HeadingGroup] = []
    for column in columns:
        group = groups.get(column.name)
        if group is None:
            yield _value({"column": column.name}, column.name, column, table, codes)
        elif group not in seen:
            seen.append(group)
            words = group.words or column.name
            yield _value({"columns": group.pattern}, words, column, table, codes)


def _value_of_sentences(reading: Prose, table: TableSeen, codes: Codes) -> _Commented:
    """The value of running text: each figure has a measure, and a unit, by its name."""
    measures = {f.name: _measure(f"{f.name} {f.near}", table, codes) for f in reading.figures}
    value: dict[str, Any] = {"column": "value", "measure": {"column": "name", "codes": measures}}
    if set(table.units.values()) - {"count"}:
        value["unit"] = {"column": "name", "codes": dict(table.units)}
    comment = f"{CONFIRM}: remove the figures of read.figures that are none, here too"
    return _Commented(value, [comment])


def _value(
    named: dict[str, Any], words: str, column: ColumnSeen, table: TableSeen, codes: Codes
) -> _Commented:
    """A value with what is known of its numbers, and the measures its heading may mean."""
    value: dict[str, Any] = {**named, "measure": _measure(words, table, codes)}
    numbers = column.numbers
    if numbers is None:
        return _Commented(value)
    if numbers.has_share_sign:
        value["unit"] = _Commented("percent", [f"{CONFIRM}: cells have a per cent sign"])
    elif (unit := unit_of_heading(column.name)) in UNIT_FACTORS:
        value["unit"] = _Commented(unit, [f"{CONFIRM}: the heading states it"])
    comments = []
    if column.unit:
        comment = f"{CONFIRM}: the publication states the unit {_one_line(column.unit)!r}"
        if stated := unit_stated_by(column.unit):
            value["unit"] = _Commented(stated, [comment])
        else:
            comments.append(f"{comment}; unit: count, percent, per_mille, thousand or million")
    convention = numbers.readable_convention
    if numbers.shows_convention and convention != _numbers(table).value:
        value["numbers"] = _Commented(convention, [f"{CONFIRM}: written so in this column"])
    comments += _comments_of_numbers(numbers)
    comments += [_comment_of_marks(table, beside) for beside in table.columns if beside.marks]
    return _Commented(value, comments)


def _comments_of_numbers(numbers: NumbersSeen) -> Iterator[str]:
    """What in the cells of a column a person must declare."""
    if numbers.marks:
        yield f"{CONFIRM}: {_one_line(listed(numbers.marks))} instead of a number. {_DECLARE}"
    if numbers.footnotes:
        yield (
            f"{CONFIRM}: {_one_line(listed(numbers.footnotes))} at a number. Declare each:"
            " footnotes: {mark: {status: provisional}} or {mark: {note: its text}}"
        )
    if numbers.unread:
        yield f"{CONFIRM}: no numbers: {_one_line(listed(numbers.unread))}"


def _comment_of_marks(table: TableSeen, column: ColumnSeen) -> str:
    """The marks of a column beside the figures; that of JSON-stat needs no name."""
    is_named = isinstance(table.reading, JsonStat)
    named = "" if is_named else f", and mark_column: {_flow(column.name)}"
    shown = _one_line(listed(column.marks))
    return f"{CONFIRM}: {shown} in the column {column.name}. {_DECLARE}{named}"


def _measure(words: str, table: TableSeen, codes: Codes) -> _Commented:
    title = " ".join((table.title, table.file, *(part.example for part in table.not_read)))
    proposed = best_measures(words, title, list(codes.measures.values()))
    return _Commented(CONFIRM, [f"perhaps {m.code}: {_one_line(m.name)}" for m in proposed])


# --- YAML with comments -----------------------------------------------------------------------


def _lines(value: Any, indent: int = 0) -> Iterator[str]:
    """The lines of a mapping or a list in block form."""
    space = " " * indent
    entries = value.items() if isinstance(value, Mapping) else (("-", item) for item in value)
    for key, entry in entries:
        comments, inner = _apart(entry)
        yield from (f"{space}# {comment}" for comment in comments)
        start = f"{space}-" if key == "-" else f"{space}{_flow(key)}:"
        if not _is_block(inner):
            yield f"{start} {_flow(inner)}"
        elif key == "-":
            first, *rest = _lines(inner, indent + 2)
            while first.lstrip().startswith("#"):  # a comment cannot follow the dash
                yield first
                first, *rest = rest
            yield f"{start} {first.strip()}"
            yield from rest
        else:
            yield start
            yield from _lines(inner, indent + 2)


def _apart(entry: Any) -> tuple[list[str], Any]:
    return (entry.comments, entry.value) if isinstance(entry, _Commented) else ([], entry)


def _is_block(value: Any) -> bool:
    """Whether the value is written over several lines: a mapping, or a list of mappings."""
    if isinstance(value, list):
        return any(isinstance(_apart(item)[1], Mapping) for item in value)
    return isinstance(value, Mapping) and bool(value)


def _flow(value: Any) -> str:
    """The value on one line."""
    text = yaml.safe_dump(value, default_flow_style=True, allow_unicode=True, width=_ONE_LINE)
    return text.removesuffix("...\n").strip()


def _one_line(text: str) -> str:
    return " ".join(text.split())
