"""A new publication: inspected, described in one file, archived, and in the marts, by commands."""

from __future__ import annotations

from datetime import date

import pytest
import yaml

from tests.night.second_night import OFFICES, REPORT, SecondNight

NOVEMBER, DECEMBER = date(2025, 11, 1), date(2025, 12, 1)


def test_inspecting_a_file_shows_what_each_column_looks_like(second_night: SecondNight) -> None:
    inspected = second_night.offices_inspected
    assert inspected.returncode == 0, inspected.stderr
    rows = [line.split("│") for line in inspected.stdout.split("\n") if line.startswith("│")]
    assert {cells[1].strip(): cells[2].strip() for cells in rows} == {
        "Kommune": "region kommune",
        "Måned": "period",
        "Aktør": "actor_type",
        "Andel legekontor": "number norwegian",
    }


def test_a_starter_proposes_the_reading_and_takes_no_part_before_it_is_confirmed(
    second_night: SecondNight,
) -> None:
    text = second_night.offices_starter
    assert "CONFIRM: ':' in 1 cell instead of a number" in text
    assert "perhaps eresept_gp_office_share" in text
    starter = yaml.safe_load(text)
    assert starter["read"] == {
        "kind": "delimited",
        "encoding": "windows-1252",
        "separator": ";",
        "header": ["Kommune", "Måned", "Aktør", "Andel legekontor"],
        "ends_at": "^Kilde",
    }
    assert starter["numbers"] == "norwegian"
    assert second_night.offices_too_early.returncode == 2


def test_the_rows_of_a_file_are_in_the_marts_with_one_source_file(
    second_night: SecondNight,
) -> None:
    rows = second_night.world.ask(
        """
        select
            region_name, month, adoption_share, share_lower, share_upper,
            qualifier, status, change_1m, rank_in_level
        from marts.mart_adoption_by_region_actor_month
        where source_name = ?
        order by region_name, month
        """,
        OFFICES,
    )
    # three of 357 kommuner are known: too few for a rank
    assert rows == [
        ("Bodø", NOVEMBER, None, 0.0, 1.0, "approx", "suppressed", None, None),
        ("Bodø", DECEMBER, 0.5825, 0.5825, 0.5825, "exact", "observed", None, None),
        ("Tromsø", NOVEMBER, 0.615, 0.615, 0.615, "exact", "observed", None, None),
        ("Tromsø", DECEMBER, 0.64, 0.64, 0.64, "exact", "observed", 0.025, None),
        ("Ålesund", DECEMBER, 0.7, None, None, "approx", "observed", None, None),
    ]


def test_a_new_source_is_in_the_coverage(second_night: SecondNight) -> None:
    coverage = second_night.world.ask(
        """
        select month, expected_count, published_count, suppressed_count, missing_count
        from marts.mart_coverage_by_source_month where source_name = ? order by month
        """,
        OFFICES,
    )
    assert coverage == [(NOVEMBER, 2, 1, 1, 0), (DECEMBER, 3, 3, 0, 0)]


def test_discovering_a_report_shows_its_tables_and_warns_of_its_filters(
    second_night: SecondNight,
) -> None:
    inspected = second_night.report_inspected
    assert inspected.returncode == 0, inspected.stderr
    assert "embedded with an access token" in inspected.stdout
    assert "elsewhere, not opened: https://www.example.no/" in inspected.stdout
    assert "table Region: " in inspected.stdout
    assert "saved filters" in inspected.stderr
    fetch = yaml.safe_load(second_night.report_starter)["fetch"]
    assert (fetch["kind"], fetch["embedded_on"].endswith("/bi")) == ("powerbi", True)


def test_the_figures_of_a_report_whose_token_expires_are_in_the_marts_with_one_source_file(
    second_night: SecondNight,
) -> None:
    ((figure_count,),) = second_night.world.ask(
        "select count(*) from marts.mart_key_figures where source_name = ?", REPORT
    )
    assert isinstance(figure_count, int)
    assert figure_count > 500
    ((count, eligible, basis),) = second_night.world.ask(
        """
        select adoption_count, eligible_count, basis from marts.mart_adoption_latest
        where source_name = ? and region_key = 'land:NO' and actor_type_code = 'legekontor'
        """,
        REPORT,
    )
    assert isinstance(count, int)
    assert isinstance(eligible, int)
    assert 5 < count < eligible
    assert basis == "derived"


@pytest.mark.parametrize("line", [f"{REPORT}: unchanged", f"{OFFICES}: unchanged"])
def test_what_was_not_refreshed_is_not_asked_for_again(
    second_night: SecondNight, line: str
) -> None:
    assert line in second_night.same_night_again.stdout
