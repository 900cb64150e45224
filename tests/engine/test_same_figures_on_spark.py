"""A release is the same files, to the last bit, whichever engine computed its tables."""

from __future__ import annotations

import json
import re
from typing import Any

import duckdb
import pytest

from tests.engine.cluster import WORKERS, Cluster
from tests.engine.conftest import Compared

SCHEMAS = ("codes", "star", "marts", "page")


@pytest.fixture(params=["bundled", "after_a_lost_worker"])
def compared(request: pytest.FixtureRequest) -> Compared:
    value: Compared = request.getfixturevalue(request.param)
    assert value.done.returncode == 0, value.done.stdout[-3000:] + value.done.stderr[-3000:]
    return value


def _contents(file: Any) -> dict[str, tuple[Any, ...]]:
    """Of each table: its columns with their types, its rows, and a hash without an order."""
    with duckdb.connect(str(file), read_only=True) as connection:
        tables = connection.execute(
            "select schema_name, table_name, list((column_name, data_type, comment, is_nullable) "
            "order by column_index) from duckdb_columns() "
            "where list_contains(?, schema_name) group by all",
            [SCHEMAS],
        ).fetchall()
        return {
            f"{schema}.{table}": (
                columns,
                *connection.execute(
                    f'select count(*), sum(hash(t)::hugeint) from "{schema}"."{table}" as t'
                ).fetchone(),
            )
            for schema, table, columns in tables
            if not table.startswith("fit_")
        }


def test_every_table_has_the_same_columns_types_comments_and_rows(compared: Compared) -> None:
    embedded, spark = _contents(compared.embedded), _contents(compared.spark)
    assert [name for name in embedded if embedded[name] != spark.get(name)] == []
    assert set(embedded) == set(spark)
    assert len(embedded) > 50


def test_every_file_for_spreadsheets_has_the_same_bytes(compared: Compared) -> None:
    embedded, spark = compared.files
    assert embedded == spark
    assert len(embedded) > 20


def test_two_releases_one_from_each_engine_have_no_difference(compared: Compared) -> None:
    embedded, spark = compared.manifests()
    assert embedded["fingerprint"] == spark["fingerprint"]
    assert str(embedded["built_on"]).startswith("duckdb 2.")
    assert str(spark["built_on"]).startswith("spark 4.2.")
    text = (compared.world.current / "difference.md").read_text(encoding="utf-8")
    counts = re.findall(r"^\| `(\S+)` \| [^|]+ \| [^|]+ \| (.+?) \|$", text, flags=re.MULTILINE)
    assert len(counts) > 20, text
    assert [row for row in counts if set(row[1].split(" | ")) - {"0", "–"}] == []


def test_every_test_of_the_data_is_run_on_spark_and_passes(compared: Compared) -> None:
    manifest = json.loads((compared.world.data / "build/dbt/manifest.json").read_bytes())
    tests = {node["name"] for node in manifest["nodes"].values() if node["resource_type"] == "test"}
    log = re.sub(
        r"\x1b\[[0-9;]*m", "", (compared.world.data / "logs/dbt.log").read_text(encoding="utf-8")
    )
    assert tests - set(re.findall(r"\b(?:PASS|WARN \d+) (\w+)", log)) == set()


@pytest.mark.usefixtures("bundled", "after_a_lost_worker")
def test_every_worker_did_tasks_and_so_did_the_one_that_came_later(cluster: Cluster) -> None:
    tasks = cluster.tasks_by_worker()
    assert len(tasks) == WORKERS + 1
    assert min(tasks.values()) > 20, tasks


def test_nothing_of_a_build_is_left_in_the_shared_folder(compared: Compared) -> None:
    assert list((compared.world.cluster.folder / "shared").iterdir()) == []
