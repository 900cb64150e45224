"""Worlds for the nights: copies of the bundled data, in a folder with a space and an ø."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pytest

from tests.once import built_once

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class World:
    """A data folder, and `pll` working on it in a process of its own."""

    data: Path

    command = (sys.executable, "-m", "pll_pipeline.cli")

    def environment(self) -> dict[str, str]:
        """Variables for a run in this world; wide enough that no line is folded."""
        return {**os.environ, "PLL_DATA": str(self.data), "COLUMNS": "4000", "NO_COLOR": "1"}

    def pll(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run the command as a user does."""
        return subprocess.run(
            [*self.command, *words],
            env=self.environment(),
            cwd=self.data,
            capture_output=True,
            text=True,
            check=False,
        )

    @property
    def current(self) -> Path:
        return self.data / "marts" / "current"

    def releases(self) -> list[str]:
        """Names of the releases, oldest first."""
        return sorted(p.name for p in (self.data / "marts" / "releases").glob("[0-9]*"))

    def ask(self, sql: str, *parameters: object) -> list[tuple[object, ...]]:
        """Rows from the current release, opened as an analyst opens it."""
        with duckdb.connect(str(self.current / "pll.duckdb"), read_only=True) as connection:
            return connection.execute(sql, parameters).fetchall()


def make_world(folder: Path) -> World:
    """A fresh world with the bundled snapshots and nothing derived."""
    data = folder / "min mappe ø" / "data"
    for name in ("raw", "corrections"):
        shutil.copytree(ROOT / "data" / name, data / name)
    return World(data)


@pytest.fixture(scope="session")
def first_night(
    tmp_path_factory: pytest.TempPathFactory,
) -> tuple[World, subprocess.CompletedProcess[str]]:
    """One whole night on the bundled sources, and the finished command. No test may change it."""

    def run(folder: Path) -> str:
        done = make_world(folder).pll("run")
        return json.dumps([done.returncode, done.stdout, done.stderr])

    folder, report = built_once(tmp_path_factory, "first-night", run)
    returncode, stdout, stderr = json.loads(report)
    done = subprocess.CompletedProcess(["pll", "run"], returncode, stdout, stderr)
    return World(folder / "min mappe ø" / "data"), done


@pytest.fixture(scope="session")
def released(first_night: tuple[World, subprocess.CompletedProcess[str]]) -> World:
    """The world after its first night. No test may change it."""
    world, done = first_night
    assert done.returncode == 0, done.stdout + done.stderr
    return world


@pytest.fixture
def own_world(released: World, tmp_path: Path) -> Iterator[World]:
    """A copy of the released world that a test may spoil."""
    data = tmp_path / "min mappe ø" / "data"
    shutil.copytree(released.data, data, symlinks=True)
    yield World(data)
    for path in [data, *data.rglob("*")]:
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() else 0o644)
