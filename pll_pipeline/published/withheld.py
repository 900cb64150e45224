"""What a release shows that its publisher withholds by a newer one.

The newest release marks earlier figures of withheld cells (`is_withheld`). A release that shows one
of them is removed in the night that sees it, and no rollback leads to it. The bytes stay in raw.
Not here: marking (`validated/withholding.py`), what a marked row shows (dbt), removing releases.
"""

from __future__ import annotations

from pathlib import Path

import duckdb

from pll_pipeline.published.sql import literal, quoted, statement

_WITHHELD = """
    create temp table withheld as
    select distinct
        source_name, measure_code, region_key, actor_type_code, period_start, period_end,
        period_grain
    from newest.star.fct_observation_revision
    where is_withheld
"""
_SHOWN = """
    select shown.measure_code, shown.region_key, shown.actor_type_code, shown.period_end
    from earlier.star.fct_observation_revision as shown
    inner join withheld
        on
            shown.source_name = withheld.source_name
            and shown.measure_code = withheld.measure_code
            and shown.region_key = withheld.region_key
            and shown.actor_type_code = withheld.actor_type_code
            and shown.period_start is not distinct from withheld.period_start
            and shown.period_end is not distinct from withheld.period_end
            and shown.period_grain is not distinct from withheld.period_grain
    where coalesce(shown.value, shown.lower_bound, shown.upper_bound) is not null
        and shown.status <> 'suppressed'
    order by all
    limit 1
"""


def shown_by(newest: Path, earlier: Path) -> str | None:
    """The first figure that the database `earlier` shows and `newest` withholds; None for none.

    Both are DuckDB files of releases. Raises what DuckDB raises where one cannot be read.
    """
    with duckdb.connect(":memory:") as connection:
        for name, file in (("newest", newest), ("earlier", earlier)):
            connection.execute(
                statement(
                    "attach {file} as {name} (read_only)", file=literal(file), name=quoted(name)
                )
            )
        if not _marks(connection, "newest"):
            return None
        connection.execute(_WITHHELD)
        shown = connection.execute(_SHOWN).fetchall()
    return ", ".join(str(value) for value in shown[0] if value is not None) if shown else None


def _marks(connection: duckdb.DuckDBPyConnection, database: str) -> bool:
    """Whether a release is of a version that marks withheld figures."""
    columns = connection.execute(
        "select 1 from duckdb_columns() where database_name = ? and column_name = 'is_withheld'",
        [database],
    )
    return bool(columns.fetchall())
