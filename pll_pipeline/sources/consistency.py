"""What a source file must say besides having the right keys: its parts fit together and are known.

Columns that a mapping names are published columns; files are fetched; units, qualifiers and codes
exist. Not here: keys and types (`model.py`), constants and addresses (`constants.py`), whether a
publication fits its source file (`validated/`).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from typing import Any

from pydantic import BaseModel

from pll_pipeline.sources.constants import constant_faults
from pll_pipeline.sources.model import (
    CONFIRM,
    UNIT_FACTORS,
    Case,
    FirstCase,
    FromColumn,
    Http,
    LeaveOut,
    MilestoneTable,
    ObservationTable,
    PowerBiReport,
    PxWeb,
    Source,
    Text,
    TotalColumn,
    TotalRows,
    Value,
)
from pll_pipeline.vocabulary import patterns
from pll_pipeline.vocabulary.codes import Codes
from pll_pipeline.vocabulary.columns import PHASES, QUALIFIERS, STATEMENTS

Path = tuple[str | int, ...]
Fault = tuple[Path, str]
# Units a number in per cent or per mille can be of
SHARE_LIKE = frozenset({"share", "ratio", "relative_change"})
_TRUTHS = ("true", "false")


def faults(source: Source, codes: Codes) -> Iterator[Fault]:
    """Every fault of a source file, as the path of its key and a sentence."""
    yield from _unconfirmed(source)
    yield from constant_faults(source, codes)
    yield from _files(source)
    yield from _named_twice(getattr(source.read, "columns", []), ("read", "columns"))
    # what a bank or a report answers is known when it is asked: then `unknown_columns` is checked
    is_answer = isinstance(source.fetch, PxWeb | PowerBiReport)
    for number, table in enumerate(source.tables):
        path: Path = ("tables", number)
        yield from _rows(table, path)
        yield from _named_twice(table.expected_columns, (*path, "expected_columns"))
        if not is_answer:
            for key, column in unknown_columns(table, table.expected_columns):
                yield (*path, *key), f"the column {column!r} is not among expected_columns"
        if isinstance(table, MilestoneTable):
            yield from _words_of_milestones(table, path, codes)
        else:
            yield from _headings(table, path)
            yield from _words_of_observations(table, path, codes)
        yield from _regions(table, path, codes)


def _unconfirmed(source: Source) -> Iterator[Fault]:
    if source.is_enabled:
        for path, text in _strings(source, ()):
            if text == CONFIRM:
                yield path, f"{CONFIRM} is to be replaced by what the publication has"


def _strings(part: Any, path: Path) -> Iterator[tuple[Path, str]]:
    """Every text in a source, with its path."""
    if isinstance(part, str):
        yield path, part
    elif isinstance(part, BaseModel):
        for name in type(part).model_fields:
            yield from _strings(getattr(part, name), (*path, name))
    elif isinstance(part, dict):
        for key, value in part.items():
            yield from _strings(value, (*path, key))
    elif isinstance(part, list | tuple):
        for number, value in enumerate(part):
            yield from _strings(value, (*path, number))


def _files(source: Source) -> Iterator[Fault]:
    """The file of each table is one that is fetched."""
    if isinstance(source.fetch, Http):
        fetched: Collection[str] = source.fetch.files
    elif isinstance(source.fetch, PxWeb):
        fetched = [source.fetch.file]
    elif isinstance(source.fetch, PowerBiReport):
        fetched = source.fetch.tables
    else:
        return
    for number, table in enumerate(source.tables):
        if table.file not in fetched:
            files = ", ".join(fetched)
            yield ("tables", number, "file"), f"{table.file!r} is not fetched; fetched: {files}"


def _rows(table: ObservationTable | MilestoneTable, path: Path) -> Iterator[Fault]:
    least, most = table.rows
    if not 0 <= least <= most:
        yield (*path, "rows"), "give the least number of rows first, then the greatest"


def _named_twice(columns: list[str], path: Path) -> Iterator[Fault]:
    for column in dict.fromkeys(name for name in columns if columns.count(name) > 1):
        yield path, f"the column {column!r} is given twice"


def unknown_columns(
    table: ObservationTable | MilestoneTable, columns: Collection[str]
) -> Iterator[Fault]:
    """The columns that a mapping names and that are not among `columns`, with their keys."""
    of_values = [v.columns for v in getattr(table, "values", ()) if v.columns]
    for key, column in _named_columns(table, ()):
        is_known = column in columns or any(patterns.is_found(p, column) for p in of_values)
        if not is_known and column != CONFIRM:
            yield key, column


def _named_columns(part: Any, path: Path) -> Iterator[tuple[Path, str]]:
    if isinstance(part, list | tuple):
        for number, inner in enumerate(part):
            yield from _named_columns(inner, (*path, number))
    if not isinstance(part, BaseModel):
        return
    names = ["as_above", "definition_columns"]
    if isinstance(part, FromColumn | Case | LeaveOut | TotalRows | TotalColumn | Value):
        names += ["column", "mark_column", "within", "of", "parts"]
    for name in names:
        given = getattr(part, name, None)
        for column in [given] if isinstance(given, str) else given or []:
            yield (*path, name), column
    for name in type(part).model_fields:
        yield from _named_columns(getattr(part, name), (*path, name))


def _headings(table: ObservationTable, path: Path) -> Iterator[Fault]:
    """Each heading that a mapping takes is a named group of the value columns it is used for."""
    shared = [
        getattr(table, name)
        for name in ("kind", "region", "qualifier", "rounded_to", "status", "address", "context")
    ]
    for number, value in enumerate(table.values):
        groups = patterns.group_names(value.columns) if value.columns else ()
        own = [value.period or table.period, value.actor_type or table.actor_type]
        for text in _from_columns([*shared, *own, value.measure, value.unit]):
            if text.heading is not None and text.heading not in groups:
                yield (
                    (*path, "values", number),
                    f"no named group {text.heading!r} in values.columns gives its heading",
                )


def _from_columns(part: Any) -> Iterator[FromColumn]:
    if isinstance(part, FromColumn):
        yield part
    elif isinstance(part, BaseModel):
        for name in type(part).model_fields:
            yield from _from_columns(getattr(part, name))
    elif isinstance(part, list | tuple):
        for inner in part:
            yield from _from_columns(inner)


def _constants(text: Text) -> Iterator[str]:
    """The texts that a mapping can give without taking them from the publication."""
    if isinstance(text, str):
        yield text
    elif isinstance(text, FirstCase):
        for case in text.cases:
            yield from _constants(case.take)
        yield from _constants(text.otherwise)
    else:
        if text.codes and not text.template:
            yield from text.codes.values()
        if text.otherwise is not None:
            yield text.otherwise


def _words_of_observations(table: ObservationTable, path: Path, codes: Codes) -> Iterator[Fault]:
    words: list[tuple[str, Text, Iterable[str]]] = [
        ("kind", table.kind, ("observation", "target", "rule")),
        ("qualifier", table.qualifier, QUALIFIERS),
        ("status", table.status, ("observed", "provisional")),
    ]
    for name, text, allowed in words:
        yield from _not_among(text, allowed, (*path, name), f"{name} is")
    yield from _not_among(
        table.period.is_inferred, _TRUTHS, (*path, "period", "is_inferred"), "is_inferred is"
    )
    yield from _actor_types(table.actor_type, (*path, "actor_type"), codes)
    for number, value in enumerate(table.values):
        at = (*path, "values", number)
        yield from _not_among(value.unit, UNIT_FACTORS, (*at, "unit"), "the unit is")
        yield from _unknown(
            value.measure,
            codes.measures.__contains__,
            (*at, "measure"),
            "no measure has the code",
            "; `pll measures` searches them, and a new one is added to"
            " dbt_project/seeds/measure.csv",
        )
        yield from _share_unit(value, at, codes)
        if value.actor_type is not None:
            yield from _actor_types(value.actor_type, (*at, "actor_type"), codes)


def _share_unit(value: Value, path: Path, codes: Codes) -> Iterator[Fault]:
    """A column in per cent is of a measure that is a share."""
    if value.unit not in ("percent", "per_mille"):
        return
    for code in _constants(value.measure):
        measure = codes.measures.get(code)
        if measure and measure.unit not in SHARE_LIKE:
            yield (*path, "unit"), f"{code} is counted in {measure.unit}, not in {value.unit}"


def _words_of_milestones(table: MilestoneTable, path: Path, codes: Codes) -> Iterator[Fault]:
    words: list[tuple[str, Text, Iterable[str]]] = [
        ("service", table.service, sorted(codes.services)),
        ("phase", table.phase, PHASES),
        ("statement", table.statement, STATEMENTS),
        ("is_inferred", table.is_inferred, _TRUTHS),
    ]
    for name, text, allowed in words:
        yield from _not_among(text, allowed, (*path, name), f"{name} is")
    yield from _actor_types(table.actor_type, (*path, "actor_type"), codes)


def _regions(table: ObservationTable | MilestoneTable, path: Path, codes: Codes) -> Iterator[Fault]:
    region = table.region
    if not region.levels and not region.names:
        yield (*path, "region"), "no region can be found: give levels, or names"
    for name, key in region.names.items():
        if key not in codes.region_keys:
            yield (*path, "region", "names", name), f"no region has the key {key!r}"
    if region.levels:
        yield from _not_among(
            region.level, region.levels, (*path, "region", "level"), "the level is"
        )


def _actor_types(text: Text, path: Path, codes: Codes) -> Iterator[Fault]:
    def is_known(name: str) -> bool:
        return name in codes.actor_type_codes or codes.actor_types.has(name)

    yield from _unknown(text, is_known, path, "no actor type is called")


def _not_among(text: Text, allowed: Iterable[str], path: Path, subject: str) -> Iterator[Fault]:
    known = list(allowed)
    yield from _unknown(text, known.__contains__, path, subject, f", not one of {', '.join(known)}")


def _unknown(
    text: Text, is_known: Callable[[str], bool], path: Path, before: str, after: str = ""
) -> Iterator[Fault]:
    """A fault for each constant that is not known: a sentence with the words around it."""
    for constant in dict.fromkeys(_constants(text)):
        if constant != CONFIRM and not is_known(constant):
            yield path, f"{before} {constant!r}{after}"
