"""Clients older than ours open a release: DuckDB 1.4.4 as in Power BI's connector, PyArrow 10 as in older gateways and scripts.

Each client lies in a folder of its own under `.cache/compat/`, made by uv from hashes in `tests/compat/` and used again.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import duckdb
import pytest

from pll_pipeline.config import CHECKOUT
from pll_pipeline.published import releases as warehouse
from tests.release_world import BUILT_AT, LONG_TABLE_ROWS, inputs, write_build

COMPAT = Path(__file__).parents[1] / "compat"


def _ask(client: str, script: str, path: Path) -> dict[str, Any]:
    """What a script prints when it is run with nothing but the standard library and the named client."""
    command = [
        sys.executable,
        "-I",
        "-S",
        str(COMPAT / script),
        str(_environment(client)),
        str(path),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def _environment(client: str) -> Path:
    requirements = COMPAT / f"{client}.txt"
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    folder = (
        CHECKOUT
        / ".cache"
        / "compat"
        / f"{client}-py{version}-{hashlib.sha256(requirements.read_bytes()).hexdigest()[:12]}"
    )
    if not folder.is_dir():
        uv = shutil.which("uv") or shutil.which("uv", path=str(CHECKOUT / ".uv" / "bin"))
        if uv is None:
            pytest.skip("uv is needed to fetch the old client; `make test` sets it up")
        making = folder.with_name(f".{folder.name}-{os.getpid()}")
        command = [
            uv,
            "pip",
            "install",
            "--quiet",
            "--no-config",
            "--python",
            sys.executable,
            "--target",
            str(making),
        ]
        command += ["--require-hashes", "--only-binary", ":all:", "-r", str(requirements)]
        done = subprocess.run(
            command,
            env=os.environ | {"UV_CACHE_DIR": str(CHECKOUT / ".cache" / "uv")},
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode and "no usable wheels" in done.stderr:
            pytest.skip(f"{client} was never made for Python {version} on this machine")
        assert done.returncode == 0, done.stderr
        making.rename(folder)
    return folder


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> warehouse.Release:
    folder = tmp_path_factory.mktemp("min mappe ø")
    return warehouse.publish(
        write_build(folder / "build.duckdb"), folder / "marts", inputs(), now=BUILT_AT
    )


def test_duckdb_1_4_4_reads_every_table_as_we_do(release: warehouse.Release) -> None:
    found = _ask("duckdb-1.4.4", "read_duckdb.py", release.database)
    assert found["version"] == "1.4.4"
    assert set(found["rows"]) == {
        "meta.release",
        "star.dim_region",
        "star.fct_observation",
        "marts.mart_key_figures",
    }
    assert (
        found["comments"]["star.dim_region"] == "One row per region code. | Én rad per regionkode."
    )
    assert found["rows"]["meta.release"][0][:2] == [release.id, "2026-11-23 03:00:04+00"]
    with duckdb.connect(release.database, read_only=True) as connection:
        connection.execute("set timezone = 'UTC'")
        for table, rows in found["rows"].items():
            assert [tuple(row) for row in rows] == connection.execute(
                f"select columns(*)::varchar from {table}"
            ).fetchall()


def test_pyarrow_10_reads_every_parquet_file_as_we_do(release: warehouse.Release) -> None:
    found = _ask("pyarrow-10.0.1", "read_parquet.py", release.folder / "parquet")
    assert found["version"] == "10.0.1"
    assert set(found["tables"]) == {"dim_region", "fct_observation", "mart_key_figures"}
    facts = found["tables"]["fct_observation"]
    assert facts["types"] == {
        "measure_code": "string",
        "region_key": "string",
        "source_name": "string",
        "period_start": "date32[day]",
        "value": "double",
        "revision_number": "int32",
        "eligible_count": "int64",
        "snapshot_at": "timestamp[us, tz=UTC]",
        "row_reference": "string",
    }
    assert facts["footer"]["release_id"] == release.id
    assert len(facts["rows"]) == LONG_TABLE_ROWS
    figures = found["tables"]["mart_key_figures"]["rows"]
    assert figures[0][:5] == ["e-resept", 'Møre, "og" Romsdal', "2012-12-01", "0.948", "exact"]
    assert figures[1][2:4] == [None, None]
    assert figures[2][-1] == "2026-01-02 03:04:05.500000+00:00"
