"""Readers on other machines: they read releases over HTTP, while others are published.

Two processes are the two machines here. Not here: readers of the files themselves
(`test_release_readers.py`).
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import duckdb
import polars as pl
import pytest

from pll_pipeline.published import outputs as registry
from pll_pipeline.published.publish import publish
from tests.release_world import inputs, outputs, write_build
from tests.static_files import serving

FLIPS = 5
# The region's name is the number of the release, so that figures of two releases would show.
READER = """
import hashlib, json, sys, tempfile, time, urllib.request
from pathlib import Path
import duckdb
import polars as pl

base, stop = sys.argv[1], Path(sys.argv[2])
polls, seen, errors = 0, set(), []
with tempfile.TemporaryDirectory() as folder:
    while not stop.exists():
        try:
            current = urllib.request.urlopen(f"{base}/current/release.json").read()
            release = json.loads(current)["release_id"]
            whole = f"{base}/releases/{release}"
            rows = pl.scan_parquet(f"{whole}/parquet/mart_key_figures.parquet")
            names = set(rows.select("region_name").collect()["region_name"])
            content = urllib.request.urlopen(f"{whole}/pll.duckdb").read()
            manifest = json.loads(urllib.request.urlopen(f"{whole}/release.json").read())
            stated = {file["path"]: file["sha256"] for file in manifest["files"]}
            if hashlib.sha256(content).hexdigest() != stated["pll.duckdb"]:
                errors.append("pll.duckdb is not what release.json says")
            file = Path(folder, "pll.duckdb")
            file.write_bytes(content)
            with duckdb.connect(file, read_only=True) as connection:
                sql = "select distinct region_name from star.dim_region"
                names |= {name for (name,) in connection.execute(sql).fetchall()}
                ids = connection.execute("select release_id from meta.release").fetchall()
            if len(names) != 1 or ids != [(release,)]:
                errors.append(f"several releases in one: {names} {ids} {release}")
            seen.add(release)
            polls += 1
            time.sleep(0.1)
        except Exception as error:
            errors.append(repr(error))
print(json.dumps({"polls": polls, "seen": len(seen), "errors": errors[:5]}))
"""


@pytest.fixture(autouse=True)
def _few_outputs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "OUTPUTS", outputs("parquet"))


def _publish(build: Path, marts: Path, number: int) -> None:
    """Publish a release whose regions are all named by its number."""
    own = build.with_name("own.duckdb")
    shutil.copyfile(build, own)
    with duckdb.connect(own) as connection:
        for table in ("star.dim_region", "marts.mart_key_figures"):
            connection.execute(f"update {table} set region_name = '{number}'")
    publish(own, marts, inputs())


def test_two_readers_over_http_always_read_one_whole_release(tmp_path: Path) -> None:
    build = write_build(tmp_path / "build.duckdb", "delete from star.fct_observation")
    marts, stop = tmp_path / "marts", tmp_path / "stop"
    _publish(build, marts, 0)
    with serving(marts) as files:
        command = [sys.executable, "-c", READER, files.url, str(stop)]
        readers = [
            subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
            for _ in range(2)
        ]
        try:
            for number in range(1, FLIPS + 1):
                _publish(build, marts, number)
        finally:
            stop.touch()
            answers = [reader.communicate(timeout=120) for reader in readers]
    for out, err in answers:
        report = json.loads(out or "null")
        assert report, err
        assert report["errors"] == []
        assert report["seen"] > 1


def test_polars_reads_the_columns_it_needs_by_range_requests(tmp_path: Path) -> None:
    build = write_build(
        tmp_path / "build.duckdb",
        "insert into star.fct_observation by name select o.* replace "
        "(md5(random()::varchar) as published_text) from star.fct_observation as o, range(40)",
    )
    publish(build, tmp_path / "marts", inputs())
    path = "/current/parquet/fct_observation.parquet"
    size = (tmp_path / "marts" / path[1:]).stat().st_size
    with serving(tmp_path / "marts") as files:
        table = pl.scan_parquet(files.url + path)
        read = table.select(pl.col("measure_code").n_unique(), pl.len()).collect()
    with duckdb.connect(tmp_path / "marts/current/pll.duckdb", read_only=True) as connection:
        sql = "select count(distinct measure_code), count(*) from star.fct_observation"
        assert [read.row(0)] == connection.execute(sql).fetchall()
    assert files.ranges > 0
    assert 0 < files.sent[path] < size / 2
