"""What a release may not disclose: each world is published cells and our own figures of them."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import Any

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pll_pipeline.errors import PllError
from pll_pipeline.published import disclosure
from pll_pipeline.published.disclosure import Checked, check
from tests.release_world import create_tables

SMALL = (None, 1, 4)
MONTH = "2026-01-01"
_USED = (
    "star.fct_adoption",
    "star.fct_adoption_sum",
    "star.dim_region_part",
    "star.dim_measure",
    "star.fct_observation",
    "star.fct_observation_revision",
    "marts.mart_revisions",
    "star.fct_adoption_month",
    "marts.mart_adoption_by_region_actor_month",
    "marts.mart_adoption_by_current_region_actor_month",
)
ADOPTION = {
    "fact": "star.fct_adoption_month",
    "mart": "marts.mart_adoption_by_region_actor_month",
    "today": "marts.mart_adoption_by_current_region_actor_month",
}


BOUNDS = {
    "adoption_count_lower": 1,
    "adoption_count_upper": 4,
    "eligible_count": 30,
    "share_upper": round(4 / 30, 6),
}


class World:
    """A release in memory: published cells, and sums of our own."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self.connection = connection
        for table in _USED:
            connection.execute(f"delete from release.{table}")

    def _insert(self, table: str, **values: Any) -> None:
        marks = ", ".join("?" * len(values))
        self.connection.execute(
            f"insert into release.{table} ({', '.join(values)}) values ({marks})",
            list(values.values()),
        )

    def publishes(
        self,
        region: str,
        value: float | None,
        low: float | None = None,
        high: float | None = None,
        *,
        eligible: float | None = 100,
        actor: str = "fastlege",
        source: str = "s",
    ) -> None:
        """A published count; without a value it is suppressed, between the two bounds."""
        self._insert(
            "star.fct_adoption",
            measure_code="m",
            region_key=region,
            actor_type_code=actor,
            month=MONTH,
            count_value=value,
            count_lower=value if low is None else low,
            count_upper=value if high is None else high,
            count_status="suppressed" if value is None else "observed",
            denominator_code="d",
            eligible_value=eligible,
            source_name=source,
            is_contradictory=False,
        )
        if value is None:
            self.shows(region, "derived", actor=actor)

    def contains(self, whole: str, *parts: str, level: str = "kommune", share: float = 1) -> None:
        """Regions that are parts of another, each with this share of it."""
        for part in parts:
            self._insert(
                "star.dim_region_part",
                relation="level",
                whole_key=whole,
                part_key=part,
                part_level=level,
                part_share=share,
            )

    def adds_up(
        self,
        whole: str,
        value: float | None,
        low: float | None,
        high: float | None,
        *,
        level: str = "kommune",
        actor: str = "fastlege",
    ) -> None:
        """A sum of our own."""
        self._insert(
            "star.fct_adoption_sum",
            relation="level",
            measure_code="m",
            region_key=whole,
            actor_type_code=actor,
            month=MONTH,
            part_level=level,
            count_value=value,
            count_lower=low,
            count_upper=high,
            eligible_value=200,
        )

    def shows(
        self,
        region: str,
        basis: str,
        *,
        actor: str = "fastlege",
        tables: tuple[str, ...] = ("fact", "mart"),
        **figures: Any,
    ) -> None:
        """A row of each of these tables of adoption, in place of an earlier one."""
        for table in (ADOPTION[name] for name in tables):
            self.connection.execute(
                f"delete from release.{table} where region_key = ? and actor_type_code = ?",
                [region, actor],
            )
            self._insert(
                table,
                measure_code="m",
                region_key=region,
                actor_type_code=actor,
                month=MONTH,
                basis=basis,
                **figures,
            )

    def change(self, statement: str) -> None:
        """Run a statement on the release."""
        self.connection.execute(statement)

    def check(self) -> Checked:
        return check(self.connection)


@pytest.fixture(scope="module")
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        connection.execute("attach ':memory:' as release")
        create_tables(connection, "release")
        connection.execute(
            "insert into release.star.dim_actor_type (actor_type_code, actor_type_kind) "
            "values ('alle', 'all'), ('fastlege', 'actor'), ('sykehus', 'actor')"
        )
        yield connection


@pytest.fixture
def world(connection: duckdb.DuckDBPyConnection) -> World:
    return World(connection)


def test_a_sum_as_wide_as_its_parts_passes(world: World) -> None:
    world.publishes("a", *SMALL)
    world.publishes("b", 20)
    world.contains("hf:1", "a", "b")
    world.adds_up("hf:1", None, 21, 24)
    assert world.check() == Checked(cells=1, sums=1, figures_of_cells=2)


def test_a_total_that_discloses_a_suppressed_part_is_not_published(world: World) -> None:
    world.publishes("a", *SMALL)
    world.publishes("b", 20)
    world.contains("hf:1", "a", "b")
    world.adds_up("hf:1", 23, 23, 23)
    message = (
        r"left it between 1 and 4, our figures leave it between 3 and 3"
        r".*m, a, fastlege, 2026-01; disclosed by fct_adoption_sum, hf:1"
    )
    with pytest.raises(PllError, match=message):
        world.check()


def test_a_total_that_narrows_a_suppressed_part_is_not_published_either(world: World) -> None:
    world.publishes("a", *SMALL)
    world.publishes("b", 20)
    world.contains("hf:1", "a", "b")
    world.adds_up("hf:1", None, 22, 24)
    with pytest.raises(PllError, match="our figures leave it between 2 and 4"):
        world.check()


@pytest.mark.parametrize("bounds", [(30, 30), (2, 3)])
def test_a_sum_that_no_count_of_its_parts_comes_to_is_not_published(
    world: World, bounds: tuple[float, float]
) -> None:
    world.publishes("a", *SMALL)
    world.publishes("b", 20)
    world.contains("hf:1", "a", "b")
    world.adds_up("hf:1", None, *bounds)
    with pytest.raises(PllError, match="contradict the published counts"):
        world.check()


def test_wholes_that_contradict_their_parts_hide_no_sum_that_discloses_a_cell(
    world: World,
) -> None:
    for cell in "abcd":
        world.publishes(cell, *SMALL)
    world.publishes("rhf:1", 99)
    world.contains("rhf:1", "c", "d")
    world.contains("hf:1", "a", "b")
    assert world.check().cells == 4
    world.adds_up("hf:1", 8, 8, 8)
    with pytest.raises(PllError, match="our figures leave it between 4 and 4"):
        world.check()


def test_sums_that_disclose_nothing_alone_may_not_disclose_it_together(world: World) -> None:
    for cell in "abc":
        world.publishes(cell, *SMALL)
    for whole, parts in (("hf:1", "ab"), ("hf:2", "bc")):
        world.contains(whole, *parts)
        world.adds_up(whole, 5, 5, 5)
    assert world.check().cells == 3
    world.contains("fylke:1", "a", "c")
    world.adds_up("fylke:1", 4, 4, 4)
    with pytest.raises(PllError, match="could be computed"):
        world.check()


def test_a_cell_with_an_unknown_denominator_is_part_of_no_sum(world: World) -> None:
    world.publishes("kommune:1", *SMALL, eligible=None)
    world.publishes("kommune:2", 20)
    world.contains("fylke:1", "kommune:1", "kommune:2")
    world.adds_up("fylke:1", 20, 20, 20)
    assert world.check().cells == 1


def test_what_the_publisher_disclosed_is_not_our_doing(world: World) -> None:
    world.publishes("a", *SMALL)
    world.publishes("b", 20)
    world.publishes("land:NO", 23)
    world.contains("land:NO", "a", "b")
    world.contains("hf:1", "a", "b")
    world.adds_up("hf:1", 23, 23, 23)
    assert world.check().cells == 1


def test_a_cell_is_no_more_open_than_its_public_denominator(world: World) -> None:
    """Between 1 and 4 of two offices is 1 or 2: a sum of at most 23 discloses nothing, 22 does."""
    world.publishes("a", *SMALL, eligible=2)
    world.publishes("b", 20)
    world.contains("hf:1", "a", "b")
    world.adds_up("hf:1", None, 21, 22)
    assert world.check().cells == 1
    world.change("update release.star.fct_adoption_sum set count_upper = 21")
    with pytest.raises(
        PllError, match="left it between 1 and 2, our figures leave it between 1 and 1"
    ):
        world.check()


def test_a_cell_of_which_only_the_denominator_is_known_is_between_none_and_all(
    world: World,
) -> None:
    world.publishes("a", None, eligible=2)
    world.publishes("b", 20)
    world.contains("hf:1", "a", "b")
    world.adds_up("hf:1", None, 20, 22)
    assert world.check().cells == 1
    world.change("update release.star.fct_adoption_sum set count_lower = 21")
    with pytest.raises(PllError, match="between 0 and 2, our figures leave it between 1 and 2"):
        world.check()


def test_cells_that_two_publishers_disclose_together_are_counted_and_named(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    for region in "bcdefgh":
        world.publishes(region, 17, source="kommuner")
    world.publishes("a", *SMALL, source="kommuner")
    world.publishes("fylke:1", 122, source="fylker")
    world.contains("fylke:1", *"abcdefgh")
    assert world.check().disclosed_by_others == 1
    (named,) = [record.getMessage() for record in caplog.records if "leaves it" in record.msg]
    assert named == (
        "m, a, fastlege, 2026-01 (kommuner) is suppressed, "
        "and fylke:1 (fylker) leaves it between 3 and 3"
    )


@pytest.mark.parametrize(("whole", "source"), [(23, "s"), (90, "another")])
def test_what_one_publisher_leaves_open_or_contradicts_is_not_disclosed_by_others_by_two(
    world: World, whole: float, source: str
) -> None:
    world.publishes("a", *SMALL)
    world.publishes("b", 20)
    world.publishes("fylke:1", whole, source=source)
    world.contains("fylke:1", "a", "b")
    assert world.check().disclosed_by_others == 0


def test_nothing_is_disclosed_where_a_part_of_the_whole_is_missing(world: World) -> None:
    world.publishes("a", *SMALL)
    world.publishes("fylke:1", 23)
    world.contains("fylke:1", "a", "b")
    assert world.check().disclosed_by_others == 0


@pytest.mark.parametrize(
    ("table", "figure"),
    [
        ("star.fct_observation_revision", {"status": "observed", "value": 3, "known_to": MONTH}),
        ("marts.mart_revisions", {"value_before": 3}),
    ],
    ids=["history", "changes"],
)
def test_an_earlier_figure_of_a_withheld_cell_is_not_shown(
    world: World, table: str, figure: dict[str, Any]
) -> None:
    cell = {
        "source_name": "s",
        "measure_code": "m",
        "region_key": "a",
        "actor_type_code": "fastlege",
        "period_start": MONTH,
        "period_end": "2026-01-31",
        "period_grain": "month",
    }
    world._insert("star.fct_observation_revision", **cell, status="suppressed")
    assert world.check() == Checked(0, 0, 0)
    world._insert(table, **cell, **figure)
    with pytest.raises(PllError, match=r"earlier figure is shown .*m, a, fastlege, 2026-01"):
        world.check()


def test_sums_over_actor_types_disclose_nothing_either(world: World) -> None:
    world.publishes("a", *SMALL)
    world.publishes("a", 7, actor="sykehus")
    world.adds_up("a", None, 8, 11, level="actor_type", actor="alle")
    assert world.check() == Checked(cells=1, sums=1, figures_of_cells=2)
    world.change(
        "update release.star.fct_adoption_sum set count_value = 9, count_lower = 9, count_upper = 9"
    )
    with pytest.raises(PllError, match="between 2 and 2"):
        world.check()


def test_a_share_of_a_suppressed_count_is_as_wide_as_its_bounds(world: World) -> None:
    world.publishes("a", *SMALL, eligible=30)
    world.shows("a", "derived", **BOUNDS, share_lower=round(1 / 30, 6))
    assert world.check() == Checked(cells=1, sums=0, figures_of_cells=2)


@pytest.mark.parametrize("table", ADOPTION)
def test_a_share_that_is_too_tight_is_seen_in_any_table(table: str, world: World) -> None:
    world.publishes("a", *SMALL, eligible=30)
    region = {"region_of_month_key": "a"} if table == "today" else {}
    world.shows("a", "derived", tables=(table,), **BOUNDS, **region, share_lower=0.066667)
    message = f"between 2 and 4.*disclosed by {ADOPTION[table].split('.')[1]}, a, fastlege"
    with pytest.raises(PllError, match=message):
        world.check()


@pytest.mark.parametrize("table", ADOPTION)
def test_a_sum_that_is_too_tight_is_seen_in_any_table(table: str, world: World) -> None:
    world.publishes("a", *SMALL)
    world.publishes("b", 20)
    world.contains("hf:1", "a", "b")
    world.adds_up("hf:1", None, 21, 24)
    region = {"region_of_month_key": "hf:1"} if table == "today" else {}
    world.shows("hf:1", "aggregated", tables=(table,), **region, adoption_count_lower=24)
    with pytest.raises(PllError, match=f"disclosed by {ADOPTION[table].split('.')[1]}, hf:1"):
        world.check()


def test_a_part_split_between_two_wholes_may_be_in_either(world: World) -> None:
    world.publishes("a", *SMALL)
    world.contains("hf:1", "a", share=0.4)
    world.adds_up("hf:1", None, 0, 4)
    assert world.check().cells == 1


def test_no_more_of_a_split_part_is_in_a_whole_than_its_public_denominator(world: World) -> None:
    world.publishes("a", *SMALL, eligible=5)
    world.contains("hf:1", "a", share=0.4)
    world.adds_up("hf:1", None, 0, 2)
    assert world.check().cells == 1
    world.change("update release.star.fct_adoption_sum set count_upper = 1")
    with pytest.raises(
        PllError, match="left it between 1 and 4, our figures leave it between 1 and 2"
    ):
        world.check()


def test_a_release_without_suppressed_cells_has_nothing_to_disclose(world: World) -> None:
    assert world.check() == Checked(0, 0, 0)


# what the check must be able to see


def test_a_sum_that_cannot_be_compared_with_its_cells_is_an_error(world: World) -> None:
    world.publishes("a", *SMALL)
    world.contains("hf:1", "a")
    world.adds_up("hf:1", None, 1, 4, level="another level")
    with pytest.raises(PllError, match=r"A sum could not be compared .*m, hf:1, fastlege, 2026-01"):
        world.check()


@pytest.mark.parametrize("table", [ADOPTION["fact"], ADOPTION["mart"]])
def test_a_suppressed_cell_that_a_table_of_adoption_lacks_is_an_error(
    table: str, world: World
) -> None:
    world.publishes("a", *SMALL)
    world.change(f"delete from release.{table}")
    with pytest.raises(PllError, match=f"{table.split('.')[1]} lacks a suppressed cell"):
        world.check()


def test_a_status_that_the_check_does_not_know_is_an_error(world: World) -> None:
    world.publishes("a", *SMALL)
    world.change("update release.star.fct_adoption set count_status = 'withheld'")
    with pytest.raises(PllError, match="does not know the status 'withheld' of 1 counts"):
        world.check()


@pytest.mark.parametrize(
    ("unit", "numerator"), [("share", "n"), ("count", None)], ids=["a share", "a count"]
)
def test_a_suppressed_count_that_is_shown_as_open_is_an_error(
    world: World, unit: str, numerator: str | None
) -> None:
    world._insert(
        "star.dim_measure", measure_code="m", unit=unit, numerator_code=numerator, is_adoption=True
    )
    world._insert(
        "star.fct_observation",
        measure_code=numerator or "m",
        region_key="a",
        actor_type_code="fastlege",
        month=MONTH,
        status="suppressed",
    )
    world.publishes("a", *SMALL)
    assert world.check().cells == 1
    world.change("update release.star.fct_adoption set count_status = 'observed', count_value = 3")
    with pytest.raises(PllError, match=r"A suppressed count is shown as open .*m, a, fastlege"):
        world.check()


def test_more_narrow_sums_than_can_be_solved_are_an_error(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(disclosure, "MOST_SYSTEMS", 0)
    world.publishes("a", *SMALL)
    world.publishes("b", *SMALL)
    world.contains("hf:1", "a", "b")
    world.adds_up("hf:1", 5, 5, 5)
    with pytest.raises(PllError, match="1 sums are tighter than the bounds of their cells"):
        world.check()


_CELLS = st.lists(st.tuples(st.booleans(), st.integers(1, 4)), min_size=1, max_size=6)
_PROPERTY = settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@_PROPERTY
@given(_CELLS, st.lists(st.sets(st.integers(0, 5), min_size=1), min_size=1, max_size=4))
def test_sums_with_the_bounds_of_their_parts_always_pass(
    connection: duckdb.DuckDBPyConnection,
    cells: list[tuple[bool, int]],
    wholes: list[set[int]],
) -> None:
    world = World(connection)
    for index, (is_suppressed, value) in enumerate(cells):
        world.publishes(f"k{index}", *(SMALL if is_suppressed else (value,)))
    for number, whole in enumerate(wholes):
        parts = [index for index in whole if index < len(cells)]
        if parts:
            world.contains(f"hf:{number}", *(f"k{index}" for index in parts))
            low, high = (
                sum(bound if cells[index][0] else cells[index][1] for index in parts)
                for bound in (1, 4)
            )
            world.adds_up(f"hf:{number}", low if low == high else None, low, high)
    assert world.check().cells == sum(is_suppressed for is_suppressed, _ in cells)


_SECRET = st.tuples(st.booleans(), st.integers(1, 4), st.integers(1, 6))
_OURS = st.tuples(st.sets(st.integers(0, 3), min_size=1), st.integers(0, 3), st.integers(0, 3))


@_PROPERTY
@given(st.lists(_SECRET, min_size=2, max_size=4), st.lists(_OURS, min_size=1, max_size=3))
def test_the_check_refuses_exactly_what_lets_an_attacker_narrow_a_cell(
    connection: duckdb.DuckDBPyConnection,
    cells: list[tuple[bool, int, int]],
    ours: list[tuple[set[int], int, int]],
) -> None:
    """The attacker knows all that is public, and tries every assignment of whole numbers."""
    world = World(connection)
    ranges = [_open_range(*cell) for cell in cells]
    for index, (is_suppressed, value, eligible) in enumerate(cells):
        known = SMALL if is_suppressed else (min(value, eligible),)
        world.publishes(f"k{index}", *known, eligible=eligible)
    figures = []
    for number, (members, above, below) in enumerate(ours):
        parts = sorted(index for index in members if index < len(cells))
        if not parts:
            continue
        truth = sum(min(cells[index][1], cells[index][2]) for index in parts)
        low = min(truth, sum(ranges[index][0] for index in parts) + above)
        high = max(truth, sum(ranges[index][-1] for index in parts) - below)
        world.contains(f"hf:{number}", *(f"k{index}" for index in parts))
        world.adds_up(f"hf:{number}", None, low, high)
        figures.append((parts, low, high))
    is_refused = False
    try:
        world.check()
    except PllError:
        is_refused = True
    assert is_refused == (_narrowed(ranges, figures) != [(r[0], r[-1]) for r in ranges])


def _open_range(is_suppressed: bool, value: int, eligible: int) -> range:
    """What a cell can be by what is public of it."""
    value = min(value, eligible)
    return range(1, min(4, eligible) + 1) if is_suppressed else range(value, value + 1)


def _narrowed(
    ranges: list[range], figures: list[tuple[list[int], int, int]]
) -> list[tuple[int, int]]:
    """The least and greatest value of each cell, of all assignments that the figures allow."""
    possible = [
        values
        for values in product(*ranges)
        if all(low <= sum(values[part] for part in parts) <= high for parts, low, high in figures)
    ]
    return [(min(column), max(column)) for column in zip(*possible, strict=True)]


@_PROPERTY
@given(st.integers(1, 4), st.lists(st.integers(0, 50), max_size=5))
def test_a_sum_that_uses_the_value_of_a_suppressed_cell_never_passes(
    connection: duckdb.DuckDBPyConnection, hidden: int, others: list[int]
) -> None:
    world = World(connection)
    world.publishes("k", *SMALL)
    for index, value in enumerate(others):
        world.publishes(f"k{index}", value)
    world.contains("hf:1", "k", *(f"k{index}" for index in range(len(others))))
    total = hidden + sum(others)
    world.adds_up("hf:1", total, total, total)
    with pytest.raises(PllError, match=f"between {hidden} and {hidden}"):
        world.check()
