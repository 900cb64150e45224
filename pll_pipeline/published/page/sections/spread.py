"""How far apart are the regions? Percentiles of all regions of each service, by month.

A region whose share is withheld or not published lies somewhere between its bounds, so a percentile
does too. Not here: single regions (`ranking.py`).
"""

from __future__ import annotations

from collections.abc import Sequence

from pll_pipeline.published.page import charts
from pll_pipeline.published.page.charts import Axes, Bounds, Description, Line
from pll_pipeline.published.page.data import PageData
from pll_pipeline.published.page.figure import with_data
from pll_pipeline.published.page.page_texts import PageTexts, capitalised
from pll_pipeline.published.page.parts import Figure, Panel, Section, Table, table_of
from pll_pipeline.published.page.rows import Row, distinct, where

# Columns of the table, without `_lower` and `_upper` → key of the head.
_PERCENTILES = {"percentile_10": "p10", "percentile_50": "median", "percentile_90": "p90"}


def section(data: PageData, texts: PageTexts) -> Section | None:
    """The 10th percentile, the median and the 90th percentile of each service, by month; None
    without regions.
    """
    if not data["spread"]:
        return None
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
        headline=_headline(service, newest[service], texts),
        subtitle=texts.get(
            "spread_sub",
            level=capitalised(texts.levels(widest["region_level"])),
            known=newest[service]["known_count"],
            all=newest[service]["region_count"],
            service=texts.service(service),
        ),
        release_table="mart_spread_by_measure_month",
        panels=tuple(_panel(level, axes, data, texts) for level in levels),
        tables=(_table([newest[level["service_code"]] for level in levels], texts),),
    )
    return with_data(figure, data["spread"], data, texts)


def _headline(service: str, newest: Row, texts: PageTexts) -> str:
    """What the bounds prove of the distance between the 10th and the 90th percentile."""
    least, greatest = _gap(newest)
    key = "spread_head_least" if least > 0 else "spread_head_greatest"
    gap = least if least > 0 else greatest
    if least == greatest:
        key = "spread_head"
    return texts.get(
        key, service=texts.service(service), gap=texts.format.points(gap, signed=False)
    )


def _gap(row: Row) -> tuple[float, float]:
    """The least and the greatest distance between the 10th and the 90th percentile."""
    least = max(row["percentile_90_lower"] - row["percentile_10_upper"], 0.0)
    return round(least, 6), round(row["percentile_90_upper"] - row["percentile_10_lower"], 6)


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
        known=newest["known_count"],
        all=newest["region_count"],
        level=many,
        **{head: _between(newest, column, texts) for column, head in _PERCENTILES.items()},
    )
    middle = [
        Bounds(row["month"], row["percentile_10_lower"], row["percentile_90_upper"]) for row in rows
    ]
    medians = [
        Bounds(row["month"], row["percentile_50_lower"], row["percentile_50_upper"]) for row in rows
    ]
    line = Line(service, [(row["month"], row["adoption_share"]) for row in country])
    description = Description(texts.service(service), text)
    return Panel(
        texts.service(service), many, charts.spread(middle, medians, line, axes, description)
    )


def _table(rows: Sequence[Row], texts: PageTexts) -> Table:
    """The newest month of each service."""
    heads = [
        (texts.get("service"), "text"),
        *((texts.get(key), "number") for key in ("known", *_PERCENTILES.values())),
    ]
    body = (
        [
            texts.service(newest["service_code"]),
            texts.get("known_of", known=newest["known_count"], all=newest["region_count"]),
            *(_between(newest, column, texts) for column in _PERCENTILES),
        ]
        for newest in rows
    )
    return table_of(texts.get("spread_table"), heads, body)


def _between(row: Row, percentile: str, texts: PageTexts) -> str:
    return texts.share_between(row[f"{percentile}_lower"], row[f"{percentile}_upper"])
