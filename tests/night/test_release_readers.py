"""Readers in another process while releases change under them: never torn, never locked, never an error."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from pll_pipeline.published.releases import current, publish
from tests.release_world import inputs, write_build

FLIPS = 50

# What a user's script does: opens the link's path, or resolves the link once and reads several files behind it.
READER = """
import hashlib, json, sys
from pathlib import Path
import duckdb

current, stop = Path(sys.argv[1]), Path(sys.argv[2])
polls, seen, errors = 0, set(), []
while not stop.exists():
    try:
        with duckdb.connect(current / "pll.duckdb", read_only=True) as connection:
            said = connection.execute("select release_id from meta.release").fetchall()
            ones = connection.execute("select distinct flip from star.dim_flip").fetchall()
            twos = connection.execute("select distinct flip from marts.mart_flip").fetchall()
            if not (len(said) == 1 and len(ones) == 1 and ones == twos):
                errors.append(f"one file, several releases: {said} {ones} {twos}")
        folder = current.resolve()
        manifest = json.loads((folder / "release.json").read_text(encoding="utf-8"))
        with duckdb.connect(folder / "pll.duckdb", read_only=True) as connection:
            ids = connection.execute("select release_id from meta.release").fetchall()
            ids += connection.execute(
                "select decode(value) from parquet_kv_metadata(?) where decode(key) = 'release_id'", [str(folder / "parquet" / "*.parquet")]
            ).fetchall()
            flips = connection.execute("select distinct flip from read_parquet(?)", [str(folder / "parquet" / "mart_flip.parquet")]).fetchall()
            flips += connection.execute("select distinct flip from star.dim_flip").fetchall()
        if {name for (name,) in ids} != {manifest["release_id"]} or len(ids) != 3 or len(set(flips)) != 1:
            errors.append(f"files of several releases in one folder: {ids} {flips} {manifest['release_id']}")
        for file in manifest["files"]:
            if hashlib.sha256((folder / file["path"]).read_bytes()).hexdigest() != file["sha256"]:
                errors.append(f"{file['path']} is not what release.json says")
        seen.add(manifest["release_id"])
        polls += 1
    except Exception as error:
        errors.append(repr(error))
print(json.dumps({"polls": polls, "seen": len(seen), "errors": errors[:5]}))
"""


def _flip(build: Path, marts: Path, number: int) -> None:
    write_build(
        build,
        "drop schema star cascade; drop schema marts cascade; create schema star; create schema marts",
        f"create table star.dim_flip as select {number} as flip from range(3)",
        f"create table marts.mart_flip as select {number} as flip from range(3)",
    )
    publish(build, marts, inputs())


def test_readers_always_meet_one_whole_release_while_fifty_are_flipped(tmp_path: Path) -> None:
    build, marts, stop = tmp_path / "build.duckdb", tmp_path / "marts", tmp_path / "stop"
    _flip(build, marts, 0)
    reader = subprocess.Popen(
        [sys.executable, "-c", READER, str(marts / "current"), str(stop)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        for number in range(1, FLIPS + 1):
            _flip(build, marts, number)
    finally:
        stop.touch()
        out, err = reader.communicate(timeout=60)
    assert reader.returncode == 0, err
    told = json.loads(out)
    assert told["errors"] == []
    assert told["polls"] >= FLIPS
    assert told["seen"] > 10


def test_a_reader_that_stays_open_keeps_its_release_and_stops_nobody(tmp_path: Path) -> None:
    build, marts = tmp_path / "build.duckdb", tmp_path / "marts"
    _flip(build, marts, 0)
    first = current(marts)
    hold = "import duckdb, sys; c = duckdb.connect(sys.argv[1], read_only=True); print('open', flush=True); input(); print(c.execute('select max(flip) from marts.mart_flip').fetchall())"
    command = [sys.executable, "-c", hold, str(marts / "current" / "pll.duckdb")]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as reader:
        assert reader.stdout.readline() == "open\n"
        for number in range(1, 4):
            write_build(build, f"create table marts.mart_flip as select {number} as flip")
            publish(build, marts, inputs(), keep=1)
        assert not first.folder.exists(), "pruned while it was still being read"
        out, _ = reader.communicate("\n", timeout=60)
    assert out == "[(0,)]\n"
