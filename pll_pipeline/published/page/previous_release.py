"""The release before this one, as far as the page compares with it.

Not here: everything else that differs (`difference.py` of the release).
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

import duckdb

from pll_pipeline.published.descriptor import MANIFEST
from pll_pipeline.published.duckdb import FILE_NAME as DATABASE
from pll_pipeline.published.duckdb import attach

_NEWEST_SHARES = """
    select
        measure_code,
        actor_type_code,
        max(month) as month,
        arg_max(adoption_share, month) as adoption_share
    from previous.marts.mart_adoption_by_region_actor_month
    where region_level = 'land' and adoption_share is not null
    group by measure_code, actor_type_code
"""


@dataclass(frozen=True)
class PreviousRelease:
    """Which release it is, and the newest share of each series of the country in it.

    `newest_shares` has (month, share) by (measure, actor type).
    """

    release_id: str
    built_at: datetime
    newest_shares: dict[tuple[str, str], tuple[date, float]]


def previous_release(
    connection: duckdb.DuckDBPyConnection, folder: Path | None
) -> PreviousRelease | None:
    """The release in a folder; None where there is none, or it cannot be read.

    A damaged release never stops the next one, so that nothing is raised.
    """
    if folder is None:
        return None
    try:
        manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        return PreviousRelease(
            str(manifest["release_id"]),
            datetime.fromisoformat(manifest["built_at"]),
            _newest_shares(connection, folder / DATABASE),
        )
    except (OSError, ValueError, KeyError, duckdb.Error):
        return None


def _newest_shares(
    connection: duckdb.DuckDBPyConnection, database: Path
) -> dict[tuple[str, str], tuple[date, float]]:
    attach(connection, database, "previous")
    try:
        rows = connection.execute(_NEWEST_SHARES).fetchall()
    finally:
        connection.execute("detach previous")
    return {(measure, actor): (month, share) for measure, actor, month, share in rows}
