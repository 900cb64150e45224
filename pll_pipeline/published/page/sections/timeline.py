"""How has it been introduced? Plans and reports of every service, by area and actor type.

Not here: which phase an area is in now, and its lag behind the plan (`plan.py`).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from textwrap import shorten

from pll_pipeline.published.page import charts
from pll_pipeline.published.page.charts import Axes, Description, Event
from pll_pipeline.published.page.data import PageData
from pll_pipeline.published.page.figure import with_data
from pll_pipeline.published.page.page_texts import PageTexts
from pll_pipeline.published.page.parts import (
    Cell,
    Figure,
    Panel,
    Section,
    Table,
    table_of,
)
from pll_pipeline.published.page.region_names import short_name
from pll_pipeline.published.page.rows import Row, grouped

_STATEMENTS = {"reported": "reported", "state": "reported", "planned": "planned"}
_LONGEST_LABEL = 40  # letters that a row of the drawing has room for
_LENGTHS = {"year": 365, "month": 30}


def section(data: PageData, texts: PageTexts) -> Section | None:
    """A panel per service with what is stated about its introduction; None where nothing is."""
    if not data["milestone"]:
        return None
    intro = (texts.get("timeline_intro"),)
    return Section("timeline", texts.get("timeline"), intro, (_timeline(data, texts),))


def _timeline(data: PageData, texts: PageTexts) -> Figure:
    """A panel per service on the same years, and every statement in a table."""
    by_service = {key[0]: rows for key, rows in grouped(data["milestone"], "service_code").items()}
    drawn = {code: [row for row in rows if _is_drawn(row)] for code, rows in by_service.items()}
    drawn = {code: rows for code, rows in drawn.items() if rows}
    days = [day for rows in drawn.values() for row in rows for day in _span(row)]
    figure = Figure(
        name="timeline",
        headline=_headline(by_service, texts),
        subtitle=texts.get("timeline_sub"),
        release_table="fct_milestone",
        panels=_panels(drawn, days, texts),
        has_long_rows=True,
        tables=(_table(data["milestone"], texts),),
        notes=_notes(by_service, texts),
    )
    left_out = ("region_level", "milestone_count", "statement_address")
    return with_data(figure, data["milestone"], data, texts, left_out=left_out)


def _headline(by_service: dict[str, list[Row]], texts: PageTexts) -> str:
    """How many statements there are, and the years that those of each service are about."""
    services = [
        texts.get("timeline_service", service=texts.service_within(code), years=_years(rows))
        for code, rows in by_service.items()
        if any(_is_drawn(row) for row in rows)
    ]
    count = sum(rows[0]["milestone_count"] for rows in by_service.values())
    return texts.get(
        "timeline_head",
        count=texts.format.number(count),
        services=texts.format.listed(services),
    )


def _years(rows: Sequence[Row]) -> str:
    """The first and the last year of what is drawn."""
    days = [day for row in rows if _is_drawn(row) for day in _span(row)]
    years = dict.fromkeys((min(days).year, max(days).year))
    return "–".join(str(year) for year in years)


def _notes(by_service: dict[str, list[Row]], texts: PageTexts) -> tuple[str, ...]:
    shown = sum(len(rows) for rows in by_service.values())
    every = sum(rows[0]["milestone_count"] for rows in by_service.values())
    undrawn = sum(not _is_drawn(row) for rows in by_service.values() for row in rows)
    notes = []
    if shown < every:
        numbers = {"shown": texts.format.number(shown), "all": texts.format.number(every)}
        notes.append(texts.get("timeline_cut", **numbers))
    if undrawn:
        notes.append(texts.get("timeline_undrawn", count=texts.format.number(undrawn)))
    return tuple(notes)


def _is_drawn(row: Row) -> bool:
    """Whether a statement has a date and was not replaced by a later one."""
    return row["statement"] != "superseded" and bool(row["starts_on"] or row["ends_on"])


def _span(row: Row) -> tuple[date, date]:
    """The first and the last day that a statement is about, as precisely as it is dated."""
    if row["starts_on"] and row["ends_on"]:
        return row["starts_on"], row["ends_on"]
    if row["ends_on"]:
        return row["ends_on"], row["ends_on"]
    length = _LENGTHS.get(row["starts_on_precision"], 1)
    return row["starts_on"], row["starts_on"] + timedelta(days=length - 1)


def _panels(
    drawn: dict[str, list[Row]], days: Sequence[date], texts: PageTexts
) -> tuple[Panel, ...]:
    if not days:
        return ()
    axes = Axes(min(days).year, max(days).year + 1, texts.format)
    return tuple(_panel(code, rows, axes, texts) for code, rows in drawn.items())


def _panel(service: str, rows: Sequence[Row], axes: Axes, texts: PageTexts) -> Panel:
    events = [
        Event(
            _area(row, texts),
            *_span(row),
            row["phase"],
            _STATEMENTS.get(row["statement"], "target"),
        )
        for row in rows
    ]
    areas = {row["region_key"] for row in rows}
    counts = {
        name: texts.format.number(sum(event.statement == name for event in events))
        for name in ("reported", "planned", "target")
    }
    text = texts.get(
        "timeline_alt",
        service=texts.service(service),
        years=_years(rows),
        areas=texts.format.number(len(areas)),
        **counts,
    )
    name = texts.service(service)
    return Panel(name, "", charts.timeline(events, axes, Description(name, text)))


def _area(row: Row, texts: PageTexts) -> str:
    """The area of a row of the drawing, with its actor type."""
    name = short_name(row["region_key"], row["area_name"])
    if row["actor_type_code"] != "alle":
        name = f"{name}, {texts.short_actor_type(row['actor_type_code'])}"
    return shorten(name, _LONGEST_LABEL, placeholder=" …")


def _table(rows: Sequence[Row], texts: PageTexts) -> Table:
    columns = ("service", "area", "actor_type", "phase", "timeline_when", "timeline_statement")
    heads = [(texts.get(column), "text") for column in columns]
    return table_of(texts.get("timeline_table"), heads, (_table_row(row, texts) for row in rows))


def _table_row(row: Row, texts: PageTexts) -> list[str | Cell]:
    return [
        texts.service(row["service_code"]),
        row["area_name"],
        texts.actor_type(row["actor_type_code"]),
        texts.phase(row["phase"]),
        Cell(when(row, texts), sort=str(row["starts_on"] or row["ends_on"] or "")),
        Cell(texts.get(f"statement_{row['statement']}"), address=row["statement_address"] or ""),
    ]


def when(row: Row, texts: PageTexts) -> str:
    """When a phase is stated to begin and to end, as precisely as it is stated."""
    start = _dated(row["starts_on"], row["starts_on_precision"], texts)
    end = _dated(row["ends_on"], row["ends_on_precision"], texts)
    if start and end:
        text = texts.get("timeline_from_to", start=start, end=end)
    elif start:
        text = texts.get("timeline_from", start=start)
    elif end:
        text = texts.get("timeline_by", end=end)
    else:
        text = texts.get("timeline_undated")
    return f"{text} ({texts.get('timeline_inferred')})" if row["is_date_inferred"] else text


def _dated(day: date | None, precision: str | None, texts: PageTexts) -> str:
    if day is None:
        return ""
    if precision == "year":
        return str(day.year)
    return texts.format.day(day) if precision == "day" else texts.format.month_short(day)
