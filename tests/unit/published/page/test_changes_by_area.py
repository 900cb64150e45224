"""Which figures of an area differ from the release before."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import duckdb
import pytest

from pll_pipeline.published.page.changes_by_area import Change, changes_by_area

_COLUMNS = (
    "region_key varchar, measure_role varchar, measure_code varchar, actor_type_code varchar, "
    "period_start date, period_end date, period_grain varchar, value double, "
    "lower_bound double, upper_bound double, qualifier varchar, status varchar"
)
_ADOPTION = (
    "region_key varchar, measure_code varchar, actor_type_code varchar, month date, "
    "adoption_share double, adoption_count bigint, share_lower double, share_upper double, "
    "adoption_count_lower bigint, adoption_count_upper bigint, qualifier varchar, status varchar, "
    "basis varchar, is_representative boolean"
)
JANUARY, FEBRUARY = date(2026, 1, 31), date(2026, 2, 28)


def _create(connection: duckdb.DuckDBPyConnection, database: str) -> None:
    connection.execute(f"create schema {database}.marts")
    connection.execute(f"create table {database}.marts.mart_key_figures ({_COLUMNS})")
    connection.execute(
        f"create table {database}.marts.mart_adoption_by_region_actor_month ({_ADOPTION})"
    )


def _figure(database: str, end: date, value: float | None, **changes: str) -> str:
    of = {"region": "kommune:1", "role": "adoption", "measure": "a", "status": "observed"} | changes
    shown = "null" if value is None else value
    return (
        f"insert into {database}.marts.mart_key_figures values ('{of['region']}', '{of['role']}', "
        f"'{of['measure']}', 'alle', '{end.replace(day=1)}', '{end}', 'month', {shown}, null, "
        f"null, 'exact', '{of['status']}')"
    )


def _sum(database: str, share: float) -> str:
    return (
        f"insert into {database}.marts.mart_adoption_by_region_actor_month values ('kommune:1', "
        f"'s', 'alle', '2026-01-01', {share}, null, null, null, null, null, 'exact', 'observed', "
        "'aggregated', true)"
    )


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        for name in ("release", "build", "earlier"):
            folder = tmp_path / name
            folder.mkdir()
            connection.execute(f"attach '{folder / 'pll.duckdb'}' as {name}")
        connection.execute("create schema build.page")
        connection.execute("create table build.page.page_area (region_key varchar)")
        connection.execute("insert into build.page.page_area values ('kommune:1')")
        _create(connection, "release")
        _create(connection, "earlier")
        yield connection


def _changes(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path, *statements: str
) -> dict[str, list[Change]]:
    for sql in statements:
        connection.execute(sql)
    connection.execute("detach earlier")
    changes = changes_by_area(connection, tmp_path / "earlier")
    assert changes is not None
    return dict(changes)


def test_a_figure_is_new_changed_gone_or_the_same(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    changes = _changes(
        connection,
        tmp_path,
        _figure("release", JANUARY, 1, measure="new"),
        _figure("release", FEBRUARY, 2, measure="new"),
        _figure("earlier", JANUARY, 1, measure="changed"),
        _figure("release", JANUARY, None, measure="changed", status="suppressed"),
        _figure("earlier", JANUARY, 1, measure="gone"),
        _figure("earlier", JANUARY, 1, measure="same"),
        _figure("release", JANUARY, 1, measure="same"),
    )
    counted = {change.measure_code: change for change in changes["kommune:1"]}
    assert {name: change.change for name, change in counted.items()} == {
        "new": "new",
        "changed": "changed",
        "gone": "gone",
    }
    assert (counted["new"].figure_count, counted["new"].period_end) == (2, FEBRUARY)


def test_adoption_comes_before_background_and_regions_without_a_page_are_left_out(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    changes = _changes(
        connection,
        tmp_path,
        _figure("release", FEBRUARY, 1, measure="people", role="background"),
        _figure("release", JANUARY, 1, measure="use"),
        _figure("release", JANUARY, 1, region="hf:1"),
        _figure("release", JANUARY, 1, region="land:NO"),
    )
    assert [change.measure_code for change in changes["kommune:1"]] == ["use", "people"]
    assert changes.keys() == {"kommune:1", "land:NO"}


def test_a_sum_that_is_another_is_a_change_too(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    changes = _changes(connection, tmp_path, _sum("release", 0.5), _sum("earlier", 0.4))
    (change,) = changes["kommune:1"]
    assert (change.measure_code, change.change, change.period_end) == ("s", "changed", JANUARY)


@pytest.mark.parametrize("damage", ["no release", "no database", "other tables", "no duckdb"])
def test_a_release_that_cannot_be_compared_stops_nothing(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path, damage: str
) -> None:
    if damage == "other tables":
        connection.execute("drop table earlier.marts.mart_key_figures")
    connection.execute("detach earlier")
    if damage == "no database":
        (tmp_path / "earlier" / "pll.duckdb").unlink()
    if damage == "no duckdb":
        (tmp_path / "earlier" / "pll.duckdb").write_text("no database")
    folder = None if damage == "no release" else tmp_path / "earlier"
    assert changes_by_area(connection, folder) is None
    connection.execute("select * from release.marts.mart_key_figures")
    names = connection.execute("select database_name from duckdb_databases()").fetchall()
    assert ("previous",) not in names
