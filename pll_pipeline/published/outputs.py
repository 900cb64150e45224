"""What a release holds, one module per kind of file; `write_release` calls them in order.

Not here: where releases lie, how one becomes current, what happens when it fails (`warehouse.py`).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from pll_pipeline.published import (
    csv as delimited,
)
from pll_pipeline.published import (
    dbt_docs,
    descriptor,
    difference,
    disclosure,
    duckdb,
    parquet,
    powerbi,
    workbook,
)
from pll_pipeline.published import (
    page as report,
)
from pll_pipeline.published.open_data import catalogue, dictionary, jsonstat
from pll_pipeline.published.release_info import Inputs, ReleaseInfo

__all__ = ["Inputs", "write_release"]


def write_release(
    folder: Path,
    build_file: Path,
    release_id: str,
    built_at: datetime,
    inputs: Inputs,
    previous: Path | None,
) -> None:
    """Fill the empty `folder` with a whole release made from the build file; `previous` is the release to compare with.

    Everything but `pll.duckdb` is made from `pll.duckdb`, so that all files say the same; `release.json` is the last
    file, as it lists the others. Raises `PllError` for a build file that cannot be published or would give away what a publisher suppressed, and whatever writing raises.
    """
    imprint = ReleaseInfo(release_id, built_at, inputs)
    duckdb.write(folder, build_file, imprint)
    with duckdb.opened(folder) as (connection, tables):
        disclosure.check(connection, tables, "release")
        parquet.write(folder, connection, tables, imprint)
        delimited.write(folder, connection, tables)
        with _face("the workbook"):
            workbook.write(folder, connection, tables, imprint)
        with _face("the report"):
            report.write(folder, connection, tables, imprint, previous)
        with _face("the data dictionary"):
            dictionary.write(folder, connection, tables, imprint)
        with _face("the documentation of the tables"):
            dbt_docs.write(folder, tables, imprint)
        with _face("the JSON-stat cube"):
            jsonstat.write(folder, connection, tables, imprint)
        with _face("the Power BI project"):
            powerbi.write(folder, connection, tables)
        difference.write(folder, connection, tables, imprint, previous)
        with _face("the catalogue"):
            catalogue.write(folder, connection, tables, imprint)
    descriptor.write_data_package(folder, tables, imprint)
    descriptor.write_manifest(folder, tables, imprint)


@contextmanager
def _face(name: str) -> Iterator[None]:
    """Let a failure say which face of the release it was met in."""
    try:
        yield
    except Exception as error:
        error.add_note(f"while making {name}")
        raise
