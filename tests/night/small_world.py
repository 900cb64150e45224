"""A small simulated world that makes figures hard to compute, and the night on it.

It has reforms, split kommuner, suppression, qualifiers, revisions, withdrawals, months that come
late, the same figure from two publishers, denominators of the year, of the month and of all actor
types. Not here: what is right about it (`tests/oracle.py`).
"""

from __future__ import annotations

import csv
import io
import random
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import yaml

from pll_pipeline.raw import archive
from tests.night.world import ROOT, World
from tests.oracle import Codes
from tests.simulated_source import source_description

CODES = Codes(ROOT / "dbt_project" / "seeds")
LEVELS = ("land", "rhf", "fylke", "hf", "sykehus", "helsefellesskap", "kommune")
# around every reform the regions went through, and a year apart
MONTHS = tuple(
    date(year, month, 1)
    for year, month in (
        (2018, 12),
        (2019, 6),
        (2019, 12),
        (2020, 1),
        (2023, 12),
        (2024, 1),
        (2024, 12),
        (2025, 1),
        (2025, 12),
        (2026, 1),
    )
)
TODAY = date(2026, 1, 1)
MEASURES = {
    "sfm_organisation_in_use_count": "count",
    "sfm_organisation_eligible_count": "count",
    "sfm_organisation_in_use_share": "percent",
    "kjernejournal_resident_count": "count",
    "pll_gp_office_count": "count",
    "eresept_prescribing_organisation_count": "count",
    "multidose_organisation_in_use_count": "count",
    "multidose_organisation_eligible_count": "count",
    "population": "count",
}
COLUMNS = ["measure", "unit", "level", "code", "key", "actor", "period", "status", "value"]
# Kommuner that were recoded, merged or split: of Vestfold and its neighbours, Oslo, Sunnmøre,
# Tysfjord, Snillfjord, Viken, Finnmark and Telemark.
CORE = (
    *("0301", "0702", "0713", "0715", "0714", "3802", "3903", "1504"),
    *("1507", "1508", "1580", "1534", "1850", "1806", "1805", "1854"),
    *("1875", "5012", "5055", "5056", "5059", "5016", "5057", "0219"),
    *("3024", "3201", "0602", "3005", "3301"),
    *("2004", "5406", "5603", "2003", "0805", "3806", "4001", "0807"),
)

Figures = dict[tuple[str, str, str, str], dict[str, str]]


class SmallWorld:
    """What two publishers publish, twice each; the same every time."""

    def __init__(self, seed: int) -> None:
        self.dice = random.Random(seed)  # noqa: S311 - a world, no secret
        self.figures: Figures = {}
        chosen = {f"kommune:{code}" for code in CORE}
        for month in MONTHS:
            self._fill_month(month, chosen)
        for year in {month.year for month in MONTHS}:
            for key in self._regions(date(year, 1, 1), chosen):
                if self.dice.random() < 0.8:
                    self._put(
                        key,
                        "alle",
                        str(year),
                        population=self.dice.choice(
                            ["", *[str(self.dice.randint(900, 60_000))] * 20]
                        ),
                    )

    def _regions(self, month: date, chosen: set[str]) -> list[str]:
        wholes = [
            key
            for key, row in CODES.region.items()
            if row["region_level"] in LEVELS[:-1] and CODES.is_valid(key, month)
        ]
        hospitals = set(CODES.hospitals)
        return [key for key in wholes if not key.startswith("sykehus:") or key in hospitals] + [
            key for key in CODES.kommuner(month) if key in chosen
        ]

    def _fill_month(self, month: date, chosen: set[str]) -> None:
        text = f"{month:%Y-%m}"
        for key in self._regions(month, chosen):
            level = CODES.region[key]["region_level"]
            chance = {"kommune": 0.8, "land": 0.15}.get(level, 0.3)
            for actor in ("fastlege", "legekontor", "sykehus", "apotek", "alle"):
                if self.dice.random() <= chance * (0.25 if actor == "alle" else 1):
                    self._put_organisations(key, actor, text)
            self._put_other_services(key, text, chance)
            # without a denominator a whole has a sum only where all its parts report
            if level in ("rhf", "helsefellesskap") and (level == "rhf") == (month.year < 2024):
                physicians = str(self.dice.randint(0, 50))
                self._put(key, "fastlege", text, pll_gp_office_count=physicians)
        # denominators of the year
        for key in self._regions(month, chosen):
            if self.dice.random() < 0.7:
                self._put(
                    key,
                    self.dice.choice(["fastlege", "alle"]),
                    str(month.year),
                    multidose_organisation_eligible_count=str(self.dice.randint(20, 60)),
                )

    def _put_organisations(self, key: str, actor: str, text: str) -> None:
        eligible = self.dice.randint(1, 40)
        self._put(
            key,
            actor,
            text,
            provisional=self.dice.random() < 0.1,
            sfm_organisation_in_use_count=self._count(self.dice.randint(0, eligible)),
            sfm_organisation_eligible_count=self._eligible(eligible),
            sfm_organisation_in_use_share=self._now_and_then(
                0.06, f"{100 * self.dice.random():.{self.dice.randint(0, 1)}f}"
            ),
            multidose_organisation_in_use_count=self._now_and_then(
                0.5, self._count(self.dice.randint(0, eligible))
            ),
        )

    def _put_other_services(self, key: str, text: str, chance: float) -> None:
        if self.dice.random() < chance:
            residents = self._count(self.dice.randint(0, 800))
            self._put(key, "alle", text, kjernejournal_resident_count=residents)
        # a state of the year is that at its end, and gives way to the month's own
        if month_ends_year(text) and self.dice.random() < chance / 2:
            self._put(
                key,
                self.dice.choice(["fastlege", "legevakt"]),
                text[:4],
                sfm_organisation_in_use_count=self._count(self.dice.randint(0, 40)),
                sfm_organisation_eligible_count=self._eligible(40),
            )
        if self.dice.random() < chance / 4:
            count = str(self.dice.randint(1, 99))
            self._put(key, "fastlege", text, eresept_prescribing_organisation_count=count)
        # the 15th, of a month that may have a figure of its own
        if self.dice.random() < chance / 4:
            self._put(
                key,
                "fastlege",
                f"{text}-15",
                sfm_organisation_in_use_count=self._count(self.dice.randint(0, 40)),
                pll_gp_office_count="7",
            )

    def _put(
        self, key: str, actor: str, period: str, provisional: bool = False, **values: str | None
    ) -> None:
        row = CODES.region[key]
        about = {
            "level": row["region_level"],
            "code": row["region_code"],
            "key": key,
            "actor": actor,
            "period": period,
            "status": "provisional" if provisional else "observed",
        }
        for measure, value in values.items():
            if value is not None:
                self.figures[measure, key, actor, period] = {
                    "measure": measure,
                    "unit": MEASURES[measure],
                    **about,
                    "value": value,
                }

    def _count(self, value: int) -> str:
        if value < 5:
            return "<5" if value else ":"
        # a small upper bound would have to be declared as a mark of suppression
        at_most = f"høyst {value}" if value >= 20 else str(value)
        return self.dice.choice(
            [*[str(value)] * 16, "", f"om lag {value}", f"minst {value}", at_most]
        )

    def _eligible(self, value: int) -> str | None:
        return self.dice.choice([*[str(value)] * 20, "", f"om lag {value}", f"minst {value}", None])

    def _now_and_then(self, chance: float, text: str) -> str | None:
        return text if self.dice.random() < chance else None

    def first(self) -> Figures:
        """Without a month that came late."""
        return {key: row for key, row in self.figures.items() if not key[3].startswith("2023-12")}

    def second(self) -> Figures:
        """The late month too; some figures were changed, some taken back."""
        return {
            key: row | {"value": self._count(self.dice.randint(5, 40))}
            if key[0] == "sfm_organisation_in_use_count" and self.dice.random() < 0.1
            else row
            for key, row in self.figures.items()
            if self.dice.random() > 0.03
        }

    def of_another(self) -> Figures:
        """Some of the same, as another publisher counts it; and the past, on the codes of today."""
        again = {
            key: row | {"value": self._count(self.dice.randint(0, 30))}
            for key, row in self.figures.items()
            if key[0] == "sfm_organisation_in_use_count"
            and CODES.is_valid(key[1], TODAY)
            and self.dice.random() < 0.08
        }
        mine, self.figures = self.figures, {}
        for key in self._regions(TODAY, {f"kommune:{code}" for code in CORE}):
            for month in MONTHS[2:5] if key.startswith("kommune:") else ():
                self._put(
                    key,
                    "avtalespesialist",
                    f"{month:%Y-%m}",
                    sfm_organisation_in_use_count=self._count(self.dice.randint(0, 30)),
                    sfm_organisation_eligible_count=self._eligible(30),
                )
        past, self.figures = self.figures, mine
        return again | past


def month_ends_year(text: str) -> bool:
    """Whether the month ("2025-12") is the last of its year."""
    return text.endswith("-12")


def _bytes(figures: Figures) -> dict[str, bytes]:
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(figures[key] for key in sorted(figures))
    return {"figures.csv": text.getvalue().encode("utf-8")}


def _table(valid_on: date | None) -> dict[str, Any]:
    return {
        "holds": "observations",
        "file": "figures.csv",
        "expected_columns": COLUMNS,
        "rows": [1, 100_000],
        "values": [
            {
                "column": "value",
                "measure": {"column": "measure"},
                "unit": {"column": "unit"},
                "suppressed": {"<5": [1, 4], ":": [0, None]},
            }
        ],
        "region": {
            "name": {"column": "code"},
            "level": {"column": "level"},
            "levels": {level: [level] for level in LEVELS},
            "valid_on": valid_on,
        },
        "actor_type": {"column": "actor"},
        "period": {"text": {"column": "period"}},
        "status": {"column": "status"},
    }


def _source(name: str, *, restates: bool, valid_on: date | None) -> dict[str, Any]:
    return source_description(name, _table(valid_on), restates_history=restates, may_withdraw=1)


# Whether each source restates its history.
RESTATES = {"liten_verden": True, "annen_utgiver": False}


def make_small_world(folder: Path) -> World:
    """The world after its night, in a folder of its own."""
    data = folder / "data"
    world, small = World(data), SmallWorld(1)
    (data / "sources").mkdir(parents=True)
    for name, is_whole in RESTATES.items():
        (data / "sources" / f"{name}.yaml").write_text(
            yaml.safe_dump(
                _source(name, restates=is_whole, valid_on=None if is_whole else TODAY),
                allow_unicode=True,
            ),
            encoding="utf-8",
        )
    publications = (
        ("liten_verden", small.first(), 3),
        ("annen_utgiver", small.of_another(), 4),
        ("liten_verden", small.second(), 5),
        ("annen_utgiver", small.of_another(), 6),
    )
    for source, figures, day in publications:
        archive.keep(data / "raw", source, _bytes(figures), {}, datetime(2026, 3, day, tzinfo=UTC))
    night = world.pll("run", "--offline")
    assert night.returncode == 0, night.stdout[-4000:] + night.stderr[-4000:]
    return world
