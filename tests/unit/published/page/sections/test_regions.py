"""What is shown of regions: curves, spread, ranking, matrix, maps and published months."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from pll_pipeline.published.page.data import PageData
from pll_pipeline.published.page.parts import Figure
from pll_pipeline.published.page.rows import Row
from pll_pipeline.published.page.sections import (
    curves,
    maps,
    published_months,
    ranking,
    spread,
)
from tests.unit.published.page import world

JANUARY, FEBRUARY = date(2026, 1, 1), date(2026, 2, 1)


def _world(**tables: list[Row]) -> PageData:
    """One service with a series, whose fylker are ranked."""
    series = {"measure_code": "share", "actor_type_code": "fastlege"}
    return world.data(
        series=[world.row("series", service_code="pll", month=FEBRUARY, **series)],
        area_level=[
            world.row(
                "area_level",
                service_code="pll",
                region_level="fylke",
                month=FEBRUARY,
                region_count=4,
            )
        ],
        **tables,
    )


def _figures(section: Any, data: PageData) -> dict[str, Figure]:
    parts = section(data, world.english(data)).parts
    return {part.name: part for part in parts if isinstance(part, Figure)}


def _curve(region: str, month: date, share: float | None) -> Row:
    level = "land" if region == "land:NO" else "fylke"
    return world.row(
        "curve",
        service_code="pll",
        region_key=region,
        region_level=level,
        month=month,
        adoption_share=share,
    )


def test_a_curve_is_described_with_the_regions_around_it() -> None:
    data = _world(
        curve=[
            _curve("land:NO", JANUARY, 0.1),
            _curve("land:NO", FEBRUARY, 0.5),
            _curve("fylke:1", FEBRUARY, 0.2),
            _curve("fylke:2", FEBRUARY, 0.7),
            _curve("fylke:3", FEBRUARY, None),
        ]
    )
    (panel,) = _figures(curves.section, data)["curves"].panels
    assert "goes from 10%" in panel.svg
    assert "2 counties lie between 20% and 70%" in panel.svg


def test_points_that_are_only_bounded_lie_anywhere_between_their_bounds() -> None:
    usual = {"service_code": "pll", "measure_code": "share", "actor_type_code": "fastlege"}
    ranges = [(None, 0.2, 0.4, "exact"), (0.8, 0.8, None, "at_least")]
    data = world.data(
        point=[
            world.row(
                "point",
                value=value,
                lower_bound=lower,
                upper_bound=upper,
                qualifier=qualifier,
                **usual,
            )
            for value, lower, upper, qualifier in ranges
        ]
    )
    (panel,) = _figures(curves.section, data)["points"].panels
    assert "2 published shares between 2026 and 2026, from 20% to 100%" in panel.svg


def test_a_withheld_share_is_drawn_between_its_bounds() -> None:
    course = [_curve("land:NO", JANUARY, 0.2), _curve("land:NO", FEBRUARY, 0.3)]
    hidden = _curve("fylke:1", FEBRUARY, None) | {"share_lower": 0.1, "share_upper": 0.3}
    unbounded = hidden | {"share_lower": 0.0, "share_upper": 1.0}
    (with_bounds,) = _figures(curves.section, _world(curve=[*course, hidden]))["curves"].panels
    (without,) = _figures(curves.section, _world(curve=[*course, unbounded]))["curves"].panels
    assert with_bounds.svg.count("<line") == without.svg.count("<line") + 1


def _spread(month: date, **bounds: tuple[float, float]) -> Row:
    """A row of the spread; `p10`, `p50` and `p90` are lower and upper bounds."""
    usual = {"p10": (0.2, 0.2), "p50": (0.5, 0.5), "p90": (0.8, 0.8)} | bounds
    columns = {
        f"percentile_{name[1:]}_{end}": share
        for name, both in usual.items()
        for end, share in zip(("lower", "upper"), both, strict=True)
    }
    counts = {"known_count": 4, "region_count": 4}
    return world.row("spread", service_code="pll", month=month, **counts, **columns)


@pytest.mark.parametrize(
    ("bounds", "headline"),
    [
        ({}, "60.0 percentage points between"),
        ({"p10": (0.1, 0.3)}, "at least 50.0 percentage points between"),
        ({"p10": (0.0, 0.9), "p90": (0.8, 1.0)}, "up to 100.0 percentage points between"),
    ],
)
def test_the_headline_of_the_spread_is_what_the_bounds_of_the_newest_month_prove(
    bounds: dict[str, tuple[float, float]], headline: str
) -> None:
    rows = [_spread(JANUARY, p10=(0.0, 0.0), p90=(1.0, 1.0)), _spread(FEBRUARY, **bounds)]
    figure = _figures(spread.section, _world(spread=rows))["spread"]
    assert headline in figure.headline.replace("\u00a0", " ")
    assert "4 of 4" in figure.subtitle


def test_a_percentile_whose_bounds_do_not_meet_is_shown_as_a_range() -> None:
    figure = _figures(spread.section, _world(spread=[_spread(FEBRUARY, p50=(0.03, 0.13))]))[
        "spread"
    ]
    (table,) = figure.tables
    assert [cell.text for cell in table.rows[0]][2:] == ["20%", "3%–13%", "80%"]
    assert "the median 3%–13%" in figure.panels[0].svg


def _ranked(name: str, ranks: tuple[int, int] | None, share: float | None, **values: Any) -> Row:
    best, worst = ranks or (None, None)
    usual = {"region_level": "fylke", "status": "observed", "qualifier": "exact"}
    return world.row(
        "ranking",
        region_key=name,
        region_name=name,
        rank_best=best,
        rank_worst=worst,
        adoption_share=share,
        **(usual | values),
    )


@pytest.fixture(scope="module")
def ranked() -> Figure:
    regions = [
        _ranked("Ås", (1, 1), 0.9, change_12m=0.95),
        _ranked("By", (2, 2), 0.5, change_12m=0.1),
        _ranked("Dal", (3, 3), 0.4, qualifier="approx"),
        _ranked("Elv", (4, 4), None, status="suppressed", share_lower=0.1, share_upper=0.2),
        _ranked("Norge", None, 0.6, region_level="land"),
    ]
    return _figures(ranking.section, _world(ranking=regions))["ranking"]


def test_the_ranking_names_what_is_proved_and_counts_the_suppressed(ranked: Figure) -> None:
    assert ranked.headline == "Ås is highest with 90%"
    assert ranked.alt.endswith("1 are suppressed.")


@pytest.mark.parametrize(
    ("ranks", "headline"),
    [
        ([(1, 1), (2, 2), (3, 3), (4, 4)], "A is highest with 90%, D lowest with 10%"),
        ([(1, 2), (1, 3), (2, 3), (4, 4)], "D is lowest with 10%"),
        ([(1, 2), (1, 2), (3, 4), (3, 4)], "4 of 4 counties have a share; none is certainly"),
        ([(1, 1), (1, 1), (3, 3), (3, 3)], "4 of 4 counties have a share; none is certainly"),
        ([None, None, None, None], "4 of 4 counties have a share; none is certainly"),
    ],
)
def test_no_region_is_called_highest_or_lowest_unless_the_bounds_of_all_prove_it(
    ranks: list[tuple[int, int] | None], headline: str
) -> None:
    shares = zip("ABCD", ranks, (0.9, 0.5, 0.4, 0.1), strict=True)
    regions = [_ranked(name, rank, share) for name, rank, share in shares]
    figure = _figures(ranking.section, _world(ranking=regions))["ranking"]
    assert figure.headline.startswith(headline)


def test_a_rank_is_a_range_where_the_bounds_leave_it_open() -> None:
    regions = [_ranked("A", (1, 1), 0.9), _ranked("B", (2, 4), 0.5), _ranked("C", None, 0.4)]
    table = _figures(ranking.section, _world(ranking=regions))["ranking"].main_table
    assert table is not None
    assert [row[1].text for row in table.rows] == ["1", "2–4", ""]


def test_the_share_of_a_year_before_is_cut_at_none(ranked: Figure) -> None:
    assert ranked.main_table is not None
    assert [row[2].before for row in ranked.main_table.rows[:2]] == [0.0, 0.4]


def test_a_suppressed_region_has_bounds_and_the_country_is_below(ranked: Figure) -> None:
    assert ranked.main_table is not None
    texts = [row[3].text for row in ranked.main_table.rows]
    assert texts[2].startswith("about")
    assert texts[3] == "suppressed, 10%–20%"
    assert ranked.main_table.foot == 1


def test_a_cell_of_the_matrix_without_a_row_is_not_published() -> None:
    services = [
        world.row("service", service_code=code, service_name_en=code) for code in ("pll", "sfm")
    ]
    levels = [
        world.row("area_level", service_code=code, region_level="fylke") for code in ("pll", "sfm")
    ]
    cells = [("fylke:1", "pll", 0.5), ("fylke:2", "pll", None), ("fylke:2", "sfm", 0.1)]
    matrix = [
        world.row(
            "matrix",
            region_key=region,
            region_name=region,
            service_code=service,
            adoption_share=share,
            status="suppressed" if share is None else "observed",
        )
        for region, service, share in cells
    ]
    data = world.data(
        service=services,
        area_level=levels,
        matrix=matrix,
        ranking=[_ranked("By", (1, 1), 0.5)],
    )
    table = _figures(ranking.section, data)["matrix"].main_table
    assert table is not None
    assert [[cell.text for cell in row] for row in table.rows] == [
        ["fylke:1", "50%", "not published"],
        ["fylke:2", "suppressed", "10%"],
    ]


def _tile(level: str, code: str, share: float | None, state: str) -> Row:
    return world.row(
        "tile",
        region_level=level,
        region_code=code,
        region_name=f"Sykehuset {code}",
        tile_column=int(code),
        adoption_share=share,
        cell_state=state,
    )


def test_a_map_counts_its_tiles_by_state_and_step() -> None:
    data = _world(
        tile=[
            _tile("fylke", "1", 0.1, "published"),
            _tile("fylke", "2", 0.9, "published"),
            _tile("fylke", "3", None, "suppressed"),
            _tile("kommune", "1", None, "not_published"),
        ]
    )
    figure = _figures(maps.section, data)["maps"]
    squares, hexagons = figure.maps
    assert "2 published, 1 suppressed, 0 not published" in squares.alt
    assert "1 from 0% to 20% and 1 from 80% to 100%" in squares.alt
    assert [tile.step for tile in squares.tiles] == [1, 5, 0]
    assert squares.tiles[0].lines == ("Sykehuset 1",)
    assert hexagons.is_hexagons
    assert hexagons.note == "No figures at this level are published."
    assert figure.headline.endswith("0 of 1 municipalities have a published figure")


def test_a_level_whose_figures_are_all_suppressed_is_not_called_unpublished() -> None:
    data = _world(tile=[_tile("fylke", "1", None, "suppressed")])
    (squares,) = _figures(maps.section, data)["maps"].maps
    assert squares.note == ""


def test_a_tile_shows_the_bounds_of_a_withheld_share() -> None:
    rows = [
        _tile("fylke", "1", None, "suppressed") | {"share_lower": 0.093, "share_upper": 0.241},
        _tile("fylke", "2", None, "suppressed") | {"share_lower": 0.0, "share_upper": 1.0},
        _tile("fylke", "3", None, "not_published"),
    ]
    (squares,) = _figures(maps.section, _world(tile=rows))["maps"].maps
    assert [tile.value for tile in squares.tiles] == ["9–25", "", ""]
    assert [(tile.low, tile.high) for tile in squares.tiles] == [
        (0.093, 0.241),
        *[(None, None)] * 2,
    ]
    assert squares.tiles[0].description.endswith("suppressed, 9.3%–24.1%")


def test_a_tile_of_no_adoption_is_empty() -> None:
    data = _world(
        tile=[_tile("kommune", "1", 0.0, "published"), _tile("kommune", "2", 0.1, "published")]
    )
    (hexagons,) = _figures(maps.section, data)["maps"].maps
    assert [(tile.low, tile.step) for tile in hexagons.tiles] == [(0.0, 0), (0.1, 1)]


def test_a_strip_of_months_shows_each_state() -> None:
    cells = [
        world.row(
            "cell",
            region_key="fylke:1",
            region_name="By",
            month=date(2026, month, 1),
            adoption_share=share,
            cell_state=state,
        )
        for month, share, state in (
            (1, 0.9, "published"),
            (2, None, "suppressed"),
            (3, None, "not_published"),
        )
    ]
    figure = _figures(published_months.section, _world(cell=cells))["cells"]
    assert figure.main_table is not None
    (row,) = figure.main_table.rows
    assert row[1].runs == ((0, 1, "step-5"), (1, 1, "suppressed"), (2, 1, "missing"))
    assert [cell.text for cell in row[2:]] == ["1", "1", "1"]


def test_a_year_without_figures_is_a_dash() -> None:
    years = [
        world.row("year", service_code="pll", year=year, figure_count=count)
        for year, count in ((2024, 0), (2025, 2), (2026, 0))
    ]
    figure = _figures(published_months.section, world.data(year=years))["years"]
    assert figure.headline.endswith("2 since 2025")
    assert figure.main_table is not None
    assert [cell.text for cell in figure.main_table.rows[0][1:]] == ["–", "2", "–", "2"]
