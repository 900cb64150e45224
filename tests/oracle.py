"""A second opinion on adoption: the rules of the fact in plain Python, from the bytes of snapshots.

It shares no line with the warehouse: no SQL, no module of the package, only the code lists in
`dbt_project/seeds` and the files under `data/raw`. It is slow and reads like the rules: which
statements are known now, which of several figures is the month's, which denominator is valid, which
parts a whole has, what they add up to. Not here: a world to try it on
(`tests/night/test_oracle.py`).
"""

from __future__ import annotations

import csv
import json
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any

FLOOR = 0.8  # of the base of a whole: a sum that covers less does not represent it
FARTHEST, NEAR = 12, 6  # months to a denominator: at most, and without being approximate
GRAINS = ("day", "month", "quarter", "tertial", "half_year", "year")
LEVELS = ("rhf", "fylke", "hf", "helsefellesskap", "kommune", "kommune_today")
REVERSED = {"at_least": "at_most", "at_most": "at_least"}


@dataclass(frozen=True)
class Statement:
    """One figure as a source stated it."""

    measure: str
    region: str
    actor: str
    start: date
    end: date
    grain: str
    value: float | None
    low: float | None
    high: float | None
    qualifier: str
    status: str
    source: str
    at: str


@dataclass(frozen=True)
class Row:
    """One row of adoption, counts unrounded."""

    measure: str
    region: str
    actor: str
    month: date
    count: float | None
    count_low: float | None
    count_high: float | None
    eligible: float | None
    share: float | None
    share_low: float | None
    share_high: float | None
    qualifier: str
    status: str
    basis: str
    denominator: str | None
    reported: float | None
    source: str
    count_qualifier: str = "exact"
    count_status: str | None = None
    eligible_qualifier: str = "exact"
    eligible_status: str | None = None
    eligible_low: float | None = None
    eligible_high: float | None = None
    as_of: date | None = None
    cap: float | None = None
    base: float | None = None
    is_contradictory: bool = False
    grain: str = "month"
    part_level: str | None = None
    part_count: int | None = None
    expected: int | None = None
    parts: frozenset[object] = frozenset()

    @property
    def is_representative(self) -> bool:
        if self.basis != "aggregated":
            return self.status != "missing"
        return self.denominator is None or (
            self.reported is not None and round(self.reported, 6) >= FLOOR
        )

    @property
    def is_implied(self) -> bool:
        return (
            self.status == "suppressed"
            and self.count_low is not None
            and self.count_low == self.count_high
        )


class Codes:
    """The code lists, as read from the seeds."""

    def __init__(self, seeds: Path) -> None:
        def rows(name: str) -> list[dict[str, str]]:
            with (seeds / f"{name}.csv").open(encoding="utf-8", newline="") as file:
                return list(csv.DictReader(file))

        self.region = {row["region_key"]: row for row in rows("region")}
        adds = {row["additivity_code"]: row for row in rows("additivity")}
        self.measure = {
            row["measure_code"]: row | adds[row["additivity_code"]] for row in rows("measure")
        }
        self.actor = {row["actor_type_code"]: row for row in rows("actor_type")}
        self.reform = [
            (
                f"kommune:{r['old_code']}",
                f"kommune:{r['code_2024']}",
                float(r["share"]),
                r["quality"],
                int(r["first_year"]),
                int(r["last_year"]),
            )
            for r in rows("kommune_reform")
        ]
        self.split: dict[str, dict[int, list[tuple[str, float]]]] = defaultdict(
            lambda: defaultdict(list)
        )
        for row in rows("kommune_hf_share"):
            self.split[f"kommune:{row['kommune_code']}"][int(row["year"])].append(
                (row["hf_key"], float(row["share"]))
            )

        self.shared: dict[str, list[tuple[str, float]]] = defaultdict(list)
        for row in rows("kommune_helsefellesskap_share"):
            self.shared[f"kommune:{row['kommune_code']}"].append(
                (row["helsefellesskap_key"], float(row["share"]))
            )

    def is_valid(self, key: str, month: date) -> bool:
        begins, ends = self.region[key]["valid_from"], self.region[key]["valid_to"]
        return (not begins or date.fromisoformat(begins) <= month) and (
            not ends or month < date.fromisoformat(ends)
        )

    def kommuner(self, month: date) -> list[str]:
        return [
            key
            for key, row in self.region.items()
            if row["region_level"] == "kommune" and self.is_valid(key, month)
        ]

    @cached_property
    def hospitals(self) -> list[str]:
        with_residents = {
            hospital
            for years in self.split.values()
            for shares in years.values()
            for hospital, _ in shares
        }
        return [
            key
            for key, row in self.region.items()
            if row["region_level"] == "hf"
            or (row["region_level"] == "sykehus" and key in with_residents)
        ]

    def lies_in(self, kommune: str, on: date) -> list[tuple[str, float]]:
        """The wholes a kommune lies in on a day, and how much of it."""
        row = self.region[kommune]
        wholes = [
            (row[f"{level}_key"], 1.0)
            for level in ("fylke", "helsefellesskap", "rhf")
            if row[f"{level}_key"] and not (level == "helsefellesskap" and kommune in self.shared)
        ]
        wholes += [*self.shared.get(kommune, []), ("land:NO", 1.0)]
        if kommune not in self.split:
            return [*wholes, (row["hf_key"], 1.0)]
        years = sorted(self.split[kommune])
        year = max([y for y in years if y <= on.year], default=years[0])
        return [*wholes, *self.split[kommune][year]]

    def parts(self, whole: str, month: date) -> dict[str, list[tuple[str, float]]]:
        """The parts of a whole in a month, by kind: (region, how much of it)."""
        by_kind: dict[str, list[tuple[str, float]]] = defaultdict(list)
        level = self.region[whole]["region_level"]
        if level in ("land", "rhf"):
            for key, row in self.region.items():
                if (
                    level == "land"
                    and row["region_level"] in ("rhf", "fylke")
                    and self.is_valid(key, month)
                ):
                    by_kind[row["region_level"]].append((key, 1.0))
                if row["region_level"] == "helsefellesskap" and (
                    level == "land" or row["rhf_key"] == whole
                ):
                    by_kind["helsefellesskap"].append((key, 1.0))
            by_kind["hf"] = [
                (key, 1.0)
                for key in self.hospitals
                if level == "land" or self.region[key]["rhf_key"] == whole
            ]
        by_kind["kommune"] = [
            (kommune, share)
            for kommune in self.kommuner(month)
            for key, share in self.lies_in(kommune, month)
            if key == whole
        ]
        reformed = self.reformed_on(whole)
        if reformed and month < reformed:
            by_kind["kommune_today"] = [
                (kommune, share)
                for kommune in self.kommuner(reformed)
                for key, share in self.lies_in(kommune, reformed)
                if key == whole
            ]
        return {kind: parts for kind, parts in by_kind.items() if parts}

    def reformed_on(self, whole: str) -> date | None:
        """The day its last kommune of today began; None where every kommune in it is split."""
        begun = [
            date.fromisoformat(row["valid_from"])
            for key, row in self.region.items()
            if row["region_level"] == "kommune"
            and not row["valid_to"]
            and row["valid_from"]
            and key not in self.split_in(whole)
            and whole in [k for k, _ in self.lies_in(key, date(2026, 6, 1))]
        ]
        return max(begun, default=None)

    def split_in(self, whole: str) -> set[str]:
        level = self.region[whole]["region_level"]
        if level == "helsefellesskap":
            return set(self.shared)
        return set(self.split) if level in ("hf", "sykehus") else set()

    def ancestors(self, actor: str) -> Iterator[str]:
        while parent := self.actor[actor]["parent_code"]:
            yield parent
            actor = parent


def known_now(raw: Path, restates: dict[str, bool]) -> list[Statement]:
    """The figures known now.

    Of a source that restates its history those of its newest snapshot; of any other each figure as
    it was last stated.
    """
    known: list[Statement] = []
    for source, is_whole in restates.items():
        newest: dict[tuple[Any, ...], Statement] = {}
        for folder in sorted(path for path in (raw / source).iterdir() if path.is_dir()):
            at = json.loads((folder / "snapshot.json").read_text(encoding="utf-8"))["taken_at"]
            stated = {
                _identity(figure): figure for figure in read(folder / "figures.csv", source, at)
            }
            newest = stated if is_whole else newest | stated
        known += newest.values()
    return known


def _identity(figure: Statement) -> tuple[Any, ...]:
    return figure.measure, figure.region, figure.actor, figure.start, figure.end, figure.grain


def read(path: Path, source: str, at: str) -> Iterator[Statement]:
    """The figures of a long file: measure, unit, region key, actor type, period, status, value."""
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            start, end, grain = period(row["period"])
            value, low, high, qualifier, status = cell(
                row["value"], 0.01 if row["unit"] == "percent" else 1.0
            )
            status = row["status"] if status == "observed" else status
            yield Statement(
                row["measure"],
                row["key"],
                row["actor"],
                start,
                end,
                grain,
                value,
                low,
                high,
                qualifier,
                status,
                source,
                at,
            )


def period(text: str) -> tuple[date, date, str]:
    numbers = [int(part) for part in text.split("-")]
    if len(numbers) == 3:
        return date(*numbers), date(*numbers), "day"
    if len(numbers) == 1:
        return date(numbers[0], 1, 1), date(numbers[0], 12, 31), "year"
    first = date(numbers[0], numbers[1], 1)
    return first, last_day(first), "month"


def last_day(month: date) -> date:
    return (month.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)


def cell(text: str, factor: float) -> tuple[float | None, float | None, float | None, str, str]:
    if not text:
        return None, None, None, "exact", "missing"
    if text == "<5":
        return None, 1, 4, "approx", "suppressed"
    if text == ":":
        return None, 0, None, "at_least", "suppressed"
    words, _, number = text.rpartition(" ")
    value = round(float(number) * factor, 9)
    qualifier = {"": "exact", "om lag": "approx", "minst": "at_least", "høyst": "at_most"}[words]
    low = value if qualifier in ("exact", "at_least") else None
    high = value if qualifier in ("exact", "at_most") else None
    if factor == 0.01 and qualifier == "exact" and "." not in number:
        low, high = max(0.0, value - 0.005), min(1.0, value + 0.005)  # a whole per cent
    return value, low, high, qualifier, "observed"


class Oracle:
    """Adoption of a world: `rows` are those of `fct_adoption_month`."""

    def __init__(self, codes: Codes, statements: list[Statement]) -> None:
        self.codes = codes
        self.monthly: dict[tuple[str, str, str, date], Statement] = {}
        self.state: dict[tuple[str, str, str], dict[date, Statement]] = defaultdict(dict)
        for figure in statements:
            month = self.month_of(figure)
            if month:
                self._put(figure, month)
        self.months = {key[3] for key in self.monthly} | {
            month for states in self.state.values() for month in states
        }

    def _put(self, figure: Statement, month: date) -> None:
        """Keep the figure where it comes first of its month."""
        key = figure.measure, figure.region, figure.actor
        is_flow = self.codes.measure[figure.measure]["time_kind"] == "flow"
        if not is_flow or figure.grain == "month":
            others = [self.monthly[*key, month]] if (*key, month) in self.monthly else []
            self.monthly[*key, month] = min([figure, *others], key=_first_of_month)
        if figure.status != "missing":
            states = self.state[key]
            others = [states[month]] if month in states else []
            states[month] = min([figure, *others], key=_first_of_month)

    def month_of(self, figure: Statement) -> date | None:
        """The month a figure is about: a state of a longer period is that at its end."""
        is_flow = self.codes.measure[figure.measure]["time_kind"] == "flow"
        if figure.grain in ("day", "month") or (figure.grain in GRAINS and not is_flow):
            return figure.end.replace(day=1)
        return None

    def eligible(
        self, denominator: str, region: str, actor: str, month: date
    ) -> tuple[Statement, int] | None:
        """The denominator of a month, and how many months away it is.

        That of the own actor type; of all only where it is not counted by actor type.
        """
        is_by_actor = self.codes.measure[denominator]["adds_over_actor_types"] == "true"
        actors = (actor,) if is_by_actor else dict.fromkeys((actor, "alle"))
        for counted_actor in actors:
            states = self.state.get((denominator, region, counted_actor), {})
            if month in states:
                return states[month], 0
            near = [m for m in states if abs(_number(m) - _number(month)) <= FARTHEST]
            if near:
                nearest = min(near, key=lambda m: (_distance(states[m].end, month), m))
                return states[nearest], abs(_number(nearest) - _number(month))
        return None

    def base_of(self, denominator: str, region: str, actor: str, month: date) -> float | None:
        found = self.eligible(denominator, region, actor, month)
        return found[0].value if found else None

    @cached_property
    def published(self) -> dict[tuple[str, str, str, date], Row]:
        """Published shares and counts, and shares of two published figures."""
        rows: dict[tuple[str, str, str, date], Row] = {}
        for code, measure in self.codes.measure.items():
            if measure["is_adoption"] != "true":
                continue
            counted = measure["numerator_code"] if measure["unit"] == "share" else code
            cells = {key[1:] for key in self.monthly if key[0] in (code, counted)}
            for region, actor, month in cells:
                row = self._published_row(code, measure, region, actor, month, counted)
                if row:
                    rows[code, region, actor, month] = row
        return rows

    def _published_row(
        self, code: str, measure: dict[str, str], region: str, actor: str, month: date, counted: str
    ) -> Row | None:
        cell = region, actor, month
        stated = self.monthly.get((code, *cell)) if measure["unit"] == "share" else None
        count = self.monthly.get((counted, *cell)) if counted else None
        denominator = measure["denominator_code"] or None
        found = self.eligible(denominator, *cell) if denominator else None
        if stated is None and measure["unit"] == "share" and found is None:
            return None
        figure = stated or count
        assert figure is not None
        row = Row(
            code,
            *cell,
            None,
            None,
            None,
            None,
            None,
            None,
            None,
            figure.qualifier,
            figure.status,
            "published",
            denominator,
            None,
            figure.source,
            grain=figure.grain,
        )
        row = _with_facts(row, count, found)
        if stated is not None:
            return replace(row, share=stated.value, share_low=stated.low, share_high=stated.high)
        return _derived(row, figure, found[1]) if found else row

    @cached_property
    def rows(self) -> dict[tuple[str, str, str, date], Row]:
        rows = dict(self.published)
        rows |= self.region_sums(
            {code: self._adds(code, "adds_over_regions") for code in self.codes.measure}
        )
        rows |= self.actor_sums(rows)
        return rows

    def _adds(self, code: str, over: str) -> bool:
        measure = self.codes.measure[code]
        if measure["is_adoption"] != "true":
            return False
        parts = (
            [measure]
            if measure["unit"] != "share"
            else [
                self.codes.measure.get(measure[part], {})
                for part in ("numerator_code", "denominator_code")
            ]
        )
        return all(part.get(over) == "true" for part in parts)

    def _may_be_added(self, row: Row) -> bool:
        return (
            row.count_status not in (None, "missing")
            and not row.is_contradictory
            and (row.denominator is None or row.eligible is not None)
        )

    def region_sums(self, adds: dict[str, bool]) -> dict[tuple[str, str, str, date], Row]:
        by_series: dict[tuple[str, str, date], dict[str, Row]] = defaultdict(dict)
        for (code, region, actor, month), row in self.published.items():
            if adds[code] and self._may_be_added(row):
                by_series[code, actor, month][region] = row
        wholes = [
            key
            for key, row in self.codes.region.items()
            if row["region_level"] in ("land", "rhf", "hf", "sykehus", "helsefellesskap", "fylke")
        ]
        parts_of = {
            month: {whole: self.codes.parts(whole, month) for whole in wholes}
            for month in self.months
            if month
        }
        made = {}
        for (code, actor, month), reporting in by_series.items():
            for whole in wholes:
                if (code, whole, actor, month) not in self.published:
                    parts = parts_of[month][whole]
                    total = self.sum_of(code, whole, actor, month, parts, reporting)
                    if total:
                        made[code, whole, actor, month] = total
        return made

    def sum_of(
        self,
        code: str,
        whole: str,
        actor: str,
        month: date,
        parts: dict[str, list[tuple[str, float]]],
        reporting: dict[str, Row],
    ) -> Row | None:
        """The sum over the kind of parts that covers the largest denominator.

        None where no part reports; without a denominator, None unless all parts of a kind report.
        """
        denominator = self.codes.measure[code]["denominator_code"] or None
        best: tuple[float, int, str] | None = None
        for kind, members in parts.items():
            there = [(reporting[part], share) for part, share in members if part in reporting]
            if there and (denominator or len(there) == len(members)):
                covered = sum(share * (row.eligible or 0) for row, share in there)
                best = max(filter(None, (best, (covered, -LEVELS.index(kind), kind))))
        if best is None:
            return None
        members = parts[best[2]]
        adding = [(part, share) for part, share in members if part in reporting]
        row = replace(
            add_up([(reporting[part], share) for part, share in adding]),
            part_level=best[2],
            part_count=len(adding),
            expected=len(members),
            parts=frozenset(part for part, _ in adding),
        )
        base = None
        if denominator:
            own = self.base_of(denominator, whole, actor, month)
            base = own if own else self._base_of_parts(denominator, actor, month, members)
        return _finished(row, code, whole, actor, month, denominator, base)

    def _base_of_parts(
        self, denominator: str, actor: str, month: date, members: list[tuple[str, float]]
    ) -> float | None:
        """The denominators of all parts, reporting or not; None where one part has none."""
        bases = [(self.base_of(denominator, part, actor, month), share) for part, share in members]
        if any(base is None for base, _ in bases):
            return None
        return sum(share * (base or 0) for base, share in bases) or None

    def _is_contained(self, actor: str, actors: Iterable[str]) -> bool:
        return any(above in actors for above in self.codes.ancestors(actor))

    def _base_of_types(
        self,
        denominator: str,
        region: str,
        month: date,
        parts: dict[str, list[tuple[str, float]]],
        sums: dict[str, Row],
    ) -> tuple[float | None, int]:
        """The base of all actor types that a region has, and how many there are.

        A type is there where the region or one of its parts has a denominator of it.
        """
        levels = {row.part_level for row in sums.values() if row.part_level}
        bases: dict[str, float | None] = {}
        for actor, about in self.codes.actor.items():
            if about["actor_type_kind"] != "actor":
                continue
            own = self.eligible(denominator, region, actor, month)
            by_level = [
                self._base_of_parts(denominator, actor, month, parts[level])
                for level in levels & parts.keys()
                if any(self.eligible(denominator, p, actor, month) for p, _ in parts[level])
            ]
            if own or by_level or actor in sums:
                candidates = [own[0].value if own else None]
                candidates += [sums[actor].base] if actor in sums else []
                candidates += [max((b for b in by_level if b), default=None)]
                bases[actor] = next((b for b in candidates if b is not None), None)
        outermost = [bases[actor] for actor in bases if not self._is_contained(actor, bases)]
        if any(base is None for base in outermost):
            return None, len(outermost)
        return sum(base or 0 for base in outermost) or None, len(outermost)

    def _outermost(self, by_actor: dict[str, Row]) -> list[Row]:
        """The rows of actor types that are part of no other actor type with a row."""
        return [
            row
            for actor, row in sorted(by_actor.items())
            if self.codes.actor[actor]["actor_type_kind"] == "actor"
            and not self._is_contained(actor, by_actor)
        ]

    def actor_sums(
        self, rows: dict[tuple[str, str, str, date], Row]
    ) -> dict[tuple[str, str, str, date], Row]:
        by_cell: dict[tuple[str, str, date], dict[str, Row]] = defaultdict(dict)
        for (code, region, actor, month), row in rows.items():
            adds = (
                self.codes.measure[code]["unit"] == "share"
                and self._adds(code, "adds_over_actor_types")
                and self._adds(code, "adds_over_regions")
            )
            if adds and (self._may_be_added(row) if row.basis != "aggregated" else True):
                by_cell[code, region, month][actor] = row
        made = {}
        for (code, region, month), by_actor in by_cell.items():
            if (code, region, "alle", month) in rows:
                continue
            outermost = self._outermost(by_actor)
            if len(outermost) < 2:
                continue
            denominator = self.codes.measure[code]["denominator_code"]
            sums = {a: row for a, row in by_actor.items() if row.basis == "aggregated"}
            base, expected = self._base_of_types(
                denominator, region, month, self.codes.parts(region, month) if sums else {}, sums
            )
            total = replace(
                add_up([(row, 1.0) for row in outermost]),
                part_level="actor_type",
                part_count=len(outermost),
                expected=expected,
                parts=frozenset((row.actor, row.parts) for row in outermost),
            )
            own = self.base_of(denominator, region, "alle", month)
            made[code, region, "alle", month] = _finished(
                total, code, region, "alle", month, denominator, own or base
            )
        return made


def _derived(row: Row, count: Statement, away: int) -> Row:
    """A share of two published figures; none where more is counted than there is."""
    row = replace(
        row,
        basis="derived",
        qualifier=_quotient(count.qualifier, row.eligible_qualifier),
        status=_worst(count.status, row.eligible_status or "observed"),
    )
    if row.is_contradictory:
        return row
    row = replace(row, share=_ratio(row.count, row.eligible))
    if away > NEAR:
        return row
    return replace(
        row,
        share_low=_ratio(row.count_low, row.eligible_high),
        share_high=_ratio(row.count_high, row.eligible_low),
    )


def _with_facts(row: Row, count: Statement | None, found: tuple[Statement, int] | None) -> Row:
    """The row with its count and its denominator, where there are."""
    if count:
        row = replace(
            row,
            count=count.value,
            count_low=count.low,
            count_high=count.high,
            count_qualifier=count.qualifier,
            count_status=count.status,
        )
    if found:
        whole, away = found
        is_far = away > NEAR and whole.qualifier != "estimate"
        row = replace(
            row,
            eligible=whole.value,
            eligible_qualifier="approx" if is_far else whole.qualifier,
            eligible_status=whole.status,
            eligible_low=whole.low if away <= NEAR else None,
            eligible_high=whole.high if away <= NEAR else None,
            as_of=whole.end,
        )
        row = _capped(row, whole.high)
    return row


def _capped(row: Row, most: float | None) -> Row:
    """No more than there is."""
    if most is None or row.count_status is None:
        return row
    if row.count_low is not None and row.count_low > most:
        return replace(row, is_contradictory=True)
    high = row.count_high
    if high is None:
        is_open = row.count_status == "suppressed" or row.count_qualifier == "at_least"
        return replace(row, count_high=most, cap=most) if is_open else replace(row, cap=most)
    if row.count is not None and row.count_qualifier == "at_most":
        row = replace(row, count=min(row.count, most))
    return replace(row, count_high=min(high, most), cap=most)


@dataclass(frozen=True)
class Addend:
    """What one part adds to a sum."""

    value: float | None
    low: float | None
    high: float | None
    eligible: float | None
    eligible_low: float | None
    eligible_high: float | None
    qualifiers: set[str]
    statuses: set[str]
    source: str


def addend(row: Row, share: float) -> Addend:
    """A part of which `share` is in the whole.

    A part that was split has no lower bound, as all of its count may lie elsewhere.
    """
    is_sum = row.basis == "aggregated"
    status = row.status if is_sum else row.count_status
    is_open = status == "suppressed" and not is_sum  # a sum without a bound has none
    reversed_qualifier = REVERSED.get(row.eligible_qualifier, row.eligible_qualifier)
    counted = "exact" if status == "suppressed" else row.count_qualifier
    qualifiers = {counted} if is_sum else {counted, reversed_qualifier}
    if is_sum and row.qualifier == "estimate":
        qualifiers = {"estimate"}
    high = row.count_high
    if row.cap is not None and high is not None:
        high = min(high, share * row.cap)
    return Addend(
        value=_times(share, row.count),
        low=0.0 if share < 1 or (row.count_low is None and is_open) else row.count_low,
        high=high,
        eligible=_times(share, row.eligible),
        eligible_low=_times(share, row.eligible_low),
        eligible_high=_times(share, row.eligible_high),
        qualifiers=qualifiers | ({"estimate"} if share < 1 else set()),
        statuses={status or "", "" if is_sum else row.eligible_status or ""},
        source=row.source,
    )


def _times(share: float, value: float | None) -> float | None:
    return None if value is None else share * value


def add_up(parts: list[tuple[Row, float]]) -> Row:
    """The sum of parts, each with the share of it in the whole."""
    addends = [addend(row, share) for row, share in parts]
    low, high = _total([a.low for a in addends]), _total([a.high for a in addends])
    count = _total([a.value for a in addends])
    if count is None and low is not None and high is not None and abs(low - high) < 1e-9:
        count = low
    known = [a.eligible for a in addends if a.eligible is not None]
    qualifier = _qualifier_of_sum(set().union(*(a.qualifiers for a in addends)))
    status = _status_of_sum(set().union(*(a.statuses for a in addends)), count)
    if count is None and qualifier == "exact":
        qualifier = _qualifier_of_bounds(low, high)
    return Row(
        "",
        "",
        "",
        date.min,
        count,
        low,
        high,
        sum(known) if known else None,
        None,
        None,
        None,
        qualifier,
        status,
        "aggregated",
        None,
        None,
        min(a.source for a in addends),
        qualifier,
        status,
        eligible_low=_total([a.eligible_low for a in addends]),
        eligible_high=_total([a.eligible_high for a in addends]),
        as_of=min((row.as_of for row, _ in parts if row.as_of), default=None),
        grain=max((row.grain for row, _ in parts), key=GRAINS.index),
    )


def _qualifier_of_bounds(low: float | None, high: float | None) -> str:
    if (low is None) == (high is None):
        return "approx"
    return "at_most" if low is None else "at_least"


def _qualifier_of_sum(qualifiers: set[str]) -> str:
    for name in ("estimate", "approx"):
        if name in qualifiers:
            return name
    return (
        "approx"
        if {"at_least", "at_most"} <= qualifiers
        else next(iter(qualifiers - {"exact"}), "exact")
    )


def _status_of_sum(statuses: set[str], count: float | None) -> str:
    if "suppressed" in statuses and count is None:
        return "suppressed"
    return "provisional" if "provisional" in statuses else "observed"


def _finished(
    row: Row,
    code: str,
    region: str,
    actor: str,
    month: date,
    denominator: str | None,
    base: float | None,
) -> Row:
    reported = None if base is None or row.eligible is None else min(1.0, row.eligible / base)
    return replace(
        row,
        measure=code,
        region=region,
        actor=actor,
        month=month,
        denominator=denominator,
        reported=reported,
        base=base,
        share=_ratio(row.count, row.eligible) if reported is not None else None,
        share_low=_ratio(row.count_low, row.eligible_high) if reported is not None else None,
        share_high=_ratio(row.count_high, row.eligible_low) if reported is not None else None,
    )


def _total(values: list[float | None]) -> float | None:
    return None if None in values else sum(value for value in values if value is not None)


def _ratio(part: float | None, whole: float | None) -> float | None:
    return part / whole if part is not None and whole is not None and whole > 0 else None


def _quotient(part: str, whole: str) -> str:
    for name in ("estimate", "approx"):
        if name in (part, whole):
            return name
    qualifiers = {part, REVERSED.get(whole, "exact")} - {"exact"}
    return "approx" if len(qualifiers) == 2 else next(iter(qualifiers), "exact")


def _worst(*statuses: str) -> str:
    return next(
        status
        for status in ("suppressed", "missing", "provisional", "observed")
        if status in statuses
    )


def _newest(at: str) -> tuple[int, ...]:
    return tuple(-int(digit) for digit in at if digit.isdigit())


def _number(month: date) -> int:
    return month.year * 12 + month.month


def _distance(day: date, month: date) -> int:
    """Days from a day to the end of a month, as if every month had 31."""
    day_of_month = 31 if day == last_day(day) else day.day
    return abs(_number(day) * 31 + day_of_month - _number(month) * 31 - 31)


def _first_of_month(figure: Statement) -> tuple[Any, ...]:
    return (
        figure.status == "missing",
        -figure.end.toordinal(),
        figure.grain == "day",
        -figure.start.toordinal(),
        _newest(figure.at),
        figure.source,
    )
