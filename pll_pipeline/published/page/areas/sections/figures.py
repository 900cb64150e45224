"""Where is the area? Its newest figure of every measure and actor type, as bounds where suppressed.

Not here: earlier months (`course.py`), other areas (`neighbours.py`).
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Sequence

from pll_pipeline.published.page.areas.area_texts import AreaTexts, says_something
from pll_pipeline.published.page.areas.data import AreaData
from pll_pipeline.published.page.areas.parts import Heading, Part, Section, Span, without_empty
from pll_pipeline.published.page.formats import months_since
from pll_pipeline.published.page.page_texts import capitalised
from pll_pipeline.published.page.parts import Cell, Note, Table, table_of
from pll_pipeline.published.page.rows import Row, distinct, grouped

_OLD_MONTHS = 12


def section(key: str, data: AreaData, texts: AreaTexts) -> Section:
    """The newest figures of an area, and the services that none is published of."""
    adoption, others = data.of("area_figure", key), data.of("area_other_figure", key)
    parts: list[Part] = []
    if adoption:
        parts.append(_table(adoption, texts))
    if others:
        parts.append(_other_table(others, texts))
    missing = _missing(data, adoption, others)
    if missing:
        services = texts.services_within(missing)
        parts.append(Note(texts.get("area_missing", services=services, area=data.label(key))))
    intro = (texts.get("area_figures_intro"),) if adoption else ()
    return Section("figures", texts.get("area_figures"), intro, tuple(parts))


def headline(key: str, data: AreaData, texts: AreaTexts) -> str:
    """The first figure of adoption in the order of the page, its ranks and its age."""
    figures = data.of("area_figure", key)
    shown = _representative(figures, data)
    if shown is None:
        others = data.of("area_other_figure", key)
        name = "area_head_none" if not others else "area_head_other"
        return texts.get(name, area=data.label(key))
    sentence = texts.get(
        "area_head",
        measure=_name(shown, texts),
        value=_value(shown, texts),
        month=texts.format.month(shown["month"]),
    )
    more = (_rank(shown, key, data, texts), _age(shown, data, texts))
    return " ".join(filter(None, (sentence, *more)))


def _representative(figures: Sequence[Row], data: AreaData) -> Row | None:
    """The series that the page of the country shows, of the first service that has one here."""
    for series in data.page["series"]:
        for row in figures:
            columns = ("measure_code", "actor_type_code")
            if all(row[column] == series[column] for column in columns):
                return row
    return figures[0] if figures else None


def _rank(row: Row, key: str, data: AreaData, texts: AreaTexts) -> str:
    """The ranks the bounds of all areas of the level allow; a first or last place if proved."""
    best, worst, count = row["rank_best"], row["rank_worst"], row["region_count"]
    if best is None or worst is None or (best, worst) == (1, count):
        return ""
    levels = texts.levels(data.areas[key]["region_level"])
    if worst == 1:
        return texts.get("area_rank_first", count=texts.format.number(count), levels=levels)
    if best == count:
        return texts.get("area_rank_last", count=texts.format.number(count), levels=levels)
    name = "area_rank_exact" if best == worst else "area_rank_range"
    return texts.get(
        name,
        best=texts.format.number(best),
        worst=texts.format.number(worst),
        count=texts.format.number(count),
        levels=levels,
    )


def _age(row: Row, data: AreaData, texts: AreaTexts) -> str:
    """How old the figure is, where that is more than a year."""
    month, today = row["month"], data.page.today
    end = month.replace(day=monthrange(month.year, month.month)[1])
    if months_since(end, today) <= _OLD_MONTHS:
        return ""
    return texts.get("in_words_old", age=texts.format.age(end, today))


def _missing(data: AreaData, *tables: Sequence[Row]) -> list[str]:
    """Services without any row in some tables."""
    shown = {code for rows in tables for code in distinct(rows, "service_code")}
    return [code for code in data.services() if code not in shown]


def _name(row: Row, texts: AreaTexts) -> str:
    """The name of the share where the row has or bounds one, else that of the measure."""
    if row["adoption_share"] is not None or says_something(row["share_lower"], row["share_upper"]):
        return texts.share_name(row["measure_code"], row["actor_type_code"])
    return texts.series(row["measure_code"], row["actor_type_code"])


def _value(row: Row, texts: AreaTexts) -> str:
    """The share or its bounds; the count where there is neither."""
    if row["adoption_share"] is None and row["adoption_count"] is not None:
        is_bounded = says_something(row["share_lower"], row["share_upper"])
        if not is_bounded:
            return texts.format.qualified(
                texts.format.number(row["adoption_count"]), row["qualifier"]
            )
    return texts.interval(row)


def _table(rows: Sequence[Row], texts: AreaTexts) -> Table:
    heads = [
        (texts.get("actor_type"), "text"),
        (texts.get("share"), "number"),
        (texts.get("scale"), "drawing"),
        (texts.get("area_counts"), "number"),
        (texts.get("change_12m"), "number"),
        (texts.get("rank"), "number"),
        (texts.get("month"), "text"),
        (texts.get("area_basis"), "text"),
    ]
    body: list[list[str | Cell]] = []
    for (measure,), group in grouped(rows, "measure_code").items():
        body.append([Heading(texts.measure(measure))])
        body += [_row(row, texts) for row in group]
    return without_empty(table_of(texts.get("area_figures_table"), heads, body))


def _row(row: Row, texts: AreaTexts) -> list[str | Cell]:
    change = row["change_12m"]
    ranks = _ranks(row, texts)
    return [
        capitalised(texts.actor_type(row["actor_type_code"])),
        Cell(_share(row, texts), is_quiet=row["adoption_share"] is None),
        span_of(row),
        _counts(row, texts),
        "–" if change is None else texts.format.points(change, unit=False),
        texts.get("rank_of", ranks=ranks, count=row["region_count"]) if ranks else "–",
        texts.format.month_short(row["month"]),
        _basis(row, texts),
    ]


def _ranks(row: Row, texts: AreaTexts) -> str:
    """The ranks of a row; "" where it may have any."""
    may_be_any = (row["rank_best"], row["rank_worst"]) == (1, row["region_count"])
    return "" if may_be_any else texts.ranks(row["rank_best"], row["rank_worst"])


def _share(row: Row, texts: AreaTexts) -> str:
    """The share or its bounds; a dash where the measure is a count without a denominator."""
    has_share = row["adoption_share"] is not None or row["status"] == "suppressed"
    is_bounded = says_something(row["share_lower"], row["share_upper"])
    return texts.interval(row) if has_share or is_bounded else "–"


def span_of(row: Row) -> Cell:
    """The share of a row, or its bounds, drawn from 0 to 100 %; nothing where neither is known."""
    share, lower, upper = row["adoption_share"], row["share_lower"], row["share_upper"]
    if share is not None:
        return Span("", low=share, high=share)
    if says_something(lower, upper):
        return Span("", low=lower, high=upper)
    return Cell("")


def _counts(row: Row, texts: AreaTexts) -> str:
    """How many of how many; a count that is known between bounds is those."""
    eligible = row["eligible_count"]
    lower, upper = row["adoption_count_lower"], row["adoption_count_upper"]
    text = texts.format.range(
        row["adoption_count"],
        None if lower == 0 and upper is None else lower,
        upper,
        row["qualifier"] if row["adoption_share"] is None else None,
        "count",
    )
    if not text or eligible is None:
        return text or "–"
    return texts.get("count_of", count=text, all=texts.format.number(eligible))


def _basis(row: Row, texts: AreaTexts) -> str:
    """Published, derived, or added of so many of so many parts."""
    name = f"area_basis_{row['basis']}"
    if row["part_count"] is None:
        return texts.get(name)
    parts = texts.get(
        "area_parts",
        count=texts.format.number(row["part_count"]),
        all=texts.format.number(row["expected_part_count"]),
    )
    return f"{texts.get(name)}, {parts}"


def _other_table(rows: Sequence[Row], texts: AreaTexts) -> Table:
    heads = [
        (texts.get("measure"), "text"),
        (texts.get("area_value"), "number"),
        (texts.get("period"), "text"),
        (texts.get("owner"), "text"),
    ]
    body: list[list[str | Cell]] = [
        [
            texts.series(row["measure_code"], row["actor_type_code"]),
            texts.format.range(
                row["value"], row["lower_bound"], row["upper_bound"], row["qualifier"], row["unit"]
            )
            or texts.share(None, row["status"]),
            texts.format.period(row["period_grain"], row["period_start"], row["period_end"]),
            Cell(row["owner"], address=row["statement_address"] or ""),
        ]
        for row in rows
    ]
    return table_of(texts.get("area_others_table"), heads, body)
