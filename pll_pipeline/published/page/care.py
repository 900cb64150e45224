"""The last questions: what changed, how fresh and whole it is, what the words mean. Not here: figures about adoption."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import polars as pl

from pll_pipeline.published.page.figures import ACTOR_ORDER
from pll_pipeline.published.page.teller import Teller, rows_of, table
from pll_pipeline.published.page.view import Cell, Definitions, Note, Section, Table

_TERMS = ("share", "series", "suppressed", "level", "tiles")


def changes(t: Teller) -> Section:
    """What is new since the release before, and what publishers changed of what they had said."""
    parts: list[Any] = []
    figures = t.figures
    if figures.is_first:
        parts.append(Note(t.say("changes_first")))
    elif figures.previous_id is None or figures.previous_built_at is None:
        parts.append(Note(t.say("changes_unreadable")))
    else:
        parts.append(
            Note(
                t.say(
                    "changes_since",
                    release=figures.previous_id,
                    built=t.write.time(figures.previous_built_at),
                )
                + " "
                + t.say("changes_all")
            )
        )
        if figures["compared"].height:
            parts.append(_compared(t))
    told = [
        (source["source_name"], text) for source in t.imprint.inputs.drift for text in _told(source)
    ]
    if told:
        parts.append(
            table(
                t.say("told"),
                [(t.say("fresh_source"), "text"), (t.say("changes_kind"), "text")],
                ([_title(t, name), text] for name, text in told),
            )
        )
    counts = figures["revision_counts"]
    if counts.is_empty():
        parts.append(Note(t.say("revisions_none")))
    else:
        heads = [
            (t.say("revisions_kind"), "text"),
            (t.say("revisions_changes"), "number"),
            (t.say("revisions_since"), "number"),
        ]
        rows = (
            [
                t.say(f"kind_{row['change_kind']}"),
                t.write.number(row["changes"]),
                t.write.number(row["since_last"]),
            ]
            for row in rows_of(counts)
        )
        parts += [table(t.say("revisions_counts"), heads, rows), _revisions(t)]
    return Section("changes", t.say("changes"), (), tuple(parts))


def _told(source: dict[str, Any]) -> list[str]:
    said = source["changes"]
    return [said] if isinstance(said, str) else [str(text) for text in said]


def _compared(t: Teller) -> Table:
    heads = [
        (t.say("service"), "text"),
        (t.say("changes_before"), "number"),
        (t.say("changes_now"), "number"),
        (t.say("changes_kind"), "text"),
    ]

    def kind(row: dict[str, Any]) -> str:
        if row["share_before"] is None:
            return t.say("changes_new")
        if row["month"] != row["month_before"]:
            return t.say("changes_world")
        return t.say("changes_same" if row["share"] == row["share_before"] else "changes_corrected")

    def when(share: float | None, month: Any) -> str:
        return "–" if share is None else f"{t.write.share(share)} ({t.write.month_short(month)})"

    newest = t.figures["compared"].filter(
        pl.col("month") == pl.col("month").max().over("service_code")
    )
    rows = (
        [
            t.service(row["service_code"]) + t.of_actor(row["actor_type_code"]),
            when(row["share_before"], row["month_before"]),
            when(row["share"], row["month"]),
            kind(row),
        ]
        for row in rows_of(newest)
    )
    return table(t.say("changes_figures"), heads, rows)


def _revisions(t: Teller) -> Table:
    heads = [
        (t.say("measure"), "text"),
        (t.say("region"), "text"),
        (t.say("period"), "text"),
        (t.say("revisions_kind"), "text"),
        (t.say("before"), "number"),
        (t.say("after"), "number"),
        (t.say("revisions_when"), "text"),
    ]

    def value(number: float | None, unit: str) -> str:
        return "–" if number is None else t.write.value(number, unit)

    rows = (
        [
            t.measure(row["measure_code"]) + t.of_actor(row["actor_type_code"]),
            row["region_name"],
            t.write.period(row["period_grain"], row["period_start"], row["period_end"]),
            t.say(f"kind_{row['change_kind']}"),
            value(row["before"], row["unit"]),
            value(row["after"], row["unit"]),
            t.write.day(row["changed_at"].date()),
        ]
        for row in rows_of(t.figures["revisions"])
    )
    return table(t.say("revisions_newest"), heads, rows)


def fresh(t: Teller) -> Section:
    """When each source was read, what it holds, and what was set aside."""
    inputs = t.imprint.inputs
    stale = {source["source_name"]: source["reason"] for source in inputs.stale_sources}
    read = {snapshot["source_name"]: snapshot["snapshot_at"] for snapshot in inputs.snapshots}
    coverage = {row["source_name"]: row for row in rows_of(t.figures["coverage"])}
    names = [source["source_name"] for source in inputs.sources]

    def row_of(name: str) -> list[str | Cell]:
        held, known = coverage.get(name, {}), t.sources.get(name, {})
        counts = (
            t.write.number(held[key]) if held else "–"
            for key in ("published", "suppressed", "missing", "quarantined")
        )
        state = t.say("fresh_stale", reason=stale[name]) if name in stale else t.say("fresh_ok")
        return [
            Cell(_title(t, name), address=known.get("landing_page") or ""),
            _moment(t, read.get(name)),
            t.write.day(held["newest_end"]) if held.get("newest_end") else "–",
            t.say(f"cadence_{known['cadence']}") if known.get("cadence") else "–",
            *counts,
            state,
        ]

    heads = [
        (t.say("fresh_source"), "text"),
        (t.say("fresh_read"), "text"),
        (t.say("fresh_newest"), "text"),
        (t.say("fresh_cadence"), "text"),
    ]
    heads += [
        (t.say(f"fresh_{key}"), "number")
        for key in ("published", "suppressed", "missing", "quarantined")
    ] + [(t.say("fresh_state"), "text")]
    head = (
        t.say("fresh_head_stale", count=len(stale), all=len(names))
        if stale
        else t.say("fresh_head_ok", count=len(names))
    )
    parts: list[Any] = [
        Note(head),
        table(t.say("fresh_table"), heads, (row_of(name) for name in names)),
    ]
    quarantine = t.figures["quarantine"]
    if quarantine.is_empty():
        parts.append(Note(t.say("quarantine_none")))
    else:
        kinds = [
            (t.say("fresh_source"), "text"),
            (t.say("quarantine_rule"), "text"),
            (t.say("quarantine_reason"), "text"),
            (t.say("quarantine_rows"), "number"),
        ]
        rows = (
            [_title(t, row["source_name"]), row["rule"], row["reason"], t.write.number(row["rows"])]
            for row in rows_of(quarantine)
        )
        parts.append(table(t.say("quarantine_head"), kinds, rows))
    return Section("fresh", t.say("fresh"), (t.say("fresh_intro"),), tuple(parts))


def _moment(t: Teller, moment: Any) -> str:
    if moment is None:
        return t.say("fresh_never")
    return t.write.time(datetime.fromisoformat(moment) if isinstance(moment, str) else moment)


def _title(t: Teller, name: str) -> str:
    source = next(
        (source for source in t.imprint.inputs.sources if source["source_name"] == name), {}
    )
    return str(source.get("title" if t.language == "nb" else "title_en") or name)


def about(t: Teller) -> Section:
    """Services, measures, rules and sources, with their addresses."""
    suffix = "" if t.language == "nb" else "_en"
    used = dict.fromkeys(
        code
        for frame in ("series", "newest", "targets", "points")
        for code in t.figures[frame]["measure_code"]
    )
    measures = tuple(
        (
            t.measure(code),
            tuple(
                filter(
                    None,
                    (
                        row[f"definition{suffix}"],
                        t.say("owned_by", owner=row["owner"])
                        if row["owner"] and not t.imprint.inputs.is_simulated
                        else "",
                        t.say("reviewed", day=t.write.day(row["reviewed_on"]))
                        if row["reviewed_on"]
                        else "",
                    ),
                )
            ),
            t.say("definition_from") if row["definition_url"] else "",
            row["definition_url"] or "",
        )
        for code in used
        if (row := t.measures.get(code))
    )
    services = tuple(
        (
            t.service(row["service_code"]),
            tuple(filter(None, (row[f"service_description{suffix}"],))),
            "",
            "",
        )
        for row in rows_of(t.figures["services"])
    )
    actors = t.write.listed([t.actor(code) for code in ACTOR_ORDER])
    terms = tuple(
        (
            t.say(f"term_{term}"),
            (t.say(f"term_{term}_text", **({"actors": actors} if term == "series" else {})),),
            "",
            "",
        )
        for term in _TERMS
    )
    sources = tuple(
        (
            _title(t, source["source_name"]),
            (
                f"{source['publisher']}. {source['attribution']}",
                t.say("licence", licence=source["licence"]),
            ),
            "",
            source["landing_page"],
        )
        for source in t.imprint.inputs.sources
    )
    parts = (
        Definitions(t.say("about_services"), services),
        Definitions(t.say("about_measures"), measures),
        Definitions(t.say("about_terms"), terms),
        Definitions(t.say("about_sources"), sources),
        Note(t.say("cite", release=t.imprint.release_id)),
    )
    return Section(
        "about",
        t.say("about"),
        (),
        tuple(part for part in parts if not isinstance(part, Definitions) or part.entries),
    )
