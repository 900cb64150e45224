"""What the page shows: its private tables in the build file, and the release before this one.

The tables are models of dbt in the schema `page`, made of star and marts of the same build, one per
figure; this module only selects them. They are in no release.
Not here: what a table contains (`dbt_project/models/page/`), words and drawings.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from duckdb import DuckDBPyConnection

from pll_pipeline.published.csv import path_of
from pll_pipeline.published.draft import Draft
from pll_pipeline.published.page.previous_release import PreviousRelease, previous_release
from pll_pipeline.published.page.rows import Row, distinct, where
from pll_pipeline.published.release_info import ReleaseInfo
from pll_pipeline.published.sql import Sql, quoted, statement

# The tables of the schema `page`, without the `page_` of their names.
TABLES = (
    "service",
    "actor_type",
    "series",
    "adoption_by_actor_type",
    "newest_figure",
    "area_level",
    "curve",
    "point",
    "spread",
    "ranking",
    "matrix",
    "tile",
    "cell",
    "year",
    "target",
    "target_count",
    "target_path",
    "rollout",
    "forecast",
    "passing",
    "refusal",
    "revision",
    "coverage",
    "quarantine",
    "gap",
    "milestone",
    "readiness",
    "figure_source",
    "area",
    "area_name",
    "area_figure",
    "area_other_figure",
    "area_curve",
    "area_rank",
    "area_phase",
    "area_milestone",
    "area_readiness",
    "area_readiness_source",
)
# Public tables that the page needs as they are.
PUBLIC_TABLES = {"measure": "dim_measure", "refusal_reason": "dim_forecast_refusal"}
# All that the page is made of, for the lineage.
READS = (*(f"page_{name}" for name in TABLES), *PUBLIC_TABLES.values(), "mart_revisions")
_REVISION_COUNTS = """
    select
        change_kind,
        count(*) as change_count,
        count(*) filter (where changed_at > $since) as since_previous_count
    from release.marts.mart_revisions
    group by change_kind
    order by change_kind
"""


@dataclass(frozen=True)
class PageData:
    """The rows of every table of the page by its name, what the release states about itself,
    and the release before it: None where there is none, or where it cannot be read. `csv_files`
    are the paths of the CSV files by public table.
    """

    rows: Mapping[str, Sequence[Row]]
    release: ReleaseInfo
    previous: PreviousRelease | None = None
    is_first_release: bool = True
    csv_files: Mapping[str, str] = field(default_factory=dict)

    def __getitem__(self, table: str) -> Sequence[Row]:
        """The rows of a table, in the order of the page."""
        return self.rows[table]

    @property
    def is_simulated(self) -> bool:
        """Whether the figures are simulated."""
        return self.release.inputs.is_simulated

    @property
    def today(self) -> date:
        """The day of the release, from which the age of a figure counts."""
        return self.release.built_at.date()

    @property
    def sources(self) -> dict[str, dict[str, Any]]:
        """What is stated about each source that the release is made from, by its name."""
        return {source["source_name"]: source for source in self.release.inputs.sources}

    def series_of(self, service: str) -> Row | None:
        """The series of the country that is shown for a service."""
        return next(iter(where(self["series"], service_code=service)), None)

    def actor_type_of(self, service: str) -> str | None:
        """The actor type of the series that is shown for a service."""
        series = self.series_of(service)
        return str(series["actor_type_code"]) if series else None

    def sources_of(self, figure: str) -> list[str]:
        """The sources of the rows that a figure is made from.

        Raises `LookupError` where there is none: no figure is without a source.
        """
        sources = distinct(where(self["figure_source"], figure_name=figure), "source_name")
        if not sources:
            raise LookupError(f"page_figure_source has no source of the figure {figure}")
        return sources


def read(draft: Draft) -> PageData:
    """The data of the page of a release that is being written."""
    connection = draft.connection
    rows = {
        name: _rows(connection, _select("release.star", table))
        for name, table in PUBLIC_TABLES.items()
    }
    for name in TABLES:
        rows[name] = _rows(connection, _select("build.page", f"page_{name}", "page_order"))
    previous = previous_release(connection, draft.previous)
    since = previous.built_at if previous else None
    rows["revision_count"] = _rows(connection, Sql(_REVISION_COUNTS), since=since)
    csv_files = {table.name: path_of(draft.folder, table.name) for table in draft.tables}
    return PageData(rows, draft.info, previous, draft.previous is None, csv_files)


def _select(schema: str, table: str, order: str = "") -> Sql:
    """A whole table, in its order on the page where it has one."""
    name = Sql(f"{schema}.{quoted(table)}")
    if not order:
        return statement("from {table}", table=name)
    return statement(
        "select * exclude ({order}) from {table} order by {order}", table=name, order=quoted(order)
    )


def _rows(connection: DuckDBPyConnection, sql: Sql, **values: object) -> list[Row]:
    """The answer of a statement as rows."""
    answer = connection.execute(sql, values)
    names = [column[0] for column in answer.description or ()]
    return [dict(zip(names, row, strict=True)) for row in answer.fetchall()]
