"""What others open, as assets: one step writes the release and makes it current.

Not here: how a release is written and swapped (`publishing/`, `warehouse.py`).
"""

from collections.abc import Iterator

import dagster as dg

from pll_pipeline.assets import LOCK, LOG
from pll_pipeline.assets.marts import built_manifest
from pll_pipeline.config import Config
from pll_pipeline.published.outputs import Inputs
from pll_pipeline.published.releases import publish
from pll_pipeline.validated.gathering import read_inputs

_FACES = {
    "duckdb": ("pll.duckdb", "Every public table in one DuckDB file that old clients open too."),
    "parquet": (
        "parquet",
        "One Parquet file per public table, for Power BI and every other BI tool.",
    ),
    "csv": ("csv", "One CSV per public table."),
    "workbook": ("pll.xlsx", "The marts as a workbook with Norwegian headings."),
    "report": ("report/index.html", "The page in Norwegian and English, each one file."),
    "power_bi": (
        "powerbi/PLL.pbip",
        "A Power BI project: a semantic model on the Parquet files and a report on it.",
    ),
    "open_data": (
        "catalog.ttl",
        "The DCAT catalogue, the JSON-stat cube and the data dictionary, for systems that harvest.",
    ),
    "documentation": (
        "dbt_docs.html",
        "dbt's documentation of every table and its lineage, as one file.",
    ),
    "description": (
        "release.json",
        "What the release holds and was made of, the data package and the difference from the release before.",
    ),
}


def release_assets(config: Config, tables: dg.AssetsDefinition) -> dg.AssetsDefinition:
    """The step that publishes the star and marts among `tables` as one release."""
    public = [key for key in tables.keys if key.path[0] in ("star", "marts")]

    @dg.multi_asset(
        name="release",
        specs=[
            dg.AssetSpec(["published", face], deps=public, group_name="published", description=text)
            for face, (_, text) in _FACES.items()
        ],
        required_resource_keys={LOCK},
    )
    def release(context: dg.AssetExecutionContext) -> Iterator[dg.MaterializeResult]:
        published = publish(
            config.build_file,
            config.marts,
            Inputs(**read_inputs(config), dbt_manifest=built_manifest(config)),
        )
        LOG.info("published release %s", published.id)
        rows = sum(
            file.get("rows") or 0
            for file in published.manifest["files"]
            if file["path"].startswith("parquet/")
        )
        for face, (path, _) in _FACES.items():
            yield dg.MaterializeResult(
                asset_key=["published", face],
                metadata={
                    "release": published.id,
                    "dagster/row_count": rows,
                    "dagster/uri": str(published.folder / path),
                },
            )

    return release
