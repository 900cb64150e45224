"""`parquet/<table>.parquet`: one file per public table, for Power BI, Tableau, Spark, R and Python.

Written by DuckDB as version V1 with Snappy, because Power BI's gateway and older readers know no
later encodings; the rows are sorted because the table is.
Not here: types (`duckdb.py` lets only those of the contract through).
"""

from __future__ import annotations

from pll_pipeline.published.draft import Draft
from pll_pipeline.published.release_info import ReleaseInfo
from pll_pipeline.published.sql import Sql, listed, literal, statement

FOLDER = "parquet"


def write(draft: Draft) -> None:
    """Write every table, with release, licence and attribution as text in the file's footer."""
    folder = draft.folder / FOLDER
    folder.mkdir()
    footer = _footer(draft.info)
    for table in draft.tables:
        draft.connection.execute(
            statement(
                "copy {table} to {file} (format parquet, parquet_version v1, compression snappy, "
                "kv_metadata {{{footer}}})",
                table=table.within("release"),
                file=literal(folder / f"{table.name}.parquet"),
                footer=footer,
            )
        )


def _footer(info: ReleaseInfo) -> Sql:
    """The key-value pairs of the footer."""
    pairs = {
        **info.facts,
        "is_simulated": str(info.inputs.is_simulated).lower(),
        "licence": "\n".join(info.licences),
        "attribution": "\n".join(info.attributions),
    }
    return listed(
        statement("{key}: {value}", key=Sql(key), value=literal(value))
        for key, value in pairs.items()
    )
