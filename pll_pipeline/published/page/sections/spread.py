"""How far apart are the regions? Percentiles of the regions of each service, by month.

Not here: single regions (`ranking.py`).
"""

from __future__ import annotations

from collections.abc import Sequence

from pll_pipeline.published.page import charts
from pll_pipeline.published.page.charts import Axes, Band, Description, Line
from pll_pipeline.published.page.data import PageData
from pll_pipeline.published.page.figure import with_data
from pll_pipeline.published.page.page_texts import PageTexts, capitalised
from pll_pipeline.published.page.parts import Figure, Note, Panel, Section, Table, table_of
from pll_pipeline.published.page.rows import Row, distinct, where

# Column of the table → key of its head.
_PERCENTILES = {
    "share_lowest": "low",
    "share_p10": "p10",
    "share_median": "median",
    "share_p90": "p90",
    "share_highest": "high",
}


def section(data: PageData, texts: PageTexts) -> Section:
    """The 10th percentile, the median and the 90th percentile of each service, by month."""
    if not data["spread"]:
        return Section("spread", texts.get("spread"), (), (Note(texts.get("spread_none")),))
    intro = texts.get("spread_intro")
    return Section("spread", texts.get("spread"), (intro,), (_spread(data, texts),))


def _spread(data: PageData, texts: PageTexts) -> Figure:
    """A panel per service; the headline is about the one whose regions are furthest apart."""
    with_spread = set(distinct(data["spread"], "service_code"))
    levels = [row for row in data["area_level"] if row["service_code"] in with_spread]
    axes = charts.axes_of((row["month"] for row in data["spread"]), texts.format)
    newest = {row["service_code"]: row for row in data["spread"]}
    widest = max(levels, key=lambda level: _gap(newest[level["service_code"]]))
    service = widest["service_code"]
    figure = Figure(
        name="spread",
        headline=texts.get(
            "spread_head",
            service=texts.service(service),
            gap=texts.format.points(_gap(newest[service]), signed=False),
        ),
        subtitle=texts.get(
            "spread_sub",
            level=capitalised(texts.levels(widest["region_level"])),
            known=newest[service]["known_count"],
            all=widest["region_count"],
            service=texts.service(service),
        ),
        release_table="mart_adoption_by_region_actor_month",
        panels=tuple(_panel(level, axes, data, texts) for level in levels),
        tables=(_table([(level, newest[level["service_code"]]) for level in levels], texts),),
    )
    return with_data(figure, data["spread"], data, texts)


def _gap(row: Row) -> float:
    return float(row["share_p90"] - row["share_p10"])


def _panel(level: Row, axes: Axes, data: PageData, texts: PageTexts) -> Panel:
    service = level["service_code"]
    rows = where(data["spread"], service_code=service)
    country = where(data["curve"], service_code=service, region_level="land")
    many = texts.levels(level["region_level"])
    newest = rows[-1]
    text = texts.get(
        "spread_alt",
        service=texts.service(service),
        month=texts.format.month(newest["month"]),
        p10=texts.format.share(newest["share_p10"]),
        median=texts.format.share(newest["share_median"]),
        p90=texts.format.share(newest["share_p90"]),
        known=newest["known_count"],
        all=level["region_count"],
        level=many,
    )
    bands = [
        Band(row["month"], row["share_p10"], row["share_median"], row["share_p90"]) for row in rows
    ]
    line = Line(service, [(row["month"], row["adoption_share"]) for row in country])
    description = Description(texts.service(service), text)
    return Panel(texts.service(service), many, charts.spread(bands, line, axes, description))


def _table(rows: Sequence[tuple[Row, Row]], texts: PageTexts) -> Table:
    """The newest month of each service, given its level and its newest percentiles."""
    heads = [
        (texts.get("service"), "text"),
        *((texts.get(key), "number") for key in ("known", *_PERCENTILES.values())),
    ]
    body = (
        [
            texts.service(level["service_code"]),
            texts.get("known_of", known=newest["known_count"], all=level["region_count"]),
            *(texts.format.share(newest[column]) for column in _PERCENTILES),
        ]
        for level, newest in rows
    )
    return table_of(texts.get("spread_table"), heads, body)
