"""The CSV files of a release, read by Python's own reader."""

from __future__ import annotations

import csv
from pathlib import Path

from tests.release_world import LONG_TABLE_ROWS


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
    assert text.count('"') == 8, "around this name, and twice inside; and around 94,8 %"
    assert "\r" not in text
    assert text.endswith("\n")


def test_csv_has_every_row(release: Path) -> None:
    assert len(_rows(release, "fct_observation")) == LONG_TABLE_ROWS
    assert _rows(release, "dim_service") == []
