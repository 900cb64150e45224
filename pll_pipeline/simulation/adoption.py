"""The simulated world: how many organisations could use each service and how many do, per region and month.

A model of adoption, not a forecast. Four ideas carry it:

- *Sizes.* Organisations follow residents (SSB's figures, in today's kommuner) by a ratio per actor type. They are shared
  out whole, by Sainte-Laguë's rule: parts sum to the country's number, and one more in the country takes none from anyone.
- *Curve.* The country's share in use is logistic between knots. Time runs slowly in July and December, so new starts
  dip there and the stock stalls.
- *Order.* Each organisation stands in a queue by the start of its region and a log-logistic wait. The first in the queue,
  as many as the curve says, are in use: a region's own curve is an S and the country's sum is exact.
- *Openings.* Where the roll-out is known to have begun (`rollout_facts`), nobody is in use before that.

`ANCHORS` names the published figures the curves were laid through. Left out because they count something else:
prescriptions, packages, look-ups, physicians (all figures of the PLL trial in Bergen), patients and residents; kommuner
that decided or planned; 356 kommuner, for today's are 357; targets the world has already passed or missed.
Not here: what a publisher hides (`disclosure.py`), how it publishes (`publications.py`, `powerbi_report.py`).
"""

from __future__ import annotations

import csv
import io
import math
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from random import Random
from typing import Literal

import polars as pl

from pll_pipeline.errors import PllError
from pll_pipeline.raw.archive import Snapshot, newest_snapshot

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
_PRESCRIBERS = (*PRIORITISED, "sykehjem")
_FIRST_YEAR, _END_YEAR = 2010, 2040
_AXIS = range(_FIRST_YEAR * 12, _END_YEAR * 12)  # months since year 0
_LAND = "land:NO"


@dataclass(frozen=True)
class _ActorType:
    """How many there are: one for each so many residents, or as counted in some months, or one in each place (neither).

    Where a ratio is not published it is chosen to give the right order of magnitude; `least` is what every place has.
    """

    place: Literal["kommune", "hf"]
    least: int
    residents_each: float | None = None
    counted: Mapping[str, int] | None = None


_ACTOR_TYPES = {
    "legekontor": _ActorType("kommune", 1, 3600),
    "legevakt": _ActorType("kommune", 0, 32_000),
    "kommunal_helse_omsorg": _ActorType("kommune", 1),  # the kommune itself
    "hjemmetjeneste": _ActorType("kommune", 1, 8000),
    "sykehjem": _ActorType("kommune", 1, 6000),
    "apotek": _ActorType(
        "kommune",
        0,
        counted={"2015-12": 834, "2021-02": 988, "2022-12": 1045, "2023-12": 1045, "2026-01": 1069},
    ),
    "multidoseapotek": _ActorType("kommune", 0, 60_000),
    "sykehus": _ActorType("hf", 1, 80_000),
    "avtalespesialist": _ActorType("hf", 1, 4300),
}


@dataclass(frozen=True)
class _Curve:
    """The country's curve: month → share of the eligible (float) or organisations in use (int); none before the first, level after the last.

    `pace` is the months after a region's start when half of its organisations have started.
    """

    service_code: str
    actor_type_code: str
    pace: float
    knots: Mapping[str, float]


_CURVES = (
    _Curve(
        "e-resept",
        "legekontor",
        12,
        {"2012-01": 0.1, "2013-12": 0.93, "2020-12": 1480, "2021-12": 1490, "2026-12": 0.995},
    ),
    _Curve(
        "e-resept",
        "legevakt",
        12,
        {"2013-01": 0.1, "2016-12": 0.93, "2020-12": 164, "2021-12": 165, "2026-12": 0.99},
    ),
    _Curve(
        "e-resept",
        "sykehus",
        2,
        {"2013-02": 1, "2016-04": 0.55, "2020-12": 63, "2021-12": 64, "2026-12": 0.99},
    ),
    _Curve(
        "e-resept",
        "avtalespesialist",
        24,
        {"2013-01": 0.02, "2020-12": 615, "2021-12": 657, "2026-12": 0.85},
    ),
    _Curve(
        "e-resept", "sykehjem", 24, {"2016-01": 0.01, "2020-12": 70, "2021-12": 95, "2026-12": 0.35}
    ),
    _Curve("e-resept", "apotek", 6, {"2010-03": 0.01, "2013-02": 1.0}),
    _Curve(
        "kjernejournal",
        "legekontor",
        18,
        {"2014-01": 0.02, "2016-06": 0.5, "2019-09": 0.9, "2021-01": 0.985, "2026-12": 0.995},
    ),
    _Curve("kjernejournal", "legevakt", 6, {"2014-01": 0.02, "2016-06": 0.6, "2017-12": 1.0}),
    _Curve("kjernejournal", "sykehus", 2, {"2014-01": 0.03, "2017-12": 1.0}),
    _Curve("kjernejournal", "avtalespesialist", 24, {"2018-01": 0.02, "2026-12": 0.35}),
    _Curve(
        "kjernejournal",
        "kommunal_helse_omsorg",
        3,
        {"2019-12": 1, "2020-06": 6, "2020-12": 30, "2023-12": 274, "2026-12": 0.97},
    ),
    _Curve(
        "sfm",
        "legekontor",
        18,
        {"2021-03": 1, "2022-11": 40, "2023-12": 176, "2025-12": 0.55, "2026-12": 0.78},
    ),
    _Curve("sfm", "avtalespesialist", 18, {"2022-05": 1, "2023-12": 30, "2026-12": 0.35}),
    _Curve("sfm", "legevakt", 12, {"2023-06": 1, "2026-12": 0.3}),
    _Curve("sfm", "sykehus", 2, {"2022-11": 1, "2026-12": 0.6}),
    _Curve("sfm", "hjemmetjeneste", 12, {"2024-02": 1, "2026-12": 0.15}),
    _Curve("sfm", "sykehjem", 12, {"2023-12": 1, "2026-12": 0.2}),
    _Curve(
        "pll",
        "legekontor",
        18,
        {
            "2021-09": 1,
            "2022-12": 12,
            "2023-12": 30,
            "2025-12": 0.1,
            "2026-06": 0.27,
            "2027-12": 0.52,
            "2029-12": 0.82,
        },
    ),
    _Curve(
        "pll",
        "legevakt",
        12,
        {"2024-03": 1, "2025-12": 0.06, "2026-06": 0.27, "2027-12": 0.52, "2029-12": 0.82},
    ),
    _Curve(
        "pll",
        "sykehus",
        2,
        {
            "2022-03": 1,
            "2023-12": 2,
            "2025-12": 0.1,
            "2026-06": 0.3,
            "2027-12": 0.55,
            "2029-12": 0.85,
        },
    ),
    _Curve(
        "pll",
        "avtalespesialist",
        18,
        {
            "2023-02": 1,
            "2023-12": 8,
            "2025-12": 0.07,
            "2026-06": 0.22,
            "2027-12": 0.47,
            "2029-12": 0.77,
        },
    ),
    _Curve("pll", "hjemmetjeneste", 18, {"2024-02": 1, "2025-12": 0.05, "2026-12": 0.12}),
    _Curve("pll", "sykehjem", 18, {"2023-10": 1, "2025-12": 0.04, "2026-12": 0.1}),
    _Curve(
        "e-multidose",
        "legekontor",
        18,
        {"2018-03": 1, "2019-12": 0.05, "2022-05": 0.35, "2024-12": 0.72, "2026-12": 0.88},
    ),
    _Curve(
        "e-multidose",
        "hjemmetjeneste",
        18,
        {"2018-03": 1, "2019-12": 0.04, "2022-05": 0.3, "2024-12": 0.65, "2026-12": 0.82},
    ),
    _Curve("e-multidose", "sykehjem", 18, {"2023-02": 1, "2026-12": 0.15}),
    _Curve(
        "e-multidose",
        "multidoseapotek",
        6,
        {"2018-03": 1, "2022-05": 0.6, "2024-12": 0.9, "2026-12": 0.97},
    ),
)


@dataclass(frozen=True)
class Anchor:
    """A published national figure the world meets: the row of figures.csv (service, indicator, period), and what it is here.

    `value` as published (a share in per cent); `is_least` where the publisher says "over". `measure` says what it is of the
    actor types together in `month`: organisations in use, their share, those eligible, or the change of use in 12 months.
    """

    published_as: tuple[str, str, str]
    value: float
    service_code: str
    actor_type_codes: tuple[str, ...]
    month: date
    measure: Literal["in_use", "share", "eligible", "change_12m"]
    is_least: bool = False


_UNIQUE = "Antall unike rekvirentvirksomheter"
_UNIQUE_CHANGE = "Endring i unike rekvirentvirksomheter fra samme måned året før"
_OFFICES = "Andel fastlegekontor som har tatt i bruk kjernejournal"
_READY = "Antall kommuner som har tatt i bruk eller er teknisk tilrettelagt"
_FULL = "Antall legekontor/avtalespesialister med SFM med brukergrensesnitt"
_PLAN = "Mål: andel prioriterte aktører der PLL er prøvd ut og innført"
ANCHORS = (
    Anchor(
        ("e-resept", _UNIQUE, "2021-12"),
        2471,
        "e-resept",
        _PRESCRIBERS,
        date(2021, 12, 1),
        "in_use",
    ),
    Anchor(
        ("e-resept", _UNIQUE_CHANGE, "2021-12"),
        79,
        "e-resept",
        _PRESCRIBERS,
        date(2021, 12, 1),
        "change_12m",
    ),
    Anchor(
        ("denominator", "Antall apotek", "2021-02"),
        988,
        "e-resept",
        ("apotek",),
        date(2021, 2, 1),
        "eligible",
    ),
    Anchor(
        ("denominator", "Antall apotek", "2022-12"),
        1045,
        "e-resept",
        ("apotek",),
        date(2022, 12, 1),
        "eligible",
    ),
    Anchor(
        ("denominator", "Antall apotek", "2023-12"),
        1045,
        "e-resept",
        ("apotek",),
        date(2023, 12, 1),
        "eligible",
    ),
    # said of 2019 "before autumn"
    Anchor(
        ("kjernejournal", _OFFICES, "2019"),
        90,
        "kjernejournal",
        ("legekontor",),
        date(2019, 9, 1),
        "share",
    ),
    # said of 2020 before the autumn's starts
    Anchor(
        ("kjernejournal", "Antall kommuner i gang (PLO)", "2020"),
        6,
        "kjernejournal",
        ("kommunal_helse_omsorg",),
        date(2020, 6, 1),
        "in_use",
    ),
    # published as in use or technically ready; in the simulated world all of them are in use
    Anchor(
        ("kjernejournal", _READY, "2023-12"),
        274,
        "kjernejournal",
        ("kommunal_helse_omsorg",),
        date(2023, 12, 1),
        "in_use",
    ),
    Anchor(
        ("sfm", _FULL, "2023-12"),
        200,
        "sfm",
        ("legekontor", "avtalespesialist"),
        date(2023, 12, 1),
        "in_use",
        is_least=True,
    ),
    # the plan: the simulated world keeps to it
    Anchor(("pll", _PLAN, "2026-06"), 25, "pll", PRIORITISED, date(2026, 6, 1), "share"),
    Anchor(("pll", _PLAN, "2027"), 50, "pll", PRIORITISED, date(2027, 12, 1), "share"),
    Anchor(("pll", _PLAN, "2029"), 80, "pll", PRIORITISED, date(2029, 12, 1), "share"),
)

# Service and area as in rollout_facts.csv → the regions that opened then; empty: the helsefellesskap of the PLL trial.
# Other facts lie too far back to matter, or name no place of their own.
_OPENINGS: Mapping[tuple[str, str], tuple[str, ...]] = {
    ("PLL", "Bergensområdet"): ("kommune:4601",),
    ("PLL", "Haraldsplass og Mottaksklinikken ved Haukeland"): ("hf:983974724",),
    ("PLL", "Bergen"): ("kommune:4601",),
    ("PLL", "Bergen kommune"): ("kommune:4601",),
    ("PLL", "Bodø, Saltdal og Nordlandssykehuset"): (
        "kommune:1804",
        "kommune:1840",
        "hf:983974910",
    ),
    ("PLL", "Fem helsefellesskap (ikke navngitt)"): (),
    ("PLL", "Hele landet"): (_LAND,),
    ("kjernejournal", "Arendal"): ("kommune:4203",),
    ("kjernejournal", "Halden"): ("kommune:3101",),
    ("kjernejournal", "Gausdal"): ("kommune:3441",),
    ("kjernejournal", "Lillehammer"): ("kommune:3405",),
    ("kjernejournal", "Ringebu"): ("kommune:3439",),
    ("kjernejournal", "Øyer"): ("kommune:3440",),
    ("kjernejournal", "Sarpsborg"): ("kommune:3105",),
    ("kjernejournal", "Bodø"): ("kommune:1804",),
    ("kjernejournal", "Bardu"): ("kommune:5520",),
}

# New starts in a month, where an ordinary one has 1: people are on holiday in July, and nobody changes systems before Christmas
_SEASON = (0.9, 1.0, 1.1, 1.0, 1.1, 0.9, 0.15, 0.8, 1.2, 1.2, 1.2, 0.5)
_UNEVEN = 0.3  # spread of new starts from month to month, as standard deviation of the logarithm
_SIZE_SPREAD = 0.2  # spread of a place's organisations per resident, likewise
_DELAY = 9.0  # mean months a helsefellesskap starts after the country, and again a place after its helsefellesskap
_STEEP = 3.0  # shape of the log-logistic wait: an S that begins at nothing
_GOLDEN = (math.sqrt(5) - 1) / 2


@dataclass(frozen=True)
class _Country:
    """Today's regions; the kommuner among them in order of key; residents per kommune and month of the axis."""

    regions: pl.DataFrame
    kommuner: pl.DataFrame
    residents: pl.DataFrame

    def places(self, kind: _ActorType) -> pl.DataFrame:
        """One row per kommune, with the `place` its organisations of a type belong to."""
        return self.kommuner.with_columns(
            place=pl.col("region_key" if kind.place == "kommune" else "hf_key")
        )


def simulate(
    seeds: Path,
    raw: Path,
    *,
    scale: float = 1.0,
    months: int = 94,
    until: date = date(2026, 10, 1),
    seed: int = 20190101,
) -> pl.DataFrame:
    """The simulated truth, one row per service, region, actor type and month; columns and types as `CELL`, sorted by its keys.

    `months` months ending with `until`. `scale` is the share of kommuner, spread over all helsefellesskap (each keeps at
    least its largest); upper levels are sums of what is kept, and a kommune is the same at every scale. A region without
    a single organisation of a type in these months has no rows for it. The same arguments give the same frame.

    Raises `PllError` for arguments outside these bounds, and where a list or snapshot the model stands on is missing.
    """
    window = _window(months, until)
    if not 0 < scale <= 1:
        raise PllError(f"The scale is {scale}", do="give a number above 0 and at most 1")
    country = _country(seeds, raw)
    actor_types = _seed(seeds, "actor_type")
    facts = _facts(seeds, raw)
    kept = _kept(country, scale, seed)
    organisations = {code: _organisations(code, country, window, seed) for code in _ACTOR_TYPES}
    cells = []
    for curve in _CURVES:
        opened = _opened(curve, country, facts, _relatives(actor_types, curve.actor_type_code))
        in_use = _in_use(curve, country, organisations[curve.actor_type_code], opened, seed)
        cells.append(_cells(curve, country, in_use, kept, window))
    return (
        pl.concat(cells)
        .sort("service_code", "region_key", "actor_type_code", "month")
        .join(country.regions, on="region_key", how="left", maintain_order="left")
        .join(actor_types, on="actor_type_code", how="left", maintain_order="left")
        .with_columns(month=pl.date(pl.col("month") // 12, pl.col("month") % 12 + 1, 1))
        .select(pl.col(name).cast(kind) for name, kind in CELL.items())
    )


def populations(seeds: Path, raw: Path) -> pl.DataFrame:
    """Residents on 1 January: one row per kommune of today and year (region_key, year, population), from the newest snapshot.

    A kommune that came of others has the sum of theirs; one that was split is shared out as the reform list says, hence
    a float. Raises `PllError` when no population is held.
    """
    content = _newest(raw, "ssb_population").read("population.csv")
    held = pl.read_csv(
        content, schema={"kommune_code": pl.String, "year": pl.Int64, "value": pl.Float64}
    ).filter(pl.col("value") > 0)
    reform = _seed(seeds, "kommune_reform").select(
        "code_2024",
        pl.col("old_code").alias("kommune_code"),
        pl.col("share").cast(pl.Float64),
        pl.col("first_year", "last_year").cast(pl.Int64),
    )
    moved = held.join(reform, on="kommune_code").filter(
        pl.col("year").is_between("first_year", "last_year")
    )
    stayed = held.join(moved, on=["kommune_code", "year"], how="anti")
    code = pl.coalesce("code_2024", "kommune_code")
    return (
        pl.concat([moved, stayed], how="diagonal")
        .group_by((pl.lit("kommune:") + code).alias("region_key"), "year")
        .agg(population=(pl.col("value") * pl.col("share").fill_null(1)).sum())
        .sort("region_key", "year")
    )


def _window(months: int, until: date) -> range:
    last = until.year * 12 + until.month - 1
    if months < 1 or last - months + 1 < _AXIS.start or last >= _AXIS.stop:
        raise PllError(
            f"{months} months until {until:%Y-%m} cannot be simulated",
            do=f"stay within {_FIRST_YEAR} to {_END_YEAR - 1}, one month or more",
        )
    return range(last - months + 1, last + 1)


def _month(text: str) -> int:
    """Months since year 0, of 2023-12 or of 2023, which begins in January."""
    year, _, month = text.partition("-")
    return int(year) * 12 + int(month or 1) - 1


def _random(seed: int, *words: str) -> Random:
    """Draws of their own for each purpose, so that nothing drawn for one service moves another's."""
    return Random("/".join((str(seed), *words)))


def _interpolated(x: float, xs: Sequence[float], ys: Sequence[float]) -> float:
    """On the straight lines through the points; level before the first and after the last."""
    after = bisect_right(xs, x)
    if after in (0, len(xs)):
        return ys[max(after - 1, 0)]
    share = (x - xs[after - 1]) / (xs[after] - xs[after - 1])
    return ys[after - 1] + share * (ys[after] - ys[after - 1])


def _seed(seeds: Path, name: str) -> pl.DataFrame:
    return pl.read_csv(seeds / f"{name}.csv", infer_schema=False)


def _newest(raw: Path, source_name: str) -> Snapshot:
    snapshot = newest_snapshot(raw, source_name)
    if snapshot is None:
        raise PllError(
            f"No snapshot of {source_name} is held",
            where=str(raw / source_name),
            do="bring the bundled snapshots back from version control",
        )
    return snapshot


def _country(seeds: Path, raw: Path) -> _Country:
    regions = _seed(seeds, "region").filter(pl.col("valid_to").is_null())
    kommuner = regions.filter(pl.col("region_level") == "kommune").sort("region_key")
    known = populations(seeds, raw).select("region_key", "population", month=pl.col("year") * 12)
    unknown = kommuner.join(known, on="region_key", how="anti")
    if not unknown.is_empty():
        missing = unknown["region_key"][0]
        raise PllError(
            f"No population is held for {missing}",
            where=str(raw / "ssb_population"),
            do="archive a population file of today's kommuner",
        )
    grid = (
        kommuner.select("region_key")
        .join(pl.DataFrame({"month": _AXIS}), how="cross")
        .join(known, on=["region_key", "month"], how="left")
    )
    between = pl.col("population").interpolate_by("month").over("region_key")
    residents = grid.select("region_key", "month", residents=between).sort("region_key", "month")
    # before the first figure and after the last, as then; whole, so that sums are the same in any order
    held = (
        pl.col("residents").forward_fill().backward_fill().over("region_key").round().cast(pl.Int64)
    )
    return _Country(regions, kommuner, residents.with_columns(held))


def _kept(country: _Country, scale: float, seed: int) -> pl.Series:
    """The kommuner that are kept: of each helsefellesskap the largest, then others as drawn, so that a larger scale only adds."""
    draws = _random(seed, "scale")
    newest = country.residents.group_by("region_key").last()
    kommuner = country.kommuner.join(newest, on="region_key", maintain_order="left").with_columns(
        drawn=pl.Series([draws.random() for _ in range(country.kommuner.height)])
    )
    is_largest = pl.col("residents") == pl.col("residents").max()
    turn = pl.when(is_largest).then(-1.0).otherwise("drawn").rank("ordinal")
    most = pl.max_horizontal(1, (pl.len() * scale).round())
    return kommuner.filter((turn <= most).over("helsefellesskap_key"))["region_key"]


def _national_counts(code: str, country: _Country) -> dict[int, int]:
    """Organisations in the country in each month of the axis."""
    kind = _ACTOR_TYPES[code]
    if kind.counted:
        known = [_month(month) for month in kind.counted]
        return {
            month: round(_interpolated(month, known, list(kind.counted.values())))
            for month in _AXIS
        }
    if kind.residents_each:
        residents = country.residents.group_by("month").agg(pl.col("residents").sum())
        return {
            month: round(number / kind.residents_each) for month, number in residents.iter_rows()
        }
    return dict.fromkeys(_AXIS, country.places(kind)["place"].n_unique())


def _organisations(code: str, country: _Country, window: range, seed: int) -> pl.DataFrame:
    """Every organisation of a type that exists: one row per month, place and `number` within it, from 1.

    Sainte-Laguë: the n-th of a place has the claim residents / (n - ½); the greatest claims of the country exist.
    """
    kind = _ACTOR_TYPES[code]
    draws = _random(seed, "size", code)
    places = country.places(kind)
    spread = {
        place: draws.lognormvariate(0, _SIZE_SPREAD) for place in places["place"].unique().sort()
    }
    count = pl.DataFrame(
        list(_national_counts(code, country).items()), schema=["month", "count"], orient="row"
    )
    weight = pl.col("residents").sum() * pl.col("place").first().replace_strict(
        spread, return_dtype=pl.Float64
    )
    weights = (
        country.residents.filter(
            pl.col("month").is_between(window.start, window.stop, closed="left")
        )
        .join(places.select("region_key", "place"), on="region_key")
        .group_by("place", "month")
        .agg(weight=weight)
        .join(count, on="month")
    )
    # enough to choose from: no place gets half as many again as its share, and three
    most = (
        1.5 * pl.col("count") * pl.col("weight") / pl.col("weight").sum().over("month")
    ).ceil().cast(pl.Int64) + 3
    claim = (
        pl.when(pl.col("number") <= kind.least)
        .then(float("inf"))
        .otherwise(pl.col("weight") / (pl.col("number") - 0.5))
    )
    return (
        weights.with_columns(number=pl.int_ranges(1, most + 1))
        .explode("number")
        .sort("place", "number", "month")
        .filter(claim.rank("ordinal", descending=True).over("month") <= pl.col("count"))
        .select("month", "place", "number")
    )


def _facts(seeds: Path, raw: Path) -> list[dict[str, str]]:
    """The known starts: the rows of rollout_facts.csv named in the openings, each with its `regions` divided by blanks."""
    trial = _seed(seeds, "helsefellesskap").filter(
        pl.col("pll_trial_2024_2025").str.ends_with("yes")
    )["helsefellesskap_key"]
    snapshot = _newest(raw, "rollout_facts")
    told = {}
    for row in csv.DictReader(io.StringIO(snapshot.read("rollout_facts.csv").decode())):
        opening = (row["context"].partition("]")[0].removeprefix("["), row["area"])
        if opening in _OPENINGS and row["start"] and row["phase"] != "forberedelse":
            told.setdefault(opening, []).append(
                row
                | {"service": opening[0].lower(), "regions": " ".join(_OPENINGS[opening] or trial)}
            )
    untold = sorted(set(_OPENINGS) - set(told))
    if untold:
        service, area = untold[0]
        raise PllError(
            f"The start of {service} in {area!r} is no longer told",
            where=str(snapshot.folder),
            do="correct the openings of the model",
        )
    return [fact for facts in told.values() for fact in facts]


def _relatives(actor_types: pl.DataFrame, code: str) -> set[str]:
    """The codes by which a fact is about an actor type: itself, its parent, its parts, and all."""
    parents = dict(actor_types.select("actor_type_code", "parent_code").iter_rows())
    return {code, "alle", parents[code] or code} | {
        part for part, parent in parents.items() if parent == code
    }


def _opened(
    curve: _Curve, country: _Country, facts: list[dict[str, str]], relatives: set[str]
) -> pl.DataFrame:
    """One row per place: the month it is known to have opened in, null where unknown, and the `floor` nobody starts before."""
    known = [
        fact
        for fact in facts
        if fact["service"] == curve.service_code and relatives & set(fact["actor_type"].split("+"))
    ]
    floor = min(
        (_month(fact["start"]) for fact in known if fact["regions"] == _LAND), default=_AXIS.start
    )
    region = pl.col("region_key", "helsefellesskap_key", "hf_key")
    starts = [
        pl.when(pl.any_horizontal(region.is_in(fact["regions"].split()))).then(
            _month(fact["start"])
        )
        for fact in known
    ]
    places = country.places(_ACTOR_TYPES[curve.actor_type_code]).with_columns(
        opened=pl.min_horizontal(pl.lit(None, pl.Int64), *starts)
    )
    return (
        places.group_by("place")
        .agg(pl.col("opened").min(), pl.col("helsefellesskap_key").first(), floor=pl.lit(floor))
        .sort("place")
    )


def _levels(curve: _Curve, country: _Country, seed: int) -> pl.DataFrame:
    """Organisations of the country in use: month, level. Logistic between knots, in time that runs by season."""
    counts = _national_counts(curve.actor_type_code, country)
    draws = _random(seed, "pace", curve.service_code, curve.actor_type_code)
    time, elapsed = {}, 0.0
    for month in _AXIS:
        elapsed += _SEASON[month % 12] * draws.lognormvariate(0, _UNEVEN)
        time[month] = elapsed
    knots = {_month(month): level for month, level in curve.knots.items()}
    shares = [
        level / counts[month] if isinstance(level, int) else level for month, level in knots.items()
    ]
    logits = [
        math.log(share / (1 - share))
        for share in (min(max(share, 1e-4), 1 - 1e-4) for share in shares)
    ]
    times = [time[month] for month in knots]
    levels = [
        (m, round(counts[m] / (1 + math.exp(-_interpolated(time[m], times, logits)))))
        for m in range(min(knots), _AXIS.stop)
    ]
    return pl.DataFrame(levels, schema=["month", "level"], orient="row")


def _in_use(
    curve: _Curve, country: _Country, organisations: pl.DataFrame, opened: pl.DataFrame, seed: int
) -> pl.DataFrame:
    """One row per month and place with organisations: how many are eligible, and how many of them are in use.

    In use are the first in the queue, of those that exist and whose region has opened.
    """
    starts = _starts(curve, opened, seed)
    # a golden step spreads the waits evenly, however few or many organisations a place has
    chance = (pl.col("offset") + pl.col("number") * _GOLDEN) % 1
    turn = pl.col("starts") + curve.pace * (chance / (1 - chance)) ** (1 / _STEEP)
    may = (
        organisations.join(starts, on="place")
        .filter(pl.col("opens") <= pl.col("month"))
        .select("month", "place", turn=turn)
    )
    first = (
        may.join(_levels(curve, country, seed), on="month")
        .sort("turn", "place")
        .filter(pl.int_range(1, pl.len() + 1).over("month") <= pl.col("level"))
    )
    in_use = first.group_by("month", "place").agg(in_use_count=pl.len())
    eligible = organisations.group_by("month", "place").agg(eligible_count=pl.len())
    return eligible.join(in_use, on=["month", "place"], how="left").with_columns(
        pl.col("in_use_count").fill_null(0)
    )


def _starts(curve: _Curve, opened: pl.DataFrame, seed: int) -> pl.DataFrame:
    """One row per place: when its organisations start to queue, before when they may not, and where in the waits the first stands.

    A place that is known to have opened starts then; the others some time after the country does.
    """
    draws = _random(seed, "start", curve.service_code, curve.actor_type_code)
    late = {
        area: draws.gammavariate(2, _DELAY / 2)
        for area in opened["helsefellesskap_key"].unique().sort()
    }
    begins = pl.max_horizontal("floor", pl.lit(_month(next(iter(curve.knots)))))
    later = pl.Series([draws.gammavariate(2, _DELAY / 2) for _ in opened["place"]])
    return opened.select(
        "place",
        starts=pl.coalesce(
            "opened",
            begins
            + pl.col("helsefellesskap_key").replace_strict(late, return_dtype=pl.Float64)
            + later,
        ),
        opens=pl.coalesce("opened", "floor"),
        offset=pl.Series([draws.random() for _ in opened["place"]]),
    )


def _cells(
    curve: _Curve, country: _Country, in_use: pl.DataFrame, kept: pl.Series, window: range
) -> pl.DataFrame:
    """Every level as the sum of its places, each region in all months of the window."""
    kind = _ACTOR_TYPES[curve.actor_type_code]
    # trusts are whole at every scale, for each keeps a kommune
    places = country.places(kind).filter(pl.col("region_key").is_in(kept.implode()))
    levels = places.select("place", "helsefellesskap_key", "rhf_key", land=pl.lit(_LAND)).unique()
    member = levels.unpivot(index="place", value_name="region_key").select("place", "region_key")
    member = pl.concat([member, levels.select("place", region_key="place")])
    summed = (
        member.join(in_use, on="place")
        .group_by("region_key", "month")
        .agg(pl.col("in_use_count", "eligible_count").sum())
    )
    grid = summed.select("region_key").unique().join(pl.DataFrame({"month": window}), how="cross")
    return grid.join(summed, on=["region_key", "month"], how="left").select(
        "region_key",
        "month",
        pl.col("in_use_count", "eligible_count").fill_null(0),
        service_code=pl.lit(curve.service_code),
        actor_type_code=pl.lit(curve.actor_type_code),
    )
