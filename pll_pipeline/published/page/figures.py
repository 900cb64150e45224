"""The data of each figure on the page: SQL on the release, as Polars frames. Both languages are drawn from the same frames.

A release may lack a table or a column (an early one, a plan without targets, a world without forecasts): what needs it is
then an empty frame with the same columns, and the page says so. Not here: words, colours, drawings.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import polars as pl
from duckdb import DuckDBPyConnection

from pll_pipeline.published.descriptor import MANIFEST
from pll_pipeline.published.duckdb import FILE_NAME as DATABASE
from pll_pipeline.published.duckdb import Table
from pll_pipeline.published.release_info import ReleaseInfo
from pll_pipeline.published.sql import literal, quoted

NATION = "land:NO"
SERVICES = (
    "pll",
    "sfm",
    "e-resept",
    "kjernejournal",
    "e-multidose",
)  # the list itself first, then what it rests on
FIRST_SERVICE = "pll"
# Whose use is shown where there is room for one actor type: the introduction starts with those who make the list.
ACTOR_ORDER = (
    "fastlege",
    "legekontor",
    "sykehus",
    "legevakt",
    "avtalespesialist",
    "kommunal_helse_omsorg",
    "hjemmetjeneste",
    "sykehjem",
    "apotek",
    "multidoseapotek",
    "innbygger",
    "alle",
)
LEVELS = ("helsefellesskap", "hf", "fylke", "rhf")  # areas of introduction before all
TILE_LEVELS = ("fylke", "helsefellesskap", "kommune")
FEWEST_REGIONS = 4  # with fewer there is no spread to speak of
MOST_REVISIONS = 12
MOST_AREAS = 30
FEWEST_MONTHS = 6  # with fewer there is no curve

_ADOPTION = "mart_adoption_by_region_actor_month"
_ADOPTION_COLUMNS = (
    "service_code",
    "measure_code",
    "region_key",
    "region_level",
    "region_name",
    "actor_type_code",
    "month",
    "adoption_count",
    "eligible_count",
    "adoption_share",
    "share_lower",
    "share_upper",
    "qualifier",
    "status",
    "basis",
    "change_12m",
    "source_name",
)
_KEY_FIGURES = (
    "service_code",
    "measure_code",
    "region_key",
    "region_name",
    "actor_type_code",
    "period_start",
    "period_end",
    "period_grain",
    "value",
    "lower_bound",
    "upper_bound",
    "qualifier",
    "unit",
    "status",
    "owner",
    "statement_address",
    "source_name",
)
_DATE, _TEXT, _SHARE, _COUNT, _YES = pl.Date, pl.String, pl.Float64, pl.Int64, pl.Boolean
_SQL_TYPES = {
    _DATE: "date",
    _TEXT: "varchar",
    _SHARE: "double",
    _COUNT: "bigint",
    pl.Int32: "integer",
}

SCHEMAS: dict[str, dict[str, Any]] = {
    "services": {
        "service_code": _TEXT,
        "service_name": _TEXT,
        "service_name_en": _TEXT,
        "service_description": _TEXT,
        "service_description_en": _TEXT,
    },
    "actors": {"actor_type_code": _TEXT, "actor_type_name": _TEXT, "actor_type_name_en": _TEXT},
    "measures": {
        "measure_code": _TEXT,
        "service_code": _TEXT,
        "measure_name": _TEXT,
        "measure_name_en": _TEXT,
        "unit": _TEXT,
        "definition": _TEXT,
        "definition_en": _TEXT,
        "definition_url": _TEXT,
        "owner": _TEXT,
        "reviewed_on": _DATE,
    },
    "sources": {
        "source_name": _TEXT,
        "title": _TEXT,
        "title_en": _TEXT,
        "publisher": _TEXT,
        "landing_page": _TEXT,
        "licence": _TEXT,
        "attribution": _TEXT,
        "cadence": _TEXT,
    },
    "series": {
        "service_code": _TEXT,
        "measure_code": _TEXT,
        "actor_type_code": _TEXT,
        "month": _DATE,
        "months": _COUNT,
        "share": _SHARE,
        "count": _COUNT,
        "eligible": _COUNT,
        "change_12m": _SHARE,
        "qualifier": _TEXT,
        "basis": _TEXT,
        "source_name": _TEXT,
    },
    "by_actor": {
        "service_code": _TEXT,
        "actor_type_code": _TEXT,
        "month": _DATE,
        "share": _SHARE,
        "count": _COUNT,
        "eligible": _COUNT,
        "status": _TEXT,
    },
    "newest": {
        "service_code": _TEXT,
        "measure_code": _TEXT,
        "is_adoption": _YES,
        "region_key": _TEXT,
        "region_name": _TEXT,
        "actor_type_code": _TEXT,
        "period_start": _DATE,
        "period_end": _DATE,
        "period_grain": _TEXT,
        "value": _SHARE,
        "lower": _SHARE,
        "upper": _SHARE,
        "qualifier": _TEXT,
        "unit": _TEXT,
        "owner": _TEXT,
        "statement_address": _TEXT,
        "source_name": _TEXT,
    },
    "levels": {
        "service_code": _TEXT,
        "region_level": _TEXT,
        "month": _DATE,
        "known": _COUNT,
        "regions": _COUNT,
    },
    "curves": {
        "service_code": _TEXT,
        "region_key": _TEXT,
        "region_name": _TEXT,
        "month": _DATE,
        "share": _SHARE,
    },
    "points": {
        "service_code": _TEXT,
        "measure_code": _TEXT,
        "actor_type_code": _TEXT,
        "period_start": _DATE,
        "period_end": _DATE,
        "period_grain": _TEXT,
        "value": _SHARE,
        "lower": _SHARE,
        "upper": _SHARE,
        "qualifier": _TEXT,
        "owner": _TEXT,
    },
    "spread": {
        "service_code": _TEXT,
        "month": _DATE,
        "known": _COUNT,
        "regions": _COUNT,
        "low": _SHARE,
        "p10": _SHARE,
        "median": _SHARE,
        "p90": _SHARE,
        "high": _SHARE,
    },
    "ranking": {
        "region_key": _TEXT,
        "region_name": _TEXT,
        "share": _SHARE,
        "change_12m": _SHARE,
        "count": _COUNT,
        "eligible": _COUNT,
        "lower": _SHARE,
        "upper": _SHARE,
        "qualifier": _TEXT,
        "status": _TEXT,
        "rank": _COUNT,
    },
    "matrix": {
        "region_key": _TEXT,
        "region_name": _TEXT,
        "service_code": _TEXT,
        "share": _SHARE,
        "status": _TEXT,
    },
    "tiles": {
        "region_level": _TEXT,
        "region_key": _TEXT,
        "region_code": _TEXT,
        "region_name": _TEXT,
        "tile_column": pl.Int32,
        "tile_row": pl.Int32,
        "is_offset": _YES,
        "is_inset": _YES,
        "month": _DATE,
        "share": _SHARE,
        "status": _TEXT,
    },
    "cells": {
        "region_key": _TEXT,
        "region_name": _TEXT,
        "month": _DATE,
        "share": _SHARE,
        "state": _TEXT,
    },
    "years": {"service_code": _TEXT, "year": pl.Int32, "figures": _COUNT},
    "targets": {
        "service_code": _TEXT,
        "measure_code": _TEXT,
        "region_name": _TEXT,
        "region_key": _TEXT,
        "actor_type_code": _TEXT,
        "unit": _TEXT,
        "direction": _TEXT,
        "due_start": _DATE,
        "due_end": _DATE,
        "due_grain": _TEXT,
        "target": _SHARE,
        "newest": _SHARE,
        "newest_end": _DATE,
        "newest_qualifier": _TEXT,
        "distance": _SHARE,
        "months_left": pl.Int32,
        "pace": _SHARE,
        "pace_told": _SHARE,
        "status": _TEXT,
        "address": _TEXT,
    },
    "target_counts": {"status": _TEXT, "targets": _COUNT},
    "paths": {"measure_code": _TEXT, "actor_type_code": _TEXT, "month": _DATE, "share": _SHARE},
    "rollout": {
        "region_level": _TEXT,
        "region_name": _TEXT,
        "actor_type_code": _TEXT,
        "month": _DATE,
        "planned": _TEXT,
        "planned_basis": _TEXT,
        "reported": _TEXT,
        "observed": _TEXT,
        "lag_months": pl.Int32,
    },
    "forecast": {
        "service_code": _TEXT,
        "month": _DATE,
        "expected": _SHARE,
        "low": _SHARE,
        "high": _SHARE,
        "level": _SHARE,
    },
    "passes": {
        "service_code": _TEXT,
        "measure_code": _TEXT,
        "actor_type_code": _TEXT,
        "last_month": _DATE,
        "last_share": _SHARE,
        "p25": _DATE,
        "p50": _DATE,
        "p80": _DATE,
        "p95": _DATE,
        "refusal_code": _TEXT,
        "refusal": _TEXT,
    },
    "refusals": {"refusal_code": _TEXT, "refusal": _TEXT, "series": _COUNT},
    "revision_counts": {"change_kind": _TEXT, "changes": _COUNT, "since_last": _COUNT},
    "revisions": {
        "service_code": _TEXT,
        "measure_code": _TEXT,
        "region_name": _TEXT,
        "actor_type_code": _TEXT,
        "period_start": _DATE,
        "period_end": _DATE,
        "period_grain": _TEXT,
        "change_kind": _TEXT,
        "changed_at": pl.Datetime("us", "UTC"),
        "before": _SHARE,
        "after": _SHARE,
        "unit": _TEXT,
    },
    "compared": {
        "service_code": _TEXT,
        "actor_type_code": _TEXT,
        "month_before": _DATE,
        "share_before": _SHARE,
        "month": _DATE,
        "share": _SHARE,
    },
    "coverage": {
        "source_name": _TEXT,
        "newest_end": _DATE,
        "published": _COUNT,
        "suppressed": _COUNT,
        "missing": _COUNT,
        "quarantined": _COUNT,
    },
    "quarantine": {"source_name": _TEXT, "rule": _TEXT, "reason": _TEXT, "rows": _COUNT},
}


@dataclass(frozen=True)
class Figures:
    """All that is drawn, by the name of its frame (`SCHEMAS` says its columns), and what the release is compared with."""

    frames: dict[str, pl.DataFrame]
    focus: str | None  # the service whose regions are ranked and mapped
    is_first: bool
    previous_id: str | None  # None too where the one before cannot be read
    previous_built_at: datetime | None

    def __getitem__(self, name: str) -> pl.DataFrame:
        return self.frames[name]


class _Release:
    """Asks the attached release, and knows what it has."""

    def __init__(self, connection: DuckDBPyConnection, tables: tuple[Table, ...]) -> None:
        self.connection = connection
        self.columns = {table.name: {column.name for column in table.columns} for table in tables}

    def has(self, table: str, *columns: str) -> bool:
        return set(columns) <= self.columns.get(table, set()) and table in self.columns

    def ask(
        self, frame: str, sql: str, needs: dict[str, tuple[str, ...]] | None = None
    ) -> pl.DataFrame:
        """The answer with exactly the columns of `SCHEMAS[frame]`; empty where a table or column it needs is not there."""
        schema = pl.Schema(SCHEMAS[frame])
        if needs is not None and not all(
            self.has(table, *columns) for table, columns in needs.items()
        ):
            return pl.DataFrame(schema=schema)
        answer = self.connection.execute(sql)
        names = [column[0] for column in answer.description or ()]
        # as rows, not as Arrow: a frame made from a result keeps DuckDB's types alive beyond the process's end, and that is told on stderr
        rows = answer.fetchall()
        return pl.DataFrame(
            {
                name: pl.Series(name, [row[names.index(name)] for row in rows], dtype=kind)
                for name, kind in schema.items()
            }
        )

    def keep(self, name: str, frame: pl.DataFrame) -> None:
        """Let later statements ask of a frame by this name."""
        columns = ", ".join(
            f"{quoted(column)} {_SQL_TYPES[kind]}" for column, kind in frame.schema.items()
        )
        self.connection.execute(f"create or replace temp table {quoted(name)} ({columns})")
        if not frame.is_empty():
            self.connection.executemany(
                f"insert into {quoted(name)} values ({', '.join('?' * frame.width)})", frame.rows()
            )


def read(
    connection: DuckDBPyConnection,
    tables: tuple[Table, ...],
    imprint: ReleaseInfo,
    previous: Path | None,
) -> Figures:
    """Every frame of the release attached as `release`; `previous` is the folder of the release to compare with."""
    release = _Release(connection, tables)
    frames = {name: pl.DataFrame(schema=schema) for name, schema in SCHEMAS.items()}
    frames |= _members(release)
    previous_id, previous_built_at = _identity(previous)
    # the same joins are asked of often, and only of these rows: what is said of regions of the time, of adoption
    if release.has(_ADOPTION, *_ADOPTION_COLUMNS):
        of_month = (
            "where is_region_of_month" if release.has(_ADOPTION, "is_region_of_month") else ""
        )
        connection.execute(
            f"create or replace temp view adoption as select * from release.marts.{_ADOPTION} {of_month}"
        )
        frames["series"] = _series(release)
        frames["by_actor"] = _by_actor(release, frames["series"])
        frames["levels"] = _levels(release)
        frames |= _regional(release, frames["levels"])
    frames["newest"] = _newest(release)
    frames["points"] = _points(release)
    frames["years"] = _years(release)
    frames |= _plan(release)
    frames |= _forecast(release)
    frames |= _changes(release, previous, previous_built_at, frames["series"])
    frames |= _care(release)
    focus = next(iter(frames["levels"]["service_code"]), None)
    return Figures(frames, focus, previous is None, previous_id, previous_built_at)


def _members(release: _Release) -> dict[str, pl.DataFrame]:
    order = " ".join(f"when '{code}' then {place}" for place, code in enumerate(SERVICES))
    return {
        "services": release.ask(
            "services",
            f"select * from release.star.dim_service order by case service_code {order} else 99 end, service_code",
            {"dim_service": tuple(SCHEMAS["services"])},
        ),
        "actors": release.ask(
            "actors",
            "select * from release.star.dim_actor_type order by actor_type_code",
            {"dim_actor_type": tuple(SCHEMAS["actors"])},
        ),
        "measures": release.ask(
            "measures",
            "select * from release.star.dim_measure order by measure_code",
            {"dim_measure": tuple(SCHEMAS["measures"])},
        ),
        "sources": release.ask(
            "sources",
            "select * from release.star.dim_source order by title",
            {"dim_source": tuple(SCHEMAS["sources"])},
        ),
    }


def _rank_of(column: str, order: tuple[str, ...]) -> str:
    return f"case {column} {' '.join(f'when {literal(code)} then {place}' for place, code in enumerate(order))} else {len(order)} end"


def _series(release: _Release) -> pl.DataFrame:
    """One series of the nation per service: the one with the newest share; of those the first actor type in order, then the longest."""
    return release.ask(
        "series",
        f"""
        with stated as (
            select *, count(*) over (partition by service_code, measure_code, actor_type_code) as months
            from adoption where region_key = '{NATION}' and adoption_share is not null and service_code is not null
        )
        select service_code, measure_code, actor_type_code, month, months, adoption_share as share, adoption_count as "count", eligible_count as eligible,
            change_12m, qualifier, basis, source_name
        from stated
        qualify row_number() over (
            partition by service_code order by month desc, {_rank_of("actor_type_code", ACTOR_ORDER)}, months desc, measure_code, actor_type_code
        ) = 1
        order by {_rank_of("service_code", SERVICES)}, service_code
        """,
    )


def _by_actor(release: _Release, series: pl.DataFrame) -> pl.DataFrame:
    """The newest month of every actor type of the main series' measures, for the nation; without a share where that month is suppressed."""
    release.keep("main_series", series)
    return release.ask(
        "by_actor",
        f"""
        select said.service_code, said.actor_type_code, said.month, said.adoption_share as share, said.adoption_count as "count",
            said.eligible_count as eligible, said.status
        from adoption as said
        inner join main_series as main on said.measure_code = main.measure_code
        where said.region_key = '{NATION}'
        qualify said.month = max(said.month) over (partition by said.measure_code, said.actor_type_code)
        order by {_rank_of("said.actor_type_code", ACTOR_ORDER)}, said.actor_type_code, {_rank_of("said.service_code", SERVICES)}
        """,
    )


def _levels(release: _Release) -> pl.DataFrame:
    """Where a service's series is told of regions: its level, newest month, and how many regions are known of how many. The service to look at first comes first."""
    return release.ask(
        "levels",
        f"""
        with told as (
            select said.service_code, said.region_level, said.month, count(said.adoption_share) as known
            from adoption as said
            inner join main_series as main on said.measure_code = main.measure_code and said.actor_type_code = main.actor_type_code
            inner join release.star.dim_region as region on said.region_key = region.region_key and region.is_current
            where said.region_level in {LEVELS}
            group by all
        ),
        newest as (
            select told.*, count(*) over (partition by service_code, region_level) as months
            from told
            qualify month = max(month) over (partition by service_code, region_level)
        ),
        members as (select region_level, count(*) as regions from release.star.dim_region where is_current group by region_level)
        select newest.service_code, newest.region_level, newest.month, newest.known, members.regions
        from newest inner join members on newest.region_level = members.region_level
        where newest.known >= {FEWEST_REGIONS}
        qualify row_number() over (partition by service_code order by {_rank_of("newest.region_level", LEVELS)}) = 1
        order by {_rank_of("service_code", SERVICES)}, service_code
        """,
        {"dim_region": ("region_key", "region_level", "is_current")},
    )


def _regional(release: _Release, levels: pl.DataFrame) -> dict[str, pl.DataFrame]:
    """What is drawn of regions: curves, spread, ranking, matrix, tiles and cells."""
    if levels.is_empty():
        # curves of the nation alone
        return {
            "curves": release.ask(
                "curves",
                f"""
                select said.service_code, said.region_key, said.region_name, said.month, said.adoption_share as share
                from adoption as said
                inner join main_series as main on said.measure_code = main.measure_code and said.actor_type_code = main.actor_type_code
                where said.region_key = '{NATION}' and main.months >= {FEWEST_MONTHS}
                order by all
                """,
            )
        }
    release.keep("main_level", levels)
    release.connection.execute(
        f"""
        create or replace temp table regional as
        select said.*, main_level.month as newest_month, said.region_key = '{NATION}' as is_nation
        from adoption as said
        inner join main_series as main on said.measure_code = main.measure_code and said.actor_type_code = main.actor_type_code
        inner join release.star.dim_region as region on said.region_key = region.region_key and region.is_current
        left join main_level on said.service_code = main_level.service_code
        where said.region_key = '{NATION}' or said.region_level = main_level.region_level
        """
    )
    focus = literal(levels["service_code"][0])
    found = {
        "curves": release.ask(
            "curves",
            "select service_code, region_key, region_name, month, adoption_share as share from regional order by service_code, not is_nation, region_key, month",
        ),
        "spread": release.ask(
            "spread",
            f"""
            select service_code, month, count(adoption_share) as known, count(*) as regions, min(adoption_share) as low,
                quantile_cont(adoption_share, 0.1) as p10, median(adoption_share) as median, quantile_cont(adoption_share, 0.9) as p90,
                max(adoption_share) as high
            from regional where not is_nation
            group by service_code, month
            -- of fewer than half nobody knows the spread
            having count(adoption_share) >= {FEWEST_REGIONS} and 2 * count(adoption_share) >= count(*)
            order by service_code, month
            """,
        ),
        "ranking": release.ask(
            "ranking",
            f"""
            select region_key, region_name, adoption_share as share, change_12m, adoption_count as "count", eligible_count as eligible, share_lower as lower,
                share_upper as upper, qualifier, status,
                case when adoption_share is not null and not is_nation then rank() over (partition by is_nation order by adoption_share desc nulls last) end as rank
            from regional where service_code = {focus} and month = newest_month
            order by is_nation, adoption_share desc nulls last, region_name
            """,
        ),
        "matrix": release.ask(
            "matrix",
            """
            select region_key, region_name, service_code, adoption_share as share, status
            from regional where month = newest_month and region_level = (select first(region_level) from main_level)
            order by region_name, service_code
            """,
        ),
        "cells": release.ask(
            "cells",
            f"""
            with told as (select * from regional where service_code = {focus} and not is_nation)
            select region.region_key, region.region_name, calendar.month, told.adoption_share as share,
                case when told.region_key is null then 'not_published' when told.adoption_share is not null then 'published' else 'suppressed' end as state
            from (select distinct region_key, region_name from told) as region
            cross join (
                select unnest(generate_series((select min(month) from told), (select max(month) from told), interval 1 month))::date as month
            ) as calendar
            left join told on region.region_key = told.region_key and calendar.month = told.month
            order by region.region_name, calendar.month
            """,
        ),
    }
    found["tiles"] = release.ask(
        "tiles",
        f"""
        with main as (select * from main_series where service_code = {focus}),
        told as (
            select said.*, max(said.month) over (partition by said.region_level) as newest_month
            from adoption as said
            inner join main on said.measure_code = main.measure_code and said.actor_type_code = main.actor_type_code
            where said.region_level in {TILE_LEVELS}
        ),
        newest as (select region_level, max(month) as month from told group by region_level)
        select region.region_level, region.region_key, region.region_code, region.region_name, region.tile_column, region.tile_row,
            region.is_tile_row_offset as is_offset, region.is_tile_inset as is_inset, newest.month, told.adoption_share as share,
            case when told.region_key is null then 'not_published' when told.adoption_share is not null then 'published' else 'suppressed' end as status
        from release.star.dim_region as region
        inner join newest on region.region_level = newest.region_level
        left join told on region.region_key = told.region_key and told.month = newest.month
        where region.is_current and region.tile_column is not null
        order by region.region_level, region.region_code
        """,
        {
            "dim_region": (
                "region_key",
                "region_level",
                "region_code",
                "region_name",
                "is_current",
                "tile_column",
                "tile_row",
                "is_tile_row_offset",
                "is_tile_inset",
            )
        },
    )
    return found


def _newest(release: _Release) -> pl.DataFrame:
    """The newest figure of each service: of the nation before a place, of adoption before anything else, a share before a count."""
    return release.ask(
        "newest",
        f"""
        select said.service_code, said.measure_code, measure.is_adoption, said.region_key, said.region_name, said.actor_type_code, said.period_start,
            said.period_end, said.period_grain, said.value, said.lower_bound as lower, said.upper_bound as upper, said.qualifier, said.unit, said.owner,
            said.statement_address, said.source_name
        from release.marts.mart_key_figures as said
        inner join release.star.dim_measure as measure on said.measure_code = measure.measure_code
        where said.service_code is not null and said.status <> 'suppressed' and coalesce(said.value, said.lower_bound, said.upper_bound) is not null
        qualify row_number() over (
            partition by said.service_code
            order by case when measure.is_adoption then 0 else 1 end, case when said.region_key = '{NATION}' then 0 else 1 end, said.period_end desc nulls last,
                case when said.unit = 'share' then 0 else 1 end, {_rank_of("said.actor_type_code", ACTOR_ORDER)}, said.value desc nulls last, said.measure_code,
                said.actor_type_code, said.region_key
        ) = 1
        order by {_rank_of("said.service_code", SERVICES)}
        """,
        {"mart_key_figures": _KEY_FIGURES, "dim_measure": ("measure_code", "is_adoption")},
    )


def _points(release: _Release) -> pl.DataFrame:
    """Every share of the nation about adoption, of whatever period, for services whose series is too short for a curve."""
    needs = {"mart_key_figures": _KEY_FIGURES, "dim_measure": ("measure_code", "is_adoption")}
    long = (
        f"select service_code from main_series where months >= {FEWEST_MONTHS}"
        if release.has(_ADOPTION, *_ADOPTION_COLUMNS)
        else "select null where false"
    )
    return release.ask(
        "points",
        f"""
        select said.service_code, said.measure_code, said.actor_type_code, said.period_start, said.period_end, said.period_grain, said.value,
            said.lower_bound as lower, said.upper_bound as upper, said.qualifier, said.owner
        from release.marts.mart_key_figures as said
        inner join release.star.dim_measure as measure on said.measure_code = measure.measure_code
        where measure.is_adoption and said.unit = 'share' and said.region_key = '{NATION}' and said.period_end is not null
            and coalesce(said.value, said.lower_bound, said.upper_bound) is not null
            and said.service_code is not null and said.service_code not in ({long})
        order by said.service_code, said.measure_code, said.actor_type_code, said.period_end, said.period_start, said.value
        """,
        needs,
    )


def _years(release: _Release) -> pl.DataFrame:
    """How many figures about adoption there are of each service and year, every region and period counted; 0 is none published."""
    return release.ask(
        "years",
        f"""
        with told as (
            select said.service_code, extract(year from said.period_end)::integer as year, count(*) as figures
            from release.marts.mart_key_figures as said
            inner join release.star.dim_measure as measure on said.measure_code = measure.measure_code
            where said.service_code is not null and said.period_end is not null and said.status <> 'missing'
            group by all
        )
        select service.service_code, calendar.year, coalesce(told.figures, 0) as figures
        from release.star.dim_service as service
        cross join (select unnest(range((select min(year) from told), (select max(year) from told) + 1))::integer as year) as calendar
        left join told on service.service_code = told.service_code and calendar.year = told.year
        order by {_rank_of("service.service_code", SERVICES)}, calendar.year
        """,
        {
            "mart_key_figures": _KEY_FIGURES,
            "dim_measure": ("measure_code",),
            "dim_service": ("service_code",),
        },
    )


def _plan(release: _Release) -> dict[str, pl.DataFrame]:
    """Targets of the nation with the newest figure of each, what has been reached of them all, and where areas are in the roll-out."""
    needs = (
        "service_code",
        "measure_code",
        "region_name",
        "region_key",
        "actor_type_code",
        "unit",
        "direction",
        "due_start",
        "due_end",
        "due_grain",
        "target_value",
        "newest_value",
        "newest_period_end",
        "newest_qualifier",
        "distance",
        "months_left",
        "pace_needed_per_month",
        "pace_per_month",
        "target_status",
        "statement_address",
        "target_kind",
    )
    found = {
        "targets": release.ask(
            "targets",
            f"""
            select service_code, measure_code, region_name, region_key, actor_type_code, unit, direction, due_start, due_end, due_grain, target_value as target,
                newest_value as newest, newest_period_end as newest_end, newest_qualifier, distance, months_left, pace_needed_per_month as pace, pace_per_month as pace_told,
                target_status as status, statement_address as address
            from release.marts.mart_target_status
            where target_kind = 'target' and region_key = '{NATION}'
            order by {_rank_of("service_code", SERVICES)}, measure_code, {_rank_of("actor_type_code", ACTOR_ORDER)}, due_end nulls last, target_value
            """,
            {"mart_target_status": needs},
        ),
        "target_counts": release.ask(
            "target_counts",
            f"select target_status as status, count(*) as targets from release.marts.mart_target_status where target_kind = 'target' and region_key <> '{NATION}' group by all order by all",
            {"mart_target_status": needs},
        ),
        "rollout": _rollout(release),
    }
    release.keep("found_targets", found["targets"])
    if release.has(_ADOPTION, *_ADOPTION_COLUMNS):
        found["paths"] = release.ask(
            "paths",
            f"""
            select measure_code, actor_type_code, month, adoption_share as share
            from adoption
            where region_key = '{NATION}' and exists (from found_targets as t where t.measure_code = adoption.measure_code and t.actor_type_code = adoption.actor_type_code)
            order by all
            """,
        )
    return found


def _rollout(release: _Release) -> pl.DataFrame:
    """Areas in the newest month of the roll-out of the list itself: what the plan, the reports and the figures say of the phase."""
    table = "mart_rollout_by_area_month"
    needed = (
        "service_code",
        "region_level",
        "region_name",
        "actor_type_code",
        "month",
        "planned_phase",
        "planned_basis",
        "reported_phase",
        "observed_phase",
        "lag_months",
    )
    return release.ask(
        "rollout",
        f"""
        with newest as (select max(month) as month from release.marts.{table} where service_code = '{FIRST_SERVICE}')
        select said.region_level, said.region_name, said.actor_type_code, said.month, said.planned_phase as planned, said.planned_basis, said.reported_phase as reported,
            said.observed_phase as observed, said.lag_months
        from release.marts.{table} as said inner join newest on said.month = newest.month
        where said.service_code = '{FIRST_SERVICE}'
        order by {_rank_of("said.region_level", ("land", "rhf", "helsefellesskap", "hf", "sykehus", "gruppe", "fylke", "kommune"))},
            said.region_name, {_rank_of("said.actor_type_code", ACTOR_ORDER)}, said.actor_type_code
        """,
        {table: needed},
    )


def _forecast(release: _Release) -> dict[str, pl.DataFrame]:
    """The nation's forecasts: of the main series by month, of every series when it passes, and why others have none."""
    table = "mart_adoption_forecast"
    needs = {
        table: (
            "service_code",
            "measure_code",
            "region_key",
            "actor_type_code",
            "month",
            "expected_share",
            "share_low",
            "share_high",
            "interval_level",
            "passes_25_month",
            "passes_50_month",
            "passes_80_month",
            "passes_95_month",
            "last_observed_month",
            "last_observed_share",
            "refusal_code",
            "refusal",
        )
    }
    if not release.has(_ADOPTION, *_ADOPTION_COLUMNS):
        return {}
    series = "service_code, measure_code, actor_type_code"
    return {
        "forecast": release.ask(
            "forecast",
            f"""
            select said.service_code, said.month, said.expected_share as expected, said.share_low as low, said.share_high as high, said.interval_level as level
            from release.marts.{table} as said
            inner join main_series as main on said.measure_code = main.measure_code and said.actor_type_code = main.actor_type_code
            where said.region_key = '{NATION}' and said.month is not null and said.expected_share is not null
            order by {_rank_of("said.service_code", SERVICES)}, said.month
            """,
            needs,
        ),
        "passes": release.ask(
            "passes",
            f"""
            select {series}, max(last_observed_month) as last_month, max(last_observed_share) as last_share, max(passes_25_month) as p25,
                max(passes_50_month) as p50, max(passes_80_month) as p80, max(passes_95_month) as p95, max(refusal_code) as refusal_code,
                max(refusal) as refusal
            from release.marts.{table} where region_key = '{NATION}'
            group by {series}
            order by {_rank_of("service_code", SERVICES)}, measure_code, {_rank_of("actor_type_code", ACTOR_ORDER)}, actor_type_code
            """,
            needs,
        ),
        "refusals": release.ask(
            "refusals",
            f"""
            select refusal_code, min(refusal) as refusal, count(distinct (measure_code, region_key, actor_type_code)) as series
            from release.marts.{table}
            group by refusal_code order by series desc, refusal_code
            """,
            needs,
        ),
    }


def _identity(previous: Path | None) -> tuple[str | None, datetime | None]:
    """Which release that is; none where there is none, or it cannot be read. A comparison never stops a release."""
    if previous is None:
        return None, None
    try:
        manifest = json.loads((previous / MANIFEST).read_text(encoding="utf-8"))
        return manifest["release_id"], datetime.fromisoformat(manifest["built_at"])
    except (OSError, ValueError, KeyError):
        return None, None


def _changes(
    release: _Release, previous: Path | None, since: datetime | None, series: pl.DataFrame
) -> dict[str, pl.DataFrame]:
    """Revisions of figures, and the main series as the release before told them."""
    needs = {
        "mart_revisions": (
            "service_code",
            "measure_code",
            "region_name",
            "actor_type_code",
            "period_start",
            "period_end",
            "period_grain",
            "change_kind",
            "changed_at",
            "value_before",
            "value_after",
        ),
        "dim_measure": ("measure_code", "unit"),
    }
    after = f"changed_at > {literal(since.isoformat())}::timestamptz" if since else "false"
    found = {
        "revision_counts": release.ask(
            "revision_counts",
            f"select change_kind, count(*) as changes, count(*) filter ({after}) as since_last from release.marts.mart_revisions group by all order by all",
            needs,
        ),
        "revisions": release.ask(
            "revisions",
            f"""
            select said.service_code, said.measure_code, said.region_name, said.actor_type_code, said.period_start, said.period_end, said.period_grain,
                said.change_kind, said.changed_at, said.value_before as before, said.value_after as after, measure.unit
            from release.marts.mart_revisions as said inner join release.star.dim_measure as measure on said.measure_code = measure.measure_code
            order by said.changed_at desc, said.region_name <> 'Norge', abs(said.value_after - said.value_before) desc nulls last, said.measure_code,
                said.region_name, said.actor_type_code, said.period_end desc
            limit {MOST_REVISIONS}
            """,
            needs,
        ),
    }
    if previous is None or since is None or series.is_empty():
        return found
    release.connection.execute(f"attach {literal(previous / DATABASE)} as earlier (read_only)")
    try:
        known = release.connection.execute(
            "select list(column_name) from duckdb_columns() where database_name = 'earlier' and table_name = ?",
            [_ADOPTION],
        ).fetchone()
        if known and {
            "measure_code",
            "region_key",
            "actor_type_code",
            "month",
            "adoption_share",
        } <= set(known[0] or ()):
            found["compared"] = release.ask(
                "compared",
                f"""
                with past as (
                    select measure_code, actor_type_code, month, adoption_share from earlier.marts.{_ADOPTION}
                    where region_key = '{NATION}' and adoption_share is not null
                    qualify month = max(month) over (partition by measure_code, actor_type_code)
                )
                select main.service_code, main.actor_type_code, past.month as month_before, past.adoption_share as share_before, main.month, main.share
                from main_series as main left join past on main.measure_code = past.measure_code and main.actor_type_code = past.actor_type_code
                order by {_rank_of("main.service_code", SERVICES)}
                """,
            )
    finally:
        release.connection.execute("detach earlier")
    return found


def _care(release: _Release) -> dict[str, pl.DataFrame]:
    """How fresh and how whole each source is, and what was set aside."""
    coverage = release.ask(
        "coverage",
        """
        with newest as (select source_name, max(period_end) as newest_end from release.star.fct_observation group by source_name)
        select counted.source_name, any_value(newest.newest_end) as newest_end, sum(counted.published_count)::bigint as published,
            sum(counted.suppressed_count)::bigint as suppressed, sum(counted.missing_count)::bigint as missing, sum(counted.quarantined_count)::bigint as quarantined
        from release.marts.mart_coverage_by_source_month as counted left join newest on counted.source_name = newest.source_name
        group by counted.source_name order by counted.source_name
        """,
        {
            "mart_coverage_by_source_month": (
                "source_name",
                "published_count",
                "suppressed_count",
                "missing_count",
                "quarantined_count",
            ),
            "fct_observation": ("source_name", "period_end"),
        },
    )
    quarantine = release.ask(
        "quarantine",
        "select source_name, rule, min(reason) as reason, count(*) as rows from release.star.fct_quarantine group by source_name, rule order by rows desc, source_name, rule",
        {"fct_quarantine": ("source_name", "rule", "reason")},
    )
    return {"coverage": coverage, "quarantine": quarantine}
