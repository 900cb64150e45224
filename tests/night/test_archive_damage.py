"""A night on a damaged archive: it stops, names the snapshot, and changes no release."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from tests.night.conftest import World


def _newest(world: World, source: str) -> Path:
    return sorted((world.data / "raw" / source).glob("[0-9]*Z"))[-1]


def _damage(world: World, how: str) -> None:
    snapshot = _newest(world, "ssb_population")
    match how:
        case "a lost description":
            (snapshot / "snapshot.json").unlink()
        case "a lost source":
            shutil.rmtree(snapshot.parent)
        case "an added snapshot":
            shutil.copytree(snapshot, snapshot.with_name("2026-11-24T000000Z"))
        case "an edited description":
            manifest = snapshot / "snapshot.json"
            text = manifest.read_text(encoding="utf-8")
            manifest.write_text(text.replace('"origin"', '"origin" '), encoding="utf-8")


@pytest.mark.parametrize(
    ("how", "what"),
    [
        ("a lost description", "is lost"),
        ("a lost source", "is lost"),
        ("an added snapshot", "was added by hand"),
        ("an edited description", "was edited"),
    ],
)
def test_a_damaged_archive_stops_the_night_and_names_the_snapshot(
    own_world: World, how: str, what: str
) -> None:
    before = own_world.releases()
    _damage(own_world, how)
    done = own_world.quick("run", "--offline")
    assert done.returncode == 1
    assert what in done.stdout + done.stderr
    assert "ssb_population" in done.stdout + done.stderr
    assert own_world.releases() == before


def test_an_excluded_snapshot_is_out_of_the_release_until_it_is_restored(own_world: World) -> None:
    name = _newest(own_world, "apotek").name
    done = own_world.quick("archive", "apotek", "--set-aside", name, "--because", "wrong year")
    assert done.returncode == 0, done.stderr
    night = own_world.quick("run", "--offline")
    assert night.returncode == 3
    assert f"The snapshot {name} is excluded from use: wrong year" in night.stderr
    manifest = json.loads((own_world.current / "release.json").read_text(encoding="utf-8"))
    (stale,) = manifest["stale_sources"]
    assert stale["source_name"] == "apotek"
    assert stale["reason"].endswith("excluded from use: wrong year")
    count = "select count(*) from marts.mart_key_figures where source_name = 'apotek'"
    assert own_world.ask(count) == [(0,)]
    refused = own_world.quick("archive", "apotek", "--set-aside", name, "--because", "again")
    assert refused.returncode == 1
    assert "already excluded" in refused.stderr
    back = own_world.quick("archive", "apotek", "--restore", name, "--because", "right after all")
    assert back.returncode == 0, back.stderr
    whole = own_world.quick("archive", "apotek", "--verify")
    assert (whole.returncode, whole.stdout.strip()) == (0, "apotek: 1 snapshots are whole.")


def test_changed_bytes_are_found_by_verification(own_world: World) -> None:
    (file,) = _newest(own_world, "apotek").glob("*.csv")
    file.write_bytes(file.read_bytes() + b" ")
    done = own_world.quick("archive", "apotek", "--verify")
    assert done.returncode == 1
    assert "changed after they were archived" in done.stderr
