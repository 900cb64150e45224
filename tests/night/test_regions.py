"""Regions through the reforms, compared with the residents that SSB counted in each of them.

No resident is lost, added or counted twice.
"""

from __future__ import annotations

from collections import Counter

import pytest

from tests.night.conftest import World

# Residents counted on the codes of a year, converted to the kommuner of today.
_ON_TODAYS_CODES = """
    with counted as (
        select region_key, value, month from star.fct_observation
        where
            measure_code = 'population'
            and region_key like 'kommune:%'
            and period_start = make_date(?, 1, 1)
    )
    select
        coalesce(part.whole_key, counted.region_key) as today_key,
        sum(counted.value * coalesce(part.part_share, 1)) as residents
    from counted
    left join star.dim_region_part as part
        on part.part_key = counted.region_key
        and part.whole_key like 'kommune:%'
        and part.valid_from <= counted.month
        and counted.month < part.valid_to
    group by all
"""
_BY_FYLKE_OF_TODAY = """
    select part.whole_key, sum(counted.value * part.part_share)
    from star.fct_observation as counted
    inner join star.dim_region_part as part
        on part.part_key = counted.region_key
        and part.whole_level = 'fylke'
        and part.part_level = 'kommune'
        and part.relation = 'reform'
        and part.valid_from <= counted.month
        and counted.month < part.valid_to
    where counted.measure_code = 'population' and counted.period_start = make_date(?, 1, 1)
    group by all
"""
_KOMMUNE_COUNT = {2017: 426, 2018: 422, 2019: 422, **dict.fromkeys(range(2020, 2024), 356)}
_KOMMUNE_COUNT_TODAY = 357


@pytest.mark.parametrize("year", range(2017, 2027))
def test_residents_converted_to_todays_kommuner_are_all_there_and_in_kommuner_of_today(
    released: World, year: int
) -> None:
    today = dict(released.ask(_ON_TODAYS_CODES, year))
    ((counted, kommune_count),) = released.ask(
        """
        select sum(value), count(*) from star.fct_observation
        where
            measure_code = 'population'
            and region_key like 'kommune:%'
            and period_start = make_date(?, 1, 1)
        """,
        year,
    )
    assert kommune_count == _KOMMUNE_COUNT.get(year, _KOMMUNE_COUNT_TODAY)
    assert sum(today.values()) == pytest.approx(counted, abs=1e-3)
    current = released.ask(
        "select region_key from star.dim_region where region_level = 'kommune' and is_current"
    )
    assert set(today) <= {key for (key,) in current}


@pytest.mark.parametrize("year", range(2017, 2024))
def test_a_fylke_of_today_has_the_residents_of_its_kommuner_of_today(
    released: World, year: int
) -> None:
    fylke_of = dict(
        released.ask(
            """
            select region_key, fylke_key from star.dim_region
            where region_level = 'kommune' and is_current
            """
        )
    )
    by_kommune: Counter[object] = Counter()
    for key, residents in released.ask(_ON_TODAYS_CODES, year):
        by_kommune[fylke_of[key]] += residents
    by_fylke = dict(released.ask(_BY_FYLKE_OF_TODAY, year))
    assert by_fylke
    assert {key: by_kommune[key] for key in by_fylke} == pytest.approx(by_fylke, abs=1)


@pytest.mark.parametrize("day", ["2019-06-01", "2021-06-01", "2025-06-01", "2026-06-01"])
def test_each_kommune_is_once_in_its_fylke_hospital_area_and_country(
    released: World, day: str
) -> None:
    shares = released.ask(
        """
        select
            case whole_level when 'sykehus' then 'hf' else whole_level end as level,
            part_key,
            sum(part_share)
        from star.dim_region_part
        where
            relation = 'level' and part_level = 'kommune'
            and (valid_from is null or valid_from <= cast($1 as date))
            and (valid_to is null or cast($1 as date) < valid_to)
        group by all
        """,
        day,
    )
    assert len(shares) == 5 * {"2019-06-01": 422, "2021-06-01": 356}.get(day, 357)
    assert all(share == pytest.approx(1, abs=1e-3) for _, _, share in shares)


def _parts(world: World, whole: str, day: str) -> list[tuple[object, ...]]:
    return world.ask(
        """
        select part_key, part_share, part_quality from star.dim_region_part
        where
            relation <> 'level' and whole_key = $1 and part_level = 'kommune'
            and valid_from <= cast($2 as date) and cast($2 as date) < valid_to
        order by part_key
        """,
        whole,
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


def test_tysfjord_lay_in_two_hospitals_and_two_helsefellesskap(released: World) -> None:
    assert released.ask(
        """
        select whole_level, whole_key, part_share, part_quality from star.dim_region_part
        where relation = 'level' and part_key = 'kommune:1850'
            and whole_level in ('hf', 'helsefellesskap')
        order by all
        """
    ) == [
        ("helsefellesskap", "helsefellesskap:HFS-NOR", 0.571, "estimate"),
        ("helsefellesskap", "helsefellesskap:HFS-TRO", 0.429, "estimate"),
        ("hf", "hf:983974899", 0.429, "estimate"),
        ("hf", "hf:983974910", 0.571, "estimate"),
    ]


def test_before_2017_a_moved_border_changed_both_of_its_fylker(released: World) -> None:
    assert released.ask(
        """
        select whole_key, relation, part_quality from star.dim_region_part
        where whole_key in ('fylke:18', 'fylke:55') and part_level = 'fylke'
            and valid_from is null
        order by 1
        """
    ) == [("fylke:18", "reform", "estimate"), ("fylke:55", "reform", "estimate")]


def test_the_population_of_a_fylke_is_that_of_its_kommuner_in_every_year(
    released: World,
) -> None:
    assert (
        released.ask(
            """
            select region_key, period_end, published_value, sum_value from marts.mart_reconciliation
            where measure_code = 'population' and region_level = 'fylke' and part_level = 'kommune'
                and reconciliation_status <> 'agrees'
            """
        )
        == []
    )


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


def test_three_kommuner_were_called_nes_and_each_has_its_own_successor(released: World) -> None:
    nes = dict(
        released.ask(
            """
            select region_key, current_region_key from star.dim_region
            where region_level = 'kommune' and region_name = 'Nes' order by 1
            """
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


def test_oslo_is_in_four_hospital_areas_and_alna_moved_in_2026(released: World) -> None:
    oslo = dict(
        released.ask(
            """
            select
                whole_key || case when valid_to is null then ' from' else ' until' end || ' 2026',
                part_share
            from star.dim_region_part
            where
                relation = 'level' and part_level = 'kommune'
                and part_key = 'kommune:0301' and part_quality = 'estimate'
            """
        )
    )
    assert oslo["hf:983971636 until 2026"] == 0.1567
    assert oslo["hf:983971636 from 2026"] == 0.0866
    assert len(oslo) == 8
