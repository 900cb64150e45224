"""The worlds of the nights. Each is built once per test run, and no test may change it.

Not here: what a world is (`world.py`), what the tests expect.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.night.second_night import SecondNight, run_second_night, second_night_of
from tests.night.small_world import make_small_world
from tests.night.world import (
    ROOT,
    Done,
    World,
    copy_world,
    data_folder,
    done_of,
    make_deletable,
    make_world,
    note_of,
)
from tests.once import built_once

__all__ = ["ROOT", "World", "make_world"]


@pytest.fixture(scope="session")
def first_night(tmp_path_factory: pytest.TempPathFactory) -> tuple[World, Done]:
    """One whole night on the bundled sources, and the finished command. No test may change it."""

    def run(folder: Path) -> str:
        return json.dumps(note_of(make_world(folder).pll("run")))

    folder, note = built_once(tmp_path_factory, "first-night", run)
    return World(data_folder(folder)), done_of(json.loads(note))


@pytest.fixture(scope="session")
def released(first_night: tuple[World, Done]) -> World:
    """The world after its first night. No test may change it."""
    world, done = first_night
    assert done.returncode == 0, done.stdout + done.stderr
    return world


@pytest.fixture(scope="session")
def second_night(released: World, tmp_path_factory: pytest.TempPathFactory) -> SecondNight:
    """The released world after a second night. No test may change it."""

    def run(folder: Path) -> str:
        return json.dumps(run_second_night(copy_world(released, folder)))

    folder, note = built_once(tmp_path_factory, "second-night", run)
    return second_night_of(World(data_folder(folder)), json.loads(note))


@pytest.fixture
def own_world(released: World, tmp_path: Path) -> Iterator[World]:
    """A copy of the released world that a test may spoil."""
    world = copy_world(released, tmp_path)
    yield world
    make_deletable(world)


@pytest.fixture(scope="session")
def small_world(tmp_path_factory: pytest.TempPathFactory) -> World:
    """A small world that is hard to compute, after its night. No test may change it."""

    def run(folder: Path) -> str:
        return str(make_small_world(folder).data)

    _, data = built_once(tmp_path_factory, "small-world", run)
    return World(Path(data))
