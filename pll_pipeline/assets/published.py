"""The layer `published`: one step writes the release and makes it current.

Not here: how a release is written and made current (`pll_pipeline/published/`).
"""

from collections.abc import Iterator

import dagster as dg

from pll_pipeline.assets import LOCK, LOG, described_failures
from pll_pipeline.assets.marts import built_manifest
from pll_pipeline.config import Config
from pll_pipeline.published.outputs import Inputs
from pll_pipeline.published.releases import Release, publish
from pll_pipeline.validated.gathering import read_inputs

# Asset → the file or folder of the release, and its description.
_OUTPUTS = {
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
        "What the release contains and comes from, the data package and the difference from the "
        "release before.",
    ),
}


def release_assets(config: Config, tables: dg.AssetsDefinition) -> dg.AssetsDefinition:
    """The step that publishes the star and marts among `tables` as one release."""
    public = [key for key in tables.keys if key.path[0] in ("star", "marts")]

    @dg.multi_asset(
        name="release",
        specs=[
            dg.AssetSpec(
                ["published", output],
                deps=public,
                group_name="published",
                description=description,
            )
            for output, (_, description) in _OUTPUTS.items()
        ],
        required_resource_keys={LOCK},
    )
    def release() -> Iterator[dg.MaterializeResult[None]]:
        with described_failures():
            inputs = Inputs(**read_inputs(config), dbt_manifest=built_manifest(config))
            published = publish(config.build_file, config.marts, inputs)
            LOG.info("published release %s", published.id)
            for output, (path, _) in _OUTPUTS.items():
                yield _published(published, output, path)

    return release


def _published(release: Release, output: str, path: str) -> dg.MaterializeResult[None]:
    row_counts = (
        file.get("rows") or 0
        for file in release.manifest["files"]
        if file["path"].startswith("parquet/")
    )
    return dg.MaterializeResult(
        asset_key=["published", output],
        metadata={
            "release": release.id,
            "dagster/row_count": sum(row_counts),
            "dagster/uri": str(release.folder / path),
        },
    )
