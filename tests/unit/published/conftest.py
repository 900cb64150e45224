"""One whole release of the small world, for all tests that only read it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from pll_pipeline.published.outputs import write_release
from tests.release_world import BUILT_AT, inputs, write_build

RELEASE_ID = "2026-11-23T030004Z"


@pytest.fixture(scope="session")
def release(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A release in a folder with a space, a quote and an ø in its name. No test may change it."""
    folder = tmp_path_factory.mktemp("min mappe ø")
    build = write_build(folder / "build's.duckdb")
    release = folder / "release"
    release.mkdir()
    write_release(release, build, RELEASE_ID, BUILT_AT, inputs(), None)
    return release


@pytest.fixture
def database(release: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """The `pll.duckdb` of the release, read-only and in UTC."""
    with duckdb.connect(release / "pll.duckdb", read_only=True) as connection:
        connection.execute("set timezone = 'UTC'")
        yield connection
