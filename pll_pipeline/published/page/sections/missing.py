"""What no source has published, by whom it could be, and what it would show.

It is shown instead of sections of curves, regions and forecasts that are empty. Not here: which
months of a region are published (`published_months.py`).
"""

from __future__ import annotations

from pll_pipeline.published.page.data import PageData
from pll_pipeline.published.page.page_texts import PageTexts
from pll_pipeline.published.page.parts import Note, Part, Section, table_of
from pll_pipeline.published.page.rows import Row
from pll_pipeline.published.page.sections.forecast import refusals

# What a service may have → the key of its name where it is missing.
_WHAT = {
    "has_country_share": "missing_country",
    "has_regions": "missing_regions",
    "has_curve": "missing_months",
    "has_forecast": "missing_forecast",
}


def section(data: PageData, texts: PageTexts) -> Section | None:
    """What is missing of each service; None where every service has everything but a forecast."""
    rows = [_with_curve(row, data) for row in data["gap"]]
    is_empty = {name: not any(row[name] for row in rows) for name in _WHAT}
    missing = [row for row in rows if any(not row[name] for name in _without_forecast(rows))]
    if not missing and not is_empty["has_forecast"]:
        return None
    parts: list[Part] = []
    if missing:
        heads = [
            (texts.get(f"missing_head_{column}"), "text")
            for column in ("service", "what", "owner", "shows")
        ]
        table_rows = [_table_row(row, texts) for row in missing]
        parts.append(table_of(texts.get("missing_table"), heads, table_rows))
    if is_empty["has_forecast"]:
        parts.append(Note(texts.get("forecast_none")))
        parts += [refusals(data["refusal"], texts)] if data["refusal"] else []
    intro = (texts.get("missing_intro"),)
    return Section("missing", texts.get("missing"), intro, tuple(parts))


def _with_curve(gap: Row, data: PageData) -> Row:
    """The row with whether the service has a curve."""
    services = {row["service_code"] for row in data["curve"]}
    return gap | {"has_curve": gap["service_code"] in services}


def _without_forecast(rows: list[Row]) -> list[str]:
    """What may be missing; a forecast only where no service has one, as one may be refused."""
    has_forecasts = any(row["has_forecast"] for row in rows)
    return [name for name in _WHAT if name != "has_forecast" or not has_forecasts]


def _table_row(row: Row, texts: PageTexts) -> list[str]:
    missing = [name for name in _WHAT if not row[name]]
    what = [_what(name, row, texts) for name in missing if name != "has_forecast"]
    shows = [texts.get(f"{_WHAT[name]}_shows") for name in missing]
    return [
        texts.service(row["service_code"]),
        texts.format.listed(what),
        row["owners"] or "–",
        texts.format.listed(shows),
    ]


def _what(name: str, row: Row, texts: PageTexts) -> str:
    """What is missing, and that its publisher withholds it where that is so."""
    if name == "has_country_share" and row["is_country_withheld"]:
        return texts.get("missing_country_withheld")
    return texts.get(_WHAT[name])
