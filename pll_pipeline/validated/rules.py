"""The rules that observations, targets and milestones keep.

Each rule has a name, its column and a sentence; a row that breaks one goes to quarantine
with that sentence. pandera checks them lazily on eager frames (of a LazyFrame it checks only names
and types). Not here: reading texts (`mapping.py`), what a broken rule means for a snapshot
(`judging.py`), rules about whole tables of the warehouse (dbt's data tests).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

import polars as pl

from pll_pipeline.errors import PllError
from pll_pipeline.validated.frames import OBSERVATION_KEY, QUARANTINE, Schema
from pll_pipeline.vocabulary.codes import Codes
from pll_pipeline.vocabulary.columns import (
    DATE_PRECISIONS,
    DIRECTIONS,
    LARGEST_FIGURE,
    PERIOD_GRAINS,
    PHASES,
    QUALIFIERS,
    STATEMENTS,
    STATUSES,
    TARGET_KINDS,
)

if TYPE_CHECKING:
    import pandera.polars as pa

FIRST_DAY = date(1990, 1, 1)
LAST_PLANNED_DAY = date(2050, 12, 31)


@dataclass(frozen=True)
class Rule:
    """A rule of rows. `is_kept` is true for a row that keeps it; null counts as keeping it."""

    name: str
    column: str
    reason: str
    is_kept: pl.Expr


def observation_rules(codes: Codes, taken_on: date) -> list[Rule]:
    """The rules of an observation published no later than `taken_on`, a day in Norway."""
    return [
        *_key_rules(codes),
        _is_one_of("qualifier_is_known", "qualifier", "the qualifier", QUALIFIERS),
        _is_one_of("status_is_known", "status", "the status", STATUSES),
        *_period_rules(taken_on),
        *_value_rules(_unit(codes)),
        *_bound_rules(),
        *_status_rules(),
        Rule(
            "one_row_per_key",
            "measure_code",
            "another row has the same measure, region, actor type and period",
            ~pl.struct(OBSERVATION_KEY).is_duplicated(),
        ),
    ]


def _period_rules(taken_on: date) -> list[Rule]:
    is_dated = pl.col("period_start").is_not_null()
    return [
        Rule(
            "period_is_whole",
            "period_start",
            "a period has both a first and a last day, or neither",
            is_dated == pl.col("period_end").is_not_null(),
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
            ~is_dated | _one_of("period_grain", PERIOD_GRAINS),
        ),
        Rule(
            "period_has_begun",
            "period_start",
            f"the period begins after the snapshot was taken, {taken_on} in Norway",
            pl.col("period_start") <= taken_on,
        ),
        Rule(
            "period_is_recent",
            "period_start",
            f"the period begins before {FIRST_DAY}",
            pl.col("period_start") >= FIRST_DAY,
        ),
    ]


def _value_rules(unit: pl.Expr) -> list[Rule]:
    value = pl.col("value")
    is_not_below_zero = ["count", "count_per_week", "mean_count", "ratio"]
    return [
        Rule(
            "share_is_a_share",
            "value",
            "a share lies between 0 and 1",
            (unit != "share") | value.is_between(0, 1),
        ),
        Rule(
            "count_is_not_negative",
            "value",
            "a count is not below zero",
            ~unit.is_in(is_not_below_zero) | (value >= 0),
        ),
        Rule(
            "count_is_whole",
            "value",
            "a count is a whole number",
            ~unit.is_in(["count", "count_change"]) | (value == value.floor()),
        ),
    ]


def _is_of_a_size(name: str, *columns: str) -> Rule:
    """The numbers of these columns are small enough to be added up exactly. NaN is not."""
    size = pl.max_horizontal(pl.col(column).abs() for column in columns)
    return Rule(
        name,
        columns[0],
        f"no figure is larger than {LARGEST_FIGURE:,.0f}".replace(",", " "),
        size <= LARGEST_FIGURE,
    )


def _bound_rules() -> list[Rule]:
    value, lower, upper = pl.col("value"), pl.col("lower_bound"), pl.col("upper_bound")
    qualifier = pl.col("qualifier")
    at_least = lower.is_not_null() & upper.is_null()
    at_most = upper.is_not_null() & lower.is_null()
    return [
        _is_of_a_size("figure_is_of_a_size", "value", "lower_bound", "upper_bound"),
        Rule(
            "bounds_are_in_order",
            "lower_bound",
            "the lower bound lies above the upper",
            lower <= upper,
        ),
        Rule(
            "value_is_within_bounds",
            "value",
            "the value lies outside its own bounds",
            (value >= lower.fill_null(float("-inf"))) & (value <= upper.fill_null(float("inf"))),
        ),
        Rule(
            "qualifier_has_its_bound",
            "qualifier",
            "at_least has a lower bound and no upper, at_most an upper and no lower",
            ~qualifier.is_in(["at_least", "at_most"])
            | pl.col("status").is_in(["suppressed", "missing"])
            | pl.when(qualifier == "at_least").then(at_least).otherwise(at_most),
        ),
    ]


def _status_rules() -> list[Rule]:
    status, value = pl.col("status"), pl.col("value")
    has_bounds = pl.col("lower_bound").is_not_null() & pl.col("upper_bound").is_not_null()
    return [
        Rule(
            "suppressed_has_no_value",
            "value",
            "a suppressed or missing cell has no value",
            ~status.is_in(["suppressed", "missing"]) | value.is_null(),
        ),
        Rule(
            "observed_has_a_figure",
            "value",
            "an observed figure has a value or both bounds",
            ~status.is_in(["observed", "provisional"]) | value.is_not_null() | has_bounds,
        ),
    ]


def target_rules(codes: Codes) -> list[Rule]:
    """The rules of a target."""
    key = ("measure_code", "region_key", "actor_type_code", "due_start", "due_end", "target_kind")
    value, due_end = pl.col("value"), pl.col("due_end")
    return [
        *_key_rules(codes),
        _is_one_of("target_kind_is_known", "target_kind", "the kind", TARGET_KINDS),
        _is_one_of("direction_is_known", "direction", "the direction", DIRECTIONS),
        _is_of_a_size("target_is_of_a_size", "value"),
        Rule("target_has_a_value", "value", "a target has a value", value.is_not_null()),
        Rule(
            "target_share_is_a_share",
            "value",
            "a share lies between 0 and 1",
            (_unit(codes) != "share") | value.is_between(0, 1),
        ),
        Rule(
            "target_is_due_in_time",
            "due_end",
            f"the target falls due after {LAST_PLANNED_DAY}",
            due_end <= LAST_PLANNED_DAY,
        ),
        Rule(
            "target_has_a_due_date",
            "due_end",
            "a target has a due date; only a rule has none",
            (pl.col("target_kind") == "rule") | due_end.is_not_null(),
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
    starts, ends = pl.col("starts_on"), pl.col("ends_on")
    plausible = pl.coalesce(starts, ends).is_between(FIRST_DAY, LAST_PLANNED_DAY)
    return [
        Rule(
            "service_is_known",
            "service_code",
            "no service has this code",
            _one_of("service_code", codes.services),
        ),
        *(rule for rule in _key_rules(codes) if rule.column != "measure_code"),
        _is_one_of("phase_is_known", "phase", "the phase", PHASES),
        _is_one_of("statement_is_known", "statement", "the statement", STATEMENTS),
        Rule(
            "precision_is_known",
            "starts_on_precision",
            f"a date is stated as {', '.join(DATE_PRECISIONS)}",
            pl.col("starts_on_precision").is_in(DATE_PRECISIONS).fill_null(True)
            & pl.col("ends_on_precision").is_in(DATE_PRECISIONS).fill_null(True),
        ),
        Rule("milestone_is_in_order", "ends_on", "it ends before it starts", ends >= starts),
        Rule(
            "milestone_is_plausible",
            "starts_on",
            f"it lies outside {FIRST_DAY.year}–{LAST_PLANNED_DAY.year}",
            (starts.is_null() & ends.is_null()) | plausible,
        ),
        Rule(
            "one_milestone_per_key",
            "area_name",
            "another row is the same service, area, actor type and phase",
            ~pl.struct(key).is_duplicated(),
        ),
    ]


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


def _unit(codes: Codes) -> pl.Expr:
    """The unit of each row's measure."""
    units = {measure.code: measure.unit for measure in codes.measures.values()}
    return pl.col("measure_code").replace_strict(units, default=None, return_dtype=pl.String)


def _is_one_of(name: str, column: str, subject: str, allowed: Iterable[str]) -> Rule:
    words = list(allowed)
    return Rule(name, column, f"{subject} is not {', '.join(words)}", _one_of(column, words))


def _one_of(column: str, allowed: Iterable[str]) -> pl.Expr:
    """True for an allowed value; an empty cell is not one."""
    return pl.col(column).is_in(list(allowed)).fill_null(False)


def sift(
    frame: pl.DataFrame, schema: Schema, rules: Iterable[Rule], codes: Codes
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The rows that keep every rule, and the others as quarantine rows, one per broken rule.

    `frame` has the columns of `schema`. Raises `PllError` where it has not, a fault of the program.
    """
    by_name = {rule.name: rule for rule in rules}
    cases = _failure_cases(frame, schema, by_name.values())
    if cases is None:
        return frame, pl.DataFrame(schema=QUARANTINE)
    unplaced = cases.filter(pl.col("index").is_null())
    if unplaced.height:
        raise PllError(
            f"The frame does not have the columns it must have: {unplaced.row(0)}",
            do="this is a fault of the program, not of the publication; report it",
        )
    broken = cases.select(pl.col("index").cast(pl.Int64), pl.col("check").alias("rule")).unique(
        maintain_order=True
    )
    rows = [
        _quarantined(frame.row(index, named=True), by_name[name], codes)
        for index, name in broken.iter_rows()
    ]
    is_kept = ~pl.int_range(pl.len()).is_in(broken["index"].implode())
    return frame.filter(is_kept), pl.DataFrame(rows, schema=QUARANTINE)


def _quarantined(row: dict[str, Any], rule: Rule, codes: Codes) -> dict[str, Any]:
    measure = codes.measures.get(row.get("measure_code", ""))
    end = row.get("period_end") or row.get("due_end") or row.get("ends_on")
    value = row.get("published_text") if rule.column == "value" else row[rule.column]
    return {
        "source_name": row["source_name"],
        "snapshot_at": row["snapshot_at"],
        "row_reference": row["row_reference"],
        "rule": rule.name,
        "column_name": rule.column,
        "value": None if value is None else str(value),
        "reason": rule.reason,
        "service_code": row.get("service_code") or (measure.service_code if measure else None),
        "month": end.replace(day=1) if end else None,
        "row": json.dumps(row, default=str, ensure_ascii=False),
    }


def _failure_cases(
    frame: pl.DataFrame, schema: Schema, rules: Collection[Rule]
) -> pl.DataFrame | None:
    """pandera's cases of failure, by index and check; None where every row keeps every rule.

    pandera takes longer to start than the rules take to check, and most frames keep them all.
    """
    is_broken = [(~rule.is_kept.fill_null(True)).any().alias(rule.name) for rule in rules]
    if frame.schema == pl.Schema(schema) and not any(frame.select(is_broken).row(0)):
        return None
    import pandera.polars as pa
    from pandera.errors import SchemaErrors

    expected = pa.DataFrameSchema(
        {name: pa.Column(dtype, nullable=True) for name, dtype in schema.items()},
        checks=[pa.Check(_check(rule), name=rule.name) for rule in rules],
        strict=True,
    )
    try:
        expected.validate(frame, lazy=True)
    except SchemaErrors as errors:
        cases: pl.DataFrame = errors.failure_cases
        return cases
    return None


def _check(rule: Rule) -> Callable[[pa.PolarsData], pl.LazyFrame]:
    def is_kept(data: pa.PolarsData) -> pl.LazyFrame:
        return data.lazyframe.select(rule.is_kept.fill_null(True))

    return is_kept
