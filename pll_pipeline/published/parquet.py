"""`parquet/<table>.parquet`: one file per public table, for Power BI, Tableau, Spark, R and Python.

Written by DuckDB as version V1 with Snappy, because Power BI's gateway and older readers know no later encodings; the
rows are sorted because the table is. Not here: types (`duckdb.py` lets only the contract's through).
"""

from __future__ import annotations

from pathlib import Path

from duckdb import DuckDBPyConnection

from pll_pipeline.published.duckdb import Table, literal
from pll_pipeline.published.release_info import ReleaseInfo


def write(
    folder: Path, connection: DuckDBPyConnection, tables: tuple[Table, ...], imprint: ReleaseInfo
) -> None:
    """Write every table, with release, licence and attribution as text in the file's footer."""
    (folder / "parquet").mkdir()
    footer = {
        **imprint.facts,
        "is_simulated": str(imprint.inputs.is_simulated).lower(),
        "licence": "\n".join(imprint.licences),
        "attribution": "\n".join(imprint.attributions),
    }
    described = ", ".join(f"{name}: {literal(value)}" for name, value in footer.items())
    for table in tables:
        connection.execute(
            f"copy {table.within('release')} to {literal(folder / 'parquet' / f'{table.name}.parquet')} "
            f"(format parquet, parquet_version v1, compression snappy, kv_metadata {{{described}}})"
        )
