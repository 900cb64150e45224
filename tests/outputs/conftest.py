"""What the faces of a release are tried with: a small simulated world after one night, a browser, tools from npm."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.night.conftest import ROOT, World, first_night, released  # noqa: F401

NPM = Path(__file__).resolve().parent / "npm"
CACHE = ROOT / ".cache" / "npm"


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> World:
    """A release of simulated figures: a few kommuner of every helsefellesskap, three years. Not to be changed by a test."""
    home = tmp_path_factory.mktemp("faces") / "min mappe ø" / "data"
    home.mkdir(parents=True)
    world = World(home)
    said = world.pll("demo", "--scale", "0.02", "--months", "36")
    assert said.returncode == 0, said.stdout[-3000:] + said.stderr[-3000:]
    return World(home / "demo")


@pytest.fixture(scope="session")
def chromium() -> str:
    """The browser, of Debian; without one its tests are skipped."""
    found = (
        shutil.which("chromium")
        or shutil.which("chromium-browser")
        or shutil.which("google-chrome")
    )
    if found is None:
        pytest.skip("no Chromium here: apt install chromium")
    return found


@pytest.fixture(scope="session")
def npm() -> Path:
    """The folder of the locked packages in `npm/`, installed once under `.cache/`; without npm or its registry their tests are skipped."""
    if shutil.which("npm") is None or shutil.which("node") is None:
        pytest.skip("no npm here: apt install npm")
    CACHE.mkdir(parents=True, exist_ok=True)
    for name in ("package.json", "package-lock.json"):
        if not (CACHE / name).is_file() or (CACHE / name).read_bytes() != (NPM / name).read_bytes():
            shutil.rmtree(CACHE / "node_modules", ignore_errors=True)
            shutil.copy(NPM / name, CACHE / name)
    if not (CACHE / "node_modules").is_dir():
        said = subprocess.run(
            ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"],
            cwd=CACHE,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
            env={**os.environ, "DO_NOT_TRACK": "1"},
        )
        if said.returncode:
            shutil.rmtree(CACHE / "node_modules", ignore_errors=True)
            pytest.skip(f"npm could not install: {said.stderr.strip()[-300:]}")
    return CACHE / "node_modules"
