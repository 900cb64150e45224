"""Readers in another process while releases change under them: never torn, locked or in error."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from pll_pipeline.published import outputs as registry
from pll_pipeline.published.publish import publish
from pll_pipeline.published.releases import require_current
from tests.release_world import inputs, outputs, write_build

FLIPS = 25

# What a user's script does: opens the link's path, or resolves the link once and reads several
# files behind it. The region's name is the number of the release.
READER = """
import hashlib, json, sys
from pathlib import Path
import duckdb

current, stop = Path(sys.argv[1]), Path(sys.argv[2])
flips = "select distinct region_name from "
polls, seen, errors = 0, set(), []
while not stop.exists():
    try:
        with duckdb.connect(current / "pll.duckdb", read_only=True) as connection:
            ids = connection.execute("select release_id from meta.release").fetchall()
            regions = connection.execute(flips + "star.dim_region").fetchall()
            figures = connection.execute(flips + "marts.mart_key_figures").fetchall()
            if not (len(ids) == 1 and len(regions) == 1 and regions == figures):
                errors.append(f"one file, several releases: {ids} {regions} {figures}")
        folder = current.resolve()
        manifest = json.loads((folder / "release.json").read_text(encoding="utf-8"))
        table = str(folder / "parquet" / "mart_key_figures.parquet")
        with duckdb.connect(folder / "pll.duckdb", read_only=True) as connection:
            ids = connection.execute("select release_id from meta.release").fetchall()
            ids += connection.execute(
                "select decode(value) from parquet_kv_metadata(?) "
                "where decode(key) = 'release_id'", [table]
            ).fetchall()
            names = connection.execute(flips + "read_parquet(?)", [table]).fetchall()
            names += connection.execute(flips + "star.dim_region").fetchall()
        if set(ids) != {(manifest["release_id"],)} or len(ids) != 2 or len(set(names)) != 1:
            errors.append(f"several releases in one folder: {ids} {names} {manifest}"[:300])
        for file in manifest["files"]:
            if hashlib.sha256((folder / file["path"]).read_bytes()).hexdigest() != file["sha256"]:
                errors.append(f"{file['path']} is not what release.json says")
        seen.add(manifest["release_id"])
        polls += 1
    except Exception as error:
        errors.append(repr(error))
print(json.dumps({"polls": polls, "seen": len(seen), "errors": errors[:5]}))
"""
HOLDER = """
import duckdb, sys
connection = duckdb.connect(sys.argv[1], read_only=True)
print('open', flush=True)
input()
names = "select distinct region_name from star.dim_region"
print(connection.execute(names).fetchall())
"""


@pytest.fixture(autouse=True)
def _few_outputs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "OUTPUTS", outputs("parquet"))


@pytest.fixture(scope="module")
def small_build(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A build file without the long table, so that releases follow each other quickly."""
    return write_build(
        tmp_path_factory.mktemp("small") / "build.duckdb", "delete from star.fct_observation"
    )


def _flip(small_build: Path, folder: Path, number: int, keep: int = 14) -> None:
    """Publish a release whose regions are all named by its number."""
    build = folder / "build.duckdb"
    shutil.copyfile(small_build, build)
    with duckdb.connect(build) as connection:
        for table in ("star.dim_region", "marts.mart_key_figures"):
            connection.execute(f"update {table} set region_name = '{number}'")
    publish(build, folder / "marts", inputs(), keep=keep)


def test_readers_always_open_one_whole_release_while_others_are_published(
    tmp_path: Path, small_build: Path
) -> None:
    stop = tmp_path / "stop"
    _flip(small_build, tmp_path, 0)
    reader = subprocess.Popen(
        [sys.executable, "-c", READER, str(tmp_path / "marts" / "current"), str(stop)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        for number in range(1, FLIPS + 1):
            _flip(small_build, tmp_path, number)
    finally:
        stop.touch()
        out, err = reader.communicate(timeout=60)
    assert reader.returncode == 0, err
    report = json.loads(out)
    assert report["errors"] == []
    assert report["polls"] >= FLIPS
    assert report["seen"] > 10


def test_a_reader_that_stays_open_keeps_its_release_and_stops_no_publish(
    tmp_path: Path, small_build: Path
) -> None:
    _flip(small_build, tmp_path, 0)
    first = require_current(tmp_path / "marts")
    command = [sys.executable, "-c", HOLDER, str(first.database)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as reader:
        assert reader.stdout
        assert reader.stdout.readline() == "open\n"
        for number in range(1, 4):
            _flip(small_build, tmp_path, number, keep=1)
        assert not first.folder.exists(), "pruned while it was still being read"
        out, _ = reader.communicate("\n", timeout=60)
    assert out == "[('0',)]\n"
