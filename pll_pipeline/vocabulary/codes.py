"""The codes everyone agrees on, as Python needs them: what exists, and what it is called.

Read from the reviewed lists in `dbt_project/seeds/`, the same files dbt loads. Not here: names that
only one publisher uses (that source's file), any change to a code.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path

from pll_pipeline.vocabulary.norwegian.names import Name, NameIndex


@dataclass(frozen=True)
class Measure:
    """What a reader of figures must know of a measure.

    `service_code` is None where it serves every service. Names and definition are for people.
    """

    code: str
    service_code: str | None
    unit: str
    name: str = ""
    name_en: str = ""
    definition: str = ""


@dataclass(frozen=True)
class Codes:
    """All codes. `regions` and `actor_types` find a code by any name; regions by number too."""

    services: frozenset[str]
    measures: dict[str, Measure]
    region_keys: frozenset[str]
    actor_type_codes: frozenset[str]
    regions: NameIndex
    actor_types: NameIndex


@cache
def load_codes(seeds: Path) -> Codes:
    """The codes in the seed folder, read once per process."""
    regions = _rows(seeds / "region.csv")
    actor_types = _rows(seeds / "actor_type.csv")
    names = [_name(row, row["region_label"]) for row in _rows(seeds / "region_name.csv")]
    codes = [_name(row, row["region_code"]) for row in regions if row["region_code"]]
    measures = map(_measure, _rows(seeds / "measure.csv"))
    return Codes(
        services=frozenset(r["service_code"] for r in _rows(seeds / "service.csv")),
        measures={measure.code: measure for measure in measures},
        region_keys=frozenset(r["region_key"] for r in regions),
        actor_type_codes=frozenset(r["actor_type_code"] for r in actor_types),
        regions=NameIndex([*names, *codes]),
        actor_types=NameIndex(
            Name(r["actor_type_label"], r["actor_type_code"], "")
            for r in _rows(seeds / "actor_type_name.csv")
        ),
    )


def _name(row: Mapping[str, str], label: str) -> Name:
    """A label of a region, with the days it is in use."""
    valid_from, valid_to = _day(row["valid_from"]), _day(row["valid_to"])
    return Name(label, row["region_key"], row["region_level"], valid_from, valid_to)


def _measure(row: Mapping[str, str]) -> Measure:
    return Measure(
        row["measure_code"],
        row["service_code"] or None,
        row["unit"],
        row["measure_name"],
        row["measure_name_en"],
        row["definition"],
    )


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _day(text: str) -> date | None:
    return date.fromisoformat(text) if text else None
