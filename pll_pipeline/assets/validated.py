"""The six tables dbt lands on, gathered from every source's accepted snapshots.

dbt knows them as the source `validated`, so the lineage draws itself. Nothing is materialised, and so nothing after
it is rebuilt, when the release already holds exactly this. Not here: how snapshots are read and judged.
"""

from collections.abc import Iterator

import dagster as dg

from pll_pipeline.assets import LOCK, LOG
from pll_pipeline.config import Config
from pll_pipeline.published.releases import current
from pll_pipeline.sources.model import Source
from pll_pipeline.validated.fingerprints import release_fingerprint
from pll_pipeline.validated.gathering import TABLES, gather, inputs_fingerprint, write_inputs
from pll_pipeline.validated.verdicts import read_state

REBUILD_TAG = "pll/rebuild"

_DESCRIPTIONS = {
    "source": "One row per source: what the register says of it.",
    "snapshot": "One row per snapshot: its verdict and how many rows ended where.",
    "observation": "One row per figure and snapshot, from every accepted snapshot.",
    "target": "One row per target or rule and snapshot.",
    "milestone": "One row per milestone and snapshot.",
    "quarantine": "One row per published row and rule it broke.",
}


def landing_assets(config: Config, sources: dict[str, Source]) -> dg.AssetsDefinition:
    """The step that lays `validated/observation` and its siblings."""
    upstream = [dg.AssetKey(["validated", name]) for name in sources]

    @dg.multi_asset(
        name="landing",
        specs=[
            dg.AssetSpec(
                ["validated", table],
                deps=upstream,
                skippable=True,
                group_name="validated",
                kinds={"parquet"},
                description=_DESCRIPTIONS[table],
            )
            for table in TABLES
        ],
        required_resource_keys={LOCK},
    )
    def landing(context: dg.AssetExecutionContext) -> Iterator[dg.MaterializeResult]:
        states = [read_state(config, source) for source in sources.values()]
        code = release_fingerprint(config)
        fingerprint = inputs_fingerprint(states, code)
        release = current(config.marts)
        if (
            release
            and release.manifest["fingerprint"] == fingerprint
            and REBUILD_TAG not in context.run.tags
        ):
            LOG.info("nothing new: release %s already holds exactly this", release.id)
            return
        tables = gather(config, states)
        write_inputs(config, states, fingerprint, code)
        LOG.info(
            "landed %d figures, %d targets, %d milestones",
            *(tables[table].height for table in ("observation", "target", "milestone")),
        )
        for table, frame in tables.items():
            schema = dg.TableSchema(
                [dg.TableColumn(name, str(kind)) for name, kind in frame.schema.items()]
            )
            yield dg.MaterializeResult(
                asset_key=["validated", table],
                metadata={
                    "dagster/row_count": frame.height,
                    "dagster/column_schema": schema,
                    "dagster/uri": str(config.validated / f"{table}.parquet"),
                },
            )

    return landing
