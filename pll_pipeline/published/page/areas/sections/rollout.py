"""What is planned and what has happened? The phase of each service, and what is stated about it.

Not here: how a phase is found from plans, reports and figures (the marts).
"""

from __future__ import annotations

from collections.abc import Sequence

from pll_pipeline.published.page.areas.area_texts import AreaTexts
from pll_pipeline.published.page.areas.data import AreaData
from pll_pipeline.published.page.areas.parts import Part, Section, without_empty
from pll_pipeline.published.page.parts import Cell, Note, Table, table_of
from pll_pipeline.published.page.rows import Row, grouped

_MOST_STATED = 10
# The beginning of a service's columns in the table of readiness.
_PREFIXES = {
    "e-resept": "eresept",
    "kjernejournal": "kjernejournal",
    "sfm": "sfm",
    "pll": "pll",
    "e-multidose": "multidose",
}


def section(key: str, data: AreaData, texts: AreaTexts) -> Section:
    """The phases of an area, those of its plan where it has none of its own, and statements."""
    phases = data.of("area_phase", key)
    parts: list[Part] = []
    if phases:
        parts += [Note(_compared(phases, texts)), _phase_table(phases, texts)]
    else:
        parts += _plans(key, data, texts)
    stated = _stated(data.of("area_milestone", key))
    parts += [_stated_table(stated, texts)] if stated else []
    if len(stated) > _MOST_STATED:
        shown = texts.format.number(_MOST_STATED)
        parts.append(
            Note(texts.get("area_stated_more", shown=shown, all=texts.format.number(len(stated))))
        )
    if not parts:
        parts.append(Note(texts.get("area_rollout_none", area=data.label(key))))
    return Section("rollout", texts.get("area_rollout"), (), tuple(parts))


def _compared(phases: Sequence[Row], texts: AreaTexts) -> str:
    """How many phases are behind their plan, of those that can be compared with one."""
    comparable = [row for row in phases if row["is_behind_plan"] is not None]
    behind = [row for row in comparable if row["is_behind_plan"]]
    month = texts.format.month(phases[0]["month"])
    if not comparable:
        return texts.get("area_behind_unknown", month=month)
    name = "area_behind" if behind else "area_behind_none"
    return texts.get(
        name,
        month=month,
        count=texts.format.number(len(behind)),
        all=texts.format.number(len(comparable)),
    )


def _phase_table(phases: Sequence[Row], texts: AreaTexts) -> Table:
    heads = [
        (texts.get("service"), "text"),
        (texts.get("actor_type"), "text"),
        (texts.get("planned"), "text"),
        (texts.get("reported"), "text"),
        (texts.get("observed"), "text"),
        (texts.get("lag"), "number"),
    ]
    body = (_phase_row(row, texts) for row in phases)
    return without_empty(table_of(texts.get("area_phase_table"), heads, body))


def _phase_row(row: Row, texts: AreaTexts) -> list[str]:
    planned = texts.phase(row["planned_phase"])
    if row["planned_basis"] in ("inherited", "inferred"):
        basis = texts.get(f"basis_{row['planned_basis']}")
        planned = f"{planned} ({basis})"
    lag = row["lag_months"]
    return [
        texts.service(row["service_code"]),
        texts.actor_type(row["actor_type_code"]),
        planned,
        texts.phase(row["reported_phase"]),
        texts.phase(row["observed_phase"]),
        "–" if lag is None else texts.get("lag_value", months=texts.format.number(lag)),
    ]


def _plans(key: str, data: AreaData, texts: AreaTexts) -> list[Part]:
    """The furthest phase of each service by the plans that reach the area."""
    readiness = data.of("area_readiness", key)
    if not readiness:
        return []
    row = readiness[0]
    heads = [
        (texts.get("service"), "text"),
        (texts.get("planned"), "text"),
        (texts.get("observed"), "text"),
    ]
    phases = [
        (code, row[f"{_PREFIXES[code]}_planned_phase"], row[f"{_PREFIXES[code]}_observed_phase"])
        for code in data.services()
        if code in _PREFIXES
    ]
    if not any(planned or observed for _, planned, observed in phases):
        return []
    body = (
        [texts.service(code), texts.phase(planned), texts.phase(observed)]
        for code, planned, observed in phases
    )
    caption = texts.get("area_plan_table", month=texts.format.month(row["rollout_month"]))
    return [table_of(caption, heads, body), Note(texts.get("area_plan_note"))]


def _stated(rows: Sequence[Row]) -> list[list[Row]]:
    """Statements that differ in nothing but their actor type, together, in their order."""
    columns = (
        "service_code",
        "stated_region_key",
        "phase",
        "statement",
        "starts_on",
        "ends_on",
        "statement_address",
    )
    return list(grouped(rows, *columns).values())


def _stated_table(stated: Sequence[Sequence[Row]], texts: AreaTexts) -> Table:
    heads = [
        (texts.get("period"), "text"),
        (texts.get("service"), "text"),
        (texts.get("area_phase"), "text"),
        (texts.get("area_about"), "text"),
        (texts.get("actor_type"), "text"),
        (texts.get("fresh_source"), "text"),
    ]
    body = (_stated_row(rows, texts) for rows in stated[:_MOST_STATED])
    return table_of(texts.get("area_stated_table"), heads, body)


def _stated_row(rows: Sequence[Row], texts: AreaTexts) -> list[str | Cell]:
    row = rows[0]
    actor_types = dict.fromkeys(texts.actor_type(each["actor_type_code"]) for each in rows)
    phase = texts.get(
        "area_stated",
        phase=texts.phase(row["phase"]),
        statement=texts.get(f"stated_{row['statement']}"),
    )
    address = row["statement_address"] or ""
    return [
        _period(row, texts),
        texts.service(row["service_code"]),
        phase,
        row["stated_region_label"],
        texts.format.listed(list(actor_types)),
        Cell(
            texts.get("at_address") if address else texts.source(row["source_name"]),
            address=address,
        ),
    ]


def _period(row: Row, texts: AreaTexts) -> str:
    """From when until when, as exactly as stated; marked where the date is inferred."""
    start = texts.dated(row["starts_on"], row["starts_on_precision"])
    end = texts.dated(row["ends_on"], row["ends_on_precision"])
    if start and end:
        text = texts.get("area_from_to", start=start, end=end)
    elif end:
        text = texts.get("area_until", end=end)
    else:
        text = start or texts.get("area_undated")
    return texts.get("area_inferred", period=text) if row["is_date_inferred"] else text
