"""The warehouse built again from the same input: the same rows, to the last bit.

The order in which an engine adds and the time zone of the machine decide nothing.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import duckdb
import pytest

from pll_pipeline.assets.marts import DBT, dbt_environment, folder_options
from pll_pipeline.config import Config
from tests.night.world import ROOT, World

FAR_EAST = "Pacific/Kiritimati"  # where a day begins 14 hours before it does in UTC
Hashes = dict[str, int]


def _built_again(world: World, folder: Path, time_zone: str) -> Path:
    """The build file of a second build of a world, on a machine of another time zone."""
    config = Config(data=folder, dbt_project=ROOT / "dbt_project")
    (folder / "build" / "target").mkdir(parents=True)
    shutil.copytree(world.data / "validated", config.validated)
    shutil.copy(
        world.data / "build" / "dbt-run" / "partial_parse.msgpack", folder / "build" / "target"
    )
    models_only = ["build", "--exclude-resource-type", "unit_test", "test"]
    done = subprocess.run(
        [str(DBT), *models_only, *folder_options(config, folder / "build" / "target")],
        env={**os.environ, **dbt_environment(config), "TZ": time_zone},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-4000:]
    return config.build_file


def _hashes(build_file: Path) -> Hashes:
    """A hash of the rows of each table, whatever their order."""
    with duckdb.connect(str(build_file), read_only=True) as connection:
        tables = connection.execute(
            "select table_schema || '.' || table_name from information_schema.tables "
            "where table_schema in ('star', 'marts', 'page')"
        ).fetchall()
        return {
            name: connection.execute(
                f"select bit_xor(hash(this)) + count(*) from {name} as this"
            ).fetchall()[0][0]
            for (name,) in tables
        }


@pytest.mark.parametrize("name", ["small_world", "released"])
def test_a_second_build_in_another_time_zone_has_the_same_rows(
    name: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    world: World = request.getfixturevalue(name)
    first = _hashes(world.data / "build" / "build.duckdb")
    second = _hashes(_built_again(world, tmp_path, FAR_EAST))
    assert len(first) > 40
    assert {table for table in first if first[table] != second.get(table)} == set()
