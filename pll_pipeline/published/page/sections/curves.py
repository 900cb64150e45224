"""How did we come here? The course of each service on the same axes; single shares where there are
too few months for a line.

Not here: how far apart regions are (`spread.py`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from pll_pipeline.published.page import charts
from pll_pipeline.published.page.charts import Axes, Bounds, Description, Line
from pll_pipeline.published.page.data import PageData
from pll_pipeline.published.page.figure import with_data
from pll_pipeline.published.page.page_texts import PageTexts, capitalised, drawn_bounds
from pll_pipeline.published.page.parts import (
    Figure,
    Panel,
    Part,
    Section,
    Table,
    table_of,
)
from pll_pipeline.published.page.rows import Row, distinct, grouped, known, where

_DECEMBER = 12


def section(data: PageData, texts: PageTexts) -> Section | None:
    """The course of each service, and single shares of those without one; None without both."""
    has_curves = bool(data["curve"])
    parts: list[Part] = [_curves(data, texts)] if has_curves else []
    if data["point"]:
        parts.append(_points(data, texts))
    if not parts:
        return None
    intro = (_intro(data, texts),) if has_curves else ()
    return Section("curves", texts.get("curves"), intro, tuple(parts))


def _intro(data: PageData, texts: PageTexts) -> str:
    if not data["area_level"]:
        return texts.get("curves_intro_country")
    return texts.get("curves_intro", level=texts.levels(data["area_level"][0]["region_level"]))


def _curves(data: PageData, texts: PageTexts) -> Figure:
    """A panel per service, in the order of the page."""
    by_service = {key[0]: rows for key, rows in grouped(data["curve"], "service_code").items()}
    services = [code for code in distinct(data["series"], "service_code") if code in by_service]
    axes = charts.axes_of((row["month"] for row in data["curve"]), texts.format)
    newest = {code: _country(by_service[code])[-1] for code in services}
    figure = Figure(
        name="curves",
        headline=_headline(newest, texts),
        subtitle=texts.get("curves_sub"),
        release_table="mart_adoption_by_region_actor_month",
        panels=tuple(_panel(code, by_service[code], axes, data, texts) for code in services),
        tables=(_table({code: by_service[code] for code in services}, texts),),
    )
    return with_data(figure, data["curve"], data, texts, left_out=("region_level", "region_name"))


def _country(rows: Sequence[Row]) -> list[Row]:
    """The months of the country that have a share."""
    return known(where(rows, region_level="land"))


def _headline(newest: Mapping[str, Row], texts: PageTexts) -> str:
    """The newest share of each service: they measure different things, and are not compared."""
    shares = [
        texts.get(
            "curves_share",
            service=texts.service_within(service),
            share=texts.format.share(row["adoption_share"]),
            month=texts.format.month_short(row["month"]),
        )
        for service, row in newest.items()
    ]
    return capitalised(texts.get("curves_head", shares=texts.format.listed(shares)))


def _panel(
    service: str, rows: Sequence[Row], axes: Axes, data: PageData, texts: PageTexts
) -> Panel:
    country = where(rows, region_level="land")
    regions = grouped((row for row in rows if row["region_level"] != "land"), "region_key")
    thin = [Line(str(key), _course(group), withheld(group)) for (key,), group in regions.items()]
    actor_type = texts.in_brackets(data.actor_type_of(service))
    description = Description(
        texts.service(service),
        _country_in_words(service, country, actor_type, texts)
        + _regions_in_words(rows, known(country)[-1], texts),
    )
    svg = charts.curves(Line(service, _course(country), withheld(country)), thin, axes, description)
    return Panel(texts.service(service), actor_type.strip(" ()"), svg)


def _course(rows: Sequence[Row]) -> list[tuple[date, float | None]]:
    return [(row["month"], row["adoption_share"]) for row in rows]


def withheld(rows: Sequence[Row]) -> list[Bounds]:
    """The months whose share is withheld and bounded, with the bounds."""
    bounds = ((row["month"], drawn_bounds(row)) for row in rows)
    return [Bounds(month, *pair) for month, pair in bounds if pair is not None]


def _country_in_words(
    service: str, country: Sequence[Row], actor_type: str, texts: PageTexts
) -> str:
    first, *_ = known(country)
    *_, last = known(country)
    return texts.get(
        "curves_alt",
        service=texts.service(service),
        actor=actor_type,
        first=texts.format.share(first["adoption_share"]),
        first_month=texts.format.month(first["month"]),
        last=texts.format.share(last["adoption_share"]),
        last_month=texts.format.month(last["month"]),
    )


def _regions_in_words(rows: Sequence[Row], last: Row, texts: PageTexts) -> str:
    """Between which shares the regions are in the newest month of the country."""
    regions = [row for row in known(rows) if row["region_level"] != "land"]
    newest = where(regions, month=last["month"])
    if not newest:
        return ""
    shares = [row["adoption_share"] for row in newest]
    return texts.get(
        "curves_alt_regions",
        count=len(newest),
        level=texts.levels(newest[0]["region_level"]),
        low=texts.format.share(min(shares)),
        high=texts.format.share(max(shares)),
        month=texts.format.month(last["month"]),
    )


def _table(by_service: Mapping[str, Sequence[Row]], texts: PageTexts) -> Table:
    """The country at the end of each year and in the newest month."""
    heads = [
        (texts.get("service"), "text"),
        (texts.get("month"), "text"),
        (texts.get("share"), "number"),
    ]
    rows = [
        [
            texts.service(service),
            texts.format.month(row["month"]),
            texts.format.share(row["adoption_share"]),
        ]
        for service, group in by_service.items()
        for row in _ends_of_years(_country(group))
    ]
    return table_of(texts.get("curves_table"), heads, rows)


def _ends_of_years(months: Sequence[Row]) -> list[Row]:
    return [row for row in months if row["month"].month == _DECEMBER or row is months[-1]]


def _points(data: PageData, texts: PageTexts) -> Figure:
    """A panel per service without a curve, with a dot per published share."""
    points = data["point"]
    axes = charts.axes_of((row["period_end"] for row in points), texts.format)
    by_service = grouped(points, "service_code")
    figure = Figure(
        name="points",
        headline=texts.get("points_head"),
        subtitle=texts.get("points_sub"),
        release_table="mart_key_figures",
        panels=tuple(
            _point_panel(service, rows, axes, texts) for (service,), rows in by_service.items()
        ),
        tables=(_point_table(points, texts),),
    )
    return with_data(figure, points, data, texts)


def _point_panel(service: str, rows: Sequence[Row], axes: Axes, texts: PageTexts) -> Panel:
    lines = [
        Line(
            "/".join(series),
            [(row["period_end"], row["value"]) for row in group],
            [_bounds(row) for row in group if _is_bounded(row)],
        )
        for series, group in grouped(rows, "measure_code", "actor_type_code").items()
    ]
    lowest = [_bounds(row).low if _is_bounded(row) else row["value"] for row in rows]
    highest = [_bounds(row).high if _is_bounded(row) else row["value"] for row in rows]
    years = [row["period_end"].year for row in rows]
    text = texts.get(
        "points_alt",
        service=texts.service(service),
        count=len(rows),
        first=min(years),
        last=max(years),
        low=texts.format.share(min(lowest)),
        high=texts.format.share(max(highest)),
    )
    name = texts.service(service)
    return Panel(name, "", charts.points(lines, axes, Description(name, text)))


def _is_bounded(row: Row) -> bool:
    """Whether a published share is only bounded: at least or at most so much, or a range."""
    return row["value"] is None or row["qualifier"] in ("at_least", "at_most")


def _bounds(row: Row) -> Bounds:
    """Between which shares a published one lies, where it has only one bound or two."""
    lower, upper = row["lower_bound"], row["upper_bound"]
    return Bounds(
        row["period_end"], 0.0 if lower is None else lower, 1.0 if upper is None else upper
    )


def _point_table(points: Sequence[Row], texts: PageTexts) -> Table:
    heads = [
        (texts.get("measure"), "text"),
        (texts.get("period"), "text"),
        (texts.get("share"), "number"),
        (texts.get("owner"), "text"),
    ]
    rows = (
        [
            texts.series(row["measure_code"], row["actor_type_code"]),
            texts.format.period(row["period_grain"], row["period_start"], row["period_end"]),
            texts.format.range(
                row["value"], row["lower_bound"], row["upper_bound"], row["qualifier"], "share"
            ),
            row["owner"],
        ]
        for row in points
    )
    return table_of(texts.get("points_table"), heads, rows)
