"""The columns of the validated tables: observations, targets, milestones, quarantine, changes.

Not here: how rows get into them (`mapping.py`), which values they may have (`rules.py`).
"""

from __future__ import annotations

import polars as pl

from pll_pipeline.validated.readers.table import ROW_REFERENCE

Schema = dict[str, pl.DataType | type[pl.DataType]]

TIME = pl.Datetime("us", "UTC")
COMMON: Schema = {"source_name": pl.String, "snapshot_at": TIME, ROW_REFERENCE: pl.String}
_STATED: Schema = {"statement_address": pl.String, "context": pl.String}

OBSERVATION: Schema = {
    **COMMON,
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
TARGET: Schema = {
    **COMMON,
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
MILESTONE: Schema = {
    **COMMON,
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
QUARANTINE: Schema = {
    **COMMON,
    "rule": pl.String,
    "column_name": pl.String,
    "value": pl.String,
    "reason": pl.String,
    "service_code": pl.String,
    "month": pl.Date,
    "row": pl.String,
}

# A figure in force, with the time of the snapshot since which it is as it is; and one row of the
# change log: what a snapshot says for the first time, or what it ended.
KNOWN_FROM = "known_from"
STATED_OBSERVATION: Schema = {**OBSERVATION, KNOWN_FROM: TIME}
CHANGE: Schema = {"change": pl.String, "changed_at": TIME, **STATED_OBSERVATION}

# Which figure a row is, and what it says: two rows with one key are one figure or contradict.
OBSERVATION_KEY = (
    "measure_code",
    "region_key",
    "actor_type_code",
    "period_start",
    "period_end",
    "period_grain",
)
FIGURE_COLUMNS = ("value", "lower_bound", "upper_bound", "qualifier", "status")

# Which target and which milestone a row is: a later snapshot says of it what is so now.
TARGET_KEY = (
    "measure_code",
    "region_key",
    "actor_type_code",
    "target_kind",
    "due_start",
    "due_end",
    "due_grain",
)
MILESTONE_KEY = (
    "service_code",
    "region_key",
    "area_name",
    "actor_type_code",
    "phase",
    "statement",
    "starts_on",
    "ends_on",
    "statement_address",
)
