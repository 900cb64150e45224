"""Worlds of adoption that are not made by the curve of the forecast: what a back test runs on.

Each world is one measure in regions of different size and in the country. An organisation adopts
the service when the share of its world passes its own threshold, so a region with twenty of them
moves in steps; a figure is reported a little wrong now and then.
Not here: forecasts of them (`backtest.py`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.special import expit

from pll_pipeline.star.panel import months_later

Floats = NDArray[np.float64]

MONTHS = 96
FIRST = date(2018, 1, 1)
_REGIONS = 24
_MISREPORTED = 0.02  # share of figures that are a little wrong
LATE = 40  # the month a late service begins in


@dataclass(frozen=True)
class Draw:
    """What differs between the regions of a world. Each array has shape (n_regions, 1).

    `time`: the months from the first; `shape`: (1, n_months).
    """

    time: Floats
    middle: Floats
    pace: Floats
    level: Floats
    random: np.random.Generator

    def month(self, first: int, last: int) -> Floats:
        """A month per region, between the two."""
        return self.random.integers(first, last, self.middle.shape).astype(float)


World = Callable[[Draw], Floats]


def _logistic(draw: Draw) -> Floats:
    return expit(draw.pace * (draw.time - draw.middle))


def _gompertz(draw: Draw) -> Floats:
    shares: Floats = np.exp(-np.exp(-draw.pace * 0.8 * (draw.time - draw.middle + 10)))
    return shares


def _ceiling(draw: Draw) -> Floats:
    return (0.55 + 0.2 * draw.level) * expit(1.6 * draw.pace * (draw.time - draw.middle + 10))


def _stop(draw: Draw) -> Floats:
    """Growth stops for one to three years, then goes on."""
    begins, lasts = draw.month(24, 72), draw.month(12, 36)
    ended = np.clip(draw.time - begins, 0, lasts)
    return expit(draw.pace * (draw.time - ended - draw.middle + 12))


def _step(draw: Draw) -> Floats:
    """Whole chains of offices begin on one day, several times."""
    share = 0.04 * expit(draw.pace * (draw.time - draw.middle))
    for _ in range(4):
        share = share + 0.22 * draw.random.uniform(0.5, 1, draw.middle.shape) * (
            draw.time >= draw.month(6, MONTHS)
        )
    return np.clip(share, 0, 1)


def _late(draw: Draw) -> Floats:
    """Nothing before the month it begins in, then faster than others."""
    since = draw.time - LATE - 4 * draw.level
    return np.where(since > 0, expit(2.2 * draw.pace * (since - 22)), 0.0)


def _july(draw: Draw) -> Floats:
    """Growth with a dip in each July, when offices are closed."""
    dip = np.where(draw.time % 12 == 6, 0.6 + 0.2 * draw.level, 1.0)
    return dip * expit(draw.pace * (draw.time - draw.middle))


def _linear(draw: Draw) -> Floats:
    return np.clip(0.02 + 0.85 * (0.5 + 0.5 * draw.level) * draw.time / MONTHS, 0, 1)


def _falling(draw: Draw) -> Floats:
    """A service that is replaced by another."""
    return 0.9 * expit(-draw.pace * (draw.time - draw.middle - 10))


def _level_shift(draw: Draw) -> Floats:
    """The definition changes once: all shares move in one month."""
    share = expit(0.5 * draw.pace * (draw.time - draw.middle))
    changes = draw.random.integers(28, 46)
    return np.where(draw.time >= changes, np.clip(share + 0.15, 0, 1), share)


def _ripe(draw: Draw) -> Floats:
    """Nearly all have it; the share wanders."""
    steps = draw.random.normal(0, 0.06, (len(draw.middle), draw.time.shape[1]))
    return expit(1.5 + draw.level + np.cumsum(steps, axis=1))


WORLDS: dict[str, World] = {
    "logistic": _logistic,
    "Gompertz": _gompertz,
    "ceiling": _ceiling,
    "stop": _stop,
    "step": _step,
    "late start": _late,
    "dips in July": _july,
    "linear": _linear,
    "falling": _falling,
    "level shift": _level_shift,
    "ripe": _ripe,
}


def world(name: str, seed: int) -> pl.DataFrame:
    """The rows of adoption of one world, as `panel_of` takes them."""
    random = np.random.default_rng([seed, *name.encode()])
    share, size = _regions(WORLDS[name], random)
    in_use = _in_use(share, size, random)
    rows = [
        _series(name, f"hf:{number}", "hf", in_use[number], size[number])
        for number in range(_REGIONS)
    ]
    return pl.concat([_series(name, "land:NO", "land", in_use.sum(axis=0), size.sum()), *rows])


def _regions(shape: World, random: np.random.Generator) -> tuple[Floats, NDArray[np.int64]]:
    """The share that every region moves along, and how many organisations it has."""
    per_region = (_REGIONS, 1)
    draw = Draw(
        time=np.arange(MONTHS, dtype=float)[None, :],
        middle=random.normal(50, 8, per_region),
        pace=random.normal(0.075, 0.012, per_region),
        level=random.uniform(0, 1, per_region),
        random=random,
    )
    return shape(draw), random.integers(25, 300, _REGIONS)


def _in_use(share: Floats, size: NDArray[np.int64], random: np.random.Generator) -> Floats:
    counts = np.zeros_like(share)
    for region, organisations in enumerate(size):
        threshold = random.uniform(0, 1, (organisations, 1))
        counts[region] = (threshold < share[region]).sum(axis=0)
    wrong = random.uniform(size=share.shape) < _MISREPORTED
    return np.clip(counts - wrong * random.integers(0, 4, share.shape), 0, size[:, None])


def _series(measure: str, region: str, level: str, in_use: Floats, size: int) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "month": [months_later(FIRST, number) for number in range(MONTHS)],
            "adoption_share": (in_use / size).round(6),
        }
    ).with_columns(
        measure_code=pl.lit(measure),
        region_key=pl.lit(region),
        region_level=pl.lit(level),
        actor_type_code=pl.lit("alle"),
        eligible_count=pl.lit(int(size)),
        is_representative=pl.lit(True),
        share_upper=pl.lit(None, dtype=pl.Float64),
        qualifier=pl.lit("exact"),
    )
