"""What the page reads, and what of it is published."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from pll_pipeline.published import duckdb as database
from pll_pipeline.published.draft import Draft
from pll_pipeline.published.page.data import PUBLIC_TABLES, TABLES, PageData, read
from pll_pipeline.published.release_info import ReleaseInfo
from pll_pipeline.star.model_files import DBT_PROJECT, tables
from tests.release_world import inputs, write_build
from tests.unit.published.page import world

# Tables that other tables of the page are made of, and the page does not show.
INTERMEDIATE = {"page_regional_adoption"}


@pytest.fixture(scope="module")
def build_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_build(
        tmp_path_factory.mktemp("page") / "build.duckdb",
        "insert into page.page_service by name select 'sfm' as service_code, 2 as page_order",
        "insert into page.page_service by name select 'pll' as service_code, 1 as page_order",
        "insert into marts.mart_revisions by name select 'correction' as change_kind, "
        "timestamptz '2026-11-20 00:00:00+00' as changed_at",
        "insert into marts.mart_revisions by name select 'correction' as change_kind, "
        "timestamptz '2026-11-23 00:00:00+00' as changed_at",
    )


@pytest.fixture(scope="module")
def release(build_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A release of the database alone."""
    folder = tmp_path_factory.mktemp("release")
    database.write(folder, build_file, _info())
    return folder


def _info() -> ReleaseInfo:
    return ReleaseInfo(world.RELEASE_ID, world.BUILT_AT, inputs())


def _read(release: Path, build_file: Path, previous: Path | None = None) -> PageData:
    with database.opened(release) as (connection, public):
        database.attach(connection, build_file, "build")
        return read(Draft(release, connection, public, _info(), previous))


def test_the_page_reads_every_table_that_is_made_for_it() -> None:
    made = set(tables(DBT_PROJECT, "page")) - INTERMEDIATE
    assert made == {f"page_{name}" for name in TABLES}


def test_rows_come_in_the_order_of_the_page_without_that_order(
    release: Path, build_file: Path
) -> None:
    data = _read(release, build_file)
    assert [row["service_code"] for row in data["service"]] == ["pll", "sfm"]
    assert "page_order" not in data["service"][0]
    assert {*TABLES, *PUBLIC_TABLES, "revision_count"} == data.rows.keys()


def test_no_revision_is_later_than_a_release_that_is_not_there(
    release: Path, build_file: Path
) -> None:
    (counts,) = _read(release, build_file)["revision_count"]
    assert counts["change_count"] == 2
    assert counts["since_previous_count"] == 0


def test_a_release_before_it_that_cannot_be_read_is_not_the_same_as_none(
    release: Path, build_file: Path, tmp_path: Path
) -> None:
    data = _read(release, build_file, previous=tmp_path)
    assert data.previous is None
    assert not data.is_first_release
    assert _read(release, build_file).is_first_release


def test_a_table_of_the_page_that_is_missing_is_an_error(release: Path, tmp_path: Path) -> None:
    build = write_build(tmp_path / "build.duckdb", "drop table page.page_ranking")
    with pytest.raises(duckdb.CatalogException, match="page_ranking"):
        _read(release, build)


def test_the_tables_of_the_page_are_in_no_release(release: Path) -> None:
    with duckdb.connect(release / database.FILE_NAME, read_only=True) as connection:
        schemas = connection.execute("select distinct schema_name from duckdb_tables()").fetchall()
    assert {name for (name,) in schemas} == {"star", "marts", "meta"}
