"""The rules observations, targets and milestones must keep, the verdict on a snapshot, and recorded corrections.

Each rule has a name, the column it speaks of and a sentence; a row that breaks one goes to quarantine with that
sentence. pandera runs them lazily on eager frames (it checks only names and types of a LazyFrame). Not here: reading
texts (`observations.py`), files (`landing.py`), rules about whole tables of the warehouse (dbt's data tests).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

import pandera.polars as pa
import polars as pl
from pandera.errors import SchemaErrors

from pll_pipeline.errors import PllError
from pll_pipeline.sources.model import Source
from pll_pipeline.validated.mapping import (
    MILESTONE,
    OBSERVATION,
    OBSERVATION_KEY,
    QUARANTINE,
    TARGET,
    Reading,
)
from pll_pipeline.validated.readers.table import ROW_REFERENCE, PublishedTable
from pll_pipeline.vocabulary.codes import Codes
from pll_pipeline.vocabulary.columns import (
    DATE_PRECISIONS,
    DIRECTIONS,
    PERIOD_GRAINS,
    PHASES,
    QUALIFIERS,
    STATEMENTS,
    STATUSES,
    TARGET_KINDS,
)

FIRST_DAY = date(1990, 1, 1)
LAST_PLANNED_DAY = date(2050, 12, 31)


@dataclass(frozen=True)
class Rule:
    """`holds` is true for a row that keeps the rule; a null counts as keeping it."""

    name: str
    column: str
    reason: str
    holds: pl.Expr


@dataclass(frozen=True)
class Judgement:
    """What the rules make of one reading: the rows that keep them, and a reason to refuse it."""

    reading: Reading
    is_accepted: bool
    reason: str | None


def observation_rules(codes: Codes, taken_on: date) -> list[Rule]:
    """The rules of an observation published no later than `taken_on`."""
    unit = pl.col("measure_code").replace_strict(
        {m.code: m.unit for m in codes.measures.values()}, default=None, return_dtype=pl.String
    )
    share = unit == "share"
    whole = pl.col("value") == pl.col("value").floor()
    dated = pl.col("period_start").is_not_null()
    one_sided = pl.col("qualifier").is_in(["at_least", "at_most"])
    status = pl.col("status")
    return [
        *_key_rules(codes),
        Rule(
            "qualifier_is_known",
            "qualifier",
            f"the qualifier is not {', '.join(QUALIFIERS)}",
            _one_of("qualifier", QUALIFIERS),
        ),
        Rule(
            "status_is_known",
            "status",
            f"the status is not {', '.join(STATUSES)}",
            _one_of("status", STATUSES),
        ),
        Rule(
            "period_is_whole",
            "period_start",
            "a period has both a first and a last day, or neither",
            dated == pl.col("period_end").is_not_null(),
        ),
        Rule(
            "period_is_in_order",
            "period_end",
            "the period ends before it starts",
            pl.col("period_end") >= pl.col("period_start"),
        ),
        Rule(
            "period_grain_is_known",
            "period_grain",
            f"the period is not a {', '.join(PERIOD_GRAINS)}",
            ~dated | _one_of("period_grain", PERIOD_GRAINS),
        ),
        Rule(
            "period_has_begun",
            "period_start",
            "the period begins after the snapshot was taken",
            pl.col("period_start") <= taken_on,
        ),
        Rule(
            "period_is_recent",
            "period_start",
            f"the period begins before {FIRST_DAY}",
            pl.col("period_start") >= FIRST_DAY,
        ),
        Rule(
            "share_is_a_share",
            "value",
            "a share lies between 0 and 1",
            ~share | pl.col("value").is_between(0, 1),
        ),
        Rule(
            "count_is_not_negative",
            "value",
            "a count is not below zero",
            ~unit.is_in(["count", "count_per_week", "mean_count", "ratio"])
            | (pl.col("value") >= 0),
        ),
        Rule(
            "count_is_whole",
            "value",
            "a count is a whole number",
            ~unit.is_in(["count", "count_change"]) | whole,
        ),
        Rule(
            "bounds_are_in_order",
            "lower_bound",
            "the lower bound lies above the upper",
            pl.col("lower_bound") <= pl.col("upper_bound"),
        ),
        Rule(
            "value_is_within_bounds",
            "value",
            "the value lies outside its own bounds",
            (pl.col("value") >= pl.col("lower_bound").fill_null(float("-inf")))
            & (pl.col("value") <= pl.col("upper_bound").fill_null(float("inf"))),
        ),
        Rule(
            "hedge_has_its_bound",
            "qualifier",
            "at_least has a lower bound and no upper, at_most an upper and no lower",
            ~one_sided
            | status.is_in(["suppressed", "missing"])
            | (
                pl.when(pl.col("qualifier") == "at_least")
                .then(pl.col("lower_bound").is_not_null() & pl.col("upper_bound").is_null())
                .otherwise(pl.col("upper_bound").is_not_null() & pl.col("lower_bound").is_null())
            ),
        ),
        Rule(
            "suppressed_has_no_value",
            "value",
            "a suppressed or missing cell has no value",
            ~status.is_in(["suppressed", "missing"]) | pl.col("value").is_null(),
        ),
        Rule(
            "observed_says_something",
            "value",
            "an observed figure has a value or both bounds",
            ~status.is_in(["observed", "provisional"])
            | pl.col("value").is_not_null()
            | (pl.col("lower_bound").is_not_null() & pl.col("upper_bound").is_not_null()),
        ),
        Rule(
            "one_row_per_key",
            "measure_code",
            "another row has the same measure, region, actor type and period",
            ~pl.struct(OBSERVATION_KEY).is_duplicated(),
        ),
    ]


def target_rules(codes: Codes) -> list[Rule]:
    """The rules of a target."""
    unit = pl.col("measure_code").replace_strict(
        {m.code: m.unit for m in codes.measures.values()}, default=None, return_dtype=pl.String
    )
    key = ("measure_code", "region_key", "actor_type_code", "due_start", "due_end", "target_kind")
    return [
        *_key_rules(codes),
        Rule(
            "target_kind_is_known",
            "target_kind",
            f"the kind is not {', '.join(TARGET_KINDS)}",
            _one_of("target_kind", TARGET_KINDS),
        ),
        Rule(
            "direction_is_known",
            "direction",
            f"the direction is not {', '.join(DIRECTIONS)}",
            _one_of("direction", DIRECTIONS),
        ),
        Rule("target_has_a_value", "value", "a target has a value", pl.col("value").is_not_null()),
        Rule(
            "target_share_is_a_share",
            "value",
            "a share lies between 0 and 1",
            (unit != "share") | pl.col("value").is_between(0, 1),
        ),
        Rule(
            "target_is_due_in_time",
            "due_end",
            f"the target falls due after {LAST_PLANNED_DAY}",
            pl.col("due_end") <= LAST_PLANNED_DAY,
        ),
        Rule(
            "target_has_a_due_date",
            "due_end",
            "a target has a due date; only a rule may stand without",
            (pl.col("target_kind") == "rule") | pl.col("due_end").is_not_null(),
        ),
        Rule(
            "one_target_per_key",
            "measure_code",
            "another row is the same target",
            ~pl.struct(key).is_duplicated(),
        ),
    ]


def milestone_rules(codes: Codes) -> list[Rule]:
    """The rules of a milestone."""
    key = ("service_code", "area_name", "actor_type_code", "phase")
    dated = pl.col("starts_on").is_not_null() | pl.col("ends_on").is_not_null()
    return [
        Rule(
            "service_is_known",
            "service_code",
            "no service has this code",
            _one_of("service_code", codes.services),
        ),
        *(rule for rule in _key_rules(codes) if rule.column != "measure_code"),
        Rule(
            "phase_is_known",
            "phase",
            f"the phase is not {', '.join(PHASES)}",
            _one_of("phase", PHASES),
        ),
        Rule(
            "statement_is_known",
            "statement",
            f"the statement is not {', '.join(STATEMENTS)}",
            _one_of("statement", STATEMENTS),
        ),
        Rule(
            "precision_is_known",
            "starts_on_precision",
            f"a date is stated as {', '.join(DATE_PRECISIONS)}",
            pl.col("starts_on_precision").is_in(DATE_PRECISIONS).fill_null(True)
            & pl.col("ends_on_precision").is_in(DATE_PRECISIONS).fill_null(True),
        ),
        Rule(
            "milestone_is_in_order",
            "ends_on",
            "it ends before it starts",
            pl.col("ends_on") >= pl.col("starts_on"),
        ),
        Rule(
            "milestone_is_plausible",
            "starts_on",
            f"it lies outside {FIRST_DAY.year}–{LAST_PLANNED_DAY.year}",
            ~dated | pl.coalesce("starts_on", "ends_on").is_between(FIRST_DAY, LAST_PLANNED_DAY),
        ),
        Rule(
            "one_milestone_per_key",
            "area_name",
            "another row is the same service, area, actor type and phase",
            ~pl.struct(key).is_duplicated(),
        ),
    ]


def _one_of(column: str, allowed: Iterable[str]) -> pl.Expr:
    """True for an allowed value; an empty cell is not one."""
    return pl.col(column).is_in(list(allowed)).fill_null(False)


def _key_rules(codes: Codes) -> list[Rule]:
    return [
        Rule(
            "measure_exists",
            "measure_code",
            "no measure has this code",
            _one_of("measure_code", codes.measures),
        ),
        Rule(
            "region_exists",
            "region_key",
            "no region has this key",
            _one_of("region_key", codes.region_keys),
        ),
        Rule(
            "actor_type_exists",
            "actor_type_code",
            "no actor type has this code",
            _one_of("actor_type_code", codes.actor_type_codes),
        ),
    ]


def judge(source: Source, reading: Reading, codes: Codes, taken_at: datetime) -> Judgement:
    """Hold a reading against the rules: rows that break one move to quarantine; too many refuse the snapshot whole."""
    observations, broken_observations = _sift(
        reading.observations, OBSERVATION, observation_rules(codes, taken_at.date()), codes
    )
    targets, broken_targets = _sift(reading.targets, TARGET, target_rules(codes), codes)
    milestones, broken_milestones = _sift(
        reading.milestones, MILESTONE, milestone_rules(codes), codes
    )
    quarantine = pl.concat(
        [reading.quarantine, broken_observations, broken_targets, broken_milestones]
    )
    judged = replace(
        reading,
        observations=observations,
        targets=targets,
        milestones=milestones,
        quarantine=quarantine,
    )
    rows_aside = quarantine.select(ROW_REFERENCE).n_unique()
    if rows_aside > source.tolerance * reading.row_count:
        worst = (
            quarantine.group_by("rule").len().sort("len", "rule", descending=[True, False]).row(0)
        )
        first = quarantine.filter(pl.col("rule") == worst[0]).row(0, named=True)
        reason = (
            f"{rows_aside} of {reading.row_count} rows break a rule, more than the source's tolerance of {source.tolerance:.1%}; "
            f"most often {worst[0]}, first at {first['row_reference']}, column {first['column_name']}, value {first['value']!r}: {first['reason']}"
        )
        return Judgement(judged, False, reason)
    return Judgement(judged, True, None)


def _sift(
    frame: pl.DataFrame, schema: Mapping[str, Any], rules: Iterable[Rule], codes: Codes
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The rows that keep every rule, and the others as quarantine rows (one per broken rule)."""
    by_name = {rule.name: rule for rule in rules}
    try:
        return _schema(frame, schema, tuple(by_name.values())).validate(
            frame, lazy=True
        ), pl.DataFrame(schema=QUARANTINE)
    except SchemaErrors as errors:
        cases = errors.failure_cases
    unplaced = cases.filter(pl.col("index").is_null())
    if unplaced.height:
        raise PllError(
            f"The frame does not have the columns it must have: {unplaced.row(0)}",
            do="this is a fault of the program, not of the publication; report it",
        ) from None
    broken = cases.select(pl.col("index").cast(pl.Int64), pl.col("check").alias("rule")).unique(
        maintain_order=True
    )
    rows = []
    for index, name in broken.iter_rows():
        rule, row = by_name[name], frame.row(index, named=True)
        measure = codes.measures.get(row.get("measure_code", ""))
        end = row.get("period_end") or row.get("due_end") or row.get("ends_on")
        rows.append(
            {
                "source_name": row["source_name"],
                "snapshot_at": row["snapshot_at"],
                "row_reference": row["row_reference"],
                "rule": name,
                "column_name": rule.column,
                "value": row.get("published_text")
                if rule.column == "value"
                else _as_text(row[rule.column]),
                "reason": rule.reason,
                "service_code": row.get("service_code")
                or (measure.service_code if measure else None),
                "month": end.replace(day=1) if end else None,
                "row": json.dumps(row, default=str, ensure_ascii=False),
            }
        )
    kept = (
        frame.with_row_index("index")
        .filter(~pl.col("index").is_in(broken["index"].implode()))
        .drop("index")
    )
    return kept, pl.DataFrame(rows, schema=QUARANTINE)


def _schema(
    frame: pl.DataFrame, schema: Mapping[str, Any], rules: tuple[Rule, ...]
) -> pa.DataFrameSchema:
    checks = [
        pa.Check(
            lambda data, holds=rule.holds: data.lazyframe.select(holds.fill_null(True)),
            name=rule.name,
        )
        for rule in rules
    ]
    return pa.DataFrameSchema(
        {name: pa.Column(kind, nullable=True) for name, kind in schema.items()},
        checks=checks,
        strict=True,
    )


def _as_text(value: object) -> str | None:
    return None if value is None else str(value)


def refuse_unexpected(source: Source, tables: Mapping[str, PublishedTable], where: str) -> None:
    """Raise `PllError` when published columns or the number of rows are not the expected ones."""
    for table in source.tables:
        published = tables[table.file]
        columns = published.columns
        missing, new = (
            set(table.expected_columns) - set(columns),
            set(columns) - set(table.expected_columns),
        )
        if missing or new:
            changes = [
                f"{word} {', '.join(sorted(names))}"
                for word, names in (("missing:", missing), ("new:", new))
                if names
            ]
            raise PllError(
                f"The published columns are not the expected ones ({'; '.join(changes)})",
                where=f"{where}/{table.file}",
                do="look at the publication, then change expected_columns and the mapping in the source file",
            )
        least, most = table.rows
        if not least <= published.frame.height <= most:
            raise PllError(
                f"The table has {published.frame.height} rows, expected {least} to {most}",
                where=f"{where}/{table.file}",
                do="see whether the publication was cut off; if it truly changed size, change `rows` in the source file",
            )
