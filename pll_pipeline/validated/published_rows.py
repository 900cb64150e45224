"""Published rows on their way through the mapping: texts become columns, refused rows leave.

Each function of a mapping is called once per distinct combination of its inputs. Not here: what
the functions do (`mapping.py`).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import polars as pl

from pll_pipeline.sources.model import Text
from pll_pipeline.validated.frames import OBSERVATION_KEY, QUARANTINE, Schema
from pll_pipeline.validated.readers.table import ROW_REFERENCE, PublishedTable
from pll_pipeline.validated.texts import HEADING, PUBLISHED, Refused, keys_of, text_for

_ROW = "row index"
_REFUSAL: Schema = {
    "rule": pl.String,
    "column_name": pl.String,
    "refused_text": pl.String,
    "reason": pl.String,
}
# What is known of a figure's cell, in the order of `figures.Cell`.
CELL = ("cell_text", "is_number", "beside", "stated_unit", "unit", "measure_unit")


class PublishedRows:
    """The rows of a published table that are not refused yet.

    `frame` has the published columns under prefixed names, and the columns added so far.
    `headings` are the named groups of the value column's heading, the same for every row.
    `refused_keys` is what is known of the figures of refused rows: frames with those columns of the
    key that could be read, and of rows of which the region or the period could.
    """

    def __init__(self, table: PublishedTable, headings: dict[str, str] | None = None) -> None:
        self.columns = table.columns
        self._table = table
        self._refused: list[pl.DataFrame] = []
        # columns that follow from a published cell, not from the source file or a heading alone
        self._from_cells = {PUBLISHED + column for column in self.columns}
        self.refused_keys: list[pl.DataFrame] = []
        self.frame = (
            table.frame.rename({column: PUBLISHED + column for column in self.columns})
            .with_row_index(_ROW)
            .with_columns(
                pl.lit(text).alias(HEADING + name) for name, text in (headings or {}).items()
            )
        )

    def columns_of(self, text: Text) -> list[str]:
        """The published columns that a mapping's text takes something from."""
        return [key.removeprefix(PUBLISHED) for key in keys_of(text) if key.startswith(PUBLISHED)]

    def with_columns(self, *expressions: pl.Expr) -> None:
        """Add columns that follow from those there are."""
        self.frame = self.frame.with_columns(*expressions)

    def take(self, name: str, text: Text, empty: str | None = None) -> None:
        """Add the column `name` with what the mapping's `text` gives for each row.

        The column `empty` is true where that is an empty cell.
        """
        for column in self.columns_of(text):
            self._refuse_faults(column)
        keys = keys_of(text)
        outputs: Schema = {name: pl.String, empty or "is empty": pl.Boolean}
        self.add(outputs, lambda *cells: text_for(text, dict(zip(keys, cells, strict=True))), keys)
        if empty is None:
            self.frame = self.frame.drop("is empty")

    def add_cell(self, column: str, mark_column: str | None) -> None:
        """Add `published_text` and the columns of `CELL`, but for the units, of a value column.

        Refuses rows whose cell has a fault, or covers several rows or columns.
        """
        for name in (column, mark_column):
            if name is not None:
                self._refuse_faults(name)
        self._refuse_joined(column)
        text, beside = pl.col(PUBLISHED + column), pl.lit("")
        if mark_column is not None:
            beside = pl.col(PUBLISHED + mark_column)
        is_blank = text.str.strip_chars() == ""
        self.frame = self.frame.with_columns(
            text.alias("cell_text"),
            self._by_row(self._table.number_cells.get(column), False).alias("is_number"),
            beside.alias("beside"),
            self._by_row(self._table.units.get(column), "").fill_null("").alias("stated_unit"),
            pl.when(is_blank).then(beside).otherwise(text).alias("published_text"),
        )

    def _by_row(self, values: pl.Series | None, default: Any) -> pl.Expr:
        """What the table knows of the cells of a column, for the rows that are left."""
        if values is None:
            return pl.lit(default)
        return pl.lit(values.gather(self.frame[_ROW])).alias("known")

    def add(
        self,
        outputs: Schema,
        function: Callable[..., tuple[Any, ...]],
        inputs: Sequence[str],
    ) -> None:
        """Add the columns `outputs`; rows whose inputs the function refuses leave the frame."""
        distinct = (
            self.frame.select(inputs).unique(maintain_order=True)
            if inputs
            else pl.DataFrame({"": [None]})
        )
        results: list[tuple[Any, ...]] = []
        for cells in distinct.iter_rows():
            try:
                results.append((*function(*(cells if inputs else ())), None, None, None, None))
            except Refused as refusal:
                why = (refusal.rule, refusal.column, refusal.text, refusal.reason)
                results.append((*(None,) * len(outputs), *why))
        resolved = pl.DataFrame(results, schema={**outputs, **_REFUSAL}, orient="row")
        if inputs:
            lookup = pl.concat([distinct, resolved], how="horizontal")
            joined = self.frame.join(
                lookup, on=list(inputs), how="left", nulls_equal=True, maintain_order="left"
            )
        else:
            joined = self.frame.join(resolved, how="cross")
        self._split(joined, unread=outputs)
        if self._from_cells.intersection(inputs):
            self._from_cells |= outputs.keys()

    def refuse_mixed_units(self, column: str) -> None:
        """Refuse numbers without a unit where others of their measure are printed in per cent.

        Whether 0,5 beside 94,8 % is a half or half a per cent is not known. Zero is zero.
        """
        is_percent = pl.col("printed_unit").is_in(["percent", "per_mille"])
        is_bare = (pl.col("printed_unit") == "") & (pl.col("value") != 0)
        is_mixed = (is_percent.any().over("measure_code") & is_bare).fill_null(False)
        if not self.frame.select(is_mixed.any()).item():
            return
        reason = (
            "other cells of this column are printed in per cent and this one is not. Line to add in"
            " the source file where all are in per cent: unit: percent"
        )
        self._refuse(is_mixed, "unit_is_the_columns", column, reason)

    def _refuse_faults(self, column: str) -> None:
        """Refuse rows whose cell in the column cannot be known."""
        faults = {row: why for (row, name), why in self._table.faults.items() if name == column}
        for why in dict.fromkeys(faults.values()):
            rows = [row for row, fault in faults.items() if fault == why]
            is_faulty = pl.col(_ROW).is_in(rows)
            self._refuse(is_faulty, "cell_can_be_read", column, f"the cell {why}")

    def _refuse_joined(self, column: str) -> None:
        """Refuse figures whose cell covers several rows or columns."""
        is_joined = self._table.joined_cells.get(column)
        if is_joined is None or not is_joined.any():
            return
        has_text = pl.col(PUBLISHED + column).str.strip_chars() != ""
        reason = (
            "the cell covers several rows or columns, so the figure is of them together; ask the"
            " publisher for a figure of each"
        )
        joined = pl.lit(is_joined.gather(self.frame[_ROW])) & has_text
        self._refuse(joined, "figure_is_of_one_row", column, reason)

    def _refuse(self, is_refused: pl.Expr, rule: str, column: str, reason: str) -> None:
        why = {
            "rule": pl.lit(rule),
            "column_name": pl.lit(column),
            "refused_text": pl.col(PUBLISHED + column),
            "reason": pl.lit(reason),
        }
        self._split(
            self.frame.with_columns(
                pl.when(is_refused).then(text).alias(name) for name, text in why.items()
            )
        )

    def _split(self, frame: pl.DataFrame, unread: Iterable[str] = ()) -> None:
        """Let the refused rows leave; the columns `unread` of them could not be read."""
        refused = frame.filter(pl.col("rule").is_not_null())
        if refused.height:
            self._refused.append(refused)
            known = [c for c in OBSERVATION_KEY if c in refused.columns and c not in set(unread)]
            if self._from_cells.intersection(known) & {"region_key", "period_end"}:
                self.refused_keys.append(refused.select(known))
        self.frame = frame.filter(pl.col("rule").is_null()).drop(_REFUSAL)

    def quarantine(self) -> pl.DataFrame:
        """The refused rows, in published order, each whole as JSON with what was refused in it."""
        rows = [
            (row[_ROW], self._quarantined(row))
            for frame in self._refused
            for row in frame.iter_rows(named=True)
        ]
        rows.sort(key=lambda numbered: int(numbered[0]))
        if not rows:
            return pl.DataFrame()
        return pl.DataFrame([row for _, row in rows], schema={c: QUARANTINE[c] for c in rows[0][1]})

    def _quarantined(self, row: dict[str, Any]) -> dict[str, Any]:
        end = row.get("period_end")
        published = {column: row[PUBLISHED + column] for column in self.columns}
        return {
            ROW_REFERENCE: row[ROW_REFERENCE],
            "rule": row["rule"],
            "column_name": row["column_name"],
            "value": row["refused_text"],
            "reason": row["reason"],
            "service_code": row.get("service_code"),
            "month": end.replace(day=1) if end else None,
            "row": json.dumps(published, ensure_ascii=False),
        }
