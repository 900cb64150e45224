"""Where are we? A card per service with its newest figure, and shares by actor type.

Not here: targets (`plan.py`), earlier months (`curves.py`).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from pll_pipeline.published.page.charts import year_of
from pll_pipeline.published.page.data import PageData
from pll_pipeline.published.page.figure import with_data
from pll_pipeline.published.page.formats import months_since
from pll_pipeline.published.page.page_texts import PageTexts, capitalised, lowered
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
from pll_pipeline.published.page.rows import Row, distinct, grouped, known, where

_SPARK_WIDTH, _SPARK_HEIGHT = 100, 30
_UNCHANGED = 0.0005  # a change of a share that is written as no change
OLD_MONTHS = 12  # a figure of a period that ended longer ago says that it is old


def headline(data: PageData, texts: PageTexts) -> str:
    """The newest share of the country for the first service; where there is none, that there is
    none, and the newest share of another service. Empty where nothing is published.
    """
    if not data["newest_figure"]:
        return ""
    first = data["service"][0]["service_code"]
    figure = _share_of_country(first, data)
    if figure is not None:
        return _share_in_words(figure, data, texts)
    nothing = _no_share_of_country(first, data, texts)
    shares = where(data["newest_figure"], figure_role="share")
    if not shares:
        return nothing
    newest = max(shares, key=lambda row: row["period_end"] or date.min)
    other = texts.get(
        "newest_share_of_other",
        service=texts.service_within(newest["service_code"]),
        figure=_share_in_words(newest, data, texts),
    )
    return f"{nothing} {other}"


def newest_period(data: PageData, texts: PageTexts) -> str:
    """The period of the newest figure of any service, measure, region and grain."""
    dated = known(where(data["newest_figure"], figure_role="newest"), "period_end")
    if not dated:
        return texts.get("no_month")
    return _period(max(dated, key=lambda row: row["period_end"]), texts)


def section(data: PageData, texts: PageTexts) -> Section:
    """A card per service, and shares by actor type where they can be compared."""
    cards = Cards(tuple(card(row["service_code"], data, texts) for row in data["service"]))
    parts: list[Part] = [cards]
    by_actor_type = data["adoption_by_actor_type"]
    with_share = grouped(known(by_actor_type), "service_code")
    if any(len(rows) > 1 for rows in with_share.values()):
        parts.append(_actor_types(by_actor_type, data, texts))
    return Section("now", texts.get("now"), (texts.get("now_intro"),), tuple(parts))


def shown_figure(service: str, data: PageData) -> Row | None:
    """The figure on the card of a service."""
    rows = where(data["newest_figure"], service_code=service, figure_role="shown")
    return rows[0] if rows else None


def _share_of_country(service: str, data: PageData) -> Row | None:
    """The newest share of adoption of the country for a service."""
    rows = where(data["newest_figure"], service_code=service, figure_role="share")
    return rows[0] if rows else None


def _no_share_of_country(service: str, data: PageData, texts: PageTexts) -> str:
    """That a share of the country is withheld, where it is; else that no source has one."""
    is_withheld = bool(where(data["gap"], service_code=service, is_country_withheld=True))
    key = "country_share_withheld" if is_withheld else "no_country_share"
    return texts.get(key, service=texts.service_within(service))


def _share_in_words(figure: Row, data: PageData, texts: PageTexts) -> str:
    """A share of the country with its period and its change; an old one says that it is old."""
    sentence = texts.get(
        "in_words",
        measure=_name(figure, texts),
        value=_value(figure, texts),
        period=_period(figure, texts),
        change=_change_in_words(figure["change_12m"], texts),
    )
    age = _age_if_old(figure, data, texts)
    return f"{sentence} {texts.get('in_words_old', age=age)}" if age else sentence


def _change_in_words(change: float | None, texts: PageTexts) -> str:
    if change is None:
        return ""
    if abs(change) < _UNCHANGED:
        return texts.get("unchanged")
    points = texts.format.points(abs(change), signed=False)
    return texts.get("higher" if change > 0 else "lower", points=points)


def card(service: str, data: PageData, texts: PageTexts) -> Card:
    """The card of a service: its figure with its age, who published it, and what it is not."""
    figure = shown_figure(service, data)
    if figure is None:
        text = texts.get("no_figure", service=texts.service_within(service))
        return Card(texts.service(service), "", text, "", "", "", ())
    course = known(where(data["curve"], service_code=service, region_level="land"))
    address = figure["statement_address"] or _definition_address(figure, data)
    return Card(
        texts.service(service),
        _value(figure, texts),
        _name(figure, texts),
        _dated(figure, data, texts),
        _published_by(figure, data, texts),
        "" if data.is_simulated else address,
        _card_notes(figure, data, texts),
        _spark([(row["month"], row["adoption_share"]) for row in course]),
    )


def _definition_address(figure: Row, data: PageData) -> str:
    (measure,) = where(data["measure"], measure_code=figure["measure_code"])
    return str(measure["definition_url"])


def _card_notes(figure: Row, data: PageData, texts: PageTexts) -> tuple[str, ...]:
    notes = []
    if figure["change_12m"] is not None:
        points = texts.format.points(figure["change_12m"])
        notes.append(texts.get("change_year", points=points))
    if not (figure["is_share"] and figure["region_level"] == "land"):
        notes.append(_share_note(figure["service_code"], data, texts))
    if figure["region_level"] != "land":
        notes.append(texts.get("newest_region", region=figure["region_name"]))
    if not figure["is_adoption"]:
        notes.append(texts.get("not_adoption"))
    return (*notes, *_newer_note(figure, data, texts))


def _share_note(service: str, data: PageData, texts: PageTexts) -> str:
    """The newest share of the country, or that there is none."""
    share = _share_of_country(service, data)
    if share is None:
        return _no_share_of_country(service, data, texts)
    return texts.get(
        "older_share",
        measure=lowered(_name(share, texts)),
        value=_value(share, texts),
        period=_period(share, texts),
    )


def _newer_note(figure: Row, data: PageData, texts: PageTexts) -> list[str]:
    """The newest figure of the service, where it is newer than the one on the card."""
    rows = where(data["newest_figure"], service_code=figure["service_code"], figure_role="newest")
    newer = known(rows, "period_end")
    if not newer or newer[0]["period_end"] <= (figure["period_end"] or date.min):
        return []
    newest = newer[0]
    name = lowered(_name(newest, texts))
    if newest["region_level"] != "land":
        name = f"{name}, {newest['region_name']}"
    period = _period(newest, texts)
    return [texts.get("newer_figure", measure=name, value=_value(newest, texts), period=period)]


def _name(figure: Row, texts: PageTexts) -> str:
    if figure["is_share"]:
        return texts.share_name(figure["measure_code"], figure["actor_type_code"])
    return texts.series(figure["measure_code"], figure["actor_type_code"])


def _value(figure: Row, texts: PageTexts) -> str:
    return texts.format.range(
        figure["value"],
        figure["lower_bound"],
        figure["upper_bound"],
        figure["qualifier"],
        "share" if figure["is_share"] else figure["unit"],
    )


def _period(figure: Row, texts: PageTexts) -> str:
    return texts.format.period(figure["period_grain"], figure["period_start"], figure["period_end"])


def _dated(figure: Row, data: PageData, texts: PageTexts) -> str:
    """The period of a figure and its age."""
    if figure["period_end"] is None:
        return _period(figure, texts)
    age = texts.format.age(figure["period_end"], data.today)
    key = "aged_old" if _is_old(figure, data) else "aged"
    return texts.get(key, period=_period(figure, texts), age=age)


def _is_old(figure: Row, data: PageData) -> bool:
    end = figure["period_end"]
    return end is not None and months_since(end, data.today) >= OLD_MONTHS


def _age_if_old(figure: Row, data: PageData, texts: PageTexts) -> str:
    if not _is_old(figure, data):
        return ""
    return texts.format.age(figure["period_end"], data.today)


def _published_by(figure: Row, data: PageData, texts: PageTexts) -> str:
    """Who published a figure, or the figures that it is made of: the owner of its measure, except
    of a figure that is simulated.
    """
    publisher = data.sources[figure["source_name"]]["publisher"]
    owner = publisher if data.is_simulated else figure["owner"]
    return texts.get(f"basis_{figure['basis']}", owner=owner)


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
    """A table of actor types and services, with bars; shares of one service are of one measure."""
    figure = Figure(
        name="actors",
        headline=_actor_types_in_words(rows, texts),
        subtitle=texts.get("actors_sub"),
        release_table="mart_adoption_latest",
        main_table=_actor_type_table(rows, data, texts),
    )
    return with_data(figure, rows, data, texts)


def _actor_types_in_words(rows: Sequence[Row], texts: PageTexts) -> str:
    """The share of each actor type of the first service that has several."""
    by_service = {key: known(group) for key, group in grouped(rows, "service_code").items()}
    group = next(group for group in by_service.values() if len(group) > 1)
    shares = [
        texts.get(
            "actors_share",
            share=texts.format.share(row["adoption_share"]),
            actor=texts.actor_type(row["actor_type_code"]),
        )
        for row in group
        if row["actor_type_code"] != "alle"
    ]
    service = texts.service(group[0]["service_code"])
    return texts.get("actors_head", service=service, shares=texts.format.listed(shares))


def _actor_type_table(rows: Sequence[Row], data: PageData, texts: PageTexts) -> Table:
    by_service = {(row["actor_type_code"], row["service_code"]): row for row in rows}
    with_row = set(distinct(rows, "service_code"))
    services = [code for code in distinct(data["service"], "service_code") if code in with_row]

    def cell(actor_type: str, service: str) -> Cell:
        row = by_service.get((actor_type, service))
        if row is None:
            return Cell(texts.get("not_published"), is_quiet=True)
        share = row["adoption_share"]
        text = texts.share(share, row["status"], row["share_lower"], row["share_upper"])
        month = texts.format.month_short(row["month"])
        return Cell(f"{text} ({month})", bar=share, is_quiet=share is None)

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
