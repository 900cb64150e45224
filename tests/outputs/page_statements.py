"""Every value, rank, interval and claim of the page, compared with what the database proves.

A statement is read from the page as a reader meets it: the data of each figure, the words of each
tile, the cells of tables, headlines and cards. It is proved when the bounds of the public marts
allow nothing else. Not here: whether those bounds are right (`tests/oracle.py`).
"""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from math import ceil, floor
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import duckdb
from selectolax.lexbor import LexborHTMLParser, LexborNode

Row = dict[str, Any]
_TOLERANCE = 6e-5  # shares in the page's CSV have four decimals
_WRITTEN = 6e-4  # shares in words have one decimal of a per cent
_SERVICE_OF = ("ranking", "cells", "maps")  # figures about the first service with regions


@dataclass(frozen=True)
class Statement:
    """A statement of the page: what sort it is, what it says, and whether the data prove it."""

    sort: str
    text: str
    is_proved: bool


class PageStatements:
    """The statements of one Norwegian page, and the build file that it was made from."""

    def __init__(self, page: Path, build_file: Path) -> None:
        self._page = LexborHTMLParser(page.read_text(encoding="utf-8"))
        self._database = duckdb.connect(build_file, read_only=True)

    def __iter__(self) -> Iterator[Statement]:
        yield from self._values()
        yield from self._tiles()
        yield from self._ranks()
        yield from self._percentiles()
        yield from self._headlines()
        yield from self._claims_of_absence()
        yield from self._lags()
        yield from self._readiness()
        yield from self._timeline()

    def count(self) -> tuple[Counter[str], list[Statement]]:
        """How many statements of each sort there are, and those that are not proved."""
        every = list(self)
        return Counter(each.sort for each in every), [one for one in every if not one.is_proved]

    def ask(self, sql: str) -> list[Row]:
        """The answer of a question as rows."""
        answer = self._database.execute(sql)
        names = [column[0] for column in answer.description or ()]
        return [dict(zip(names, row, strict=True)) for row in answer.fetchall()]

    def data_of(self, figure: str) -> list[dict[str, str]]:
        """The rows of the CSV of a figure; none where the page does not have it."""
        link = self._page.css_first(f"#figure-{figure} a[download][href^='data:text/csv']")
        if link is None:
            return []
        text = unquote((link.attributes["href"] or "").partition(",")[2])
        return list(csv.DictReader(io.StringIO(text)))

    @cached_property
    def _series(self) -> dict[str, tuple[str, str]]:
        rows = self.ask("from page.page_series")
        return {row["service_code"]: (row["measure_code"], row["actor_type_code"]) for row in rows}

    @cached_property
    def _level(self) -> Row | None:
        rows = self.ask("from page.page_area_level where page_order = 1")
        return rows[0] if rows else None

    @cached_property
    def _cells(self) -> dict[tuple[str, str, str], Row]:
        """Cells of the shown series by service, region and month."""
        rows = self.ask(
            "select adoption.* from marts.mart_adoption_by_region_actor_month as adoption "
            "join page.page_series as series using (measure_code, actor_type_code)"
        )
        return {(r["service_code"], r["region_key"], r["month"].isoformat()): r for r in rows}

    def _values(self) -> Iterator[Statement]:
        """Values and intervals of the figures: those of the mart, and none that is withheld."""
        for figure in ("curves", "matrix", *_SERVICE_OF):
            for row in self.data_of(figure):
                service = row.get("service_code") or (self._level or {})["service_code"]
                month = row.get("month") or (self._level or {})["month"].isoformat()
                cell = self._cells.get((service, row["region_key"], month))
                name = f"{figure}: {service} {row['region_key']} {month} {row['adoption_share']}"
                yield Statement("value of a figure", name, _is_of_cell(row, cell))

    def _tiles(self) -> Iterator[Statement]:
        """The words of each tile of the maps."""
        tiles = self._page.css("#figure-maps .map .tile")
        for tile, row in zip(tiles, self.data_of("maps"), strict=True):
            text = tile.attributes["aria-label"] or ""
            service = (self._level or {})["service_code"]
            cell = self._cells.get((service, row["region_key"], row["month"]))
            yield Statement("tile", text, _are_words_of(text.rpartition(": ")[2], cell))

    def _ranks(self) -> Iterator[Statement]:
        """Ranks of the table: the best and the worst that the bounds of all regions allow."""
        rows = [row for row in self.data_of("ranking") if row["region_key"] != "land:NO"]
        bounds = self._bounds_of_level((self._level or {}).get("month"))
        for row, line in zip(rows, self._page.css("#figure-ranking tbody tr"), strict=False):
            own = bounds[row["region_key"]]
            others = [pair for key, pair in bounds.items() if key != row["region_key"]]
            best = 1 + sum(low > own[1] for low, _ in others)
            worst = 1 + sum(high >= own[0] for _, high in others if high > own[0])
            written = [int(number) for number in re.findall(r"\d+", _text(line.css("td")[0]))]
            text = f"{row['region_key']}: rank {written}, bounds allow {best} to {worst}"
            is_within = bool(written) and written[0] <= best and written[-1] >= worst
            yield Statement("rank", text, is_within)

    def _bounds_of_level(self, month: Any) -> dict[str, tuple[float, float]]:
        """The bounds of every region of the level that is ranked, 0 and 1 where none is stated."""
        if self._level is None:
            return {}
        service, level = self._level["service_code"], self._level["region_level"]
        regions = self.ask(
            f"select region_key from star.dim_region where is_current and region_level = '{level}'"
        )
        return {
            key: _bounds(self._cells.get((service, key, month.isoformat())))
            for key in (row["region_key"] for row in regions)
        }

    def _percentiles(self) -> Iterator[Statement]:
        """Percentiles of the spread of the ranked service, again from the bounds of all regions."""
        service = (self._level or {}).get("service_code")
        months = {row["month"].isoformat(): row["month"] for row in self._cells.values()}
        for row in self.data_of("spread"):
            if row["service_code"] != service:
                continue
            bounds = self._bounds_of_level(months[row["month"]])
            for part in (10, 50, 90):
                low, high = (float(row[f"percentile_{part}_{end}"]) for end in ("lower", "upper"))
                least = _percentile([pair[0] for pair in bounds.values()], part / 100)
                most = _percentile([pair[1] for pair in bounds.values()], part / 100)
                is_within = low <= least + _TOLERANCE and high >= most - _TOLERANCE
                yield Statement("percentile", f"{row['month']} {part}: {low}–{high}", is_within)

    def _headlines(self) -> Iterator[Statement]:
        """Shares of the country in headlines and cards."""
        newest = {row["service_code"]: row for row in self.ask("from page.page_series")}
        shares = {_share(row["adoption_share"]) for row in newest.values()}
        counted = self.ask(
            "select distinct value, lower_bound, upper_bound from marts.mart_key_figures "
            "where service_code is not null and unit = 'share'"
        )
        shares |= {_share(value) for row in counted for value in row.values() if value is not None}
        targets = self.ask("select target_value, newest_value from marts.mart_target_status")
        shares |= {_share(value) for row in targets for value in row.values() if value is not None}
        for node in self._page.css("p.headline, .card .value, #figure-curves h3, #figure-plan h3"):
            for written in re.findall(r"[<>]?\s?[\d,]+\s%", _text(node)):
                text = f"{_text(node)[:80]}: {written}"
                yield Statement("share in a headline", text, _plain(written) in shares)
        yield from self._extremes()

    def _extremes(self) -> Iterator[Statement]:
        """That a region is highest or lowest: no other can be above or beside it, or below it."""
        headline = self._page.css_first("#figure-ranking h3")
        if headline is None or self._level is None:
            return
        bounds = self._bounds_of_level(self._level["month"])
        names = {row["region_key"]: row["region_name"] for row in self.ask("from star.dim_region")}
        claims = re.findall(r"(?:^|, )([^,]+?) (?:ligger )?(høyest|lavest) med", _text(headline))
        for name, extreme in claims:
            (key,) = (key for key in bounds if names[key] == name)
            others = [pair for other, pair in bounds.items() if other != key]
            above = all(high < bounds[key][0] for _, high in others)
            below = all(low > bounds[key][1] for low, _ in others)
            yield Statement("extreme", _text(headline), above if extreme == "høyest" else below)

    def _claims_of_absence(self) -> Iterator[Statement]:
        """That no source has a share of the country: the marts have none, not even a bound."""
        for node in self._page.css("p.headline, .card p, figcaption h3, #missing td"):
            text = _text(node)
            if "Ingen av kildene har publisert" not in text:
                continue
            within = text.rpartition("som bruker ")[2].partition(".")[0].lower()
            for row in self.ask("select service_code, service_name from star.dim_service"):
                if not within.startswith(row["service_name"].lower()):
                    continue
                published = self.ask(
                    "select 1 from marts.mart_adoption_by_region_actor_month "
                    f"where service_code = '{row['service_code']}' and region_level = 'land' "
                    "and (adoption_share is not null or status = 'suppressed')"
                )
                yield Statement("claim of absence", text, not published)

    def _lags(self) -> Iterator[Statement]:
        """Lags of the roll-out: none where a withheld share may have reached the phase."""
        rows = self.ask("from page.page_rollout where lag_months is not null")
        thresholds = {"utproving": 0.0, "innforing": 0.1, "i_drift": 0.8}
        order = ["forberedelse", *thresholds]
        for row in rows:
            cells = self.ask(
                "select * from marts.mart_adoption_by_region_actor_month where is_representative "
                f"and region_key = '{row['region_key']}' and month = '{row['month']}' "
                f"and actor_type_code = '{row['actor_type_code']}' and service_code = 'pll'"
            )
            is_reached = row["observed_phase"] is not None and order.index(
                row["observed_phase"]
            ) >= order.index(row["planned_phase"])
            highest = max((_bounds(cell)[1] for cell in cells), default=0.0)
            is_open = highest >= (thresholds.get(row["planned_phase"], 0.0) or 1e-9)
            text = f"{row['region_key']} {row['actor_type_code']}: {row['lag_months']} months"
            yield Statement("lag", text, is_reached or not is_open)

    def _readiness(self) -> Iterator[Statement]:
        """Counts of each helsefellesskap: those of the mart."""
        of_mart = {row["region_key"]: row for row in self.ask("from marts.mart_readiness_by_area")}
        for row in self.data_of("readiness"):
            for column in ("resident_count", "gp_agreement_count", "gp_list_without_doctor_count"):
                value = of_mart[row["region_key"]][column]
                text = f"{row['region_key']}: {column} {row[column]}"
                is_same = row[column] == ("" if value is None else str(value))
                yield Statement("readiness", text, is_same)

    def _timeline(self) -> Iterator[Statement]:
        """Dates and phases of the timeline, each a row of the facts; how many there are."""
        columns = ("service_code", "region_key", "actor_type_code", "phase", "statement")
        facts = Counter(
            (*(row[name] for name in columns), str(row["starts_on"] or row["ends_on"] or ""))
            for row in self.ask("from star.fct_milestone")
        )
        for row in self.data_of("timeline"):
            fact = (*(row[name] for name in columns), row["starts_on"] or row["ends_on"])
            yield Statement("statement of the timeline", " ".join(fact), facts[fact] > 0)
        headline = self._page.css_first("#figure-timeline h3")
        if headline is not None:
            number = re.sub(r"\D", "", _text(headline).partition(" opplysninger")[0])
            is_right = int(number) == facts.total()
            yield Statement("count of the timeline", _text(headline), is_right)


def _text(node: LexborNode) -> str:
    return re.sub(r"\s+", " ", node.text()).replace("#", "").strip()


def _plain(written: str) -> str:
    return re.sub(r"\s", "", written)


def _share(share: float) -> str:
    """A share in Norwegian words, as the page writes it, without spaces."""
    percent = round(share * 100, 9)
    if 99.95 <= percent < 100:
        return ">99,9%"
    if 0 < percent <= 0.05:
        return "<0,1%"
    return f"{floor(percent * 10 + 0.5) / 10:.1f}".removesuffix(".0").replace(".", ",") + "%"


def _bounds(cell: Row | None) -> tuple[float, float]:
    if cell is None:
        return 0.0, 1.0
    share = cell["adoption_share"]
    if share is not None:
        return share, share
    low, high = cell["share_lower"], cell["share_upper"]
    return (0.0 if low is None else low), (1.0 if high is None else high)


def _is_of_cell(row: dict[str, str], cell: Row | None) -> bool:
    """Whether a row of a figure has the share of its cell, or bounds that contain its bounds."""
    if row["adoption_share"]:
        share = cell and cell["adoption_share"]
        return share is not None and abs(float(row["adoption_share"]) - share) < _TOLERANCE
    if cell is not None and cell["adoption_share"] is not None:
        return False
    low, high = _bounds(cell)
    written = float(row.get("share_lower") or 0), float(row.get("share_upper") or 1)
    return written[0] <= low + _TOLERANCE and written[1] >= high - _TOLERANCE


def _are_words_of(words: str, cell: Row | None) -> bool:
    """Whether a share, an interval or its absence in words is that of a cell."""
    low, high = _bounds(cell)
    numbers = [float(n.replace(",", ".")) / 100 for n in re.findall(r"\d+(?:,\d+)?", words)]
    if words.startswith("skjermet"):
        is_withheld = cell is not None and cell["status"] == "suppressed"
        least, most = numbers or (0.0, 1.0)
        return is_withheld and least <= low + _WRITTEN and most >= high - _WRITTEN
    if words == "ikke publisert":
        if cell is None or not cell["is_representative"]:
            return True
        return cell["adoption_share"] is None and cell["status"] != "suppressed"
    return len(numbers) == 1 and abs(numbers[0] - low) < 2 * _WRITTEN and low == high


def _percentile(values: list[float], part: float) -> float:
    """The percentile between the two values around it, as DuckDB's `quantile_cont`."""
    ordered = sorted(values)
    at = part * (len(ordered) - 1)
    below, above = ordered[floor(at)], ordered[ceil(at)]
    return below + (above - below) * (at - floor(at))
