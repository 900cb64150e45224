"""Services, actor types and measures.

The lists agree with each other, and every figure in the sources has its measure with definition
and address.
"""

from __future__ import annotations

import polars as pl
import pytest

from pll_pipeline.config import CHECKOUT
from pll_pipeline.vocabulary.columns import COLUMNS

SEEDS = CHECKOUT / "dbt_project" / "seeds"


def _seed(name: str) -> pl.DataFrame:
    return pl.read_csv(SEEDS / f"{name}.csv", infer_schema=False)


MEASURES = _seed("measure").join(_seed("additivity"), on="additivity_code", how="left")
ACTORS = _seed("actor_type")


def test_the_five_services_are_the_services() -> None:
    assert _seed("service")["service_code"].to_list() == [
        "e-resept",
        "kjernejournal",
        "sfm",
        "pll",
        "e-multidose",
    ]


@pytest.mark.parametrize("column", ["unit", "time_kind"])
def test_a_measure_uses_only_words_of_the_vocabulary(column: str) -> None:
    assert set(MEASURES[column]) <= set(COLUMNS[column].allowed)


def test_every_measure_has_names_definitions_an_address_an_owner_and_a_day_of_review() -> None:
    needed = (
        "measure_name",
        "measure_name_en",
        "definition",
        "definition_en",
        "definition_url",
        "owner",
        "reviewed_on",
    )
    for column in needed:
        assert MEASURES.filter(pl.col(column).is_null() | (pl.col(column) == "")).height == 0, (
            column
        )
    assert MEASURES.filter(~pl.col("definition_url").str.contains(r"^https?://\S+$")).height == 0
    assert MEASURES.filter(~pl.col("reviewed_on").str.contains(r"^20\d\d-\d\d-\d\d$")).height == 0


def test_a_share_is_never_added_over_regions_actors_or_time_unless_its_parts_make_one_whole() -> (
    None
):
    added = MEASURES.filter(
        (pl.col("unit") == "share")
        & pl.any_horizontal(
            pl.col("adds_over_regions", "adds_over_actor_types", "adds_over_time") == "true"
        )
    )
    assert added["measure_code"].to_list() == ["pharmacy_turnover_share"], (
        "chains share one turnover"
    )


def test_unique_persons_and_rolling_counts_add_over_nothing() -> None:
    unique = MEASURES.filter(
        (pl.col("time_kind") == "rolling")
        | pl.col("measure_code").is_in(
            ["kjernejournal_health_personnel_count", "eresept_prescribing_organisation_count"]
        )
    )
    assert unique.height >= 2
    for flag in ("adds_over_regions", "adds_over_actor_types", "adds_over_time"):
        assert set(unique[flag]) == {"false"}, flag


@pytest.mark.parametrize("kind", ["persons", "personnel"])
def test_persons_who_are_not_counted_where_they_live_add_over_nothing(kind: str) -> None:
    persons = MEASURES.filter(pl.col("additivity_code") == kind)
    assert persons.height >= 3
    for flag in ("adds_over_regions", "adds_over_actor_types", "adds_over_time"):
        assert set(persons[flag]) == {"false"}, flag


def test_residents_add_over_regions_alone() -> None:
    residents = MEASURES.filter(pl.col("additivity_code") == "residents")
    assert "population" in set(residents["measure_code"])
    assert set(residents["adds_over_regions"]) == {"true"}
    assert set(residents["adds_over_actor_types"]) == {"false"}
    assert set(residents["adds_over_time"]) == {"false"}


def test_every_measure_says_why_it_adds_in_two_languages() -> None:
    reasons = MEASURES.select("adds_over_reason", "adds_over_reason_en")
    assert reasons.null_count().row(0) == (0, 0)
    assert all(reason.endswith(".") for row in reasons.rows() for reason in row)


def test_every_kind_of_unit_is_that_of_a_measure() -> None:
    assert set(_seed("additivity")["additivity_code"]) == set(MEASURES["additivity_code"])


def test_only_flows_add_over_time() -> None:
    assert set(MEASURES.filter(pl.col("adds_over_time") == "true")["time_kind"]) == {"flow"}


def test_what_is_ready_registered_or_merely_on_trial_is_not_adoption() -> None:
    adoption = set(MEASURES.filter(pl.col("is_adoption") == "true")["measure_code"])
    for code in MEASURES["measure_code"]:
        if "login" in code:  # a survey
            assert code not in adoption, code
        if "ready" in code or "trial" in code or "critical_information" in code or "change" in code:
            assert code not in adoption, code


def test_numerators_and_denominators_are_counts_of_their_own() -> None:
    unit = dict(MEASURES.select("measure_code", "unit").iter_rows())
    for part in (
        MEASURES.select("numerator_code", "denominator_code").unpivot()["value"].drop_nulls()
    ):
        assert unit[part] == "count"


def test_actor_types_stand_in_a_tree_without_a_loop() -> None:
    parent = dict(ACTORS.select("actor_type_code", "parent_code").iter_rows())
    for code in parent:
        seen = [code]
        while (above := parent[seen[-1]]) is not None:
            assert above not in seen
            seen.append(above)


def test_a_combination_names_the_actor_types_it_joins() -> None:
    parts = _seed("actor_type_part").group_by("actor_type_code").agg("part_code")
    joined = {code: "+".join(names) for code, names in parts.iter_rows()}
    assert joined == {
        code: code
        for code in ACTORS.filter(pl.col("actor_type_kind") == "combination")["actor_type_code"]
    }


def test_an_official_code_has_its_system() -> None:
    assert (
        ACTORS.filter(
            pl.col("official_code").is_null() != pl.col("official_code_system").is_null()
        ).height
        == 0
    )
    assert set(ACTORS.filter(pl.col("official_code").is_null())["mapping_status"]) == {"none"}
