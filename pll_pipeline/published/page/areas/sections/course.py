"""How did the area come here? The course of each service beside that of the region it is in.

Not here: the newest figures of all actor types (`figures.py`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from pll_pipeline.published.page.areas.area_texts import AreaTexts
from pll_pipeline.published.page.areas.chart import Axis, Point, axis_of, grid
from pll_pipeline.published.page.areas.chart import course as drawn
from pll_pipeline.published.page.areas.data import COUNTRY, AreaData
from pll_pipeline.published.page.areas.parts import Panels, Section
from pll_pipeline.published.page.parts import Panel, Table, table_of
from pll_pipeline.published.page.rows import Row, grouped

_FEWEST_MONTHS = 2
_DECEMBER = 12
_MOST_ENDS = 5


class Course(NamedTuple):
    """The months of a service in an area, and those of a region it is in, under its name."""

    service: str
    area: Sequence[Row]
    whole_name: str
    whole: Sequence[Row]


def section(key: str, data: AreaData, texts: AreaTexts) -> Section | None:
    """A panel per service with at least two months that have a share or bounds."""
    courses = [
        _course(service, rows, key, data, texts)
        for (service,), rows in grouped(data.of("area_curve", key), "service_code").items()
        if len(rows) >= _FEWEST_MONTHS
    ]
    if not courses:
        return None
    axis = axis_of(row["month"] for course in courses for row in (*course.area, *course.whole))
    panels = Panels(
        texts.get("area_course_caption", area=data.label(key)),
        grid(axis, texts.format),
        tuple(_panel(course, axis, key, data, texts) for course in courses),
    )
    intro = (texts.get("area_course_intro", area=data.label(key)),)
    return Section(
        "course", texts.get("area_course"), intro, (panels, _table(courses, key, data, texts))
    )


def _course(
    service: str, rows: Sequence[Row], key: str, data: AreaData, texts: AreaTexts
) -> Course:
    """The course beside that of the nearest region that has one; the country is the last."""
    keys = [(row["region_key"], row["region_label"]) for row in data.wholes(key)]
    for whole, name in (*keys, (COUNTRY, texts.get("country"))):
        months = [row for row in data.of("area_curve", whole) if row["service_code"] == service]
        if len(months) >= _FEWEST_MONTHS:
            return Course(service, rows, name, months)
    return Course(service, rows, "", ())


def _panel(course: Course, axis: Axis, key: str, data: AreaData, texts: AreaTexts) -> Panel:
    text = _in_words(course, data.label(key), texts)
    svg = drawn(_points(course.area), _points(course.whole), axis, texts.format, text)
    service = texts.service(course.service)
    actor_type = texts.in_brackets(data.page.actor_type_of(course.service))
    note = actor_type.strip(" ()")
    if course.whole_name:
        note = ". ".join(
            filter(None, (note, texts.get("area_course_whole", whole=course.whole_name)))
        )
    return Panel(service, note, svg)


def _points(rows: Sequence[Row]) -> list[Point]:
    return [
        Point(row["month"], row["adoption_share"], row["share_lower"], row["share_upper"])
        for row in rows
    ]


def _in_words(course: Course, area: str, texts: AreaTexts) -> str:
    """The first and the newest month of the area, and how it compares with the whole there."""
    first, last = course.area[0], course.area[-1]
    sentence = texts.get(
        "area_course_alt",
        service=texts.service(course.service),
        area=area,
        first=texts.interval(first),
        first_month=texts.format.month(first["month"]),
        last=texts.interval(last),
        last_month=texts.format.month(last["month"]),
    )
    return " ".join(filter(None, (sentence, compared(course, texts))))


def compared(course: Course, texts: AreaTexts) -> str:
    """Whether the area is above or below the whole in its newest month, where bounds prove it."""
    newest = course.area[-1]
    beside = [row for row in course.whole if row["month"] == newest["month"]]
    if not beside:
        return ""
    (low, high), (whole_low, whole_high) = bounds(newest), bounds(beside[0])
    if low > whole_high:
        name = "area_above"
    elif high < whole_low:
        name = "area_below"
    else:
        name = "area_beside"
    return texts.get(name, whole=course.whole_name, value=texts.interval(beside[0]))


def bounds(row: Row) -> tuple[float, float]:
    """Between which shares a row certainly lies; 0 and 1 where nothing is known.

    A share without bounds is itself only where it is exact.
    """
    share, lower, upper = row["adoption_share"], row["share_lower"], row["share_upper"]
    if lower is None:
        lower = share if share is not None and row["qualifier"] == "exact" else 0.0
    if upper is None:
        upper = share if share is not None and row["qualifier"] == "exact" else 1.0
    return lower, upper


def _table(courses: Sequence[Course], key: str, data: AreaData, texts: AreaTexts) -> Table:
    """The area and the whole at the end of each year and in the newest month."""
    heads = [
        (texts.get("service"), "text"),
        (texts.get("month"), "text"),
        (data.label(key), "number"),
        (texts.get("area_whole"), "number"),
    ]
    rows = []
    for course in courses:
        beside = {row["month"]: row for row in course.whole}
        for row in _ends_of_years(course.area):
            whole = beside.get(row["month"])
            rows.append(
                [
                    texts.service(course.service),
                    texts.format.month_short(row["month"]),
                    texts.interval(row),
                    texts.interval(whole) if whole else "–",
                ]
            )
    return table_of(texts.get("area_course_table"), heads, rows)


def _ends_of_years(months: Sequence[Row]) -> list[Row]:
    """The last months of years and the newest, the last few of them."""
    ends = [row for row in months if row["month"].month == _DECEMBER or row is months[-1]]
    return ends[-_MOST_ENDS:]
