"""Which figures of each area, and of the country, differ from the release before.

Only what they are about: what is withheld later must not be in a feed. Not here: how that is
written (`feed.py`), every change in every table (`difference.md`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import duckdb

from pll_pipeline.published.duckdb import FILE_NAME as DATABASE
from pll_pipeline.published.duckdb import attach
from pll_pipeline.published.page.rows import Row, grouped
from pll_pipeline.published.sql import Sql, statement

# Published figures, and sums: shares of published figures change with those.
_FIGURES = """
    select
        region_key,
        measure_role,
        measure_code,
        actor_type_code,
        period_start,
        period_end,
        period_grain,
        value,
        lower_bound,
        upper_bound,
        qualifier,
        status
    from {database}.marts.mart_key_figures
    where region_key in (select region_key from build.page.page_area union all select 'land:NO')
    union all
    select
        region_key,
        'adoption',
        measure_code,
        actor_type_code,
        month,
        last_day(month),
        'month',
        coalesce(adoption_share, adoption_count),
        coalesce(share_lower, adoption_count_lower),
        coalesce(share_upper, adoption_count_upper),
        qualifier,
        status
    from {database}.marts.mart_adoption_by_region_actor_month
    where
        basis = 'aggregated'
        and is_representative
        and region_key in (select region_key from build.page.page_area union all select 'land:NO')
"""
_CHANGES = """
    with
    new_rows as (({now}) except ({past})),
    gone_rows as (({past}) except ({now})),
    cell as (
        select
            region_key, measure_role, measure_code, actor_type_code,
            period_start, period_end, period_grain,
            bool_or(is_new) as is_new, bool_or(not is_new) as is_gone
        from (
            select *, true as is_new from new_rows
            union all
            select *, false as is_new from gone_rows
        )
        group by all
    )
    select
        region_key,
        measure_role,
        measure_code,
        actor_type_code,
        case
            when is_new and is_gone then 'changed' when is_new then 'new' else 'gone'
        end as change,
        count(*) as figure_count,
        max_by(period_start, coalesce(period_end, date '0001-01-01')) as period_start,
        max(period_end) as period_end,
        max_by(period_grain, coalesce(period_end, date '0001-01-01')) as period_grain
    from cell
    group by all
    order by
        region_key, measure_role, period_end desc nulls last, measure_code, actor_type_code, change
"""


@dataclass(frozen=True)
class Change:
    """Figures of one measure and actor type that are new, changed or gone: how many, and the
    newest period of them; it may be undated.
    """

    measure_code: str
    actor_type_code: str
    change: str
    figure_count: int
    period_start: date | None
    period_end: date | None
    period_grain: str | None


def changes_by_area(
    connection: duckdb.DuckDBPyConnection, previous: Path | None
) -> Mapping[str, list[Change]] | None:
    """The changes since the release in a folder by region: of adoption first, then the newest.

    None where there is no such release, or where it cannot be compared: a damaged or older release
    never stops the next one, so that nothing is raised.
    """
    if previous is None:
        return None
    try:
        attach(connection, previous / DATABASE, "previous")
    except (OSError, duckdb.Error):
        return None
    try:
        rows = _rows(connection)
    except duckdb.Error:
        return None
    finally:
        connection.execute("detach previous")
    return {
        key: [Change(**{name: row[name] for name in Change.__match_args__}) for row in group]
        for (key,), group in grouped(rows, "region_key").items()
    }


def _rows(connection: duckdb.DuckDBPyConnection) -> list[Row]:
    now, past = (
        statement(_FIGURES, database=Sql(database)) for database in ("release", "previous")
    )
    answer = connection.execute(statement(_CHANGES, now=now, past=past))
    names = [column[0] for column in answer.description or ()]
    return [dict(zip(names, row, strict=True)) for row in answer.fetchall()]
