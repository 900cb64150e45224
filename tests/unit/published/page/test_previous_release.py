"""The release before this one, whole or damaged."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import duckdb
import pytest

from pll_pipeline.published.page.previous_release import previous_release

BUILT_AT = "2026-11-22T03:00:04Z"


@pytest.fixture
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        yield connection


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A release with the newest share of two series of the country."""
    manifest = {"release_id": "2026-11-22T030004Z", "built_at": BUILT_AT}
    (tmp_path / "release.json").write_text(json.dumps(manifest), encoding="utf-8")
    with duckdb.connect(tmp_path / "pll.duckdb") as database:
        database.execute("create schema marts")
        database.execute(
            "create table marts.mart_adoption_by_region_actor_month as from (values "
            "('a', 'alle', 'land', date '2026-01-01', 0.4::double), "
            "('a', 'alle', 'land', date '2026-02-01', 0.5::double), "
            "('a', 'alle', 'land', date '2026-03-01', null), "
            "('a', 'sykehus', 'land', date '2026-01-01', 0.1::double), "
            "('b', 'alle', 'fylke', date '2026-02-01', 0.9::double)"
            ") as t (measure_code, actor_type_code, region_level, month, adoption_share)"
        )
    return tmp_path


def test_the_first_release_has_none_before_it(connection: duckdb.DuckDBPyConnection) -> None:
    assert previous_release(connection, None) is None


def test_the_newest_share_of_each_series_of_the_country_is_read(
    connection: duckdb.DuckDBPyConnection, folder: Path
) -> None:
    previous = previous_release(connection, folder)
    assert previous is not None
    assert previous.release_id == "2026-11-22T030004Z"
    assert previous.built_at == datetime(2026, 11, 22, 3, 0, 4, tzinfo=UTC)
    assert previous.newest_shares == {
        ("a", "alle"): (date(2026, 2, 1), 0.5),
        ("a", "sykehus"): (date(2026, 1, 1), 0.1),
    }


@pytest.mark.parametrize("damage", ["no manifest", "broken manifest", "no time", "no database"])
def test_a_damaged_release_does_not_stop_the_next_one(
    connection: duckdb.DuckDBPyConnection, folder: Path, damage: str
) -> None:
    manifest = folder / "release.json"
    if damage == "no manifest":
        manifest.unlink()
    elif damage == "no database":
        (folder / "pll.duckdb").unlink()
    else:
        manifest.write_text("{" if damage == "broken manifest" else '{"release_id": "x"}')
    assert previous_release(connection, folder) is None


def test_a_database_without_the_mart_does_not_stop_the_next_release(
    connection: duckdb.DuckDBPyConnection, folder: Path
) -> None:
    with duckdb.connect(folder / "pll.duckdb") as database:
        database.execute("drop table marts.mart_adoption_by_region_actor_month")
    assert previous_release(connection, folder) is None
    attached = connection.execute("select database_name from duckdb_databases()").fetchall()
    assert ("previous",) not in attached
