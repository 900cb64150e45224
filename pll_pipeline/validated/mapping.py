"""The table as published → observations, targets and milestones, by the source's mapping.

Pure: tables in, a `Reading` out. Every published row ends as one of these or in quarantine, with the reason; nothing
is dropped and nothing is guessed. Not here: rules about values (`validation.py`), bytes (`readers/`), files.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import polars as pl

from pll_pipeline.errors import PllError
from pll_pipeline.sources.model import (
    FirstCase,
    FromColumn,
    MilestoneTable,
    ObservationTable,
    Region,
    Source,
    Text,
    Value,
)
from pll_pipeline.validated.readers.table import ROW_REFERENCE, PublishedTable
from pll_pipeline.vocabulary.codes import Codes
from pll_pipeline.vocabulary.norwegian.numbers import (
    NORWEGIAN,
    NORWEGIAN_DOTTED,
    POINT,
    Figure,
    read_number,
)
from pll_pipeline.vocabulary.norwegian.periods import read_period

CONVENTIONS = {"point": POINT, "norwegian": NORWEGIAN, "norwegian_dotted": NORWEGIAN_DOTTED}

_TIME = pl.Datetime("us", "UTC")
_COMMON = {"source_name": pl.String, "snapshot_at": _TIME, "row_reference": pl.String}
_STATED = {"statement_address": pl.String, "context": pl.String}

OBSERVATION: dict[str, pl.DataType | type[pl.DataType]] = {
    **_COMMON,
    "measure_code": pl.String,
    "region_key": pl.String,
    "region_as_published": pl.String,
    "actor_type_code": pl.String,
    "period_start": pl.Date,
    "period_end": pl.Date,
    "period_grain": pl.String,
    "is_period_inferred": pl.Boolean,
    "value": pl.Float64,
    "lower_bound": pl.Float64,
    "upper_bound": pl.Float64,
    "qualifier": pl.String,
    "status": pl.String,
    "published_text": pl.String,
    "also_stated_at": pl.String,
    **_STATED,
}
TARGET: dict[str, pl.DataType | type[pl.DataType]] = {
    **_COMMON,
    "measure_code": pl.String,
    "region_key": pl.String,
    "region_as_published": pl.String,
    "actor_type_code": pl.String,
    "due_start": pl.Date,
    "due_end": pl.Date,
    "due_grain": pl.String,
    "target_kind": pl.String,
    "direction": pl.String,
    "value": pl.Float64,
    "published_text": pl.String,
    **_STATED,
}
MILESTONE: dict[str, pl.DataType | type[pl.DataType]] = {
    **_COMMON,
    "service_code": pl.String,
    "region_key": pl.String,
    "area_name": pl.String,
    "actor_type_code": pl.String,
    "phase": pl.String,
    "starts_on": pl.Date,
    "starts_on_precision": pl.String,
    "ends_on": pl.Date,
    "ends_on_precision": pl.String,
    "is_date_inferred": pl.Boolean,
    "statement": pl.String,
    **_STATED,
}
QUARANTINE: dict[str, pl.DataType | type[pl.DataType]] = {
    **_COMMON,
    "rule": pl.String,
    "column_name": pl.String,
    "value": pl.String,
    "reason": pl.String,
    "service_code": pl.String,
    "month": pl.Date,
    "row": pl.String,
}

OBSERVATION_KEY = (
    "measure_code",
    "region_key",
    "actor_type_code",
    "period_start",
    "period_end",
    "period_grain",
)
_PUBLISHED = "published "
_SAID = ("value", "lower_bound", "upper_bound", "qualifier", "status")


@dataclass(frozen=True)
class Reading:
    """One snapshot as understood: four frames with the columns of the constants above, the number of published rows,
    and of those the source file says are no figures."""

    observations: pl.DataFrame
    targets: pl.DataFrame
    milestones: pl.DataFrame
    quarantine: pl.DataFrame
    row_count: int
    left_out_count: int = 0


class _Refused(Exception):
    """One text of one row cannot be taken."""

    def __init__(self, rule: str, column: str, value: str, reason: str) -> None:
        self.rule, self.column, self.value, self.reason = rule, column, value, reason


def read_tables(
    source: Source, tables: Mapping[str, PublishedTable], codes: Codes, taken_at: datetime
) -> Reading:
    """Everything the published `tables` (by file name, all text) say, under the mapping of `source`."""
    found: dict[str, list[pl.DataFrame]] = {
        "observation": [],
        "target": [],
        "milestone": [],
        "quarantine": [],
    }
    left_out_count = 0
    for table in source.tables:
        published = _without(table, tables[table.file].frame)
        left_out_count += tables[table.file].frame.height - published.height
        if isinstance(table, MilestoneTable):
            work = _Work(published)
            found["milestone"].append(_milestones(work, table, codes, taken_at.date()))
            found["quarantine"].append(work.quarantine())
            continue
        for value in table.values:
            work = _Work(published)
            figures = _figures(work, source, table, value, codes, taken_at.date())
            found["quarantine"].append(work.quarantine())
            planned = pl.col("kind").is_in(["target", "rule"])
            found["observation"].append(figures.filter(~planned))
            found["target"].append(_as_targets(figures.filter(planned)))

    def stamped(name: str, schema: Mapping[str, Any]) -> pl.DataFrame:
        frames = [f for f in found[name] if f.height]
        together = (
            pl.concat(frames, how="diagonal")
            if frames
            else pl.DataFrame(
                schema={c: t for c, t in schema.items() if c not in _COMMON or c == ROW_REFERENCE}
            )
        )
        stamp = [
            pl.lit(source.name).alias("source_name"),
            pl.lit(taken_at).cast(_TIME).alias("snapshot_at"),
        ]
        missing = [
            pl.lit(None).alias(c)
            for c in schema
            if c not in together.columns and c not in ("source_name", "snapshot_at")
        ]
        return together.with_columns(*stamp, *missing).select(
            pl.col(c).cast(t) for c, t in schema.items()
        )

    observations, conflicts = merge_statements(stamped("observation", OBSERVATION))
    quarantine = (
        pl.concat([stamped("quarantine", QUARANTINE), conflicts])
        if conflicts.height
        else stamped("quarantine", QUARANTINE)
    )
    row_count = sum(
        tables[file].frame.height for file in dict.fromkeys(t.file for t in source.tables)
    )
    return Reading(
        observations,
        stamped("target", TARGET),
        stamped("milestone", MILESTONE),
        quarantine,
        row_count,
        left_out_count,
    )


def _without(table: ObservationTable | MilestoneTable, published: pl.DataFrame) -> pl.DataFrame:
    """The published rows that the source file does not leave out."""
    for rule in table.leave_out:
        no_figures = [
            text for text in published[rule.column].unique() if re.search(rule.matches, text)
        ]
        published = published.filter(~pl.col(rule.column).is_in(no_figures))
    return published


def merge_statements(observations: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """One row per key: the same figure stated twice is one figure with two addresses, not a revision.

    "At least a" and "at most b" for one key are the two ends of a range: one row with both bounds and no value.
    Statements that cannot both be true are set aside. Returns the observations and the quarantine rows.
    """
    twice = pl.struct(OBSERVATION_KEY).is_duplicated()
    alone, repeated = observations.filter(~twice), observations.filter(twice)
    merged: list[dict[str, Any]] = []
    conflicts: list[pl.DataFrame] = []
    for _, same_key in repeated.group_by(OBSERVATION_KEY, maintain_order=True):
        rows = same_key.to_dicts()
        first = rows[0] | {
            "row_reference": "; ".join(r["row_reference"] for r in rows),
            "also_stated_at": " ".join(
                dict.fromkeys(
                    r["statement_address"]
                    for r in rows[1:]
                    if r["statement_address"] not in (None, rows[0]["statement_address"])
                )
            )
            or None,
        }
        ends = {r["qualifier"]: r["value"] for r in rows}
        if all(r[c] == rows[0][c] for r in rows for c in _SAID):
            merged.append(first)
        elif (
            len(rows) == 2
            and set(ends) == {"at_least", "at_most"}
            and ends["at_least"] <= ends["at_most"]
        ):
            text = " – ".join(r["published_text"] for r in sorted(rows, key=lambda r: r["value"]))
            bounds = {
                "value": None,
                "lower_bound": ends["at_least"],
                "upper_bound": ends["at_most"],
                "qualifier": "approx",
            }
            merged.append(first | bounds | {"published_text": text})
        else:
            conflicts.append(same_key)
    one_each = (
        pl.concat([alone, pl.DataFrame(merged, schema=observations.schema)]) if merged else alone
    )
    if not conflicts:
        return one_each, pl.DataFrame(schema=QUARANTINE)
    refused = pl.concat(conflicts).select(
        *_COMMON.keys(),
        pl.lit("one_value_per_key").alias("rule"),
        pl.lit("value").alias("column_name"),
        pl.col("published_text").alias("value"),
        pl.lit(
            "the same measure, region, actor type and period has another value elsewhere in the snapshot"
        ).alias("reason"),
        pl.lit(None, pl.String).alias("service_code"),
        pl.col("period_end").dt.month_start().alias("month"),
        pl.struct(OBSERVATION_KEY)
        .map_elements(lambda key: json.dumps(key, default=str, ensure_ascii=False), pl.String)
        .alias("row"),
    )
    return one_each, refused.select(*QUARANTINE.keys())


class _Work:
    """A published table on its way: texts become columns, rows that cannot be taken are set aside with the reason."""

    def __init__(self, published: pl.DataFrame) -> None:
        self.columns = [c for c in published.columns if c != ROW_REFERENCE]
        # set apart by a prefix: a publisher may call a column what we call one
        self.frame = published.rename({c: _PUBLISHED + c for c in self.columns})
        self.refused: list[pl.DataFrame] = []

    def take(self, name: str, text: Text) -> None:
        """Add the column `name` holding what the mapping's `text` says for each row."""
        columns = _columns_of(text)
        self.add(
            {name: pl.String},
            [_PUBLISHED + c for c in columns],
            lambda *cells: (_text(text, dict(zip(columns, cells, strict=True))),),
        )

    def add(
        self,
        outputs: Mapping[str, Any],
        inputs: list[str],
        function: Callable[..., tuple[Any, ...]],
    ) -> None:
        """Add `outputs`, worked out once per distinct combination of `inputs`; refused combinations leave the frame."""
        distinct = (
            self.frame.select(inputs).unique(maintain_order=True)
            if inputs
            else pl.DataFrame({"": [None]})
        )
        results: list[tuple[Any, ...]] = []
        nothing = (None,) * len(outputs)
        for cells in distinct.iter_rows():
            try:
                results.append((*function(*(cells if inputs else ())), None, None, None, None))
            except _Refused as refusal:
                results.append(
                    (*nothing, refusal.rule, refusal.column, refusal.value, refusal.reason)
                )
        why = {
            "rule": pl.String,
            "column_name": pl.String,
            "refused_value": pl.String,
            "reason": pl.String,
        }
        resolved = pl.DataFrame(results, schema={**outputs, **why}, orient="row")
        if inputs:
            lookup = pl.concat([distinct, resolved], how="horizontal")
            self.frame = self.frame.join(
                lookup, on=inputs, how="left", nulls_equal=True, maintain_order="left"
            )
        else:
            self.frame = self.frame.join(resolved, how="cross")
        refused = self.frame.filter(pl.col("rule").is_not_null())
        if refused.height:
            self.refused.append(refused)
        self.frame = self.frame.filter(pl.col("rule").is_null()).drop(why)

    def quarantine(self) -> pl.DataFrame:
        """The rows set aside, with rule, column, value and reason, and the whole published row as JSON."""
        if not self.refused:
            return pl.DataFrame()
        rows = []
        for frame in self.refused:
            for row in frame.iter_rows(named=True):
                end = row.get("period_end")
                rows.append(
                    {
                        "row_reference": row[ROW_REFERENCE],
                        "rule": row["rule"],
                        "column_name": row["column_name"],
                        "value": row["refused_value"],
                        "reason": row["reason"],
                        "service_code": row.get("service_code"),
                        "month": end.replace(day=1) if end else None,
                        "row": json.dumps(
                            {c: row[_PUBLISHED + c] for c in self.columns}, ensure_ascii=False
                        ),
                    }
                )
        return pl.DataFrame(rows, schema={c: QUARANTINE[c] for c in rows[0]})


def _figures(
    work: _Work, source: Source, table: ObservationTable, value: Value, codes: Codes, taken_on: date
) -> pl.DataFrame:
    work.take("measure_code", value.measure)
    work.add(
        {"service_code": pl.String},
        ["measure_code"],
        lambda code: (_measure(code, codes).service_code,),
    )
    work.take("period_text", table.period.text)
    work.add(
        {"period_start": pl.Date, "period_end": pl.Date, "period_grain": pl.String},
        ["period_text"],
        _period,
    )
    _take_region(work, table.region, codes, "period_end", taken_on)
    _take_actor_type(work, table.actor_type, codes)
    texts = {
        "kind": table.kind,
        "unit": value.unit,
        "said_qualifier": table.qualifier,
        "rounded_to": table.rounded_to,
        "status": table.status,
    }
    for name, text in {
        **texts,
        "inferred": table.period.is_inferred,
        "statement_address": table.address,
        "context": table.context,
    }.items():
        work.take(name, text)
    convention = value.numbers or source.numbers

    def figure(
        text: str, unit: str, qualifier: str, rounded_to: str, status: str
    ) -> tuple[Any, ...]:
        return _figure(text, unit, qualifier, rounded_to, status, value, convention)

    outputs = {
        "value": pl.Float64,
        "lower_bound": pl.Float64,
        "upper_bound": pl.Float64,
        "qualifier": pl.String,
        "figure_status": pl.String,
    }
    said = pl.col(_PUBLISHED + value.column)
    if value.mark_column:
        said = (
            pl.when(said.str.strip_chars() == "")
            .then(pl.col(_PUBLISHED + value.mark_column))
            .otherwise(said)
        )
    work.frame = work.frame.with_columns(said.alias("published_text"))
    work.add(outputs, ["published_text", "unit", "said_qualifier", "rounded_to", "status"], figure)
    return work.frame.select(
        ROW_REFERENCE,
        "kind",
        "measure_code",
        "region_key",
        "region_as_published",
        "actor_type_code",
        "period_start",
        "period_end",
        "period_grain",
        (pl.col("inferred") == "true").alias("is_period_inferred"),
        "value",
        "lower_bound",
        "upper_bound",
        "qualifier",
        pl.col("figure_status").alias("status"),
        "published_text",
        *_blank_to_null("statement_address", "context"),
    )


def _milestones(work: _Work, table: MilestoneTable, codes: Codes, taken_on: date) -> pl.DataFrame:
    work.take("service_code", table.service)
    work.take("starts_text", table.starts)
    work.take("ends_text", table.ends)
    starts = {"starts_on": pl.Date, "starts_last": pl.Date, "starts_on_precision": pl.String}
    ends = {"ends_first": pl.Date, "period_end": pl.Date, "ends_on_precision": pl.String}
    work.add(starts, ["starts_text"], _period)
    work.add(ends, ["ends_text"], _period)
    work.frame = work.frame.with_columns(pl.coalesce("starts_last", "period_end").alias("known_on"))
    _take_region(work, table.region, codes, "known_on", taken_on)
    _take_actor_type(work, table.actor_type, codes)
    texts = {
        "area_name": table.area,
        "phase": table.phase,
        "inferred": table.is_inferred,
        "statement": table.statement,
    }
    for name, text in {
        **texts,
        "statement_address": table.address,
        "context": table.context,
    }.items():
        work.take(name, text)
    return work.frame.select(
        ROW_REFERENCE,
        "service_code",
        "region_key",
        "area_name",
        "actor_type_code",
        "phase",
        "starts_on",
        "starts_on_precision",
        pl.col("period_end").alias("ends_on"),
        "ends_on_precision",
        (pl.col("inferred") == "true").alias("is_date_inferred"),
        "statement",
        *_blank_to_null("statement_address", "context"),
    )


def _as_targets(figures: pl.DataFrame) -> pl.DataFrame:
    return figures.select(
        ROW_REFERENCE,
        "measure_code",
        "region_key",
        "region_as_published",
        "actor_type_code",
        pl.col("period_start").alias("due_start"),
        pl.col("period_end").alias("due_end"),
        pl.col("period_grain").alias("due_grain"),
        pl.col("kind").alias("target_kind"),
        pl.col("qualifier").alias("direction"),
        "value",
        "published_text",
        "statement_address",
        "context",
    )


def _take_region(
    work: _Work, region: Region, codes: Codes, day_column: str, taken_on: date
) -> None:
    work.take("region_as_published", region.name)
    work.take("level_text", region.level)

    def match(name: str, level: str, day: date | None) -> tuple[str]:
        if name in region.names:
            return (region.names[name],)
        levels = region.levels.get(level)
        if levels is None:
            raise _Refused(
                "region_is_known",
                "region_level",
                level,
                f"the level {level!r} is not among {', '.join(region.levels) or 'the levels of the source file'}",
            )
        try:
            return (
                codes.regions.match(name, levels=levels, on=region.valid_on or day or taken_on),
            )
        except PllError as error:
            raise _Refused("region_is_known", "region_name", name, error.what) from error

    work.add({"region_key": pl.String}, ["region_as_published", "level_text", day_column], match)


def _take_actor_type(work: _Work, actor_type: Text, codes: Codes) -> None:
    work.take("actor_type_text", actor_type)

    def match(name: str) -> tuple[str]:
        if name in codes.actor_type_codes:
            return (name,)
        try:
            return (codes.actor_types.match(name),)
        except PllError as error:
            raise _Refused("actor_type_is_known", "actor_type", name, error.what) from error

    work.add({"actor_type_code": pl.String}, ["actor_type_text"], match)


def _measure(code: str, codes: Codes) -> Any:
    if code not in codes.measures:
        raise _Refused(
            "measure_is_known",
            "measure",
            code,
            f"no measure has the code {code!r}; add it to dbt_project/seeds/measure.csv",
        )
    return codes.measures[code]


def _period(text: str) -> tuple[date | None, date | None, str | None]:
    if not text.strip():
        return None, None, None
    try:
        period = read_period(text)
    except PllError as error:
        raise _Refused("period_is_readable", "period", text, error.what) from error
    return period.start, period.end, period.grain


def _figure(
    text: str, unit: str, qualifier: str, rounded_to: str, status: str, how: Value, convention: str
) -> tuple[Any, ...]:
    """(value, lower, upper, qualifier, status) of one cell, in the measure's own unit."""
    if not text.strip():
        return None, None, None, qualifier, "missing"
    if text.strip() in how.suppressed:
        lower, upper = how.suppressed[text.strip()]
        return None, lower, upper, qualifier, "suppressed"
    figure = _number(text, how.column, convention)
    factor = {"count": 1.0, "percent": 1.0 if figure.unit == "share" else 0.01, "million": 1e6}.get(
        unit
    )
    if factor is None:
        raise _Refused(
            "unit_is_known", how.column, unit, f"the unit {unit!r} is not count, percent or million"
        )
    if figure.qualifier != "exact":
        qualifier = figure.qualifier
    value = None if figure.value is None else round(figure.value * factor, 9)
    if value is None:
        lower, upper = round(figure.lower * factor, 9), round(figure.upper * factor, 9)
    elif qualifier == "exact":
        half = _number(rounded_to, "rounded_to", "point").value * factor / 2 if rounded_to else 0.0
        lower, upper = round(value - half, 9), round(value + half, 9)
    else:
        lower, upper = (
            (value if qualifier == "at_least" else None),
            (value if qualifier == "at_most" else None),
        )
    return value, lower, upper, qualifier, status


def _number(text: str, column: str, convention: str) -> Figure:
    try:
        return read_number(text, CONVENTIONS[convention])
    except PllError as error:
        raise _Refused("number_is_readable", column, text, error.what) from error


def _columns_of(text: Text) -> list[str]:
    if isinstance(text, FromColumn):
        return [text.column]
    if isinstance(text, FirstCase):
        inside = [c for case in text.cases for c in (case.column, *_columns_of(case.take))]
        return list(dict.fromkeys([*inside, *_columns_of(text.otherwise)]))
    return []


def _text(text: Text, row: Mapping[str, str]) -> str:
    if isinstance(text, str):
        return text
    if isinstance(text, FirstCase):
        chosen = next(
            (case.take for case in text.cases if re.search(case.matches, row[case.column])),
            text.otherwise,
        )
        return _text(chosen, row)
    published = row[text.column]
    taken = published.strip()
    if text.pattern:
        match = re.search(text.pattern, taken)
        taken = (match.group(1) if match.groups() else match.group(0)) if match else ""
        if not match:
            if text.otherwise is None:
                raise _Refused(
                    "text_matches",
                    text.column,
                    published,
                    f"the text does not match {text.pattern!r}",
                )
            return text.otherwise
    if text.codes is not None:
        if taken not in text.codes:
            if text.otherwise is None:
                raise _Refused(
                    "text_is_in_code_list",
                    text.column,
                    published,
                    f"{taken!r} is not in the source file's code list for this column",
                )
            return text.otherwise
        taken = text.codes[taken]
    return text.template.replace("{}", taken) if text.template and taken else taken


def _blank_to_null(*columns: str) -> list[pl.Expr]:
    return [pl.when(pl.col(c) != "").then(pl.col(c)).alias(c) for c in columns]
