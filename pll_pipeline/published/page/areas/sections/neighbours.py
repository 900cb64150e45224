"""Which areas of the same level are beside it? Those next to it by the ranks that bounds allow.

Not here: how ranks are computed (the marts).
"""

from __future__ import annotations

from collections.abc import Sequence

from pll_pipeline.published.page.areas.area_texts import AreaTexts
from pll_pipeline.published.page.areas.data import AreaData
from pll_pipeline.published.page.areas.parts import Section
from pll_pipeline.published.page.areas.sections.figures import span_of
from pll_pipeline.published.page.parts import Cell, Table, table_of
from pll_pipeline.published.page.rows import Row, where

_EACH_SIDE = 3


def section(key: str, data: AreaData, texts: AreaTexts) -> Section | None:
    """The areas before and after this one, for the first service that ranks it."""
    own = data.of("area_rank", key)
    if not own:
        return None
    service = own[0]["service_code"]
    level = own[0]["region_level"]
    ranked = where(data.ranked(service), region_level=level)
    shown = beside(ranked, key)
    intro = texts.get(
        "area_neighbours_intro",
        service=texts.service_within(service),
        actor=texts.in_brackets(data.page.actor_type_of(service)),
        month=texts.format.month(own[0]["month"]),
        shown=texts.format.number(len(shown)),
        ranked=texts.format.number(len(ranked)),
        levels=texts.levels(level),
    )
    table = _table(shown, key, data, texts)
    return Section("neighbours", texts.get("area_neighbours"), (intro,), (table,))


def beside(ranked: Sequence[Row], key: str) -> list[Row]:
    """An area with those before and after it; as many at the ends as in the middle."""
    keys = [row["region_key"] for row in ranked]
    position = keys.index(key)
    start = min(position - _EACH_SIDE, len(ranked) - 2 * _EACH_SIDE - 1)
    start = max(start, 0)
    return list(ranked[start : start + 2 * _EACH_SIDE + 1])


def _table(rows: Sequence[Row], key: str, data: AreaData, texts: AreaTexts) -> Table:
    heads = [
        (texts.get("area"), "text"),
        (texts.get("rank"), "number"),
        (texts.get("share"), "number"),
        (texts.get("scale"), "drawing"),
    ]
    body = ([_name(row, key, data), *_values(row, texts)] for row in rows)
    return table_of(texts.get("area_neighbours_table"), heads, body)


def _name(row: Row, key: str, data: AreaData) -> Cell:
    """The name of an area as a link; the area of the page itself is none."""
    other = row["region_key"]
    address = "" if other == key else f"{data.stems[other]}.html"
    return Cell(data.label(other), address=address)


def _values(row: Row, texts: AreaTexts) -> list[str | Cell]:
    return [
        texts.ranks(row["rank_best"], row["rank_worst"]),
        Cell(texts.interval(row), is_quiet=row["adoption_share"] is None),
        span_of(row),
    ]
