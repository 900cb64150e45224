"""What the outputs of a release are tried with: a simulated world, a browser, tools from npm."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import pytest

from pll_pipeline.published import duckdb
from pll_pipeline.published.draft import Draft
from pll_pipeline.published.release_info import Inputs, ReleaseInfo
from pll_pipeline.published.releases import require_current
from tests.night.conftest import ROOT, World, first_night, released
from tests.once import built_once
from tests.tools import missing, program

__all__ = ["first_night", "released"]  # fixtures of the nights, shared with these tests

NPM = Path(__file__).resolve().parent / "npm"
CACHE = ROOT / ".cache" / "npm"


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> World:
    """A release of simulated figures: a few kommuner of every helsefellesskap, two years.

    No test may change it.
    """

    def run(folder: Path) -> str:
        home = folder / "min mappe ø" / "data"
        home.mkdir(parents=True)
        done = World(home).pll("demo", "--scale", "0.02", "--months", "24")
        assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
        return done.stdout

    folder, _ = built_once(tmp_path_factory, "demo", run)
    return World(folder / "min mappe ø" / "data" / "demo")


@contextmanager
def draft_of(world: World) -> Iterator[Draft]:
    """The current release of a world, as the module of an output gets it."""
    release = require_current(world.data / "marts")
    manifest = release.manifest
    inputs = Inputs(
        fingerprint=manifest["fingerprint"],
        is_simulated=manifest["is_simulated"],
        snapshots=manifest["snapshots"],
        stale_sources=manifest["stale_sources"],
        sources=[],
        code_version=manifest["code_version"],
        dbt_manifest=world.data / "build" / "dbt-run" / "manifest.json",
    )
    info = ReleaseInfo(release.id, datetime.fromisoformat(manifest["built_at"]), inputs)
    with duckdb.opened(release.folder) as (connection, tables):
        yield Draft(release.folder, connection, tables, info, None)


@pytest.fixture(scope="session")
def chromium() -> str:
    """The browser, from Debian."""
    names = ("chromium", "chromium-browser", "google-chrome")
    return program(names, "apt install chromium")


@pytest.fixture(scope="session")
def npm(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the locked packages in `npm/`, installed once under `.cache/`."""
    program(("npm",), "apt install npm")
    program(("node",), "apt install nodejs")
    built_once(tmp_path_factory, "npm", _install)
    return CACHE / "node_modules"


def _install(_: Path) -> str:
    CACHE.mkdir(parents=True, exist_ok=True)
    names = ("package.json", "package-lock.json")
    is_new = any(
        not (CACHE / name).is_file() or (CACHE / name).read_bytes() != (NPM / name).read_bytes()
        for name in names
    )
    if is_new:
        shutil.rmtree(CACHE / "node_modules", ignore_errors=True)
        for name in names:
            shutil.copy(NPM / name, CACHE / name)
    if not (CACHE / "node_modules").is_dir():
        done = subprocess.run(
            ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"],
            cwd=CACHE,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
            env={**os.environ, "DO_NOT_TRACK": "1"},
        )
        if done.returncode:
            shutil.rmtree(CACHE / "node_modules", ignore_errors=True)
            missing("a set of npm packages", f"npm ci failed: {done.stderr.strip()[-300:]}")
    return "installed"
