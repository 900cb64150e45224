"""`release.json` and `datapackage.json`; the data package is validated by Frictionless."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from frictionless import Checklist, Package, system

from pll_pipeline.published import csv, descriptor, duckdb
from pll_pipeline.published.draft import Draft
from pll_pipeline.published.release_folder import hash_of
from pll_pipeline.published.release_info import CONTRACT_VERSION, ReleaseInfo
from pll_pipeline.vocabulary.columns import COLUMNS
from tests.release_world import BUILT_AT, LONG_TABLE_ROWS, inputs, public_tables


def _json(path: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return content


def _described(release: Path, folder: Path, **facts: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """The data package and the manifest of a release's database under other facts."""
    info = ReleaseInfo("2026-11-23T030004Z", BUILT_AT, inputs(**facts))
    shutil.copyfile(release / "pll.duckdb", folder / "pll.duckdb")
    with duckdb.opened(folder) as (connection, tables):
        draft = Draft(folder, connection, tables, info, None)
        csv.write(draft)
        descriptor.write_data_package(draft)
        descriptor.write_manifest(draft)
    return _json(folder / "datapackage.json"), _json(folder / "release.json")


def test_the_manifest_lists_every_other_file_with_its_hash(release: Path) -> None:
    manifest = _json(release / "release.json")
    assert manifest["release_id"] == "2026-11-23T030004Z"
    assert manifest["built_at"] == "2026-11-23T03:00:04Z"
    assert manifest["contract_version"] == CONTRACT_VERSION
    assert manifest["snapshots"] == inputs().snapshots
    assert manifest["stale_sources"] == inputs().stale_sources
    files = {file["path"]: file for file in manifest["files"]}
    there = {path.relative_to(release).as_posix() for path in release.rglob("*") if path.is_file()}
    assert files.keys() == there - {"release.json"}
    for path, file in files.items():
        assert hash_of(release / path) == file["sha256"]
        assert (release / path).stat().st_size == file["bytes"]


def test_the_manifest_counts_the_rows_of_tables_and_of_nothing_else(release: Path) -> None:
    files = {file["path"]: file for file in _json(release / "release.json")["files"]}
    assert files["parquet/fct_observation.parquet"]["rows"] == LONG_TABLE_ROWS
    assert files["csv/fct_observation.csv"]["rows"] == LONG_TABLE_ROWS
    assert files["csv/dim_service.csv"]["rows"] == 0
    assert "rows" not in files["pll.xlsx"]


def test_times_in_the_manifest_may_come_as_times(release: Path, tmp_path: Path) -> None:
    stale = [{"source_name": "a", "reason": "b", "snapshot_at": BUILT_AT}]
    _, manifest = _described(release, tmp_path, stale_sources=stale)
    assert manifest["stale_sources"][0]["snapshot_at"] == "2026-11-23T03:00:04Z"


def test_the_data_package_is_valid_and_so_are_the_files_it_describes(
    release: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a data package is validated without a network")

    monkeypatch.setattr("socket.socket.connect", refuse)
    with system.use_context(trusted=True):
        # the rows of this small world refer to dimensions that are empty in it
        checks = Checklist(skip_errors=["foreign-key"])
        report = Package(str(release / "datapackage.json")).validate(checks)
    assert report.valid, report.to_summary()
    rows = {task.name: task.stats.get("rows", 0) for task in report.tasks}
    assert rows.keys() == {name for tables in public_tables().values() for name in tables}
    assert (rows["dim_region"], rows["fct_observation"], rows["mart_key_figures"]) == (
        4,
        LONG_TABLE_ROWS,
        3,
    )


def test_a_changed_file_no_longer_agrees_with_the_data_package(
    release: Path, tmp_path: Path
) -> None:
    for name in ("datapackage.json", "csv/dim_region.csv"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        shutil.copyfile(release / name, tmp_path / name)
    with (tmp_path / "csv" / "dim_region.csv").open("a", encoding="utf-8") as file:
        file.write("kommune:0301,kommune,,Oslo,Oslo,,i fjor\n")
    package = Package(str(tmp_path / "datapackage.json"))
    region = package.get_resource("dim_region")
    region.schema.foreign_keys = []  # the dimensions it refers to are not copied
    report = region.validate()
    errors = {error.type for task in report.tasks for error in task.errors}
    assert {"hash-count", "byte-count", "row-count"} <= errors


def test_the_data_package_describes_every_field_in_both_languages(release: Path) -> None:
    package = _json(release / "datapackage.json")
    assert package["$schema"] == "https://datapackage.org/profiles/2.0/datapackage.json"
    assert package["version"] == "2026-11-23T030004Z"
    assert [licence["name"] for licence in package["licenses"]] == ["notspecified", "NLOD-2.0"]
    resources = {resource["name"]: resource for resource in package["resources"]}
    described = public_tables()["star"]["dim_region"]
    assert resources["dim_region"]["description"] == described.nb
    assert resources["dim_region"]["description_en"] == described.en
    fields = {f["name"]: f for r in resources.values() for f in r["schema"]["fields"]}
    name = COLUMNS["region_name"]
    assert fields["region_name"]["title"] == name.label
    assert fields["region_name"]["description"] == f"{name.nb}."
    assert fields["region_name"]["description_en"] == f"{name.en}."
    assert fields["status"]["constraints"] == {"enum": list(COLUMNS["status"].allowed)}
    assert {
        fields["valid_from"]["type"],
        fields["snapshot_at"]["type"],
        fields["adoption_count"]["type"],
        fields["value"]["type"],
        fields["is_current"]["type"],
    } == {"date", "datetime", "integer", "number", "boolean"}


def test_simulated_figures_say_so_in_both_files(release: Path, tmp_path: Path) -> None:
    package, manifest = _described(release, tmp_path, is_simulated=True)
    assert manifest["is_simulated"] is True
    assert (package["name"], package["is_simulated"]) == ("pll-simulated", True)
    assert package["title"].startswith("Simulert")
    assert package["title_en"].startswith("Simulated")


def test_the_data_package_names_the_keys_of_the_star(release: Path) -> None:
    package = json.loads((release / "datapackage.json").read_text(encoding="utf-8"))
    schemas = {resource["name"]: resource["schema"] for resource in package["resources"]}
    assert schemas["dim_region"]["primaryKey"] == ["region_key"]
    facts = schemas["fct_observation"]
    assert "primaryKey" not in facts, "an undated figure has no period"
    assert facts["uniqueKeys"][0][:2] == ["source_name", "measure_code"]
    references = {key["fields"][0]: key["reference"] for key in facts["foreignKeys"]}
    assert references["region_key"] == {"resource": "dim_region", "fields": ["region_key"]}
    for name, schema in schemas.items():
        columns = {field["name"] for field in schema["fields"]}
        for key in schema.get("foreignKeys", []):
            assert {*key["fields"]} <= columns, name
            assert key["reference"]["resource"] in schemas


def test_a_data_package_keeps_its_identity_and_has_the_release_as_its_version(
    release: Path, tmp_path: Path
) -> None:
    published = _json(release / "datapackage.json")
    (tmp_path / "again").mkdir()
    again, manifest = _described(release, tmp_path / "again", fingerprint="e" * 64)
    (tmp_path / "simulated").mkdir()
    simulated, _ = _described(release, tmp_path / "simulated", is_simulated=True)
    assert again["id"] == published["id"] != simulated["id"]
    assert again["version"] == manifest["release_id"]
