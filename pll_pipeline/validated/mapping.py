"""The tables as published → observations, targets and milestones, by the source's mapping.

Pure: tables in, `MappedTables` out. Every published row ends as one of these or in quarantine, with
the reason; nothing is dropped and nothing is guessed. Not here: the meaning of one cell
(`figures.py`), rules about values (`rules.py`), bytes (`readers/`), files.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import astuple, dataclass, field, replace
from datetime import date, datetime
from typing import Any

import polars as pl

from pll_pipeline.errors import PllError
from pll_pipeline.sources.model import (
    JsonStat,
    LeaveOut,
    MilestoneTable,
    ObservationTable,
    Period,
    PowerBi,
    Region,
    Source,
    Text,
    TotalRows,
    Value,
)
from pll_pipeline.validated.figures import Cell, FigureReader
from pll_pipeline.validated.frames import (
    COMMON,
    MILESTONE,
    OBSERVATION,
    OBSERVATION_KEY,
    QUARANTINE,
    TARGET,
    TIME,
    Schema,
)
from pll_pipeline.validated.published_rows import CELL, PublishedRows
from pll_pipeline.validated.readers.table import ROW_REFERENCE, NotRead, PublishedTable
from pll_pipeline.validated.statements import merge_statements
from pll_pipeline.validated.texts import Refused, quoted
from pll_pipeline.validated.totals import refuse_wrong_totals
from pll_pipeline.validated.units_around import refuse_other_scale
from pll_pipeline.vocabulary import patterns
from pll_pipeline.vocabulary.codes import Codes, Measure
from pll_pipeline.vocabulary.norwegian.periods import IntervalEnd, day_in_oslo, read_period
from pll_pipeline.vocabulary.norwegian.text import comparable, plain_letters

_PERIOD: Schema = {"period_start": pl.Date, "period_end": pl.Date, "period_grain": pl.String}
_FIGURE: Schema = {
    "value": pl.Float64,
    "lower_bound": pl.Float64,
    "upper_bound": pl.Float64,
    "qualifier": pl.String,
    "figure_status": pl.String,
    "note": pl.String,
    "printed_unit": pl.String,
}


@dataclass(frozen=True)
class MappedTables:
    """One snapshot as understood: four frames with the columns of `frames.py`.

    `row_count` is the number of published rows, `left_out_count` that of the rows which the source
    file leaves out; `not_read` is everything in the publication that was not read. `refused_keys`
    are the keys of figures in quarantine, each frame with the columns that could be read.
    """

    observations: pl.DataFrame
    targets: pl.DataFrame
    milestones: pl.DataFrame
    quarantine: pl.DataFrame
    row_count: int
    left_out_count: int = 0
    not_read: tuple[NotRead, ...] = ()
    refused_keys: tuple[pl.DataFrame, ...] = ()


@dataclass
class _Found:
    """The rows found so far, by the frame they belong to."""

    observations: list[pl.DataFrame] = field(default_factory=list)
    targets: list[pl.DataFrame] = field(default_factory=list)
    milestones: list[pl.DataFrame] = field(default_factory=list)
    quarantine: list[pl.DataFrame] = field(default_factory=list)
    refused_keys: list[pl.DataFrame] = field(default_factory=list)


def map_tables(
    source: Source, tables: Mapping[str, PublishedTable], codes: Codes, taken_at: datetime
) -> MappedTables:
    """Everything the published `tables` (by file name) state, under the mapping of `source`.

    Raises `PllError` where totals that the publication states are not the sums of its rows.
    """
    found = _Found()
    not_read = [entry for published in tables.values() for entry in published.not_read]
    left_out_count = 0
    for table in source.tables:
        published = with_text_above(tables[table.file], table.as_above)
        if isinstance(table, ObservationTable):
            refuse_other_scale(table, published)
            refuse_wrong_totals(source, table, published)
        kept, left_out = _without(table, published)
        not_read += left_out
        left_out_count += published.frame.height - kept.frame.height
        mapping = _TableMapping(source, table, codes, day_in_oslo(taken_at), found)
        mapping.map(kept)

    def stamped(frames: list[pl.DataFrame], schema: Schema) -> pl.DataFrame:
        return _stamped(frames, schema, source.name, taken_at)

    stated = stamped(found.observations, OBSERVATION)
    observations, conflicts = merge_statements(stated)
    return MappedTables(
        observations,
        stamped(found.targets, TARGET),
        stamped(found.milestones, MILESTONE),
        pl.concat([stamped(found.quarantine, QUARANTINE), conflicts]),
        sum(tables[file].frame.height for file in dict.fromkeys(t.file for t in source.tables)),
        left_out_count,
        tuple(not_read),
        (*found.refused_keys, keys_only_in(stated, observations)),
    )


def keys_only_in(before: pl.DataFrame, after: pl.DataFrame) -> pl.DataFrame:
    """The keys of observations that are in `before` and not in `after`."""
    key = list(OBSERVATION_KEY)
    return before.select(key).join(after, on=key, how="anti", nulls_equal=True)


def value_columns(value: Value, columns: list[str]) -> Iterator[tuple[str, dict[str, str]]]:
    """The published columns of a value, each with the named groups of its heading."""
    if value.column is not None:
        yield value.column, {}
        return
    for column in columns:
        groups = patterns.groups_in(value.columns or "", column)
        if groups is not None:
            yield column, groups


def with_text_above(published: PublishedTable, columns: list[str]) -> PublishedTable:
    """The table where an empty cell of a label column has the text above it.

    `columns` go from outer to inner: a text in one of them ends what those after it repeat.
    """
    if not columns:
        return published
    texts = {c: pl.when(pl.col(c).str.strip_chars() != "").then(pl.col(c)) for c in columns}
    filled = []
    for number, column in enumerate(columns):
        outer = [texts[other].is_not_null() for other in columns[:number]]
        group = pl.any_horizontal(outer).cum_sum() if outer else pl.lit(0)
        filled.append(texts[column].forward_fill().over(group).fill_null("").alias(column))
    return replace(published, frame=published.frame.with_columns(filled))


def _without(
    table: ObservationTable | MilestoneTable, published: PublishedTable
) -> tuple[PublishedTable, list[NotRead]]:
    """The published rows that are neither left out nor stated totals, and a note on each rule."""
    notes = []
    rules: list[LeaveOut | TotalRows] = [*table.leave_out]
    if isinstance(table, ObservationTable):
        rules += [rule for rule in table.total_rows if not rule.is_figure]
    for rule in rules:
        texts = published.frame[rule.column]
        distinct = [t for t in texts.unique() if patterns.is_found(rule.matches, plain_letters(t))]
        is_left_out = texts.is_in(distinct)
        if is_left_out.any():
            notes.append(_note_on(table.file, rule, published.frame.filter(is_left_out)))
            published = published.filter(~is_left_out)
    return published, notes


def _note_on(file: str, rule: LeaveOut | TotalRows, rows: pl.DataFrame) -> NotRead:
    return NotRead(
        f"{file}, column {rule.column!r}",
        f"rows the source file leaves out: {rule.because}"
        if isinstance(rule, LeaveOut)
        else "stated totals, checked against their parts",
        rows.height,
        f"{rows[rule.column][0]!r} at {rows[ROW_REFERENCE][0]}",
    )


def _stamped(
    frames: list[pl.DataFrame], schema: Schema, source_name: str, taken_at: datetime
) -> pl.DataFrame:
    """The frames as one, with the columns and types of `schema`."""
    own = {c: t for c, t in schema.items() if c not in COMMON or c == ROW_REFERENCE}
    filled = [frame for frame in frames if frame.height]
    together = pl.concat(filled, how="diagonal") if filled else pl.DataFrame(schema=own)
    missing = [pl.lit(None).alias(c) for c in own if c not in together.columns]
    return together.with_columns(
        pl.lit(source_name).alias("source_name"),
        pl.lit(taken_at).cast(TIME).alias("snapshot_at"),
        *missing,
    ).select(pl.col(c).cast(t) for c, t in schema.items())


@dataclass(frozen=True)
class _TableMapping:
    """Maps one published table; adds what it finds to `found`."""

    source: Source
    table: ObservationTable | MilestoneTable
    codes: Codes
    taken_on: date
    found: _Found

    def map(self, published: PublishedTable) -> None:
        if isinstance(self.table, MilestoneTable):
            rows = PublishedRows(published)
            self.found.milestones.append(self._milestones(rows, self.table))
            self.found.quarantine.append(rows.quarantine())
            return
        for value in self.table.values:
            for column, headings in value_columns(value, published.columns):
                rows = PublishedRows(published, headings)
                figures = self._figures(rows, self.table, value, column)
                self.found.quarantine.append(rows.quarantine())
                self.found.refused_keys += rows.refused_keys
                is_planned = pl.col("kind").is_in(["target", "rule"])
                self.found.observations.append(figures.filter(~is_planned))
                self.found.targets.append(_as_targets(figures.filter(is_planned)))

    # --- figures

    def _figures(
        self, rows: PublishedRows, table: ObservationTable, value: Value, column: str
    ) -> pl.DataFrame:
        rows.take("measure_code", value.measure)
        of_measure: Schema = {"service_code": pl.String, "measure_unit": pl.String}
        rows.add(of_measure, self._measure, ["measure_code"])
        period = value.period or table.period
        self._take_period(rows, period)
        self._take_region(rows, table.region, "period_end")
        self._take_actor_type(rows, value.actor_type or table.actor_type)
        texts: dict[str, Text] = {
            "kind": table.kind,
            "unit": value.unit,
            "row_qualifier": table.qualifier,
            "rounded_to": table.rounded_to,
            "row_status": table.status,
            "inferred": period.is_inferred,
            "statement_address": table.address,
            "context": table.context,
        }
        for name, text in texts.items():
            rows.take(name, text)
        self._take_figure(rows, value, column)
        return rows.frame.select(
            *(ROW_REFERENCE, "kind", "measure_code", "region_key", "region_as_published"),
            *("actor_type_code", "period_start", "period_end", "period_grain"),
            (pl.col("inferred") == "true").alias("is_period_inferred"),
            *("value", "lower_bound", "upper_bound", "qualifier"),
            pl.col("figure_status").alias("status"),
            "published_text",
            _blank_to_null("statement_address"),
            pl.concat_str(
                [_blank_to_null("context"), _blank_to_null("note")],
                separator=" – ",
                ignore_nulls=True,
            )
            .replace("", None)
            .alias("context"),
        )

    def _take_figure(self, rows: PublishedRows, value: Value, column: str) -> None:
        reader = FigureReader(
            value,
            column,
            value.numbers or self.source.numbers,
            has_shown_heading=not isinstance(self.source.read, PowerBi),
        )
        mark_column = value.mark_column or self._status_column(rows)
        rows.add_cell(column, mark_column)

        def figure(*inputs: Any) -> tuple[Any, ...]:
            *of_cell, qualifier, rounded_to, status = inputs
            return astuple(reader.read(Cell(*of_cell), qualifier, rounded_to, status))

        rows.add(_FIGURE, figure, [*CELL, "row_qualifier", "rounded_to", "row_status"])
        if value.unit == "count":
            rows.refuse_mixed_units(column)

    def _status_column(self, rows: PublishedRows) -> str | None:
        """The mark column of JSON-stat, which every dataset has."""
        is_jsonstat = isinstance(self.source.read, JsonStat)
        return "status" if is_jsonstat and "status" in rows.columns else None

    def _measure(self, measure_code: str) -> tuple[str | None, str]:
        measure: Measure | None = self.codes.measures.get(measure_code)
        if measure is None:
            reason = (
                f"no measure has the code {measure_code!r}; add it to dbt_project/seeds/measure.csv"
            )
            raise Refused("measure_is_known", "measure", measure_code, reason)
        return measure.service_code, measure.unit

    # --- milestones

    def _milestones(self, rows: PublishedRows, table: MilestoneTable) -> pl.DataFrame:
        rows.take("service_code", table.service)
        rows.take("starts_text", table.starts)
        rows.take("ends_text", table.ends)
        starts: Schema = {
            "starts_on": pl.Date,
            "starts_last": pl.Date,
            "starts_on_precision": pl.String,
        }
        ends: Schema = {
            "ends_first": pl.Date,
            "period_end": pl.Date,
            "ends_on_precision": pl.String,
        }
        rows.add(starts, _period, ["starts_text"])
        rows.add(ends, _period, ["ends_text"])
        rows.with_columns(pl.coalesce("starts_last", "period_end").alias("known_on"))
        self._take_region(rows, table.region, "known_on")
        self._take_actor_type(rows, table.actor_type)
        texts: dict[str, Text] = {
            "area_name": table.area,
            "phase": table.phase,
            "inferred": table.is_inferred,
            "statement": table.statement,
            "statement_address": table.address,
            "context": table.context,
        }
        for name, text in texts.items():
            rows.take(name, text)
        return rows.frame.select(
            *(ROW_REFERENCE, "service_code", "region_key", "area_name", "actor_type_code", "phase"),
            *("starts_on", "starts_on_precision"),
            pl.col("period_end").alias("ends_on"),
            "ends_on_precision",
            (pl.col("inferred") == "true").alias("is_date_inferred"),
            "statement",
            _blank_to_null("statement_address"),
            _blank_to_null("context"),
        )

    # --- what both have

    def _take_period(self, rows: PublishedRows, period: Period) -> None:
        def given(text: str, is_empty_cell: bool) -> tuple[Any, ...]:
            if is_empty_cell and not period.may_be_undated:
                reason = (
                    "the cell of the period is empty. If it repeats the text above it, line to add"
                    f" in the source file: as_above: [{', '.join(rows.columns_of(period.text))}];"
                    " if the figure is undated: may_be_undated: true, under period"
                )
                raise Refused("period_is_given", "period", text, reason)
            if name := period.names.get(comparable(text)):
                return _period(name, "included")
            return _period(text, period.interval_end, add=_period_line(text))

        rows.take("period_text", period.text, empty="is_empty_cell")
        rows.add(_PERIOD, given, ["period_text", "is_empty_cell"])

    def _take_region(self, rows: PublishedRows, region: Region, day_column: str) -> None:
        rows.take("region_as_published", region.name)
        rows.take("level_text", region.level)

        def match(name: str, level: str, day: date | None) -> tuple[str]:
            if key := region.names.get(comparable(name)):
                return (key,)
            levels = region.levels.get(comparable(level))
            if levels is None:
                known = ", ".join(region.levels) or "the levels of the source file"
                reason = f"the level {level!r} is not among {known}"
                raise Refused("region_is_known", "region_level", level, reason)
            on = region.valid_on or day or self.taken_on
            try:
                return (self.codes.regions.match(name, levels=levels, on=on),)
            except PllError as error:
                reason = error.what if name else _empty_label(rows.columns_of(region.name))
                raise Refused("region_is_known", "region_name", name, reason) from error

        inputs = ["region_as_published", "level_text", day_column]
        rows.add({"region_key": pl.String}, match, inputs)

    def _take_actor_type(self, rows: PublishedRows, actor_type: Text) -> None:
        rows.take("actor_type_text", actor_type)

        def match(name: str) -> tuple[str]:
            if name in self.codes.actor_type_codes:
                return (name,)
            try:
                return (self.codes.actor_types.match(name),)
            except PllError as error:
                reason = error.what if name else _empty_label(rows.columns_of(actor_type))
                raise Refused("actor_type_is_known", "actor_type", name, reason) from error

        rows.add({"actor_type_code": pl.String}, match, ["actor_type_text"])


def _empty_label(columns: list[str]) -> str:
    return (
        "the cell is empty. If it repeats the text above it, line to add in the source file:"
        f" as_above: [{', '.join(columns)}]"
    )


def _as_targets(figures: pl.DataFrame) -> pl.DataFrame:
    return figures.select(
        *(ROW_REFERENCE, "measure_code", "region_key", "region_as_published", "actor_type_code"),
        pl.col("period_start").alias("due_start"),
        pl.col("period_end").alias("due_end"),
        pl.col("period_grain").alias("due_grain"),
        pl.col("kind").alias("target_kind"),
        pl.col("qualifier").alias("direction"),
        *("value", "published_text", "statement_address", "context"),
    )


def _period(
    text: str, interval_end: IntervalEnd | None = None, *, add: str = ""
) -> tuple[date | None, date | None, str | None]:
    if not text.strip():
        return None, None, None
    try:
        period = read_period(text, interval_end)
    except PllError as error:
        raise Refused("period_is_readable", "period", text, error.what + add) from error
    return period.start, period.end, period.grain


def _period_line(text: str) -> str:
    return (
        ". If the text names a period, line to add in the source file, under period:"
        f" names: {{{quoted(text.strip())}: its first and last day, as 2026-01-01/2026-03-31}}"
    )


def _blank_to_null(column: str) -> pl.Expr:
    return pl.when(pl.col(column) != "").then(pl.col(column)).alias(column)
