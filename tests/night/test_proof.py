"""Ranks, percentiles and bounds of small worlds, against every assignment of the hidden counts.

The night's own SQL is run on them. Nothing it states may be contradicted by a world that the
published figures allow.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from itertools import product
from typing import Any

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.night.world import World

FYLKER = {
    "fylke:39": ("kommune:3901", "kommune:3903", "kommune:3905"),
    "fylke:40": ("kommune:4001", "kommune:4003", "kommune:4005"),
}
KOMMUNER = tuple(kommune for kommuner in FYLKER.values() for kommune in kommuner)
MONTH = date(2025, 12, 1)
MODELS = ("fct_eligible", "fct_adoption", "fct_adoption_sum", "fct_adoption_month")
KEYS = "', '".join([*FYLKER, *KOMMUNER])
DIMENSIONS = {
    "dim_measure": "true",
    "dim_actor_type": "true",
    "dim_service": "true",
    "dim_month": f"month = date '{MONTH}'",
    "dim_region": f"region_key in ('{KEYS}')",
    "dim_region_part": (
        f"relation = 'level' and whole_key in ('{KEYS}') and part_key in ('{KEYS}')"
    ),
}
OBSERVATION = (
    "measure_code, actor_type_code, source_name, period_start, period_end, period_grain, month, "
    "qualifier, status, region_key, value, lower_bound, upper_bound, is_period_inferred, "
    "published_text, snapshot_at, revision_number, row_reference"
)


@dataclass(frozen=True)
class Cell:
    """What is true of a kommune, and how it is published: "exact", "small", "withheld", "absent".

    Of an absent kommune nothing is published, of a silent one its denominator only.
    """

    count: int
    eligible: int
    form: str

    def published(self) -> tuple[int | None, int | None, int | None, str] | None:
        """Value, bounds and status of the count; None where none is published."""
        if self.form in ("absent", "silent"):
            return None
        if self.form == "withheld":
            return None, None, None, "suppressed"
        if self.form == "small" and 1 <= self.count <= 4:
            return None, 1, 4, "suppressed"
        return self.count, self.count, self.count, "observed"

    def possible(self) -> list[Fraction]:
        """The shares that the published figures allow; those of an absent one by example."""
        if self.form == "absent":
            return [Fraction(0), Fraction(1, 2), Fraction(1)]
        counts: Any = [self.count]
        if self.form in ("withheld", "silent"):
            counts = range(self.eligible + 1)
        elif self.form == "small" and 1 <= self.count <= 4:
            counts = range(1, min(4, self.eligible) + 1)
        return [Fraction(count, self.eligible) for count in counts]


def cell(form: str) -> st.SearchStrategy[Cell]:
    """A kommune that is published in that form."""
    return st.tuples(st.integers(0, 5), st.integers(1, 5)).map(
        lambda pair: Cell(min(pair), pair[1], form)
    )


# three kommuner in which something is hidden, in any places among three that are exact
worlds = (
    st.lists(st.sampled_from(["small", "withheld", "silent", "absent"]), max_size=3)
    .map(lambda forms: forms + ["exact"] * (len(KOMMUNER) - len(forms)))
    .flatmap(st.permutations)
    .flatmap(lambda forms: st.tuples(*map(cell, forms)))
)


class Night:
    """The models of a night, as compiled there, on tables made for them."""

    def __init__(self, world: World) -> None:
        self.db = duckdb.connect()
        release = str(world.current / "pll.duckdb").replace("'", "''")
        self.db.execute(f"attach '{release}' as release (read_only)")
        self.db.execute("attach ':memory:' as build; set threads = 1; create schema build.star")
        for name, rows in DIMENSIONS.items():
            self.db.execute(
                f"create table build.star.{name} as from release.star.{name} where {rows}"
            )
        self.db.execute(
            "create table build.star.fct_observation as from release.star.fct_observation limit 0"
        )
        folder = world.data / "build" / "dbt-run" / "compiled" / "pll" / "models"
        self.models = {
            name: (folder / "star" / f"{name}.sql").read_text(encoding="utf-8") for name in MODELS
        }
        self.spread = (folder / "marts" / "mart_spread_by_measure_month.sql").read_text("utf-8")

    def _observe(self, measure: str, region: str, figure: tuple[Any, ...]) -> None:
        value, low, high, status = figure
        self.db.execute(
            f"""insert into build.star.fct_observation ({OBSERVATION}) values (
                ?, 'fastlege', 's', date '2025-12-01', date '2025-12-31', 'month',
                date '2025-12-01', ?, ?, ?, ?, ?, ?, false, '', '2026-01-05', 1, 'f:1'
            )""",
            [
                measure,
                "exact" if value is not None else "approx",
                status,
                region,
                value,
                low,
                high,
            ],
        )

    def run(self, cells: dict[str, Cell]) -> tuple[dict[str, Any], dict[str, Any]]:
        """The rows of adoption by region, and of the spread by region level."""
        self.db.execute("delete from build.star.fct_observation")
        for region, about in cells.items():
            if figure := about.published():
                self._observe("sfm_organisation_in_use_count", region, figure)
            if about.form != "absent":
                eligible = about.eligible
                known = eligible, eligible, eligible, "observed"
                self._observe("sfm_organisation_eligible_count", region, known)
        for name, sql in self.models.items():
            self.db.execute(f"create or replace table build.star.{name} as {sql}")
        return (
            self._by("region_key", "from build.star.fct_adoption_month"),
            self._by("region_level", self.spread),
        )

    def _by(self, column: str, sql: str) -> dict[str, Any]:
        answer = self.db.execute(sql)
        names = [name for name, *_ in answer.description or ()]
        rows = [dict(zip(names, row, strict=True)) for row in answer.fetchall()]
        return {row[column]: row for row in rows}


@pytest.fixture(scope="module")
def night(released: World) -> Iterator[Night]:
    night = Night(released)
    yield night
    night.db.close()


def _of_fylke(
    kommuner: tuple[str, ...], cells: dict[str, Cell], shares: dict[str, Fraction]
) -> list[Fraction]:
    """The shares a fylke may have: any, where the base of one of its kommuner is not known."""
    if any(cells[key].form == "absent" for key in kommuner):
        return [Fraction(0), Fraction(1)]
    base = sum(cells[key].eligible for key in kommuner)
    return [sum((shares[key] * cells[key].eligible for key in kommuner), Fraction(0)) / base]


def _assignments(cells: dict[str, Cell]) -> Iterator[tuple[str, dict[str, Fraction]]]:
    """Each way the hidden counts can be: the level, and the share of each region of it."""
    for chosen in product(*(about.possible() for about in cells.values())):
        shares = dict(zip(cells, chosen, strict=True))
        yield "kommune", shares
        ways = [_of_fylke(kommuner, cells, shares) for kommuner in FYLKER.values()]
        for way in product(*ways):
            yield "fylke", dict(zip(FYLKER, way, strict=True))


def _percentile(shares: list[float], fraction: float) -> float:
    """Between the two nearest where it falls between them."""
    ordered = sorted(shares)
    place = fraction * (len(ordered) - 1)
    below = int(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (place - below) * (ordered[above] - ordered[below])


ROUNDED = 2e-6


def _contradictions(
    rows: dict[str, Any], spread: dict[str, Any], level: str, true: dict[str, Fraction]
) -> Iterator[str]:
    shares = {key: round(float(share), 6) for key, share in true.items()}
    for key, share in shares.items():
        row = rows.get(key)
        if row is None or row["rank_best"] is None:
            continue
        rank = 1 + sum(other > share for other in shares.values())
        if not row["rank_best"] <= rank <= row["rank_worst"]:
            yield f"{key} has rank {rank} in {shares}: {row}"
    about = spread.get(level)
    for percent in (10, 50, 90):
        low = about[f"percentile_{percent}_lower"] if about else None
        if about is None or low is None:
            continue
        value = _percentile(list(shares.values()), percent / 100)
        if not low - ROUNDED <= value <= about[f"percentile_{percent}_upper"] + ROUNDED:
            yield f"percentile {percent} is {value} in {shares}: {about}"


def _bounds_contradicted(
    rows: dict[str, Any], cells: dict[str, Cell], true: dict[str, Fraction]
) -> Iterator[str]:
    wholes = {key: (key,) for key in cells} | FYLKER
    for key, row in rows.items():
        reporting = [k for k in wholes[key] if cells[k].published() is not None]
        count = sum(true[k] * cells[k].eligible for k in reporting)
        share = float(count / sum(cells[k].eligible for k in reporting))
        # the share that changes, targets and the forecast are made from
        if row["adoption_share"] is not None and abs(row["adoption_share"] - share) > ROUNDED:
            yield f"{key} has another share than {share}: {row}"
        if row["adoption_count_lower"] is None or row["adoption_count_upper"] is None:
            continue
        if not row["adoption_count_lower"] <= count <= row["adoption_count_upper"]:
            yield f"{key} counts {count}: {row}"
        if row["share_lower"] is not None and not (
            row["share_lower"] - ROUNDED <= share <= row["share_upper"] + ROUNDED
        ):
            yield f"{key} has share {share}: {row}"


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(world=worlds)
def test_no_assignment_of_the_hidden_counts_contradicts_what_is_published(
    night: Night, world: tuple[Cell, ...]
) -> None:
    cells = dict(zip(KOMMUNER, world, strict=True))
    rows, spread = night.run(cells)
    for level, true in _assignments(cells):
        assert list(_contradictions(rows, spread, level, true)) == []
        if level == "kommune":
            assert list(_bounds_contradicted(rows, cells, true)) == []


@settings(
    max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(world=st.tuples(*[cell("exact")] * len(KOMMUNER)))
def test_where_nothing_is_hidden_every_rank_and_percentile_is_one_number(
    night: Night, world: tuple[Cell, ...]
) -> None:
    rows, spread = night.run(dict(zip(KOMMUNER, world, strict=True)))
    assert set(rows) == {*FYLKER, *KOMMUNER}
    assert all(row["rank_in_level"] is not None for row in rows.values())
    assert all(spread[level]["percentile_50"] is not None for level in ("fylke", "kommune"))


def test_a_wrong_rank_or_percentile_would_be_found() -> None:
    true = {"kommune:3901": Fraction(1, 2), "kommune:3903": Fraction(1, 4)}
    ranked = {"kommune:3903": {"rank_best": 1, "rank_worst": 1}}
    spread = {"kommune": {f"percentile_{p}_{side}": 0.9 for p in (10, 50, 90) for side in LOW_HIGH}}
    assert len(list(_contradictions(ranked, spread, "kommune", true))) == 4


LOW_HIGH = ("lower", "upper")
