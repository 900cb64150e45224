"""Where tiles are drawn, and how names and strips fit."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from pll_pipeline.published.page import tile_layout


def _region(column: int, line: int, **values: Any) -> dict[str, Any]:
    place = {"tile_column": column, "tile_row": line}
    return place | {"is_tile_row_offset": False, "is_tile_inset": False} | values


def test_squares_lie_beside_each_other_with_a_gap() -> None:
    places = [tile_layout.square_at(_region(column, 0)) for column in (0, 1)]
    assert places == [(0, 0), (tile_layout.SQUARE + tile_layout.GAP, 0)]
    width, height = tile_layout.size_of(places, is_hexagons=False)
    assert (width, height) == (2 * tile_layout.SQUARE + tile_layout.GAP, tile_layout.SQUARE)


def test_every_second_row_of_hexagons_is_half_a_hexagon_to_the_right() -> None:
    upper = tile_layout.hexagon_at(_region(0, 3), top=3)
    lower = tile_layout.hexagon_at(_region(0, 4, is_tile_row_offset=True), top=3)
    assert lower[0] - upper[0] == tile_layout.HEXAGON / 2
    assert lower[1] > upper[1]


def test_the_inset_is_a_box_around_its_own_hexagons() -> None:
    rows = [_region(0, 0), _region(8, 2, is_tile_inset=True), _region(9, 3, is_tile_inset=True)]
    box = tile_layout.inset_of(rows)
    assert box is not None
    left, upper, width, height = box
    for row in rows:
        x, y = tile_layout.hexagon_at(row, tile_layout.top_of(rows))
        is_inside = left < x < left + width and upper < y < upper + height
        assert is_inside == row["is_tile_inset"]


def test_a_map_without_an_inset_has_no_box() -> None:
    assert tile_layout.inset_of([_region(0, 0)]) is None


@given(st.lists(st.sampled_from(["published", "suppressed", "missing"]), min_size=1))
def test_a_strip_has_every_month_once(looks: list[str]) -> None:
    runs = tile_layout.runs_of(looks)
    assert [look for _, length, look in runs for _ in range(length)] == looks
    assert all(a[2] != b[2] for a, b in pairwise(runs))


@given(
    st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), min_size=1, max_size=40)
)
def test_a_name_fits_its_tile(name: str) -> None:
    lines = tile_layout.lines_of(name)
    assert 1 <= len(lines) <= 2
    assert all(len(line) <= 11 for line in lines)


def test_a_name_of_several_words_is_cut_between_them() -> None:
    assert tile_layout.lines_of("Møre og Romsdal") == ("Møre og", "Romsdal")
