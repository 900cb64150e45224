"""Adoption computed twice: by a whole night on a small simulated world, and by a second opinion.

Every cell must agree. Not here: the world (`small_world.py`), the second opinion
(`tests/oracle.py`).
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple

import pytest

from tests.night.small_world import CODES, LEVELS, RESTATES, TODAY
from tests.night.world import World
from tests.oracle import Oracle, Row, known_now

Rows = dict[tuple[str, str, str, date], Row]


@dataclass(frozen=True)
class Opinions:
    """The world as the warehouse has it, and the second opinion."""

    world: World
    oracle: Oracle


@pytest.fixture(scope="module")
def opinions(small_world: World) -> Opinions:
    return Opinions(small_world, Oracle(CODES, known_now(small_world.data / "raw", RESTATES)))


def rounded(row: Row) -> tuple[object, ...]:
    """What is compared of a row of the second opinion, rounded as tables are."""

    def whole(value: float | None) -> int | None:
        return None if value is None else int(value + 0.5 + 1e-9)

    def cut(share: float | None) -> float | None:
        return None if share is None else min(1.0, max(0.0, share))

    return (
        row.basis,
        row.qualifier,
        row.status,
        row.denominator,
        row.source,
        whole(row.count),
        whole(row.count_low),
        whole(row.count_high),
        whole(row.eligible),
        cut(row.share),
        cut(row.share_low),
        cut(row.share_high),
        row.reported,
        row.as_of,
        row.is_representative,
        row.is_implied,
        row.part_count,
        row.expected,
        row.grain,
    )


def is_same(warehouse: tuple[object, ...], oracle: tuple[object, ...]) -> bool:
    """Whether both have the same, but for rounding."""
    return all(
        mine == theirs
        if not (isinstance(mine, int | float) and isinstance(theirs, int | float))
        else abs(mine - theirs) <= (1e-6 if isinstance(mine, float) else 0)
        for mine, theirs in zip(warehouse, oracle, strict=True)
    )


COMPARED = (
    "basis, qualifier, status, denominator_code, source_name, adoption_count, "
    "adoption_count_lower, adoption_count_upper, eligible_count, adoption_share, share_lower, "
    "share_upper, reported_share, eligible_as_of, is_representative, is_value_implied, "
    "part_count, expected_part_count, period_grain"
)


def test_every_cell_of_adoption_agrees_with_the_second_opinion(opinions: Opinions) -> None:
    answer = opinions.world.ask(
        f"select measure_code, region_key, actor_type_code, month, {COMPARED} "
        "from star.fct_adoption_month"
    )
    warehouse = {row[:4]: row[4:] for row in answer}
    oracle = {key: rounded(row) for key, row in opinions.oracle.rows.items()}
    assert len(warehouse) == len(answer)
    assert warehouse.keys() - oracle.keys() == set()
    assert oracle.keys() - warehouse.keys() == set()
    different = {
        key: (warehouse[key], oracle[key])
        for key in oracle
        if not is_same(warehouse[key], oracle[key])
    }
    assert not different, f"{len(different)} of {len(oracle)}, as {list(different.items())[:3]}"


def test_the_small_world_has_every_basis_status_and_qualifier(opinions: Opinions) -> None:
    rows = opinions.oracle.rows.values()
    assert len(rows) > 3_000
    assert {row.basis for row in rows} == {"published", "derived", "aggregated"}
    for status in ("suppressed", "missing", "provisional", "observed"):
        assert any(row.status == status for row in rows), status
    derived = {"exact", "approx", "at_least", "at_most"}
    assert {row.qualifier for row in rows if row.basis == "derived"} == derived
    assert {row.qualifier for row in rows if row.basis == "aggregated"} == derived | {"estimate"}
    by_source = Counter(row.source for row in rows)
    assert min(by_source["liten_verden"], by_source["annen_utgiver"]) > 100


def test_the_small_world_has_sums_of_every_kind(opinions: Opinions) -> None:
    sums = [row for row in opinions.oracle.rows.values() if row.basis == "aggregated"]
    assert {CODES.region[row.region]["region_level"] for row in sums} == set(LEVELS)
    eligible = "sfm_organisation_eligible_count"
    assert any(row.denominator is None for row in sums)
    assert any(row.actor == "alle" and row.denominator == eligible for row in sums)
    bounded = [row for row in sums if row.count is None and row.status == "suppressed"]
    assert any(row.count_low is not None and row.count_high is not None for row in bounded)
    assert any(row.reported is not None and row.reported < 0.9 for row in sums)
    before_reform = TODAY.replace(year=2024)
    assert any(row.region == "fylke:39" and row.month < before_reform for row in sums), (
        "the past on the codes of today"
    )


def test_the_small_world_has_denominators_and_revisions(opinions: Opinions) -> None:
    denominators = {row.denominator for row in opinions.oracle.rows.values()}
    assert denominators >= {
        None,
        "population",
        "sfm_organisation_eligible_count",
        "multidose_organisation_eligible_count",
    }
    endings = opinions.world.ask(
        "select ended_by, count(*) from star.fct_observation_revision "
        "where ended_by is not null group by ended_by having count(*) > 100 order by ended_by"
    )
    assert [ending for ending, _ in endings] == ["revised", "withdrawn"]


class Adoption(NamedTuple):
    """A row of the mart, as far as changes and ranks follow from it."""

    measure_code: str
    region_key: str
    actor_type_code: str
    month: date
    adoption_share: float | None
    share_lower: float | None
    share_upper: float | None
    qualifier: str
    denominator_code: str | None
    basis: str
    reported_share: float | None
    is_representative: bool
    change_1m: float | None
    change_12m: float | None
    rank_best: int | None
    rank_worst: int | None
    rank_in_level: int | None
    region_level: str


@pytest.fixture(scope="module")
def adoption(opinions: Opinions) -> list[Adoption]:
    columns = ", ".join(Adoption._fields)
    answer: list[Any] = opinions.world.ask(
        f"select {columns} from marts.mart_adoption_by_region_actor_month"
    )
    return [Adoption(*row) for row in answer]


def _have_same_parts(row: Row, before: Row) -> bool:
    """Whether two rows are about the same parts, or both about all regions of the whole."""
    are_whole = all(
        this.part_level != "actor_type" and this.part_count == this.expected
        for this in (row, before)
    )
    return row.basis != "aggregated" or row.parts == before.parts or are_whole


def _change(row: Adoption, before: Adoption | None, rows: Rows) -> float | None:
    """The change in share between two rows that can be compared; None between others."""
    if before is None or row.adoption_share is None or before.adoption_share is None:
        return None
    is_like = (
        {row.qualifier, before.qualifier} <= {"exact", "approx", "estimate"}
        and row.denominator_code == before.denominator_code
        and (row.basis == "aggregated") == (before.basis == "aggregated")
        and _have_same_parts(rows[row[:4]], rows[before[:4]])
    )
    if row.reported_share is None or before.reported_share is None:
        is_as_complete = row.reported_share == before.reported_share
    else:
        is_as_complete = abs(row.reported_share - before.reported_share) <= 0.02
    return row.adoption_share - before.adoption_share if is_like and is_as_complete else None


@pytest.mark.parametrize(("months", "column"), [(1, "change_1m"), (12, "change_12m")])
def test_a_change_is_that_of_comparable_shares(
    adoption: list[Adoption], opinions: Opinions, months: int, column: str
) -> None:
    rows = {row[:4]: row for row in adoption}
    compared = 0
    for row in adoption:
        number = row.month.year * 12 + row.month.month - 1 - months
        before = rows.get((*row[:3], date(number // 12, number % 12 + 1, 1)))
        expected, actual = _change(row, before, opinions.oracle.rows), getattr(row, column)
        assert (actual is None) == (expected is None), (row, months)
        if expected is not None:
            assert actual == pytest.approx(expected, abs=2e-6)
            compared += 1
    assert compared > 50


def _range_of_region(row: Adoption) -> tuple[float, float] | None:
    """The shares the region can have as a whole; None where nothing bounds them."""
    if row.share_lower is None and row.share_upper is None:
        return None
    reported = 1.0 if row.reported_share is None else row.reported_share
    low = 0.0 if row.share_lower is None else row.share_lower
    high = 1.0 if row.share_upper is None else row.share_upper
    return round(low * reported, 6), round(1 - (1 - high) * reported, 6)


def _ranks(group: list[Adoption], region_count: int) -> dict[str, tuple[int, int]]:
    """The best and the worst rank of each region that has a range."""
    ranges = {row.region_key: _range_of_region(row) for row in group}
    if 2 * len(group) < region_count:
        return {}
    known = {key: both for key, both in ranges.items() if both is not None}
    unknown_count = region_count - len(known)
    return {
        key: (
            1 + sum(other[0] > high for other in known.values()),
            1
            + sum(other[1] > low for name, other in known.items() if name != key)
            + (unknown_count if low < 1 else 0),
        )
        for key, (low, high) in known.items()
    }


def test_a_rank_is_what_the_bounds_of_all_regions_of_the_level_allow(
    adoption: list[Adoption],
) -> None:
    groups: dict[tuple[Any, ...], list[Adoption]] = {}
    for row in adoption:
        has_figure = {row.adoption_share, row.share_lower, row.share_upper} != {None}
        is_there = row.region_level != "gruppe" and CODES.is_valid(row.region_key, row.month)
        if row.is_representative and has_figure and is_there:
            key = row.measure_code, row.actor_type_code, row.month, row.region_level
            groups.setdefault(key, []).append(row)
        else:
            assert row.rank_best is None, row
    ranked = 0
    for (*_, month, level), group in groups.items():
        regions = [
            key
            for key, about in CODES.region.items()
            if about["region_level"] == level and CODES.is_valid(key, month)
        ]
        ranks = _ranks(group, len(regions))
        for row in group:
            best, worst = ranks.get(row.region_key, (None, None))
            assert (row.rank_best, row.rank_worst) == (best, worst), row
            assert row.rank_in_level == (best if best == worst else None)
            ranked += best is not None
    assert ranked > 100
