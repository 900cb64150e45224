"""What the pages of areas show: their private tables in the build file, by area.

Not here: what a table contains (`dbt_project/models/page/`), words and drawings.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from pll_pipeline.published.page.area_files import file_stems
from pll_pipeline.published.page.data import PageData
from pll_pipeline.published.page.region_names import collation_key
from pll_pipeline.published.page.rows import Row, distinct, grouped

COUNTRY = "land:NO"
# The levels that have pages, from the widest to the narrowest.
LEVELS = ("rhf", "helsefellesskap", "fylke", "kommune")
# The regions that an area is in, the nearest first, and the level of those in it.
_WHOLES = ("helsefellesskap_key", "fylke_key", "rhf_key")
_PART_LEVELS = {"rhf": "helsefellesskap", "helsefellesskap": "kommune", "fylke": "kommune"}


@dataclass(frozen=True)
class AreaData:
    """The rows of the tables of areas, beside what the page of the country shows."""

    page: PageData

    @cached_property
    def areas(self) -> Mapping[str, Row]:
        """The areas with a page by their keys, level by level, in Norwegian order."""
        rows = sorted(
            self.page["area"],
            key=lambda row: (
                LEVELS.index(row["region_level"]),
                collation_key(row["region_label"]),
                row["region_key"],
            ),
        )
        return {row["region_key"]: row for row in rows}

    @cached_property
    def stems(self) -> Mapping[str, str]:
        """The name of each area's files. Raises `PllError` where two would be the same."""
        return file_stems(self.areas)

    @cached_property
    def other_names(self) -> Mapping[str, Sequence[str]]:
        """The names by which an area can be searched beside its own: former regions, Sami, Kven."""
        names: dict[str, list[str]] = {}
        for row in self.page["area_name"]:
            names.setdefault(row["region_key"], []).append(row["former_name"])
        for key, row in self.areas.items():
            parallel = row["region_name_parallel"]
            if parallel:
                names.setdefault(key, []).extend(parallel.split(" - "))
        return names

    def of(self, table: str, key: str) -> Sequence[Row]:
        """The rows of a table about an area, in the order of the table."""
        return self._grouped[table].get((key,), ())

    def wholes(self, key: str) -> list[Row]:
        """The areas with a page that an area is in, the nearest first."""
        area = self.areas[key]
        keys = [area[column] for column in _WHOLES]
        return [self.areas[whole] for whole in keys if whole in self.areas and whole != key]

    def parts(self, key: str) -> list[Row]:
        """The areas of the next level in an area, in Norwegian order; none of a kommune."""
        area = self.areas[key]
        level = _PART_LEVELS.get(area["region_level"])
        column = f"{area['region_level']}_key"
        return [
            row
            for row in self.areas.values()
            if row["region_level"] == level and row[column] == key
        ]

    def ranked(self, service: str) -> Sequence[Row]:
        """The ranked areas of a service, of all levels, each level in the order of ranks."""
        return self._by_service.get((service,), ())

    def services(self) -> list[str]:
        """The services in the order of the page."""
        return distinct(self.page["service"], "service_code")

    def label(self, key: str) -> str:
        """The unique name of an area."""
        return str(self.areas[key]["region_label"])

    @cached_property
    def _grouped(self) -> Mapping[str, Mapping[tuple[str], list[Row]]]:
        return {
            table: grouped(self.page[table], "region_key")
            for table in (
                "area_figure",
                "area_other_figure",
                "area_curve",
                "area_rank",
                "area_phase",
                "area_milestone",
                "area_readiness",
            )
        }

    @cached_property
    def _by_service(self) -> Mapping[tuple[str], list[Row]]:
        return grouped(self.page["area_rank"], "service_code")
