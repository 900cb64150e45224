"""One night on a data folder in which all that can be made anew is damaged at once."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

from tests.night.world import World


def _damage_everything(world: World) -> None:
    """Noise, cuts, folders in place of files and files in place of folders, in every part."""
    data = world.data
    (data / "dagster" / "dagster.yaml").write_text("telemetry:\n  ena")
    (data / "dagster" / "history" / "runs.db").write_bytes(os.urandom(9000))
    (data / "dagster" / "history" / "runs" / "index.db-wal").mkdir()
    schedules = data / "dagster" / "schedules" / "schedules.db"
    schedules.write_bytes(schedules.read_bytes()[:5000])
    for name in ("manifest.json", "partial_parse.msgpack"):
        _cut(data / "build" / "dbt" / name)
    (data / "build" / "build.duckdb").write_bytes(os.urandom(9000))
    shutil.rmtree(data / "build" / "dbt-run")
    (data / "build" / "dbt-run").write_text("a file")
    (data / "build" / "run-1-killed" / "target").mkdir(parents=True)
    apotek, kommuner = (
        next((data / "validated" / name).iterdir()) for name in ("apotek", "ssb_population")
    )
    shutil.rmtree(apotek)
    apotek.write_text("a file")
    (kommuner / "observation.parquet").unlink()
    (data / "validated" / "inputs.json").unlink()
    (data / "validated" / "inputs.json").mkdir()
    (data / "validated" / "target.parquet").unlink()
    (data / "validated" / "target.parquet").mkdir()
    (data / "marts" / "rollback.json").write_bytes(b"\x00")
    _spoil_release(world)


def _cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def _spoil_release(world: World) -> None:
    """Other bytes in a file of the current release, and a file in place of the link to it."""
    file = (world.current / "csv" / "mart_key_figures.csv").resolve()
    file.chmod(0o644)
    file.write_bytes(b"value\n1\n")
    world.current.unlink()
    world.current.write_text("a file")


def test_a_night_makes_all_that_is_damaged_anew_names_it_and_publishes_the_same_figures(
    own_world: World,
) -> None:
    (first,), figures = own_world.releases(), own_world.csv_files()
    assert own_world.quick("doctor").returncode == 0
    _damage_everything(own_world)
    before = own_world.quick("doctor", "--format", "json")
    assert before.returncode == 1
    damages = json.loads(before.stdout)["damages"]
    assert {damage["part"] for damage in damages} >= {"verdicts", "store", "build", "current"}

    night = own_world.quick("run", "--offline")
    assert night.returncode == 0, night.stdout + night.stderr
    for name in ("runs.db", "build.duckdb", "manifest.json", "inputs.json", "current", "rollback"):
        assert name in night.stdout, "what is made anew is named"
    assert own_world.releases() != [first], "a damaged release is published anew"
    assert own_world.csv_files() == figures
    after = own_world.quick("doctor")
    assert (after.returncode, after.stdout[:7]) == (0, "Healthy"), after.stdout + after.stderr
