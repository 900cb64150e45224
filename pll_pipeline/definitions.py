"""The composition root: gathers assets, job, schedule and resources into Dagster's definitions.

Not here: any asset, job or rule of its own; each comes from the module that defines it.
"""

from __future__ import annotations

import dagster as dg

from pll_pipeline.assets import LOCK
from pll_pipeline.assets.marts import warehouse_assets
from pll_pipeline.assets.published import release_assets
from pll_pipeline.assets.source import source_assets
from pll_pipeline.assets.validated import gathered_assets
from pll_pipeline.automation import night_job, night_lock, night_schedule
from pll_pipeline.config import Config
from pll_pipeline.night.hearing import heard, settings_of_night
from pll_pipeline.sources.model import Source
from pll_pipeline.sources.register import register


def build_definitions(config: Config, sources: dict[str, Source]) -> dg.Definitions:
    """Everything Dagster knows about one data folder and one register of sources."""
    tables = warehouse_assets(config)
    job = night_job()
    return dg.Definitions(
        assets=[
            *(source_assets(config, source) for source in sources.values()),
            gathered_assets(config, sources),
            tables,
            release_assets(config, tables),
        ],
        jobs=[job],
        schedules=[night_schedule(job)],
        resources={LOCK: night_lock(config)},
    )


@dg.definitions
def defs() -> dg.Definitions:
    """What `workspace.yaml` and `dg` load. Without it there is no night, which is heard as one."""
    config = settings_of_night("schedule")
    with heard(config, "schedule"):
        return build_definitions(config, register(config.own_sources))
