"""One row of every public table with figures is traced to bytes that say what the row says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from pll_pipeline.config import Config
from pll_pipeline.inspection.explanation import Step, explain
from pll_pipeline.published.query import query
from pll_pipeline.published.releases import require_current
from pll_pipeline.sources.register import known
from pll_pipeline.star.model_files import DBT_PROJECT, tables
from tests.night.conftest import World

# Members, and which regions and actor types are in which: no figures.
WITHOUT_FIGURES = ("dim_", "bridge_")
# Tables of which rows of several kinds are traced in different ways.
KINDS = {
    "fct_adoption": "basis",
    "fct_adoption_month": "basis",
    "fct_adoption_sum": "relation || (part_level = 'actor_type')",
    "fct_observation_revision": "revision_number > 1",
    "mart_adoption_by_region_actor_month": "basis",
    "mart_adoption_by_current_region_actor_month": "basis || (region_of_month_key is null)",
    "mart_adoption_latest": "basis",
    "mart_revisions": "change_kind",
    "mart_rollout_by_area_month": "coalesce(observed_basis, '') || coalesce(planned_basis, '')",
    "mart_target_status": "newest_basis",
}
ROWS = """
    select * from {table}
    qualify row_number() over (partition by {kind} order by {order}) = 1
    order by {order}
"""
KEYS = "select cast(columns([{columns}]) as varchar) from ({rows})"
GRAINS = {
    name: table.grain
    for layer in ("star", "marts")
    for name, table in tables(DBT_PROJECT, layer).items()
    if not name.startswith(WITHOUT_FIGURES)
}


def _traced(world: World, table: str) -> list[tuple[Mapping[str, Any], list[Step]]]:
    """A row of each kind with the steps back from it."""
    config = replace(Config.from_environment(), data=world.data)
    release, sources = require_current(config.marts), known(config.own_sources)
    order = ", ".join(GRAINS[table] or ("source_name", "row_reference", "rule"))
    sql = ROWS.format(table=table, kind=KINDS.get(table, "1"), order=order)
    rows = query(release, sql)
    columns = ", ".join(f"'{name}'" for name in GRAINS[table] or rows.columns)
    keys = query(release, KEYS.format(columns=columns, rows=sql))
    return [
        (row, explain(config, release, sources, table, key))
        for row, key in zip(rows.to_dicts(), keys.to_dicts(), strict=True)
    ]


@pytest.mark.parametrize("table", GRAINS)
def test_a_row_of_each_kind_is_traced_to_published_rows(
    small_world: World, released: World, table: str
) -> None:
    traced = _traced(small_world, table) or _traced(released, table)
    for row, steps in traced:
        published = [step for step in steps if "as published by" in step.what]
        assert published, row
        assert all(len(step.says["sha256"]) == 64 for step in published)
        if "row_reference" in row:
            assert published[0].what.endswith(row["row_reference"].split("; ")[0])
            assert published[0].says["taken at"] == row["snapshot_at"]


def test_a_corrected_figure_is_traced_to_what_was_published_before_and_after(
    small_world: World,
) -> None:
    for row, steps in _traced(small_world, "mart_revisions"):
        figures = [step for step in steps if "as published by" in step.what]
        values = [step.says["value"] for step in figures]
        texts = (row["published_text_before"], row["published_text_after"])
        assert values == [text for text in texts if text is not None]
