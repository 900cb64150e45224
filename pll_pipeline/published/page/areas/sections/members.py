"""Which areas are in it, or beside it in the same whole? Each as a link, with its newest share.

Not here: areas with a similar rank (`neighbours.py`).
"""

from __future__ import annotations

from collections.abc import Sequence

from pll_pipeline.published.page.areas.area_texts import AreaTexts, says_something
from pll_pipeline.published.page.areas.data import AreaData
from pll_pipeline.published.page.areas.parts import Links, Part, Section
from pll_pipeline.published.page.areas.sections.figures import span_of
from pll_pipeline.published.page.page_texts import capitalised
from pll_pipeline.published.page.parts import Cell, Note, Table, table_of
from pll_pipeline.published.page.rows import Row, where


def section(key: str, data: AreaData, texts: AreaTexts) -> Section | None:
    """The areas within as a table; of a kommune, those of its helsefellesskap as links."""
    parts = data.parts(key)
    if parts:
        levels = capitalised(texts.levels_of(parts))
        title = texts.get("area_members", levels=levels, area=data.label(key))
        return Section("members", title, (), tuple(_within(parts, data, texts)))
    beside = _beside(key, data, texts)
    return Section("members", texts.get("area_siblings"), (), (beside,)) if beside else None


def _beside(key: str, data: AreaData, texts: AreaTexts) -> Links | None:
    """The other areas of the nearest whole; None where it has no other."""
    for whole in data.wholes(key)[:1]:
        others = [row for row in data.parts(whole["region_key"]) if row["region_key"] != key]
        title = texts.get("area_in", area=whole["region_label"])
        return Links(title, tuple(link(row, data) for row in others)) if others else None
    return None


def link(row: Row, data: AreaData) -> tuple[str, str, str]:
    """The name of an area, the address of its page, and nothing more."""
    return str(row["region_label"]), f"{data.stems[row['region_key']]}.html", ""


def _within(parts: Sequence[Row], data: AreaData, texts: AreaTexts) -> list[Part]:
    """A table with the newest share of the first service; without any, residents only."""
    series = next(iter(data.page["series"]), None)
    newest = {row["region_key"]: _newest(row["region_key"], series, data) for row in parts}
    with_share = [row for row in newest.values() if row and row["adoption_share"] is not None]
    if series is None:
        return [_table(parts, {}, data, texts)]
    note = texts.get(
        "area_members_known",
        count=texts.format.number(len(with_share)),
        all=texts.format.number(len(parts)),
        levels=texts.levels_of(parts),
        service=texts.service_within(series["service_code"]),
        actor=texts.in_brackets(series["actor_type_code"]),
    )
    return [Note(note), _table(parts, newest, data, texts)]


def _newest(key: str, series: Row | None, data: AreaData) -> Row | None:
    if series is None:
        return None
    rows = where(
        data.of("area_figure", key),
        measure_code=series["measure_code"],
        actor_type_code=series["actor_type_code"],
    )
    return rows[0] if rows else None


def _table(
    parts: Sequence[Row], newest: dict[str, Row | None], data: AreaData, texts: AreaTexts
) -> Table:
    heads = [(texts.get("area"), "text"), (texts.get("quantity_resident"), "number")]
    if newest:
        heads += [
            (texts.get("share"), "number"),
            (texts.get("scale"), "drawing"),
            (texts.get("month"), "text"),
        ]
    body = (_row(part, newest, data, texts) for part in parts)
    return table_of(texts.get("area_members_table"), heads, body)


def _row(
    part: Row, newest: dict[str, Row | None], data: AreaData, texts: AreaTexts
) -> list[str | Cell]:
    key = part["region_key"]
    name, address, _ = link(part, data)
    readiness = data.of("area_readiness", key)
    residents = readiness[0]["resident_count"] if readiness else None
    cells: list[str | Cell] = [
        Cell(name, address=address),
        texts.get("not_published") if residents is None else texts.format.number(residents),
    ]
    if not newest:
        return cells
    row = newest[key]
    if row is None:
        return [*cells, Cell(texts.get("not_published"), is_quiet=True), "", "–"]
    has_value = row["adoption_share"] is not None or says_something(
        row["share_lower"], row["share_upper"]
    )
    share = Cell(texts.interval(row), is_quiet=not has_value)
    return [*cells, share, span_of(row), texts.format.month_short(row["month"])]
