"""What a release may not tell: each world below is published cells and a figure of our own made of them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pll_pipeline.errors import PllError
from pll_pipeline.published.disclosure import check
from pll_pipeline.published.duckdb import tables

SMALL = (None, 1, 4)

_TABLES = """
    attach ':memory:' as release;
    create schema release.star;
    create schema release.marts;
    create table release.star.fct_adoption (measure_code varchar, region_key varchar, actor_type_code varchar, month date, count_value double, count_lower double, count_upper double,
        count_status varchar, denominator_code varchar, eligible_value double);
    create table release.star.fct_adoption_sum (relation varchar, measure_code varchar, region_key varchar, actor_type_code varchar, month date, part_level varchar, count_value double,
        count_lower double, count_upper double, eligible_value double);
    create table release.star.dim_region_part (relation varchar, whole_key varchar, part_key varchar, part_level varchar, part_share double, valid_from date, valid_to date);
    create table release.star.dim_actor_type (actor_type_code varchar, actor_type_kind varchar, parent_code varchar);
    insert into release.star.dim_actor_type values ('alle', 'all', null), ('fastlege', 'actor', null), ('sykehus', 'actor', null);
    create table release.marts.mart_adoption_by_region_actor_month (measure_code varchar, region_key varchar, actor_type_code varchar, month date, basis varchar, adoption_count bigint,
        adoption_count_lower bigint, adoption_count_upper bigint, eligible_count bigint, adoption_share double, share_lower double, share_upper double);
"""


class World:
    """A release in memory: published cells, and sums of our own."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self.connection = connection

    def publishes(
        self,
        region: str,
        value: float | None,
        low: float | None = None,
        high: float | None = None,
        *,
        eligible: float | None = 100,
        actor: str = "fastlege",
    ) -> None:
        status = "suppressed" if value is None else "observed"
        self.connection.execute(
            "insert into release.star.fct_adoption values ('m', ?, ?, '2026-01-01', ?, ?, ?, ?, 'd', ?)",
            [
                region,
                actor,
                value,
                value if low is None else low,
                value if high is None else high,
                status,
                eligible,
            ],
        )

    def lies_in(self, whole: str, *parts: str, level: str = "kommune", share: float = 1) -> None:
        for part in parts:
            self.connection.execute(
                "insert into release.star.dim_region_part values ('level', ?, ?, ?, ?, null, null)",
                [whole, part, level, share],
            )

    def adds_up(
        self,
        whole: str,
        value: float | None,
        low: float | None,
        high: float | None,
        *,
        eligible: float = 200,
        level: str = "kommune",
        actor: str = "fastlege",
    ) -> None:
        self.connection.execute(
            "insert into release.star.fct_adoption_sum values ('level', 'm', ?, ?, '2026-01-01', ?, ?, ?, ?, ?)",
            [whole, actor, level, value, low, high, eligible],
        )

    def tells(self, region: str, basis: str, **figures: Any) -> None:
        names = (
            "adoption_count",
            "adoption_count_lower",
            "adoption_count_upper",
            "eligible_count",
            "adoption_share",
            "share_lower",
            "share_upper",
        )
        self.connection.execute(
            "insert into release.marts.mart_adoption_by_region_actor_month values ('m', ?, 'fastlege', '2026-01-01', ?, ?, ?, ?, ?, ?, ?, ?)",
            [region, basis, *(figures.get(name) for name in names)],
        )

    def check(self) -> int:
        return check(self.connection, tables(self.connection, "release"), "release")


def _world() -> World:
    connection = duckdb.connect()
    connection.execute(_TABLES)
    return World(connection)


@pytest.fixture
def world() -> Iterator[World]:
    made = _world()
    yield made
    made.connection.close()


def test_a_sum_as_wide_as_its_parts_passes(world: World) -> None:
    world.publishes("a", *SMALL)
    world.publishes("b", 20)
    world.lies_in("hf:1", "a", "b")
    world.adds_up("hf:1", None, 21, 24)
    assert world.check() == 1


def test_a_total_that_gives_a_suppressed_part_away_is_not_published(world: World) -> None:
    world.publishes("a", *SMALL)
    world.publishes("b", 20)
    world.lies_in("hf:1", "a", "b")
    world.adds_up("hf:1", 23, 23, 23)
    with pytest.raises(
        PllError,
        match=r"left it between 1 and 4, our figures leave it between 3 and 3.*m, a, fastlege, 2026-01; told by fct_adoption_sum, hf:1",
    ):
        world.check()


def test_a_total_that_narrows_a_suppressed_part_is_not_published_either(world: World) -> None:
    world.publishes("a", *SMALL)
    world.publishes("b", 20)
    world.lies_in("hf:1", "a", "b")
    world.adds_up("hf:1", None, 22, 24)
    with pytest.raises(PllError, match="our figures leave it between 2 and 4"):
        world.check()


def test_sums_that_tell_nothing_alone_may_not_tell_it_together(world: World) -> None:
    for cell in "abc":
        world.publishes(cell, *SMALL)
    for whole, parts in (("hf:1", "ab"), ("hf:2", "bc")):
        world.lies_in(whole, *parts)
        world.adds_up(whole, 5, 5, 5)
    assert world.check() == 3
    world.lies_in("fylke:1", "a", "c")
    world.adds_up("fylke:1", 5, 5, 5)
    with pytest.raises(PllError, match="could be worked out"):
        world.check()


def test_a_cell_counted_among_nobody_knows_how_many_takes_no_part_in_a_sum(world: World) -> None:
    world.publishes("kommune:1", *SMALL, eligible=None)
    world.publishes("kommune:2", 20)
    world.lies_in("fylke:1", "kommune:1", "kommune:2")
    world.adds_up("fylke:1", 20, 20, 20, eligible=100)
    assert world.check() == 1


def test_what_the_publisher_gave_away_himself_is_not_our_doing(world: World) -> None:
    world.publishes("a", *SMALL)
    world.publishes("b", 20)
    world.publishes("land:NO", 23)
    world.lies_in("land:NO", "a", "b")
    world.lies_in("hf:1", "a", "b")
    world.adds_up("hf:1", 23, 23, 23)
    assert world.check() == 1


def test_actor_types_added_up_give_nothing_away_either(world: World) -> None:
    world.publishes("a", *SMALL)
    world.publishes("a", 7, actor="sykehus")
    world.adds_up("a", None, 8, 11, level="actor_type", actor="alle")
    assert world.check() == 1
    world.connection.execute(
        "update release.star.fct_adoption_sum set count_value = 9, count_lower = 9, count_upper = 9"
    )
    with pytest.raises(PllError, match="between 2 and 2"):
        world.check()


def test_a_share_of_a_suppressed_count_is_as_wide_as_its_bounds(world: World) -> None:
    world.publishes("a", *SMALL, eligible=30)
    world.tells(
        "a",
        "derived",
        adoption_count_lower=1,
        adoption_count_upper=4,
        eligible_count=30,
        share_lower=round(1 / 30, 6),
        share_upper=round(4 / 30, 6),
    )
    assert world.check() == 1
    world.connection.execute(
        "update release.marts.mart_adoption_by_region_actor_month set share_lower = 0.066667"
    )
    with pytest.raises(PllError, match="told by mart_adoption_by_region_actor_month, shares"):
        world.check()


def test_a_part_split_between_two_may_lie_in_either(world: World) -> None:
    world.publishes("a", *SMALL)
    world.lies_in("hf:1", "a", share=0.4)
    world.adds_up("hf:1", None, 0, 4)
    assert world.check() == 1


def test_a_release_without_adoption_has_nothing_to_give_away() -> None:
    connection = duckdb.connect()
    connection.execute(
        "attach ':memory:' as release; create schema release.star; create table release.star.t (a integer)"
    )
    assert check(connection, tables(connection, "release"), "release") == 0


_CELLS = st.lists(st.tuples(st.booleans(), st.integers(1, 4)), min_size=1, max_size=6)


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(_CELLS, st.lists(st.sets(st.integers(0, 5), min_size=1), min_size=1, max_size=4))
def test_sums_with_the_bounds_of_their_parts_always_pass(
    cells: list[tuple[bool, int]], wholes: list[set[int]]
) -> None:
    world = _world()
    for place, (hidden, value) in enumerate(cells):
        world.publishes(f"k{place}", *(SMALL if hidden else (value,)))
    for number, whole in enumerate(wholes):
        parts = [place for place in whole if place < len(cells)]
        if parts:
            world.lies_in(f"hf:{number}", *(f"k{place}" for place in parts))
            low, high = (
                sum(bound if cells[place][0] else cells[place][1] for place in parts)
                for bound in (1, 4)
            )
            world.adds_up(f"hf:{number}", low if low == high else None, low, high)
    assert world.check() == sum(hidden for hidden, _ in cells)


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.integers(1, 4), st.lists(st.integers(0, 50), max_size=5))
def test_a_sum_that_knows_a_suppressed_cell_never_passes(hidden: int, known: list[int]) -> None:
    world = _world()
    world.publishes("k", *SMALL)
    for place, value in enumerate(known):
        world.publishes(f"k{place}", value)
    world.lies_in("hf:1", "k", *(f"k{place}" for place in range(len(known))))
    total = hidden + sum(known)
    world.adds_up("hf:1", total, total, total)
    with pytest.raises(PllError, match=f"between {hidden} and {hidden}"):
        world.check()
