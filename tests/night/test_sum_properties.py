"""Properties of every sum, whatever was published: the model of sums on small worlds."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.night.conftest import World

VESTFOLD = tuple(f"kommune:{code}" for code in ("3901", "3905", "3907", "3909", "3911"))
# Which rows of each dimension: one whole and two months are enough, and quick.
DIMENSIONS = {
    "dim_measure": "true",
    "dim_actor_type": "true",
    "dim_region": "true",
    "dim_month": "month in (date '2019-12-01', date '2025-12-01')",
    "dim_region_part": (
        "relation = 'level' and whole_key = 'fylke:39' "
        "or relation in ('reform', 'recode') and whole_level = 'kommune'"
    ),
}
ADOPTION = (
    "measure_code, actor_type_code, region_key, month, count_value, count_lower, count_upper, "
    "count_status, count_qualifier, denominator_code, eligible_value, eligible_lower, "
    "eligible_upper, eligible_status, eligible_qualifier, eligible_months_away, is_contradictory, "
    "period_grain, is_period_inferred, source_name, snapshot_at"
)

# What is true of a kommune: its count, its denominator, and how it is published.
Cell = tuple[int, int, str]
cells = st.tuples(
    st.integers(0, 30), st.integers(0, 30), st.sampled_from(["exact", "small", "withheld"])
).map(lambda cell: (cell[0], cell[0] + cell[1], cell[2]))


class Models:
    """The SQL of the sums as the night ran it, on tables made for it."""

    def __init__(self, world: World) -> None:
        self.db = duckdb.connect()
        release = str(world.current / "pll.duckdb").replace("'", "''")
        self.db.execute(f"attach '{release}' as release (read_only)")
        self.db.execute("attach ':memory:' as build; set threads = 1")
        self.db.execute("create schema build.star")
        for name, rows in DIMENSIONS.items():
            self.db.execute(
                f"create table build.star.{name} as from release.star.{name} where {rows}"
            )
        for name in ("fct_adoption", "fct_eligible"):
            self.db.execute(f"create table build.star.{name} as from release.star.{name} limit 0")
        compiled = world.data / "build" / "dbt-run" / "compiled" / "pll" / "models" / "star"
        self.sums = (compiled / "fct_adoption_sum.sql").read_text(encoding="utf-8")

    def add_up(
        self, published: dict[str, Cell], month: date = date(2025, 12, 1)
    ) -> dict[tuple[str, str], dict[str, object]]:
        """The sums of published cells, by relation and region."""
        self.db.execute("delete from build.star.fct_adoption")
        for region, cell in published.items():
            self.db.execute(
                f"""insert into build.star.fct_adoption ({ADOPTION}) values (
                    'sfm_organisation_in_use_share', 'fastlege', ?, ?, ?, ?, ?, ?, 'exact',
                    'sfm_organisation_eligible_count', ?, ?, ?, 'observed', 'exact', 0, false,
                    'month', false, 's', '2026-07-01'
                )""",
                [region, month, *_published(cell), cell[1], cell[1]],
            )
        answer = self.db.execute(
            "select relation, region_key, count_value, count_lower, count_upper, eligible_value, "
            f"reported_share, status from ({self.sums}) as sums"
        )
        names = [column[0] for column in answer.description or ()]
        return {row[:2]: dict(zip(names, row, strict=True)) for row in answer.fetchall()}


def _published(cell: Cell) -> tuple[int | None, int, int | None, str, int]:
    """Value, bounds, status and denominator of a cell as it is published."""
    count, eligible, form = cell
    if form == "withheld":
        return None, 0, eligible, "suppressed", eligible
    if form == "small" and 1 <= count <= 4:
        return None, 1, 4, "suppressed", eligible
    return count, count, count, "observed", eligible


@pytest.fixture(scope="module")
def models(released: World) -> Iterator[Models]:
    models = Models(released)
    yield models
    models.db.close()


anything = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def number(row: dict[str, object], name: str) -> float:
    """A figure of a row that must be there."""
    value = row[name]
    assert isinstance(value, int | float)
    return value


@anything
@given(published=st.dictionaries(st.sampled_from(VESTFOLD), cells, min_size=1))
def test_the_true_sum_lies_within_the_bounds_and_is_given_only_where_it_is_known(
    models: Models, published: dict[str, Cell]
) -> None:
    row = models.add_up(published)["level", "fylke:39"]
    truth = sum(count for count, _, _ in published.values())
    assert number(row, "count_lower") <= truth <= number(row, "count_upper")
    assert number(row, "eligible_value") == sum(eligible for _, eligible, _ in published.values())
    is_known = number(row, "count_lower") == number(row, "count_upper")
    assert row["count_value"] == (truth if is_known else None)
    assert row["status"] == ("observed" if is_known else "suppressed")


@anything
@given(
    published=st.dictionaries(st.sampled_from(VESTFOLD), cells, min_size=1, max_size=4),
    another=cells,
)
def test_one_more_kommune_never_lowers_a_sum_or_its_bounds(
    models: Models, published: dict[str, Cell], another: Cell
) -> None:
    new = next(region for region in VESTFOLD if region not in published)
    before = models.add_up(published)["level", "fylke:39"]
    after = models.add_up(published | {new: another})["level", "fylke:39"]
    for column in ("count_lower", "count_upper", "eligible_value"):
        assert number(after, column) >= number(before, column)
    if after["count_value"] is not None and before["count_value"] is not None:
        assert number(after, "count_value") >= number(before, "count_value")


@anything
@given(counts=st.lists(st.integers(0, 1000), min_size=4, max_size=4))
def test_no_count_is_lost_or_added_where_kommuner_were_split_and_merged(
    models: Models, counts: list[int]
) -> None:
    # Tysfjord was divided between Narvik and Hamarøy; Narvik took Ballangen too
    old = ("kommune:1850", "kommune:1805", "kommune:1849", "kommune:1854")
    published = {key: (count, count, "exact") for key, count in zip(old, counts, strict=True)}
    sums = models.add_up(published, date(2019, 12, 1))
    reformed = {key: row for (relation, key), row in sums.items() if relation == "reform"}
    assert set(reformed) == {"kommune:1806", "kommune:1875"}
    for column in ("count_value", "eligible_value"):
        total = sum(number(row, column) for row in reformed.values())
        assert total == pytest.approx(sum(counts))
    for row in reformed.values():
        value = number(row, "count_value")
        assert number(row, "count_lower") <= value <= number(row, "count_upper")
