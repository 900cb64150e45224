"""The sheet with regions down and services across: the newest figure of each.

A service has the measure and the actor type that most regions have a figure of, named in its
heading: a share where the service has any, else a count. What is known by bounds alone is a range,
rounded outwards. Each figure has its month beside it, since they are not of the same.
Not here: other measures and actor types (the mart's own sheet).
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from math import ceil, floor
from typing import NamedTuple

from pll_pipeline.published.sql import statement
from pll_pipeline.published.workbook.book import Book, qualified, writer
from pll_pipeline.published.workbook.series import COLUMNS, JOINS, Series
from pll_pipeline.vocabulary.code_labels import labels_of

_SUPPRESSED, _UNKNOWN = "skjermet", "ukjent"
_NOTE = (
    "Nyeste tall for hver region slik den er i dag. Et tall med strek er et intervall som tallet "
    "ligger i: det er skjermet, eller regnet ut av tall som er skjermet, avrundet eller mangler. "
    "Tomt: ikke publisert. Andre mål og aktørtyper er på arket Nyeste tall."
)
_HEADINGS = ("Nivå", "Region", "Fylke", "Helsefellesskap")
_WIDTHS = (22, 34, 18, 34)
_WIDTH_OF_FIGURE, _WIDTH_OF_MONTH = 20, 10
_NOISE = 9  # decimals of a per mille that a share as a double can be trusted to
_LEVELS = ("land", "rhf", "helsefellesskap", "fylke", "kommune")
_CHOSEN = statement(
    "with figures as (select latest.*, adoption_share is not null or share_lower is not null "
    "or share_upper is not null as has_share "
    "from release.marts.mart_adoption_latest as latest "
    "inner join release.star.dim_region as region on latest.region_key = region.region_key "
    "where region.is_current and list_contains(?, region.region_level)), "
    "series as (select service_code, service_name, measure_code, measure_name, actor_type_code, "
    "actor_type_name, count(*) filter (has_share) > 0 as is_share "
    "from figures group by 1, 2, 3, 4, 5, 6 qualify row_number() over (partition by service_code "
    "order by is_share desc, count(distinct region_key) desc, max(month) desc, "
    "actor_type_code = 'alle' desc, measure_code, actor_type_code) = 1) "
    "select figures.service_name, figures.measure_code, figures.is_share, {columns} "
    "from series as figures {joins} order by figures.service_name collate nb, figures.service_code",
    columns=COLUMNS,
    joins=JOINS,
)
_REGIONS = """
    select
        region_key, region_level, region_label, coalesce(fylke_name, ''),
        coalesce(helsefellesskap_name, '')
    from release.star.dim_region
    where is_current and list_contains(?, region_level)
    order by list_position(?, region_level), region_label collate nb
"""
_FIGURES = """
    select
        region_key, qualifier, month, status, adoption_share, share_lower, share_upper,
        adoption_count, adoption_count_lower, adoption_count_upper
    from release.marts.mart_adoption_latest
    where measure_code = ? and actor_type_code = ?
"""


class Figure(NamedTuple):
    """The newest figure of a region: its value, or the bounds of it."""

    qualifier: str | None
    month: date
    status: str
    value: float | None
    lower: float | None
    upper: float | None


class _Service(NamedTuple):
    name: str
    heading: str
    is_share: bool
    figures: dict[str, Figure]


def write(book: Book) -> None:
    """Write the sheet."""
    sheet, formats = book.cross_table, book.formats
    services = _services(book)
    sheet.write_string(0, 0, _NOTE, formats["note"])
    names, headings = [""] * len(_HEADINGS), [*_HEADINGS]
    for service in services:
        names += [service.name, ""]
        headings += [service.heading, "Måned"]
    for position, name in enumerate(names):
        sheet.write_string(1, position, name, formats["service"])
    widths = [*_WIDTHS, *(_WIDTH_OF_FIGURE, _WIDTH_OF_MONTH) * len(services)]
    book.write_headings(sheet, headings, widths, row=2)
    _write_regions(book, services)
    book.set_widths(sheet, widths, repeated=2)
    sheet.freeze_panes(3, 2)


def _services(book: Book) -> list[_Service]:
    """Each service that has a figure, with the chosen measure and actor type of it."""
    connection = book.draft.connection
    services = []
    for row in connection.execute(_CHOSEN, [_LEVELS]).fetchall():
        service, measure_code, is_share, *columns = row
        series = Series(*columns)
        rows = connection.execute(_FIGURES, [measure_code, series.actor_type_code]).fetchall()
        figures = {
            key: Figure(qualifier, month, status, *(values[:3] if is_share else values[3:]))
            for key, qualifier, month, status, *values in rows
        }
        services.append(_Service(service, series.name(is_share=is_share), is_share, figures))
    return services


def _write_regions(book: Book, services: list[_Service]) -> None:
    """One row per region, the greatest areas first."""
    sheet, formats = book.cross_table, book.formats
    levels = labels_of("region_level")
    write_text = writer(sheet, "VARCHAR", formats)
    rows = book.draft.connection.execute(_REGIONS, [_LEVELS, _LEVELS]).fetchall()
    for number, (key, level, *names) in enumerate(rows, 3):
        for position, text in enumerate((levels[level].nb, *names)):
            write_text(number, position, text)
        for position, service in enumerate(services):
            figure = service.figures.get(key)
            if figure:
                _write_figure(book, number, len(_HEADINGS) + 2 * position, service, figure)
    sheet.autofilter(2, 0, 2 + len(rows), len(_HEADINGS) + 2 * len(services) - 1)


def _write_figure(book: Book, row: int, position: int, service: _Service, figure: Figure) -> None:
    sheet, formats = book.cross_table, book.formats
    cell = cell_of(figure, is_share=service.is_share)
    if isinstance(cell, str):
        sheet.write_string(row, position, cell, formats["range"])
    else:
        number = qualified("share" if service.is_share else "count", figure.qualifier)
        sheet.write_number(row, position, cell, formats[number])
    sheet.write_datetime(row, position + 1, figure.month, formats["month"])


def cell_of(figure: Figure, *, is_share: bool) -> float | str:
    """A figure as its cell has it: its value, the range it is in, or why there is none.

    Bounds that leave everything open are no range.
    """
    if figure.value is not None:
        return figure.value
    nothing = _SUPPRESSED if figure.status == "suppressed" else _UNKNOWN
    lower = figure.lower or 0
    unit = " %" if is_share else ""
    if figure.upper is None:
        return f"minst {_text(lower, is_share, floor)}{unit}" if lower else nothing
    if is_share and lower <= 0 and figure.upper >= 1:
        return nothing
    if lower == figure.upper:
        return lower
    return f"{_text(lower, is_share, floor)}–{_text(figure.upper, is_share, ceil)}{unit}"


def _text(bound: float, is_share: bool, rounded: Callable[[float], int]) -> str:
    """A bound in Norwegian, a share in tenths of a per cent; rounding never narrows the range."""
    if not is_share:
        return str(rounded(bound))
    tenths = rounded(round(bound * 1000, _NOISE))
    return f"{tenths / 10:.1f}".replace(".", ",")
