"""One whole release of the small world, and a quick way to publish where files do not matter."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest

from pll_pipeline.published import outputs as registry
from pll_pipeline.published import publish as publishing
from pll_pipeline.published.outputs import write_release
from tests.release_world import BUILT_AT, inputs, outputs, write_build

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


@pytest.fixture(scope="session")
def build(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_build(tmp_path_factory.mktemp("build") / "build.duckdb")


@pytest.fixture(scope="session")
def written(build: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A release of few outputs, as `write_release` leaves it."""
    folder = tmp_path_factory.mktemp("written")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(registry, "OUTPUTS", outputs("workbook"))
        write_release(folder, build, RELEASE_ID, BUILT_AT, inputs(), None)
    return folder


@pytest.fixture
def compared_with(written: Path, monkeypatch: pytest.MonkeyPatch) -> list[Path | None]:
    """Releases are copies of one that was written before, where their files do not matter.

    The list has, for each that was written, the release that it was to be compared with.
    """
    previous: list[Path | None] = []

    def copy(folder: Path, *facts: Any) -> None:
        shutil.copytree(written, folder, dirs_exist_ok=True)
        _, release_id, built_at, made_from, compared = facts
        previous.append(compared)
        manifest = json.loads((folder / "release.json").read_text(encoding="utf-8"))
        manifest |= {"release_id": release_id, "built_at": built_at.isoformat()}
        manifest |= {"fingerprint": made_from.fingerprint, "snapshots": made_from.snapshots}
        (folder / "release.json").write_text(json.dumps(manifest), encoding="utf-8")

    monkeypatch.setattr(publishing, "write_release", copy)
    return previous


@pytest.fixture
def marts(tmp_path: Path) -> Path:
    return tmp_path / "marts ø"
