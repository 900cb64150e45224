"""Which regions use it most? The regions of one service in order, and every service side by side.

Not here: maps (`maps.py`).
"""

from __future__ import annotations

from collections.abc import Sequence

from pll_pipeline.published.page.data import PageData
from pll_pipeline.published.page.figure import with_data
from pll_pipeline.published.page.page_texts import PageTexts, drawn_bounds
from pll_pipeline.published.page.parts import Cell, Figure, Section, Table, table_of
from pll_pipeline.published.page.rows import Row, distinct, known, where

_MOST_FIRST, _MOST_LAST = 3, 2  # regions that the description of the ranking names


def section(data: PageData, texts: PageTexts) -> Section | None:
    """The regions of one service in order, and every service side by side; None without regions."""
    if not known(_regions(data)):
        return None
    area_level = data["area_level"][0]
    intro = texts.get("ranking_intro", month=texts.format.month(area_level["month"]))
    parts = (_ranking(area_level, data, texts), _matrix(area_level, data, texts))
    return Section("ranking", texts.get("ranking"), (intro,), parts)


def _ranking(area_level: Row, data: PageData, texts: PageTexts) -> Figure:
    """The regions in order of their share, and the country below them."""
    service, level = area_level["service_code"], area_level["region_level"]
    figure = Figure(
        name="ranking",
        headline=_headline(area_level, data, texts),
        subtitle=texts.get(
            "ranking_sub",
            service=texts.service(service),
            actor=texts.in_brackets(data.actor_type_of(service)),
            level=texts.levels(level),
            month=texts.format.month(area_level["month"]),
        ),
        release_table="mart_adoption_by_region_actor_month",
        main_table=_ranking_table(area_level, data, texts),
        alt=_ranking_in_words(level, data, texts),
    )
    return with_data(figure, data["ranking"], data, texts, left_out=("region_level",))


def _regions(data: PageData) -> list[Row]:
    return [row for row in data["ranking"] if row["region_level"] != "land"]


def _headline(area_level: Row, data: PageData, texts: PageTexts) -> str:
    """The highest and the lowest region where the bounds of all prove it, else how many are known.

    A region is the highest when no other can be above or beside it, the lowest accordingly.
    """
    regions = _regions(data)
    last_rank = area_level["region_count"]
    top = _only(where(regions, rank_best=1), "rank_worst", 1)
    bottom = _only(where(regions, rank_worst=last_rank), "rank_best", last_rank)
    if top and bottom:
        key = "ranking_head"
    elif top or bottom:
        key = "ranking_head_top" if top else "ranking_head_bottom"
    else:
        key = "ranking_head_open"
    named = {
        f"{end}{what}": text
        for end, row in (("top", top), ("bottom", bottom))
        if row
        for what, text in (
            ("", row["region_name"]),
            ("_share", texts.format.share(row["adoption_share"])),
        )
    }
    if not named:
        level = texts.levels(area_level["region_level"])
        named = {"known": str(len(known(regions))), "all": str(last_rank), "level": level}
    return texts.get(key, **named)


def _only(rows: Sequence[Row], column: str, rank: int) -> Row | None:
    """The row, where it is the only one, has a share, and can have no other rank."""
    if len(rows) != 1 or rows[0]["adoption_share"] is None or rows[0][column] != rank:
        return None
    return rows[0]


def _ranking_in_words(level: str, data: PageData, texts: PageTexts) -> str:
    regions = _regions(data)
    with_share = known(regions)
    named = dict.fromkeys(
        f"{row['region_name']} {texts.format.share(row['adoption_share'])}"
        for row in (*with_share[:_MOST_FIRST], *with_share[-_MOST_LAST:])
    )
    listed = list(named)
    return texts.get(
        "ranking_alt",
        count=len(with_share),
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
        Cell(row["region_name"], address=texts.area_address(row["region_key"])),
        _rank(row, texts),
        Cell("", now=share, before=before, bounds=drawn_bounds(row), is_scale=True),
        share_text if share is None else texts.format.qualified(share_text, row["qualifier"]),
        "–" if change is None else texts.format.points(change, unit=False),
        _count(row["adoption_count"], texts),
        _count(row["eligible_count"], texts),
    ]


def _rank(row: Row, texts: PageTexts) -> str:
    """The ranks a region can have by the bounds of all; "" where too few are known."""
    if row["rank_best"] is None:
        return ""
    ranks = dict.fromkeys(texts.format.number(row[f"rank_{end}"]) for end in ("best", "worst"))
    return "–".join(ranks)


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
        [
            Cell(name, address=texts.area_address(region)),
            *(_matrix_cell(by_cell.get((region, code)), texts) for code in services),
        ]
        for region, name in names.items()
    )
    return table_of(texts.get("matrix_table"), heads, rows)


def _matrix_cell(row: Row | None, texts: PageTexts) -> Cell:
    if row is None:
        return Cell(texts.get("not_published"), is_quiet=True)
    share, bounds = row["adoption_share"], (row["share_lower"], row["share_upper"])
    text = texts.share(share, row["status"], *bounds)
    if share is None:
        return Cell(text, bounds=drawn_bounds(row), is_quiet=True)
    return Cell(text, bar=share)
