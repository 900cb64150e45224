"""Adoption computed twice: by a whole night on a small simulated world, and by a second opinion.

The world has what makes figures hard: reforms, split kommuner, suppression, qualifiers, revisions,
withdrawals, months that come late, the same figure from two publishers, denominators of the year,
of the month and of all actor types. Every cell must agree.
"""

from __future__ import annotations

import csv
import io
import random
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, NamedTuple

import pytest
import yaml

from pll_pipeline.raw import archive
from tests.night.conftest import ROOT, World
from tests.oracle import Codes, Oracle, Row, known_now

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
    "pll_connected_physician_count": "count",
    "eresept_prescribing_organisation_count": "count",
    "multidose_organisation_in_use_count": "count",
    "multidose_organisation_eligible_count": "count",
    "population": "count",
}
COLUMNS = ["measure", "unit", "level", "code", "key", "actor", "period", "status", "value"]
# Kommuner that were recoded, merged or split: of Vestfold and its neighbours, Oslo, Sunnmøre,
# Tysfjord, Snillfjord and Viken.
CORE = (
    *("0301", "0702", "0713", "0715", "0714", "3802", "3903", "1504"),
    *("1507", "1508", "1580", "1534", "1850", "1806", "1805", "1854"),
    *("1875", "5012", "5055", "5056", "5059", "5016", "5057", "0219"),
    *("3024", "3201", "0602", "3005", "3301"),
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
                self._put(key, "fastlege", text, pll_connected_physician_count=physicians)
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
                0.06, f"{100 * self.dice.random():.1f}"
            ),
            multidose_organisation_in_use_count=self._now_and_then(
                0.5, self._count(self.dice.randint(0, eligible))
            ),
        )

    def _put_other_services(self, key: str, text: str, chance: float) -> None:
        if self.dice.random() < chance:
            residents = self._count(self.dice.randint(0, 800))
            self._put(key, "alle", text, kjernejournal_resident_count=residents)
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
                pll_connected_physician_count="7",
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
    return {
        "name": name,
        "title": name,
        "title_en": name,
        "publisher": "Simulert utgiver",
        "landing_page": "https://www.example.no",
        "licence": "Ikke statistikk",
        "attribution": "Simulerte tall",
        "cadence": "irregular",
        "max_age_days": 40_000,
        "restates_history": restates,
        "is_simulated": True,
        "fetch": {"kind": "bundled"},
        "read": {"kind": "delimited"},
        "numbers": "point",
        "may_withdraw": 1,
        "tables": [_table(valid_on)],
    }


@dataclass(frozen=True)
class Opinions:
    """The world as the warehouse has it, and the second opinion."""

    world: World
    oracle: Oracle


@pytest.fixture(scope="module")
def opinions(tmp_path_factory: pytest.TempPathFactory) -> Opinions:
    data = tmp_path_factory.mktemp("oracle") / "data"
    world, small = World(data), SmallWorld(1)
    restates = {"liten_verden": True, "annen_utgiver": False}
    (data / "sources").mkdir(parents=True)
    for name, is_whole in restates.items():
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
    return Opinions(world, Oracle(CODES, known_now(data / "raw", restates)))


def _rounded(row: Row) -> tuple[object, ...]:
    def whole(value: float | None) -> int | None:
        return None if value is None else int(value + 0.5 + 1e-9)

    def cut(share: float | None) -> float | None:
        return None if share is None else min(1.0, max(0.0, share))

    return (
        row.basis,
        row.qualifier,
        row.status,
        row.denominator,
        row.source,
        whole(row.count),
        whole(row.count_low),
        whole(row.count_high),
        whole(row.eligible),
        cut(row.share),
        cut(row.share_low),
        cut(row.share_high),
        row.reported,
    )


def _is_same(warehouse: tuple[object, ...], oracle: tuple[object, ...]) -> bool:
    return all(
        mine == theirs
        if not (isinstance(mine, int | float) and isinstance(theirs, int | float))
        else abs(mine - theirs) <= (1e-6 if isinstance(mine, float) else 0)
        for mine, theirs in zip(warehouse, oracle, strict=True)
    )


COMPARED = (
    "basis, qualifier, status, denominator_code, source_name, adoption_count, "
    "adoption_count_lower, adoption_count_upper, eligible_count, adoption_share, share_lower, "
    "share_upper, reported_share"
)


def test_every_cell_of_adoption_agrees_with_the_second_opinion(opinions: Opinions) -> None:
    answer = opinions.world.ask(
        f"select measure_code, region_key, actor_type_code, month, {COMPARED} "
        "from star.fct_adoption_month"
    )
    warehouse = {row[:4]: row[4:] for row in answer}
    oracle = {key: _rounded(row) for key, row in opinions.oracle.rows.items()}
    assert len(warehouse) == len(answer)
    assert warehouse.keys() - oracle.keys() == set()
    assert oracle.keys() - warehouse.keys() == set()
    different = {
        key: (warehouse[key], oracle[key])
        for key in oracle
        if not _is_same(warehouse[key], oracle[key])
    }
    assert not different, f"{len(different)} of {len(oracle)}, as {list(different.items())[:3]}"


def test_the_small_world_has_every_basis_status_and_qualifier(opinions: Opinions) -> None:
    rows = opinions.oracle.rows.values()
    assert len(rows) > 3_000
    assert {row.basis for row in rows} == {"published", "derived", "aggregated"}
    for status in ("suppressed", "missing", "provisional", "observed"):
        assert any(row.status == status for row in rows), status
    derived = {"exact", "approx", "at_least", "at_most"}
    assert {row.qualifier for row in rows if row.basis == "derived"} == derived
    assert {row.qualifier for row in rows if row.basis == "aggregated"} == derived | {"estimate"}
    by_source = Counter(row.source for row in rows)
    assert min(by_source["liten_verden"], by_source["annen_utgiver"]) > 100


def test_the_small_world_has_sums_of_every_kind(opinions: Opinions) -> None:
    sums = [row for row in opinions.oracle.rows.values() if row.basis == "aggregated"]
    assert {CODES.region[row.region]["region_level"] for row in sums} == set(LEVELS)
    eligible = "sfm_organisation_eligible_count"
    assert any(row.denominator is None for row in sums)
    assert any(row.actor == "alle" and row.denominator == eligible for row in sums)
    bounded = [row for row in sums if row.count is None and row.status == "suppressed"]
    assert any(row.count_low is not None and row.count_high is not None for row in bounded)
    assert any(row.reported is not None and row.reported < 0.9 for row in sums)
    before_reform = TODAY.replace(year=2024)
    assert any(row.region == "fylke:39" and row.month < before_reform for row in sums), (
        "the past on the codes of today"
    )


def test_the_small_world_has_denominators_and_revisions(opinions: Opinions) -> None:
    denominators = {row.denominator for row in opinions.oracle.rows.values()}
    assert denominators >= {
        None,
        "population",
        "sfm_organisation_eligible_count",
        "multidose_organisation_eligible_count",
    }
    endings = opinions.world.ask(
        "select ended_by, count(*) from star.fct_observation_revision "
        "where ended_by is not null group by ended_by having count(*) > 100 order by ended_by"
    )
    assert [ending for ending, _ in endings] == ["revised", "withdrawn"]


class Adoption(NamedTuple):
    """A row of the mart, as far as changes and ranks follow from it."""

    measure_code: str
    region_key: str
    actor_type_code: str
    month: date
    adoption_share: float | None
    qualifier: str
    denominator_code: str | None
    basis: str
    reported_share: float | None
    change_1m: float | None
    change_12m: float | None
    rank_in_level: int | None
    region_level: str


@pytest.fixture(scope="module")
def adoption(opinions: Opinions) -> list[Adoption]:
    columns = ", ".join(Adoption._fields)
    answer: list[Any] = opinions.world.ask(
        f"select {columns} from marts.mart_adoption_by_region_actor_month"
    )
    return [Adoption(*row) for row in answer]


def _change(row: Adoption, before: Adoption | None) -> float | None:
    """The change in share between two rows that can be compared; None between others."""
    if before is None or row.adoption_share is None or before.adoption_share is None:
        return None
    is_like = (
        {row.qualifier, before.qualifier} <= {"exact", "approx", "estimate"}
        and row.denominator_code == before.denominator_code
        and (row.basis == "aggregated") == (before.basis == "aggregated")
    )
    if row.reported_share is None or before.reported_share is None:
        is_as_complete = row.reported_share == before.reported_share
    else:
        is_as_complete = abs(row.reported_share - before.reported_share) <= 0.02
    return row.adoption_share - before.adoption_share if is_like and is_as_complete else None


@pytest.mark.parametrize(("months", "column"), [(1, "change_1m"), (12, "change_12m")])
def test_a_change_is_that_of_comparable_shares(
    adoption: list[Adoption], months: int, column: str
) -> None:
    rows = {row[:4]: row for row in adoption}
    compared = 0
    for row in adoption:
        number = row.month.year * 12 + row.month.month - 1 - months
        before = rows.get((*row[:3], date(number // 12, number % 12 + 1, 1)))
        expected, actual = _change(row, before), getattr(row, column)
        assert (actual is None) == (expected is None), (row, months)
        if expected is not None:
            assert actual == pytest.approx(expected, abs=2e-6)
            compared += 1
    assert compared > 50


def test_a_rank_is_that_of_the_share_among_regions_of_a_level(adoption: list[Adoption]) -> None:
    groups: dict[tuple[object, ...], list[Adoption]] = {}
    for row in adoption:
        if row.adoption_share is not None and row.region_level != "gruppe":
            key = row.measure_code, row.actor_type_code, row.month, row.region_level
            groups.setdefault(key, []).append(row)
        else:
            assert row.rank_in_level is None
    for group in groups.values():
        shares = [row.adoption_share or 0 for row in group]
        for row, share in zip(group, shares, strict=True):
            assert row.rank_in_level == 1 + sum(other > share for other in shares)
