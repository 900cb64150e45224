"""Series of adoption as arrays: a panel over common months, and which series can be forecast.

Not here: how shares are computed (`dbt_project/models/star/`), how they grow (`trends.py`).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import cast

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.special import logit

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Booleans = NDArray[np.bool_]

SERIES = ("measure_code", "region_key", "actor_type_code")
# Qualifiers of a share that is a value. A share that is only bounded is no point of a curve.
VALUED = ("exact", "approx", "estimate")

# In place of a doubt, where a month has no figure that one could be about.
NO_FIGURE = "-"
# Shares are kept this far from 0 and 1 on the logit scale.
_EDGE = 1e-6
# Organisations that are assumed where no denominator is published: a region of ordinary size.
_DEFAULT_SIZE = 200.0


@dataclass(frozen=True)
class Limits:
    """What a series needs to be forecast. Values are those of `forecast_refusal`."""

    min_eligible: float  # organisations that could adopt the service
    max_age: int  # months from the newest share of the series to the newest month of any series
    min_months: int  # months with a known share ...
    within_months: int  # ... among the last so many months of the series
    saturation: float  # share from which there is nothing left to forecast

    @classmethod
    def from_refusals(cls, refusals: pl.DataFrame) -> Limits:
        """The limits in rows of `forecast_refusal`: code, `threshold` and `within_months`."""
        rows = {row["refusal_code"]: row for row in refusals.iter_rows(named=True)}
        return cls(
            min_eligible=float(rows["too_small"]["threshold"]),
            max_age=int(rows["too_old"]["threshold"]),
            min_months=int(rows["too_few_months"]["threshold"]),
            within_months=int(rows["too_few_months"]["within_months"]),
            saturation=float(rows["reached"]["threshold"]),
        )


@dataclass(frozen=True)
class Panel:
    """All series over the same months.

    `share` and `eligible` have shape (n_series, n_months): shares from 0 to 1 and organisations,
    NaN where not known. `parent` and `measure` have shape (n_series,): the row of the country's
    series of the same measure and actor type (-1 where there is none), and a number per measure.
    `doubt`: the refusal of a month that has a figure and no share that is proved, "" where it is
    proved, `NO_FIGURE` without a figure; shape (n_series, n_months).
    """

    share: Floats
    eligible: Floats
    parent: Integers
    measure: Integers
    doubt: NDArray[np.str_]

    @property
    def is_known(self) -> Booleans:
        """Where a share is known. Shape (n_series, n_months)."""
        return np.isfinite(self.share)

    @property
    def size(self) -> Floats:
        """Organisations, with a default where not published. Shape (n_series, n_months)."""
        return np.where(np.isfinite(self.eligible), self.eligible, _DEFAULT_SIZE)

    @property
    def logit_share(self) -> Floats:
        """Shares on the logit scale. Shape (n_series, n_months).

        As in the empirical logit (Cox and Snell, Analysis of Binary Data, 1989), none and all are
        taken as half an organisation away from it, so that both are finite.
        """
        half = 0.5 / np.maximum(self.size, 1)
        transformed: Floats = logit(np.clip(self.share, half, 1 - half))
        return transformed

    @property
    def newest(self) -> Integers:
        """The column of each series' newest known share, -1 where none is. Shape (n_series,)."""
        known = self.is_known
        from_the_end = known[:, ::-1].argmax(axis=1)
        return np.where(known.any(axis=1), known.shape[1] - 1 - from_the_end, -1)

    def up_to(self, n_months: int) -> Panel:
        """The panel as it was known when there were only so many months."""
        return Panel(
            self.share[:, :n_months],
            self.eligible[:, :n_months],
            self.parent,
            self.measure,
            self.doubt[:, :n_months],
        )

    def subset(self, rows: Booleans) -> Panel:
        """Some of the series. `rows` has shape (n_series,)."""
        new_row = np.where(rows, np.cumsum(rows) - 1, -1)
        parent = self.parent[rows]
        return Panel(
            self.share[rows],
            self.eligible[rows],
            np.where(parent >= 0, new_row[parent], -1),
            self.measure[rows],
            self.doubt[rows],
        )


def panel_of(adoption: pl.DataFrame) -> tuple[list[date], pl.DataFrame, Panel]:
    """The months without holes, the series in order, and their panel.

    `adoption` has one row per series and month, in any order, with the columns of `SERIES`,
    `region_level`, `month`, `adoption_share`, `share_upper`, `eligible_count`,
    `is_representative` and `qualifier`; at least one row. A sum that does not represent its region
    is no point of its series.
    """
    rows = adoption.sort(*SERIES, "month")
    series = rows.group_by(*SERIES, maintain_order=True).agg(pl.col("region_level").first())
    months = _calendar(rows["month"])
    row = rows.join(series.with_row_index("row"), on=SERIES, how="left", maintain_order="left")[
        "row"
    ].to_numpy()
    column = rows.select(
        (pl.col("month").dt.year() - months[0].year) * 12
        + pl.col("month").dt.month().cast(pl.Int32)
        - months[0].month
    )["month"].to_numpy()
    share = np.full((series.height, len(months)), np.nan)
    eligible = np.full_like(share, np.nan)
    is_point = pl.col("qualifier").is_in(VALUED) & pl.col("is_representative")
    share[row, column] = _numbers(rows, pl.when(is_point).then("adoption_share"))
    eligible[row, column] = _numbers(rows, pl.col("eligible_count"))
    measure = series["measure_code"].rank("dense").cast(pl.Int64).to_numpy() - 1
    doubt = np.full(share.shape, NO_FIGURE, dtype="<U17")
    doubt[row, column] = rows.select(_doubt(is_point))["doubt"].to_numpy()
    return months, series, Panel(share, eligible, _parents(series), measure, doubt)


def _doubt(is_point: pl.Expr) -> pl.Expr:
    """Why the share of a row is not proved: a code of `forecast_refusal`; "" where it is.

    None of a region has begun only where the upper bound is none too.
    """
    share, upper = pl.col("adoption_share"), pl.col("share_upper")
    is_proved = share.is_not_null() & is_point & ((share > 0) | (upper.fill_null(0.0) == 0))
    return (
        pl.when(~pl.col("is_representative"))
        .then(pl.lit("few_reported"))
        .when(is_proved)
        .then(pl.lit(""))
        .otherwise(pl.lit("newest_suppressed"))
        .alias("doubt")
    )


def refusals(panel: Panel, limits: Limits) -> list[str | None]:
    """Why each series is not forecast: a code of `forecast_refusal`; None for one that is."""
    return [
        _refusal(share, eligible, _newest_doubt(doubt), limits)
        for share, eligible, doubt in zip(panel.share, panel.eligible, panel.doubt, strict=True)
    ]


def logit_inside(share: Floats) -> Floats:
    """Shares on the logit scale, 0 and 1 made finite."""
    transformed: Floats = logit(np.clip(share, _EDGE, 1 - _EDGE))
    return transformed


def months_later(month: date, number: int) -> date:
    """The first day of the month so many months later."""
    months = month.year * 12 + month.month - 1 + number
    return date(months // 12, months % 12 + 1, 1)


def _newest_doubt(doubt: NDArray[np.str_]) -> str:
    """Why the share of the newest month with a figure is not proved; "" where it is."""
    stated = np.flatnonzero(doubt != NO_FIGURE)
    return str(doubt[stated[-1]]) if len(stated) else ""


def _refusal(share: Floats, eligible: Floats, doubt: str, limits: Limits) -> str | None:
    """Why one series is not forecast. Both arrays have shape (n_months,).

    `doubt`: why the share of its newest month is not proved, "" where it is.
    """
    known = np.flatnonzero(np.isfinite(share))
    is_few = doubt == "few_reported"
    if not len(known):
        return doubt if is_few else "only_bounds"
    newest = known[-1]
    if np.isfinite(eligible[newest]) and eligible[newest] < limits.min_eligible:
        return "too_small"
    if len(share) - 1 - newest > limits.max_age:
        return doubt if is_few else "too_old"
    if np.count_nonzero(known > newest - limits.within_months) < limits.min_months:
        return doubt if is_few else "too_few_months"
    return _end(share[newest], doubt, limits)


def _end(newest: float, doubt: str, limits: Limits) -> str | None:
    """Whether a series has not begun or is over, or why neither is proved; None for the others."""
    if 0 < newest < limits.saturation:
        return None
    return doubt or ("reached" if newest >= limits.saturation else "not_begun")


def _calendar(months: pl.Series) -> list[date]:
    first, last = cast(date, months.min()), cast(date, months.max())
    count = (last.year - first.year) * 12 + last.month - first.month + 1
    return [months_later(first, number) for number in range(count)]


def _numbers(rows: pl.DataFrame, values: pl.Expr) -> Floats:
    numbers = rows.select(values.cast(pl.Float64).fill_null(np.nan).alias("number"))["number"]
    return numbers.to_numpy()


def _parents(series: pl.DataFrame) -> Integers:
    """The row of the country's series of the same measure and actor type. Shape (n_series,)."""
    country = (
        series.with_row_index("parent")
        .filter(pl.col("region_level") == "land")
        .select("parent", "measure_code", "actor_type_code")
    )
    joined = series.join(
        country, on=["measure_code", "actor_type_code"], how="left", maintain_order="left"
    )
    return joined["parent"].cast(pl.Int64).fill_null(-1).to_numpy()
