"""Which regions use it most? The regions of one service in order, and every service side by side.

Not here: maps (`maps.py`).
"""

from __future__ import annotations

from collections.abc import Sequence

from pll_pipeline.published.page.data import PageData
from pll_pipeline.published.page.figure import with_data
from pll_pipeline.published.page.page_texts import PageTexts
from pll_pipeline.published.page.parts import Cell, Figure, Note, Section, Table, table_of
from pll_pipeline.published.page.rows import Row, distinct, known, where

_MOST_FIRST, _MOST_LAST = 3, 2  # regions that the description of the ranking names


def section(data: PageData, texts: PageTexts) -> Section:
    """The regions of one service in order, and every service side by side."""
    if not known(data["ranking"], "region_rank"):
        return Section("ranking", texts.get("ranking"), (), (Note(texts.get("ranking_none")),))
    area_level = data["area_level"][0]
    intro = texts.get("ranking_intro", month=texts.format.month(area_level["month"]))
    parts = (_ranking(area_level, data, texts), _matrix(area_level, data, texts))
    return Section("ranking", texts.get("ranking"), (intro,), parts)


def _ranking(area_level: Row, data: PageData, texts: PageTexts) -> Figure:
    """The regions in order of their share, and the country below them."""
    ranked = known(data["ranking"], "region_rank")
    service, level = area_level["service_code"], area_level["region_level"]
    first, last = ranked[0], ranked[-1]
    figure = Figure(
        name="ranking",
        headline=texts.get(
            "ranking_head",
            top=first["region_name"],
            top_share=texts.format.share(first["adoption_share"]),
            bottom=last["region_name"],
            bottom_share=texts.format.share(last["adoption_share"]),
        ),
        subtitle=texts.get(
            "ranking_sub",
            service=texts.service(service),
            actor=texts.in_brackets(data.actor_type_of(service)),
            level=texts.levels(level),
            month=texts.format.month(area_level["month"]),
        ),
        release_table="mart_adoption_by_region_actor_month",
        main_table=_ranking_table(area_level, data, texts),
        alt=_ranking_in_words(ranked, level, data, texts),
    )
    return with_data(figure, data["ranking"], data, texts, left_out=("region_level",))


def _ranking_in_words(ranked: Sequence[Row], level: str, data: PageData, texts: PageTexts) -> str:
    named = (*ranked[:_MOST_FIRST], *ranked[-_MOST_LAST:])
    listed = [f"{r['region_name']} {texts.format.share(r['adoption_share'])}" for r in named]
    regions = [row for row in data["ranking"] if row["region_level"] != "land"]
    return texts.get(
        "ranking_alt",
        count=len(ranked),
        level=texts.levels(level),
        listed=texts.format.listed(listed),
        suppressed=len(where(regions, status="suppressed", adoption_share=None)),
    )


def _ranking_table(area_level: Row, data: PageData, texts: PageTexts) -> Table:
    heads = [
        (texts.get("region"), "text"),
        (texts.get("rank"), "number"),
        (texts.get("scale"), "drawing"),
        (texts.get("share_now"), "number"),
        (texts.get("change_12m"), "number"),
        (texts.get("numerator"), "number"),
        (texts.get("denominator"), "number"),
    ]
    caption = texts.get(
        "ranking_table",
        service=texts.service(area_level["service_code"]),
        level=texts.level(area_level["region_level"]),
        month=texts.format.month(area_level["month"]),
    )
    return table_of(
        caption,
        heads,
        (_ranking_row(row, texts) for row in data["ranking"]),
        foot=len(where(data["ranking"], region_level="land")),
    )


def _ranking_row(row: Row, texts: PageTexts) -> list[str | Cell]:
    share, change = row["adoption_share"], row["change_12m"]
    before = None
    if share is not None and change is not None:
        before = min(max(share - change, 0.0), 1.0)
    share_text = texts.share(share, row["status"], row["share_lower"], row["share_upper"])
    return [
        row["region_name"],
        "" if row["region_rank"] is None else texts.format.number(row["region_rank"]),
        Cell("", now=share, before=before),
        share_text if share is None else texts.format.qualified(share_text, row["qualifier"]),
        "–" if change is None else texts.format.points(change, unit=False),
        _count(row["adoption_count"], texts),
        _count(row["eligible_count"], texts),
    ]


def _count(count: int | None, texts: PageTexts) -> str:
    return "–" if count is None else texts.format.number(count)


def _matrix(area_level: Row, data: PageData, texts: PageTexts) -> Figure:
    """The newest share of every service for each region."""
    figure = Figure(
        name="matrix",
        headline=texts.get("matrix_head", level=texts.level(area_level["region_level"])),
        subtitle=texts.get("matrix_sub"),
        release_table="mart_adoption_by_region_actor_month",
        main_table=_matrix_table(data, texts),
    )
    return with_data(figure, data["matrix"], data, texts)


def _matrix_table(data: PageData, texts: PageTexts) -> Table:
    by_cell = {(row["region_key"], row["service_code"]): row for row in data["matrix"]}
    with_figures = set(distinct(data["matrix"], "service_code"))
    every = distinct(data["area_level"], "service_code")
    services = [code for code in every if code in with_figures]

    def head(service: str) -> str:
        return texts.service(service) + texts.in_brackets(data.actor_type_of(service))

    heads = [
        (texts.get("region"), "text"),
        *((head(service), "number") for service in services),
    ]
    names = {row["region_key"]: row["region_name"] for row in data["matrix"]}
    rows = (
        [name, *(_matrix_cell(by_cell.get((region, code)), texts) for code in services)]
        for region, name in names.items()
    )
    return table_of(texts.get("matrix_table"), heads, rows)


def _matrix_cell(row: Row | None, texts: PageTexts) -> Cell:
    if row is None:
        return Cell(texts.get("not_published"), is_quiet=True)
    share = row["adoption_share"]
    return Cell(texts.share(share, row["status"]), bar=share, is_quiet=share is None)
