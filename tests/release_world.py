"""A small world to publish from: a build file with every public table, most of them empty.

Tables, columns, types and comments are those that dbt's contract has. Not here: fixtures and
assertions of single tests.
"""

from __future__ import annotations

import atexit
import json
import shutil
import tempfile
from datetime import UTC, datetime
from functools import cache
from itertools import count
from pathlib import Path
from typing import Any

import duckdb

from pll_pipeline.published.outputs import OUTPUTS, Output
from pll_pipeline.published.publish import publish
from pll_pipeline.published.release_info import Inputs
from pll_pipeline.published.releases import Release, releases
from pll_pipeline.star.model_files import DBT_PROJECT, Table, tables

BUILT_AT = datetime(2026, 11, 23, 3, 0, 4, tzinfo=UTC)
LONG_TABLE_ROWS = 5_000  # enough for dictionaries and other encodings to be chosen
LAYERS = ("star", "marts")
_FINGERPRINTS = (f"{number:064x}" for number in count(1))

# A column that may not be empty has one of these where a row does not say otherwise.
_DEFAULTS: dict[str, Any] = {
    "integer": 1,
    "bigint": 1,
    "double": 1.0,
    "boolean": False,
    "date": "2026-01-01",
    "timestamp with time zone": "2026-01-02 03:04:05+00",
}
_REGIONS: tuple[dict[str, Any], ...] = (
    {"region_key": "land:NO", "region_level": "land", "region_name": "Norge", "is_current": True},
    {
        "region_key": "kommune:1804",
        "region_level": "kommune",
        "region_name": "Bodø",
        "valid_from": "1838-01-01",
        "is_current": True,
    },
    {
        "region_key": "kommune:5401",
        "region_level": "kommune",
        "region_name": "Tromsø, Romsa",
        "valid_from": "2020-01-01",
        "valid_to": "2024-01-01",
    },
    {"region_key": "fylke:15", "region_level": "fylke", "region_name": "Møre og Romsdal"},
)
_KEY_FIGURES: tuple[dict[str, Any], ...] = (
    {
        "service_code": "pll",
        "measure_code": "pll_count",
        "region_name": "Bergen",
        "region_label": "Bergen",
        "period_end": "2023-12-31",
        "value": 24000,
        "qualifier": "exact",
        "published_text": "24 000",
        "snapshot_at": "2026-01-02 03:04:05.5+00",
    },
    {
        "service_code": "e-resept",
        "measure_code": "eresept_count",
        "region_name": "Norge",
        "region_label": "Norge",
        "qualifier": "at_least",
        "published_text": "=1+1",
        "is_period_inferred": True,
    },
    {
        "service_code": "e-resept",
        "measure_code": "eresept_share",
        "region_name": 'Møre, "og" Romsdal',
        "region_label": 'Møre, "og" Romsdal',
        "period_end": "2012-12-31",
        "value": 0.948,
        "qualifier": "exact",
        "published_text": "94,8 %",
    },
)
_OBSERVATIONS = """
    insert into star.fct_observation by name
    select
        'adoption' as measure_code,
        'kommune:' || lpad((i % 357)::varchar, 4, '0') as region_key,
        'alle' as actor_type_code,
        'figures' as source_name,
        case when i % 7 > 0 then date '2020-01-01' + (i % 900)::integer end as period_start,
        case when i % 5 > 0 then round((i * 7919 % 100000) / 100000.0, 6)::double end as value,
        'exact' as qualifier,
        'observed' as status,
        false as is_period_inferred,
        'figure ' || i as published_text,
        timestamptz '2026-01-02 03:04:05+00' as snapshot_at,
        i % 3 as revision_number,
        'figures.csv:' || i as row_reference
    from range({rows}) as numbers (i)
    order by hash(i)
"""
# What a build file has beside the public tables; none of it is published.
_PRIVATE = (
    "create schema codes; create schema staging",
    "create table codes.region (region_key varchar)",
    "create view staging.stg_observation as select 1 as revision_number",
    "create view marts.mart_of_nothing as select 1 as revision_number",
)


@cache
def public_tables() -> dict[str, dict[str, Table]]:
    """The public tables of each layer by name, as dbt's contract describes them."""
    return {layer: tables(DBT_PROJECT, layer) for layer in LAYERS}


def write_build(path: Path, *changes: str) -> Path:
    """A build file at `path`, with further statements run on it; an older file is replaced."""
    shutil.copyfile(_folder() / "build.duckdb", path)
    if changes:
        with duckdb.connect(path) as connection:
            connection.execute("set timezone = 'UTC'")
            for statement in changes:
                connection.execute(statement)
    return path


def create_tables(
    connection: duckdb.DuckDBPyConnection, database: str = "", layers: tuple[str, ...] = LAYERS
) -> None:
    """Create every table of some layers, empty and with its comments, in an attached database."""
    prefix = f"{database}." if database else ""
    for layer in layers:
        connection.execute(f"create schema {prefix}{layer}")
        for name, table in tables(DBT_PROJECT, layer).items():
            columns = ", ".join(f"{c} {table.column(c).type}" for c in table.names)
            connection.execute(f"create table {prefix}{layer}.{name} ({columns})")
            comments = {f"table {prefix}{layer}.{name}": f"{table.en} | {table.nb}"} | {
                f"column {prefix}{layer}.{name}.{c}": table.column(c).description
                for c in table.names
            }
            for target, comment in comments.items():
                text = comment.replace("'", "''")
                connection.execute(f"comment on {target} is '{text}'")


def insert(
    connection: duckdb.DuckDBPyConnection, layer: str, name: str, *rows: dict[str, Any]
) -> None:
    """Insert rows; a column that may not be empty has a value of its type where a row has none."""
    table = public_tables()[layer][name]
    required = {column: _default(table, column) for column in table.required}
    for row in rows:
        values = required | row
        marks = ", ".join("?" * len(values))
        connection.execute(
            f"insert into {layer}.{name} ({', '.join(values)}) values ({marks})",
            list(values.values()),
        )


def inputs(**changes: Any) -> Inputs:
    """The facts of a release: two sources under different licences, one of them stale."""
    facts: dict[str, Any] = {
        "fingerprint": "f" * 64,
        "is_simulated": False,
        "snapshots": [
            {"source_name": "figures", "snapshot_at": "2026-01-02T03:04:05Z", "sha256": "a" * 64}
        ],
        "stale_sources": [
            {
                "source_name": "population",
                "reason": "the publisher did not answer",
                "snapshot_at": None,
            }
        ],
        "sources": [
            _source(
                "figures",
                "Publiserte tall",
                "Published figures",
                "Flere utgivere",
                "Ingen lisens funnet; tallene siteres med adresse",
            ),
            _source("population", "Folketall", "Population", "Statistisk sentralbyrå", "NLOD 2.0"),
        ],
        "code_version": "0.1.0",
        "dbt_manifest": _folder() / "manifest.json",
    }
    return Inputs(**(facts | changes))


def outputs(*names: str) -> tuple[Output, ...]:
    """The database, the manifest and the named outputs: enough where the others do not matter."""
    return tuple(output for output in OUTPUTS if output.name in ("duckdb", "manifest", *names))


def publish_times(
    build: Path, marts: Path, times: int = 1, now: datetime = BUILT_AT, **options: Any
) -> list[Release]:
    """Publish a number of releases from different inputs, all at the same time of the clock."""
    return [
        publish(build, marts, inputs(fingerprint=next(_FINGERPRINTS)), now=now, **options)
        for _ in range(times)
    ]


def ids(marts: Path) -> list[str]:
    """The ids of the releases of a folder, oldest first."""
    return [release.id for release in releases(marts)]


def left_behind(marts: Path) -> list[str]:
    """Hidden files and folders anywhere in a marts folder: what a publish must never leave."""
    return sorted(str(path.relative_to(marts)) for path in marts.rglob(".*"))


@cache
def _folder() -> Path:
    """A folder with the build file and dbt's manifest of it, made once per process."""
    folder = Path(tempfile.mkdtemp(prefix="release-world-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    with duckdb.connect(folder / "build.duckdb") as connection:
        connection.execute("set timezone = 'UTC'")
        create_tables(connection, layers=(*LAYERS, "page"))
        for statement in _PRIVATE:
            connection.execute(statement)
        insert(connection, "star", "dim_region", *_REGIONS)
        insert(connection, "marts", "mart_key_figures", *_KEY_FIGURES)
        connection.execute(_OBSERVATIONS.format(rows=LONG_TABLE_ROWS))
    (folder / "manifest.json").write_text(json.dumps(_manifest()), encoding="utf-8")
    return folder


def _manifest() -> dict[str, Any]:
    """What dbt writes about a build, of the tables alone."""
    models = {
        f"model.pll.{name}": {
            "resource_type": "model",
            "package_name": "pll",
            "schema": layer,
            "name": name,
            "description": f"{table.en} | {table.nb}",
        }
        for layer, described in public_tables().items()
        for name, table in described.items()
    }
    metadata = {
        "dbt_schema_version": "https://schemas.getdbt.com/dbt/manifest/v12.json",
        "dbt_version": "1.11.0",
        "project_name": "pll",
        "adapter_type": "duckdb",
    }
    others = ("sources", "macros", "exposures", "unit_tests", "docs")
    parents: dict[str, list[str]] = {name: [] for name in models}
    return {
        "metadata": metadata,
        "nodes": models,
        **{name: {} for name in others},
        "parent_map": parents,
        "child_map": parents,
    }


def _default(table: Table, name: str) -> Any:
    column = table.column(name)
    if column.type == "varchar":
        return column.allowed[0] if column.allowed else name
    return _DEFAULTS[column.type]


def _source(name: str, title: str, title_en: str, publisher: str, licence: str) -> dict[str, Any]:
    return {
        "source_name": name,
        "title": title,
        "title_en": title_en,
        "publisher": publisher,
        "landing_page": f"https://example.no/{name}",
        "licence": licence,
        "attribution": f"Kilde: {publisher}'s tall",
        "cadence": "yearly",
    }
