"""The first questions: where are we, how far from the plan, how did we come here. Not here: regions (`regions.py`), quality (`care.py`)."""

from __future__ import annotations

from datetime import date
from typing import Any

import polars as pl

from pll_pipeline.published.page import charts
from pll_pipeline.published.page.charts import Line
from pll_pipeline.published.page.figures import MOST_AREAS, NATION
from pll_pipeline.published.page.teller import Teller, rows_of, table
from pll_pipeline.published.page.view import Card, Cell, Figure, Note, Panel, Section

_ADOPTION = "mart_adoption_by_region_actor_month"
_MOST_PANELS = 6
_SPARK = (100, 30)


def headline(t: Teller) -> str:
    """The page in one sentence: the newest share of the country of the service that comes first among those that have one."""
    series = t.figures["series"]
    if series.is_empty():
        return ""
    newest = rows_of(series, service_code=series["service_code"][0])[-1]
    change = newest["change_12m"]
    told = (
        ""
        if change is None
        else t.say("unchanged")
        if abs(change) < 0.0005
        else t.say(
            "higher" if change > 0 else "lower", points=t.write.points(abs(change), signed=False)
        )
    )
    return t.say(
        "in_words",
        measure=t.measure(newest["measure_code"]),
        value=t.write.hedged(t.write.share(newest["share"]), newest["qualifier"]),
        actor=t.of_actor(newest["actor_type_code"]),
        period=t.write.month(newest["month"]),
        change=told,
    )


def now(t: Teller) -> Section:
    """A card per service, and the newest share of each actor type."""
    cards = tuple(_card(t, row["service_code"]) for row in rows_of(t.figures["services"]))
    parts: list[Any] = [cards]
    by_actor = t.figures["by_actor"].filter(pl.col("share").is_not_null())
    if by_actor.height > 1:
        parts.append(_actors(t, by_actor))
    return Section("now", t.say("now"), (t.say("now_intro"),), tuple(parts))


def _card(t: Teller, service: str) -> Card:
    series = rows_of(t.figures["series"], service_code=service)
    newest = rows_of(t.figures["newest"], service_code=service)
    name = t.service(service)
    if series:
        row = series[-1]
        measure = t.measures.get(row["measure_code"], {})
        notes = (
            [t.say("change_year", points=t.write.points(row["change_12m"]))]
            if row["change_12m"] is not None
            else []
        )
        if row["basis"] in ("derived", "aggregated"):
            notes.append(t.say(row["basis"]))
        return Card(
            name,
            t.write.hedged(t.write.share(row["share"]), row["qualifier"]),
            t.measure(row["measure_code"]) + t.of_actor(row["actor_type_code"]),
            t.write.month(row["month"]),
            t.say("published_by", owner=_publisher(t, row["source_name"], measure.get("owner"))),
            "" if t.imprint.inputs.is_simulated else measure.get("definition_url") or "",
            tuple(notes),
            _spark(
                [
                    (row["month"], row["share"])
                    for row in rows_of(t.figures["curves"], service_code=service, region_key=NATION)
                    if row["share"] is not None
                ]
            ),
        )
    if newest:
        row = newest[0]
        notes = [t.say("no_nation_share", service=name)]
        if row["region_key"] != NATION:
            notes.append(t.say("newest_place", region=row["region_name"]))
        if not row["is_adoption"]:
            notes.append(t.say("not_adoption"))
        return Card(
            name,
            t.write.range(row["value"], row["lower"], row["upper"], row["qualifier"], row["unit"]),
            t.measure(row["measure_code"]) + t.of_actor(row["actor_type_code"]),
            t.write.period(row["period_grain"], row["period_start"], row["period_end"]),
            t.say("published_by", owner=_publisher(t, row["source_name"], row["owner"])),
            row["statement_address"] or "",
            tuple(notes),
        )
    return Card(name, "", t.say("no_figure", service=name), "", "", "", ())


def _publisher(t: Teller, source: str | None, owner: str | None) -> str:
    """Who published it: who answers for the measure, but never for a figure that is simulated."""
    if owner and not t.imprint.inputs.is_simulated:
        return owner
    return t.sources[source]["publisher"] if source in t.sources else t.say("unknown")


def _spark(points: list[tuple[date, float]]) -> str:
    """The course as the points of a line in a box of 100 × 30, 0 at the bottom and 100 % at the top."""
    if len(points) < 2:
        return ""
    first, last = charts.span(month for month, _ in points)
    width, height = _SPARK
    return " ".join(
        f"{width * (charts.year_of(month) - first) / (last - first):.1f},{height * (1 - share):.1f}"
        for month, share in points
    )


def _actors(t: Teller, by_actor: pl.DataFrame) -> Figure:
    services = [
        row["service_code"]
        for row in rows_of(t.figures["services"])
        if row["service_code"] in set(by_actor["service_code"])
    ]
    actors = list(dict.fromkeys(by_actor["actor_type_code"]))
    told = {(row["actor_type_code"], row["service_code"]): row for row in rows_of(by_actor)}
    top, bottom = (
        by_actor.sort("share").row(-1, named=True),
        by_actor.sort("share").row(0, named=True),
    )

    def cell(actor: str, service: str) -> Cell:
        row = told.get((actor, service))
        return (
            Cell(t.say("not_published"), is_quiet=True)
            if row is None
            else Cell(t.write.share(row["share"]), bar=row["share"])
        )

    shown = table(
        t.say("actors_sub"),
        [(t.say("actor"), "text")] + [(t.service(service), "number") for service in services],
        (
            [_capital(t.actor(actor)), *(cell(actor, service) for service in services)]
            for actor in actors
        ),
    )
    where = [
        f"{t.service(row['service_code'])}, {t.actor(row['actor_type_code'])}"
        for row in (top, bottom)
    ]
    return t.figure(
        "actors",
        t.say(
            "actors_head",
            service=t.service(top["service_code"]),
            actor=t.actor(top["actor_type_code"]),
            share=t.write.share(top["share"]),
        ),
        t.say("actors_sub"),
        data=by_actor,
        table=_ADOPTION,
        sources=t.figures["series"]["source_name"].unique().sort().to_list(),
        shown=shown,
        alt=t.say(
            "actors_alt",
            top=where[0],
            top_share=t.write.share(top["share"]),
            bottom=where[1],
            bottom_share=t.write.share(bottom["share"]),
        ),
    )


def plan(t: Teller) -> Section:
    """The targets of the country with what has been reached, and where areas are in the roll-out."""
    targets = t.figures["targets"]
    parts: list[Any] = [_targets(t, targets)] if targets.height else [Note(t.say("plan_none"))]
    counts = t.figures["target_counts"]
    if counts.height:
        told = [
            f"{t.write.number(row['targets'])} {t.say('status_' + row['status'])}"
            for row in rows_of(counts)
        ]
        parts.append(Note(t.say("plan_regions", counts=t.write.listed(told))))
    rollout = t.figures["rollout"]
    parts.append(_rollout(t, rollout) if rollout.height else Note(t.say("rollout_none")))
    return Section("plan", t.say("plan"), (t.say("plan_intro"),), tuple(parts))


def _targets(t: Teller, targets: pl.DataFrame) -> Figure:
    drawn = targets.filter(
        (pl.col("unit") == "share")
        & (pl.col("direction") == "at_least")
        & pl.col("due_end").is_not_null()
    )
    groups = [
        key for key, _ in drawn.group_by("measure_code", "actor_type_code", maintain_order=True)
    ][:_MOST_PANELS]
    paths = {
        key: rows_of(t.figures["paths"], measure_code=key[0], actor_type_code=key[1])
        for key in groups
    }
    first, last = (
        charts.span([*drawn["due_end"], *(row["month"] for path in paths.values() for row in path)])
        if groups
        else (0.0, 0.0)
    )
    room = 0.19 * (last - first)  # for the words beside the last diamond
    panels = []
    for measure, actor in groups:
        due = rows_of(drawn, measure_code=measure, actor_type_code=actor)
        path = paths[measure, actor]
        known = [row for row in path if row["share"] is not None]
        title = t.measure(measure) + t.of_actor(actor)
        listed = t.write.listed([_target_by(t, row) for row in due])
        course = (
            t.say(
                "plan_alt_path",
                first=t.write.share(known[0]["share"]),
                first_month=t.write.month(known[0]["month"]),
                last=t.write.share(known[-1]["share"]),
                last_month=t.write.month(known[-1]["month"]),
            )
            if known
            else t.say("plan_alt_no_path")
        )
        words = [
            (
                row["due_end"],
                row["target"],
                t.say("target_label", target=t.write.share(row["target"]), due=_due(t, row)),
            )
            for row in due
        ]
        line = Line(title, [(row["month"], row["share"]) for row in path])
        panels.append(
            Panel(
                title,
                "",
                charts.targets(
                    line,
                    words,
                    (first, last + room),
                    t.write,
                    (title, t.say("plan_alt", targets=listed, path=course)),
                ),
            )
        )
    heads = [
        (t.say("measure"), "text"),
        (t.say("due"), "text"),
        (t.say("target"), "number"),
        (t.say("newest"), "number"),
        (t.say("newest_period"), "text"),
        (t.say("distance"), "number"),
        (t.say("pace"), "number"),
        (t.say("pace_told"), "number"),
        (t.say("status"), "text"),
    ]
    whole = table(t.say("plan_table"), heads, (_target_row(t, row) for row in rows_of(targets)))
    measured = any(row["share"] is not None for path in paths.values() for row in path)
    first = (
        rows_of(drawn, measure_code=groups[0][0], actor_type_code=groups[0][1])
        if groups
        else rows_of(targets)
    )
    subtitle = t.say(
        "plan_sub" if measured else "plan_sub_unmeasured",
        measure=t.measure(first[0]["measure_code"]),
        actor=t.of_actor(first[0]["actor_type_code"]),
    )
    return t.figure(
        "plan",
        _plan_head(t, first),
        subtitle,
        data=targets.drop("address"),
        table="mart_target_status",
        sources=(),
        panels=tuple(panels),
        tables=(whole,),
    )


def _plan_head(t: Teller, targets: list[dict[str, Any]]) -> str:
    newest = next((row["newest"] for row in targets if row["newest"] is not None), None)
    if newest is None:
        return t.say(
            "plan_head_unmeasured", targets=t.write.listed([_target_by(t, row) for row in targets])
        )
    reached = t.write.value(newest, targets[0]["unit"])
    ahead = next((row for row in targets if row["status"] == "open"), None)
    missed = next((row for row in reversed(targets) if row["status"] == "missed"), None)
    row = ahead or missed
    if row is None:
        return t.say("plan_head_reached", share=reached)
    return t.say(
        "plan_head_open" if ahead else "plan_head_missed",
        share=reached,
        target=t.write.value(row["target"], row["unit"]),
        due=_due(t, row),
    )


def _target_by(t: Teller, row: dict[str, Any]) -> str:
    return t.say("target_by", target=t.write.value(row["target"], row["unit"]), due=_due(t, row))


def _due(t: Teller, row: dict[str, Any]) -> str:
    return t.write.period(row["due_grain"], row["due_start"], row["due_end"], short=True)


def _target_row(t: Teller, row: dict[str, Any]) -> list[str | Cell]:
    def points(value: float | None) -> str:
        if value is None:
            return "–"
        return t.write.points(value) if row["unit"] == "share" else t.write.number(value, 1)

    newest = (
        t.write.hedged(t.write.value(row["newest"], row["unit"]), row["newest_qualifier"])
        if row["newest"] is not None
        else t.say("not_published")
    )
    return [
        Cell(
            t.measure(row["measure_code"]) + t.of_actor(row["actor_type_code"]),
            address=row["address"] or "",
        ),
        _due(t, row),
        t.write.value(row["target"], row["unit"]),
        newest,
        t.write.month(row["newest_end"]) if row["newest_end"] else "–",
        points(row["distance"]),
        points(row["pace"]),
        points(row["pace_told"]),
        t.say(f"status_{row['status']}"),
    ]


def _rollout(t: Teller, rollout: pl.DataFrame) -> Figure:
    every, month = rollout.height, rollout["month"][0]
    areas = rollout.select("region_name").n_unique()
    if every > MOST_AREAS:  # one actor type, where there is no room for all
        counts = (
            rollout.group_by("actor_type_code", maintain_order=True)
            .len()
            .sort("len", descending=True, maintain_order=True)
        )
        rollout = rollout.filter(pl.col("actor_type_code") == counts["actor_type_code"][0]).head(
            MOST_AREAS
        )
    heads = [
        (t.say(key), "text") for key in ("area", "actor", "planned", "reported", "observed")
    ] + [(t.say("lag"), "number")]
    rows = (
        [
            row["region_name"],
            t.actor(row["actor_type_code"]),
            _planned(t, row),
            t.phase(row["reported"]),
            t.phase(row["observed"]),
            "–"
            if row["lag_months"] is None
            else t.say("lag_value", months=t.write.number(row["lag_months"])),
        ]
        for row in rows_of(rollout)
    )
    told = (
        t.say("rollout_area") if areas == 1 else t.say("rollout_areas", count=t.write.number(areas))
    )
    notes = (
        t.say("rollout_basis"),
        *(
            [t.say("rollout_note", shown=t.write.number(rollout.height), all=t.write.number(every))]
            if rollout.height < every
            else []
        ),
    )
    return t.figure(
        "rollout",
        t.say("rollout_head", areas=told),
        t.say("rollout_sub", month=t.write.month(month)),
        data=rollout,
        table="mart_rollout_by_area_month",
        sources=(),
        shown=table(t.say("rollout_table"), heads, rows),
        notes=notes,
    )


def _planned(t: Teller, row: dict[str, Any]) -> str:
    basis = (
        f" ({t.say('basis_' + row['planned_basis'])})"
        if row["planned_basis"] in ("inherited", "inferred")
        else ""
    )
    return t.phase(row["planned"]) + basis


def curves(t: Teller) -> Section:
    """The course of each service, on the same axes; single shares where there are too few months for a line."""
    known = t.figures["curves"]
    parts: list[Any] = []
    levels = {row["service_code"]: row for row in rows_of(t.figures["levels"])}
    level = next(iter(levels.values()), None)
    if known.height:
        parts.append(_curves(t, known, levels))
    else:
        parts.append(Note(t.say("curves_none")))
    if t.figures["points"].height:
        parts.append(_points(t, t.figures["points"]))
    intro = (
        t.say("curves_intro", level=t.level(level["region_level"], many=True))
        if level
        else t.say("curves_intro_nation")
    )
    return Section("curves", t.say("curves"), (intro,) if known.height else (), tuple(parts))


def _curves(t: Teller, known: pl.DataFrame, levels: dict[str, dict[str, Any]]) -> Figure:
    order = [
        code
        for code in t.figures["series"]["service_code"].unique(maintain_order=True)
        if code in set(known["service_code"])
    ]
    months = charts.span(known["month"])
    actor = dict(
        t.figures["series"]
        .select("service_code", "actor_type_code")
        .unique(maintain_order=True)
        .iter_rows()
    )
    panels, newest, rows = [], {}, []
    for service in order:
        nation = rows_of(known, service_code=service, region_key=NATION)
        told = [row for row in nation if row["share"] is not None]
        first, last = told[0], told[-1]
        newest[service] = last["share"]
        regions = [
            Line(str(key[0]), list(group.select("month", "share").iter_rows()))
            for key, group in known.filter(
                (pl.col("service_code") == service) & (pl.col("region_key") != NATION)
            ).group_by("region_key", maintain_order=True)
        ]
        words = t.say(
            "curves_alt",
            service=t.service(service),
            actor=t.of_actor(actor.get(service)),
            first=t.write.share(first["share"]),
            first_month=t.write.month(first["month"]),
            last=t.write.share(last["share"]),
            last_month=t.write.month(last["month"]),
        )
        ends = known.filter(
            (pl.col("service_code") == service)
            & (pl.col("region_key") != NATION)
            & (pl.col("month") == last["month"])
            & pl.col("share").is_not_null()
        )
        if ends.height:
            words += t.say(
                "curves_alt_regions",
                count=ends.height,
                level=t.level(levels[service]["region_level"], many=True),
                low=t.write.share(ends["share"].min()),
                high=t.write.share(ends["share"].max()),
                month=t.write.month(last["month"]),
            )
        line = Line(service, [(row["month"], row["share"]) for row in nation])
        panels.append(
            Panel(
                t.service(service),
                t.of_actor(actor.get(service)).strip(" ()"),
                charts.curves(line, regions, months, t.write, (t.service(service), words)),
            )
        )
        rows += [(service, row) for row in told if row["month"].month == 12 or row is last]
    whole = table(
        t.say("curves_table"),
        [(t.say("service"), "text"), (t.say("month"), "text"), (t.say("share"), "number")],
        (
            [t.service(service), t.write.month(row["month"]), t.write.share(row["share"])]
            for service, row in rows
        ),
    )
    top, bottom = max(newest, key=newest.__getitem__), min(newest, key=newest.__getitem__)
    head = (
        t.say("curves_head_one", top=t.service(top), top_share=t.write.share(newest[top]))
        if top == bottom
        else t.say(
            "curves_head",
            top=t.service(top),
            top_share=t.write.share(newest[top]),
            bottom=t.service(bottom),
            bottom_share=t.write.share(newest[bottom]),
        )
    )
    return t.figure(
        "curves",
        head,
        t.say("curves_sub"),
        data=known.drop("region_name"),
        table=_ADOPTION,
        sources=t.figures["series"]["source_name"].unique().sort().to_list(),
        panels=tuple(panels),
        tables=(whole,),
    )


def _points(t: Teller, points: pl.DataFrame) -> Figure:
    months = charts.span(points["period_end"])
    panels, rows = [], []
    for (service,), group in points.group_by("service_code", maintain_order=True):
        lines = [
            Line(
                "/".join(map(str, key)), [(row["period_end"], _middle(row)) for row in rows_of(one)]
            )
            for key, one in group.group_by("measure_code", "actor_type_code", maintain_order=True)
        ]
        shares = [share for line in lines for _, share in line.points if share is not None]
        ends = group["period_end"]
        words = t.say(
            "points_alt",
            service=t.service(str(service)),
            count=group.height,
            first=ends.min().year,
            last=ends.max().year,
            low=t.write.share(min(shares)),
            high=t.write.share(max(shares)),
        )  # type: ignore[union-attr]
        panels.append(
            Panel(
                t.service(str(service)),
                "",
                charts.points(lines, months, t.write, (t.service(str(service)), words)),
            )
        )
        rows += [
            [
                t.measure(row["measure_code"]) + t.of_actor(row["actor_type_code"]),
                t.write.period(row["period_grain"], row["period_start"], row["period_end"]),
                t.write.range(row["value"], row["lower"], row["upper"], row["qualifier"], "share"),
                row["owner"] or t.say("unknown"),
            ]
            for row in rows_of(group)
        ]
    missing = [
        t.service(row["service_code"])
        for row in rows_of(t.figures["services"])
        if row["service_code"]
        not in {*points["service_code"], *t.figures["series"]["service_code"]}
    ]
    heads = [
        (t.say("measure"), "text"),
        (t.say("period"), "text"),
        (t.say("share"), "number"),
        (t.say("owner"), "text"),
    ]
    return t.figure(
        "points",
        t.say("points_head"),
        t.say("points_sub"),
        data=points,
        table="mart_key_figures",
        sources=["published_figures"],
        panels=tuple(panels),
        tables=(table(t.say("points_table"), heads, rows),),
        notes=(t.say("points_missing", services=t.write.listed(missing)),) if missing else (),
    )


def _middle(row: dict[str, Any]) -> float | None:
    """The figure, or where only a range or a bound is published, that."""
    if row["value"] is not None:
        return float(row["value"])
    bounds = [bound for bound in (row["lower"], row["upper"]) if bound is not None]
    return sum(bounds) / len(bounds)


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
