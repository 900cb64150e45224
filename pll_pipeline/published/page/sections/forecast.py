"""How may it go on? The forecasts of the country, and why other series have none.

Not here: how a forecast is made (`star/forecasting.py`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from pll_pipeline.published.page import charts
from pll_pipeline.published.page.charts import Axes, Band, Description, Line
from pll_pipeline.published.page.data import PageData
from pll_pipeline.published.page.figure import with_data
from pll_pipeline.published.page.page_texts import PageTexts
from pll_pipeline.published.page.parts import (
    Figure,
    Note,
    Panel,
    Part,
    Section,
    Table,
    table_of,
)
from pll_pipeline.published.page.rows import Row, grouped, known, where

# Column of the month in which a threshold is passed → the threshold.
_THRESHOLDS = {
    "passes_25_month": 0.25,
    "passes_50_month": 0.50,
    "passes_80_month": 0.80,
    "passes_95_month": 0.95,
}
_MONTHS_BEFORE = 36  # observed months that are drawn before a forecast


def section(data: PageData, texts: PageTexts) -> Section | None:
    """The forecasts of the country, and why other series have none; None without a forecast."""
    if not data["forecast"]:
        return None
    parts: list[Part] = [_forecast(data, texts)]
    parts += [refusals(data["refusal"], texts)] if data["refusal"] else []
    intro = texts.get("forecast_intro", level=_level(data, texts))
    return Section("forecast", texts.get("forecast"), (intro,), tuple(parts))


def _level(data: PageData, texts: PageTexts) -> str:
    return texts.format.share(data["forecast"][0]["interval_level"], decimals=0)


def refusals(rows: Sequence[Row], texts: PageTexts) -> Note:
    """How many series have no forecast, and why."""
    reasons = [
        texts.get(
            "forecast_reason",
            count=texts.format.number(row["series_count"]),
            reason=texts.refusal(row["refusal_code"]),
        )
        for row in rows
    ]
    series = texts.format.number(sum(row["series_count"] for row in rows))
    listed = texts.format.listed(reasons)
    return Note(texts.get("forecast_refusals", series=series, reasons=listed))


def _forecast(data: PageData, texts: PageTexts) -> Figure:
    """A panel per service, and in a table when each series is expected to pass thresholds."""
    ahead = {key[0]: rows for key, rows in grouped(data["forecast"], "service_code").items()}
    observed = [row for service in ahead for row in _observed(service, data)]
    months = [row["month"] for row in (*data["forecast"], *observed)]
    axes = charts.axes_of(months, texts.format)
    figure = Figure(
        name="forecast",
        headline=_headline(ahead, data, texts),
        subtitle=texts.get("forecast_sub", level=_level(data, texts)),
        release_table="mart_adoption_forecast",
        panels=tuple(_panel(service, rows, axes, data, texts) for service, rows in ahead.items()),
        tables=(_passing_table(data["passing"], texts),),
    )
    return with_data(figure, data["forecast"], data, texts)


def _observed(service: str, data: PageData) -> list[Row]:
    """The newest months of the country that have a share."""
    country = where(data["curve"], service_code=service, region_level="land")
    return known(country)[-_MONTHS_BEFORE:]


def _headline(ahead: Mapping[str, Sequence[Row]], data: PageData, texts: PageTexts) -> str:
    """The next threshold of the first service that passes one; else where its interval ends."""
    for service in ahead:
        actor_type = data.actor_type_of(service)
        for row in where(data["passing"], service_code=service, actor_type_code=actor_type):
            for column in _thresholds_ahead(row):
                return texts.get(
                    "forecast_head",
                    service=texts.service(service),
                    threshold=texts.format.share(_THRESHOLDS[column]),
                    month=texts.format.month(row[column]),
                )
    service, rows = next(iter(ahead.items()))
    return texts.get(
        "forecast_head_wide",
        months=len(rows),
        service=texts.service_within(service),
        low=texts.format.share(rows[-1]["share_low"]),
        high=texts.format.share(rows[-1]["share_high"]),
    )


def _thresholds_ahead(passing: Row) -> Iterator[str]:
    """The thresholds that a series is expected to pass, as columns, lowest first."""
    last = passing["last_observed_month"]
    for column in _THRESHOLDS:
        if last is not None and passing[column] is not None and passing[column] > last:
            yield column


def _panel(
    service: str, ahead: Sequence[Row], axes: Axes, data: PageData, texts: PageTexts
) -> Panel:
    actor_type = texts.in_brackets(data.actor_type_of(service))
    observed = _observed(service, data)
    last, end = observed[-1], ahead[-1]
    text = texts.get(
        "forecast_alt",
        service=texts.service(service),
        actor=actor_type,
        last=texts.format.share(last["adoption_share"]),
        last_month=texts.format.month(last["month"]),
        expected=texts.format.share(end["expected_share"]),
        month=texts.format.month(end["month"]),
        low=texts.format.share(end["share_low"]),
        high=texts.format.share(end["share_high"]),
    )
    line = Line(service, [(row["month"], row["adoption_share"]) for row in observed])
    bands = [
        Band(row["month"], row["share_low"], row["expected_share"], row["share_high"])
        for row in ahead
    ]
    name = texts.service(service)
    svg = charts.forecast(line, bands, axes, Description(name, text))
    return Panel(name, actor_type.strip(" ()"), svg)


def _passing_table(passing: Sequence[Row], texts: PageTexts) -> Table:
    heads = [
        (texts.get("measure"), "text"),
        (texts.get("last_share"), "number"),
        *((texts.format.share(threshold), "number") for threshold in _THRESHOLDS.values()),
    ]
    rows = (
        [
            _series_name(row, texts),
            texts.share(row["last_observed_share"]),
            *(_passing_month(row, column, texts) for column in _THRESHOLDS),
        ]
        for row in passing
    )
    return table_of(texts.get("forecast_table"), heads, rows)


def _series_name(row: Row, texts: PageTexts) -> str:
    """The series, with the reason where it has no forecast."""
    name = texts.share_name(row["measure_code"], row["actor_type_code"])
    if row["refusal_code"] is None:
        return name
    return f"{name}. {texts.get('forecast_refused')}: {texts.refusal(row['refusal_code'])}"


def _passing_month(row: Row, column: str, texts: PageTexts) -> str:
    month, last = row[column], row["last_observed_month"]
    if row["refusal_code"] is not None:
        return "–"
    if month is None:
        return texts.get("beyond")
    if last is not None and month <= last:
        return texts.get("passed")
    return texts.format.month_short(month)
