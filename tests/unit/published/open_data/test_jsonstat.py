"""The cube of shares, from a small mart."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import duckdb
import pytest

from pll_pipeline.published import duckdb as database
from pll_pipeline.published.draft import Draft
from pll_pipeline.published.open_data import jsonstat
from pll_pipeline.published.release_info import ReleaseInfo
from tests.release_world import BUILT_AT, inputs, insert, write_build

ADOPTION: tuple[dict[str, Any], ...] = (
    {"region_key": "land:NO", "region_level": "land", "adoption_share": 0.5},
    {"region_key": "fylke:15", "region_level": "fylke", "status": "suppressed"},
    {
        "region_key": "kommune:1804",
        "region_level": "kommune",
        "adoption_share": 0.1234567,
        "qualifier": "approx",
        "month": "2026-02-01",
    },
    {"region_key": "kommune:5401", "region_level": "kommune", "measure_code": "a_count"},
)


def _cube(folder: Path) -> dict[str, Any]:
    build = write_build(folder / "build.duckdb")
    with duckdb.connect(build) as connection:
        insert(
            connection,
            "star",
            "dim_measure",
            {"measure_code": "a_share", "measure_name": "Andel", "unit": "share"},
            {"measure_code": "a_count", "measure_name": "Antall", "unit": "count"},
        )
        shared = {"measure_code": "a_share", "actor_type_code": "alle", "status": "observed"}
        rows = [shared | row for row in ADOPTION]
        insert(connection, "marts", "mart_adoption_by_region_actor_month", *rows)
    info = ReleaseInfo("2026-11-23T030004Z", BUILT_AT, inputs())
    database.write(folder, build, info)
    with database.opened(folder) as (connection, tables):
        jsonstat.write(Draft(folder, connection, tables, info, None))
    cube: dict[str, Any] = json.loads((folder / "adoption.json").read_text(encoding="utf-8"))
    return cube


def test_a_cell_has_a_value_or_a_status_at_its_position(tmp_path: Path) -> None:
    cube = _cube(tmp_path)
    assert cube["id"] == ["measure", "region", "actor_type", "month"]
    assert cube["size"] == [1, 3, 1, 2]
    regions = cube["dimension"]["region"]["category"]
    assert regions["index"] == ["fylke:15", "kommune:1804", "land:NO"]
    assert regions["label"]["kommune:1804"] == "Bodø"
    assert cube["value"] == {"3": 0.123457, "4": 0.5}
    assert cube["status"] == {"0": ":", "3": "~"}
    assert cube["extension"]["status_label"] == {":": "skjermet", "~": "om lag"}


def test_a_member_without_a_name_has_its_code(tmp_path: Path) -> None:
    assert _cube(tmp_path)["dimension"]["actor_type"]["category"]["label"] == {"alle": "alle"}


def test_kommuner_are_left_out_of_a_cube_that_would_be_too_large(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jsonstat, "MOST_CELLS", 2)
    cube = _cube(tmp_path)
    assert cube["dimension"]["region"]["category"]["index"] == ["fylke:15", "land:NO"]
    assert any("Kommunene" in note for note in cube["note"])
