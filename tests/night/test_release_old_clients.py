"""Clients older than ours open a release.

DuckDB 1.4.4 as in Power BI's connector, PyArrow 10 as in older gateways and scripts. Each client is
in a folder of its own under `.cache/compat/`, made by uv from hashes in `tests/compat/`, and used
again.
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
from pll_pipeline.published import outputs as registry
from pll_pipeline.published.publish import publish
from pll_pipeline.published.releases import Release
from tests.release_world import (
    BUILT_AT,
    LONG_TABLE_ROWS,
    inputs,
    outputs,
    public_tables,
    write_build,
)
from tests.tools import missing

COMPAT = Path(__file__).parents[1] / "compat"


def _ask(client: str, script: str, path: Path) -> dict[str, Any]:
    """What a script prints when it runs with nothing but Python itself and the named client."""
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
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


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
            missing("uv", "`make test` sets it up")
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
def release(tmp_path_factory: pytest.TempPathFactory) -> Release:
    folder = tmp_path_factory.mktemp("min mappe ø")
    build = write_build(folder / "build.duckdb")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(registry, "OUTPUTS", outputs("parquet"))
        return publish(build, folder / "marts", inputs(), now=BUILT_AT)


def test_duckdb_1_4_4_reads_every_table_as_we_do(release: Release) -> None:
    answer = _ask("duckdb-1.4.4", "read_duckdb.py", release.database)
    assert answer["version"] == "1.4.4"
    public = {f"{layer}.{name}" for layer, tables in public_tables().items() for name in tables}
    assert set(answer["rows"]) == {"meta.release", *public}
    region = public_tables()["star"]["dim_region"]
    assert answer["comments"]["star.dim_region"] == f"{region.en} | {region.nb}"
    assert answer["rows"]["meta.release"][0][:2] == [release.id, "2026-11-23 03:00:04+00"]
    with duckdb.connect(release.database, read_only=True) as connection:
        connection.execute("set timezone = 'UTC'")
        for table, rows in answer["rows"].items():
            ours = connection.execute(f"select columns(*)::varchar from {table}").fetchall()
            assert [tuple(row) for row in rows] == ours


def test_pyarrow_10_reads_every_parquet_file_as_we_do(release: Release) -> None:
    answer = _ask("pyarrow-10.0.1", "read_parquet.py", release.folder / "parquet")
    assert answer["version"] == "10.0.1"
    tables = answer["tables"]
    assert set(tables) == {name for layer in public_tables().values() for name in layer}
    arrow = {
        "varchar": "string",
        "integer": "int32",
        "bigint": "int64",
        "double": "double",
        "boolean": "bool",
        "date": "date32[day]",
        "timestamp with time zone": "timestamp[us, tz=UTC]",
    }
    for layer in public_tables().values():
        for name, table in layer.items():
            types = {column: arrow[table.column(column).type] for column in table.names}
            assert tables[name]["types"] == types
    facts = tables["fct_observation"]
    assert facts["footer"]["release_id"] == release.id
    assert len(facts["rows"]) == LONG_TABLE_ROWS
    names = public_tables()["marts"]["mart_key_figures"].names
    figures = [dict(zip(names, row, strict=True)) for row in tables["mart_key_figures"]["rows"]]
    assert figures[1]["region_name"] == 'Møre, "og" Romsdal'
    assert figures[1]["period_end"] == "2012-12-31"
    assert figures[1]["value"] == "0.948"
    assert (figures[0]["period_end"], figures[0]["value"]) == (None, None)
    assert figures[2]["snapshot_at"] == "2026-01-02 03:04:05.500000+00:00"
