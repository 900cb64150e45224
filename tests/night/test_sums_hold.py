"""What must hold of every sum and every revision, whatever was published: the night's own SQL on
any small world."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.night.conftest import World

VESTFOLD = tuple(f"kommune:{code}" for code in ("3901", "3905", "3907", "3909", "3911"))
_DIMENSIONS = ("dim_measure", "dim_region_part", "dim_actor_type", "dim_month")
# one whole and one month are enough, and quick
_ONLY = (
    "where relation = 'level' and whole_key = 'fylke:39' or relation in ('reform', 'recode') and "
    "whole_level = 'kommune'"
)

# a kommune's truth: (count, eligible, how it is published)
Cell = tuple[int, int, str]
cells = st.tuples(
    st.integers(0, 30), st.integers(0, 30), st.sampled_from(["shown", "small", "hidden"])
).map(lambda cell: (cell[0], cell[0] + cell[1], cell[2]))


class Night:
    """The SQL of two models, on tables made for it."""

    def __init__(self, world: World) -> None:
        self.db = duckdb.connect()
        self.db.execute(
            f"attach '{str(world.current / 'pll.duckdb').replace(chr(39), chr(39) * 2)}' as "
            f"release (read_only)"
        )
        self.db.execute("attach ':memory:' as build")
        self.db.execute("create schema build.star; create schema build.staging; set threads = 1")
        for name in _DIMENSIONS:
            only = (
                _ONLY
                if name == "dim_region_part"
                else "where month in (date '2019-12-01', date '2025-12-01')"
                if name == "dim_month"
                else ""
            )
            self.db.execute(f"create table build.star.{name} as from release.star.{name} {only}")
        for name in ("fct_adoption", "fct_eligible"):
            self.db.execute(f"create table build.star.{name} as from release.star.{name} limit 0")
        compiled = world.data / "build" / "dbt-run" / "compiled" / "pll" / "models" / "star"
        self.sums = (compiled / "fct_adoption_sum.sql").read_text(encoding="utf-8")
        self.revisions = (compiled / "fct_observation_revision.sql").read_text(encoding="utf-8")

    def add_up(
        self, cells_of: dict[str, Cell], month: date = date(2025, 12, 1)
    ) -> dict[tuple[str, str], dict[str, object]]:
        self.db.execute("delete from build.star.fct_adoption")
        rows = []
        for region, (count, eligible, how) in cells_of.items():
            is_small = how == "small" and 1 <= count <= 4
            value = None if is_small or how == "hidden" else count
            low, high = (1, 4) if is_small else (0, None) if how == "hidden" else (count, count)
            rows.append(
                (
                    region,
                    month,
                    value,
                    low,
                    high,
                    "observed" if value is not None else "suppressed",
                    eligible,
                )
            )
        if rows:
            self.db.executemany(
                """insert into build.star.fct_adoption (measure_code, actor_type_code, region_key,
                month, count_value, count_lower, count_upper, count_status, count_qualifier,
                       denominator_code, eligible_value, eligible_status, eligible_qualifier,
                       is_period_inferred, source_name, snapshot_at)
                   values ('sfm_organisation_in_use_share', 'fastlege', ?, ?, ?, ?, ?, ?, 'exact',
                   'sfm_organisation_eligible_count', ?, 'observed', 'exact', false, 's',
                   '2026-07-01')""",
                rows,
            )
        answer = self.db.execute(
            f"select relation, region_key, count_value, count_lower, count_upper, eligible_value, "
            f"reported_share, status from ({self.sums}) as made"
        )
        names = [column[0] for column in answer.description or ()]
        return {row[:2]: dict(zip(names, row, strict=True)) for row in answer.fetchall()}

    def revise(
        self, publications: list[dict[str, int]], *, restates: bool
    ) -> list[tuple[str, float, datetime, datetime | None, str | None]]:
        self.db.execute("drop table if exists build.staging.stg_observation")
        self.db.execute(
            "create table build.staging.stg_observation as select 'population' as measure_code, "
            "'' as region_key, 'alle' as actor_type_code, 's' as source_name, "
            "* from (from release.star.fct_observation_revision select * exclude (measure_code, "
            "region_key, actor_type_code, source_name, known_from, known_to, ended_by, "
            "revision_number, month) limit 0), "
            "(select 1 as snapshot_number, now() as next_snapshot_at, true as restates_history "
            "where false)"
        )
        rows = [
            (
                region,
                value,
                at(number),
                number,
                at(number + 1) if number + 1 < len(publications) else None,
                restates,
            )
            for number, publication in enumerate(publications)
            for region, value in publication.items()
        ]
        if rows:
            self.db.executemany(
                """insert into build.staging.stg_observation (measure_code, actor_type_code,
                source_name, period_start, period_end, period_grain, qualifier, status,
                       region_key, value, snapshot_at, snapshot_number, next_snapshot_at,
                       restates_history)
                   values ('population', 'alle', 's', '2026-01-01', '2026-01-01', 'day', 'exact',
                   'observed', ?, ?, ?, ?, ?, ?)""",
                rows,
            )
        return self.db.execute(
            f"select region_key, value, known_from, known_to, ended_by from ({self.revisions}) as "
            f"revision order by known_from, region_key"
        ).fetchall()


def at(number: int) -> datetime:
    return datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=30 * number)


@pytest.fixture(scope="module")
def night(released: World) -> Iterator[Night]:
    night = Night(released)
    yield night
    night.db.close()


anything = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def number(row: dict[str, object], name: str) -> float:
    value = row[name]
    assert isinstance(value, int | float)
    return value


@anything
@given(cells_of=st.dictionaries(st.sampled_from(VESTFOLD), cells, min_size=1))
def test_the_true_sum_lies_within_the_bounds_and_is_shown_only_where_it_is_known(
    night: Night, cells_of: dict[str, Cell]
) -> None:
    row = night.add_up(cells_of)["level", "fylke:39"]
    truth = sum(count for count, _, _ in cells_of.values())
    assert number(row, "count_lower") <= truth <= number(row, "count_upper")
    assert number(row, "eligible_value") == sum(eligible for _, eligible, _ in cells_of.values())
    is_known = number(row, "count_lower") == number(row, "count_upper")
    assert row["count_value"] == (truth if is_known else None)
    assert row["status"] == ("observed" if is_known else "suppressed")


@anything
@given(
    cells_of=st.dictionaries(st.sampled_from(VESTFOLD), cells, min_size=1, max_size=4),
    another=cells,
)
def test_one_more_kommune_never_lowers_a_total_or_what_it_may_be(
    night: Night, cells_of: dict[str, Cell], another: Cell
) -> None:
    new = next(region for region in VESTFOLD if region not in cells_of)
    before, after = (
        night.add_up(cells)["level", "fylke:39"] for cells in (cells_of, cells_of | {new: another})
    )
    for column in ("count_lower", "count_upper", "eligible_value"):
        assert number(after, column) >= number(before, column)
    if after["count_value"] is not None and before["count_value"] is not None:
        assert number(after, "count_value") >= number(before, "count_value")


@anything
@given(counts=st.lists(st.integers(0, 1000), min_size=4, max_size=4))
def test_no_resident_is_lost_or_added_where_kommuner_were_split_and_merged(
    night: Night, counts: list[int]
) -> None:
    # Tysfjord was divided between Narvik and Hamarøy; Narvik took Ballangen too
    old = ("kommune:1850", "kommune:1805", "kommune:1849", "kommune:1854")
    sums = night.add_up(
        {key: (count, count, "shown") for key, count in zip(old, counts, strict=True)},
        date(2019, 12, 1),
    )
    made = {key: row for (relation, key), row in sums.items() if relation == "reform"}
    assert set(made) == {"kommune:1806", "kommune:1875"}
    assert sum(number(row, "count_value") for row in made.values()) == pytest.approx(sum(counts))
    assert sum(number(row, "eligible_value") for row in made.values()) == pytest.approx(sum(counts))
    assert all(
        number(row, "count_lower") <= number(row, "count_value") <= number(row, "count_upper")
        for row in made.values()
    )


publications = st.lists(
    st.dictionaries(st.sampled_from(["land:NO", "fylke:03", "fylke:39"]), st.integers(0, 3)),
    min_size=1,
    max_size=6,
)


@anything
@given(history=publications, restates=st.booleans())
def test_as_of_any_day_each_figure_is_the_last_published_by_then(
    night: Night, history: list[dict[str, int]], restates: bool
) -> None:
    revisions = night.revise(history, restates=restates)
    expected: dict[str, int] = {}
    for publication, stated in enumerate(history):
        expected = dict(stated) if restates else expected | stated
        then = at(publication)
        known = [
            (region, value)
            for region, value, known_from, known_to, _ in revisions
            if known_from <= then and (known_to is None or then < known_to)
        ]
        assert sorted(known) == sorted(expected.items())


@anything
@given(history=publications, more=publications, restates=st.booleans())
def test_what_was_known_stays_known_whatever_is_published_later(
    night: Night, history: list[dict[str, int]], more: list[dict[str, int]], restates: bool
) -> None:
    before, after = (
        night.revise(history, restates=restates) for history in (history, history + more)
    )
    end = at(len(history))
    assert {row[:3] for row in before} == {row[:3] for row in after if row[2] < end}
    ended = {row for row in before if row[3] is not None}
    assert ended <= set(after)
