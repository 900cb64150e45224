"""Where are we? A card per service, and the newest share of each actor type.

Not here: targets (`plan.py`), earlier months (`curves.py`).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from pll_pipeline.published.page.charts import year_of
from pll_pipeline.published.page.data import PageData
from pll_pipeline.published.page.figure import with_data
from pll_pipeline.published.page.page_texts import PageTexts, capitalised
from pll_pipeline.published.page.parts import (
    Card,
    Cards,
    Cell,
    Figure,
    Part,
    Section,
    Table,
    table_of,
)
from pll_pipeline.published.page.rows import Row, distinct, known, where

_SPARK_WIDTH, _SPARK_HEIGHT = 100, 30
_UNCHANGED = 0.0005  # a change of a share that is written as no change


def headline(data: PageData, texts: PageTexts) -> str:
    """The newest share of the first service that has a series, in one sentence; empty without."""
    if not data["series"]:
        return ""
    series = data["series"][0]
    share = texts.format.qualified(
        texts.format.share(series["adoption_share"]), series["qualifier"]
    )
    return texts.get(
        "in_words",
        measure=texts.measure(series["measure_code"]),
        value=share,
        actor=texts.in_brackets(series["actor_type_code"]),
        period=texts.format.month(series["month"]),
        change=_change_in_words(series["change_12m"], texts),
    )


def section(data: PageData, texts: PageTexts) -> Section:
    """A card per service, and the newest share of each actor type."""
    cards = Cards(tuple(_card(row["service_code"], data, texts) for row in data["service"]))
    parts: list[Part] = [cards]
    by_actor_type = known(data["adoption_by_actor_type"])
    if len(by_actor_type) > 1:
        parts.append(_actor_types(by_actor_type, data, texts))
    return Section("now", texts.get("now"), (texts.get("now_intro"),), tuple(parts))


def _change_in_words(change: float | None, texts: PageTexts) -> str:
    if change is None:
        return ""
    if abs(change) < _UNCHANGED:
        return texts.get("unchanged")
    points = texts.format.points(abs(change), signed=False)
    return texts.get("higher" if change > 0 else "lower", points=points)


def _card(service: str, data: PageData, texts: PageTexts) -> Card:
    series = data.series_of(service)
    if series:
        return _card_of_series(series, data, texts)
    newest = where(data["newest_figure"], service_code=service)
    if newest:
        return _card_of_figure(newest[0], data, texts)
    name = texts.service(service)
    return Card(name, "", texts.get("no_figure", service=name), "", "", "", ())


def _card_of_series(series: Row, data: PageData, texts: PageTexts) -> Card:
    """A card of a service with a share for the country."""
    service = series["service_code"]
    (measure,) = where(data["measure"], measure_code=series["measure_code"])
    notes = []
    if series["change_12m"] is not None:
        points = texts.format.points(series["change_12m"])
        notes.append(texts.get("change_year", points=points))
    if series["basis"] in ("derived", "aggregated"):
        notes.append(texts.get(series["basis"]))
    share = texts.format.share(series["adoption_share"])
    course = known(where(data["curve"], service_code=service, region_level="land"))
    return Card(
        texts.service(service),
        texts.format.qualified(share, series["qualifier"]),
        texts.series(series["measure_code"], series["actor_type_code"]),
        texts.format.month(series["month"]),
        _published_by(series["source_name"], measure["owner"], data, texts),
        "" if data.is_simulated else measure["definition_url"],
        tuple(notes),
        _spark([(row["month"], row["adoption_share"]) for row in course]),
    )


def _card_of_figure(figure: Row, data: PageData, texts: PageTexts) -> Card:
    """A card of a service that has a figure, but no share for the country."""
    name = texts.service(figure["service_code"])
    notes = [texts.get("no_country_share", service=name)]
    if figure["region_level"] != "land":
        notes.append(texts.get("newest_region", region=figure["region_name"]))
    if not figure["is_adoption"]:
        notes.append(texts.get("not_adoption"))
    return Card(
        name,
        texts.format.range(
            figure["value"],
            figure["lower_bound"],
            figure["upper_bound"],
            figure["qualifier"],
            figure["unit"],
        ),
        texts.series(figure["measure_code"], figure["actor_type_code"]),
        texts.format.period(figure["period_grain"], figure["period_start"], figure["period_end"]),
        _published_by(figure["source_name"], figure["owner"], data, texts),
        figure["statement_address"] or "",
        tuple(notes),
    )


def _published_by(source: str, owner: str, data: PageData, texts: PageTexts) -> str:
    """Who published a figure: the owner of its measure, except of a figure that is simulated."""
    publisher = data.sources[source]["publisher"] if data.is_simulated else owner
    return texts.get("published_by", owner=publisher)


def _spark(points: Sequence[tuple[date, float]]) -> str:
    """A course as points of a line in a box of 100 × 30, with 0 % at the bottom."""
    if len(points) < 2:
        return ""
    first, last = year_of(points[0][0]), year_of(points[-1][0])
    return " ".join(
        f"{_SPARK_WIDTH * (year_of(month) - first) / (last - first):.1f},"
        f"{_SPARK_HEIGHT * (1 - share):.1f}"
        for month, share in points
    )


def _actor_types(rows: Sequence[Row], data: PageData, texts: PageTexts) -> Figure:
    """A table of actor types and services, with bars."""
    lowest, *_, highest = sorted(rows, key=lambda row: float(row["adoption_share"]))
    highest_share = texts.format.share(highest["adoption_share"])
    figure = Figure(
        name="actors",
        headline=texts.get(
            "actors_head",
            service=texts.service(highest["service_code"]),
            actor=texts.actor_type(highest["actor_type_code"]),
            share=highest_share,
        ),
        subtitle=texts.get("actors_sub"),
        release_table="mart_adoption_by_region_actor_month",
        main_table=_actor_type_table(rows, data, texts),
        alt=texts.get(
            "actors_alt",
            top=_service_and_actor_type(highest, texts),
            top_share=highest_share,
            bottom=_service_and_actor_type(lowest, texts),
            bottom_share=texts.format.share(lowest["adoption_share"]),
        ),
    )
    return with_data(figure, rows, data, texts)


def _actor_type_table(rows: Sequence[Row], data: PageData, texts: PageTexts) -> Table:
    by_service = {(row["actor_type_code"], row["service_code"]): row for row in rows}
    with_share = set(distinct(rows, "service_code"))
    services = [code for code in distinct(data["service"], "service_code") if code in with_share]

    def cell(actor_type: str, service: str) -> Cell:
        row = by_service.get((actor_type, service))
        if row is None:
            return Cell(texts.get("not_published"), is_quiet=True)
        return Cell(texts.format.share(row["adoption_share"]), bar=row["adoption_share"])

    return table_of(
        texts.get("actors_sub"),
        [
            (texts.get("actor_type"), "text"),
            *((texts.service(service), "number") for service in services),
        ],
        (
            [
                capitalised(texts.actor_type(actor_type)),
                *(cell(actor_type, service) for service in services),
            ]
            for actor_type in distinct(rows, "actor_type_code")
        ),
    )


def _service_and_actor_type(row: Row, texts: PageTexts) -> str:
    service, actor_type = row["service_code"], row["actor_type_code"]
    return f"{texts.service(service)}, {texts.actor_type(actor_type)}"
