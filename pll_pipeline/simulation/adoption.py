"""The simulated world: how many organisations could use each service and how many do, by month.

A model of adoption, not a forecast. Three ideas, on the organisations of `country.py`:

- *Curve.* The country's share in use is logistic between knots. Time runs slowly in July and
  December, so that there are fewer new starts and the stock stalls.
- *Order.* Each organisation has a place in a queue: the start of its region, and a log-logistic
  wait. The first in the queue, as many as the curve says, are in use: a region's own curve is an S
  and the country's sum is exact.
- *Openings.* Where the roll-out is known to have begun (`rollout_facts`), no organisation is in use
  before that.

The knots (`adoption.yaml`) were chosen to meet published figures; the tests name these figures.
Left out because they count something else: prescriptions, packages, look-ups, physicians (all
figures of the PLL trial in Bergen), patients and residents; kommuner that decided or planned; 356
kommuner, for today's are 357; targets that the world has already passed or missed. Not here: what a
publisher suppresses (`disclosure.py`), how it publishes (`publications.py`, `powerbi_report.py`).
"""

from __future__ import annotations

import csv
import io
import math
from datetime import date
from pathlib import Path

import polars as pl

from pll_pipeline.errors import PllError
from pll_pipeline.simulation.assumptions import Curve, assumptions
from pll_pipeline.simulation.country import (
    AXIS,
    END_YEAR,
    FIRST_YEAR,
    Country,
    interpolated,
    kept_kommuner,
    load_country,
    month_number,
    national_counts,
    organisations,
    random,
    seed,
    snapshot_of,
)

CELL = {
    "service_code": pl.String,
    "region_key": pl.String,
    "region_level": pl.String,
    "region_code": pl.String,
    "region_name": pl.String,
    "actor_type_code": pl.String,
    "actor_type_name": pl.String,
    "month": pl.Date,
    "in_use_count": pl.Int64,
    "eligible_count": pl.Int64,
}
PRIORITISED = ("legekontor", "legevakt", "sykehus", "avtalespesialist")
_LAND = "land:NO"
# New starts in a month, where an ordinary one has 1: people are on holiday in July, and before
# Christmas few change their systems.
_SEASON = (0.9, 1.0, 1.1, 1.0, 1.1, 0.9, 0.15, 0.8, 1.2, 1.2, 1.2, 0.5)
_UNEVENNESS = 0.3  # standard deviation of the logarithm of a month's new starts
# Mean months from the country to a helsefellesskap, and again from there to a place.
_DELAY_MONTHS = 9.0
_STEEPNESS = 3.0  # shape of the log-logistic wait: an S that begins at nothing
_GOLDEN_RATIO = (math.sqrt(5) - 1) / 2


def simulate(
    seeds: Path,
    raw: Path,
    *,
    scale: float = 1.0,
    months: int = 94,
    until: date = date(2026, 10, 1),
    seed_number: int = 20190101,
) -> pl.DataFrame:
    """The simulated truth: one row per service, region, actor type and month, sorted by these.

    Columns and types as `CELL`; `months` months ending with `until`. `scale` is the share of
    kommuner, spread over all helsefellesskap (each keeps at least its largest); upper levels are
    sums of what is kept, and a kommune is the same at every scale. A region without a single
    organisation of a type in these months has no rows for it. The same arguments give the same
    frame.

    Raises `PllError` for arguments outside these bounds, and where a list or snapshot that the
    model needs is missing.
    """
    window = _window(months, until)
    if not 0 < scale <= 1:
        raise PllError(f"The scale is {scale}", do="give a number above 0 and at most 1")
    country = load_country(seeds, raw)
    actor_types = seed(seeds, "actor_type")
    starts = _known_starts(seeds, raw)
    kept = kept_kommuner(country, scale, seed_number)
    existing = {
        code: organisations(code, country, window, seed_number)
        for code in assumptions().actor_types
    }
    cells = []
    for curve in assumptions().curves:
        opened = _opened(curve, country, starts, _relatives(actor_types, curve.actor_type))
        in_use = _in_use(curve, country, existing[curve.actor_type], opened, seed_number)
        cells.append(_cells(curve, country, in_use, kept, window))
    return _named(pl.concat(cells), country, actor_types)


def _named(cells: pl.DataFrame, country: Country, actor_types: pl.DataFrame) -> pl.DataFrame:
    """The cells sorted, with names and dates."""
    return (
        cells.sort("service_code", "region_key", "actor_type_code", "month")
        .join(country.regions, on="region_key", how="left", maintain_order="left")
        .join(actor_types, on="actor_type_code", how="left", maintain_order="left")
        .with_columns(month=pl.date(pl.col("month") // 12, pl.col("month") % 12 + 1, 1))
        .select(pl.col(name).cast(dtype) for name, dtype in CELL.items())
    )


def _window(months: int, until: date) -> range:
    last = until.year * 12 + until.month - 1
    if months < 1 or last - months + 1 < AXIS.start or last >= AXIS.stop:
        raise PllError(
            f"{months} months until {until:%Y-%m} cannot be simulated",
            do=f"stay within {FIRST_YEAR} to {END_YEAR - 1}, one month or more",
        )
    return range(last - months + 1, last + 1)


# --- openings


def _known_starts(seeds: Path, raw: Path) -> list[dict[str, str]]:
    """The rows of rollout_facts.csv that are named in the openings.

    Each has its `service` in lower case and its `regions`, divided by spaces.
    """
    helsefellesskap = seed(seeds, "helsefellesskap")
    is_in_trial = pl.col("pll_trial_2024_2025").str.ends_with("yes")
    trial = helsefellesskap.filter(is_in_trial)["helsefellesskap_key"]
    openings = assumptions().openings
    snapshot = snapshot_of(raw, "rollout_facts")
    starts: dict[tuple[str, str], list[dict[str, str]]] = {}
    for row in csv.DictReader(io.StringIO(snapshot.read("rollout_facts.csv").decode())):
        opening = (row["context"].partition("]")[0].removeprefix("["), row["area"])
        if opening in openings and row["start"] and row["phase"] != "forberedelse":
            regions = " ".join(openings[opening] or trial)
            start = {**row, "service": opening[0].lower(), "regions": regions}
            starts.setdefault(opening, []).append(start)
    missing = sorted(openings.keys() - starts.keys())
    if missing:
        service, area = missing[0]
        raise PllError(
            f"The roll-out facts no longer have the start of {service} in {area!r}",
            where=str(snapshot.folder),
            do="correct the openings of the model",
        )
    return [start for starts_of_opening in starts.values() for start in starts_of_opening]


def _relatives(actor_types: pl.DataFrame, code: str) -> set[str]:
    """The codes by which a fact is about an actor type: itself, its parent, its parts, and all."""
    parents = dict(actor_types.select("actor_type_code", "parent_code").iter_rows())
    parts = {part for part, parent in parents.items() if parent == code}
    return {code, "alle", parents[code] or code, *parts}


def _opened(
    curve: Curve, country: Country, starts: list[dict[str, str]], relatives: set[str]
) -> pl.DataFrame:
    """One row per place: the month it is known to have `opened` in, and a `floor`.

    `opened` is null where it is unknown; no organisation starts before the floor.
    """
    own = [
        start
        for start in starts
        if start["service"] == curve.service and relatives & set(start["actor_type"].split("+"))
    ]
    national = [month_number(start["start"]) for start in own if start["regions"] == _LAND]
    floor = min(national, default=AXIS.start)
    regions = pl.col("region_key", "helsefellesskap_key", "hf_key")
    months = [
        pl.when(pl.any_horizontal(regions.is_in(start["regions"].split()))).then(
            month_number(start["start"])
        )
        for start in own
    ]
    places = country.places(assumptions().actor_types[curve.actor_type]).with_columns(
        opened=pl.min_horizontal(pl.lit(None, pl.Int64), *months)
    )
    return (
        places.group_by("place")
        .agg(pl.col("opened").min(), pl.col("helsefellesskap_key").first(), floor=pl.lit(floor))
        .sort("place")
    )


# --- the curve


def _levels(curve: Curve, country: Country, seed_number: int) -> pl.DataFrame:
    """Organisations of the country in use: one row per month, with `level`.

    Logistic between knots, in a time that runs by season.
    """
    counts = national_counts(curve.actor_type, country)
    time = _seasonal_time(curve, seed_number)
    knots = {month_number(month): level for month, level in curve.knots.items()}
    times = [time[month] for month in knots]
    logits = [_logit(_share(level, counts[month])) for month, level in knots.items()]
    levels = [
        (month, round(counts[month] / (1 + math.exp(-interpolated(time[month], times, logits)))))
        for month in range(min(knots), AXIS.stop)
    ]
    return pl.DataFrame(levels, schema=["month", "level"], orient="row")


def _seasonal_time(curve: Curve, seed_number: int) -> dict[int, float]:
    """Month → ordinary months that have passed since the beginning."""
    draws = random(seed_number, "pace", curve.service, curve.actor_type)
    time, elapsed = {}, 0.0
    for month in AXIS:
        elapsed += _SEASON[month % 12] * draws.lognormvariate(0, _UNEVENNESS)
        time[month] = elapsed
    return time


def _share(level: float, count: int) -> float:
    """A level of a curve as a share: it is one already, or a number of organisations (int)."""
    return level / count if isinstance(level, int) else level


def _logit(share: float) -> float:
    bounded = min(max(share, 1e-4), 1 - 1e-4)
    return math.log(bounded / (1 - bounded))


# --- the order


def _in_use(
    curve: Curve,
    country: Country,
    existing: pl.DataFrame,
    opened: pl.DataFrame,
    seed_number: int,
) -> pl.DataFrame:
    """One row per month and place with organisations: how many are eligible, and how many in use.

    In use are the first in the queue, of those that exist and whose region has opened.
    """
    queue = _queue(curve, opened, seed_number)
    # steps of the golden ratio spread the waits evenly, however many organisations a place has
    chance = (pl.col("offset") + pl.col("number") * _GOLDEN_RATIO) % 1
    wait = curve.pace * (chance / (1 - chance)) ** (1 / _STEEPNESS)
    may_start = (
        existing.join(queue, on="place")
        .filter(pl.col("opens") <= pl.col("month"))
        .select("month", "place", turn=pl.col("starts") + wait)
    )
    first = (
        may_start.join(_levels(curve, country, seed_number), on="month")
        .sort("turn", "place")
        .filter(pl.int_range(1, pl.len() + 1).over("month") <= pl.col("level"))
    )
    in_use = first.group_by("month", "place").agg(in_use_count=pl.len())
    eligible = existing.group_by("month", "place").agg(eligible_count=pl.len())
    return eligible.join(in_use, on=["month", "place"], how="left").with_columns(
        pl.col("in_use_count").fill_null(0)
    )


def _queue(curve: Curve, opened: pl.DataFrame, seed_number: int) -> pl.DataFrame:
    """One row per place: when its organisations start to queue, and may start to use.

    `offset` is where in the distribution of waits its first organisation is. A place that is known
    to have opened starts then; the others some time after the country does.
    """
    draws = random(seed_number, "start", curve.service, curve.actor_type)
    delay_of_area = {
        area: draws.gammavariate(2, _DELAY_MONTHS / 2)
        for area in opened["helsefellesskap_key"].unique().sort()
    }
    delay = pl.col("helsefellesskap_key").replace_strict(delay_of_area, return_dtype=pl.Float64)
    own_delay = pl.Series([draws.gammavariate(2, _DELAY_MONTHS / 2) for _ in opened["place"]])
    national = pl.max_horizontal("floor", pl.lit(month_number(next(iter(curve.knots)))))
    return opened.select(
        "place",
        starts=pl.coalesce("opened", national + delay + own_delay),
        opens=pl.coalesce("opened", "floor"),
        offset=pl.Series([draws.random() for _ in opened["place"]]),
    )


# --- the cells


def _cells(
    curve: Curve, country: Country, in_use: pl.DataFrame, kept: pl.Series, window: range
) -> pl.DataFrame:
    """Every level as the sum of its places, each region in all months of the window."""
    members = _members(curve, country, kept)
    summed = (
        members.join(in_use, on="place")
        .group_by("region_key", "month")
        .agg(pl.col("in_use_count", "eligible_count").sum())
    )
    grid = summed.select("region_key").unique().join(pl.DataFrame({"month": window}), how="cross")
    return grid.join(summed, on=["region_key", "month"], how="left").select(
        "region_key",
        "month",
        pl.col("in_use_count", "eligible_count").fill_null(0),
        service_code=pl.lit(curve.service),
        actor_type_code=pl.lit(curve.actor_type),
    )


def _members(curve: Curve, country: Country, kept: pl.Series) -> pl.DataFrame:
    """One row per place and region that it is in, itself included.

    A helseforetak is whole at every scale, for each of them keeps a kommune.
    """
    actor_type = assumptions().actor_types[curve.actor_type]
    places = country.places(actor_type).filter(pl.col("region_key").is_in(kept.implode()))
    levels = places.select("place", "helsefellesskap_key", "rhf_key", land=pl.lit(_LAND)).unique()
    above = levels.unpivot(index="place", value_name="region_key").select("place", "region_key")
    return pl.concat([above, levels.select("place", region_key="place")])
