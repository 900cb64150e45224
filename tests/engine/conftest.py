"""One cluster, and two worlds of which DuckDB builds one release and Spark the next.

Not here: what must be the same.
"""

from __future__ import annotations

import json
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.engine.cluster import Cluster, running_cluster
from tests.night.small_world import make_small_world
from tests.night.world import Done, World, make_world

_SECONDS_FOR_A_NIGHT = 900


@dataclass(frozen=True)
class WorldOnSpark(World):
    """A world whose tables a cluster computes."""

    cluster: Cluster

    def environment(self) -> dict[str, str]:
        """Variables for a run in this world, on the cluster."""
        return super().environment() | self.cluster.environment()


@dataclass(frozen=True)
class Compared:
    """A world after a night on DuckDB and the same night again on Spark, as `done` says.

    `embedded` is the build file that DuckDB wrote, `spark` that of the tables fetched from Spark,
    and `files` what the engine's build left for readers: the files of each release's CSV folder.
    """

    world: WorldOnSpark
    done: Done
    embedded: Path
    spark: Path
    files: tuple[dict[str, bytes], dict[str, bytes]]

    def manifests(self) -> tuple[dict[str, object], dict[str, object]]:
        """`release.json` of both releases, DuckDB's first."""
        before, now = (
            json.loads((self.world.data / "marts/releases" / name / "release.json").read_bytes())
            for name in self.world.releases()[-2:]
        )
        return before, now


@pytest.fixture(scope="session")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """The one cluster of all these tests: two workers of one core."""
    with running_cluster(tmp_path_factory.mktemp("spark") / "cluster") as running:
        yield running


@pytest.fixture(scope="session")
def bundled(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Compared:
    """The bundled sources. No test may change it."""
    world = make_world(tmp_path_factory.mktemp("bundled"))
    night = world.pll("run", "--offline")
    assert night.returncode == 0, night.stdout + night.stderr
    return _again_on_spark(world, cluster)


@pytest.fixture(scope="session")
def after_a_lost_worker(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Compared:
    """A small world that is hard to compute, built while a worker is killed. No test may change it.

    It has revisions, withdrawals, reforms, suppressed and qualified figures.
    """
    world = make_small_world(tmp_path_factory.mktemp("small"))
    return _again_on_spark(world, cluster, meanwhile=lambda done: _kill_a_worker(cluster, done))


def _again_on_spark(
    world: World, cluster: Cluster, meanwhile: Callable[[threading.Event], None] | None = None
) -> Compared:
    """Build the same world again, on Spark; `meanwhile` runs beside it until the event is set."""
    build = world.data / "build" / "build.duckdb"
    embedded = world.data.parent / "embedded.duckdb"
    shutil.copy(build, embedded)
    before = world.csv_files()
    on_spark = WorldOnSpark(world.data, cluster)
    ended = threading.Event()
    beside = threading.Thread(target=meanwhile or (lambda _: None), args=(ended,))
    beside.start()
    try:
        done = on_spark.pll("run", "--offline", "--again")
    finally:
        ended.set()
        beside.join()
    return Compared(on_spark, done, embedded, build, (before, on_spark.csv_files()))


def _kill_a_worker(cluster: Cluster, ended: threading.Event) -> None:
    """Kill a worker with its executor once the facts are being built, and start another one."""
    until = time.monotonic() + _SECONDS_FOR_A_NIGHT
    shared = cluster.folder / "shared"
    while not any(shared.glob("build-*/tables/fct_observation")) and time.monotonic() < until:
        if ended.wait(0.2):
            return
    cluster.kill_worker("worker1")
    cluster.start_worker("worker3")
