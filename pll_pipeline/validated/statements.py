"""One figure stated several times in a snapshot → one row, or a contradiction.

Not here: figures of different snapshots (`drift.py`), of different sources (dbt).
"""

from __future__ import annotations

import json
from typing import Any

import polars as pl

from pll_pipeline.validated.frames import COMMON, FIGURE_COLUMNS, OBSERVATION_KEY, QUARANTINE


def merge_statements(observations: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """One row per key: the same figure stated twice is one figure with two addresses.

    "At least a" and "at most b" for one key are the two ends of a range: one row with both bounds
    and no value. Statements that cannot both be true go to quarantine. Returns the observations
    and the quarantine rows.
    """
    is_repeated = pl.struct(OBSERVATION_KEY).is_duplicated()
    single, repeated = observations.filter(~is_repeated), observations.filter(is_repeated)
    merged: list[dict[str, Any]] = []
    conflicts: list[pl.DataFrame] = []
    for _, same_key in repeated.group_by(OBSERVATION_KEY, maintain_order=True):
        row = _merged(same_key.to_dicts())
        if row is None:
            conflicts.append(same_key)
        else:
            merged.append(row)
    if merged:
        single = pl.concat([single, pl.DataFrame(merged, schema=observations.schema)])
    if not conflicts:
        return single, pl.DataFrame(schema=QUARANTINE)
    return single, _refused(pl.concat(conflicts))


def _merged(rows: list[dict[str, Any]]) -> dict[str, Any] | None:
    """One row for the statements of one key; None where they cannot all be true."""
    first = rows[0] | {
        "row_reference": "; ".join(row["row_reference"] for row in rows),
        "also_stated_at": _other_addresses(rows),
    }
    if all(row[column] == rows[0][column] for row in rows for column in FIGURE_COLUMNS):
        return first
    ends = {row["qualifier"]: row["value"] for row in rows}
    is_range = len(rows) == 2 and set(ends) == {"at_least", "at_most"}
    if not is_range or ends["at_least"] > ends["at_most"]:
        return None
    texts = [row["published_text"] for row in sorted(rows, key=lambda row: float(row["value"]))]
    return first | {
        "value": None,
        "lower_bound": ends["at_least"],
        "upper_bound": ends["at_most"],
        "qualifier": "approx",
        "published_text": " – ".join(texts),
    }


def _other_addresses(rows: list[dict[str, Any]]) -> str | None:
    own = rows[0]["statement_address"]
    others = [row["statement_address"] for row in rows[1:]]
    return " ".join(dict.fromkeys(a for a in others if a not in (None, own))) or None


def _refused(conflicts: pl.DataFrame) -> pl.DataFrame:
    reason = (
        "the same measure, region, actor type and period has another value elsewhere in the"
        " snapshot"
    )
    key = pl.struct(OBSERVATION_KEY).map_elements(
        lambda key: json.dumps(key, default=str, ensure_ascii=False), pl.String
    )
    return conflicts.select(
        *COMMON,
        pl.lit("one_value_per_key").alias("rule"),
        pl.lit("value").alias("column_name"),
        pl.col("published_text").alias("value"),
        pl.lit(reason).alias("reason"),
        pl.lit(None, pl.String).alias("service_code"),
        pl.col("period_end").dt.month_start().alias("month"),
        key.alias("row"),
    ).select(*QUARANTINE)
