"""The layer `published`: one step writes the release and makes it current.

Not here: which outputs there are (`published/outputs.py`), how a release is written and made
current (`published/publish.py`).
"""

from collections.abc import Iterator

import dagster as dg

from pll_pipeline.assets import LOCK, LOG, described_failures
from pll_pipeline.assets.marts import built_manifest, built_on
from pll_pipeline.config import Config
from pll_pipeline.published.outputs import OUTPUTS, Output
from pll_pipeline.published.publish import publish
from pll_pipeline.published.release_info import Inputs
from pll_pipeline.published.releases import Release, remove_showing_withheld
from pll_pipeline.validated.gathering import read_inputs


def release_assets(config: Config, tables: dg.AssetsDefinition) -> dg.AssetsDefinition:
    """The step that publishes the star and marts among `tables` as one release."""

    @dg.multi_asset(
        name="release",
        specs=[
            dg.AssetSpec(
                ["published", output.name],
                deps=_deps(output, tables),
                group_name="published",
                description=f"{output.description.en}.",
            )
            for output in OUTPUTS
        ],
        required_resource_keys={LOCK},
    )
    def release() -> Iterator[dg.MaterializeResult[None]]:
        with described_failures():
            inputs = Inputs(
                **read_inputs(config),
                dbt_manifest=built_manifest(config),
                built_on=built_on(config),
                publisher=config.publisher,
                base_url=config.base_url,
            )
            published = publish(config.build_file, config.marts, inputs)
            LOG.info("published release %s", published.id)
            for earlier_day in config.data.glob("as-of/*/marts"):
                remove_showing_withheld(earlier_day, published)
            for output in OUTPUTS:
                yield _published(published, output)

    return release


def _deps(output: Output, tables: dg.AssetsDefinition) -> list[dg.AssetKey]:
    """The tables that an output is made of: those it reads, else every public one."""
    if output.reads is None:
        return [key for key in tables.keys if key.path[0] in ("star", "marts")]
    names = set(output.reads())
    return [key for key in tables.keys if key.path[-1] in names]


def _published(release: Release, output: Output) -> dg.MaterializeResult[None]:
    row_counts = (
        file["rows"] for file in release.manifest["files"] if file["path"].startswith("parquet/")
    )
    return dg.MaterializeResult(
        asset_key=["published", output.name],
        metadata={
            "release": release.id,
            "dagster/row_count": sum(row_counts),
            "dagster/uri": str(release.folder / output.path),
        },
    )
