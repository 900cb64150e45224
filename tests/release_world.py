"""A small world to publish from: hand-written build files as dbt leaves them, and what the night knows of their sources.

Not here: fixtures and assertions of single tests.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb

from pll_pipeline.published.outputs import Inputs

BUILT_AT = datetime(2026, 11, 23, 3, 0, 4, tzinfo=UTC)
LONG_TABLE_ROWS = 5_000  # enough for dictionaries and other encodings to be chosen

_TABLES = """
    create schema codes; create schema staging; create schema star; create schema marts;

    create table codes.region (region_key varchar);
    create view staging.stg_observation as select 1 as one;
    create view marts.mart_of_nothing as select 1 as one;

    create table star.dim_region (
        region_key varchar, region_level varchar, region_name varchar, valid_from date, valid_to date, is_current boolean
    );
    insert into star.dim_region values
        ('land:NO', 'land', 'Norge', null, null, true),
        ('kommune:1804', 'kommune', 'Bodø', '1838-01-01', null, true),
        ('kommune:5401', 'kommune', 'Tromsø, Romsa', '2020-01-01', '2024-01-01', false),
        ('fylke:15', 'fylke', null, null, null, null);

    create table star.fct_observation (
        measure_code varchar, region_key varchar, source_name varchar, period_start date, value double, revision_number integer,
        eligible_count bigint, snapshot_at timestamp with time zone, row_reference varchar
    );
    insert into star.fct_observation
        select 'adoption', 'kommune:' || lpad((i % 357)::varchar, 4, '0'), 'figures', case when i % 7 > 0 then date '2020-01-01' + (i % 900)::integer end,
            case when i % 5 > 0 then round((i * 7919 % 100000) / 100000.0, 6)::double end, i % 3, 5000000000 + i, '2026-01-02 03:04:05+00', 'figures.csv:' || i
        from range(5000) as numbers (i) order by hash(i);

    create table marts.mart_key_figures (
        service_code varchar, region_name varchar, month date, value double, qualifier varchar, published_text varchar,
        is_period_inferred boolean, snapshot_at timestamp
    );
    insert into marts.mart_key_figures values
        ('pll', 'Bergen', '2023-12-01', 24000, 'exact', '24 000', false, '2026-01-02 03:04:05.5'),
        ('e-resept', null, null, null, 'at_least', '=1+1', true, '2026-01-02 03:04:05'),
        ('e-resept', 'Møre, "og" Romsdal', '2012-12-01', 0.948, 'exact', '94,8 %', false, null);

    comment on table star.dim_region is 'One row per region code. | Én rad per regionkode.';
    comment on column star.dim_region.region_name is 'Norwegian name of the region. | Norsk navn på regionen.';
    comment on table marts.mart_key_figures is 'One row per published figure; it''s the one to read. | Én rad per publisert tall.';
    comment on column marts.mart_key_figures.value is 'The figure. | Tallet.';
"""


def write_build(path: Path, *changes: str) -> Path:
    """A build file at `path`, with further statements run on it; an older file there is replaced."""
    path.unlink(missing_ok=True)
    with duckdb.connect(path) as connection:
        connection.execute("set timezone = 'UTC'")
        for statement in (_TABLES, *changes):
            connection.execute(statement)
    return path


def inputs(**changes: Any) -> Inputs:
    """What the night knows: two sources under different licences, one of them stale."""
    known: dict[str, Any] = {
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
    }
    return Inputs(**(known | changes))


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


def left_behind(marts: Path) -> list[str]:
    """Hidden files and folders anywhere in a marts folder: what a publish must never leave."""
    return sorted(str(path.relative_to(marts)) for path in marts.rglob(".*"))
