"""The rules: each with a row that must fail, and a row that must not."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from pll_pipeline.config import Config
from pll_pipeline.errors import PllError
from pll_pipeline.sources.register import register
from pll_pipeline.validated.corrections import Correction, correct, read_corrections
from pll_pipeline.validated.frames import MILESTONE, OBSERVATION, QUARANTINE, TARGET
from pll_pipeline.validated.judging import judge, refuse_unexpected
from pll_pipeline.validated.mapping import MappedTables
from pll_pipeline.validated.readers.table import PublishedTable
from pll_pipeline.validated.rules import (
    milestone_rules,
    observation_rules,
    target_rules,
)
from pll_pipeline.vocabulary.codes import load_codes

CODES = load_codes(Config.from_environment().seeds)
SOURCE = register()["published_figures"]
TAKEN = datetime(2026, 11, 22, 12, tzinfo=UTC)
STAMP = {"source_name": "published_figures", "snapshot_at": TAKEN, "row_reference": "figures.csv:2"}

FIGURE = STAMP | {
    "measure_code": "eresept_package_share",
    "region_key": "land:NO",
    "region_as_published": "Norge",
    "actor_type_code": "apotek",
    "period_start": date(2023, 12, 1),
    "period_end": date(2023, 12, 31),
    "period_grain": "month",
    "is_period_inferred": False,
    "value": 0.948,
    "lower_bound": 0.948,
    "upper_bound": 0.948,
    "qualifier": "exact",
    "status": "observed",
    "published_text": "94,8 %",
}
GOAL = STAMP | {
    "measure_code": "pll_prioritised_actor_share",
    "region_key": "land:NO",
    "region_as_published": "Norge",
    "actor_type_code": "alle",
    "due_start": date(2027, 1, 1),
    "due_end": date(2027, 12, 31),
    "due_grain": "year",
    "target_kind": "target",
    "direction": "at_least",
    "value": 0.5,
}
STEP = STAMP | {
    "service_code": "pll",
    "region_key": "land:NO",
    "area_name": "Hele landet",
    "actor_type_code": "fastlege",
    "phase": "innforing",
    "starts_on": date(2026, 1, 1),
    "starts_on_precision": "year",
    "is_date_inferred": False,
    "statement": "planned",
}
COUNT = {
    "measure_code": "pharmacy_count",
    "value": 1045.0,
    "lower_bound": 1045.0,
    "upper_bound": 1045.0,
}
NO_BOUNDS = {"lower_bound": None, "upper_bound": None}

BROKEN_FIGURES: list[tuple[str, dict[str, Any]]] = [
    ("measure_exists", {"measure_code": "noe_nytt"}),
    ("measure_exists", {"measure_code": None}),
    ("region_exists", {"region_key": "kommune:0000"}),
    ("region_exists", {"region_key": None}),
    ("actor_type_exists", {"actor_type_code": "fastlge"}),
    ("actor_type_exists", {"actor_type_code": None}),
    ("status_is_known", {"status": None}),
    ("qualifier_is_known", {"qualifier": "kanskje"}),
    ("status_is_known", {"status": "gjettet"}),
    ("period_is_whole", {"period_end": None}),
    ("period_is_in_order", {"period_end": date(2023, 11, 30)}),
    ("period_grain_is_known", {"period_grain": "fortnight"}),
    ("period_grain_is_known", {"period_grain": None}),
    ("period_has_begun", {"period_start": date(2026, 12, 1), "period_end": date(2026, 12, 31)}),
    ("period_is_recent", {"period_start": date(1923, 12, 1)}),
    ("share_is_a_share", {"value": 1.4, "lower_bound": 1.4, "upper_bound": 1.4}),
    ("share_is_a_share", {"value": -0.1, "lower_bound": -0.1, "upper_bound": -0.1}),
    ("count_is_not_negative", COUNT | {"value": -1.0, "lower_bound": -1.0, "upper_bound": -1.0}),
    ("count_is_whole", COUNT | {"value": 1.5, "lower_bound": 1.5, "upper_bound": 1.5}),
    *(
        ("figure_is_of_a_size", COUNT | {"value": size, "lower_bound": size, "upper_bound": size})
        for size in (1e300, 1.1e13, float("inf"), float("nan"))
    ),
    ("figure_is_of_a_size", COUNT | {"upper_bound": 1e14}),
    ("figure_is_of_a_size", COUNT | {"lower_bound": float("-inf")}),
    ("bounds_are_in_order", {"value": None, "lower_bound": 0.9, "upper_bound": 0.8}),
    ("value_is_within_bounds", {"upper_bound": 0.9, "lower_bound": 0.8}),
    ("qualifier_has_its_bound", {"qualifier": "at_least"}),
    (
        "qualifier_has_its_bound",
        {"qualifier": "at_most", "lower_bound": 0.948, "upper_bound": None},
    ),
    ("suppressed_has_no_value", {"status": "suppressed"}),
    ("suppressed_has_no_value", {"status": "missing"}),
    ("observed_has_a_figure", NO_BOUNDS | {"value": None}),
    ("observed_has_a_figure", {"value": None, "upper_bound": None}),
]
BROKEN_GOALS: list[tuple[str, dict[str, Any]]] = [
    ("measure_exists", {"measure_code": "noe_nytt"}),
    ("region_exists", {"region_key": "kommune:0000"}),
    ("actor_type_exists", {"actor_type_code": "fastlge"}),
    ("target_kind_is_known", {"target_kind": "wish"}),
    ("direction_is_known", {"direction": "exact"}),
    ("target_has_a_value", {"value": None}),
    ("target_is_of_a_size", {"measure_code": "pharmacy_count", "value": 1e300}),
    ("target_is_of_a_size", {"measure_code": "pharmacy_count", "value": float("nan")}),
    ("target_share_is_a_share", {"value": 25.0}),
    ("target_is_due_in_time", {"due_end": date(2207, 12, 31)}),
    ("target_has_a_due_date", {"due_start": None, "due_end": None}),
]
BROKEN_STEPS: list[tuple[str, dict[str, Any]]] = [
    ("service_is_known", {"service_code": "epost"}),
    ("region_exists", {"region_key": "kommune:0000"}),
    ("actor_type_exists", {"actor_type_code": "fastlge"}),
    ("phase_is_known", {"phase": "avvikling"}),
    ("statement_is_known", {"statement": "hoped"}),
    ("precision_is_known", {"starts_on_precision": "season"}),
    ("precision_is_known", {"ends_on": date(2027, 1, 1), "ends_on_precision": "week"}),
    ("milestone_is_in_order", {"ends_on": date(2025, 1, 1), "ends_on_precision": "day"}),
    ("milestone_is_plausible", {"starts_on": date(1926, 1, 1)}),
]


def _judged(
    figures: list[dict[str, Any]] = (),
    goals: list[dict[str, Any]] = (),
    steps: list[dict[str, Any]] = (),
    rows: int = 1000,
) -> Any:  # type: ignore[assignment]  # a default of the test
    reading = MappedTables(
        pl.DataFrame(list(figures), schema=OBSERVATION),
        pl.DataFrame(list(goals), schema=TARGET),
        pl.DataFrame(list(steps), schema=MILESTONE),
        pl.DataFrame(schema=QUARANTINE),
        rows,
    )
    return judge(SOURCE.model_copy(update={"tolerance": 0.5}), reading, CODES, TAKEN)


def test_rows_that_keep_every_rule_are_kept_unchanged() -> None:
    suppressed = (
        FIGURE
        | COUNT
        | {"value": None, "lower_bound": 1.0, "upper_bound": 2.0, "status": "suppressed"}
    )
    ranged = FIGURE | {
        "value": None,
        "lower_bound": 0.85,
        "upper_bound": 0.9,
        "qualifier": "approx",
        "period_start": date(2023, 11, 1),
    }
    undated = FIGURE | {"period_start": None, "period_end": None, "period_grain": None}
    falling = FIGURE | {
        "measure_code": "eresept_change_1m",
        "value": -5.0,
        "lower_bound": -5.0,
        "upper_bound": -5.0,
    }
    verdict = _judged([FIGURE, suppressed, ranged, undated, falling], [GOAL], [STEP])
    assert verdict.is_accepted
    assert verdict.mapped.quarantine.is_empty()
    assert (
        verdict.mapped.observations.height,
        verdict.mapped.targets.height,
        verdict.mapped.milestones.height,
    ) == (5, 1, 1)


@pytest.mark.parametrize(("rule", "change"), BROKEN_FIGURES)
def test_an_observation_that_breaks_a_rule_is_in_quarantine_with_that_rule(
    rule: str, change: dict[str, Any]
) -> None:
    good = FIGURE | {
        "period_start": date(2022, 12, 1),
        "period_end": date(2022, 12, 31),
        "row_reference": "figures.csv:3",
    }
    verdict = _judged([FIGURE | change, good])
    assert rule in verdict.mapped.quarantine["rule"].to_list()
    assert set(verdict.mapped.quarantine["row_reference"]) == {"figures.csv:2"}
    assert verdict.mapped.observations["row_reference"].to_list() == ["figures.csv:3"]


@pytest.mark.parametrize(("rule", "change"), BROKEN_GOALS)
def test_a_target_that_breaks_a_rule_is_in_quarantine_with_that_rule(
    rule: str, change: dict[str, Any]
) -> None:
    verdict = _judged(goals=[GOAL | change])
    assert rule in verdict.mapped.quarantine["rule"].to_list()
    assert verdict.mapped.targets.is_empty()


@pytest.mark.parametrize(("rule", "change"), BROKEN_STEPS)
def test_a_milestone_that_breaks_a_rule_is_in_quarantine_with_that_rule(
    rule: str, change: dict[str, Any]
) -> None:
    verdict = _judged(steps=[STEP | change])
    assert rule in verdict.mapped.quarantine["rule"].to_list()
    assert verdict.mapped.milestones.is_empty()


def test_two_rows_of_one_key_both_go_to_quarantine() -> None:
    verdict = _judged(
        [FIGURE, FIGURE | {"value": 0.9, "lower_bound": 0.9, "upper_bound": 0.9}],
        [GOAL, GOAL],
        [STEP, STEP],
    )
    assert (
        verdict.mapped.quarantine["rule"].sort().to_list()
        == ["one_milestone_per_key"] * 2 + ["one_row_per_key"] * 2 + ["one_target_per_key"] * 2
    )


def test_every_rule_has_a_row_that_breaks_it() -> None:
    """A rule without a failing example is not a rule."""
    broken = {rule for rule, _ in [*BROKEN_FIGURES, *BROKEN_GOALS, *BROKEN_STEPS]} | {
        "one_row_per_key",
        "one_target_per_key",
        "one_milestone_per_key",
    }
    rules = {
        rule.name
        for rule in [
            *observation_rules(CODES, TAKEN.date()),
            *target_rules(CODES),
            *milestone_rules(CODES),
        ]
    }
    assert rules == broken


def test_a_quarantined_row_says_rule_column_value_and_reason() -> None:
    row = _judged(
        [FIGURE | {"value": 1.4, "lower_bound": 1.4, "upper_bound": 1.4, "published_text": "140 %"}]
    ).mapped.quarantine.row(0, named=True)
    assert (row["rule"], row["column_name"], row["value"], row["reason"]) == (
        "share_is_a_share",
        "value",
        "140 %",
        "a share lies between 0 and 1",
    )
    assert (row["service_code"], row["month"], row["source_name"]) == (
        "e-resept",
        date(2023, 12, 1),
        "published_figures",
    )


def test_more_rows_in_quarantine_than_tolerated_refuse_the_snapshot_whole() -> None:
    verdict = _judged([FIGURE | {"value": 1.4, "lower_bound": 1.4, "upper_bound": 1.4}], rows=1)
    assert not verdict.is_accepted
    assert "1 of 1 rows" in verdict.reason
    assert "share_is_a_share" in verdict.reason
    assert "figures.csv:2" in verdict.reason


# published columns and rows


def _figures(columns: list[str], rows: int) -> dict[str, PublishedTable]:
    data = {column: ["x"] * rows for column in columns}
    data["row_reference"] = [f"figures.csv:{i}" for i in range(rows)]
    return {"figures.csv": PublishedTable(pl.DataFrame(data))}


def test_a_new_or_missing_published_column_refuses_the_snapshot() -> None:
    columns = SOURCE.tables[0].expected_columns
    with pytest.raises(PllError, match=r"missing: unit; new: enhet"):
        refuse_unexpected(
            SOURCE, _figures([c if c != "unit" else "enhet" for c in columns], 120), "here"
        )
    refuse_unexpected(SOURCE, _figures(list(reversed(columns)), 120), "here")


@pytest.mark.parametrize("rows", [99, 1001])
def test_far_fewer_or_more_rows_than_believed_refuse_the_snapshot(rows: int) -> None:
    with pytest.raises(PllError, match=rf"{rows} rows, expected 100 to 1000"):
        refuse_unexpected(SOURCE, _figures(SOURCE.tables[0].expected_columns, rows), "here")


# recorded corrections

RECORD = {
    "file": "tall.csv",
    "where": {"navn": "apotek"},
    "column": "antall",
    "expect": "1045",
    "use": "1043",
    "reason": "same as the year after",
    "reported_to": "Apotekforeningen",
    "reported_on": "2026-11-22",
}
TABLE = {
    "tall.csv": PublishedTable(
        pl.DataFrame(
            {
                "navn": ["apotek", "kommuner"],
                "antall": ["1045", "356"],
                "row_reference": ["tall.csv:2", "tall.csv:3"],
            }
        )
    )
}


def test_a_recorded_correction_changes_that_cell_and_no_other() -> None:
    tables, quarantined = correct(TABLE, [Correction.model_validate(RECORD)], "here")
    assert tables["tall.csv"].frame["antall"].to_list() == ["1043", "356"]
    assert quarantined == []


def test_a_correction_without_a_replacement_quarantines_the_row() -> None:
    record = Correction.model_validate(RECORD | {"use": None})
    tables, quarantined = correct(TABLE, [record], "here")
    assert tables["tall.csv"].frame["navn"].to_list() == ["kommuner"]
    assert quarantined == [("tall.csv:2", record)]


@pytest.mark.parametrize(
    "change",
    [
        {"expect": "1044"},
        {"where": {"navn": "borte"}},
        {"column": "finnes ikke"},
        {"file": "annen.csv"},
    ],
)
def test_a_correction_that_no_longer_fits_fails_loudly(change: dict[str, Any]) -> None:
    with pytest.raises(PllError, match="recorded correction expects"):
        correct(TABLE, [Correction.model_validate(RECORD | change)], "here")


def test_the_example_in_the_corrections_guide_is_a_valid_record(tmp_path: Path) -> None:
    guide = (Config.from_environment().corrections / "README.md").read_text(encoding="utf-8")
    (tmp_path / "published_figures.yaml").write_text(
        guide.split("```yaml\n")[1].split("```")[0], encoding="utf-8"
    )
    assert read_corrections(tmp_path / "published_figures.yaml")[0].use == "1043"


def test_a_correction_with_an_unknown_key_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x.yaml").write_text("- {file: a, wher: {}}", encoding="utf-8")
    with pytest.raises(PllError, match="cannot be read"):
        read_corrections(tmp_path / "x.yaml")
    assert read_corrections(tmp_path / "none.yaml") == []
