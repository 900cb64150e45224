"""How many kommuner, helsefellesskap, fylker and health trusts there are, by our region list.

Denominators for figures that count such areas. Counted from `dbt_project/seeds/region.csv` for the
first and the last day of each year, up to the newest 1 January, since kommuner change at New Year.
The list has every code since 2017; the three mergers of kommuner from 2011 to then are stated here.
`python -m pll_pipeline.vocabulary.region_counts FILE DAY` writes the file of the source
`region_list`; a test compares its newest snapshot with the list. Not here: which kommune lies
where (the seeds).
"""

from __future__ import annotations

import csv
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path
from types import MappingProxyType

HEADER = ("counted", "region_level", "region_code", "date", "count")

# Each level that is counted: the first year whose codes the list has whole, and what of. The
# codes of helsefellesskap and health trusts are those of the boundaries of 2024.
_COUNTED = {
    "kommune": (2011, ("rhf_key", "fylke_key")),
    "fylke": (2017, ()),
    "helsefellesskap": (2024, ("rhf_key",)),
    "hf": (2024, ("rhf_key",)),
}

# Of how many kommuner each was made on the day its code begins, by Statistics Norway's standard of
# kommuner (Klass 131): Mosvik and Inderøy (2012), Bjarkøy and Harstad (2013), and Andebu, Stokke
# and Sandefjord (2017). There were no others from 2009 to 2017.
_MADE_OF = {"kommune:1756": 2, "kommune:1903": 2, "kommune:0710": 3}

Row = tuple[str, str, str, str, int]


def count_regions(
    regions: Iterable[Mapping[str, str]],
    until: date,
    groups: Mapping[str, Sequence[str]] = MappingProxyType({}),
) -> Iterator[Row]:
    """One row per level counted, area (the country, RHF, fylke, group) and day, up to a day.

    `groups` are the areas that each group of areas is made of; a group is counted on the days on
    which all of them are.
    """
    listed = list(regions)
    by_key = {region["region_key"]: region for region in listed}
    for level, (first_year, wholes) in _COUNTED.items():
        for day in _days(first_year, until):
            counts: Counter[str] = Counter()
            for region in (r for r in listed if r["region_level"] == level):
                number = _number_on(region, day)
                areas = ["land:NO", *filter(None, (region[whole] for whole in wholes))]
                counts.update(dict.fromkeys(areas, number) if number else {})
            for group, parts in groups.items():
                if all(part in counts for part in parts):
                    counts[group] = sum(counts[part] for part in parts)
            for key, count in sorted(counts.items()):
                area = by_key[key]
                # a group has no code of its own
                code = area["region_code"] or area["region_name"]
                yield level, area["region_level"], code, day.isoformat(), count


def groups_of(parts: Iterable[Mapping[str, str]]) -> dict[str, list[str]]:
    """The parts of each group that a publisher names, all of them whole."""
    groups: dict[str, list[str]] = {}
    unclear = set()
    for part in parts:
        groups.setdefault(part["region_key"], []).append(part["part_key"])
        if part["is_whole"] != "true" or part["is_inferred"] != "false":
            unclear.add(part["region_key"])
    return {key: members for key, members in groups.items() if key not in unclear}


def _days(first_year: int, until: date) -> Iterator[date]:
    """The first and the last day of each year, none later than a day."""
    for year in range(first_year, until.year + 1):
        yield from (d for d in (date(year, 1, 1), date(year, 12, 31)) if d <= until)


def _number_on(region: Mapping[str, str], day: date) -> int:
    """How many areas a region of the list is on a day: before a merger those it was made of."""
    begins, ends = region["valid_from"], region["valid_to"]
    if ends and ends <= day.isoformat():
        return 0
    if not begins or begins <= day.isoformat():
        return 1
    return _MADE_OF.get(region["region_key"], 0)


def _seed(seeds: Path, name: str) -> list[dict[str, str]]:
    with (seeds / f"{name}.csv").open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def write(seeds: Path, file: Path, until: date) -> None:
    """The file of the source, from the region list in the folder of seeds."""
    groups = groups_of(_seed(seeds, "region_part"))
    rows = list(count_regions(_seed(seeds, "region"), until, groups))
    with file.open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(HEADER)
        writer.writerows(rows)


if __name__ == "__main__":
    _SEEDS = Path(__file__).resolve().parents[2] / "dbt_project" / "seeds"
    write(_SEEDS, Path(sys.argv[1]), date.fromisoformat(sys.argv[2]))
