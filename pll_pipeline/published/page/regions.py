"""Regions on the page: how far apart, who is where, what is not published, how it may go on. Not here: the country alone (`nation.py`)."""

from __future__ import annotations

from typing import Any

import polars as pl

from pll_pipeline.published.page import charts, tiles
from pll_pipeline.published.page.charts import Line
from pll_pipeline.published.page.colours import STEPS, step_of
from pll_pipeline.published.page.figures import NATION, TILE_LEVELS
from pll_pipeline.published.page.teller import Teller, rows_of, short, table
from pll_pipeline.published.page.view import Cell, Figure, Note, Panel, Section, TileMap

_ADOPTION = "mart_adoption_by_region_actor_month"
_THRESHOLDS = (("p25", 0.25), ("p50", 0.50), ("p80", 0.80), ("p95", 0.95))
_LONGEST_LIST = 5
_STRIP_STATES = {"suppressed": "suppressed", "not_published": "missing"}


def spread(t: Teller) -> Section:
    """p10, median and p90 of the regions of each service, by month."""
    levels = rows_of(t.figures["levels"])
    told = t.figures["spread"]
    levels = [level for level in levels if level["service_code"] in set(told["service_code"])]
    if not levels:
        return Section("spread", t.say("spread"), (), (Note(t.say("spread_none")),))
    months = charts.span(told["month"])
    panels, rows, gaps = [], [], {}
    for level in levels:
        service = level["service_code"]
        course = rows_of(told, service_code=service)
        nation = rows_of(t.figures["curves"], service_code=service, region_key=NATION)
        now = course[-1]
        gaps[service] = (now["p90"] - now["p10"], level, now)
        many = t.level(level["region_level"], many=True)
        words = t.say(
            "spread_alt",
            service=t.service(service),
            month=t.write.month(now["month"]),
            p10=t.write.share(now["p10"]),
            median=t.write.share(now["median"]),
            p90=t.write.share(now["p90"]),
            known=now["known"],
            all=level["regions"],
            level=many,
        )
        band = [(row["month"], row["p10"], row["median"], row["p90"]) for row in course]
        line = Line(service, [(row["month"], row["share"]) for row in nation])
        panels.append(
            Panel(
                t.service(service),
                many,
                charts.band(band, line, months, t.write, (t.service(service), words)),
            )
        )
        known = t.say("known_of", known=now["known"], all=level["regions"])
        rows.append(
            [
                t.service(service),
                known,
                *(t.write.share(now[name]) for name in ("low", "p10", "median", "p90", "high")),
            ]
        )
    gap, level, now = max(gaps.values(), key=lambda told: told[0])
    heads = [(t.say("service"), "text")] + [
        (t.say(key), "number") for key in ("known", "low", "p10", "median", "p90", "high")
    ]
    figure = t.figure(
        "spread",
        t.say(
            "spread_head",
            service=t.service(level["service_code"]),
            gap=t.write.points(gap, signed=False),
        ),
        t.say(
            "spread_sub",
            level=_capital(t.level(level["region_level"], many=True)),
            known=now["known"],
            all=level["regions"],
            service=t.service(level["service_code"]),
        ),
        data=told,
        table=_ADOPTION,
        sources=_sources(t),
        panels=tuple(panels),
        tables=(table(t.say("spread_table"), heads, rows),),
    )
    return Section("spread", t.say("spread"), (t.say("spread_intro"),), (figure,))


def ranking(t: Teller) -> Section:
    """The regions of one service in order, and every service side by side."""
    ranked = t.figures["ranking"]
    focus = _focus(t)
    if focus is None or ranked.filter(pl.col("rank").is_not_null()).is_empty():
        return Section("ranking", t.say("ranking"), (), (Note(t.say("ranking_none")),))
    return Section(
        "ranking",
        t.say("ranking"),
        (t.say("ranking_intro", month=t.write.month(focus["month"])),),
        (_ranking(t, ranked, focus), _matrix(t, focus)),
    )


def _ranking(t: Teller, ranked: pl.DataFrame, focus: dict[str, Any]) -> Figure:
    known = rows_of(ranked.filter(pl.col("rank").is_not_null()))
    level, many = t.level(focus["region_level"]), t.level(focus["region_level"], many=True)
    about = {
        "service": t.service(focus["service_code"]),
        "actor": t.of_actor(focus["actor_type_code"]),
        "level": many,
        "month": t.write.month(focus["month"]),
    }
    listed = t.write.listed(
        [
            f"{row['region_name']} {t.write.share(row['share'])}"
            for row in (*known[:3], *known[-2:])
        ][:_LONGEST_LIST]
    )
    hidden = ranked.filter(
        (pl.col("status") == "suppressed")
        & pl.col("share").is_null()
        & (pl.col("region_key") != NATION)
    ).height

    def row_of(row: dict[str, Any]) -> list[str | Cell]:
        share, change = row["share"], row["change_12m"]
        then = None if share is None or change is None else min(max(share - change, 0.0), 1.0)
        return [
            row["region_name"],
            "" if row["rank"] is None else t.write.number(row["rank"]),
            Cell("", now=share, then=then),
            t.write.hedged(
                t.share(share, row["status"], row["lower"], row["upper"]),
                row["qualifier"] if share is not None else None,
            ),
            "–" if change is None else t.write.points(change, unit=False),
            *("–" if n is None else t.write.number(n) for n in (row["count"], row["eligible"])),
        ]

    heads = [
        (t.say("region"), "text"),
        (t.say("rank"), "number"),
        (t.say("scale"), "drawing"),
        (t.say("now_share"), "number"),
        (t.say("change_12m"), "number"),
        (t.say("numerator"), "number"),
        (t.say("denominator"), "number"),
    ]
    shown = table(
        t.say("ranking_table", service=about["service"], level=level, month=about["month"]),
        heads,
        (row_of(row) for row in rows_of(ranked)),
        foot=_nation_rows(ranked),
    )
    return t.figure(
        "ranking",
        t.say(
            "ranking_head",
            top=known[0]["region_name"],
            top_share=t.write.share(known[0]["share"]),
            bottom=known[-1]["region_name"],
            bottom_share=t.write.share(known[-1]["share"]),
        ),
        t.say("ranking_sub", **about),
        data=ranked,
        table=_ADOPTION,
        sources=_sources(t),
        shown=shown,
        alt=t.say("ranking_alt", count=len(known), level=many, listed=listed, suppressed=hidden),
    )


def _matrix(t: Teller, focus: dict[str, Any]) -> Figure:
    matrix = t.figures["matrix"]
    services = [
        row["service_code"]
        for row in rows_of(t.figures["levels"])
        if row["service_code"] in set(matrix["service_code"])
    ]
    actors = dict(
        t.figures["series"]
        .select("service_code", "actor_type_code")
        .unique(maintain_order=True)
        .iter_rows()
    )
    told = {(row["region_key"], row["service_code"]): row for row in rows_of(matrix)}

    def cell(region: str, service: str) -> Cell:
        row = told.get((region, service))
        text = t.share(row["share"], row["status"]) if row else t.say("not_published")
        return Cell(
            text, bar=row["share"] if row else None, is_quiet=row is None or row["share"] is None
        )

    level = t.level(focus["region_level"])
    heads = [(t.say("region"), "text")] + [
        (t.service(code) + t.of_actor(actors.get(code)), "number") for code in services
    ]
    regions = list(dict.fromkeys(zip(matrix["region_key"], matrix["region_name"], strict=True)))
    shown = table(
        t.say("matrix_table"),
        heads,
        ([name, *(cell(key, code) for code in services)] for key, name in regions),
    )
    return t.figure(
        "matrix",
        t.say("matrix_head", level=level),
        t.say("matrix_sub"),
        data=matrix,
        table=_ADOPTION,
        sources=_sources(t),
        shown=shown,
    )


def maps(t: Teller) -> Section:
    """Regions as tiles: fylker, helsefellesskap, and kommuner as hexagons."""
    every = t.figures["tiles"]
    focus = _focus(t)
    if focus is None or every.is_empty():
        return Section("maps", t.say("maps"), (), (Note(t.say("maps_none")),))
    drawn = tuple(
        _map(t, level, every.filter(pl.col("region_level") == level))
        for level in TILE_LEVELS
        if level in set(every["region_level"])
    )
    finest = next(level for level in reversed(TILE_LEVELS) if level in set(every["region_level"]))
    of_finest = every.filter(pl.col("region_level") == finest)
    numbers = {
        "service": t.service(focus["service_code"]),
        "known": of_finest["share"].is_not_null().sum(),
        "all": of_finest.height,
    }
    head = (
        t.say("maps_head", **numbers)
        if finest == "kommune"
        else t.say("maps_head_area", **numbers, level=t.level(finest, many=True))
    )
    areas = rows_of(
        every.filter(pl.col("region_level") != "kommune").sort("region_level", "region_name")
    )
    heads = [(t.say("area"), "text"), (t.say("region"), "text"), (t.say("share"), "number")]
    whole = table(
        t.say("maps_table"),
        heads,
        (
            [
                _capital(t.level(row["region_level"])),
                row["region_name"],
                t.share(row["share"], row["status"]),
            ]
            for row in areas
        ),
    )
    figure = t.figure(
        "maps",
        head,
        t.say(
            "maps_sub",
            service=t.service(focus["service_code"]),
            actor=t.of_actor(focus["actor_type_code"]),
        ),
        data=every.drop("tile_column", "tile_row", "is_offset", "is_inset"),
        table=_ADOPTION,
        sources=_sources(t),
        maps=drawn,
        tables=(whole,),
        notes=(t.say("maps_table_kommune"),) if finest == "kommune" else (),
    )
    return Section("maps", t.say("maps"), (t.say("maps_intro"),), (figure,))


def _map(t: Teller, level: str, rows: pl.DataFrame) -> TileMap:
    is_hexagons = level == "kommune"
    many, month = t.level(level, many=True), t.write.month(rows["month"].max())
    rows = rows.with_columns(
        short_name=pl.Series([short(name) for name in rows["region_name"]], dtype=pl.String)
    )
    placed, width, height = tiles.placed(
        rows,
        is_hexagons=is_hexagons,
        value=lambda share: t.write.number(100 * share),
        told=lambda row: f"{row['region_name']}: {t.share(row['share'], row['status'])}",
    )
    states = [row["status"] for row in rows_of(rows)]
    known = [step_of(share) for share in rows["share"] if share is not None]
    counts = [
        t.say(
            "maps_step",
            count=known.count(step),
            low=t.write.share((step - 1) / STEPS),
            high=t.write.share(step / STEPS),
        )
        for step in range(1, STEPS + 1)
        if step in known
    ]
    words = t.say(
        "maps_alt",
        level=_capital(many),
        month=month,
        published=states.count("published"),
        suppressed=states.count("suppressed"),
        missing=states.count("not_published"),
        steps=t.say("maps_alt_steps", counts=t.write.listed(counts)) if counts else "",
    )
    note = "" if known else t.say("maps_level_none")
    return TileMap(
        level,
        f"{_capital(many)}, {month}",
        note,
        words,
        width,
        height,
        is_hexagons,
        placed,
        tiles.frame_of(rows) if is_hexagons else None,
        t.say("maps_inset"),
    )


def published(t: Teller) -> Section:
    """Which months are published of which region, and how many figures of each year."""
    parts: list[Any] = []
    cells, focus = t.figures["cells"], _focus(t)
    if focus is not None and cells.height:
        parts.append(_cells(t, cells, focus))
    years = t.figures["years"]
    parts.append(
        _years(t, years) if years.height and years["figures"].sum() else Note(t.say("years_none"))
    )
    return Section("published", t.say("published"), (t.say("published_intro"),), tuple(parts))


def _cells(t: Teller, cells: pl.DataFrame, focus: dict[str, Any]) -> Figure:
    count = dict(cells.group_by("state").len().iter_rows())
    numbers = {
        name: t.write.number(count.get(state, 0))
        for name, state in (
            ("published", "published"),
            ("suppressed", "suppressed"),
            ("missing", "not_published"),
        )
    }
    first, last = cells["month"].min(), cells["month"].max()

    def strip(group: pl.DataFrame) -> Cell:
        looks = [
            _STRIP_STATES.get(row["state"]) or f"step-{step_of(row['share'])}"
            for row in rows_of(group)
        ]
        return Cell("", runs=tiles.runs_of(looks), of=len(looks))

    def row_of(name: str, group: pl.DataFrame) -> list[str | Cell]:
        of_region = dict(group.group_by("state").len().iter_rows())
        return [
            name,
            strip(group),
            *(
                t.write.number(of_region.get(state, 0))
                for state in ("published", "suppressed", "not_published")
            ),
        ]

    heads = [
        (t.say("region"), "text"),
        (
            t.say("cells_course", first=t.write.month_short(first), last=t.write.month_short(last)),
            "drawing",
        ),
        (t.say("cells_published"), "number"),
        (t.say("cells_suppressed"), "number"),
        (t.say("cells_missing"), "number"),
    ]
    rows = (
        row_of(str(name), group)
        for (_, name), group in cells.group_by("region_key", "region_name", maintain_order=True)
    )
    about = {
        "service": t.service(focus["service_code"]),
        "actor": t.of_actor(focus["actor_type_code"]),
        "level": t.level(focus["region_level"], many=True),
    }
    return t.figure(
        "cells",
        t.say("cells_head", **numbers),
        t.say("cells_sub", **about, first=t.write.month(first), last=t.write.month(last)),
        data=cells.drop("region_name"),
        table=_ADOPTION,
        sources=_sources(t),
        shown=table(t.say("cells_table"), heads, rows),
        alt=t.say("cells_head", **numbers),
    )


def _years(t: Teller, years: pl.DataFrame) -> Figure:
    totals = years.group_by("service_code", maintain_order=True).agg(
        pl.col("figures").sum(), pl.col("year").filter(pl.col("figures") > 0).min()
    )
    most = totals.sort("figures", descending=True, maintain_order=True).row(0, named=True)
    calendar = years["year"].unique().sort().to_list()
    told = {(row["service_code"], row["year"]): row["figures"] for row in rows_of(years)}
    heads = (
        [(t.say("service"), "text")]
        + [(str(year), "number") for year in calendar]
        + [(t.say("total"), "number")]
    )

    def number(value: int) -> str:
        return t.write.number(value) if value else "–"

    shown = table(
        t.say("years_table"),
        heads,
        (
            [
                t.service(row["service_code"]),
                *(number(told[row["service_code"], year]) for year in calendar),
                number(row["figures"]),
            ]
            for row in rows_of(totals)
        ),
    )
    head = t.say(
        "years_head",
        service=t.service(most["service_code"]),
        count=t.write.number(most["figures"]),
        year=most["year"],
    )
    return t.figure(
        "years",
        head,
        t.say("years_sub"),
        data=years,
        table="mart_key_figures",
        sources=(),
        shown=shown,
    )


def forecast(t: Teller) -> Section:
    """How the country's series go on if they go on so, and why others are not forecast."""
    ahead, passes = t.figures["forecast"], t.figures["passes"]
    refused = t.figures["refusals"].filter(pl.col("refusal_code").is_not_null())
    reasons = [
        t.say(
            "forecast_reason",
            count=t.write.number(row["series"]),
            reason=t.say(f"refusal_{row['refusal_code']}"),
        )
        for row in rows_of(refused)
    ]
    told = (
        Note(
            t.say(
                "forecast_refusals",
                series=t.write.number(refused["series"].sum()),
                reasons=t.write.listed(reasons),
            )
        )
        if reasons
        else None
    )
    if ahead.is_empty():
        return Section(
            "forecast",
            t.say("forecast"),
            (),
            tuple(filter(None, (Note(t.say("forecast_none")), told))),
        )
    level = t.write.share(ahead["level"][0], decimals=0)
    return Section(
        "forecast",
        t.say("forecast"),
        (t.say("forecast_intro", level=level),),
        tuple(filter(None, (_forecast(t, ahead, passes, level), told))),
    )


def _forecast(t: Teller, ahead: pl.DataFrame, passes: pl.DataFrame, level: str) -> Figure:
    services = ahead["service_code"].unique(maintain_order=True).to_list()
    known = {
        service: rows_of(t.figures["curves"], service_code=service, region_key=NATION)
        for service in services
    }
    shown = {
        service: [row for row in known[service] if row["share"] is not None][-36:]
        for service in services
    }
    months = charts.span(
        [*ahead["month"], *(row["month"] for rows in shown.values() for row in rows)]
    )
    actors = dict(
        t.figures["series"]
        .select("service_code", "actor_type_code")
        .unique(maintain_order=True)
        .iter_rows()
    )
    panels = []
    for service in services:
        future = rows_of(ahead, service_code=service)
        last, past = future[-1], shown[service]
        words = t.say(
            "forecast_alt",
            service=t.service(service),
            actor=t.of_actor(actors.get(service)),
            last=t.write.share(past[-1]["share"]),
            last_month=t.write.month(past[-1]["month"]),
            expected=t.write.share(last["expected"]),
            month=t.write.month(last["month"]),
            low=t.write.share(last["low"]),
            high=t.write.share(last["high"]),
        )
        drawn = charts.forecast(
            Line(service, [(row["month"], row["share"]) for row in past]),
            [(row["month"], row["low"], row["expected"], row["high"]) for row in future],
            months,
            t.write,
            (t.service(service), words),
        )
        panels.append(
            Panel(t.service(service), t.of_actor(actors.get(service)).strip(" ()"), drawn)
        )

    def passing(row: dict[str, Any], name: str, threshold: float) -> str:
        if row["refusal_code"]:
            return "–"
        if row[name] is None:
            return t.say("beyond")
        return (
            t.say("passed")
            if row["last_month"] is not None and row[name] <= row["last_month"]
            else t.write.month_short(row[name])
        )

    heads = [(t.say("measure"), "text"), (t.say("last_share"), "number")] + [
        (t.write.share(threshold), "number") for _, threshold in _THRESHOLDS
    ]
    rows = [
        [
            t.measure(row["measure_code"])
            + t.of_actor(row["actor_type_code"])
            + (
                f". {t.say('forecast_refused')}: {t.say('refusal_' + row['refusal_code'])}"
                if row["refusal_code"]
                else ""
            ),
            t.share(row["last_share"]),
            *(passing(row, name, threshold) for name, threshold in _THRESHOLDS),
        ]
        for row in rows_of(passes)
    ]
    return t.figure(
        "forecast",
        _forecast_head(t, ahead, passes, actors),
        t.say("forecast_sub", level=level),
        data=ahead,
        table="mart_adoption_forecast",
        sources=_sources(t),
        panels=tuple(panels),
        tables=(table(t.say("forecast_table"), heads, rows),),
    )


def _forecast_head(
    t: Teller, ahead: pl.DataFrame, passes: pl.DataFrame, actors: dict[str, str]
) -> str:
    """The next threshold of the first service that passes one; else where its interval ends."""
    for service in ahead["service_code"].unique(maintain_order=True):
        for row in rows_of(passes, service_code=service, actor_type_code=actors.get(service, "")):
            for name, threshold in _THRESHOLDS:
                if (
                    row[name] is not None
                    and row["last_month"] is not None
                    and row[name] > row["last_month"]
                ):
                    return t.say(
                        "forecast_head",
                        service=t.service(service),
                        threshold=t.write.share(threshold),
                        month=t.write.month(row[name]),
                    )
    first = ahead["service_code"][0]
    rows = rows_of(ahead, service_code=first)
    return t.say(
        "forecast_head_wide",
        months=len(rows),
        service=t.service(first),
        low=t.write.share(rows[-1]["low"]),
        high=t.write.share(rows[-1]["high"]),
    )


def _focus(t: Teller) -> dict[str, Any] | None:
    """The service whose regions are ranked and mapped, its level, month and actor type."""
    levels = rows_of(t.figures["levels"])
    if not levels:
        return None
    series = rows_of(t.figures["series"], service_code=levels[0]["service_code"])
    return levels[0] | {"actor_type_code": series[0]["actor_type_code"]}


def _sources(t: Teller) -> list[str]:
    return t.figures["series"]["source_name"].unique().sort().to_list()


def _nation_rows(ranked: pl.DataFrame) -> int:
    return ranked.filter(pl.col("region_key") == NATION).height


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
