"""Whether a snapshot may be used: its bytes read, corrected, mapped and judged by the rules.

Pure: bytes in, a `Judgement` out. A night keeps it as a verdict (`verdicts.py`), `pll check` shows
it (`checking.py`). Not here: files, the rules (`rules.py`), comparing with the snapshot before
(`drift.py`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import polars as pl

from pll_pipeline.errors import PllError
from pll_pipeline.sources.consistency import unknown_columns
from pll_pipeline.sources.model import MilestoneTable, ObservationTable, Source
from pll_pipeline.validated.corrections import Correction, correct
from pll_pipeline.validated.drift import Definitions
from pll_pipeline.validated.frames import MILESTONE, OBSERVATION, TARGET
from pll_pipeline.validated.mapping import MappedTables, keys_only_in, map_tables
from pll_pipeline.validated.readers import PublishedTable, read_table
from pll_pipeline.validated.readers.table import ROW_REFERENCE
from pll_pipeline.validated.rules import milestone_rules, observation_rules, sift, target_rules
from pll_pipeline.vocabulary import patterns
from pll_pipeline.vocabulary.codes import Codes
from pll_pipeline.vocabulary.norwegian.periods import day_in_oslo
from pll_pipeline.vocabulary.norwegian.text import shortened

_NUMBER = re.compile(r"(\d+)")


@dataclass(frozen=True)
class Judgement:
    """What the rules make of one snapshot: the rows that keep them, and a reason to refuse it."""

    mapped: MappedTables
    is_accepted: bool
    reason: str | None


@dataclass(frozen=True)
class JudgedContents:
    """A snapshot read and judged by the rules, not yet compared with the one before it.

    `corrected` are the rows that recorded corrections left out, with their row reference.
    `refused_keys` are the keys of figures in quarantine, each frame with the columns that could be
    read.
    """

    judgement: Judgement
    definitions: Definitions
    corrected: list[tuple[str, Correction]]
    refused_keys: tuple[pl.DataFrame, ...] = ()


def judge_contents(
    source: Source,
    contents: Mapping[str, bytes],
    corrections: Iterable[Correction],
    codes: Codes,
    taken_at: datetime,
    where: str,
) -> JudgedContents:
    """Read and judge the files of one snapshot, by name.

    Raises `PllError` for a publication that cannot be read, has other columns than expected, or
    contradicts itself.
    """
    files = dict.fromkeys(table.file for table in source.tables)
    tables = {
        file: read_table(contents[file], source.read, where=f"{where}/{file}") for file in files
    }
    refuse_unexpected(source, tables, where)
    definitions = _definitions(source, tables)
    tables, corrected = correct(tables, corrections, where)
    mapped = map_tables(source, tables, codes, taken_at)
    judgement = judge(source, mapped, codes, taken_at)
    refused_keys = (
        *mapped.refused_keys,
        keys_only_in(mapped.observations, judgement.mapped.observations),
    )
    return JudgedContents(judgement, definitions, corrected, refused_keys)


def refuse_unexpected(source: Source, tables: Mapping[str, PublishedTable], where: str) -> None:
    """Raise `PllError` when a publication has not the table that is expected.

    Other columns, too few or too many rows, and rows outside the table that may belong to it.
    """
    for file, published in tables.items():
        _refuse_rows_that_may_belong(published, f"{where}/{file}")
    for table in source.tables:
        published, place = tables[table.file], f"{where}/{table.file}"
        _refuse_columns(table, published.columns, place)
        _refuse_row_count(table, published.frame.height, place)


def _refuse_rows_that_may_belong(published: PublishedTable, where: str) -> None:
    doubtful = [entry for entry in published.not_read if entry.may_belong]
    if not doubtful:
        return
    sentences = [
        f"{entry.count} {entry.what} ({entry.where})"
        + (f", as {entry.example!r}" if entry.example else "")
        for entry in doubtful
    ]
    raise PllError(
        f"Not all that looks like the table would be read: {'; '.join(sentences)}",
        where=where,
        do="look at the publication, then say in the source file under read where the table ends"
        " (ends_at), or ask the publisher for one table",
    )


def _refuse_columns(
    table: ObservationTable | MilestoneTable, columns: list[str], where: str
) -> None:
    of_values = [value.columns for value in getattr(table, "values", ()) if value.columns]
    by_pattern = {c for c in columns if any(patterns.is_found(pattern, c) for pattern in of_values)}
    missing = set(table.expected_columns) - set(columns)
    new = set(columns) - set(table.expected_columns) - by_pattern
    changes = [
        f"{word} {', '.join(sorted(names))}"
        for word, names in (("missing:", missing), ("new:", new))
        if names
    ]
    changes += [
        f"no column matches {pattern!r}"
        for pattern in of_values
        if patterns.first_found(pattern, columns) is None
    ]
    if not changes:
        changes += [
            f"{'.'.join(map(str, key))} names {column!r}, which is not one"
            for key, column in unknown_columns(table, columns)
        ]
    if changes:
        raise PllError(
            f"The published columns are not the expected ones ({'; '.join(changes)})",
            where=where,
            do="look at the publication, then change expected_columns and the mapping in the source"
            " file",
        )


def _refuse_row_count(table: ObservationTable | MilestoneTable, count: int, where: str) -> None:
    least, most = table.rows
    if table.row_limit is not None and count >= table.row_limit:
        raise PllError(
            f"The table has {count} rows, and the publisher exports at most {table.row_limit}, so"
            " it is probably cut off",
            where=where,
            do="ask for it in parts, as one year at a time, or change row_limit in the source file",
        )
    if not least <= count <= most:
        raise PllError(
            f"The table has {count} rows, expected {least} to {most}",
            where=where,
            do="see whether the publication was cut off; if it truly changed size, change `rows` in"
            " the source file",
        )


def _definitions(source: Source, tables: Mapping[str, PublishedTable]) -> dict[str, list[str]]:
    """By "file column": the distinct texts of each column the source file names as a definition."""
    return {
        f"{table.file} {column}": sorted(tables[table.file].frame[column].unique())
        for table in source.tables
        for column in table.definition_columns
    }


def judge(source: Source, mapped: MappedTables, codes: Codes, taken_at: datetime) -> Judgement:
    """Judge the rows by the rules.

    Rows that break one move to quarantine; more of them than the source tolerates refuse the
    snapshot whole.
    """
    rules = observation_rules(codes, day_in_oslo(taken_at))
    observations, refused_observations = sift(mapped.observations, OBSERVATION, rules, codes)
    targets, refused_targets = sift(mapped.targets, TARGET, target_rules(codes), codes)
    milestones, refused_milestones = sift(
        mapped.milestones, MILESTONE, milestone_rules(codes), codes
    )
    quarantine = pl.concat(
        [mapped.quarantine, refused_observations, refused_targets, refused_milestones]
    )
    judged = replace(
        mapped,
        observations=observations,
        targets=targets,
        milestones=milestones,
        quarantine=quarantine,
    )
    refused_count = quarantine.n_unique(ROW_REFERENCE)
    if refused_count > source.tolerance * mapped.row_count:
        return Judgement(judged, False, _reason(source, quarantine, refused_count, mapped))
    return Judgement(judged, True, None)


def _reason(
    source: Source, quarantine: pl.DataFrame, refused_count: int, mapped: MappedTables
) -> str:
    """Why too many rows are refused: each kind of error, its count and its first row.

    Kinds and rows are in the order of the files.
    """
    files = [table.file for table in source.tables]
    rows = sorted(
        quarantine.iter_rows(named=True), key=lambda row: _position(row[ROW_REFERENCE], files)
    )
    kinds: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for row in rows:
        kinds.setdefault((row["rule"], row["column_name"]), []).append(row)
    sentences = [_sentence(number, of_kind) for number, of_kind in enumerate(kinds.values(), 1)]
    error = PllError(
        f"{refused_count} of {mapped.row_count} rows cannot be used, more than the source's"
        f" tolerance of {source.tolerance:.1%}. {' '.join(sentences)}",
        do="correct the source file, or ask the publisher where the publication is wrong",
    )
    return error.paragraph()


def _sentence(number: int, rows: list[dict[str, Any]]) -> str:
    first = rows[0]
    count = len({row[ROW_REFERENCE] for row in rows})
    reason = first["reason"].rstrip(".")
    text = None if first["value"] is None else shortened(first["value"])
    return (
        f"({number}) {first['rule']} in {count} {'row' if count == 1 else 'rows'}, first"
        f" {first[ROW_REFERENCE]}, column {first['column_name']!r}, text {text!r}:"
        f" {reason}."
    )


def _position(row_reference: str, files: list[str]) -> tuple[int, list[tuple[int, str]]]:
    """The place of a row in the order of the files: numbers in a reference count as numbers."""
    file = next((n for n, file in enumerate(files) if row_reference.startswith(file)), len(files))
    parts = _NUMBER.split(row_reference)
    return file, [(int(part), "") if part.isdecimal() else (-1, part) for part in parts]
