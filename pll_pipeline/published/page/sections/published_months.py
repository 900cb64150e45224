"""What is published, and what is not? Months of each region, and figures of each year.

Not here: how new each source is (`source_state.py`).
"""

from __future__ import annotations

from collections.abc import Sequence

from pll_pipeline.published.page.colours import step_of
from pll_pipeline.published.page.data import PageData
from pll_pipeline.published.page.figure import with_data
from pll_pipeline.published.page.page_texts import PageTexts
from pll_pipeline.published.page.parts import Cell, Figure, Note, Part, Section, Table, table_of
from pll_pipeline.published.page.rows import Row, distinct, grouped, where
from pll_pipeline.published.page.tile_layout import runs_of

# State of a cell → how its month looks in a strip; published ones look as their share.
_LOOKS = {"suppressed": "suppressed", "not_published": "missing"}
_STATES = ("published", "suppressed", "not_published")


def section(data: PageData, texts: PageTexts) -> Section:
    """Which months of each region are published, and how many figures of each year."""
    parts: list[Part] = []
    if data["cell"]:
        parts.append(_cells(data, texts))
    has_years = any(row["figure_count"] for row in data["year"])
    parts.append(_years(data, texts) if has_years else Note(texts.get("years_none")))
    intro = (texts.get("published_intro"),)
    return Section("published", texts.get("published"), intro, tuple(parts))


def _cells(data: PageData, texts: PageTexts) -> Figure:
    """A strip of months for each region."""
    cells, area_level = data["cell"], data["area_level"][0]
    service = area_level["service_code"]
    months = distinct(cells, "month")
    published, suppressed, missing = _counts(cells, texts)
    headline = texts.get("cells_head", published=published, suppressed=suppressed, missing=missing)
    figure = Figure(
        name="cells",
        headline=headline,
        subtitle=texts.get(
            "cells_sub",
            service=texts.service(service),
            actor=texts.in_brackets(data.actor_type_of(service)),
            level=texts.levels(area_level["region_level"]),
            first=texts.format.month(min(months)),
            last=texts.format.month(max(months)),
        ),
        release_table="mart_adoption_by_region_actor_month",
        main_table=_cell_table(cells, texts),
        alt=headline,
    )
    return with_data(figure, cells, data, texts, left_out=("region_name",))


def _counts(cells: Sequence[Row], texts: PageTexts) -> list[str]:
    """How many cells are published, suppressed and not published."""
    return [texts.format.number(len(where(cells, cell_state=state))) for state in _STATES]


def _cell_table(cells: Sequence[Row], texts: PageTexts) -> Table:
    months = distinct(cells, "month")
    course = texts.get(
        "cells_course",
        first=texts.format.month_short(min(months)),
        last=texts.format.month_short(max(months)),
    )
    heads = [
        (texts.get("region"), "text"),
        (course, "drawing"),
        (texts.get("cells_published"), "number"),
        (texts.get("cells_suppressed"), "number"),
        (texts.get("cells_missing"), "number"),
    ]
    rows = (_cell_row(region, texts) for region in grouped(cells, "region_key").values())
    return table_of(texts.get("cells_table"), heads, rows)


def _cell_row(region: Sequence[Row], texts: PageTexts) -> list[str | Cell]:
    row = region[0]
    name = Cell(row["region_name"], address=texts.area_address(row["region_key"]))
    return [name, _strip(region), *_counts(region, texts)]


def _strip(cells: Sequence[Row]) -> Cell:
    looks = [
        _LOOKS.get(row["cell_state"]) or f"step-{step_of(row['adoption_share'])}" for row in cells
    ]
    return Cell("", runs=runs_of(looks), months=len(looks))


def _years(data: PageData, texts: PageTexts) -> Figure:
    """A table of services and years."""
    by_service = {key[0]: rows for key, rows in grouped(data["year"], "service_code").items()}
    totals = {code: _total(rows) for code, rows in by_service.items()}
    most = max(totals, key=totals.__getitem__)
    figure = Figure(
        name="years",
        headline=texts.get(
            "years_head",
            service=texts.service_within(most),
            count=texts.format.number(totals[most]),
            year=min(row["year"] for row in by_service[most] if row["figure_count"]),
        ),
        subtitle=texts.get("years_sub"),
        release_table="mart_key_figures",
        main_table=_year_table(data["year"], texts),
    )
    return with_data(figure, data["year"], data, texts)


def _total(years: Sequence[Row]) -> int:
    return sum(int(row["figure_count"]) for row in years)


def _year_table(years: Sequence[Row], texts: PageTexts) -> Table:
    heads = [
        (texts.get("service"), "text"),
        *((str(year), "number") for year in distinct(years, "year")),
        (texts.get("total"), "number"),
    ]
    rows = (
        [
            texts.service(service),
            *(_number(row["figure_count"], texts) for row in of_service),
            _number(_total(of_service), texts),
        ]
        for (service,), of_service in grouped(years, "service_code").items()
    )
    return table_of(texts.get("years_table"), heads, rows)


def _number(count: int, texts: PageTexts) -> str:
    return texts.format.number(count) if count else "–"
