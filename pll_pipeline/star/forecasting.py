"""How adoption goes on: growth curves fitted to what is known, with intervals, or a reason why not.

A share that grows from 0 to 1 by contagion is straight on the logit scale, so each series is a line there, fitted to its
last months and bent towards rest (`damping`). Few months or few organisations tell little: a region's pace is drawn to the
country's, and the country's to that of the service. How much the pace fades and how strongly it is drawn is found from
the past of all series of a measure together; how wide the intervals are is how far the same method missed there.
Not here: what is known (`mart_adoption_by_region_actor_month`), how well it went (`tests/backtest.py`), words for a page.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import expit, logit

HORIZON = 24
INTERVAL_LEVEL = 0.8
THRESHOLDS = (0.25, 0.50, 0.80, 0.95)
METHOD = "logit-line, damped, pooled"

SERIES = ("measure_code", "region_key", "actor_type_code")
FORECAST = {
    "measure_code": pl.String,
    "region_key": pl.String,
    "actor_type_code": pl.String,
    "month": pl.Date,
    "months_ahead": pl.Int32,
    "expected_share": pl.Float64,
    "share_low": pl.Float64,
    "share_high": pl.Float64,
    **{f"passes_{round(threshold * 100)}_month": pl.Date for threshold in THRESHOLDS},
    "last_observed_month": pl.Date,
    "last_observed_share": pl.Float64,
    "months_observed": pl.Int32,
    "refusal_code": pl.String,
}

_WINDOW = 18  # months a line is fitted to
_FORGETTING = 0.9  # weight of a month against the one after it
_SMOOTHING = 0.25  # how much of the line, and not of the newest share, a curve starts from
_LEAST_MONTHS = 12
_LEAST_ELIGIBLE = 20
_SIZE_UNTOLD = 200.0  # organisations where no denominator is told
_OLDEST = 6  # months the newest share may lie behind the newest month of all
_FARTHEST = 120  # months ahead a threshold is looked for
_SATURATED = 0.99
_YEARS_TRIED = 4  # how far back misses still tell of today
_STEPS = (1, 2, 3, 4, 6, 9, 12, 18, 24)
_LEAST_ERRORS = 30
_MOST_EXAMPLES = 4000
_WIDTH_UNTRIED = 0.15
_SHARES, _SIZES = (0.1, 0.3, 0.7, 0.9), (60, 250)
# what a series may be refused for and still be an example for others
_TELLING = (None, "reached", "too_old")
_KINDS = (len(_SHARES) + 1) * (len(_SIZES) + 1)

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class _Panel:
    """All series, one row each, over the same months. `share` is NaN where nothing is known; `parent` is the row of the country, -1 for none."""

    share: Floats
    eligible: Floats
    parent: NDArray[np.int64]
    measure: NDArray[np.int64]

    def until(self, end: int) -> _Panel:
        """What was known when only so many months were."""
        return _Panel(self.share[:, :end], self.eligible[:, :end], self.parent, self.measure)

    def only(self, rows: NDArray[np.bool_]) -> _Panel:
        """Some of the series."""
        place = np.where(rows, np.cumsum(rows) - 1, -1)
        return _Panel(
            self.share[rows],
            self.eligible[rows],
            np.where(self.parent[rows] >= 0, place[self.parent[rows]], -1),
            self.measure[rows],
        )

    @property
    def size(self) -> Floats:
        return np.where(np.isfinite(self.eligible), self.eligible, _SIZE_UNTOLD)

    @property
    def point(self) -> Floats:
        """Shares on the logit scale; none and all are half an organisation away from it."""
        room = 0.5 / np.maximum(self.size, 1)
        return logit(np.clip(self.share, room, 1 - room))


@dataclass(frozen=True)
class _Lines:
    """The line through each series at each month: height and pace on the logit scale, how much is known of the pace, and the pace of the share itself."""

    height: Floats
    pace: Floats
    known: Floats
    straight: Floats

    def at(self, months: slice) -> _Lines:
        """The lines of some of the months."""
        return _Lines(
            self.height[:, months],
            self.pace[:, months],
            self.known[:, months],
            self.straight[:, months],
        )


@dataclass(frozen=True)
class _Habits:
    """What all series have in common: how a pace fades from month to month, how strongly it is drawn to the one above, how much of the way goes straight."""

    damping: float = 0.97
    drawn: float = 20.0
    straight: float = 0.3


def forecast(adoption: pl.DataFrame) -> pl.DataFrame:
    """The forecast of every series of shares in `adoption`: 24 rows for one that is forecast, one row without a month for one that is not.

    `adoption` has the columns of `mart_adoption_by_region_actor_month`, one row per series and month; a series is told by
    measure, region and actor type. Shares lie between 0 and 1, intervals hold 80 % by the misses of the past. The same rows
    in another order give the same forecast.
    """
    if adoption.is_empty():
        return pl.DataFrame(schema=FORECAST)
    months, keys, panel = _panel(adoption)
    refusals = _refusals(panel)
    # series that tell too little are no example for others
    telling = np.array([reason in _TELLING for reason in refusals])
    expected, low, high = (np.full((len(refusals), _FARTHEST), np.nan) for _ in range(3))
    if telling.any():
        expected[telling], low[telling], high[telling] = _forecast(panel.only(telling), _FARTHEST)
    return _told(months, keys, panel, refusals, expected, low, high)


def _told(
    months: list[date],
    keys: pl.DataFrame,
    panel: _Panel,
    refusals: list[str | None],
    expected: Floats,
    low: Floats,
    high: Floats,
) -> pl.DataFrame:
    """The forecast as rows."""
    seen = np.isfinite(panel.share)
    last = np.where(seen.any(axis=1), seen.shape[1] - 1 - seen[:, ::-1].argmax(axis=1), -1)
    ahead = [_after(months[-1], step) for step in range(1, _FARTHEST + 1)]
    # known shares and expected ones as one course; a month beyond it is never reached
    course, calendar = (
        np.concatenate([panel.share, expected], axis=1),
        pl.Series([*months, *ahead, None], dtype=pl.Date),
    )
    is_able = np.array([reason is None for reason in refusals])
    passed = {}
    for level in THRESHOLDS:
        reached = np.nan_to_num(course, nan=-1.0) >= level
        place = np.where(is_able & reached.any(axis=1), reached.argmax(axis=1), len(calendar) - 1)
        passed[f"passes_{round(level * 100)}_month"] = calendar.gather(place)
    about = keys.select(SERIES).with_columns(
        pl.Series(
            "last_observed_month",
            [months[place] if place >= 0 else None for place in last],
            dtype=pl.Date,
        ),
        pl.Series("last_observed_share", panel.share[np.arange(len(last)), last]).fill_nan(None),
        pl.Series("months_observed", seen.sum(axis=1)),
        pl.Series("refusal_code", refusals, dtype=pl.String),
        **passed,
    )
    able = pl.Series(is_able)
    # what has passed since the last share is known is no future
    rows = about.filter(able)
    told = rows.select(pl.all().repeat_by(HORIZON).explode()).with_columns(
        pl.Series("month", ahead[:HORIZON] * rows.height, dtype=pl.Date),
        pl.Series("months_ahead", list(range(1, HORIZON + 1)) * rows.height),
        **{
            name: pl.Series(figures[is_able, :HORIZON].ravel()).round(6)
            for name, figures in (
                ("expected_share", expected),
                ("share_low", low),
                ("share_high", high),
            )
        },
    )
    together = pl.concat([told, about.filter(~able)], how="diagonal_relaxed")
    return together.select(pl.col(name).cast(kind) for name, kind in FORECAST.items()).sort(
        *SERIES, "month", nulls_last=True
    )


def misses(
    adoption: pl.DataFrame, origins: Sequence[date], horizons: Sequence[int]
) -> pl.DataFrame:
    """How forecasts made at the end of earlier months met what came: one row per series, origin and horizon.

    Columns: the series, `region_level`, `origin`, `months_ahead`, `actual`, `expected`, `low`, `high`, `naive` (the last share),
    `drift` (the last share and its mean change over twelve months). Nothing after an origin is used in its forecast.
    """
    months, keys, panel = _panel(adoption)
    kept = []
    for origin in origins:
        end = months.index(origin) + 1
        known = panel.until(end)
        reasons = _refusals(known)
        able, telling = (
            np.array([reason in kept_for for reason in reasons]) for kept_for in ((None,), _TELLING)
        )
        expected, low, high = (np.full((len(reasons), max(horizons)), np.nan) for _ in range(3))
        expected[telling], low[telling], high[telling] = _forecast(
            known.only(telling), max(horizons)
        )
        last, before = (
            known.share[:, -1],
            known.share[:, -13] if end > 12 else np.full(len(able), np.nan),
        )
        for ahead in (h for h in horizons if end - 1 + h < len(months)):
            actual = panel.share[:, end - 1 + ahead]
            use = able & np.isfinite(actual) & np.isfinite(last) & np.isfinite(before)
            kept.append(
                keys.filter(pl.Series(use)).with_columns(
                    pl.lit(origin).alias("origin"),
                    pl.lit(ahead, dtype=pl.Int32).alias("months_ahead"),
                    actual=actual[use],
                    expected=expected[use, ahead - 1],
                    low=low[use, ahead - 1],
                    high=high[use, ahead - 1],
                    naive=last[use],
                    drift=np.clip(last + (last - before) / 12 * ahead, 0, 1)[use],
                )
            )
    return pl.concat(kept)


def _panel(adoption: pl.DataFrame) -> tuple[list[date], pl.DataFrame, _Panel]:
    """The months, the series in order, and their shares."""
    rows = adoption.sort(*SERIES, "month")
    first, last = rows["month"].min(), rows["month"].max()
    assert isinstance(first, date) and isinstance(last, date)
    months = [
        _after(first, number)
        for number in range((last.year - first.year) * 12 + last.month - first.month + 1)
    ]
    keys = rows.group_by(*SERIES, maintain_order=True).agg(pl.col("region_level").first())
    place = rows.join(keys.with_row_index("row"), on=SERIES, how="left", maintain_order="left")[
        "row"
    ].to_numpy()
    column = (
        (rows["month"].dt.year() - first.year) * 12
        + rows["month"].dt.month().cast(pl.Int32)
        - first.month
    ).to_numpy()
    share = np.full((keys.height, len(months)), np.nan)
    eligible = np.full_like(share, np.nan)
    # a share only bounded on one side is no point of a curve
    stated = rows.select(
        pl.when(pl.col("qualifier").is_in(["exact", "approx", "estimate"]))
        .then("adoption_share")
        .alias("share")
    )["share"]
    share[place, column] = stated.fill_null(np.nan).to_numpy()
    eligible[place, column] = rows["eligible_count"].cast(pl.Float64).fill_null(np.nan).to_numpy()
    country = (
        keys.with_row_index("parent")
        .filter(pl.col("region_level") == "land")
        .select("parent", "measure_code", "actor_type_code")
    )
    parent = (
        keys.join(
            country, on=["measure_code", "actor_type_code"], how="left", maintain_order="left"
        )["parent"]
        .cast(pl.Int64)
        .fill_null(-1)
    )
    return (
        months,
        keys,
        _Panel(
            share,
            eligible,
            parent.to_numpy(),
            keys["measure_code"].rank("dense").cast(pl.Int64).to_numpy() - 1,
        ),
    )


def _refusals(panel: _Panel) -> list[str | None]:
    """Why each series is not forecast; None for one that is."""
    return [
        _refusal(share, eligible)
        for share, eligible in zip(panel.share, panel.eligible, strict=True)
    ]


def _refusal(share: Floats, eligible: Floats) -> str | None:
    seen = np.flatnonzero(np.isfinite(share))
    if not len(seen):
        return "only_bounds"
    if np.isfinite(eligible[seen[-1]]) and eligible[seen[-1]] < _LEAST_ELIGIBLE:
        return "too_small"
    if len(share) - 1 - seen[-1] > _OLDEST:
        return "too_old"
    if np.count_nonzero(seen > seen[-1] - 2 * _LEAST_MONTHS) < _LEAST_MONTHS:
        return "too_few_months"
    if share[seen[-1]] >= _SATURATED:
        return "reached"
    return None if share[seen[-1]] > 0 else "not_begun"


def _forecast(panel: _Panel, ahead: int) -> tuple[Floats, Floats, Floats]:
    """Expected, low and high of each series for each month ahead."""
    lines = _lines(panel)
    habits = _habits(panel, lines)
    newest = lines.at(slice(-1, None))
    expected = np.concatenate(
        [_ahead(panel, newest, habits, step) for step in range(1, ahead + 1)], axis=1
    )
    below, above = _widths(panel, lines, habits, ahead)
    middle = logit(np.clip(expected, 1e-6, 1 - 1e-6))
    return expected, expit(middle - below), expit(middle + above)


def _lines(panel: _Panel) -> _Lines:
    """Weighted least squares over the last months, for every series at every month at once."""
    point, known = panel.point, np.isfinite(panel.share)
    held = np.clip(np.nan_to_num(panel.share), 0.01, 0.99)
    # the variance of a logit is one over the organisations that decide it; beyond fifty other things decide
    weight = np.where(known, np.minimum(panel.size * held * (1 - held), 50.0), 0.0)
    age = np.arange(1 - _WINDOW, 1, dtype=np.float64)
    heavy = _windows(weight) * _FORGETTING ** (-age)
    total = np.maximum(heavy.sum(axis=2), 1e-9)
    centre = (heavy * age).sum(axis=2) / total
    spread = (heavy * (age - centre[..., None]) ** 2).sum(axis=2)

    def fitted(values: Floats) -> tuple[Floats, Floats]:
        seen = _windows(np.where(known, values, 0.0))
        height = (heavy * seen).sum(axis=2) / total
        pace = (heavy * (age - centre[..., None]) * (seen - height[..., None])).sum(
            axis=2
        ) / np.maximum(spread, 1e-9)
        pace = np.where(spread > 1e-9, pace, 0.0)
        return height - pace * centre, pace

    height, pace = fitted(point)
    _, straight = fitted(panel.share)
    return _Lines(
        np.where(known, (1 - _SMOOTHING) * np.nan_to_num(point) + _SMOOTHING * height, height),
        pace,
        spread,
        straight,
    )


def _windows(values: Floats) -> Floats:
    return np.lib.stride_tricks.sliding_window_view(
        np.pad(values, ((0, 0), (_WINDOW - 1, 0))), _WINDOW, axis=1
    )


def _ahead(panel: _Panel, lines: _Lines, habits: _Habits, ahead: int) -> Floats:
    """The share expected so many months after each month."""
    travelled = float(np.sum(habits.damping ** np.arange(1, ahead + 1)))
    bent = expit(lines.height + _paces(panel, lines, habits) * travelled)
    straight = np.clip(expit(lines.height) + lines.straight * travelled, 0.0, 1.0)
    return (1 - habits.straight) * bent + habits.straight * straight


def _paces(panel: _Panel, lines: _Lines, habits: _Habits) -> Floats:
    """Each series' pace drawn to the country's for the actor type, and that to the mean of the measure, by how little is known of it."""
    weight = lines.known + 1e-9
    sums = (
        np.zeros((panel.measure.max() + 1, lines.pace.shape[1])),
        np.zeros((panel.measure.max() + 1, lines.pace.shape[1])),
    )
    np.add.at(sums[0], panel.measure, lines.pace * weight)
    np.add.at(sums[1], panel.measure, weight)
    common = (sums[0] / np.maximum(sums[1], 1e-9))[panel.measure]
    has_parent = panel.parent[:, None] >= 0
    trust = np.where(has_parent, lines.known[panel.parent], 0.0)
    above = (
        trust * np.where(has_parent, lines.pace[panel.parent], 0.0) + (habits.drawn + 1e-9) * common
    ) / (trust + habits.drawn + 1e-9)
    return (lines.known * lines.pace + (habits.drawn + 1e-9) * above) / (
        lines.known + habits.drawn + 1e-9
    )


def _habits(panel: _Panel, lines: _Lines) -> _Habits:
    """The habits that would have missed least so far, half a year and a year ahead."""
    if panel.share.shape[1] < 2 * _LEAST_MONTHS + 6:
        return _Habits()
    series = np.arange(panel.share.shape[0])
    if (
        len(series) > _MOST_EXAMPLES
    ):  # three numbers are found from some thousands as well as from all; countries are what others are drawn to
        kept = (series % -(-len(series) // _MOST_EXAMPLES) == 0) | np.isin(series, panel.parent)
        panel, lines = (
            panel.only(kept),
            _Lines(
                *(
                    values[kept]
                    for values in (lines.height, lines.pace, lines.known, lines.straight)
                )
            ),
        )

    def told(free: Floats) -> _Habits:
        return _Habits(
            round(float(0.85 + 0.15 * expit(free[0])), 4),
            round(float(np.exp(np.clip(free[1], -2, 8))), 3),
            round(float(expit(free[2])), 4),
        )

    def missed(free: Floats) -> float:
        errors = [np.abs(_share_errors(panel, lines, told(free), ahead)) for ahead in (6, 12)]
        return float(sum(np.nanmean(error) for error in errors if np.isfinite(error).any()))

    found = minimize(
        missed,
        x0=np.array([1.4, 3.0, -0.85]),
        method="Nelder-Mead",
        options={"xatol": 0.05, "fatol": 1e-6, "maxiter": 60},
    )
    return told(found.x)


def _tried(panel: _Panel, ahead: int) -> tuple[slice, slice]:
    """The months a forecast so far ahead could have been made in, and those it was for."""
    months = panel.share.shape[1]
    return slice(max(_LEAST_MONTHS, months - _YEARS_TRIED * 12 - ahead), months - ahead), slice(
        max(_LEAST_MONTHS, months - _YEARS_TRIED * 12 - ahead) + ahead, months
    )


def _share_errors(panel: _Panel, lines: _Lines, habits: _Habits, ahead: int) -> Floats:
    """What came less what was expected so many months before; NaN where either is not known, and where nothing moved any more."""
    made, came = _tried(panel, ahead)
    if made.start >= made.stop:
        return np.full((panel.share.shape[0], 1), np.nan)
    now = panel.share[:, made]
    able = (
        (now > 0)
        & (now < _SATURATED)
        & (lines.known[:, made] > 1e-9)
        & (panel.size[:, made] >= _LEAST_ELIGIBLE)
    )
    return np.where(
        able, panel.share[:, came] - _ahead(panel, lines.at(made), habits, ahead), np.nan
    )


def _widths(panel: _Panel, lines: _Lines, habits: _Habits, ahead: int) -> tuple[Floats, Floats]:
    """How far below and above the expected, on the logit scale, the interval reaches: by the misses of the last years.

    Series of any measure are held alike where their share and size are: a service that has just begun has no misses of its own.
    """
    tail = (1 - INTERVAL_LEVEL) / 2
    now = np.array(
        [
            row[np.flatnonzero(np.isfinite(row))[-1]] if np.isfinite(row).any() else np.nan
            for row in panel.share
        ]
    )
    kind_now = _kind(now, panel.size[:, -1])
    reach = [step for step in _STEPS if step <= ahead]
    below, above = np.zeros((len(now), ahead)), np.zeros((len(now), ahead))
    low, high = np.zeros((_KINDS, len(reach))), np.zeros((_KINDS, len(reach)))
    for column, step in enumerate(reach):
        made, came = _tried(panel, step)
        error = np.full((len(now), 1), np.nan)
        kinds = np.full((len(now), 1), -1)
        if made.start < made.stop:
            expected = np.clip(_ahead(panel, lines.at(made), habits, step), 1e-6, 1 - 1e-6)
            share = panel.share[:, made]
            able = (
                (share > 0)
                & (share < _SATURATED)
                & (lines.known[:, made] > 1e-9)
                & (panel.size[:, made] >= _LEAST_ELIGIBLE)
            )
            error = np.where(able, panel.point[:, came] - logit(expected), np.nan)
            kinds = _kind(share, panel.size[:, made])
        every = error[np.isfinite(error)]
        for kind in range(_KINDS):
            mine = error[np.isfinite(error) & (kinds == kind)]
            tried = mine if len(mine) >= _LEAST_ERRORS else every
            if len(tried) >= _LEAST_ERRORS:
                # few misses show less than there are: the quantile a future miss stays within
                rank = min(tail * (1 - 1 / len(tried)), tail)
                low[kind, column], high[kind, column] = (
                    max(-np.quantile(tried, rank), 0.0),
                    max(np.quantile(tried, 1 - rank), 0.0),
                )
            elif column:
                # longer ahead than anything was tried: as far as a random walk would have gone on
                factor = np.sqrt(step / reach[column - 1])
                low[kind, column], high[kind, column] = (
                    low[kind, column - 1] * factor,
                    high[kind, column - 1] * factor,
                )
            else:
                low[kind, column] = high[kind, column] = _WIDTH_UNTRIED
    steps = np.arange(1, ahead + 1)
    beyond = np.sqrt(np.maximum(steps / reach[-1], 1.0))
    for width, side in ((low, below), (high, above)):
        for kind in range(_KINDS):
            side[kind_now == kind] = (
                np.interp(steps, reach, np.maximum.accumulate(width[kind])) * beyond
            )
    return below, above


def _kind(share: Floats, size: Floats) -> NDArray[np.int64]:
    """Which misses a share of so many organisations is likely to have: by how far it has come and how many they are."""
    return np.digitize(share, _SHARES) * (len(_SIZES) + 1) + np.digitize(size, _SIZES)


def _after(month: date, number: int) -> date:
    place = month.year * 12 + month.month - 1 + number
    return date(place // 12, place % 12 + 1, 1)
