"""The CSV files of a release, read by Python's own reader."""

from __future__ import annotations

import csv
import gzip
import json
import os
from pathlib import Path

import pytest
from frictionless import Package

from pll_pipeline.published import csv as csv_output
from pll_pipeline.published.outputs import write_release
from tests.release_world import BUILT_AT, LONG_TABLE_ROWS, inputs, write_build


def _rows(release: Path, table: str) -> list[dict[str, str]]:
    with (release / "csv" / f"{table}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_csv_has_iso_dates_point_decimals_and_nothing_for_null(release: Path) -> None:
    columns = ("region_name", "period_end", "value", "qualifier", "published_text")
    columns += ("is_period_inferred", "snapshot_at")
    rows = [tuple(row[column] for column in columns) for row in _rows(release, "mart_key_figures")]
    time = "2026-01-02T03:04:05Z"
    assert rows == [
        ("Norge", "", "", "at_least", "=1+1", "true", time),
        ('Møre, "og" Romsdal', "2012-12-31", "0.948", "exact", "94,8 %", "false", time),
        (
            "Bergen",
            "2023-12-31",
            "24000.0",
            "exact",
            "24 000",
            "false",
            "2026-01-02T03:04:05.5Z",
        ),
    ]


def test_csv_quotes_only_where_it_must_and_ends_lines_as_unix_does(release: Path) -> None:
    text = (release / "csv" / "mart_key_figures.csv").read_bytes().decode("utf-8")
    assert ',"Møre, ""og"" Romsdal",' in text
    assert text.count('"') == 14, "around two names, and twice inside each; and around 94,8 %"
    assert "\r" not in text
    assert text.endswith("\n")


def test_csv_has_every_row(release: Path) -> None:
    assert len(_rows(release, "fct_observation")) == LONG_TABLE_ROWS
    assert _rows(release, "dim_service") == []


@pytest.fixture(scope="module")
def packed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same release where only 1 000 bytes are not too many for a plain file."""
    folder = tmp_path_factory.mktemp("packed")
    build = write_build(folder / "build.duckdb")
    (folder / "release").mkdir()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(csv_output, "MOST_BYTES", 1_000)
        write_release(folder / "release", build, "id", BUILT_AT, inputs(), None)
    return folder / "release"


def test_a_file_above_the_limit_is_compressed_and_no_other_is(packed: Path, release: Path) -> None:
    small = 0
    for plain in (release / "csv").iterdir():
        name = plain.name
        if plain.stat().st_size > 1_000:
            content = gzip.decompress((packed / "csv" / f"{name}.gz").read_bytes())
            assert content == plain.read_bytes(), name
            assert not (packed / "csv" / name).exists()
        else:
            small += 1
            assert (packed / "csv" / name).read_bytes() == plain.read_bytes()
    assert 0 < small < len(list((packed / "csv").iterdir()))


def test_the_limit_of_a_plain_file_is_50_mb() -> None:
    assert csv_output.MOST_BYTES == 50_000_000


def test_what_lists_the_files_names_the_compressed_ones(packed: Path) -> None:
    files = {f"csv/{path.name}" for path in (packed / "csv").iterdir()}
    assert any(file.endswith(".csv.gz") for file in files)
    manifest = json.loads((packed / "release.json").read_text(encoding="utf-8"))
    rows = {file["path"]: file.get("rows") for file in manifest["files"]}
    assert {path for path in rows if path.startswith("csv/")} == files
    assert rows["csv/fct_observation.csv.gz"] == LONG_TABLE_ROWS
    package = json.loads((packed / "datapackage.json").read_text(encoding="utf-8"))
    assert {resource["path"] for resource in package["resources"]} == files
    catalogue = (packed / "catalog.ttl").read_text(encoding="utf-8")
    assert all(f"<{file}>" in catalogue for file in files)


def test_the_data_package_is_read_with_its_compressed_files(packed: Path) -> None:
    package = Package(str(packed / "datapackage.json"))
    rows = package.get_resource("fct_observation").extract()
    assert [len(table) for table in rows.values()] == [LONG_TABLE_ROWS]


def test_a_compressed_file_is_the_same_byte_for_byte_each_time(tmp_path: Path) -> None:
    contents: list[bytes] = []
    for name in ("a", "b"):
        file = tmp_path / name / "x.csv"
        file.parent.mkdir()
        file.write_text("a,b\n" * 999)
        os.utime(file, (len(contents), 1))
        csv_output._compress(file)
        contents.append(file.with_name("x.csv.gz").read_bytes())
    assert contents[0] == contents[1]
