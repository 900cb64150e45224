"""The number of kommuner and other areas, by the region list."""

from __future__ import annotations

import csv
from datetime import date
from pathlib import Path

from pll_pipeline.config import CHECKOUT
from pll_pipeline.vocabulary.region_counts import count_regions, groups_of, write

SEEDS = CHECKOUT / "dbt_project" / "seeds"
RAW = CHECKOUT / "data" / "raw" / "region_list"


def _region(key: str, begins: str = "", ends: str = "", **wholes: str) -> dict[str, str]:
    level, code = key.split(":")
    row = {"region_key": key, "region_level": level, "region_code": code}
    within = {"fylke_key": "", "rhf_key": "", **wholes}
    return {**row, "valid_from": begins, "valid_to": ends, **within}


SMALL = [
    _region("land:NO"),
    _region("rhf:1"),
    _region("fylke:18"),
    _region("fylke:19", ends="2020-01-01"),
    _region("kommune:1801", fylke_key="fylke:18", rhf_key="rhf:1"),
    _region("kommune:1802", ends="2020-01-01", fylke_key="fylke:18", rhf_key="rhf:1"),
    _region("kommune:1803", begins="2020-01-01", fylke_key="fylke:18", rhf_key="rhf:1"),
    _region("kommune:1901", ends="2020-01-01", fylke_key="fylke:19", rhf_key="rhf:1"),
    _region("helsefellesskap:x", rhf_key="rhf:1"),
]


def _counted(level: str, area: str) -> dict[str, int]:
    rows = count_regions(SMALL, date(2024, 1, 1))
    return {day: count for counted, _, code, day, count in rows if (counted, code) == (level, area)}


def test_an_area_is_counted_on_the_days_its_code_is_valid() -> None:
    country = _counted("kommune", "NO")
    assert (country["2019-12-31"], country["2020-01-01"]) == (3, 2)
    assert _counted("kommune", "18")["2019-12-31"] == 2
    assert _counted("kommune", "18")["2020-01-01"] == 2
    assert max(_counted("kommune", "19")) == "2019-12-31"
    assert _counted("fylke", "NO")["2020-12-31"] == 1


def test_helsefellesskap_are_counted_only_from_the_year_their_boundaries_are_of() -> None:
    assert _counted("helsefellesskap", "1") == {"2024-01-01": 1}


def test_before_a_merger_an_area_has_the_kommuner_that_merged() -> None:
    merged = _region("kommune:1756", begins="2012-01-01", fylke_key="fylke:19", rhf_key="rhf:1")
    later = _region("kommune:1999", begins="2018-01-01", fylke_key="fylke:19", rhf_key="rhf:1")
    rows = list(count_regions([*SMALL, merged, later], date(2012, 12, 31)))
    counts = {day: n for level, _, code, day, n in rows if (level, code) == ("kommune", "19")}
    assert counts == {"2011-01-01": 3, "2011-12-31": 3, "2012-01-01": 2, "2012-12-31": 2}


def test_a_group_of_whole_areas_is_counted_while_all_of_them_are() -> None:
    named = _region("gruppe:begge") | {"region_code": "", "region_name": "Begge"}
    groups = groups_of(
        [
            _part("gruppe:begge", "fylke:18"),
            _part("gruppe:begge", "fylke:19"),
            _part("gruppe:antatt", "fylke:18", is_inferred="true"),
            _part("gruppe:del", "fylke:18", is_whole="false"),
        ]
    )
    assert list(groups) == ["gruppe:begge"]
    rows = count_regions([*SMALL, named], date(2020, 12, 31), groups)
    counts = {
        day: count for _, level, code, day, count in rows if (level, code) == ("gruppe", "Begge")
    }
    assert (counts["2019-12-31"], max(counts)) == (3, "2019-12-31")


def _part(group: str, part: str, **more: str) -> dict[str, str]:
    return {
        "region_key": group,
        "part_key": part,
        "is_whole": "true",
        "is_inferred": "false",
    } | more


def test_no_day_is_later_than_the_last_one_asked_for() -> None:
    assert max(row[3] for row in count_regions(SMALL, date(2022, 6, 1))) == "2022-01-01"


def test_the_newest_snapshot_is_what_the_region_list_counts_today(tmp_path: Path) -> None:
    newest = max(path for path in RAW.iterdir() if path.is_dir()) / "region_counts.csv"
    with newest.open(encoding="utf-8", newline="") as file:
        last = max(row["date"] for row in csv.DictReader(file))
    write(SEEDS, tmp_path / "counts.csv", date.fromisoformat(last))
    assert (tmp_path / "counts.csv").read_bytes() == newest.read_bytes(), (
        "the region list has changed: write the file with `python -m"
        " pll_pipeline.vocabulary.region_counts` and keep it with `pll archive region_list`"
    )


def test_the_country_has_as_many_kommuner_as_statistics_norway_says_for_each_year(
    tmp_path: Path,
) -> None:
    write(SEEDS, tmp_path / "counts.csv", date(2024, 12, 31))
    with (tmp_path / "counts.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    whole = {
        row["date"][:4]: int(row["count"])
        for row in rows
        if (row["counted"], row["region_code"]) == ("kommune", "NO") and row["date"][5:] == "12-31"
    }
    assert whole == {
        "2011": 430,
        "2012": 429,
        **dict.fromkeys(("2013", "2014", "2015", "2016"), 428),
        "2017": 426,
        "2018": 422,
        "2019": 422,
        "2020": 356,
        "2021": 356,
        "2022": 356,
        "2023": 356,
        "2024": 357,
    }
