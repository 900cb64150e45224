"""A world of one publisher with few figures, in which a night is as short as it can be.

Its snapshots are dated one day after the other. Not here: the world that is hard to compute
(`small_world.py`).
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import yaml

from pll_pipeline.raw import archive
from tests.night.world import World
from tests.simulated_source import source_description

SOURCE = "faa_tall"
MEASURE = "sfm_organisation_in_use_count"
_FIRST = datetime(2026, 3, 1, tzinfo=UTC)
_MONTHS = tuple(f"{year}-{month:02}" for year in (2023, 2024) for month in range(1, 13))
_DESCRIPTION = source_description(
    SOURCE,
    {
        "holds": "observations",
        "file": "figures.csv",
        "expected_columns": ["period", "value"],
        "rows": [1, 1000],
        "values": [{"column": "value", "measure": MEASURE, "unit": "count"}],
        "region": {"name": "Norge", "level": "land", "levels": {"land": ["land"]}},
        "actor_type": "alle",
        "period": {"text": {"column": "period"}},
    },
    title="Få tall",
    title_en="Few figures",
)


def make_few_figures(folder: Path) -> World:
    """The world before its first night, with one snapshot."""
    world = World(folder / "data")
    (world.data / "sources").mkdir(parents=True)
    path = world.data / "sources" / f"{SOURCE}.yaml"
    path.write_text(yaml.safe_dump(_DESCRIPTION, allow_unicode=True), encoding="utf-8")
    publish_more(world.data)
    return world


def publish_more(data: Path) -> None:
    """Archive the next snapshot: the same months, each with a figure that is one higher."""
    kept = len(archive.snapshots(data / "raw", SOURCE))
    lines = ["period,value", *(f"{month},{kept + place}" for place, month in enumerate(_MONTHS, 1))]
    archive.keep(
        data / "raw",
        SOURCE,
        {"figures.csv": ("\n".join(lines) + "\n").encode("utf-8")},
        {},
        _FIRST + timedelta(days=kept),
    )
