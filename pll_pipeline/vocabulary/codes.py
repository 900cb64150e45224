"""The codes everyone agrees on, as Python needs them: what exists, and what it is called.

Read from the reviewed lists in `dbt_project/seeds/`, the same files dbt loads. Not here: names that
only one publisher uses (that source's file), any change to a code.
"""

from __future__ import annotations

import csv
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
    names = [
        Name(
            r["region_label"],
            r["region_key"],
            r["region_level"],
            _day(r["valid_from"]),
            _day(r["valid_to"]),
        )
        for r in _rows(seeds / "region_name.csv")
    ]
    codes = [
        Name(
            r["region_code"],
            r["region_key"],
            r["region_level"],
            _day(r["valid_from"]),
            _day(r["valid_to"]),
        )
        for r in regions
        if r["region_code"]
    ]
    measures = (
        Measure(
            r["measure_code"],
            r["service_code"] or None,
            r["unit"],
            r["measure_name"],
            r["measure_name_en"],
            r["definition"],
        )
        for r in _rows(seeds / "measure.csv")
    )
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


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _day(text: str) -> date | None:
    return date.fromisoformat(text) if text else None
