"""Regions through the reforms, compared with the residents counted in each of them."""

from __future__ import annotations

import pytest

from tests.night.conftest import World

# residents of each kommune on its code of the year, on today's kommuner
_ON_TODAY = """
    with observation as (
        select region_key, value, month from star.fct_observation
        where measure_code = 'population' and region_key like 'kommune:%' and period_start =
        make_date(?, 1, 1)
    )
    select coalesce(region_part.whole_key, observation.region_key) as today_key,
    sum(observation.value * coalesce(region_part.part_share, 1)) as residents,
        bool_or(region_part.part_quality = 'estimate') as is_estimate
    from observation
    left join star.dim_region_part region_part on region_part.part_key = observation.region_key and
    region_part.whole_key like 'kommune:%'
        and region_part.valid_from <= observation.month and observation.month < region_part.valid_to
    group by all
"""


@pytest.mark.parametrize("year", range(2017, 2027))
def test_residents_on_todays_kommuner_are_all_there_and_all_live_in_kommuner_of_today(
    released: World, year: int
) -> None:
    today = released.ask(_ON_TODAY, year)
    ((counted, regions),) = released.ask(
        "select sum(value), count(*) from star.fct_observation where measure_code = 'population' "
        "and region_key like 'kommune:%' and period_start = make_date(?, 1, 1)",
        year,
    )
    assert regions == {
        2017: 426,
        2018: 422,
        2019: 422,
        **dict.fromkeys(range(2020, 2024), 356),
    }.get(year, 357)
    assert sum(residents for _, residents, _ in today) == pytest.approx(counted, abs=1e-3)
    ((current,),) = released.ask(
        "select list(region_key) from star.dim_region where region_level = 'kommune' and is_current"
    )
    assert {key for key, _, _ in today} <= set(current)


@pytest.mark.parametrize("year", range(2017, 2024))
def test_the_kommuner_of_a_fylke_of_today_hold_the_residents_of_its_kommuner_of_today(
    released: World, year: int
) -> None:
    today = dict((key, residents) for key, residents, _ in released.ask(_ON_TODAY, year))
    fylke_of = dict(
        released.ask(
            "select region_key, fylke_key from star.dim_region where region_level = 'kommune' and "
            "is_current"
        )
    )
    by_kommune: dict[object, float] = {}
    for key, residents in today.items():
        by_kommune[fylke_of[key]] = by_kommune.get(fylke_of[key], 0) + float(residents)
    by_fylke = dict(
        released.ask(
            """
            select region_part.whole_key, sum(observation.value * region_part.part_share) from
            star.fct_observation observation
            join star.dim_region_part region_part on region_part.part_key = observation.region_key
            and region_part.whole_level = 'fylke' and region_part.part_level = 'kommune'
                and region_part.relation = 'reform' and region_part.valid_from <= observation.month
                and observation.month < region_part.valid_to
            where observation.measure_code = 'population' and observation.period_start =
            make_date(?, 1, 1)
            group by all
            """,
            year,
        )
    )
    assert by_fylke
    assert {key: by_kommune[key] for key in by_fylke} == pytest.approx(by_fylke, abs=1)


@pytest.mark.parametrize("day", ["2019-06-01", "2021-06-01", "2025-06-01", "2026-06-01"])
def test_each_kommune_lies_once_in_its_fylke_hospital_area_and_country(
    released: World, day: str
) -> None:
    shares = released.ask(
        """
        select case whole_level when 'sykehus' then 'hf' else whole_level end as level, part_key,
        sum(part_share)
        from star.dim_region_part join star.dim_region on region_key = part_key
        where relation = 'level' and part_level = 'kommune'
            and (dim_region_part.valid_from is null or dim_region_part.valid_from <= cast(? as
            date)) and (dim_region_part.valid_to is null or cast(? as date) <
            dim_region_part.valid_to)
        group by all
        """,
        day,
        day,
    )
    assert len(shares) == 5 * {"2019-06-01": 422, "2021-06-01": 356}.get(day, 357)
    assert all(share == pytest.approx(1, abs=1e-3) for _, _, share in shares)


def _parts(world: World, whole: str, day: str) -> list[tuple[object, ...]]:
    return world.ask(
        """
        select part_key, part_share, part_quality from star.dim_region_part
        where relation <> 'level' and whole_key = ? and part_level = 'kommune' and valid_from <=
        cast(? as date) and cast(? as date) < valid_to order by part_key
        """,
        whole,
        day,
        day,
    )


def test_haram_was_a_part_of_alesund_for_four_years(released: World) -> None:
    assert _parts(released, "kommune:1580", "2019-01-01") == [("kommune:1534", 1.0, "approx")]
    assert _parts(released, "kommune:1580", "2023-01-01") == [("kommune:1507", 0.1379, "estimate")]
    assert _parts(released, "kommune:1508", "2023-01-01") == [("kommune:1507", 0.8621, "estimate")]
    assert _parts(released, "kommune:1508", "2024-01-01") == []


def test_tysfjord_and_snillfjord_were_split_between_others(released: World) -> None:
    assert ("kommune:1850", 0.429, "estimate") in _parts(released, "kommune:1806", "2019-01-01")
    assert ("kommune:1850", 0.571, "estimate") in _parts(released, "kommune:1875", "2019-01-01")
    snillfjord = {
        code: share
        for code in ("5055", "5056", "5059")
        for key, share, _ in _parts(released, f"kommune:{code}", "2019-01-01")
        if key == "kommune:5012"
    }
    assert snillfjord == {"5055": 0.18, "5056": 0.36, "5059": 0.46}


def test_viken_and_troms_og_finnmark_go_to_the_fylker_they_became_kommune_by_kommune_and_exactly(
    released: World,
) -> None:
    for fylke, past in (
        ("31", "30"),
        ("32", "30"),
        ("33", "30"),
        ("39", "38"),
        ("40", "38"),
        ("55", "54"),
        ("56", "54"),
    ):
        parts = _parts(released, f"fylke:{fylke}", "2022-01-01")
        assert parts, fylke
        assert {str(key)[8:10] for key, _, _ in parts} == {past}
        assert {(share, quality) for _, share, quality in parts} == {(1.0, "exact")}


def test_stavanger_kept_its_code_and_grew(released: World) -> None:
    assert [key for key, _, _ in _parts(released, "kommune:1103", "2019-01-01")] == [
        "kommune:1103",
        "kommune:1141",
        "kommune:1142",
    ]
    assert _parts(released, "kommune:1103", "2020-01-01") == []


def test_three_kommuner_were_called_nes_and_none_is_taken_for_another(released: World) -> None:
    nes = dict(
        released.ask(
            "select region_key, current_region_key from star.dim_region where region_level = "
            "'kommune' and region_name = 'Nes' order by 1"
        )
    )
    assert nes == {
        "kommune:0236": "kommune:3228",
        "kommune:0616": "kommune:3322",
        "kommune:3034": "kommune:3228",
        "kommune:3228": "kommune:3228",
    } | {key: value for key, value in nes.items() if key in ("kommune:0411", "kommune:0430")}
    assert _parts(released, "kommune:3228", "2019-01-01") == [("kommune:0236", 1.0, "exact")]
    assert _parts(released, "kommune:3322", "2019-01-01") == [("kommune:0616", 1.0, "exact")]


def test_oslo_lies_in_four_hospital_areas_and_alna_moved_in_2026(released: World) -> None:
    oslo = dict(
        released.ask(
            "select whole_key || ' ' || case when valid_to is null then 'from' else 'until' end "
            "|| ' 2026', part_share from star.dim_region_part "
            "where relation = 'level' and part_level = 'kommune' and part_key = 'kommune:0301' "
            "and part_quality = 'estimate'"
        )
    )
    assert oslo["hf:983971636 until 2026"] == 0.1567
    assert oslo["hf:983971636 from 2026"] == 0.0866
    assert len(oslo) == 8
