"""Where is it used? Regions as tiles: fylker and helsefellesskap as squares, kommuner as hexagons.

Not here: where a tile is drawn (`tile_layout.py`).
"""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil, floor

from pll_pipeline.published.page import tile_layout
from pll_pipeline.published.page.colours import STEPS, step_of
from pll_pipeline.published.page.data import PageData
from pll_pipeline.published.page.figure import with_data
from pll_pipeline.published.page.page_texts import PageTexts, capitalised, drawn_bounds
from pll_pipeline.published.page.parts import (
    Cell,
    Figure,
    Section,
    Table,
    Tile,
    TileMap,
    table_of,
)
from pll_pipeline.published.page.region_names import collation_key, tile_name
from pll_pipeline.published.page.rows import Row, grouped, known, where

_HEXAGON_LEVEL = "kommune"


def section(data: PageData, texts: PageTexts) -> Section | None:
    """A map per level of regions; None without regions."""
    if not data["tile"]:
        return None
    return Section("maps", texts.get("maps"), (texts.get("maps_intro"),), (_maps(data, texts),))


def _maps(data: PageData, texts: PageTexts) -> Figure:
    """A map per level; the headline is about the finest of them."""
    by_level = {key[0]: rows for key, rows in grouped(data["tile"], "region_level").items()}
    service = data["area_level"][0]["service_code"]
    finest = list(by_level)[-1]
    has_hexagons = finest == _HEXAGON_LEVEL
    figure = Figure(
        name="maps",
        headline=texts.get(
            "maps_head" if has_hexagons else "maps_head_area",
            service=texts.service(service),
            known=len(known(by_level[finest])),
            all=len(by_level[finest]),
            level=texts.levels(finest),
        ),
        subtitle=texts.get(
            "maps_sub",
            service=texts.service(service),
            actor=texts.in_brackets(data.actor_type_of(service)),
        ),
        release_table="mart_adoption_by_region_actor_month",
        maps=tuple(_map(level, rows, texts) for level, rows in by_level.items()),
        tables=(_table(data["tile"], texts),),
    )
    layout = ("tile_column", "tile_row", "is_tile_row_offset", "is_tile_inset")
    return with_data(figure, data["tile"], data, texts, left_out=layout)


def _map(level: str, rows: Sequence[Row], texts: PageTexts) -> TileMap:
    is_hexagons = level == _HEXAGON_LEVEL
    top = tile_layout.top_of(rows)
    places = [
        tile_layout.hexagon_at(row, top) if is_hexagons else tile_layout.square_at(row)
        for row in rows
    ]
    width, height = tile_layout.size_of(places, is_hexagons=is_hexagons)
    tiles = (
        _tile(row, place, texts, has_name=not is_hexagons)
        for row, place in zip(rows, places, strict=True)
    )
    month = texts.format.month(rows[0]["month"])
    return TileMap(
        name=level,
        title=f"{capitalised(texts.levels(level))}, {month}",
        note=_note(rows, texts),
        alt=_map_in_words(level, rows, month, texts),
        width=width,
        height=height,
        is_hexagons=is_hexagons,
        tiles=tuple(tiles),
        inset=tile_layout.inset_of(rows) if is_hexagons else None,
        inset_label=texts.get("maps_inset"),
    )


def _note(rows: Sequence[Row], texts: PageTexts) -> str:
    is_published = len(where(rows, cell_state="not_published")) < len(rows)
    return "" if is_published else texts.get("maps_level_none")


def _tile(row: Row, place: tuple[float, float], texts: PageTexts, *, has_name: bool) -> Tile:
    share = row["adoption_share"]
    low, high = drawn_bounds(row) or (share, share)
    name = tile_name(row["region_key"], row["region_name"])
    return Tile(
        *place,
        step=step_of(share) if share else 0,
        state=row["cell_state"],
        value=_value(low, high, texts),
        description=f"{row['region_name']}: {_share_in_words(row, texts)}",
        lines=tile_layout.lines_of(name) if has_name else (),
        low=low,
        high=high,
        address=texts.area_address(row["region_key"]),
    )


def _value(low: float | None, high: float | None, texts: PageTexts) -> str:
    """A share, or its bounds, in per cent without the sign; the bounds are rounded outwards."""
    if low is None or high is None:
        return ""
    if low == high:
        return texts.format.number(100 * low)
    return f"{floor(round(100 * low, 6))}–{ceil(round(100 * high, 6))}"


def _share_in_words(row: Row, texts: PageTexts) -> str:
    bounds = row["share_lower"], row["share_upper"]
    return texts.share(row["adoption_share"], row["cell_state"], *bounds)


def _map_in_words(level: str, rows: Sequence[Row], month: str, texts: PageTexts) -> str:
    """How many regions have a share, and how many have one in each step."""
    steps = [step_of(row["adoption_share"]) for row in known(rows)]
    counts = [
        texts.get(
            "maps_step",
            count=steps.count(step),
            low=texts.format.share((step - 1) / STEPS),
            high=texts.format.share(step / STEPS),
        )
        for step in range(1, STEPS + 1)
        if step in steps
    ]
    listed = texts.format.listed(counts)
    return texts.get(
        "maps_alt",
        level=capitalised(texts.levels(level)),
        month=month,
        published=len(where(rows, cell_state="published")),
        suppressed=len(where(rows, cell_state="suppressed")),
        missing=len(where(rows, cell_state="not_published")),
        steps=texts.get("maps_alt_steps", counts=listed) if counts else "",
    )


def _table(tiles: Sequence[Row], texts: PageTexts) -> Table:
    """Every region of the maps, so that none needs a pointer to be read."""
    heads = [
        (texts.get("area"), "text"),
        (texts.get("region"), "text"),
        (texts.get("share"), "number"),
    ]
    rows: list[list[str | Cell]] = [
        [
            capitalised(texts.level(row["region_level"])),
            Cell(row["region_name"], address=texts.area_address(row["region_key"])),
            _share_in_words(row, texts),
        ]
        for row in sorted(tiles, key=_table_order)
    ]
    return table_of(texts.get("maps_table"), heads, rows)


def _table_order(row: Row) -> tuple[bool, str, str]:
    """Kommuner after other levels, names in Norwegian order."""
    level = row["region_level"]
    return level == _HEXAGON_LEVEL, level, collation_key(row["region_name"])
