"""Rows of the page's tables, complete by their contract. Not here: fixtures and assertions."""

from __future__ import annotations

from datetime import UTC, date, datetime
from functools import cache
from typing import Any

from pll_pipeline.published.page.data import PUBLIC_TABLES, TABLES, PageData
from pll_pipeline.published.page.page_texts import PageTexts
from pll_pipeline.published.page.previous_release import PreviousRelease
from pll_pipeline.published.page.rows import Row
from pll_pipeline.published.release_info import ReleaseInfo
from pll_pipeline.star.model_files import DBT_PROJECT, Table, tables
from tests.release_world import inputs

RELEASE_ID = "2026-11-23T030004Z"
BUILT_AT = datetime(2026, 11, 23, 3, 0, 4, tzinfo=UTC)
# A column that may not be empty has one of these where a row does not say otherwise.
_DEFAULTS: dict[str, Any] = {
    "integer": 1,
    "bigint": 1,
    "double": 0.5,
    "boolean": False,
    "date": date(2026, 1, 1),
    "timestamp with time zone": BUILT_AT,
}
_NAMES = {
    "service": {"service_code": "pll"},
    "actor_type": {"actor_type_code": "fastlege", "page_rank": 1},
    "measure": {"measure_code": "share"},
    "refusal_reason": {"refusal_code": "too_old"},
}


@cache
def _described() -> dict[str, Table]:
    page, star = tables(DBT_PROJECT, "page"), tables(DBT_PROJECT, "star")
    own = {name: page[f"page_{name}"] for name in TABLES}
    return own | {name: star[table] for name, table in PUBLIC_TABLES.items()}


def _default(table: Table, name: str) -> Any:
    column = table.column(name)
    if name == "source_name":
        return "figures"
    if column.type != "varchar":
        return _DEFAULTS[column.type]
    return column.allowed[0] if column.allowed else name


def row(table: str, **values: Any) -> Row:
    """A row of a table of the page; columns without a value are empty, or have a value of their
    type where they may not be.
    """
    described = _described()[table]
    unknown = values.keys() - set(described.names)
    assert not unknown, f"{table} has no {unknown}"
    required = {name: _default(described, name) for name in described.required}
    filled = dict.fromkeys(described.names) | required | values
    return {name: value for name, value in filled.items() if name != "page_order"}


def data(
    *,
    previous: PreviousRelease | None = None,
    is_first_release: bool = True,
    release_inputs: dict[str, Any] | None = None,
    **rows: list[Row],
) -> PageData:
    """The data of a page: the named tables with these rows, all others empty.

    Where no rows are given there is one service, one actor type, one measure and one refusal, each
    named as its column is. Every figure has the source `figures`.
    """
    names = {table: [row(table, **values)] for table, values in _NAMES.items()}
    empty: dict[str, list[Row]] = {name: [] for name in (*TABLES, "revision_count")}
    sources = [
        row("figure_source", figure_name=name)
        for name in (
            *("actors", "plan", "rollout", "curves", "points", "spread", "ranking"),
            *("matrix", "maps", "cells", "years", "forecast", "timeline", "readiness"),
        )
    ]
    return PageData(
        empty | names | {"figure_source": sources} | rows,
        ReleaseInfo(RELEASE_ID, BUILT_AT, inputs(**(release_inputs or {}))),
        previous,
        is_first_release,
    )


def english(page_data: PageData) -> PageTexts:
    """The English texts of a page."""
    return PageTexts("en", page_data)
