"""A rollback after a wrong night: the next night, which finds nothing new, leaves it alone."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.night.second_night import SecondNight
from tests.night.world import World, copy_world, make_deletable


@pytest.fixture(scope="module")
def rolled_back(
    second_night: SecondNight, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[World, str]]:
    """The world of the second night, rolled back, and what the command printed."""
    folder = tmp_path_factory.mktemp("rolled-back")
    world = copy_world(second_night.world, folder)
    done = world.quick("rollback")
    assert done.returncode == 0, done.stderr
    yield world, done.stdout
    make_deletable(world)


def _current(world: World) -> str:
    manifest = json.loads((world.current / "release.json").read_text(encoding="utf-8"))
    return str(manifest["release_id"])


def test_a_rollback_names_the_snapshots_that_the_wrong_release_used_alone(
    rolled_back: tuple[World, str],
) -> None:
    world, printed = rolled_back
    manifests = {
        release: json.loads(
            Path(world.data, "marts", "releases", release, "release.json").read_text()
        )
        for release in world.releases()
    }
    good, wrong = (manifests[release]["snapshots"] for release in world.releases())
    differing = [used["source_name"] for used in wrong if used not in good]
    assert differing
    for name in differing:
        assert f"pll archive {name} --set-aside 20" in printed


def test_a_night_that_finds_nothing_new_leaves_a_rollback_alone_and_says_so(
    rolled_back: tuple[World, str],
) -> None:
    world, _ = rolled_back
    first, second = world.releases()
    for _ in range(2):
        night = world.quick("run", "--offline")
        assert night.returncode == 3, "sources are behind since the second night"
        assert f"release {first} stays current until the inputs change" in night.stdout
        assert f"nothing new since release {second}" in night.stdout
        assert _current(world) == first
        assert world.releases() == [first, second]
    assert f"release {first} stays current" in world.quick("status").stderr
