"""Targets and the roll-out."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from pll_pipeline.published.page.formats import NBSP
from pll_pipeline.published.page.parts import Figure
from pll_pipeline.published.page.rows import Row
from pll_pipeline.published.page.sections import plan
from tests.unit.published.page import world


def _target(**values: Any) -> Row:
    usual = {
        "service_code": "pll",
        "measure_code": "share",
        "actor_type_code": "fastlege",
        "unit": "share",
        "direction": "at_least",
        "due_start": date(2026, 1, 1),
        "due_end": date(2026, 12, 31),
        "due_grain": "year",
        "target_value": 0.5,
    }
    return world.row("target", **(usual | values))


def _figure(name: str, **tables: Any) -> Figure:
    data = world.data(**tables)
    parts = plan.section(data, world.english(data)).parts
    (figure,) = (part for part in parts if isinstance(part, Figure) and part.name == name)
    return figure


@pytest.mark.parametrize(
    ("targets", "headline"),
    [
        (
            [_target(target_status="not_measured")],
            "The targets are 50% by the end of 2026. No known share can be compared with them",
        ),
        (
            [_target(target_status="reached", newest_value=0.6)],
            "60% is reached; every target is met",
        ),
        (
            [
                _target(target_status="missed", newest_value=0.4),
                _target(target_status="open", newest_value=0.4, target_value=0.8),
            ],
            "40% is reached; the next target is 80% by the end of 2026",
        ),
        (
            [
                _target(target_status="missed", newest_value=0.4),
                _target(target_status="missed", newest_value=0.4, target_value=0.8),
            ],
            "40% is reached; the target was 80% by the end of 2026",
        ),
    ],
)
def test_the_headline_compares_with_the_next_target_or_the_last_one_missed(
    targets: list[Row], headline: str
) -> None:
    assert _figure("plan", target=targets).headline == headline


def test_a_target_without_a_day_is_in_the_table_and_not_drawn() -> None:
    figure = _figure("plan", target=[_target(due_end=None, due_start=None, due_grain=None)])
    assert figure.panels == ()
    assert len(figure.tables[0].rows) == 1


def test_the_distance_of_a_count_is_a_number_and_that_of_a_share_has_points() -> None:
    targets = [
        _target(distance=0.1),
        _target(unit="count", target_value=10.0, distance=4.0),
    ]
    rows = _figure("plan", target=targets).tables[0].rows
    assert [row[5].text for row in rows] == [f"+10.0{NBSP}percentage points", "4"]


def test_the_path_of_a_target_is_described_from_its_first_to_its_last_share() -> None:
    path = [
        world.row(
            "target_path",
            measure_code="share",
            actor_type_code="fastlege",
            month=date(2026, month, 1),
            adoption_share=share,
        )
        for month, share in ((1, 0.1), (2, None), (3, 0.3))
    ]
    (panel,) = _figure("plan", target=[_target()], target_path=path).panels
    assert f"goes from 10% in January{NBSP}2026 to 30% in March{NBSP}2026" in panel.svg


def _area(number: int, actor_type: str = "fastlege", **values: Any) -> Row:
    return world.row("rollout", region_name=f"area {number}", actor_type_code=actor_type, **values)


def test_a_lag_and_a_basis_are_shown_where_there_is_one() -> None:
    areas = [
        _area(1, planned_phase="utproving", planned_basis="inherited", lag_months=3),
        _area(2, observed_phase="i_drift"),
    ]
    table = _figure("rollout", rollout=areas).main_table
    assert table is not None
    assert [[cell.text for cell in row[2:]] for row in table.rows] == [
        ["trial (inherited)", "–", "–", "3 mo."],
        ["–", "–", "in operation", "no plan"],
    ]


@pytest.mark.parametrize(
    ("lag", "written"),
    [
        ({"lag_months": 3, "lag_months_lower": 3, "lag_months_upper": 3}, "3 mo."),
        ({"lag_months_lower": 1, "lag_months_upper": 4}, "1\xa0–\xa04 mo."),
        ({"lag_months_lower": 1, "lag_months_upper": 1}, "1 mo."),
        ({"lag_months_upper": 4}, "not known"),
        ({}, "not known"),
    ],
)
def test_a_lag_that_withheld_shares_leave_open_is_an_interval(
    lag: dict[str, int], written: str
) -> None:
    table = _figure("rollout", rollout=[_area(1, planned_phase="utproving", **lag)]).main_table
    assert table is not None
    assert table.rows[0][-1].text == written


@pytest.mark.parametrize(
    ("behind", "headline"),
    [
        ((True, False, None), "1 of 2 areas and actor types are behind the plan; 1 cannot be"),
        ((None, None, None), "3 areas are planned for or reported with"),
    ],
)
def test_areas_are_behind_the_plan_only_where_that_is_known(
    behind: tuple[bool | None, ...], headline: str
) -> None:
    areas = [
        _area(number, planned_phase="utproving", is_behind_plan=is_behind)
        for number, is_behind in enumerate(behind)
    ]
    assert _figure("rollout", rollout=areas).headline.startswith(headline)


def test_with_too_many_areas_only_the_actor_type_with_most_of_them_is_shown() -> None:
    areas = [_area(number) for number in range(20)]
    areas += [_area(number, "sykehus") for number in range(40)]
    actor_types = [
        world.row("actor_type", actor_type_code=code, actor_type_name_en=code)
        for code in ("fastlege", "sykehus")
    ]
    figure = _figure("rollout", rollout=areas, actor_type=actor_types)
    assert figure.main_table is not None
    assert {row[1].text for row in figure.main_table.rows} == {"sykehus"}
    assert "30 of 60 rows are shown." in figure.notes[1]
    assert figure.headline.startswith("40 areas")
